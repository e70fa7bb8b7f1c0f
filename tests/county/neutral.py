"""Texts that tell nothing of where she is, and how many of them the outbound scan stops.

A case has an address, a school, a surgery, an employer and a telephone that he does not know. The
texts are of the kind that conferences are full of: other people's streets and schools, the same
number in another street, a number one digit off, offices, times and sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from gateway.profiles.loader import Profile
from gateway.rules import leaks, sections
from gateway.rules.leaks import Keyed, Sought
from gateway.sealing import scan, scanning
from gateway.sealing.jose import b64u_decode
from tests.county.papers import FAMILIES, HERS, HIS
from tests.journeys.world import example

STEMS = (
    *("Tern", "Curlew", "Heron", "Weir", "Mallard", "Elm", "Dunlin", "Ferry", "Gull", "Harbour"),
    *("Saltmarsh", "Quay", "Anchor", "Lantern", "Tannery", "Orchard", "Mill", "Chapel", "Park"),
    *("Station", "Church", "Victoria", "Queens", "Manor", "Meadow", "Ashfield", "Northgate"),
)
WAYS = ("Court", "Rise", "Yard", "Lane", "Street", "Row", "Road", "Close", "Avenue", "Gardens")
SCHOOLS = ("Primary School", "Academy", "Infant School", "High School", "Community College")
SURGERIES = ("Surgery", "Medical Centre", "Health Centre", "Practice")
SHOPS = ("Bakery", "Care", "Foods", "Hair Studio", "Garage", "Dental Laboratory")
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"

SENTENCES = (
    "He came to {number} {street} at {time} and left when {him} rang the bell.",
    "She was last seen at the {school} gate on {day}, alone.",
    "The {surgery} has no record of either of them since {day}.",
    "Rent of {sum} is owed for {number} {street}, in his name.",
    "He works at {shop} and finishes at {time}.",
    "Call the duty desk on {office}, not the house.",
    "A neighbour of number {number} heard shouting on {day}.",
    "{him} {family} drove her to {town} and back.",
    "Post for {him} goes to {postcode}, where his mother lives.",
    "Her sister {her} keeps the keys of flat {number}.",
    "Officers attended at {time}; no arrest. Reference {reference}.",
    "He rang from {phone} four times within the hour.",
    "The children were with {her} {family} until {day}.",
    "She says that he counts the miles: {miles} since Monday.",
    "Injuries were photographed at the hospital at {time}.",
    "The order of {day} forbids him to come within {number}00 metres.",
    "He has asked at the {surgery} and at {shop} where she is.",
    "A place was offered for {day} and declined; the next call is at {time}.",
    "Two at a time, please: he keeps a dog at {number} {street}.",
    "Her bank card was used in {town} on {day} for {sum}.",
    "{her} moved the youngest to {school} in September.",
    "They met at the corner of {street} and {street}.",
)


@dataclass(frozen=True)
class Place:
    """Where she is, and whatever gives it away."""

    stems: tuple[str, ...]
    number: int
    way: str
    postcode: str
    phone: str
    school: str
    surgery: str
    shop: str

    @property
    def refuge(self) -> str:
        """Whose house it is."""
        return f"{self.stems[4]} House"

    @property
    def line(self) -> str:
        """The line of the address."""
        return f"{self.number} {self.stems[0]} {self.way}"


@dataclass
class Stops:
    """How many texts were looked at, stopped for nothing, and how many slips were caught."""

    texts: int = 0
    stopped: int = 0
    slips: int = 0
    caught: int = 0


def count(profile: Profile, texts: int, seed: int = 1, per_case: int = 20) -> Stops:
    """Scan so many neutral texts, and each once more with a slip in it."""
    random, stops = Random(seed), Stops()  # noqa: S311 - invented places
    while stops.texts < texts:
        place = a_place(random)
        sought = sought_of(profile, place)
        for _ in range(min(per_case, texts - stops.texts)):
            text = a_text(random, place)
            stops.texts += 1
            stops.stopped += is_stopped(text, sought)
            stops.slips += 1
            stops.caught += is_stopped(f"{text}\n{a_slip(random, place)}", sought)
    return stops


def is_stopped(text: str, sought: Sought) -> bool:
    """Whether anything of a text is held back."""
    _, places = leaks.hold_back({"incidents": [{"what": text}]}, sought)
    return bool(places)


def a_place(random: Random) -> Place:
    """An address that he does not know, with what lies around it, each of a name of its own."""
    stems = tuple(random.sample(STEMS, 5))
    return Place(
        stems=stems,
        number=random.randrange(1, 99),
        way=random.choice(WAYS),
        postcode=_postcode(random),
        phone=f"07700 900{random.randrange(1000):03}",
        school=f"{stems[1]}field {random.choice(SCHOOLS)}",
        surgery=f"{stems[2]} {random.choice(SURGERIES)}",
        shop=f"{stems[3]} {random.choice(SHOPS)}",
    )


def sought_of(profile: Profile, place: Place) -> Sought:
    """What is looked for in texts for a reader who may have none of it, as the product makes it."""
    form = example("c3")
    document, sealed = form["document"], form["sealed"]
    document["victim"] |= {"gp_practice": {"name": place.surgery}, "employer": place.shop}
    document["children"] = [{"ref": "c1", "school": {"name": place.school}}]
    address = {"lines": [place.line], "town": "Marlbury", "postcode": {"value": place.postcode}}
    sealed["protected_address"] = {
        "classification": "REFUGE",
        "address": address,
        "organisation": place.refuge,
    }
    sealed["safe_contact"]["channels"][0]["value"] = place.phone
    parts = sections.split(document, profile.fields.section_of)
    found = leaks.values_of(parts, profile.fields.protected)
    values = leaks.unless_held(found, ())
    return Sought(values, [_keyed(name, sealed[name], document) for name in sealed], scan.stamper)


def _keyed(name: str, content: Mapping[str, Any], document: Mapping[str, Any]) -> Keyed:
    values = scanning.values_of(name, content, document)
    item = scan.scan_item(scan.key_for(b"s" * 32, name), values)
    tokens = frozenset(map(b64u_decode, item["tokens"]))
    return Keyed(name, b64u_decode(item["key"]), tokens)


def a_text(random: Random, place: Place) -> str:
    """Some paragraphs that tell nothing of the place."""
    chosen = random.sample(SENTENCES, random.randrange(4, 12))
    return "\n".join(_said(random, place, each) for each in chosen)


def a_slip(random: Random, place: Place) -> str:
    """One sentence that gives it away, in a spelling of its own."""
    return random.choice(
        (
            f"She is at {place.line} now.",
            f"She is at {place.line.upper()}.",
            f"Post to {place.postcode.replace(' ', '').lower()}.",
            f"Ring her on +44 {place.phone.replace(' ', '')[1:]}.",
            f"Fetches him from {place.school} at three.",
            f"Registered with {place.surgery.upper()}.",
            f"Has begun at {place.shop}.",
            f"The workers of {place.refuge} say that she is well.",
        )
    )


def _said(random: Random, place: Place, sentence: str) -> str:
    others = [each for each in STEMS if each not in place.stems]
    pick = random.choice
    near = random.choice((place.number, random.randrange(1, 99)))
    while "{street}" in sentence:
        sentence = sentence.replace("{street}", f"{pick(others)} {pick(WAYS)}", 1)
    return sentence.format(
        number=near,
        time=f"{random.randrange(24):02}:{random.randrange(60):02}",
        day=f"{random.randrange(1, 29)} November",
        him=pick(HIS),
        her=pick(HERS),
        family=pick(FAMILIES),
        town=pick(("Marlbury", "Fenhollow")),
        sum=f"£{random.randrange(20, 4000)}.{random.randrange(100):02}",
        miles=random.randrange(5, 400),
        reference=f"MB/26/{random.randrange(10_000):06}",
        office=f"01632 960{random.randrange(1000):03}",
        phone=_one_off(random, place.phone),
        postcode=_one_off(random, place.postcode),
        school=f"{pick(others)}field {pick(SCHOOLS)}",
        surgery=f"{pick(others)} {pick(SURGERIES)}",
        shop=f"{pick(others)} {pick(SHOPS)}",
    )


def _postcode(random: Random) -> str:
    letters = random.choice(LETTERS) + random.choice(LETTERS)
    return f"XX{random.randrange(1, 4)} {random.randrange(10)}{letters}"


def _one_off(random: Random, value: str) -> str:
    """The same with its last sign another one."""
    signs = LETTERS if value[-1].isalpha() else "0123456789"
    return value[:-1] + random.choice([each for each in signs if each != value[-1]])

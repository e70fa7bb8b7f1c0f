"""Owns invented texts of a county in which nothing protected of a given case stands.

Cases and texts draw from the same streets, schools and surgeries, as they would in one county: the
same street with another number, the same saint's church, the neighbours' telephone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

STREETS = [
    f"{name} {kind}"
    for name in (
        *("Heron", "Weir", "Mill", "Station", "Church", "Quarry", "Saltmarsh", "Beacon", "Larch"),
        *("Priory", "Foundry", "Harbour", "Meadow", "Castle", "Victoria", "Albert", "St Anne's"),
        *("Upper Weir", "Old Ferry", "Long", "High", "Park", "Green", "Chapel", "Orchard", "Tern"),
    )
    for kind in ("Road", "Street", "Lane", "Close", "Avenue", "Court", "Gardens")
]
SAINTS = ["St Mary's", "St John's", "St Joseph's", "St Anne's", "St Peter's", "All Saints"]
SCHOOLS = [
    *(f"{saint} C of E Primary School" for saint in SAINTS),
    *(f"{name} Primary School" for name in ("Heron Park", "Weir Lane", "Beacon Hill", "Saltmarsh")),
    *(f"{name} Academy" for name in ("Harbourgate", "Fenhollow", "Marlbury", "Priory Fields")),
]
NURSERIES = [f"{name} Nursery" for name in ("Little Terns", "Acorn", "Sunbeams", "Quayside")]
SURGERIES = [
    *(f"{name} Surgery" for name in ("Saltmarsh", "Quillfeather", "Weir Lane", "Old Ferry")),
    *(f"{name} Medical Centre" for name in ("Harbour", "Beacon", "Priory", "Park Road")),
]
REFUGES = ["Lantern House", "Tern House Refuge", "The Larches", "Beacon Project", "Haven Court"]
EMPLOYERS = ["Harbour Bakery", "Fenhollow Textiles", "Tern & Sons", "Quayside Hotel", "Weir Foods"]
TOWNS = ["Marlbury", "Fenhollow", "Harbourgate", "Saltmarsh", "Weirmouth"]
NAMES = ["Joanne Pell", "Carl Voss", "Amina Sattar", "Martin Ashgrove", "Keira Dunmore", "Li Chen"]
SENTENCES = (
    "{name} said that he came to the house at {time} and shouted until the neighbours came.",
    "She rang from {phone}, which is her sister's, and asked to be called back after {time}.",
    "The officer went to {address} and spoke to {name}; nobody was hurt.",
    "On {date} he was seen outside {school} when the children came out.",
    "She has been registered at {surgery} since {date} and sees the nurse there.",
    "{employer} gave her two weeks off work; her manager {name} knows and is supportive.",
    "The worker at {refuge} has no room before {date}; {town} was asked as well.",
    "The church of {saint} runs a food bank in {town} on Thursdays, near the High Street.",
    "A letter went to {address}, {town} {postcode}, and came back unopened.",
    "Write to {email} or ring {phone} between {time} and {time}.",
    "He has breached the order {number} times in {number} months. The school was told.",
    "Housing reports arrears of {number} hundred pounds; the surgery has been asked for a letter.",
    "SCORE {number} of 24: strangled, threatened with a knife, afraid of further injury.",
    "The nursery said the child is tired and quiet; Children's Services have been told.",
    "Crime reference 42/{number}{number}{number}/26 is with {name}, who is on leave until {date}.",
    "Medium Risk was recorded at {number} High Risk factors; the Health Visitor comes on {date}.",
)


@dataclass(frozen=True, slots=True)
class Case:
    """What is protected in one case: as the gateway reads it, and as its sender seals it."""

    readable: dict[str, str]
    address: dict[str, Any]
    contact: dict[str, Any]
    said: frozenset[str] = field(repr=False)  # the values as a text would have them


@dataclass(frozen=True, slots=True)
class Text:
    """An invented text, and which values of the county stand in it."""

    words: str
    said: frozenset[str]


def a_case(rng: random.Random) -> Case:
    """A case in the county: school, nursery, surgery and work, and what its sender seals."""
    readable = {
        "school": rng.choice(SCHOOLS),
        "nursery": rng.choice(NURSERIES),
        "surgery": rng.choice(SURGERIES),
        "employer": rng.choice(EMPLOYERS),
    }
    line, postcode, refuge = _address(rng), _postcode(rng), rng.choice(REFUGES)
    phone, email = _phone(rng), _email(rng)
    address = {
        "address": {"lines": [line], "town": rng.choice(TOWNS), "postcode": {"value": postcode}},
        "organisation": refuge,
    }
    channels = [{"channel": "MOBILE", "value": phone}, {"channel": "EMAIL", "value": email}]
    said = frozenset({*readable.values(), line, postcode, refuge, phone, email})
    return Case(readable, address, {"channels": channels}, said)


def neutral_texts(rng: random.Random, case: Case, *, size: int) -> Iterator[Text]:
    """Texts of about `size` characters without end, in which no value of the case stands."""
    while True:
        yield a_text(rng, without=case.said, size=size)


def a_text(rng: random.Random, *, without: frozenset[str], size: int) -> Text:
    """A text of paragraphs that names nothing of `without`."""
    paragraphs: list[str] = []
    said: set[str] = set()
    length = 0
    while length < size:
        sentences = []
        for _ in range(rng.randint(2, 5)):
            words, named = _sentence(rng, without)
            sentences.append(words)
            said |= named
        paragraphs.append(" ".join(sentences))
        length += len(paragraphs[-1])
    return Text("\n".join(paragraphs)[:size], frozenset(said))


def _sentence(rng: random.Random, without: frozenset[str]) -> tuple[str, set[str]]:
    while True:
        named = {
            "address": _address(rng),
            "postcode": _postcode(rng),
            "phone": _phone(rng),
            "email": _email(rng),
            "school": rng.choice(SCHOOLS),
            "surgery": rng.choice(SURGERIES),
            "employer": rng.choice(EMPLOYERS),
            "refuge": rng.choice(REFUGES),
        }
        pattern = rng.choice(SENTENCES)
        used = {value for name, value in named.items() if f"{{{name}}}" in pattern}
        if used & without:
            continue
        words = pattern.format(
            **named,
            name=rng.choice(NAMES),
            town=rng.choice(TOWNS),
            saint=rng.choice(SAINTS),
            time=f"{rng.randint(0, 23):02}:{rng.choice(('00', '15', '40'))}",
            date=f"{rng.randint(1, 28)} {rng.choice(('March', 'June', 'October'))} 2026",
            number=rng.randint(1, 30),
        )
        return words, used


def _address(rng: random.Random) -> str:
    return f"{rng.randint(1, 60)} {rng.choice(STREETS)}"


def _postcode(rng: random.Random) -> str:
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return f"XX{rng.randint(1, 9)} {rng.randint(1, 9)}{rng.choice(letters)}{rng.choice(letters)}"


def _phone(rng: random.Random) -> str:
    return f"07700 900{rng.randint(0, 999):03}"  # numbers set aside for drama


def _email(rng: random.Random) -> str:
    return f"{rng.choice(NAMES).split()[0].lower()}{rng.randint(1, 99)}@example.org"

"""The papers of a family: a referral in which every class of data holds a word of its own.

People, places and numbers are invented. Many families look alike: names, streets and days of birth
come from short lists, so that many are nearly the same as others' and some the very same.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from random import Random
from typing import Any

from tests.county.marks import Marks
from tests.county.owners import Family, Secret
from tests.county.placing import put
from tests.journeys.world import example, graded

HERS = (
    *("Anna", "Annie", "Hanna", "Joan", "Joanne", "Johanna", "Marie", "Maria", "Mary"),
    *("Cath", "Kath", "Sara", "Sarah", "Nell"),
)
HIS = (
    *("Jon", "John", "Sean", "Shaun", "Steven", "Stephen", "Geoff", "Jeff", "Carl", "Karl"),
    *("Alan", "Allan", "Mark", "Marc"),
)
FAMILIES = (
    *("Marsh", "Marshe", "Okoro", "Reed", "Reid", "Vale", "Vail", "Lockyer", "Locker", "Penrose"),
    *("Penrice", "Ash", "Ashe", "Corbin", "Corben", "Dunmore", "Dunmoor", "Pell", "Pelle", "Voss"),
    *("Vos", "Hale", "Hail", "Thorne", "Thorn"),
)
STREETS = ("Tern Court", "Curlew Rise", "Heron Yard", "Weir Lane", "Mallard Street", "Elm Row")
TOWNS = {"MARLBURY": ("Marlbury", (1, 2, 3)), "FENHOLLOW": ("Fenhollow", (7, 8))}

# Where a word of each class is planted. {} is the word; the rest is what such a text says.
PLANTED: tuple[tuple[str, str, str], ...] = (
    ("D01", "victim.aliases.0", "{}"),
    ("D05", "perpetrators.0.aliases.0", "{}"),
    ("D05", "staff_safety", "Two at a time; he calls himself {} at the door."),
    ("D06", "children.0.risk_notes", "Goes to bed dressed; her word for him is {}."),
    ("D07", "referral.rationale", "He came back on Sunday and broke in.\nShe said the word {}."),
    ("D07", "incidents.0.what", "He held the door shut.\nThen he shouted {} up the stairs."),
    ("D08", "referral.oic_name.value", "Officer {}"),
    ("D08", "consent_record.evidence", "Note {}, kept by the referrer"),
    ("D09", "risk_assessments.value.0.answers.0.comment", "Her words: {}"),
    ("D10", "victim.disability.value.notes", "Treated as {} after the fall."),
    ("D11", "victim.mental_health.value.notes", "Does not sleep since {}."),
    ("D12", "victim.substance_use.value.notes", "Takes {} when he is there."),
    ("D13", "incidents.0.sexual_violence", "What he did she calls {}."),
    ("D14", "victim.pronouns.value", "{}"),
    ("LANG", "victim.interpreter_notes.value", "Nobody from {} as interpreter."),
    ("D16", "victim.offending", "Cautioned once as {}."),
    ("D17", "perpetrators.0.offending", "Convicted as {}."),
    ("D18", "orders.0.terms", "Not to come near {}."),
    ("D20", "victim.finances", "He holds her card of {}."),
    ("D22", "incidents.0.witnesses.0.name", "A neighbour, {}"),
)
SUMMARISED = {
    "D01": "victim_identity",
    "D02": "victim_address",
    "D05": "perpetrators",
    "D06": "children",
    "D07": "incidents",
    "D08": "referral",
    "D09": "risk_answers",
    "D10": "health",
    "D11": "mental_health",
    "D12": "substance_use",
    "D13": "sexual_violence",
    "D14": "orientation",
    "LANG": "language",
    "BACK": "background",
    "IMM": "immigration",
    "D16": "victim_offending",
    "D17": "perpetrator_history",
    "D18": "orders",
    "D19": "tenancy",
    "D20": "finances",
    "D21": "employment",
    "D22": "informants",
}
OPEN_PLACES = frozenset({"D02", "D19"})  # her address as he knows it, and whose house it is
CHANNEL = example("c1")["sealed"]["safe_contact"]["channels"][0]


class Papers:
    """Fills one referral after the other; what it plants it writes down."""

    def __init__(self, seed: int) -> None:
        self.marks, self.random = Marks(), Random(seed)  # noqa: S311 - invented people

    def family(self, story: str, sender: str, *, yes: int = 16, **more: Any) -> Family:
        """A couple with a child at an address that he knows."""
        family = Family(story, sender, graded(yes), [], **more)
        self._people(family)
        for row, path, text in PLANTED:
            self.plant(family, row, path, text)
        for row, section in SUMMARISED.items():
            self.plant(family, row, f"summaries.{section}", "In short: {}.", is_summary=True)
        self._places(family)
        return family

    def plant(
        self, family: Family, row: str, path: str, text: str, *, is_summary: bool = False
    ) -> str:
        """Put a text with a new word in it at a path; gives the word."""
        word = self.marks.word()
        put(family.form["document"], path, text.format(word))
        self.keep(family, row, word, is_summary=is_summary)
        return word

    def keep(self, family: Family, row: str, word: str, *, is_summary: bool = False) -> None:
        """Write down that a word is a secret of a class."""
        family.secrets.append(Secret(row, word, family.sender, is_summary))

    def hide(self, family: Family, *, slips: bool = False) -> None:
        """Let her live where he does not know it: the address sealed, the telephone too.

        With `slips` the open story names the house: nobody noticed, as with another program.
        """
        document = family.form["document"]
        victim = document["victim"]
        victim["address_classification"] = "REFUGE"
        del victim["address"]
        victim["landlord"] = {"absent": "NOT_APPLICABLE"}  # it would tell the place
        family.secrets = [s for s in family.secrets if s.row not in OPEN_PLACES or s.is_summary]
        document["referral"]["area"] = family.area
        house, town = self.marks.word(), TOWNS[family.area][0]
        line = f"{self.random.randrange(2, 99)} {house} Yard"
        family.form["sealed"] = {
            "protected_address": {
                "classification": "REFUGE",
                "address": {
                    "lines": [line],
                    "town": town,
                    "postcode": {"value": self._postcode(family, "D03")},
                },
                "notes": "Post to the office only.",
            }
        }
        self.keep(family, "D03", house)
        self.seal_contact(family)
        if slips:
            said = document["incidents"][0]["what"]
            document["incidents"][0]["what"] = f"{said}\nShe has a room at {line} now."

    def seal_contact(self, family: Family) -> None:
        """Give a telephone that he does not know, sealed."""
        family.form["document"]["victim"]["contact"] = {"value": "SEALED"}
        number, hint = self.marks.mobile(), self.marks.word()
        channel = {
            **deepcopy(CHANNEL),
            "value": number,
            "who_may_answer": [f"Ask for {hint}"],
            "perpetrator_has_access": "NO",
        }
        for word in (number, hint):
            self.keep(family, "D04", word)
        sealed = family.form.setdefault("sealed", {})
        sealed["safe_contact"] = {"channels": [channel]}

    # --- within -----------------------------------------------------------------------------------

    def day(self, first: int, last: int) -> str:
        """A day of birth between two years; there are twelve of each year."""
        year = self.random.randrange(first, last)
        return date(year, self.random.randrange(1, 13), 15).isoformat()

    def _people(self, family: Family) -> None:
        document, pick = family.form["document"], self.random.choice
        victim, surname = document["victim"], pick(FAMILIES)
        victim.update(
            given_names=pick(HERS),
            family_name=surname,
            aliases=[""],
            dob={"value": self.day(1975, 2004)},
            dob_precision="DAY",
            disability={"value": {"answer": True}},
            mental_health={"value": {"answer": True}},
            substance_use={"value": {"answer": True, "kinds": ["ALCOHOL"]}},
            interpreter_required={"value": False},
            sex={"value": "FEMALE"},
        )
        document["perpetrators"] = [
            {
                "ref": "p1",
                "given_names": pick(HIS),
                "family_name": pick((surname, pick(FAMILIES))),
                "aliases": [""],
                "dob": self.day(1970, 2002),
                "dob_precision": "DAY",
                "phones": [f"01632 960{self.random.randrange(1000):03}"],
                "relationship": {"value": {"code": "EX_INTIMATE_PARTNER"}},
                "aware_of_referral": False,
            }
        ]
        document["children"] = [
            {
                "ref": "c1",
                "given_names": pick(HERS),
                "family_name": surname,
                "dob": {"value": self.day(2012, 2024)},
                "dob_precision": "DAY",
                "relation_to_victim": "CHILD",
                "lives_with": "VICTIM",
                "csc_status": "NONE",
            }
        ]
        document["orders"] = [{"type": "NMO", "against": "p1"}]
        document["incidents"][0]["witnesses"] = [{"anonymity": "CONFIDENTIAL"}]
        document["summaries"] = {}

    def _places(self, family: Family) -> None:
        document, victim = family.form["document"], family.form["document"]["victim"]
        house = self.marks.word()
        self.keep(family, "D02", house)
        number, street = self.random.randrange(1, 60), self.random.choice(STREETS)
        victim["address_classification"] = "KNOWN_TO_PERP"
        victim["address"] = {
            "value": {
                "lines": [f"{house} House", f"{number} {street}"],
                "town": TOWNS[family.area][0],
                "postcode": {"value": self._postcode(family, "D02")},
            }
        }
        for row, path, kind in (
            ("D06", "children.0.school", "Primary School"),
            ("D10", "victim.gp_practice", "Surgery"),
            ("D19", "victim.landlord.value", "Lettings"),
        ):
            word = self.marks.word()
            self.keep(family, row, word)
            if row == "D19":
                victim["landlord"] = {"value": {"name": f"{word} {kind}"}}
            else:
                put(document, path, {"name": f"{word} {kind}"})
        self.plant(family, "D21", "victim.employer", "{} Bakery")

    def _postcode(self, family: Family, row: str) -> str:
        postcode = self.marks.postcode(self.random.choice(TOWNS[family.area][1]))
        self.keep(family, row, postcode)
        return postcode

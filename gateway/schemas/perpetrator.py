"""Owns the perpetrators' part of the referral form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.blanks import OrReason
from gateway.schemas.codes import DatePrecision, Relationship, YesNoUnknown
from gateway.schemas.fields import Code, Int, Only, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.people import precise
from gateway.schemas.people_codes import CustodyStatus, PerpLocation, Sex
from gateway.schemas.places import PerpetratorAddress, not_before
from gateway.schemas.shapes import Date, Language, PersonRef, Phone


class Connection(Form):
    """Relationship to the victim ("personally connected", Domestic Abuse Act 2021 section 2)."""

    code = Code(Relationship)
    started_on = Date(required=False)
    ended_on = Date(required=False)
    separated = Code(YesNoUnknown, required=False)
    separated_on = Date(required=False)

    @staticmethod
    def _separation(data: dict[str, Any]) -> Iterator[Fault]:
        if "separated_on" in data and data.get("separated") != YesNoUnknown.YES:
            yield "not_both", ("separated_on",)

    rules = (not_before("started_on", "ended_on"), _separation)


class Location(Form):
    """Where the perpetrator is now."""

    code = Code(PerpLocation)
    notes = Text(500, lines=True, required=False)


class Custody(Form):
    """Custody or bail, with the dates on which it changes."""

    status = Code(CustodyStatus)
    release_on = Date(required=False)
    court_on = Date(required=False)
    conditions = Text(1000, lines=True, required=False)


class KnownOrNot(Form):
    """Yes, no or unknown, and what there is to say."""

    answer = Code(YesNoUnknown)
    notes = Text(2000, lines=True, required=False)


class Mappa(Form):
    """Multi-agency public protection: category and level."""

    category = Int(1, 4)
    level = Int(1, 3)


def _who(data: dict[str, Any]) -> Iterator[Fault]:
    if not {"given_names", "family_name", "description"} & data.keys():
        yield "needed_here", ("description",)


class Perpetrator(Form):
    """A person from whom the victim is at risk."""

    ref = PersonRef(says="How other members of this document name this person")
    given_names = Text(100, required=False)
    family_name = Text(100, required=False)
    aliases = ListOf(Text(100), required=False)
    description = Text(1000, lines=True, required=False, says="Needed where no name is known")
    dob = Date(required=False)
    dob_precision = Code(DatePrecision, required=False, says="Needed with a date of birth")
    sex = Code(Sex, required=False)
    addresses = ListOf(Part(PerpetratorAddress), 0, 20, required=False)
    phones = ListOf(Phone(), 0, 10, required=False)
    employer = Text(200, required=False)
    occupation = Text(200, required=False)
    vehicles = ListOf(
        Pattern(r"[A-Z0-9][A-Z0-9 ]{1,8}"), 0, 10, required=False, says="Registration marks"
    )
    relationship = OrReason(Part(Connection))
    living_together = Code(YesNoUnknown, required=False)
    location_now = Part(Location, required=False)
    custody = Part(Custody, required=False)
    known_orders = ListOf(Text(500, lines=True), 0, 20, required=False)
    weapons_access = Part(KnownOrNot, required=False)
    substance_use = Part(KnownOrNot, required=False)
    mental_health = Part(KnownOrNot, required=False)
    disability = Text(500, lines=True, required=False)
    language = Language(required=False)
    mappa = Part(Mappa, required=False)
    offending = Text(2000, lines=True, required=False)
    staff_safety_warnings = Text(1000, lines=True, required=False)
    children_with_others = Part(KnownOrNot, required=False)
    aware_of_referral = Only(False, says="A perpetrator must never be told")

    rules = (_who, precise("dob", "dob_precision"))

"""Owns the children's and the household's part of the referral form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.blanks import OrReason
from gateway.schemas.codes import CscStatus, DatePrecision, YesNoUnknown
from gateway.schemas.fields import Bool, Code, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.people import precise
from gateway.schemas.people_codes import ChildRelation, LivesWith, Sex
from gateway.schemas.places import ClearAddress, School
from gateway.schemas.shapes import Date, PersonRef


class ChildTie(Form):
    """What the child is to one of the perpetrators."""

    ref = PersonRef()
    relation = Code(ChildRelation)


def _born_or_due(data: dict[str, Any]) -> Iterator[Fault]:
    """A born child has a name and a birthday, an unborn one a day on which it is due."""
    if data.get("unborn", False):
        needed, barred = {"due_on"}, {"dob"}
    else:
        needed, barred = {"given_names", "dob"}, {"due_on"}
    yield from (("needed_here", (name,)) for name in sorted(needed - data.keys()))
    yield from (("not_both", (name,)) for name in sorted(barred & data.keys()))


class Child(Form):
    """A child who lives with, or is tied to, the victim or a perpetrator."""

    ref = PersonRef()
    unborn = Bool(required=False)
    given_names = Text(100, required=False, says="Needed unless unborn")
    family_name = Text(100, required=False)
    dob = OrReason(Date(), required=False, says="Needed unless unborn")
    dob_precision = Code(DatePrecision, required=False, says="Needed with a date of birth")
    due_on = OrReason(Date(), required=False, says="Needed if unborn")
    sex = Code(Sex, required=False)
    school = Part(School, required=False)
    nursery = Part(School, required=False)
    consistent_identifier = Pattern(r"[A-Za-z0-9-]{1,64}", required=False)
    relation_to_victim = Code(ChildRelation)
    relation_to_perpetrators = ListOf(Part(ChildTie), 0, 10, unique="ref", required=False)
    lives_with = Code(LivesWith)
    address = Part(ClearAddress, required=False, says="If other than the victim's")
    parental_responsibility = ListOf(Text(200), 0, 10, required=False)
    csc_status = Code(CscStatus)
    present = Code(YesNoUnknown, required=False, says="In the home when it happened")
    witnessed = Code(YesNoUnknown, required=False)
    risk_notes = Text(2000, lines=True, required=False)

    rules = (_born_or_due, precise("dob", "dob_precision"))


class HouseholdMember(Form):
    """Somebody else who lives there."""

    ref = PersonRef(required=False)
    name = Text(200)
    dob = Date(required=False)
    relation = Text(200, required=False)


class VulnerableAdult(Form):
    """An adult at risk in or around the household."""

    ref = PersonRef(required=False)
    name = Text(200, required=False)
    notes = Text(1000, lines=True)


class Animal(Form):
    """A pet; it matters for refuge."""

    kind = Text(100)
    notes = Text(500, lines=True, required=False)


class Household(Form):
    """Who and what else belongs to the home."""

    others = ListOf(Part(HouseholdMember), 0, 30, required=False)
    vulnerable_adults = ListOf(Part(VulnerableAdult), 0, 10, required=False)
    animals = ListOf(Part(Animal), 0, 20, required=False)

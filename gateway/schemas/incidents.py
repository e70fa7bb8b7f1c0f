"""Owns incidents, court orders and what was already done."""

from __future__ import annotations

from gateway.schemas.blanks import OrReason
from gateway.schemas.codes import DatePrecision, OrderType, YesNoUnknown
from gateway.schemas.fields import Bool, Code, Text
from gateway.schemas.parts import Form, ListOf, Part
from gateway.schemas.people import precise
from gateway.schemas.people_codes import ActionKind, Anonymity, IncidentKind
from gateway.schemas.places import not_before
from gateway.schemas.shapes import Date, PersonRef


class Witness(Form):
    """Who saw or told it, and how far they may be named."""

    name = Text(200, required=False)
    notes = Text(500, lines=True, required=False)
    anonymity = Code(Anonymity)


class Incident(Form):
    """One thing that happened: what, when, where, and what came of it."""

    occurred_on = OrReason(Date())
    precision = Code(DatePrecision, required=False, says="Needed with a date")
    kinds = ListOf(Code(IncidentKind), 1, 17, unique=True)
    what = Text(4000, lines=True)
    place = Text(500, required=False)
    injury = Text(1000, lines=True, required=False)
    sexual_violence = Text(2000, lines=True, required=False)
    weapon = Text(500, required=False)
    strangulation = Code(YesNoUnknown, required=False)
    witnesses = ListOf(Part(Witness), 0, 20, required=False)
    reported_to = ListOf(Text(200), 0, 10, required=False)
    outcome = Text(1000, lines=True, required=False)
    evidence_held = Text(1000, lines=True, required=False)

    rules = (precise("occurred_on", "precision"),)


class Order(Form):
    """A court order or condition in force, applied for, or ended."""

    type = Code(OrderType)
    court = Text(200, required=False)
    number = Text(64, required=False)
    made_on = Date(required=False)
    ends_on = Date(required=False)
    hearing_on = Date(required=False)
    terms = Text(2000, lines=True, required=False)
    power_of_arrest = Bool(required=False)
    against = PersonRef(required=False)

    rules = (not_before("made_on", "ends_on"),)


class ActionTaken(Form):
    """Something that the referrer already did."""

    kind = Code(ActionKind)
    taken_on = Date(required=False)
    notes = Text(1000, lines=True, required=False)

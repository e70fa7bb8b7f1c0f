"""Owns the consent record, the override record, and the dated fact of a position."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from gateway.schemas.codes import (
    AgencyKind,
    Capacity,
    Category,
    Position,
    Purpose,
    Recipient,
    YesNoUnknown,
)
from gateway.schemas.consent_codes import (
    ConsentHow,
    ConsentScope,
    ConsultedRole,
    LegalBasis,
)
from gateway.schemas.fields import Bool, Code, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.shapes import AgencyId, Date, Timestamp


class Condition(Form):
    """A limit that the victim sets, such as "not my GP"; the codes make it enforceable."""

    text = Text(500, lines=True)
    excludes_kind = Code(AgencyKind, required=False)
    excludes_agency = AgencyId(required=False)

    @staticmethod
    def _possible(data: dict[str, Any]) -> Iterator[Fault]:
        # Without a coordinator there is no conference, without an auditor nobody who checks it.
        if data.get("excludes_kind") in (AgencyKind.COORDINATOR, AgencyKind.AUDITOR):
            yield "out_of_range", ("excludes_kind",)

    rules = (_possible,)


class ConsentRecord(Form):
    """How the victim's position was learned, and what it covers."""

    capacity = Code(Capacity, says="To decide on sharing (Mental Capacity Act 2005)")
    capacity_notes = Text(2000, lines=True, required=False)
    coercion_concern = Code(YesNoUnknown, says="YES makes capacity DOUBT")
    by_whom = Text(200)
    recorded_at = Timestamp()
    how = Code(ConsentHow)
    scope = ListOf(Code(ConsentScope), 0, 5, unique=True)
    conditions = ListOf(Part(Condition), 0, 20)
    evidence = Text(500, lines=True, required=False)
    interpreter = Text(200, required=False)
    withdrawn_on = Date(required=False, says="Needed if the position is WITHDRAWN")


def withdrawal_day(position: Position, record: dict[str, Any]) -> str | None:
    """Return the code of what is wrong with the day of withdrawal, if anything is."""
    if position is Position.WITHDRAWN:
        return None if "withdrawn_on" in record else "needed_here"
    return "not_both" if "withdrawn_on" in record else None


class PositionForm(ConsentRecord):
    """position/1: the victim's position, learned anew."""

    position = Code(Position)

    @staticmethod
    def _withdrawn(data: dict[str, Any]) -> Iterator[Fault]:
        if code := withdrawal_day(data["position"], data):
            yield code, ("withdrawn_on",)

    rules = (_withdrawn,)


class BodyBases(Form):
    """The legal bases on which one kind of body acts."""

    body = Code(AgencyKind)
    bases = ListOf(Code(LegalBasis), 1, 12, unique=True)


class Consulted(Form):
    """Somebody who was asked before."""

    role = Code(ConsultedRole)
    name = Text(200)


class Signatory(Form):
    """Who decided."""

    name = Text(200)
    role = Text(200)


class BrokenCondition(Form):
    """The condition that sharing breaks, by the same codes as the condition itself."""

    excludes_kind = Code(AgencyKind, required=False)
    excludes_agency = AgencyId(required=False)

    @staticmethod
    def _one(data: dict[str, Any]) -> Iterator[Fault]:
        if not data:
            yield "needed_here", ("excludes_kind",)
        elif len(data) == 2:
            yield "not_both", ("excludes_agency",)

    rules = (_one,)


def _told(data: dict[str, Any]) -> Iterator[Fault]:
    if not data["victim_told"] and "why_not_told" not in data:
        yield "needed_here", ("why_not_told",)


def _two_people(data: dict[str, Any]) -> Iterator[Fault]:
    second = data.get("authoriser")
    if second and _person(second["name"]) == _person(data["author"]["name"]):
        yield "same_person", ("authoriser", "name")


def _person(name: str) -> str:
    """A name as it is compared: another case, or wider blanks, make no second person."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class OverrideRecord(Form):
    """Why it is shared without agreement: complete, or not there."""

    categories = ListOf(Code(Category), 1, 27, unique=True, says="What is shared")
    recipients = ListOf(Code(Recipient), 1, 5, unique=True, says="With whom")
    purpose = Code(Purpose)
    necessary = Text(2000, lines=True)
    proportionate = Text(2000, lines=True, says="Which less intrusive way was considered")
    risk_of_sharing = Text(2000, lines=True)
    risk_of_not_sharing = Text(2000, lines=True)
    legal_bases = ListOf(Part(BodyBases), 1, 17, unique="body")
    victim_told = Bool()
    why_not_told = Text(1000, lines=True, required=False, says="Needed if not told")
    consulted = ListOf(Part(Consulted), 1, 10)
    author = Part(Signatory)
    authoriser = Part(Signatory, required=False, says="A second person, unless life is in danger")
    decided_at = Timestamp()
    review_on = Date()
    breaks_conditions = ListOf(Part(BrokenCondition), 0, 20)

    rules = (_told, _two_people)

"""Owns the form of a filled risk instrument; what the items mean is data of the area profile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.codes import Answer, AnswerSource, ProfessionalLevel, YesNoUnknown
from gateway.schemas.fields import Bool, Code, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.shapes import Date, InstrumentId, ItemId, Timestamp, Uuid

# Instruments of this family carry the professional's page; the screens do not.
_WITH_PAGE = ("DASH_",)


class SubitemValue(Form):
    """What was said to one sub-item; it never scores."""

    id = Pattern(r"[a-z][a-z0-9_]{0,31}")
    value = Text(500, lines=True)


class ItemAnswer(Form):
    """The answer to one item, and where it comes from."""

    item_id = ItemId()
    value = Code(Answer)
    source = Code(AnswerSource)
    source_note = Text(500, lines=True, required=False)
    comment = Text(2000, lines=True, required=False)
    subitem_values = ListOf(Part(SubitemValue), 0, 20, required=False)
    answered_at = Timestamp(required=False)
    answered_by = Text(200, required=False)


class Grounds(Form):
    """P4: reasonable grounds to refer, and whether it is done."""

    grounds = Bool()
    done = Bool()


class ChildRisk(Form):
    """P5: risk to children, and the referral made for them."""

    risk = Code(YesNoUnknown)
    csc_referral_made = Bool()
    made_on = Date(required=False)

    @staticmethod
    def _when(data: dict[str, Any]) -> Iterator[Fault]:
        if data["csc_referral_made"] and "made_on" not in data:
            yield "needed_here", ("made_on",)
        if not data["csc_referral_made"] and "made_on" in data:
            yield "not_both", ("made_on",)

    rules = (_when,)


class Assessor(Form):
    """P6: who assessed, when, and whether trained to."""

    name = Text(200)
    role = Text(200)
    signed_on = Date()
    is_trained = Bool()


class ProfessionalPage(Form):
    """The unscored part, in the professional's own words."""

    P1 = Text(4000, lines=True, says="Anything else relevant about the victim's situation")
    P2 = Text(2000, lines=True, says="Work or interests that give access to weapons or influence")
    P3 = Text(2000, lines=True, says="The victim's own greatest priority for safety")
    P4 = Part(Grounds)
    P5 = Part(ChildRisk)
    P6 = Part(Assessor)


def _page(data: dict[str, Any]) -> Iterator[Fault]:
    if data["instrument"].startswith(_WITH_PAGE) and "professional" not in data:
        yield "needed_here", ("professional",)


def _reasoned(data: dict[str, Any]) -> Iterator[Fault]:
    if data["level_professional"] is not ProfessionalLevel.NONE and "rationale" not in data:
        yield "needed_here", ("rationale",)


class Assessment(Form):
    """risk-assessment/1: one instrument, filled on one day; never changed, only superseded."""

    instrument = InstrumentId()
    assessed_on = Date()
    answers = ListOf(Part(ItemAnswer), 1, 100, unique="item_id")
    professional = Part(ProfessionalPage, required=False, says="Needed for DASH instruments")
    level_professional = Code(ProfessionalLevel, says="Only ever raises")
    rationale = Text(4000, lines=True, required=False, says="Needed with a professional level")
    supersedes = Uuid(required=False)

    rules = (_page, _reasoned)

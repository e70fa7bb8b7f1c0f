"""Owns who refers and why: the first two parts of the referral form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.blanks import OrReason
from gateway.schemas.codes import Criterion, Danger, Need, Urgency, YesNoUnknown
from gateway.schemas.fields import Bool, Code, Int, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.people_codes import AttachmentKind
from gateway.schemas.shapes import AreaCode, Date, Email, Phone


class Referrer(Form):
    """Who refers: work details only. Agency and kind come from the credentials."""

    name = Text(200)
    role = Text(200)
    phone = Phone()
    email = Email()
    line_manager_or_lead = Text(200, required=False)
    case_ref = Text(64, required=False, says="Your own system's id")


class WantsPolice(Form):
    """Whether the victim wants the police involved, and why."""

    answer = Code(YesNoUnknown)
    rationale = Text(1000, lines=True, required=False)

    @staticmethod
    def _why(data: dict[str, Any]) -> Iterator[Fault]:
        if data["answer"] is not YesNoUnknown.UNKNOWN and "rationale" not in data:
            yield "needed_here", ("rationale",)

    rules = (_why,)


class Hearing(Form):
    """An earlier conference."""

    area = AreaCode()
    heard_on = Date()
    case_no = Text(64, required=False)


class PreviousMarac(Form):
    """Whether a conference heard of this victim before, as far as the referrer knows."""

    heard = Bool()
    hearings = ListOf(Part(Hearing), 0, 20, required=False)

    @staticmethod
    def _which(data: dict[str, Any]) -> Iterator[Fault]:
        if data.get("hearings") and not data["heard"]:
            yield "not_both", ("hearings",)

    rules = (_which,)


class IdvaSupport(Form):
    """Whether a domestic violence adviser supports the victim now."""

    supported = Bool()
    service = Text(200, required=False)
    worker = Text(200, required=False)


class Attachment(Form):
    """What is held and can be asked for: kind, size and digest, never the file."""

    kind = Code(AttachmentKind)
    media_type = Pattern(r"[a-z]+/[a-z0-9.+-]{1,80}")
    size = Int(1, 50_000_000)
    sha256 = Pattern(r"[0-9a-f]{64}")


class Reason(Form):
    """Why it is referred, how urgent it is, and who already knows."""

    criteria = ListOf(Code(Criterion), 1, 6, unique=True)
    rationale = Text(
        4000,
        lines=True,
        says="Current incident, history, pattern, what has changed, why now, what is done",
    )
    multi_agency_reason = OrReason(Text(2000, lines=True))
    urgency = Code(Urgency)
    police_informed = OrReason(Bool())
    crime_refs = OrReason(ListOf(Text(64), 1, 20))
    oic_name = OrReason(Text(200), says="Officer in the case")
    oic_contact = OrReason(Text(200))
    victim_wants_police = Part(WantsPolice)
    previous_marac = OrReason(Part(PreviousMarac))
    current_idva_support = OrReason(Part(IdvaSupport))
    attachments = ListOf(Part(Attachment), 0, 20, required=False)
    danger = Code(Danger)
    area = AreaCode(required=False, says="Needed where no postcode stands in the clear")
    needs = ListOf(Code(Need), 0, 6, unique=True, required=False)

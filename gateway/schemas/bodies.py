"""Owns the other forms: a coordinator's decision, and the plain bodies of codes and ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.action_codes import ActionAct, FlagReason, NotPossible
from gateway.schemas.codes import (
    Acknowledgement,
    AreaDecision,
    DeclineReason,
    Need,
    NoteKind,
    ReturnReason,
    WithdrawalReason,
)
from gateway.schemas.consent_codes import Feedback
from gateway.schemas.envelope import Envelope, KeyId
from gateway.schemas.fields import Bool, Code, Int, Pattern, Text
from gateway.schemas.meeting_codes import Deferral, HearingAct
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.shapes import AgencyId, AreaCode, Base64Url, Outward, Reference, Timestamp

LONGEST_NOTE = 10_000  # characters: sealed, it still fits into one envelope

# What a decision must come with, and what belongs to one decision alone.
_NEEDS: dict[AreaDecision, tuple[str, ...]] = {
    AreaDecision.RETURN: ("reasons",),
    AreaDecision.REJECT: ("reason", "alternative_route"),
    AreaDecision.REDIRECT: ("alternative_route",),
    AreaDecision.MERGE: ("merge_with",),
}
_ONLY_WITH: dict[str, tuple[AreaDecision, ...]] = {
    "reasons": (AreaDecision.RETURN, AreaDecision.REJECT, AreaDecision.REDIRECT),
    "alternative_route": (AreaDecision.REJECT, AreaDecision.REDIRECT),
    "merge_with": (AreaDecision.MERGE,),
}


def _complete(data: dict[str, Any]) -> Iterator[Fault]:
    decision = data["decision"]
    for name in _NEEDS.get(decision, ()):
        if name not in data:
            yield "needed_here", (name,)
    for name, decisions in _ONLY_WITH.items():
        if name in data and decision not in decisions:
            yield "not_both", (name,)


def _settles(data: dict[str, Any]) -> Iterator[Fault]:
    act, reason, note = data["act"], data.get("reason"), data.get("note")
    if act is ActionAct.CANNOT and reason is None:
        yield "needed_here", ("reason",)
    if reason is not None and act is not ActionAct.CANNOT:
        yield "not_both", ("reason",)
    if note is None and (act is ActionAct.COMPLETE or reason is NotPossible.OTHER):
        yield "needed_here", ("note",)


class ActionStepForm(Form):
    """action-step/1: what is done to an action of a case: taken on, done, or why it cannot be."""

    number = Int(1, 2_147_483_647, says="Of the action, as your list names it")
    act = Code(
        ActionAct,
        says="ACCEPT, START, COMPLETE, CANNOT or MISS by its owner; SUPERSEDE "
        "or VERIFY by who coordinates",
    )
    reason = Code(NotPossible, required=False, says="Needed with CANNOT")
    note = Text(2000, lines=True, required=False, says="The evidence, needed with COMPLETE")

    rules = (_settles,)


class FlagRemovalBody(Form):
    """flag-removal/1: why the flag of a case is taken off."""

    reason = Code(FlagReason)


class DecisionForm(Form):
    """decision/1: what the coordinator decides about a referral, and tells the referrer."""

    decision = Code(AreaDecision)
    reasons = ListOf(Code(ReturnReason), 1, 13, unique=True, required=False)
    reason = Text(2000, lines=True, required=False, says="Needed to reject")
    alternative_route = Text(1000, lines=True, required=False, says="Where to turn instead")
    merge_with = Reference(required=False)
    release = Bool(required=False, says="The referrer may now learn what the gateway found")
    feedback = Code(Feedback, required=False)
    quality_note = Text(1000, lines=True, required=False)

    rules = (_complete,)


class SectionCopyForm(Form):
    """section-copy/1: a section that was sealed again, for whom; the copy stands in `sealed`."""

    agency = AgencyId(says="Who is owed the copy")
    kid = KeyId(says="Of its key")


class PrivateNoteForm(Form):
    """private-note/1: a note that its own agency alone can read, sealed to its own key."""

    kind = Code(NoteKind)
    kid = KeyId(says="Of the agency's own encryption key")
    digest = Base64Url(32, says="SHA-256 of the salted plaintext")
    jwe = Envelope(says="JWE compact, typ marac-note+jwe, cty json")


class PrivateNoteText(Form):
    """What is sealed in a private note. The gateway never sees it and cannot check it."""

    text = Text(LONGEST_NOTE, lines=True)
    salt = Base64Url(16, required=False, says="Added by the client when it seals")
    pad = Pattern(r"0*", required=False, says="Any length, ignored")


class Withdrawal(Form):
    """A referrer asks to take a referral back."""

    reason = Code(WithdrawalReason)


class ChallengeForm(Form):
    """challenge/1: why a referral should have been accepted; once, and the chair decides."""

    reason = Text(4000, lines=True)


class AcknowledgementBody(Form):
    """An assigned agency takes a case on, or says why not."""

    outcome = Code(Acknowledgement)
    reason = Code(DeclineReason, required=False, says="Needed to decline")

    @staticmethod
    def _why(data: dict[str, Any]) -> Iterator[Fault]:
        if data["outcome"] is Acknowledgement.DECLINED and "reason" not in data:
            yield "needed_here", ("reason",)

    rules = (_why,)


class ConferenceBody(Form):
    """A conference is arranged."""

    area = AreaCode()
    starts_at = Timestamp()
    attendees = ListOf(AgencyId(), 1, 60, unique=True)
    place = Text(80, required=False, says="Neutral words: it appears in calendars")


class ListingBody(Form):
    """A case is put on the list of a conference."""

    reference = Reference()


class PersonInRoom(Form):
    """Somebody who signed for a meeting."""

    agency = AgencyId()
    worker = Pattern(r"[a-z0-9][a-z0-9_-]{0,63}")


_NEEDED = {
    HearingAct.OPEN: "present",
    HearingAct.ENTER: "present",
    HearingAct.LEAVE: "present",
    HearingAct.HEARD: "feedback",
    HearingAct.DEFER: "reason",
}


class HearingBody(Form):
    """hearing/1: a case is opened in a meeting, somebody comes or goes, it is heard or put off."""

    reference = Reference()
    act = Code(HearingAct)
    present = ListOf(
        Part(PersonInRoom), 1, 60, required=False, says="Who is in the room, or comes or goes"
    )
    feedback = Code(Feedback, required=False, says="What the referrer is told of it")
    reason = Code(Deferral, required=False, says="Why it is put off")

    @staticmethod
    def _needed(data: dict[str, Any]) -> Iterator[Fault]:
        if _NEEDED[data["act"]] not in data:
            yield "needed_here", (_NEEDED[data["act"]],)

    rules = (_needed,)


class MatchBody(Form):
    """match/1: a person says whether a suggested match is the same people."""

    mark = Pattern(r"[0-9a-f]{16}", says="As the case names it")
    same = Bool(says="False: somebody else")


class RoutingPreview(Form):
    """Asks who would receive a referral: area or outward postcode, and need codes alone."""

    area = AreaCode(required=False)
    outward = Outward(required=False)
    needs = ListOf(Code(Need), 0, 6, unique=True, required=False)

    @staticmethod
    def _where(data: dict[str, Any]) -> Iterator[Fault]:
        if "area" in data and "outward" in data:
            yield "not_both", ("outward",)
        elif "area" not in data and "outward" not in data:
            yield "needed_here", ("area",)

    rules = (_where,)


class WitnessBody(Form):
    """An agency names the key with which it countersigns the log."""

    statement = Pattern(
        r"[A-Za-z0-9_-]{1,1024}\.[A-Za-z0-9_-]{1,1024}\.[A-Za-z0-9_-]{1,512}",
        says="JWS by the agency's signing key, typ marac-witness+jws",
    )


class CosignatureBody(Form):
    """A witness signs below a published checkpoint."""

    size = Int(0, 10**15, says="Of the checkpoint")
    cosignature = Pattern(r"[A-Za-z0-9_-]{96}", says="Time and Ed25519 signature, base64url")

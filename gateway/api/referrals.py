"""The door to referrals: submit, answer a return, add facts, look, take back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response

from gateway.agencies import cursors, inbox
from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_json, as_kept, as_sealed, time
from gateway.api.operations import CURSOR, PURPOSE, Call, op, read_reference
from gateway.disclosure import seal_answer
from gateway.flows import referrals
from gateway.schemas import reference as references
from gateway.schemas.codes import Need, Scope


@op(
    "POST",
    "/referrals",
    scope=Scope.REFERRALS_WRITE,
    summary="Submit a referral",
    form="referral/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def submit_referral(call: Call) -> Response:
    """Takes a signed and encrypted referral/1 and answers with a signed receipt: reference,
    level, criteria, decision with its rule, who was told by kind, what happens next and when,
    and the commitment of the log entry. A retry under the same Idempotency-Key is answered with
    the same receipt, byte for byte."""
    with call.work() as work:
        answer = referrals.submit(work, call.body, audience=call.base_url, key=call.key)
    return as_kept(answer)


@op(
    "GET",
    "/referrals",
    scope=Scope.REFERRALS_READ,
    summary="List your own referrals",
    query=(CURSOR,),
)
def list_referrals(call: Call) -> Response:
    """Your agency's referrals, newest first, with how each stands. Names nobody."""
    with call.work() as work:
        micros, tail = cursors.unseal(work, call.query.get("cursor"), "referrals")
        page = referrals.list_sent(work, _before(micros, tail) if micros else None)
        following = None
        if page.next:
            at, reference = page.next
            following = cursors.seal(work, (_micros(at), _number(reference)), "referrals")
    return as_json({"items": [_status(item) for item in page.items], "next": following})


@op(
    "GET",
    "/referrals/<reference>",
    scope=Scope.REFERRALS_READ,
    summary="Read your own referral",
    query=(PURPOSE,),
    answers=JOSE_TYPE,
)
def read_referral(call: Call, reference: str) -> Response:
    """What your agency sent, how it stands, when it is listed and what the coordinator told you;
    sealed to your agency's key."""
    with call.work() as work:
        own = referrals.read_own(work, read_reference(reference), call.purpose)
        sealed = seal_answer(
            work,
            issuer=call.base_url,
            form="own-referral/1",
            document={**_status(own.status), "document": own.document},
            purpose=call.purpose,
            entry=own.entry,
            cases=[own.facts],
        )
    return as_sealed(call, sealed)


@op(
    "POST",
    "/referrals/<reference>/versions",
    scope=Scope.REFERRALS_WRITE,
    summary="Send a returned referral again",
    form="referral/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def resubmit_referral(call: Call, reference: str) -> Response:
    """Answers a return with a new version; the old one is kept. Answered with a receipt."""
    with call.work() as work:
        answer = referrals.resubmit(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "POST",
    "/referrals/<reference>/withdrawal",
    scope=Scope.REFERRALS_WRITE,
    summary="Take a referral back",
    form="withdrawal/1",
    once=True,
    example={"reason": "SENT_IN_ERROR"},
)
def withdraw_referral(call: Call, reference: str) -> Response:
    """Takes a returned referral back at once (ABANDONED); any other only by asking the
    coordinator (REQUESTED). A victim's objection alone never withdraws a case."""
    stored = read_reference(reference)
    with call.work() as work:
        answer = inbox.once(
            work,
            call.key,
            {"withdrawal": stored, "reason": str(call.data["reason"])},
            lambda: {"outcome": referrals.withdraw(work, stored, call.data["reason"])},
        )
    return as_kept(answer)


@op(
    "POST",
    "/referrals/<reference>/challenge",
    scope=Scope.REFERRALS_WRITE,
    summary="Challenge that a referral was not accepted",
    form="challenge/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def challenge_referral(call: Call, reference: str) -> Response:
    """Takes your refused referral back into triage, once; the chair decides on it then. Why is
    kept sealed, for whoever reads the minutes. Answered with a receipt."""
    with call.work() as work:
        answer = referrals.challenge(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "POST",
    "/referrals/<reference>/risk-assessments",
    scope=Scope.RISK_WRITE,
    summary="Add a risk assessment",
    form="risk-assessment/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def add_risk_assessment(call: Call, reference: str) -> Response:
    """Adds a filled instrument to your referral. It may raise the level; it never lowers it."""
    with call.work() as work:
        answer = referrals.assess(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "POST",
    "/routing/preview",
    scope=Scope.REFERRALS_WRITE,
    summary="Ask whom to seal protected sections to",
    form="routing-preview/1",
    example={"outward": "XX1", "needs": []},
)
def preview_routing(call: Call) -> Response:
    """Takes an area or outward postcode and need codes, nothing about a person, and answers who
    would receive a safe contact or protected address, with the key to seal to."""
    needs = frozenset(Need(code) for code in call.data.get("needs", ()))
    with call.work() as work:
        found = referrals.preview(work, call.data.get("area"), call.data.get("outward"), needs)
    return as_json(
        {
            "recipients": [
                {
                    "agency": each.agency_id,
                    "kind": each.kind,
                    "sections": list(each.sections),
                    "key": dict(each.key),
                }
                for each in found
            ]
        }
    )


def _status(status: referrals.Status) -> dict[str, Any]:
    return {
        "reference": status.reference,
        "received_at": time(status.received_at),
        "status": status.status,
        "reasons": list(status.reasons),
        "listed_for": time(status.listed_for),
        "entered_by": status.entered_by,
        "feedback": [{"code": code, "at": time(at)} for code, at in status.feedback],
    }


def _micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _number(reference: str) -> int:
    """A reference as the number it is, so that a cursor of fixed length can hold it."""
    value = 0
    for symbol in reference:
        value = value * 32 + references.ALPHABET.index(symbol)
    return value


def _before(micros: int, number: int) -> tuple[datetime, str]:
    symbols = []
    for _ in range(10):
        number, digit = divmod(number, 32)
        symbols.append(references.ALPHABET[digit])
    return datetime.fromtimestamp(micros / 1_000_000, UTC), "".join(reversed(symbols))

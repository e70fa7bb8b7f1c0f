"""The door to consent: dated positions, override records, what is due, what was already read."""

from __future__ import annotations

from flask import Response

from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_json, as_kept, as_sealed, time
from gateway.api.operations import P10, Call, op, read_reference
from gateway.flows import cases, referrals
from gateway.schemas.codes import Scope


@op(
    "POST",
    "/cases/<reference>/consent",
    scope=Scope.CASES_WRITE,
    summary="Record a dated position of the victim",
    form="position/2",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def record_dated_position(call: Call, reference: str) -> Response:
    """By the referrer or an assigned agency: what she said, in which words, how far it reaches and
    until when. Who may read is decided anew at once, and again on the day after an agreement ends:
    then it counts as not sought, never as a yes."""
    with call.work() as work:
        answer = referrals.record_position(
            work,
            read_reference(reference),
            call.body,
            audience=call.base_url,
            key=call.key,
            form=referrals.DATED,
        )
    return as_kept(answer)


@op(
    "POST",
    "/cases/<reference>/overrides",
    scope=Scope.CASES_WRITE,
    summary="Record why a case is shared without agreement",
    form="override/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def record_override(call: Call, reference: str) -> Response:
    """By the referrer or an assigned agency, signed by two people: completes what danger to life
    did not wait for, or what an objection made necessary. Refused field by field."""
    with call.work() as work:
        answer = referrals.record_override(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "GET",
    "/cases/<reference>/readings",
    scope=Scope.LOG_READ,
    summary="See what was already read of a case",
    query=(P10,),
    answers=JOSE_TYPE,
)
def list_readings(call: Call, reference: str) -> Response:
    """Who read which sections, when, for what and on which basis, from the log: what taking an
    agreement back cannot undo. For the coordinator all of it; for the referrer that still owns the
    case, what was read of its own part."""
    with call.work() as work:
        sealed = cases.list_readings(work, read_reference(reference), issuer=call.base_url)
    return as_sealed(call, sealed)


@op(
    "GET",
    "/due",
    scope=Scope.CASES_READ,
    summary="See what is due because of consent",
)
def list_due(call: Call) -> Response:
    """What your agency must do about consent, soonest first: complete or review an override record,
    ask her again before an agreement ends, and that one ended. Once it is late, the coordinator has
    to answer it."""
    with call.work() as work:
        found = cases.list_due(work)
    return as_json(
        {
            "items": [
                {
                    "reference": each.reference,
                    "code": each.code,
                    "by": each.by,
                    "due_at": time(each.due_at),
                    "late": each.is_overdue,
                }
                for each in found
            ]
        }
    )

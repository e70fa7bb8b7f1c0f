"""The door to actions and flags: your own, a case's plan, what becomes of one, and what ends."""

from __future__ import annotations

from flask import Response

from gateway.agencies import inbox
from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_json, as_kept, as_sealed, time
from gateway.api.operations import PURPOSE, Call, op, read_reference
from gateway.flows import conferences
from gateway.schemas.codes import Scope


@op("GET", "/actions", scope=Scope.CASES_READ, summary="List your actions")
def list_actions(call: Call) -> Response:
    """The actions that your agency has, in all its cases, and of a coordinator those of all its
    cases: how each stands and by when it is due, the first due first. What is to be done is in the
    plan of its case, sealed."""
    with call.work() as work:
        tasks = conferences.list_tasks(work)
    return as_json(
        {
            "actions": [
                {
                    "reference": each.reference,
                    "number": each.number,
                    "owner": each.owner,
                    "status": str(each.status),
                    "due_at": time(each.due_at),
                    "changed_at": time(each.at),
                    "is_own": each.is_own,
                    "is_overdue": each.is_overdue,
                }
                for each in tasks
            ]
        }
    )


@op(
    "GET",
    "/cases/<reference>/actions",
    scope=Scope.CASES_READ,
    summary="Get the plan of a case",
    query=(PURPOSE,),
    answers=JOSE_TYPE,
)
def read_actions(call: Call, reference: str) -> Response:
    """The actions of a case as your agency may know them: your own in full, with evidence wanted
    and every step; of others what the need-to-know table gives."""
    with call.work() as work:
        sealed = conferences.seal_actions(
            work, read_reference(reference), call.purpose, issuer=call.base_url
        )
    return as_sealed(call, sealed)


@op(
    "POST",
    "/cases/<reference>/actions",
    scope=Scope.CASES_WRITE,
    summary="Settle an action",
    form="action-step/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def settle_action(call: Call, reference: str) -> Response:
    """By the agency whose action it is: take it on, begin, say that it is done with the evidence,
    or why it cannot be; an action that is not yours is declined with the reason NOT_OURS. Its
    coordinator replaces one, or notes that the evidence was seen. The receipt has its status."""
    with call.work() as work:
        answer = conferences.settle_sent(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op("GET", "/flags", scope=Scope.CASES_READ, summary="List flags that end")
def list_flags(call: Call) -> Response:
    """For who coordinates: the flags of its cases that end within four weeks, and those that have
    ended and are to be taken off; these first."""
    with call.work() as work:
        found = conferences.list_flags(work)
    return as_json(
        {
            "flags": [
                {"reference": each.reference, "until": each.until.isoformat(), "over": each.is_over}
                for each in found
            ]
        }
    )


@op(
    "POST",
    "/cases/<reference>/flag",
    scope=Scope.CASES_WRITE,
    summary="Take a flag off",
    form="flag-removal/1",
    once=True,
    status=201,
    example={"reason": "PERIOD_ENDED"},
)
def take_flag_off(call: Call, reference: str) -> Response:
    """By who coordinates the case: everybody with a part in it is told. A period that has not
    ended is no reason."""
    stored, reason = read_reference(reference), call.data["reason"]

    def act() -> dict[str, str]:
        conferences.take_off(work, stored, reason)
        return {"flag": "REMOVED"}

    with call.work() as work:
        asked = {"flag": stored, "reason": str(reason)}
        answer = inbox.once(work, call.key, asked, act, status=201)
    return as_kept(answer)

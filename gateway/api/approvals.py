"""The door to what the need-to-know table gives case by case: ask, answer, see what was asked."""

from __future__ import annotations

from flask import Response

from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_kept, as_sealed
from gateway.api.operations import PURPOSE, Call, op, read_reference
from gateway.flows import cases
from gateway.schemas.codes import Scope


@op(
    "POST",
    "/cases/<reference>/approvals",
    scope=Scope.CASES_WRITE,
    summary="Ask for a section case by case, or answer",
    form="approval/1",
    sealed=True,
    once=True,
    status=201,
)
def settle_approval(call: Call, reference: str) -> Response:
    """By a named worker. Where the need-to-know table says C for your agency, ASK for a section,
    with a reason. A worker of the case's coordinator, or of an agency that contributed the section,
    may APPROVE it until a day at most four weeks ahead, REFUSE it, or END it; never of the agency
    that asked."""
    with call.work() as work:
        answer = cases.settle_approval(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "GET",
    "/cases/<reference>/approvals",
    scope=Scope.CASES_READ,
    summary="See what was asked for case by case",
    query=(PURPOSE,),
    answers=JOSE_TYPE,
)
def list_approvals(call: Call, reference: str) -> Response:
    """What your agency asked for, and what your worker may answer for, with reasons, answers and
    days. The auditor sees all of it."""
    with call.work() as work:
        sealed = cases.list_approvals(
            work, read_reference(reference), call.purpose, issuer=call.base_url
        )
    return as_sealed(call, sealed)

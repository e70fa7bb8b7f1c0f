"""The door for what a worker says of itself: whom it is close to, and a key of its own."""

from __future__ import annotations

from flask import Response

from gateway.api.answers import as_kept
from gateway.api.operations import Call, op
from gateway.flows import workers
from gateway.schemas.codes import Scope


@op(
    "POST",
    "/workers/interests",
    scope=Scope.CASES_READ,
    summary="Declare whom you are close to",
    form="interests/1",
    sealed=True,
    once=True,
    status=201,
)
def declare_interests(call: Call) -> Response:
    """By the worker whom the token names: itself, relatives, former partners, close friends, and
    whom else it works for. It takes the place of the declaration before, nobody reads it, and the
    answer tells nothing of any case."""
    with call.work() as work:
        answer = workers.declare(work, call.body, audience=call.base_url, key=call.key)
    return as_kept(answer)


@op(
    "POST",
    "/workers/keys",
    scope=Scope.CASES_READ,
    summary="Settle a worker's own key",
    form="worker-key/1",
    sealed=True,
    once=True,
    status=201,
)
def settle_worker_key(call: Call) -> Response:
    """A worker registers a key that it alone holds; a colleague approves it; either ends it. Where
    an agency is tied to somebody in a case, its deputy is answered to this key and no other."""
    with call.work() as work:
        answer = workers.settle_key(work, call.body, audience=call.base_url, key=call.key)
    return as_kept(answer)

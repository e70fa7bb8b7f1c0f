"""The door to redactions: words are taken out of a section, and its owner reads what they were."""

from __future__ import annotations

from flask import Response

from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_kept, as_sealed
from gateway.api.operations import PURPOSE, Call, op, read_reference
from gateway.flows import cases
from gateway.schemas.codes import Scope


@op(
    "POST",
    "/cases/<reference>/redactions",
    scope=Scope.CASES_WRITE,
    summary="Take words out of a section",
    form="redaction/1",
    sealed=True,
    once=True,
    status=201,
)
def settle_redaction(call: Call, reference: str) -> Response:
    """By a worker of the section's owner or of the coordinator: a draft names places, and what
    stands there is held from everybody else at once. Another worker of the owner confirms it, and
    the words are gone for good, or rejects it. The original is kept sealed; both are hashed."""
    with call.work() as work:
        answer = cases.settle_redaction(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "GET",
    "/cases/<reference>/redactions",
    scope=Scope.CASES_READ,
    summary="Read what was taken out of your sections",
    query=(PURPOSE,),
    answers=JOSE_TYPE,
)
def read_removed(call: Call, reference: str) -> Response:
    """By a worker of the agency whose sections they are, and nobody else: each draft, and of those
    that were confirmed the whole text from before, with the salt of the digest that the log has."""
    with call.work() as work:
        sealed = cases.read_removed(
            work, read_reference(reference), call.purpose, issuer=call.base_url
        )
    return as_sealed(call, sealed)

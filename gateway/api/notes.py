"""The door to an agency's private notes about a case: deposited sealed, given back sealed."""

from __future__ import annotations

from flask import Response

from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_kept, as_sealed
from gateway.api.operations import PURPOSE, Call, Query, op, read_reference
from gateway.flows import cases
from gateway.schemas.codes import Scope

AFTER = Query("after", r"0|[1-9][0-9]{0,8}", "The last number that you know; without it, all.")


@op(
    "POST",
    "/cases/<reference>/private-notes",
    scope=Scope.CASES_WRITE,
    summary="Keep a private note",
    form="private-note/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def keep_private_note(call: Call, reference: str) -> Response:
    """By an agency with a part in the case, for itself alone: research that stays with it, or
    casework. The note is sealed to the agency's own key, so that the gateway cannot read it; no
    other agency learns of it. The receipt has the note's id."""
    with call.work() as work:
        answer = cases.keep_private_note(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "GET",
    "/cases/<reference>/private-notes",
    scope=Scope.CASES_READ,
    summary="Get your private notes",
    query=(PURPOSE, AFTER),
    answers=JOSE_TYPE,
)
def list_private_notes(call: Call, reference: str) -> Response:
    """The notes of your own agency in a case, oldest first, as you sealed them: open each with the
    key that it names. If there are `more`, ask again after the last number."""
    with call.work() as work:
        sealed = cases.list_private_notes(
            work,
            read_reference(reference),
            call.purpose,
            after=int(call.query.get("after", "0")),
            issuer=call.base_url,
        )
    return as_sealed(call, sealed)

"""The door to research: what your agency is asked about, and what it returns."""

from __future__ import annotations

from flask import Response

from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_kept, as_sealed
from gateway.api.operations import PURPOSE, Call, op, read_reference
from gateway.flows import conferences
from gateway.schemas.codes import Scope


@op(
    "GET",
    "/conferences/<conference_id>/research",
    scope=Scope.CONFERENCE_READ,
    summary="Get your research requests",
    query=(PURPOSE,),
    answers=JOSE_TYPE,
)
def list_research(call: Call, conference_id: str) -> Response:
    """What your agency is asked to look for in its own records, case by case: names, dates of birth
    and the addresses that a search needs, by when, and whether your return has come. Protected
    addresses are not in it, nor what happened."""
    with call.work() as work:
        sealed = conferences.list_research(work, conference_id, call.purpose, issuer=call.base_url)
    return as_sealed(call, sealed)


@op(
    "GET",
    "/conferences/<conference_id>/cases/<reference>/research",
    scope=Scope.CONFERENCE_READ,
    summary="Get your research return",
    query=(PURPOSE,),
    answers=JOSE_TYPE,
)
def read_research(call: Call, conference_id: str, reference: str) -> Response:
    """What your agency was asked about one case, and what it returned: the newest version as it was
    sent, and when each version came."""
    with call.work() as work:
        sealed = conferences.read_own(
            work, conference_id, read_reference(reference), call.purpose, issuer=call.base_url
        )
    return as_sealed(call, sealed)


@op(
    "POST",
    "/conferences/<conference_id>/cases/<reference>/research",
    scope=Scope.CASES_WRITE,
    summary="Return research",
    form="research/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def return_research(call: Call, conference_id: str, reference: str) -> Response:
    """By an agency that was asked. A nil return is a return; a late one counts and says that it is
    late. Of each paragraph you say what the others are given: the whole, other words, or nothing
    but the reason. A correction names the version that it `replaces`. The receipt has its
    version."""
    with call.work() as work:
        answer, _ = conferences.return_research(
            work,
            conference_id,
            read_reference(reference),
            call.body,
            audience=call.base_url,
            key=call.key,
        )
    return as_kept(answer)

"""The door to sealed copies: what a holder's client is asked for, and where it hands it in."""

from __future__ import annotations

from flask import Response

from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_json, as_kept, time
from gateway.api.directory import shown_event
from gateway.api.operations import Call, op, read_reference
from gateway.flows import cases
from gateway.ledger import sequence
from gateway.schemas.codes import Scope


@op(
    "GET",
    "/seal-requests",
    scope=Scope.CASES_READ,
    summary="See what you are asked to seal again",
)
def list_seal_requests(call: Call) -> Response:
    """Who may read a section later gets it from a holder, never from the gateway, which cannot
    read it. Each entry names case, section and digest of a text that you hold a copy of, and the
    agency that is owed one, with its key and the log's proof of that key."""
    sequence(call.house.sessions, call.house.keys, now=call.now)
    with call.work() as work:
        found = cases.list_seal_requests(work)
    return as_json(
        {
            "requests": [
                {
                    "reference": each.reference,
                    "section": each.section,
                    "digest": each.digest,
                    "agency": each.agency_id,
                    "kind": str(each.kind),
                    "key": dict(each.key),
                    "announced": {
                        **shown_event(each.announced),
                        "size": each.announced.inclusion.size,
                        "checkpoint": each.announced.inclusion.checkpoint,
                    },
                    "asked_at": time(each.asked_at),
                }
                for each in found
            ]
        }
    )


@op(
    "POST",
    "/cases/<reference>/sealed-copies",
    scope=Scope.CASES_WRITE,
    summary="Hand in a copy that you sealed",
    form="section-copy/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def add_sealed_copy(call: Call, reference: str) -> Response:
    """By an agency that was asked: the same text, salt and all, sealed to the key of the agency
    that is owed a copy. `sealed` holds the one section with its digest and this one recipient."""
    with call.work() as work:
        answer = cases.add_sealed_copy(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)

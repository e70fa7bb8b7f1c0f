"""The door to the directory of partners, and to the history of their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from gateway.agencies.key_events import Proven
from gateway.api.answers import as_json
from gateway.api.operations import Call, Query, op
from gateway.flows import directory
from gateway.ledger import sequence
from gateway.schemas.codes import Scope
from gateway.sealing.jose import b64u

AFTER = Query("after", r"0|[1-9][0-9]{0,14}", "The last number that you know; without it, all.")


@op(
    "GET",
    "/directory",
    scope=Scope.DIRECTORY_READ,
    summary="List the partner agencies",
)
def list_directory(call: Call) -> Response:
    """Every registered agency: kind, area, who holds its private key (custody), and the keys to
    seal to."""
    with call.work() as work:
        found = directory.list_agencies(work)
    return as_json(
        {
            "agencies": [
                {
                    "agency": row.agency_id,
                    "name": row.name,
                    "kind": str(row.kind),
                    "area": row.area,
                    "custody": str(row.custody),
                    "is_suspended": row.is_suspended,
                    "keys": [dict(key) for key in row.keys],
                    "workers": [
                        {"worker": worker, "key": dict(key)} for worker, key in row.workers
                    ],
                }
                for row in found
            ]
        }
    )


@op(
    "GET",
    "/directory/keys",
    scope=Scope.DIRECTORY_READ,
    summary="Follow the keys of all partners",
    query=(AFTER,),
)
def list_key_events(call: Call) -> Response:
    """Every key of a partner that came, ended, was suspended or resumed, in order, each with its
    record, salt and inclusion proof. Seal to no key whose ADDED is not proven here, or that ended:
    the gateway cannot show you a key that it does not show everybody."""
    sequence(call.house.sessions, call.house.keys, now=call.now)
    with call.work() as work:
        found = directory.list_key_events(work, int(call.query.get("after", "0")))
    return as_json(
        {
            "events": [shown_event(each) for each in found.events],
            "more": found.more,
            "size": found.size,
            "checkpoint": found.checkpoint,
        }
    )


def shown_event(proven: Proven) -> Mapping[str, Any]:
    """One change of a key as it is published; size and checkpoint stand beside it."""
    row, found = proven.row, proven.inclusion
    return {
        "number": row.number,
        "event": str(row.event),
        "agency": row.agency_id,
        "kid": row.kid,
        "record": row.record,
        "salt": b64u(row.salt),
        "commitment": b64u(row.commitment),
        "index": found.index,
        "leaf": b64u(found.leaf),
        "proof": [b64u(step) for step in found.proof],
    }

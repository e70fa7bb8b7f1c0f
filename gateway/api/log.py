"""The door to the log itself: its newest checkpoint, and proofs. Nothing of any case."""

from __future__ import annotations

from flask import Response

from gateway.api.answers import as_json
from gateway.api.operations import Call, Query, op
from gateway.errors import Invalid, Problem
from gateway.flows import log
from gateway.ledger import sequence
from gateway.schemas.codes import Scope

COMMIT = Query("commit", r"[A-Za-z0-9_-]{43}", "The commitment of an entry, base64url.")
OLD = Query("old", r"0|[1-9][0-9]{0,14}", "An earlier size of the log.")
NEW = Query("new", r"0|[1-9][0-9]{0,14}", "A later size of the log.")


@op(
    "GET",
    "/log/checkpoint",
    scope=Scope.LOG_READ,
    summary="Get the newest checkpoint",
)
def read_checkpoint(call: Call) -> Response:
    """The newest signed checkpoint (C2SP tlog-checkpoint) and the keys to verify it with. Keep
    it: with a later one and a consistency proof nobody can rewrite what lies before."""
    sequence(call.house.sessions, call.house.keys, now=call.now)
    with call.work() as work:
        note, keys = log.read_checkpoint(work), log.list_verifiers(work)
    return as_json({"checkpoint": note, "verifiers": list(keys)})


@op(
    "GET",
    "/log/entries",
    scope=Scope.LOG_READ,
    summary="Prove that an entry is in the log",
    query=(COMMIT, OLD, NEW),
)
def prove(call: Call) -> Response:
    """With `commit`: leaf, index and inclusion proof of the entry of that commitment. With `old`
    and `new`: the proof that the later log begins with the earlier one."""
    sequence(call.house.sessions, call.house.keys, now=call.now)
    query = call.query
    with call.work() as work:
        if set(query) == {"commit"}:
            return as_json(log.find_inclusion(work, query["commit"]))
        if set(query) == {"old", "new"}:
            return as_json(log.find_consistency(work, int(query["old"]), int(query["new"])))
        raise Invalid(
            "Give commit, or old and new.", Problem("needed_here", ""), code="bad_request"
        )

"""The door to the log itself: checkpoint, proofs, witnesses. Nothing of any case."""

from __future__ import annotations

from flask import Response

from gateway.agencies import inbox
from gateway.api.answers import as_json, as_kept
from gateway.api.operations import Call, Query, op
from gateway.errors import Invalid, Problem
from gateway.flows import log
from gateway.ledger import sequence
from gateway.schemas.codes import Scope
from gateway.sealing import jose

_HASH, _MEANS = r"[A-Za-z0-9_-]{43}", "The commitment of an entry, base64url."
COMMIT = Query("commit", _HASH, _MEANS)
WANTED = Query("commit", _HASH, _MEANS, is_needed=True)
TEXT_TYPE = "text/plain; charset=utf-8"
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


@op(
    "GET",
    "/log/proof",
    scope=Scope.LOG_READ,
    summary="Get a receipt that verifies itself",
    query=(WANTED,),
    answers=TEXT_TYPE,
)
def read_log_proof(call: Call) -> Response:
    """The proof that an entry is in the log, as one text to keep in a file `.tlog-proof` (C2SP
    tlog-proof): index, path and a checkpoint, if there is one with its witnesses' signatures.
    `extra` holds the leaf. `gateway-verify proof` reads it, offline."""
    sequence(call.house.sessions, call.house.keys, now=call.now)
    with call.work() as work:
        text = log.read_receipt(work, call.query["commit"])
    return Response(text, content_type=TEXT_TYPE)


@op(
    "GET",
    "/log/witnesses",
    scope=Scope.LOG_READ,
    summary="See who countersigns the log",
)
def list_witnesses(call: Call) -> Response:
    """The key with which each partner countersigns checkpoints, and the statement, signed by that
    partner's own signing key, that it is its key."""
    with call.work() as work:
        found = log.list_witnesses(work)
    return as_json({"witnesses": list(found)})


@op(
    "POST",
    "/log/witnesses",
    scope=Scope.LOG_READ,
    summary="Become a witness",
    form="witness/1",
    once=True,
    status=201,
)
def register_witness(call: Call) -> Response:
    """Register the Ed25519 key with which your agency countersigns checkpoints. `statement` is a
    JWS by your signing key, typ marac-witness+jws, with iss, aud, iat and `witness`: the key as
    name+id+key of type 0x04 (C2SP tlog-cosignature), named ORIGIN/YOUR-AGENCY after the log."""
    statement = call.data["statement"]

    def act() -> dict[str, str]:
        return {"verifier": log.register_witness(work, statement, audience=call.base_url)}

    with call.work() as work:
        answer = inbox.once(work, call.key, {"witness": statement}, act, status=201)
    return as_kept(answer)


@op(
    "POST",
    "/log/cosignatures",
    scope=Scope.LOG_READ,
    summary="Countersign a checkpoint",
    form="cosignature/1",
    example={"size": 184, "cosignature": "A" * 96},
)
def cosign_checkpoint(call: Call) -> Response:
    """Your agency saw the published checkpoint of this size, and it goes with all it saw before.
    `cosignature` is the time (8 bytes) and the Ed25519 signature of C2SP tlog-cosignature,
    base64url. It is published below the checkpoint at /log/checkpoint."""
    with call.work() as work:
        log.cosign(work, call.data["size"], jose.b64u_decode(call.data["cosignature"]))
    return as_json({"size": call.data["size"]})

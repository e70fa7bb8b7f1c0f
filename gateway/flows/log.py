"""Owns what the log shows of itself, and how partners countersign what they were shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.agencies import directory
from gateway.errors import Invalid, NotFound, Problem, Undecipherable
from gateway.ledger import (
    Work,
    consistency,
    inclusion,
    newest_checkpoint,
    receipt,
    verifier_keys,
    witnessing,
)
from gateway.schemas.strict_json import parse
from gateway.sealing import jose, notes

STATEMENT = "marac-witness+jws"
LIFE = 900  # seconds for which a statement about a witness key can be handed in


def read_checkpoint(work: Work) -> str:
    """The newest signed checkpoint of the log (C2SP tlog-checkpoint)."""
    work.count("log.checkpoint")
    return newest_checkpoint(work.session)


def find_inclusion(work: Work, commitment: str) -> Mapping[str, Any]:
    """The proof that the entry with this commitment (base64url SHA-256) is in the log.

    :raises Invalid: if it is not a commitment.
    :raises NotFound: if there is no such entry, or it has no place yet.
    """
    work.attempt("log.inclusion")
    digest = _commitment(commitment)
    work.count("log.inclusion")
    return inclusion(work.session, digest).as_json()


def read_receipt(work: Work, commitment: str) -> str:
    """The same proof as a text of its own, with everyone's signatures (C2SP tlog-proof).

    :raises Invalid: if it is not a commitment.
    :raises NotFound: if there is no such entry, or it has no place yet.
    """
    work.attempt("log.receipt")
    digest = _commitment(commitment)
    work.count("log.receipt")
    return receipt(work.session, digest)


def find_consistency(work: Work, old: int, new: int) -> Mapping[str, Any]:
    """The proof that the log of `new` entries begins with the log of `old`.

    :raises Invalid: for sizes the log never had.
    """
    work.count("log.consistency")
    return {
        "old": old,
        "new": new,
        "proof": [jose.b64u(step) for step in consistency(work.session, old, new)],
        "checkpoint": newest_checkpoint(work.session),
    }


def list_verifiers(work: Work) -> tuple[str, ...]:
    """The keys that checkpoints are signed with, in the form of C2SP signed notes."""
    return verifier_keys(work.keys)


# --- witnesses --------------------------------------------------------------------------------


def list_witnesses(work: Work) -> tuple[Mapping[str, str], ...]:
    """Who countersigns the log, and the statement by which each agency names its own key."""
    work.count("log.witnesses")
    return tuple(
        {"agency": row.agency_id, "verifier": row.verifier, "statement": row.statement}
        for row in witnessing.list_witnesses(work.session)
    )


def register_witness(work: Work, statement: str, *, audience: str) -> str:
    """Take the key with which the caller's agency countersigns from now on; answers name+id+key.

    `statement` is a JWS by the agency's signing key, so that no partner need believe the gateway.

    :raises Undecipherable: if it is not by the caller, for this gateway, at this time.
    :raises Conflict: if another agency has this key, or the caller named a newer one since.
    """
    work.attempt("witness.registered")
    verifier = _stated(work, statement, audience)
    witnessing.add_witness(work, verifier=str(verifier), statement=statement)
    facts = {"agency": work.caller.agency_id, "verifier": str(verifier)}
    work.record("witness.registered", None, because="agency-asked", facts=facts)
    return str(verifier)


def cosign(work: Work, size: int, cosignature: bytes) -> None:
    """Keep what the caller's agency signed below the published checkpoint of this size.

    Counted, not recorded: an entry of its own would tie the agency to a place in the tree.

    :raises NotFound: if there is no such checkpoint, or the agency registered no key.
    :raises Undecipherable: if it is not the agency's signature over that checkpoint.
    """
    work.attempt("log.cosigned")
    work.count("log.cosigned")
    if not witnessing.add_cosignature(work, size=size, cosignature=cosignature):
        raise NotFound


def _stated(work: Work, statement: str, audience: str) -> notes.Verifier:
    me, now = work.caller.agency_id, work.now.timestamp()
    stated = jose.read_signed(statement)
    kid = str(stated.header.get("kid"))
    key = directory.find_signing_key(work.session, me, kid, work.now) if jose.is_kid(kid) else None
    claims = parse(jose.verify(stated, {kid: key} if key else {}, STATEMENT).payload)
    if not isinstance(claims, dict) or claims.keys() != {"iss", "aud", "iat", "witness"}:
        raise Undecipherable("The statement is not of the published form.")
    if (claims["iss"], claims["aud"]) != (me, audience):
        raise Undecipherable("The statement is not by this agency for this gateway.")
    if type(claims["iat"]) is not int or not now - LIFE <= claims["iat"] <= now + 60:
        raise Undecipherable("The statement is not of this time.")
    verifier = notes.read_verifier(str(claims["witness"]))
    name = notes.witness_name(notes.origin_of(work.keys.log_public), me)
    if (verifier.kind, verifier.name) != (notes.WITNESS, name):
        raise Undecipherable("The key is not named as this agency's witness.")
    return verifier


def _commitment(text: str) -> bytes:
    try:
        digest = jose.b64u_decode(text)
    except Invalid:
        digest = b""
    if len(digest) != 32:
        raise Invalid(
            "This is not a commitment.", Problem("bad_format", "/commit"), code="bad_commit"
        )
    return digest

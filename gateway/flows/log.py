"""Owns what the log shows of itself: the newest checkpoint, proofs of inclusion and consistency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.errors import Invalid, Problem
from gateway.ledger import Work, consistency, inclusion, newest_checkpoint, verifier_keys
from gateway.sealing import jose


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
    try:
        digest = jose.b64u_decode(commitment)
    except Invalid:
        digest = b""
    if len(digest) != 32:
        raise Invalid(
            "This is not a commitment.", Problem("bad_format", "/commit"), code="bad_commit"
        )
    work.count("log.inclusion")
    return inclusion(work.session, digest).as_json()


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

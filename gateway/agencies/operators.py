"""Owns that what an operator does is done by an operator, and what needs two by two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.errors import Denied, Mismatch, Undecipherable
from gateway.ledger import OPERATOR, Work
from gateway.sealing import operators
from gateway.sealing.operators import Operators

BECAUSE = "operator"
FRESH = 300  # seconds that a statement may be old


def only_operator(work: Work, event: str) -> None:
    """Refuse, and record under `event`, whoever is no operator at the gateway's own machine.

    :raises Denied: for everybody else.
    """
    work.attempt(event)
    if work.caller.agency_id != OPERATOR.agency_id:
        raise Denied("not-operator")


def signers(
    proofs: Sequence[str], known: Operators, said: Mapping[str, Any], *, now: datetime | None
) -> tuple[str, str]:
    """Return the two operators who signed this; `now` is None for what was checked when done.

    :raises Mismatch: if two different ones did not, or it is not of now.
    """
    first, second = (_signer(proof, known, said, now) for proof in proofs)
    if first == second:
        raise Mismatch("This takes two different operators.")
    return first, second


def _signer(proof: str, known: Operators, said: Mapping[str, Any], now: datetime | None) -> str:
    try:
        by, claims = operators.check(proof, known)
    except Undecipherable:
        raise Mismatch("The statement is not by an operator.") from None
    iat = claims.get("iat")
    if not isinstance(iat, int) or (now and abs(now.timestamp() - iat) > FRESH):
        raise Mismatch("The statement is not of this hour.")
    if claims != {**said, "iat": iat}:
        raise Mismatch("The statement is about something else.")
    return by

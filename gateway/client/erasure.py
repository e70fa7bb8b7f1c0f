"""Owns asking for a case to be erased: a statement that the coordinator signs, sent to nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from gateway.client.config import AgencyKeys
from gateway.errors import Invalid, Problem
from gateway.schemas import reference as references
from gateway.sealing import jose

STATEMENT = "marac-erasure+jws"


def ask_erasure(
    written: Sequence[str],
    because: str,
    *,
    keys: AgencyKeys,
    agency: str,
    base: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """Return this agency's signed statement that the cases of these references be erased.

    It is for the two operators, who do it and sign in their turn; it is kept with what is left.

    :raises Invalid: if one is no reference.
    """
    stored = [references.read(each) for each in written]
    if not all(stored):
        raise Invalid("This is not a reference.", Problem("form", ""))
    claims = {
        "iss": agency,
        "aud": base,
        "iat": int(clock().timestamp()),
        "references": [references.write(each) for each in stored if each],
        "because": because,
    }
    return jose.sign(json.dumps(claims).encode(), keys.signing, keys.signing_kid, STATEMENT)

"""Owns the tokens by which a gateway finds a value in a text that it was never told in the open.

The client that seals a value makes its token under a key of the referral's own; the gateway makes
tokens of whatever in a text has the shape of such a value, and compares.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from gateway.schemas.spelling import Value
from gateway.sealing.jose import b64u

LENGTH = 12  # bytes: two values meet by chance once in 2^96
MOST = 200  # tokens of one section, as the published form has it


def stamper(key: bytes) -> Callable[[Value], bytes]:
    """Return what makes the token of a value under a key, some thousand times for one text."""
    prepared = HMAC(key, SHA256())  # a copy costs a quarter of what a call with the key does

    def stamp(value: Value) -> bytes:
        mac = prepared.copy()
        mac.update("|".join(value).encode())
        return mac.finalize()[:LENGTH]

    return stamp


def key_for(secret: bytes, idempotency_key: str) -> bytes:
    """Return the key of one referral: the same for a retry, and for no other referral."""
    return hmac.digest(secret, f"{idempotency_key}|scan".encode(), "sha256")


def scan_item(key: bytes, values: Iterable[Value]) -> dict[str, Any]:
    """Return the `scan` member of a sealed section; the order of tokens tells nothing.

    `values` come in the order of their weight: what is beyond the most that fits is left out.
    """
    chosen, stamp = list(dict.fromkeys(values))[:MOST], stamper(key)
    return {"key": b64u(key), "tokens": sorted(b64u(stamp(value)) for value in chosen)}

"""Owns the entries about single keys: made, exchanged, retired, destroyed, listed."""

from __future__ import annotations

from gateway.agencies.operators import BECAUSE, only_operator
from gateway.ledger import Work


def record_key(work: Work, *, event: str, use: str, kid: str) -> None:
    """Record what happens to one of the gateway's own keys, before it happens."""
    only_operator(work, event)
    work.record(event, None, because=BECAUSE, facts={"use": use, "kid": kid})


def record_listing(work: Work) -> None:
    """Record that the ids of the gateway's own keys were shown."""
    only_operator(work, "key.listed")
    work.record("key.listed", None, because=BECAUSE)

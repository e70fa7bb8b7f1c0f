"""Owns that a refusal after the client is known becomes an entry of the access log."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from gateway.api.house import House
from gateway.errors import Denied, NotFound
from gateway.ledger import begin
from gateway.rules.facts import Caller


def record_refusal(here: House, caller: Caller, event: str, because: str, now: datetime) -> None:
    """Write that this caller was refused, and why.

    :raises Unavailable: if the log cannot be written.
    """
    with (
        suppress(NotFound),
        begin(here.sessions, here.keys, caller, now, chance=here.chance) as work,
    ):
        work.attempt(event)
        raise Denied(because)

"""Owns what it takes to send: a caller's Work, a mail server, and when to try again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.errors import Unavailable
from gateway.ledger import Work
from gateway.rules.facts import Caller

LEASE = timedelta(minutes=2)  # longer than a mail server is waited for
_LONGEST = timedelta(minutes=15)


class Letter(StrEnum):
    """What a notice says; there is no more in it, and nothing of a case."""

    NEW = "NEW"
    UNREAD = "UNREAD"


Send = Callable[[str, Letter], None]  # :raises Unavailable: if the mail server did not take it
Opener = Callable[[Caller], AbstractContextManager[Work]]


def is_sent(send: Send, address: str, letter: Letter) -> bool:
    """Whether the mail server took it."""
    try:
        send(address, letter)
    except Unavailable:
        return False
    return True


def again(now: datetime, tries: int) -> datetime:
    """When to try once more: after a minute, then two, four, at most fifteen."""
    return now + min(timedelta(minutes=2 ** min(tries, 4)), _LONGEST)

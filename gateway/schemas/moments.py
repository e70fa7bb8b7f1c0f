"""Owns how a moment is written: RFC 3339 in UTC with a Z, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload

_FORM = "%Y-%m-%dT%H:%M:%SZ"


@overload
def write(at: datetime) -> str: ...
@overload
def write(at: datetime | None) -> str | None: ...
def write(at: datetime | None) -> str | None:
    """A moment as text; None for none."""
    return at.astimezone(UTC).strftime(_FORM) if at else None


def read(text: str) -> datetime:
    """The moment that `write` wrote.

    :raises ValueError: for anything else.
    """
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)

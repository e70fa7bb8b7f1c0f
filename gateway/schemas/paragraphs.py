"""Owns checking text that is written on a page for people: its length, and no hidden signs."""

from __future__ import annotations

from marshmallow import ValidationError

from gateway.schemas.fields import Text


def read_text(written: str, longest: int, *, lines: bool = True) -> str | None:
    """The text in NFC with plain line ends; None if it is empty, too long or holds hidden signs."""
    plain = written.replace("\r\n", "\n").strip()
    try:
        return str(Text(longest, lines=lines).deserialize(plain))
    except ValidationError:
        return None

"""Owns the places of a list as a caller holds them: sealed, of one length, its own only."""

from __future__ import annotations

import struct
from contextlib import suppress

from gateway.errors import Invalid, Problem, Undecipherable
from gateway.ledger import Work
from gateway.sealing import cells, jose

START = (0, 0)


def seal(work: Work, place: tuple[int, int], of: str) -> str:
    """Return a place of the list `of` as text; it tells nothing and works for the caller alone."""
    packed = struct.pack(">qq", *place)
    return jose.b64u(cells.wrap_key(work.keys.cursor, packed, *_context(work, of)))


def unseal(work: Work, text: str | None, of: str) -> tuple[int, int]:
    """Return the place, or the start of the list where there is none.

    :raises Invalid: code bad_cursor.
    """
    if text is None:
        return START
    try:
        first, second = struct.unpack(">qq", _open(work, jose.b64u_decode(text), of))
    except (Undecipherable, struct.error):
        raise Invalid(
            "This is not a cursor of this list.",
            Problem("bad_format", "/cursor"),
            code="bad_cursor",
        ) from None
    return first, second


def _open(work: Work, blob: bytes, of: str) -> bytes:
    """Open a place with the key of now, or the one it was given out under."""
    *newer, oldest = work.keys.cursors
    for key in newer:
        with suppress(Undecipherable):
            return cells.unwrap_key(key, blob, *_context(work, of))
    return cells.unwrap_key(oldest, blob, *_context(work, of))


def _context(work: Work, of: str) -> tuple[str, str, str]:
    return "cursor|v1", of, work.caller.agency_id

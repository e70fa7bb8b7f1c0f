"""Owns the places of a list as a caller holds them: sealed, of one length, its own only."""

from __future__ import annotations

import struct

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
        blob = jose.b64u_decode(text)
        packed = cells.unwrap_key(work.keys.cursor, blob, *_context(work, of))
        first, second = struct.unpack(">qq", packed)
    except (Undecipherable, struct.error):
        raise Invalid(
            "This is not a cursor of this list.",
            Problem("bad_format", "/cursor"),
            code="bad_cursor",
        ) from None
    return first, second


def _context(work: Work, of: str) -> tuple[str, str, str]:
    return "cursor|v1", of, work.caller.agency_id

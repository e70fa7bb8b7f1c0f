"""Owns the published history of agencies' keys: one row per change, each a line of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from gateway.schemas.codes import KeyEvent
from gateway.store import tables as t
from gateway.store.rows import add_all
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class EventRow:
    """One change. `record` is the log's own text, byte for byte; all of it is public to partners.

    `kid` is None for what concerns all keys of an agency: that it was suspended, or resumed.
    """

    number: int  # from 1, without a gap
    agency_id: str
    kid: str | None
    event: KeyEvent
    commitment: bytes
    salt: bytes = field(repr=False)
    record: str = field(repr=False)


_ROW = (
    t.key_event.c.number,
    t.key_event.c.agency_id,
    t.key_event.c.kid,
    t.key_event.c.event,
    t.key_event.c.commitment,
    t.key_event.c.salt,
    t.key_event.c.record,
)


def add_events(session: Session, rows: Sequence[EventRow], *, at: datetime) -> None:
    """Append changes.

    :raises IntegrityError: if another transaction gave one of the numbers first.
    """
    add_all(
        session,
        t.key_event,
        [
            {
                "number": row.number,
                "agency_id": row.agency_id,
                "kid": row.kid,
                "event": row.event,
                "commitment": row.commitment,
                "salt": row.salt,
                "record": row.record,
                "at": at,
            }
            for row in rows
        ],
    )


def find_last(session: Session) -> tuple[int, bytes] | None:
    """Number and commitment of the newest change."""
    e = t.key_event.c
    row = session.execute(
        select(e.number, e.commitment).order_by(e.number.desc()).limit(1)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def list_events(session: Session, *, after: int, limit: int) -> list[EventRow]:
    """The changes that follow a number, in order."""
    query = select(*_ROW).where(t.key_event.c.number > after).order_by(t.key_event.c.number)
    return [EventRow(*row) for row in session.execute(query.limit(limit))]


def find_added(session: Session, *, agency_id: str, kid: str) -> EventRow | None:
    """The change by which a key came."""
    e = t.key_event.c
    row = session.execute(
        select(*_ROW)
        .where(e.agency_id == agency_id, e.kid == kid, e.event == KeyEvent.ADDED)
        .order_by(e.number)
        .limit(1)
    ).one_or_none()
    return EventRow(*row) if row else None


def list_announced(session: Session) -> set[tuple[str, str]]:
    """(agency, key id) of every key whose coming was ever published."""
    e = t.key_event.c
    rows = session.execute(select(e.agency_id, e.kid).where(e.event == KeyEvent.ADDED))
    return {(row[0], row[1]) for row in rows}

"""Owns the rows of private notes: an agency's own in a case, and no other agency's ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update

from gateway.schemas.codes import NoteKind
from gateway.store import tables as t
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One note; `document` is the signed document in which it came, sealed for its case."""

    id: str
    case_id: str
    agency_id: str
    number: int
    kind: NoteKind
    digest: bytes
    by_worker: str | None
    at: datetime
    document: bytes = field(repr=False)


_N = t.private_note.c
_NOTE = select(
    _N.id,
    _N.case_id,
    _N.agency_id,
    _N.number,
    _N.kind,
    _N.digest,
    _N.by_worker,
    _N.at,
    _N.document,
).order_by(_N.number)


def add_note(session: Session, row: NoteRow) -> None:
    """Keep a note."""
    values = {name: getattr(row, name) for name in NoteRow.__dataclass_fields__}
    add(session, t.private_note, **values)


def list_notes(
    session: Session,
    case_id: str,
    *,
    agency_id: str,
    after: int,
    limit: int,
    kind: NoteKind | None = None,
) -> list[NoteRow]:
    """The notes of one agency in a case, of one kind or all, oldest first, after a number."""
    mine = [_N.case_id == case_id, _N.agency_id == agency_id, _N.number > after]
    mine += [_N.kind == kind] if kind is not None else []
    return [NoteRow(*row) for row in session.execute(_NOTE.where(*mine).limit(limit))]


def last_number(session: Session, case_id: str, *, agency_id: str) -> int:
    """The number of the newest note of an agency in a case; 0 if there is none."""
    mine = (_N.case_id == case_id, _N.agency_id == agency_id)
    return session.execute(select(func.max(_N.number)).where(*mine)).scalar_one() or 0


def list_sealed(session: Session, case_id: str) -> Sequence[tuple[str, bytes]]:
    """Every note of a case as it is sealed, whoever's it is, to be put under another key."""
    rows = session.execute(select(_N.id, _N.document).where(_N.case_id == case_id))
    return [(row[0], row[1]) for row in rows]


def set_sealed(session: Session, note_id: str, document: bytes) -> None:
    """Put a note under another key."""
    change(session, update(t.private_note).where(_N.id == note_id).values(document=document))

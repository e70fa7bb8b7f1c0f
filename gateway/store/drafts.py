"""Owns drafts: referrals that are being typed in, and their files, as ciphertext with a term."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from gateway.schemas.people_codes import AttachmentKind
from gateway.store import tables as t
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft with its wrapped key; `version` counts how often it was saved."""

    id: str
    agency_id: str
    made_by: str
    made_at: datetime
    changed_by: str
    changed_at: datetime
    expires_at: datetime
    version: int
    epoch: str
    wrapped: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a draft, or an original of a case, without its content."""

    number: int
    kind: AttachmentKind
    media_type: str
    size: int
    added_by: str
    added_at: datetime


_D, _F = t.draft.c, t.draft_file.c
_FILE = (_F.number, _F.kind, _F.media_type, _F.size, _F.added_by, _F.added_at)


def add_draft(session: Session, row: DraftRow) -> None:
    """Keep a new draft."""
    add(session, t.draft, **{name: getattr(row, name) for name in row.__slots__})


def find_draft(
    session: Session, draft_id: str, *, agency_id: str, now: datetime, is_locked: bool = False
) -> DraftRow | None:
    """A draft of this agency that has not expired; `is_locked` lets other writers wait."""
    query = select(*t.draft.c).where(
        _D.id == draft_id, _D.agency_id == agency_id, _D.expires_at > now
    )
    row = session.execute(query.with_for_update() if is_locked else query).one_or_none()
    return DraftRow(*row) if row else None


def list_drafts(session: Session, *, agency_id: str, now: datetime) -> list[DraftRow]:
    """What this agency has begun and not sent, by what expires first."""
    query = select(*t.draft.c).where(_D.agency_id == agency_id, _D.expires_at > now)
    return [DraftRow(*row) for row in session.execute(query.order_by(_D.expires_at, _D.id))]


def set_content(
    session: Session, draft_id: str, *, content: bytes, version: int, by: str, at: datetime
) -> None:
    """Keep a draft as it stands now; the caller holds it locked."""
    said = {"content": content, "version": version, "changed_by": by, "changed_at": at}
    change(session, update(t.draft).where(_D.id == draft_id).values(said))


def remove_draft(session: Session, draft_id: str) -> None:
    """Take a draft away with its key and its files; nothing of it can be read again."""
    session.execute(delete(t.draft_file).where(_F.draft_id == draft_id))
    change(session, delete(t.draft).where(_D.id == draft_id))


def remove_expired(session: Session, *, now: datetime) -> int:
    """Take away whatever has expired; how many drafts."""
    over = select(_D.id).where(_D.expires_at <= now)
    session.execute(delete(t.draft_file).where(_F.draft_id.in_(over)))
    return session.execute(delete(t.draft).where(_D.expires_at <= now)).rowcount  # type: ignore[attr-defined, no-any-return]


def add_file(session: Session, draft_id: str, row: FileRow, content: bytes) -> None:
    """Keep a file of a draft."""
    values = {name: getattr(row, name) for name in row.__slots__}
    add(session, t.draft_file, draft_id=draft_id, content=content, **values)


def next_number(session: Session, draft_id: str) -> int:
    """The number of the next file; one that was taken away is not used again at the end."""
    query = select(func.max(_F.number)).where(_F.draft_id == draft_id)
    return (session.execute(query).scalar_one() or 0) + 1


def list_files(session: Session, draft_id: str) -> list[FileRow]:
    """The files of a draft, in the order in which they were added."""
    rows = session.execute(select(*_FILE).where(_F.draft_id == draft_id).order_by(_F.number))
    return [FileRow(*row) for row in rows]


def find_file(session: Session, draft_id: str, number: int) -> bytes | None:
    """The content of one file of a draft."""
    place = (_F.draft_id == draft_id, _F.number == number)
    found: bytes | None = session.execute(select(_F.content).where(*place)).scalar_one_or_none()
    return found


def remove_file(session: Session, draft_id: str, number: int) -> None:
    """Take a file away."""
    change(session, delete(t.draft_file).where(_F.draft_id == draft_id, _F.number == number))

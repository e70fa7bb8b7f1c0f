"""Owns the originals that came with referrals: ciphertext under the key of the case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from gateway.schemas.people_codes import AttachmentKind
from gateway.store import tables as t
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """An original without its content."""

    id: str
    case_id: str
    reference: str
    number: int
    owner_id: str
    kind: AttachmentKind
    media_type: str
    size: int
    digest: bytes
    by_agency: str
    by_worker: str | None
    at: datetime


_A = t.attachment.c
_COLUMNS = [_A[name] for name in AttachmentRow.__slots__]


def add_attachment(session: Session, row: AttachmentRow, content: bytes) -> None:
    """Keep an original."""
    values = {name: getattr(row, name) for name in row.__slots__}
    add(session, t.attachment, content=content, **values)


def list_attachments(session: Session, case_ids: Sequence[str]) -> list[AttachmentRow]:
    """The originals of these cases, by referral and number."""
    query = select(*_COLUMNS).where(_A.case_id.in_(case_ids))
    rows = session.execute(query.order_by(_A.at, _A.reference, _A.number))
    return [AttachmentRow(*row) for row in rows]


def find_content(session: Session, attachment_id: str) -> bytes | None:
    """The sealed content of an original."""
    query = select(_A.content).where(_A.id == attachment_id)
    found: bytes | None = session.execute(query).scalar_one_or_none()
    return found


def list_sealed(session: Session, case_id: str) -> list[tuple[str, bytes]]:
    """Every original of a case as (id, sealed content), to put it under another key."""
    rows = session.execute(select(_A.id, _A.content).where(_A.case_id == case_id))
    return [(row[0], row[1]) for row in rows]


def set_sealed(session: Session, attachment_id: str, content: bytes) -> None:
    """Put the same original under another key."""
    change(session, update(t.attachment).where(_A.id == attachment_id).values(content=content))

"""Owns the rows of workers' own public keys: asked for by one, approved by another, ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from gateway.store import tables as t
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class WorkerKeyRow:
    """A worker's own public key to encrypt to."""

    agency_id: str
    kid: str
    worker_id: str
    jwk: Mapping[str, Any]
    thumbprint: str
    asked_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ended_at: datetime | None

    @property
    def holds(self) -> bool:
        """Whether it may be sealed to."""
        return self.approved_at is not None and self.ended_at is None


_K = t.worker_key.c
_ROW = select(
    _K.agency_id,
    _K.kid,
    _K.worker_id,
    _K.jwk,
    _K.thumbprint,
    _K.asked_at,
    _K.approved_by,
    _K.approved_at,
    _K.ended_at,
)


def add_key(session: Session, row: WorkerKeyRow) -> None:
    """Add a key that nobody approved yet."""
    add(
        session,
        t.worker_key,
        agency_id=row.agency_id,
        kid=row.kid,
        worker_id=row.worker_id,
        jwk=dict(row.jwk),
        thumbprint=row.thumbprint,
        asked_at=row.asked_at,
    )


def find_key(session: Session, *, agency_id: str, kid: str) -> WorkerKeyRow | None:
    """One key of an agency's workers."""
    row = session.execute(_ROW.where(_K.agency_id == agency_id, _K.kid == kid)).one_or_none()
    return WorkerKeyRow(*row) if row else None


def is_known(session: Session, thumbprint: str) -> bool:
    """Whether any worker of any agency ever had this key."""
    found = session.execute(select(_K.kid).where(_K.thumbprint == thumbprint))
    return found.first() is not None


def list_keys(
    session: Session, *, agency_id: str | None = None, worker_id: str | None = None
) -> list[WorkerKeyRow]:
    """Keys that may be sealed to: of all workers, of an agency's, or of one; newest first."""
    query = _ROW.where(_K.approved_at.is_not(None), _K.ended_at.is_(None))
    if agency_id is not None:
        query = query.where(_K.agency_id == agency_id)
    if worker_id is not None:
        query = query.where(_K.worker_id == worker_id)
    rows = session.execute(query.order_by(_K.approved_at.desc(), _K.kid))
    return [WorkerKeyRow(*row) for row in rows]


def set_approved(
    session: Session, *, agency_id: str, kid: str, approved_by: str, at: datetime
) -> None:
    """Let a key hold from now on."""
    mine = (_K.agency_id == agency_id, _K.kid == kid)
    approved = {"approved_by": approved_by, "approved_at": at}
    change(session, update(t.worker_key).where(*mine).values(**approved))


def set_ended(session: Session, *, agency_id: str, kid: str, at: datetime) -> None:
    """Stop a key."""
    mine = (_K.agency_id == agency_id, _K.kid == kid)
    change(session, update(t.worker_key).where(*mine).values(ended_at=at))

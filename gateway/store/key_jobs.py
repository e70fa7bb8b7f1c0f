"""Owns the SQL of exchanging case keys: which job is under way, and what it has still to do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, and_, delete, func, or_, select, update

from gateway.store import tables as t
from gateway.store.rows import add, change
from gateway.store.sessions import Session


def start(session: Session, kind: str, at: datetime) -> datetime:
    """When the job of this kind began: now, unless one is under way."""
    j = t.key_job
    query = select(j.c.started_at).where(j.c.kind == kind)
    begun: datetime | None = session.execute(query).scalar_one_or_none()
    if begun is None:
        add(session, j, kind=kind, started_at=at)
        return at
    if begun > at:  # the clock was ahead: else no key that is made now would count as new
        change(session, update(j).where(j.c.kind == kind).values(started_at=at))
        return at
    return begun


def end(session: Session, kind: str) -> None:
    """Note that a job is done."""
    session.execute(delete(t.key_job).where(t.key_job.c.kind == kind))


def count_older_keys(session: Session, before: datetime) -> int:
    """How many cases have a key that was made before."""
    return session.execute(select(func.count()).select_from(_older(before).subquery())).scalar_one()


def list_older_keys(session: Session, before: datetime, *, limit: int) -> list[str]:
    """Cases whose key was made before, by id."""
    query = _older(before).order_by(t.case_key.c.case_id).limit(limit)
    return [str(row[0]) for row in session.execute(query).all()]


def _older(before: datetime) -> Select[tuple[str]]:
    k = t.case_key.c
    return select(k.case_id).where(
        and_(k.wrapped.is_not(None), or_(k.made_at.is_(None), k.made_at < before))
    )

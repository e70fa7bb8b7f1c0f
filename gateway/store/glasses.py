"""Owns the rows of broken glass: who looked behind the need to know, and what a review found."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select, update

from gateway.schemas.codes import Category, GlassFinding, Purpose
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class GlassRow:
    """One look. `until` is None for an auditor's sample that the chair has not approved."""

    case_id: str
    seq: int
    agency_id: str
    worker_id: str
    category: Category
    purpose: Purpose
    account: bytes
    method: str
    authenticated_at: datetime
    asked_at: datetime
    until: datetime | None
    due_at: datetime | None
    approved_by: str | None = None
    finding: GlassFinding | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None


_G = t.glass.c
_ROW = select(
    _G.case_id,
    _G.seq,
    _G.agency_id,
    _G.worker_id,
    _G.category,
    _G.purpose,
    _G.account,
    _G.method,
    _G.authenticated_at,
    _G.asked_at,
    _G.until,
    _G.due_at,
    _G.approved_by,
    _G.finding,
    _G.reviewed_by,
    _G.reviewed_at,
)


def add_glass(session: Session, row: GlassRow) -> None:
    """Keep that the glass was broken, or that an auditor asks to."""
    add(
        session,
        t.glass,
        case_id=row.case_id,
        seq=row.seq,
        agency_id=row.agency_id,
        worker_id=row.worker_id,
        category=row.category,
        purpose=row.purpose,
        account=row.account,
        method=row.method,
        authenticated_at=row.authenticated_at,
        asked_at=row.asked_at,
        until=row.until,
        due_at=row.due_at,
    )


_TURN = Prepared(select(func.pg_advisory_xact_lock(bindparam("worker", type_=BigInteger()))))


def wait_for_turn(session: Session, *, agency_id: str, worker_id: str) -> None:
    """Let two requests of one worker come one after the other (SQLite already does).

    Whether a look waits for its review is then asked when the other's is there to be seen.
    """
    if session.get_bind().dialect.name != "sqlite":
        worker = hashlib.sha256(f"glass|{agency_id}|{worker_id}".encode()).digest()
        _TURN.rows(session, worker=int.from_bytes(worker[:8], signed=True))


def count_unreviewed(session: Session, *, agency_id: str, worker_id: str) -> int:
    """How many looks of a worker nobody has reviewed."""
    query = select(func.count()).where(
        _G.agency_id == agency_id,
        _G.worker_id == worker_id,
        _G.until.is_not(None),
        _G.reviewed_at.is_(None),
    )
    return session.execute(query.select_from(t.glass)).scalar_one()


def find_open(
    session: Session, *, case_id: str, agency_id: str, worker_id: str, at: datetime
) -> GlassRow | None:
    """The newest look of a worker at a case that is still open."""
    query = _ROW.where(
        _G.case_id == case_id,
        _G.agency_id == agency_id,
        _G.worker_id == worker_id,
        _G.until > at,
    ).order_by(_G.asked_at.desc(), _G.seq.desc())
    found = session.execute(query.limit(1)).all()
    return next(map(_row, found), None)


def find_glass(session: Session, *, case_id: str, seq: int) -> GlassRow | None:
    """One look at a case."""
    found = session.execute(_ROW.where(_G.case_id == case_id, _G.seq == seq)).all()
    return next(map(_row, found), None)


def list_unreviewed(session: Session, case_ids: Sequence[str]) -> list[GlassRow]:
    """Looks at these cases that wait for a review or an approval, oldest first."""
    query = _ROW.where(_G.reviewed_at.is_(None), _G.case_id.in_(case_ids))
    return [_row(row) for row in session.execute(query.order_by(_G.asked_at, _G.case_id, _G.seq))]


def list_of_area(session: Session, *, area: str, limit: int) -> list[GlassRow]:
    """Looks at the cases of an area, for its auditor; the newest first."""
    of = t.case.c
    query = _ROW.join(t.case, of.id == _G.case_id).where(of.area == area)
    newest = query.order_by(_G.asked_at.desc(), _G.case_id, _G.seq).limit(limit)
    return [_row(row) for row in session.execute(newest)]


def set_approved(
    session: Session, row: GlassRow, *, by: str, until: datetime, due_at: datetime
) -> None:
    """Open an auditor's sample."""
    _set(session, row, approved_by=by, until=until, due_at=due_at)


def set_reviewed(
    session: Session,
    row: GlassRow,
    *,
    finding: GlassFinding,
    review: bytes,
    by: str,
    at: datetime,
) -> None:
    """Keep what a review found."""
    _set(session, row, finding=finding, review=review, reviewed_by=by, reviewed_at=at)


def _row(row: Any) -> GlassRow:
    return GlassRow(*row)


def _set(session: Session, row: GlassRow, **values: object) -> None:
    place = (_G.case_id == row.case_id, _G.seq == row.seq, _G.reviewed_at.is_(None))
    change(session, update(t.glass).where(*place).values(**values))

"""Owns the rows of approvals: a section that one agency asked for, and who answered for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Date, bindparam, select, update

from gateway.schemas.codes import ApprovalState
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One section that was asked for, and what became of it; the reasons are sealed."""

    case_id: str
    seq: int
    agency_id: str
    worker_id: str
    section: str
    account: bytes = field(repr=False)
    asked_at: datetime
    state: ApprovalState
    by_agency: str | None = None  # who answered
    by_worker: str | None = None
    answer: bytes | None = field(default=None, repr=False)
    at: datetime | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A section that is open to an agency today because somebody answers for it."""

    case_id: str
    agency_id: str
    section: str
    by_agency: str
    by_worker: str


_A = t.approval.c
_ROW = select(
    _A.case_id,
    _A.seq,
    _A.agency_id,
    _A.worker_id,
    _A.section,
    _A.account,
    _A.asked_at,
    _A.state,
    _A.by_agency,
    _A.by_worker,
    _A.answer,
    _A.at,
    _A.until,
).order_by(_A.asked_at, _A.seq)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ASKED = Prepared(
    select(_A.case_id, _A.agency_id, _A.section)
    .where(_A.case_id.in_(_IDS), _A.state == ApprovalState.ASKED)
    .order_by(_A.asked_at, _A.seq)
)
_STANDING = Prepared(
    select(_A.case_id, _A.agency_id, _A.section, _A.by_agency, _A.by_worker).where(
        _A.case_id.in_(_IDS),
        _A.state == ApprovalState.APPROVED,
        _A.until >= bindparam("on", type_=Date()),
        _A.answer.is_not(None),
    )
)


def add_asked(
    session: Session,
    *,
    case_id: str,
    seq: int,
    agency_id: str,
    worker_id: str,
    section: str,
    account: bytes,
    at: datetime,
) -> None:
    """Keep that somebody asked."""
    add(
        session,
        t.approval,
        case_id=case_id,
        seq=seq,
        agency_id=agency_id,
        worker_id=worker_id,
        section=section,
        account=account,
        asked_at=at,
        state=ApprovalState.ASKED,
    )


def list_of_case(session: Session, case_id: str) -> list[ApprovalRow]:
    """All that was asked for in a case, oldest first."""
    rows = session.execute(_ROW.where(_A.case_id == case_id))
    return [ApprovalRow(*row) for row in rows]


def list_asked(session: Session, case_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """What waits for an answer in these cases: case, who asked, section."""
    rows = _ASKED.rows(session, ids=list(case_ids)) if case_ids else ()
    return [(row[0], row[1], row[2]) for row in rows]


def list_standing(session: Session, case_ids: Sequence[str], *, on: date) -> list[StandingRow]:
    """What is open in these cases on a day because it was approved."""
    rows = _STANDING.rows(session, ids=list(case_ids), on=on) if case_ids else ()
    return [StandingRow(*row) for row in rows]


def set_answered(
    session: Session,
    row: ApprovalRow,
    *,
    state: ApprovalState,
    by: tuple[str, str | None],
    answer: bytes,
    at: datetime,
    until: date | None,
) -> None:
    """Keep what became of it; only of what still stands as it did."""
    place = (_A.case_id == row.case_id, _A.seq == row.seq, _A.state == row.state)
    values = {"state": state, "by_agency": by[0], "by_worker": by[1]}
    said = {"answer": answer, "at": at, "until": until}
    change(session, update(t.approval).where(*place).values(**values, **said))

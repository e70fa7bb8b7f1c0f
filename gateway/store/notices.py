"""Owns the SQL of notices: which cases nobody has read, and who was told of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    CaseState,
    Contact,
    Danger,
    RiskLevel,
    Rung,
    Sending,
)
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A high-risk case that an agency was given and has not read."""

    case_id: str
    area: str
    agency_id: str
    since: datetime
    danger: Danger
    coordinator_id: str | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """That somebody is told, or was, that an agency has not read a case."""

    case_id: str
    agency_id: str
    rung: Rung
    to_id: str
    contact: Contact
    at: datetime
    sending: Sending
    tries: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class AnnouncementRow:
    """Up to which place of its feed an agency was told."""

    agency_id: str
    leaf: int
    number: int
    told_at: datetime | None
    tries: int
    next_at: datetime


# Both databases can insert "unless it is there", each in its own dialect.
_INSERTS: Mapping[str, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_ADD_NOTICE, _ADD_ANNOUNCEMENT = (
    {kind: Prepared(insert(table).on_conflict_do_nothing()) for kind, insert in _INSERTS.items()}
    for table in (t.notice, t.announcement)
)

_N, _S = t.notice.c, t.announcement.c


def list_unread(session: Session, states: Sequence[CaseState]) -> list[UnreadRow]:
    """High-risk cases, and those of imminent danger, that their IDVA service has not read.

    Read is what it was given a receipt for, or answered, since it has the case.
    """
    part, risk, state = t.assignment, t.risk, t.state
    newest = {table: _newest(table) for table in (risk, state)}
    other = t.assignment.alias()
    coordinator = (
        select(func.min(other.c.agency_id))
        .where(other.c.case_id == t.case.c.id, other.c.until.is_(None))
        .where(other.c.role == CaseRole.COORDINATOR)
        .correlate(t.case)
        .scalar_subquery()
    )
    of_reader = and_(
        t.receipt.c.case_id == part.c.case_id,
        t.receipt.c.agency_id == part.c.agency_id,
        t.receipt.c.at >= part.c.at,
    )
    answered = and_(
        t.acknowledgement.c.case_id == part.c.case_id,
        t.acknowledgement.c.agency_id == part.c.agency_id,
    )
    query = (
        select(t.case.c.id, t.case.c.area, part.c.agency_id, part.c.at, risk.c.danger, coordinator)
        .join(part, part.c.case_id == t.case.c.id)
        .join(t.agency, t.agency.c.id == part.c.agency_id)
        .join(risk, and_(risk.c.case_id == t.case.c.id, risk.c.seq == newest[risk]))
        .join(state, and_(state.c.case_id == t.case.c.id, state.c.seq == newest[state]))
        .where(
            part.c.until.is_(None),
            part.c.role == CaseRole.IDVA,
            t.agency.c.kind == AgencyKind.IDVA,
            or_(risk.c.level == RiskLevel.HIGH, risk.c.danger == Danger.IMMINENT_LIFE),
            state.c.state.in_(states),
            ~exists().where(of_reader),
            ~exists().where(answered),
        )
        .order_by(part.c.at, t.case.c.id, part.c.agency_id)
    )
    return [UnreadRow(*row[:4], Danger(row[4]), row[5]) for row in session.execute(query)]


def list_unanswered(session: Session, because: str) -> list[UnreadRow]:
    """Cases that an area was offered and has not answered, by who coordinates there.

    `because` is why that agency has a part in the case.
    """
    part, state, risk = t.assignment, t.state, t.risk
    other = t.assignment.alias()
    coordinator = (
        select(func.min(other.c.agency_id))
        .where(other.c.case_id == t.case.c.id, other.c.until.is_(None))
        .where(other.c.role == CaseRole.COORDINATOR)
        .correlate(t.case)
        .scalar_subquery()
    )
    newest = {table: _newest(table) for table in (risk, state)}
    query = (
        select(t.case.c.id, t.case.c.area, part.c.agency_id, state.c.at, risk.c.danger, coordinator)
        .join(part, part.c.case_id == t.case.c.id)
        .join(t.agency, t.agency.c.id == part.c.agency_id)
        .join(risk, and_(risk.c.case_id == t.case.c.id, risk.c.seq == newest[risk]))
        .join(state, and_(state.c.case_id == t.case.c.id, state.c.seq == newest[state]))
        .where(
            part.c.until.is_(None),
            part.c.because == because,
            t.agency.c.kind == AgencyKind.COORDINATOR,
            state.c.state == CaseState.TRANSFER_OUT_PENDING,
        )
        .order_by(state.c.at, t.case.c.id)
    )
    return [UnreadRow(*row[:4], Danger(row[4]), row[5]) for row in session.execute(query)]


def _newest(table: Table) -> Any:
    """The number of a case's newest row."""
    rows = table.alias()
    query = select(func.max(rows.c.seq)).where(rows.c.case_id == t.case.c.id)
    return query.correlate(t.case).scalar_subquery()


def add_notice(session: Session, row: NoticeRow) -> bool:
    """Keep that somebody is to be told; whether nobody had before."""
    values = {**{name: getattr(row, name) for name in row.__slots__}, "settled_at": None}
    return _ADD_NOTICE[session.get_bind().dialect.name].run(session, [values]) > 0


def list_notices(session: Session, case_ids: Sequence[str]) -> list[NoticeRow]:
    """Everything told of some cases, the oldest first."""
    return _notices(session, _N.case_id.in_(case_ids))


def list_waiting(session: Session) -> list[NoticeRow]:
    """What is still to be sent, the oldest first."""
    return _notices(session, _N.sending == Sending.WAITING)


def _notices(session: Session, wanted: ColumnElement[bool]) -> list[NoticeRow]:
    columns = [_N[name] for name in NoticeRow.__slots__]
    query = select(*columns).where(wanted).order_by(_N.at, _N.case_id, _N.agency_id, _N.rung)
    return [NoticeRow(*row) for row in session.execute(query)]


def claim_notice(session: Session, row: NoticeRow, *, now: datetime, until: datetime) -> bool:
    """Take on to send one; False if somebody else does, or its time has not come."""
    taken = update(t.notice).where(*_place(row), _N.next_at <= now)
    taken = taken.where(_N.sending == Sending.WAITING, _N.tries == row.tries)
    return _met(session, taken.values(next_at=until, tries=row.tries + 1))


def settle_notice(session: Session, row: NoticeRow, sending: Sending, *, at: datetime) -> None:
    """Keep what became of one."""
    said = {"sending": sending, "settled_at": at}
    change(session, update(t.notice).where(*_place(row)).values(**said))


def delay_notice(session: Session, row: NoticeRow, *, until: datetime) -> None:
    """Try one again later."""
    change(session, update(t.notice).where(*_place(row)).values(next_at=until))


def _place(row: NoticeRow) -> tuple[Any, ...]:
    return _N.case_id == row.case_id, _N.agency_id == row.agency_id, _N.rung == row.rung


# --- what is new for an agency --------------------------------------------------------------------


def list_announcements(session: Session) -> dict[str, AnnouncementRow]:
    """How far each agency was told."""
    columns = [_S[name] for name in AnnouncementRow.__slots__]
    return {row[0]: AnnouncementRow(*row) for row in session.execute(select(*columns))}


def add_announcement(session: Session, row: AnnouncementRow) -> bool:
    """Begin to tell an agency, from a place on; whether nobody had before."""
    values = {name: getattr(row, name) for name in row.__slots__}
    return _ADD_ANNOUNCEMENT[session.get_bind().dialect.name].run(session, [values]) > 0


def claim_announcement(
    session: Session, row: AnnouncementRow, *, now: datetime, until: datetime
) -> bool:
    """Take on to tell one agency; False if somebody else does, or its time has not come."""
    mine = update(t.announcement).where(_S.agency_id == row.agency_id, _S.next_at <= now)
    return _met(
        session, mine.where(_S.tries == row.tries).values(next_at=until, tries=row.tries + 1)
    )


def settle_announcement(
    session: Session, agency_id: str, place: tuple[int, int], *, at: datetime, next_at: datetime
) -> None:
    """Keep that an agency was told up to a place."""
    said = {"leaf": place[0], "number": place[1], "told_at": at, "tries": 0, "next_at": next_at}
    change(session, update(t.announcement).where(_S.agency_id == agency_id).values(**said))


def delay_announcement(session: Session, agency_id: str, *, until: datetime) -> None:
    """Try one again later."""
    change(session, update(t.announcement).where(_S.agency_id == agency_id).values(next_at=until))


def _met(session: Session, statement: Any) -> bool:
    return bool(session.connection().execute(statement).rowcount)

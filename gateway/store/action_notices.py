"""Owns the SQL of overdue actions: which there are, and who was told of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.rules.actions import OPEN
from gateway.schemas.action_codes import ActionRung
from gateway.schemas.codes import CaseRole, CaseState, Contact, Sending
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class OverdueRow:
    """An action that is open after its day."""

    action_id: str
    number: int
    case_id: str
    area: str
    owner_id: str
    coordinator_id: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ActionNoticeRow:
    """That somebody is told, or was, that an action is overdue."""

    action_id: str
    rung: ActionRung
    case_id: str
    to_id: str
    contact: Contact
    at: datetime
    sending: Sending
    tries: int
    next_at: datetime


# Both databases can insert "unless it is there", each in its own dialect.
_INSERTS: Mapping[str, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_ADD = {
    kind: Prepared(insert(t.action_notice).on_conflict_do_nothing())
    for kind, insert in _INSERTS.items()
}
_N = t.action_notice.c


def list_overdue(
    session: Session, states: Collection[CaseState], *, now: datetime
) -> list[OverdueRow]:
    """Open actions of cases in these states whose day has gone by, the oldest first."""
    action, step, state, other = t.action, t.action_step, t.state, t.assignment
    newer, later = step.alias(), state.alias()
    newest_step = select(func.max(newer.c.seq)).where(newer.c.action_id == action.c.id)
    newest_state = select(func.max(later.c.seq)).where(later.c.case_id == action.c.case_id)
    coordinator = (
        select(func.min(other.c.agency_id))
        .where(other.c.case_id == action.c.case_id, other.c.until.is_(None))
        .where(other.c.role == CaseRole.COORDINATOR)
        .correlate(action)
        .scalar_subquery()
    )
    columns = [action.c.id, action.c.number, action.c.case_id, t.case.c.area, action.c.owner_id]
    query = (
        select(*columns, coordinator, action.c.due_at)
        .join(t.case, t.case.c.id == action.c.case_id)
        .join(step, step.c.action_id == action.c.id)
        .join(
            state,
            and_(
                state.c.case_id == action.c.case_id,
                state.c.seq == newest_state.correlate(action).scalar_subquery(),
            ),
        )
        .where(
            action.c.due_at < now,
            step.c.seq == newest_step.correlate(action).scalar_subquery(),
            step.c.status.in_(OPEN),
            state.c.state.in_(states),
        )
        .order_by(action.c.due_at, action.c.id)
    )
    return [OverdueRow(*tuple[Any, ...](row)) for row in session.execute(query)]


def add_notice(session: Session, row: ActionNoticeRow) -> bool:
    """Keep that somebody is to be told; whether nobody had before."""
    values = {**{name: getattr(row, name) for name in row.__slots__}, "settled_at": None}
    return _ADD[session.get_bind().dialect.name].run(session, [values]) > 0


def list_notices(session: Session, case_ids: Sequence[str]) -> list[ActionNoticeRow]:
    """Everything told of the actions of some cases, the oldest first."""
    return _rows(session, _N.case_id.in_(case_ids))


def list_waiting(session: Session) -> list[ActionNoticeRow]:
    """What is still to be sent, the oldest first."""
    return _rows(session, _N.sending == Sending.WAITING)


def _rows(session: Session, wanted: Any) -> list[ActionNoticeRow]:
    columns = [_N[name] for name in ActionNoticeRow.__slots__]
    query = select(*columns).where(wanted).order_by(_N.at, _N.action_id, _N.rung)
    return [ActionNoticeRow(*row) for row in session.execute(query)]


def claim_notice(session: Session, row: ActionNoticeRow, *, now: datetime, until: datetime) -> bool:
    """Take on to send one; False if somebody else does, or its time has not come."""
    taken = update(t.action_notice).where(*_place(row), _N.next_at <= now)
    taken = taken.where(_N.sending == Sending.WAITING, _N.tries == row.tries)
    mine = taken.values(next_at=until, tries=row.tries + 1)
    return bool(session.connection().execute(mine).rowcount)


def settle_notice(
    session: Session, row: ActionNoticeRow, sending: Sending, *, at: datetime
) -> None:
    """Keep what became of one."""
    said = {"sending": sending, "settled_at": at}
    change(session, update(t.action_notice).where(*_place(row)).values(**said))


def delay_notice(session: Session, row: ActionNoticeRow, *, until: datetime) -> None:
    """Try one again later."""
    change(session, update(t.action_notice).where(*_place(row)).values(next_at=until))


def _place(row: ActionNoticeRow) -> tuple[Any, ...]:
    return _N.action_id == row.action_id, _N.rung == row.rung

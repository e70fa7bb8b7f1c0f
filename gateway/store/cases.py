"""Owns cases and their dated rows: state, position, risk, consent decision, feedback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from gateway.schemas.codes import Capacity, CaseState, Outcome, Position, RiskLevel
from gateway.store import tables as t
from gateway.store.rows import add, add_all


@dataclass(frozen=True, slots=True)
class By:
    """Who wrote a dated row, and when."""

    agency_id: str
    worker_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with its newest state."""

    case_id: str
    area: str
    referrer_id: str
    opened_at: datetime
    state: CaseState
    state_at: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PositionRow:
    """The victim's position as last recorded."""

    position: Position
    capacity: Capacity
    excluded_kinds: tuple[str, ...]
    excluded_agencies: tuple[str, ...]
    overridden_kinds: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class RiskRow:
    """The risk as last graded, with the codes that decided it."""

    level: RiskLevel
    criteria: tuple[str, ...]
    professional: str
    grades: tuple[Mapping[str, Any], ...]
    age: str
    child: str
    danger: str
    care_needs: bool
    needs: tuple[str, ...]
    markers: tuple[str, ...]
    children: int
    incident_on: date | None
    event_on: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """What the consent table said last."""

    rule: str
    outcome: Outcome
    share_with: tuple[str, ...]
    duties: tuple[str, ...]
    must_record: tuple[str, ...]
    versions: Mapping[str, str]
    at: datetime


def add_case(session: Session, *, case_id: str, area: str, by: By) -> None:
    """Open a case for a referral of `by`."""
    add(session, t.case, id=case_id, area=area, referrer_id=by.agency_id, opened_at=by.at)


def lock_case(session: Session, case_id: str) -> None:
    """Make concurrent writers of this case wait for each other (SQLite already does)."""
    session.execute(select(t.case.c.id).where(t.case.c.id == case_id).with_for_update())


def next_seq(session: Session, table: Table, case_id: str) -> int:
    """The next number of a dated row within its case."""
    newest = session.execute(
        select(func.max(table.c.seq)).where(table.c.case_id == case_id)
    ).scalar_one()
    return (newest or 0) + 1


def add_states(
    session: Session,
    *,
    case_id: str,
    states: Sequence[CaseState],
    because: str,
    by: By,
    reasons: Sequence[str] = (),
    is_new: bool = False,
) -> None:
    """Append states in order; `reasons` belong to the last."""
    first = 1 if is_new else next_seq(session, t.state, case_id)
    last = len(states) - 1
    add_all(
        session,
        t.state,
        [
            {
                "case_id": case_id,
                "seq": first + n,
                "state": state,
                "because": because,
                "reasons": list(reasons) if n == last else [],
                "by_agency": by.agency_id,
                "by_worker": by.worker_id,
                "at": by.at,
            }
            for n, state in enumerate(states)
        ],
    )


def list_cases(session: Session, case_ids: Sequence[str]) -> dict[str, CaseRow]:
    """Cases with their newest state, by id."""
    rows = session.execute(
        select(
            t.case.c.id,
            t.case.c.area,
            t.case.c.referrer_id,
            t.case.c.opened_at,
            t.state.c.state,
            t.state.c.at,
            t.state.c.reasons,
        )
        .join(t.state, t.state.c.case_id == t.case.c.id)
        .where(t.case.c.id.in_(case_ids), _is_newest(t.state))
    )
    return {row[0]: CaseRow(*row[:6], tuple(row[6])) for row in rows}


def add_dated(
    session: Session, table: Table, *, case_id: str, is_new: bool = False, **values: Any
) -> None:
    """Append a row to one of the dated tables of a case."""
    seq = 1 if is_new else next_seq(session, table, case_id)
    add(session, table, case_id=case_id, seq=seq, **values)


def list_positions(session: Session, case_ids: Sequence[str]) -> dict[str, PositionRow]:
    """The newest position of each case."""
    p = t.position
    rows = session.execute(
        select(
            p.c.case_id,
            p.c.position,
            p.c.capacity,
            p.c.excluded_kinds,
            p.c.excluded_agencies,
            p.c.overridden_kinds,
            p.c.at,
        ).where(p.c.case_id.in_(case_ids), _is_newest(p))
    )
    return {
        row[0]: PositionRow(row[1], row[2], tuple(row[3]), tuple(row[4]), tuple(row[5]), row[6])
        for row in rows
    }


def list_risks(session: Session, case_ids: Sequence[str]) -> dict[str, RiskRow]:
    """The newest risk of each case."""
    r = t.risk
    rows = session.execute(
        select(
            r.c.case_id,
            r.c.level,
            r.c.criteria,
            r.c.professional,
            r.c.grades,
            r.c.age,
            r.c.child,
            r.c.danger,
            r.c.care_needs,
            r.c.needs,
            r.c.markers,
            r.c.children,
            r.c.incident_on,
            r.c.event_on,
            r.c.at,
        ).where(r.c.case_id.in_(case_ids), _is_newest(r))
    )
    return {row.case_id: _risk(row) for row in rows}


def _risk(row: Any) -> RiskRow:
    return RiskRow(
        level=row.level,
        criteria=tuple(row.criteria),
        professional=row.professional,
        grades=tuple(row.grades),
        age=row.age,
        child=row.child,
        danger=row.danger,
        care_needs=row.care_needs,
        needs=tuple(row.needs),
        markers=tuple(row.markers),
        children=row.children,
        incident_on=row.incident_on,
        event_on=row.event_on,
        at=row.at,
    )


def list_consents(session: Session, case_ids: Sequence[str]) -> dict[str, ConsentRow]:
    """The newest consent decision of each case."""
    c = t.consent
    rows = session.execute(
        select(
            c.c.case_id,
            c.c.rule,
            c.c.outcome,
            c.c.share_with,
            c.c.duties,
            c.c.must_record,
            c.c.versions,
            c.c.at,
        ).where(c.c.case_id.in_(case_ids), _is_newest(c))
    )
    return {
        row[0]: ConsentRow(
            row[1], row[2], tuple(row[3]), tuple(row[4]), tuple(row[5]), row[6], row[7]
        )
        for row in rows
    }


def list_feedback(
    session: Session, case_ids: Sequence[str]
) -> dict[str, list[tuple[str, datetime]]]:
    """What the coordinator released to each case's referrer, oldest first: code and time."""
    f = t.feedback
    rows = session.execute(
        select(f.c.case_id, f.c.code, f.c.at).where(f.c.case_id.in_(case_ids)).order_by(f.c.seq)
    )
    found: dict[str, list[tuple[str, datetime]]] = {}
    for case_id, given, at in rows:
        found.setdefault(case_id, []).append((given, at))
    return found


def _is_newest(table: Table) -> Any:
    newer = table.alias("newer")
    return ~(
        select(newer.c.seq)
        .where(newer.c.case_id == table.c.case_id, newer.c.seq > table.c.seq)
        .exists()
    )

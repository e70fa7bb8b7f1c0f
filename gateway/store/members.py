"""Owns who belongs to a case: dated assignments and what each agency acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from gateway.schemas.codes import Acknowledgement, AgencyKind, CaseRole, CaseState
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An agency's standing role in a case."""

    case_id: str
    agency_id: str
    kind: AgencyKind
    role: CaseRole
    conditions: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """A role to give."""

    agency_id: str
    role: CaseRole
    because: str
    conditions: tuple[str, ...] = ()


_OWNING = (CaseRole.REFERRER, CaseRole.IDVA, CaseRole.COORDINATOR, CaseRole.NAMED)
_STANDING = Prepared(
    select(
        t.assignment.c.case_id,
        t.assignment.c.agency_id,
        t.agency.c.kind,
        t.assignment.c.role,
        t.assignment.c.conditions,
        t.assignment.c.because,
    )
    .join(t.agency, t.agency.c.id == t.assignment.c.agency_id)
    .where(
        t.assignment.c.case_id.in_(bindparam("ids", expanding=True)),
        t.assignment.c.until.is_(None),
    )
    .order_by(t.assignment.c.id)
)
_ANSWERED = Prepared(
    select(
        t.acknowledgement.c.case_id,
        t.acknowledgement.c.agency_id,
        t.acknowledgement.c.outcome,
        t.acknowledgement.c.at,
    )
    .where(t.acknowledgement.c.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(t.acknowledgement.c.seq)
)


def add_assignments(
    session: Session, *, case_id: str, assignments: Sequence[NewAssignment], at: datetime
) -> None:
    """Give roles from `at` on."""
    if not assignments:
        return
    add_all(
        session,
        t.assignment,
        [
            {
                "case_id": case_id,
                "agency_id": new.agency_id,
                "role": new.role,
                "conditions": list(new.conditions),
                "because": new.because,
                "at": at,
            }
            for new in assignments
        ],
    )


def end_assignments(
    session: Session,
    *,
    case_id: str,
    agency_id: str,
    roles: Sequence[CaseRole],
    at: datetime,
    because: str | None = None,
) -> None:
    """End roles of an agency, of all or those that it has for one cause; the rows stay."""
    a = t.assignment
    standing = [
        a.c.case_id == case_id,
        a.c.agency_id == agency_id,
        a.c.role.in_(roles),
        a.c.until.is_(None),
    ]
    if because is not None:
        standing.append(a.c.because == because)
    change(session, update(a).where(*standing).values(until=at), many=True)


def list_assignments(session: Session, case_ids: Sequence[str]) -> list[AssignmentRow]:
    """Standing roles in each case, in the order they were given."""
    if not case_ids:
        return []
    rows = _STANDING.rows(session, ids=case_ids)
    return [AssignmentRow(row[0], row[1], row[2], row[3], tuple(row[4]), row[5]) for row in rows]


def list_own(
    session: Session,
    *,
    agency_id: str,
    limit: int,
    roles: Sequence[CaseRole] = _OWNING,
    over: Collection[CaseState] = (),
) -> list[str]:
    """Cases in which an agency has one of these roles, the newest part first.

    Without `roles` those that it referred, supports or coordinates. Cases that stand in a state of
    `over` are left out before they are counted against `limit`.
    """
    a, s = t.assignment, t.state
    newest = func.max(a.c.id)
    wanted = [a.c.agency_id == agency_id, a.c.until.is_(None), a.c.role.in_(roles)]
    if over:
        of_case = select(s.c.state).where(s.c.case_id == a.c.case_id)
        stands = of_case.order_by(s.c.seq.desc()).limit(1).scalar_subquery()
        wanted.append(stands.not_in(sorted(over)))
    rows = session.execute(
        select(a.c.case_id)
        .where(*wanted)
        .group_by(a.c.case_id)
        .order_by(newest.desc())
        .limit(limit)
    )
    return list(rows.scalars())


def add_acknowledgement(
    session: Session,
    *,
    case_id: str,
    agency_id: str,
    outcome: Acknowledgement,
    reason: str | None,
    worker_id: str | None,
    at: datetime,
) -> None:
    """Append what an agency answered."""
    k = t.acknowledgement
    newest = session.execute(
        select(func.max(k.c.seq)).where(k.c.case_id == case_id, k.c.agency_id == agency_id)
    ).scalar_one()
    add(
        session,
        k,
        case_id=case_id,
        agency_id=agency_id,
        seq=(newest or 0) + 1,
        outcome=outcome,
        reason=reason,
        by_worker=worker_id,
        at=at,
    )


def list_acknowledgements(
    session: Session, case_ids: Sequence[str]
) -> dict[tuple[str, str], tuple[Acknowledgement, datetime]]:
    """The newest answer by (case id, agency id)."""
    rows = _ANSWERED.rows(session, ids=case_ids)
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}

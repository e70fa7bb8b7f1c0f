"""Owns cases: their states, who may know of them, what their referrer was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Date, bindparam, func, select, update

from gateway.errors import NotFound
from gateway.schemas.codes import (
    CaseState,
    Outcome,
    Position,
    PrimaryVictim,
)
from gateway.store import tables as t
from gateway.store.dated import LIMITS, as_tuples, is_newest, next_seq
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all, change
from gateway.store.sessions import Session


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
    because: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateRow:
    """Where a case came to, when, why, and by whom."""

    state: CaseState
    at: datetime
    because: str
    reasons: tuple[str, ...]
    by_agency: str
    by_worker: str | None


@dataclass(frozen=True, slots=True)
class CaseNow:
    """What a disclosure decision needs of a case's own rows."""

    case_id: str
    area: str
    state: CaseState
    outcome: Outcome
    position: Position
    excluded_kinds: tuple[str, ...]
    excluded_agencies: tuple[str, ...]
    overridden_kinds: tuple[str, ...]
    barred_kinds: tuple[str, ...]
    barred_agencies: tuple[str, ...]
    narrowed: tuple[Mapping[str, str], ...]
    broken: tuple[Mapping[str, str], ...]
    expires_on: date | None
    lapses_on: date | None
    lapsed_outcome: Outcome | None
    consent_seq: int
    sitting_id: str | None  # the conference in which it is open at this moment


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CASES = Prepared(
    select(
        t.case.c.id,
        t.case.c.area,
        t.case.c.referrer_id,
        t.case.c.opened_at,
        t.state.c.state,
        t.state.c.at,
        t.state.c.because,
        t.state.c.reasons,
    )
    .join(t.state, t.state.c.case_id == t.case.c.id)
    .where(t.case.c.id.in_(_IDS), is_newest(t.state))
)
_NOW = Prepared(
    select(
        t.case.c.id,
        t.case.c.area,
        t.state.c.state,
        t.consent.c.outcome,
        t.position.c.position,
        *LIMITS,
        t.position.c.expires_on,
        t.consent.c.lapses_on,
        t.consent.c.lapsed_outcome,
        t.consent.c.seq,
        t.case.c.sitting_id,
    )
    .join(t.state, t.state.c.case_id == t.case.c.id)
    .join(t.consent, t.consent.c.case_id == t.case.c.id)
    .join(t.position, t.position.c.case_id == t.case.c.id)
    .where(
        t.case.c.id.in_(_IDS),
        is_newest(t.state),
        is_newest(t.consent),
        is_newest(t.position),
    )
)
_LOCK = Prepared(select(t.case.c.id).where(t.case.c.id == bindparam("case_id")).with_for_update())

_UNSHARED = Prepared(
    select(t.case.c.id).where(
        t.case.c.id.in_(_IDS),
        t.case.c.unshared_from <= bindparam("on", type_=Date()),
        ~select(t.conference_case.c.case_id)
        .where(t.conference_case.c.case_id == t.case.c.id)
        .exists(),
    )
)
_READ_LOCK = Prepared(
    select(t.case.c.id)
    .where(t.case.c.id.in_(_IDS))
    .order_by(t.case.c.id)
    .with_for_update(read=True, key_share=True)
)


def add_case(session: Session, *, case_id: str, area: str, by: By) -> None:
    """Open a case for a referral of `by`."""
    add(session, t.case, id=case_id, area=area, referrer_id=by.agency_id, opened_at=by.at)


def set_area(session: Session, *, case_id: str, area: str) -> None:
    """Move a case to the area that a corrected referral names."""
    change(session, update(t.case).where(t.case.c.id == case_id).values(area=area))


def lock_case(session: Session, case_id: str) -> None:
    """Make concurrent writers of this case wait for each other (SQLite already does).

    :raises NotFound: if it was erased meanwhile.
    """
    if not hold_case(session, case_id):
        raise NotFound


def hold_case(session: Session, case_id: str) -> bool:
    """As `lock_case`; whether there is such a case that the caller's agency may touch."""
    return bool(_LOCK.rows(session, case_id=case_id))


def lock_for_reading(session: Session, case_ids: Sequence[str]) -> None:
    """Let nobody change these cases until what is read of them has left or was refused.

    Readers do not wait for each other, only for who writes, and writers for them. In the order of
    their ids, so that two readers of many cannot wait for each other's writer. On SQLite nobody
    else writes meanwhile.
    """
    if session.get_bind().dialect.name != "sqlite":
        _READ_LOCK.rows(session, ids=sorted(case_ids) or ["-"])


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
    if not case_ids:
        return {}
    rows = _CASES.rows(session, ids=case_ids)
    return {row[0]: CaseRow(*(*row[:7], tuple(row[7]))) for row in rows}


def list_now(session: Session, case_ids: Sequence[str]) -> dict[str, CaseNow]:
    """Cases as they stand for a decision, in one statement: state, position, consent outcome."""
    if not case_ids:
        return {}
    rows = _NOW.rows(session, ids=case_ids)
    return {row[0]: _case_now(row) for row in rows}


def _case_now(row: Any) -> CaseNow:
    lapsed = Outcome(row[14]) if row[14] else None
    values: Any = (*row[:5], *as_tuples(row[5:12]), *row[12:14], lapsed, *row[15:])
    return CaseNow(*values)


def list_unshared(session: Session, case_ids: Sequence[str], *, on: date) -> frozenset[str]:
    """The cases that nobody but their sender may know of: nothing is shared, and none was heard."""
    rows = _UNSHARED.rows(session, ids=list(case_ids) or ["-"], on=on)
    return frozenset(row[0] for row in rows)


def set_unshared(session: Session, case_id: str, *, since: date | None) -> None:
    """From which day on nobody but its sender may know of a case, by the newest decision."""
    change(session, update(t.case).where(t.case.c.id == case_id).values(unshared_from=since))


def set_sitting(session: Session, case_id: str, conference_id: str | None) -> None:
    """In which conference a case is open from now on; None: in none."""
    change(session, update(t.case).where(t.case.c.id == case_id).values(sitting_id=conference_id))


def list_states(session: Session, case_id: str) -> list[StateRow]:
    """Every state that a case came into, the first first."""
    s = t.state.c
    columns = (s.state, s.at, s.because, s.reasons, s.by_agency, s.by_worker)
    rows = session.execute(select(*columns).where(s.case_id == case_id).order_by(s.seq))
    return [StateRow(*row[:3], tuple(row[3]), *row[4:]) for row in rows]


def count_states(session: Session, case_id: str, state: CaseState) -> int:
    """How often a case came into a state."""
    s = t.state.c
    return len(session.execute(select(s.seq).where(s.case_id == case_id, s.state == state)).all())


def count_refusals(session: Session, case_ids: Sequence[str]) -> dict[str, int]:
    """How often each case was refused; one that never was is absent."""
    s = t.state.c
    query = (
        select(s.case_id, func.count())
        .where(s.case_id.in_(case_ids), s.state == CaseState.REJECTED)
        .group_by(s.case_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


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


def list_primary_victims(session: Session, case_ids: Sequence[str]) -> dict[str, PrimaryVictim]:
    """What the newest review of two who accuse each other found, by case."""
    c = t.counter_review
    query = select(c.c.case_id, c.c.outcome).where(c.c.case_id.in_(case_ids)).order_by(c.c.seq)
    return {row[0]: row[1] for row in session.execute(query)}

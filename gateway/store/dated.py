"""Owns the dated rows of a case: the victim's position, the risk, the consent decision.

What was recorded stays; the newest row of a table counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Table, bindparam, func, select, update

from gateway.schemas.codes import Capacity, Outcome, Position, RiskLevel
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, change
from gateway.store.sessions import Session

LIMITS = (
    t.position.c.excluded_kinds,
    t.position.c.excluded_agencies,
    t.position.c.overridden_kinds,
    t.position.c.barred_kinds,
    t.position.c.barred_agencies,
    t.position.c.narrowed,
    t.position.c.broken,
)
"""The columns of a position that say who is to be left out, told in spite of it, or told less."""


@dataclass(frozen=True, slots=True)
class PositionRow:
    """The victim's position as last recorded."""

    position: Position
    capacity: Capacity
    excluded_kinds: tuple[str, ...]
    excluded_agencies: tuple[str, ...]
    overridden_kinds: tuple[str, ...]
    barred_kinds: tuple[str, ...]
    barred_agencies: tuple[str, ...]
    narrowed: tuple[Mapping[str, str], ...]
    broken: tuple[Mapping[str, str], ...]
    scope: tuple[str, ...]
    starts_on: date | None
    expires_on: date | None
    by_agency: str
    seq: int
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
    needs: bytes  # sealed
    markers: tuple[str, ...]
    children: int
    incident_on: date | None
    events: tuple[date, ...]
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


@dataclass(frozen=True, slots=True)
class Said:
    """What the victim said about sharing, and who recorded it when."""

    position: Position
    by_agency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Stood:
    """How the risk stood from a moment on: its level, and the grades behind it."""

    level: RiskLevel
    grades: tuple[Mapping[str, Any], ...]
    at: datetime


def is_newest(table: Table) -> Any:
    newer = table.alias("newer")
    return ~(
        select(newer.c.seq)
        .where(newer.c.case_id == table.c.case_id, newer.c.seq > table.c.seq)
        .exists()
    )


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_POSITIONS = Prepared(
    select(
        t.position.c.case_id,
        t.position.c.position,
        t.position.c.capacity,
        *LIMITS,
        t.position.c.scope,
        t.position.c.starts_on,
        t.position.c.expires_on,
        t.position.c.by_agency,
        t.position.c.seq,
        t.position.c.at,
    ).where(t.position.c.case_id.in_(_IDS), is_newest(t.position))
)
_RISKS = Prepared(
    select(
        t.risk.c.case_id,
        t.risk.c.level,
        t.risk.c.criteria,
        t.risk.c.professional,
        t.risk.c.grades,
        t.risk.c.age,
        t.risk.c.child,
        t.risk.c.danger,
        t.risk.c.care_needs,
        t.risk.c.needs,
        t.risk.c.markers,
        t.risk.c.children,
        t.risk.c.incident_on,
        t.risk.c.events,
        t.risk.c.at,
    ).where(t.risk.c.case_id.in_(_IDS), is_newest(t.risk))
)
_CONSENTS = Prepared(
    select(
        t.consent.c.case_id,
        t.consent.c.rule,
        t.consent.c.outcome,
        t.consent.c.share_with,
        t.consent.c.duties,
        t.consent.c.must_record,
        t.consent.c.versions,
        t.consent.c.at,
    ).where(t.consent.c.case_id.in_(_IDS), is_newest(t.consent))
)


def next_seq(session: Session, table: Table, case_id: str) -> int:
    """The next number of a dated row within its case."""
    newest = session.execute(
        select(func.max(table.c.seq)).where(table.c.case_id == case_id)
    ).scalar_one()
    return (newest or 0) + 1


def as_tuples(values: Any) -> Any:
    """Lists of codes as tuples; NULL, of rows from before there was such a column, as none."""
    return tuple(tuple(codes or ()) for codes in values)


def add_dated(
    session: Session, table: Table, *, case_id: str, is_new: bool = False, **values: Any
) -> None:
    """Append a row to one of the dated tables of a case."""
    seq = 1 if is_new else next_seq(session, table, case_id)
    add(session, table, case_id=case_id, seq=seq, **values)


def list_positions(session: Session, case_ids: Sequence[str]) -> dict[str, PositionRow]:
    """The newest position of each case."""
    rows = _POSITIONS.rows(session, ids=case_ids) if case_ids else ()
    return {row[0]: PositionRow(*row[1:3], *as_tuples(row[3:11]), *row[11:]) for row in rows}


def list_said(session: Session, case_id: str) -> list[Said]:
    """Every position of a case, the first first."""
    p = t.position.c
    query = select(p.position, p.by_agency, p.at).where(p.case_id == case_id).order_by(p.seq)
    return [Said(*row) for row in session.execute(query)]


def list_stood(session: Session, case_id: str) -> list[Stood]:
    """The risk of a case as it was graded each time, the first first."""
    r = t.risk.c
    query = select(r.level, r.grades, r.at).where(r.case_id == case_id).order_by(r.seq)
    return [Stood(row[0], tuple(row[1]), row[2]) for row in session.execute(query)]


def list_recorders(session: Session, case_id: str) -> frozenset[str]:
    """Every agency that ever recorded a position of the case."""
    p = t.position
    query = select(p.c.by_agency).where(p.c.case_id == case_id).distinct()
    return frozenset(session.execute(query).scalars())


def list_risks(session: Session, case_ids: Sequence[str]) -> dict[str, RiskRow]:
    """The newest risk of each case."""
    rows = _RISKS.rows(session, ids=case_ids) if case_ids else ()
    return {
        row[0]: RiskRow(
            level=row[1],
            criteria=tuple(row[2]),
            professional=row[3],
            grades=tuple(row[4]),
            age=row[5],
            child=row[6],
            danger=row[7],
            care_needs=row[8],
            needs=row[9],
            markers=tuple(row[10]),
            children=row[11],
            incident_on=row[12],
            events=tuple(map(date.fromisoformat, row[13])),
            at=row[14],
        )
        for row in rows
    }


def list_consents(session: Session, case_ids: Sequence[str]) -> dict[str, ConsentRow]:
    """The newest consent decision of each case."""
    rows = _CONSENTS.rows(session, ids=case_ids) if case_ids else ()
    return {
        row[0]: ConsentRow(
            row[1], row[2], tuple(row[3]), tuple(row[4]), tuple(row[5]), row[6], row[7]
        )
        for row in rows
    }


def list_sealed(session: Session, table: str, column: str, case_id: str) -> list[tuple[int, bytes]]:
    """The sealed values of one dated table of a case: (seq, cell)."""
    dated = t.metadata.tables[table]
    query = select(dated.c.seq, dated.c[column]).where(
        dated.c.case_id == case_id, dated.c[column].is_not(None)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def set_sealed(
    session: Session, table: str, column: str, case_id: str, seq: int, cell: bytes
) -> None:
    """Put the same value of a dated row under another key."""
    dated = t.metadata.tables[table]
    place = (dated.c.case_id == case_id, dated.c.seq == seq)
    change(session, update(dated).where(*place).values({column: cell}))

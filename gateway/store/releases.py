"""Owns what a second person was asked, and said, about telling a team where somebody is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.schemas.codes import ReleaseState
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """How it stands with one team in one case."""

    case_id: str
    agency_id: str
    team: str
    state: ReleaseState
    given_at: datetime | None
    asked_by: str | None
    asked_at: datetime
    due_at: datetime
    by_agency: str | None = None  # the second person, once it said
    by_worker: str | None = None
    at: datetime | None = None


# Both databases can insert "unless it is there", each in its own dialect.
_INSERTS: Mapping[str, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_ADD = {
    kind: Prepared(insert(t.release).on_conflict_do_nothing()) for kind, insert in _INSERTS.items()
}
_R = t.release.c
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ROWS = Prepared(
    select(
        _R.case_id,
        _R.agency_id,
        _R.team,
        _R.state,
        _R.given_at,
        _R.asked_by,
        _R.asked_at,
        _R.due_at,
        _R.by_agency,
        _R.by_worker,
        _R.at,
    )
    .where(_R.case_id.in_(_IDS))
    .order_by(_R.asked_at, _R.agency_id, _R.team)
)


def add_release(session: Session, row: ReleaseRow) -> bool:
    """Ask, or keep that it went first; whether nobody had before."""
    values = {name: getattr(row, name) for name in row.__slots__}
    return _ADD[session.get_bind().dialect.name].run(session, [values]) > 0


def list_releases(session: Session, case_ids: Sequence[str]) -> list[ReleaseRow]:
    """What was asked about each case, the oldest first."""
    rows = _ROWS.rows(session, ids=case_ids) if case_ids else ()
    return [ReleaseRow(row[0], row[1], row[2], ReleaseState(row[3]), *row[4:]) for row in rows]


def set_decided(
    session: Session, row: ReleaseRow, state: ReleaseState, *, by: tuple[str, str], at: datetime
) -> None:
    """Keep what the second person (agency, worker) said."""
    place = (_R.case_id == row.case_id, _R.agency_id == row.agency_id, _R.team == row.team)
    said = {"state": state, "by_agency": by[0], "by_worker": by[1], "at": at}
    change(session, update(t.release).where(*place).values(**said))

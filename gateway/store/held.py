"""Owns what was held back from whom and where, for the chair: one row for each place and reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class HeldRow:
    """That one reader was not given one paragraph, since when; no word of it."""

    case_id: str
    agency_id: str  # the reader
    section: str
    owner_id: str
    place: str
    at: datetime


# Both databases can insert "unless it is there", each in its own dialect.
_INSERTS: Mapping[str, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_ADD = {
    kind: Prepared(insert(t.held_text).on_conflict_do_nothing())
    for kind, insert in _INSERTS.items()
}
_H = t.held_text.c


def add_held(session: Session, rows: Sequence[HeldRow]) -> int:
    """Keep where something was held back the first time; how many of the places are new."""
    named = [{name: getattr(row, name) for name in row.__slots__} for row in rows]
    return _ADD[session.get_bind().dialect.name].run(session, named)


def list_held(session: Session, case_id: str) -> list[HeldRow]:
    """Every place of a case at which something is held back, the oldest first."""
    query = select(_H.case_id, _H.agency_id, _H.section, _H.owner_id, _H.place, _H.at)
    ordered = query.order_by(_H.at, _H.agency_id, _H.section, _H.place)
    return [HeldRow(*row) for row in session.execute(ordered.where(_H.case_id == case_id))]

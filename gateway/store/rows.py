"""Owns adding rows: one prepared statement per table, as fast as SQLAlchemy Core goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, Table, insert
from sqlalchemy.orm import Session

_INSERTS: dict[Table, Insert] = {}


def add(session: Session, table: Table, **values: Any) -> None:
    """Add one row."""
    session.connection().execute(_insert(table), values)


def add_all(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows with one statement; none is no statement at all."""
    if rows:
        session.connection().execute(_insert(table), rows)


def _insert(table: Table) -> Insert:
    # Built once: the statement object costs more than running it does.
    return _INSERTS.setdefault(table, insert(table))

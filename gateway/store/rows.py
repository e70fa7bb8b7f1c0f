"""Owns writing rows: added by a statement compiled once, changed by one that meets its row.

SQLAlchemy spends some ten times the driver's own time on each small insert, so these run on the
driver's own cursor. Each column's own type still turns its values into what the driver takes, so
codes, times and JSON are written as everywhere else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Delete, Table, Update, insert
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.store import context
from gateway.store.prepared import writer
from gateway.store.sessions import Session
from gateway.store.types import taking
from gateway.store.wall import Act


class _Insert:
    """An insert of certain columns, for one kind of database."""

    __slots__ = ("_names", "_take", "_turns", "is_named", "text")

    def __init__(self, table: Table, names: tuple[str, ...], dialect: Dialect) -> None:
        # Inline: asking for the new number would want the right to see the row, such as in the feed
        # of another agency.
        compiled: Any = insert(table).inline().compile(dialect=dialect, column_keys=names)
        self.text = str(compiled)
        self.is_named = compiled.positiontup is None
        self._names = tuple(compiled.positiontup or names)
        self._take = taking(self._names)
        turns = [writer(table.c[name].type, dialect) for name in self._names]
        self._turns = [(place, turn) for place, turn in enumerate(turns) if turn]

    def fill(self, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        """The values of each row as the driver takes them."""
        filled = map(self._take, rows)
        if self._turns:
            filled = map(self._turned, filled)
        if self.is_named:
            return [dict(zip(self._names, values, strict=True)) for values in filled]
        return list(filled)

    def _turned(self, values: Sequence[Any]) -> tuple[Any, ...]:
        turned = list(values)
        for place, turn in self._turns:
            turned[place] = turn(turned[place])
        return tuple(turned)


_INSERTS: dict[tuple[str, str, tuple[str, ...]], _Insert] = {}


def add(session: Session, table: Table, **values: Any) -> None:
    """Add one row.

    :raises IntegrityError: if it contradicts a constraint; the error holds no value.
    """
    add_all(session, table, (values,))


def add_all(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows of the same columns; none is no statement at all.

    :raises IntegrityError: if one contradicts a constraint; the error holds no value.
    """
    if not rows:
        return
    connection = session.connection()
    dialect = connection.dialect
    names = tuple(rows[0])
    place = (dialect.name, table.name, names)
    found = _INSERTS.get(place)
    if found is None:
        found = _INSERTS[place] = _Insert(table, names, dialect)
    driver: Any = dialect.loaded_dbapi
    filled = found.fill(rows)
    try:
        with context.cursor(connection, table.name, Act.ADD, rows) as cursor:
            if len(filled) == 1:
                cursor.execute(found.text, filled[0])
            else:
                cursor.executemany(found.text, filled)
    except driver.IntegrityError as error:
        raise IntegrityError(None, None, Exception(_constraint(error))) from None
    except driver.Error as error:
        raise OperationalError(None, None, Exception(type(error).__name__)) from None


def change(session: Session, statement: Update | Delete, *, many: bool = False) -> None:
    """Change or remove one row that is there; with `many` one at least.

    The second wall passes over rows that are not there for who asks. Where there has to be a row,
    that must not look as if it had been written.

    :raises OperationalError: if it is not there.
    """
    met = session.connection().execute(statement).rowcount
    if met < 1 or (met > 1 and not many):
        raise OperationalError(None, None, Exception("no such row"))


def contradicted(error: IntegrityError) -> str:
    """Which constraint a row contradicted, by name: for our own log, with no value in it."""
    is_ours = type(error.orig) is Exception
    return str(error.orig) if is_ours else _constraint(error.orig)


def _constraint(error: BaseException | None) -> str:
    """What the driver names of it; PostgreSQL's own words hold the values, SQLite's the columns."""
    diag = getattr(error, "diag", None)
    if diag is not None:
        return str(diag.constraint_name or type(error).__name__)
    return str(error) if isinstance(error, sqlite3.IntegrityError) else type(error).__name__

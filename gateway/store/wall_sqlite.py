"""Owns the second wall on SQLite: what a connection of the service can reach of each table.

A connection sees each table through a view of its own, which carries the transaction's agency as
its predicate. Triggers refuse to change what the agency may not, and pass over what it does not
see; what is added is proved before. The compiler of the service's engine writes the view wherever a
statement reads the table. Whatever reads or writes a table in another way is refused by the
connection when the statement is prepared, so that text and a driver's own cursor meet the wall as
well. Views and triggers are temporary: they are part of the connection and not of the file.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import OperationalError

from gateway.store.tables import metadata
from gateway.store.types import taking
from gateway.store.wall import NOBODY, Act, fill
from gateway.store.walls import WALLS

Row = Mapping[str, Any]
VIEW = "wall_"
_PART = (
    "(EXISTS (SELECT 1 FROM assignment p WHERE p.agency_id = {me} AND p.case_id = {case}"
    " AND p.until IS NULL)"
    ' OR EXISTS (SELECT 1 FROM "case" o WHERE o.id = {case} AND o.referrer_id = {me})'
    " OR EXISTS (SELECT 1 FROM link l JOIN assignment q ON q.case_id = l.case_id"
    " WHERE l.other_id = {case} AND l.kind = 'MERGED' AND l.status = 'CONFIRMED'"
    " AND q.agency_id = {me} AND q.until IS NULL AND q.role IN {writers}))"
)
# What no statement of the service does, on whatever table.
_FORBIDDEN = frozenset(
    getattr(sqlite3, f"SQLITE_{name}")
    for name in (
        "CREATE_INDEX",
        "CREATE_TABLE",
        "CREATE_TEMP_TABLE",
        "CREATE_TEMP_TRIGGER",
        "CREATE_TEMP_VIEW",
        "CREATE_TRIGGER",
        "CREATE_VIEW",
        "DROP_INDEX",
        "DROP_TABLE",
        "DROP_TEMP_TABLE",
        "DROP_TEMP_TRIGGER",
        "DROP_TEMP_VIEW",
        "DROP_TRIGGER",
        "DROP_VIEW",
        "ALTER_TABLE",
        "ATTACH",
        "DETACH",
    )
)


_MOST = 256  # answers that are kept of a connection
_WRITING = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})


def _related() -> dict[str, frozenset[tuple[str, str]]]:
    """The columns that SQLite itself reads to check the foreign keys of a written table."""
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in metadata.tables}
    for table in metadata.tables.values():
        for each in table.foreign_keys:
            here, there = each.parent, each.column
            found[table.name].add((there.table.name, there.name))
            found[there.table.name].add((table.name, here.name))
    return {name: frozenset(columns) for name, columns in found.items()}


_RELATED = _related()


class Guard:
    """What one connection knows: for whom its transaction is, and which table is being written."""

    def __init__(self) -> None:
        self.agency = ""
        self._written: str | None = None
        self._proven: set[tuple[Any, ...]] = set()
        # What follows from the row and who asks alone: no other row can change that.
        self._lasting: set[tuple[Any, ...]] = set()
        self._is_checking = False

    def put_up(self, connection: sqlite3.Connection) -> None:
        """Put the wall up on a new connection; tables that do not exist yet are left out."""
        self._connection = connection
        connection.create_function("wall_agency", 0, self._me, deterministic=True)
        listed = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
        existing = {name for (name,) in listed}
        for statement in _statements(existing):
            connection.execute(statement)
        connection.set_authorizer(self._permit)

    def stand(self, agency: str | None) -> None:
        """Be for this agency from now on, or for nobody."""
        self.agency, self._written = agency or "", None
        self._proven.clear()

    def expect(self, written: str | None, added: Collection[Row]) -> None:
        """Know which table the next statement writes, and prove that it may add these rows.

        Proved before and not by a trigger: with one, SQLite looks for children of each new row.

        :raises OperationalError: if it may not.
        """
        self._written = written
        if not added or written not in WALLS:
            return
        text, names, take, is_lasting = _ADDING[str(written)]
        try:
            asked = set(map(take, added))  # most rows of a statement ask the same
        except KeyError:
            raise _refused() from None
        for values in asked:
            place = (text, *values)  # many tables ask the same of a case's members
            if is_lasting:
                place = (self.agency, *place)
            known = self._lasting if is_lasting else self._proven
            if place not in known:
                self._prove(text, dict(zip(names, values, strict=True)))
                if len(self._lasting) >= _MOST:
                    self._lasting.clear()
                known.add(place)

    def _prove(self, text: str, values: Mapping[str, Any]) -> None:
        self._is_checking = True
        try:
            may = self._connection.execute(text, values).fetchone()[0]
        finally:
            self._is_checking = False
        if not may:
            raise _refused()

    def _me(self) -> str | None:
        return self.agency or None

    def _permit(
        self, action: int, one: str | None, two: str | None, schema: str | None, by: str | None
    ) -> int:
        """Called by SQLite for each thing that a statement would do, when it is prepared."""
        if action in _FORBIDDEN:
            return sqlite3.SQLITE_DENY
        # Who counts rows without naming the schema is asked about without one.
        if schema not in ("main", None) or by in _OURS:
            return sqlite3.SQLITE_OK
        if action in _WRITING:  # of the schema's own table, too
            return sqlite3.SQLITE_OK if one == self._written else sqlite3.SQLITE_DENY
        if action != sqlite3.SQLITE_READ or one not in WALLS:
            return sqlite3.SQLITE_OK
        if self._is_checking or one == self._written:
            return sqlite3.SQLITE_OK
        if self._written in WALLS and (one, two) in _RELATED[str(self._written)]:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY


def _refused() -> OperationalError:
    return OperationalError(None, None, Exception("the second wall"))


class Compiler(SQLiteCompiler):
    """Writes the view of a table wherever a statement reads it; what is written stays the table."""

    def visit_table(self, table: Any, **how: Any) -> str:  # type: ignore[override]
        """Return the name of the table, or its view under that name."""
        name: str = super().visit_table(table, **how)  # type: ignore[no-untyped-call]
        is_read = how.get("asfrom") and not how.get("iscrud")
        if not is_read or not isinstance(table, Table) or table.name not in WALLS:
            return name
        alias = how.get("enclosing_alias")
        is_named = alias is not None and alias.element is table
        return VIEW + table.name if is_named else f"{VIEW}{table.name} AS {name}"


def _statements(existing: set[str]) -> Iterator[str]:
    for name, wall in WALLS.items():
        if name not in existing:
            continue
        seen = _fill(wall.predicate(Act.READ), f'"{name}"')
        # Our own words, and nobody else's.
        select = f'SELECT * FROM main."{name}" WHERE {seen}'  # noqa: S608  # nosec B608
        yield f"CREATE TEMP VIEW {VIEW}{name} AS {select}"
        for act in (Act.CHANGE, Act.REMOVE):
            yield from _triggers(name, act, wall.predicate(act))


def _triggers(name: str, act: Act, predicate: str) -> Iterator[str]:
    """Refuse what may not be written, and pass over the rows that are not there for the agency."""
    for row in ("OLD", "NEW") if act is Act.CHANGE else ("OLD",):
        does = "IGNORE" if row == "OLD" and predicate != NOBODY else "ABORT, 'wall'"
        yield (
            f"CREATE TEMP TRIGGER {VIEW}{name}_{act}_{row}"
            f' BEFORE {act} ON main."{name}"'
            f" WHEN ({_fill(predicate, row)}) IS NOT TRUE"
            f" BEGIN SELECT RAISE({does}); END"
        )


def _fill(predicate: str, row: str) -> str:
    # As a subquery it is asked once for each statement, and not again for each row.
    return fill(predicate, row=row, me="(SELECT wall_agency())", part=_PART)


def _adding(predicate: str) -> tuple[str, tuple[str, ...], Callable[[Row], tuple[Any, ...]], bool]:
    """The question whether a row may be added, the columns it hangs on, and what takes those.

    And whether it hangs on nothing else: on no other row, and so on no moment.
    """
    filled = _fill(predicate, "NEW")
    names = tuple(sorted(set(re.findall(r"\bNEW\.(\w+)", filled))))
    question = "SELECT (" + re.sub(r"\bNEW\.(\w+)", r":\1", filled) + ") IS TRUE"
    return question, names, taking(names), not re.search(r"\b(SELECT|FROM)\b", filled, re.I)


_OURS = frozenset(
    VIEW + name
    for table in WALLS
    for name in (table, *(f"{table}_{end}" for end in ("UPDATE_OLD", "UPDATE_NEW", "DELETE_OLD")))
)
_ADDING = {name: _adding(wall.predicate(Act.ADD)) for name, wall in WALLS.items()}

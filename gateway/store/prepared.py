"""Owns statements that run often: compiled once per dialect, run on the driver's own cursor.

SQLAlchemy spends some ten times SQLite's own time on each execution of a small statement. Each
column's own type still turns values both ways, so codes, times and JSON are read and written as
everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ClauseElement,
    Connection,
    Delete,
    Enum,
    Insert,
    LargeBinary,
    Table,
    Update,
)
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import OperationalError

from gateway.store import context
from gateway.store.sessions import Session
from gateway.store.types import Utc
from gateway.store.wall import Act

Turn = Callable[[Any], Any] | None
_MOST = 128  # forms of one statement that are kept
_ACTS = ((Insert, Act.ADD), (Update, Act.CHANGE), (Delete, Act.REMOVE))


class Prepared:
    """One statement, written with SQLAlchemy Core; its binds are named parameters.

    An expanding parameter takes a list; the statement has one form for each length that occurs.
    """

    __slots__ = ("_act", "_compiled", "_forms", "_statement", "_written")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        table = getattr(statement, "table", None)  # of what writes; a query has none
        self._written = table.name if isinstance(table, Table) else None
        self._act = next((act for kind, act in _ACTS if isinstance(statement, kind)), Act.READ)
        self._compiled: dict[object, tuple[Any, tuple[str, ...]]] = {}  # and the names of its lists
        self._forms: dict[tuple[Any, ...], _Form] = {}

    def rows(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """Run it in the session's transaction and return what it answers."""
        return self.rows_on(session.connection(), **values)

    def rows_on(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """Run it in the connection's transaction and return what it answers."""
        form = self._form(connection.dialect, values)
        filled = form.fill(values)  # before the cursor: on SQLite a transaction begins with it
        try:
            added = (values,) if self._act is Act.ADD else ()
            with context.cursor(connection, self._written, self._act, added) as cursor:
                cursor.execute(form.text, filled)
                return form.read(list(cursor.fetchall()))
        except connection.dialect.loaded_dbapi.Error as error:
            raise _nameless(error) from None

    def run(self, session: Session, many: Iterable[Mapping[str, Any]]) -> int:
        """Run it once for each set of values, in the session's transaction; how many rows it met.

        The number is that of a statement that changes rows; nothing is run for no values.
        """
        rows = list(many)
        if not rows:
            return 0
        connection = session.connection()
        form = self._form(connection.dialect, rows[0])
        filled = [form.fill(values) for values in rows]
        try:
            added = rows if self._act is Act.ADD else ()
            with context.cursor(connection, self._written, self._act, added) as cursor:
                cursor.executemany(form.text, filled)
                return int(cursor.rowcount)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _nameless(error) from None

    def _form(self, dialect: Dialect, values: Mapping[str, Any]) -> _Form:
        kind = dialect.statement_compiler  # behind the wall SQLite has one of its own
        known = self._compiled.get(kind)
        if known is None:
            compiled: Any = self._statement.compile(dialect=dialect)
            lists = tuple(name for name, bind in compiled.binds.items() if bind.expanding)
            known = self._compiled[kind] = (compiled, lists)
        place = (kind, *[len(values[name]) for name in known[1]])
        found = self._forms.get(place)
        if found is None:
            found = _Form(known[0], self._statement, dialect, values)
            if len(self._forms) < _MOST:
                self._forms[place] = found
        return found


class _Form:
    """A statement for one kind of database, with lists of certain lengths."""

    __slots__ = ("_binds", "_constants", "_names", "_reads", "text")

    def __init__(
        self, compiled: Any, statement: Any, dialect: Dialect, values: Mapping[str, Any]
    ) -> None:
        state = compiled.construct_expanded_state(values)
        self.text: str = state.statement
        self._constants = {name: v for name, v in compiled.params.items() if name not in values}
        items = {name: tuple(listed) for name, listed in state.parameter_expansion.items()}
        first = {listed[0]: name for name, listed in items.items() if listed}
        later = {item for listed in items.values() for item in listed[1:]}
        order = state.positiontup or tuple(state.parameters)
        # The items of a list stand side by side, so one step fills them all.
        names = [first.get(item, item) for item in order if item not in later]
        self._binds: list[tuple[str, Turn, bool]] = [
            (name, writer(compiled.binds[name].type, dialect), name in items) for name in names
        ]
        self._names = None if state.positiontup is not None else _flat(names, items)
        columns = getattr(statement, "exported_columns", ())
        readers = [_reader(column.type, dialect) for column in columns]
        self._reads = [(place, turn) for place, turn in enumerate(readers) if turn]

    def fill(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them: by place on SQLite, by name elsewhere."""
        given = {**self._constants, **values} if self._constants else values
        filled: list[Any] = []
        for name, turn, is_list in self._binds:
            value = given[name]
            if is_list:
                filled += map(turn, value) if turn else value
            else:
                filled.append(turn(value) if turn else value)
        return tuple(filled) if self._names is None else dict(zip(self._names, filled, strict=True))

    def read(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The rows, which both drivers give as tuples, as the columns' types have them."""
        if not self._reads:
            return rows
        found = []
        for row in rows:
            made = list(row)
            for place, turn in self._reads:
                made[place] = turn(made[place])
            found.append(tuple(made))
        return found


def writer(kind: Any, dialect: Dialect) -> Turn:
    """How a column's type turns a value into what the driver takes; None: it passes as it is."""
    if isinstance(kind, LargeBinary):
        return None  # both drivers take bytes
    turn: Turn = kind.dialect_impl(dialect).bind_processor(dialect)
    return _once_for_each_time(kind, turn)


def _flat(names: Sequence[str], items: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(item for name in names for item in items.get(name, (name,)))


def _reader(kind: Any, dialect: Dialect) -> Turn:
    if isinstance(kind, LargeBinary):
        return None
    turn: Turn = kind.dialect_impl(dialect).result_processor(dialect, None)
    if turn is not None and isinstance(kind, Enum) and kind.enum_class is not None:
        codes: Turn = {None: None, **{each.value: each for each in kind.enum_class}}.__getitem__
        return codes  # an unknown code is a LookupError, as SQLAlchemy has it
    return _once_for_each_time(kind, turn)


def _once_for_each_time(kind: Any, turn: Turn) -> Turn:
    """A request writes one and the same moment some fifty times, and reads what another wrote."""
    return lru_cache(maxsize=256)(turn) if turn and isinstance(kind, Utc) else turn


def _nameless(error: Exception) -> OperationalError:
    """The driver's error as SQLAlchemy's, without statement or values."""
    return OperationalError(None, None, Exception(type(error).__name__))

"""Owns statements that run often: compiled once per dialect, run on the driver's own cursor.

SQLAlchemy spends some ten times SQLite's own time on each execution of a small statement. Values
pass as they are, so only columns of text, whole numbers and bytes are used here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.engine.interfaces import DBAPICursor, Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

_Fill = Callable[[Mapping[str, Any]], Any]


class Prepared:
    """One statement, written with SQLAlchemy Core; its binds are named parameters."""

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, _Fill]] = {}

    def rows(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """Run it in the session's transaction and return what it answers."""
        text, fill = self._for(session.get_bind().dialect)
        with self._cursor(session) as cursor, _Wrapped(session):
            cursor.execute(text, fill(values))
            return list(cursor.fetchall())

    def run(self, session: Session, many: Iterable[Mapping[str, Any]]) -> int:
        """Run it once for each set of values, in the session's transaction; how many rows it met.

        The number is that of a statement that changes rows; nothing is run for no values.
        """
        text, fill = self._for(session.get_bind().dialect)
        each = [fill(values) for values in many]
        if not each:
            return 0
        with self._cursor(session) as cursor, _Wrapped(session):
            cursor.executemany(text, each)
            return int(cursor.rowcount)

    def _for(self, dialect: Dialect) -> tuple[str, _Fill]:
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled: Any = self._statement.compile(dialect=dialect)
            fill = _fill(compiled.params, compiled.positiontup)
            found = self._compiled[dialect.name] = (str(compiled), fill)
        return found

    @staticmethod
    def _cursor(session: Session) -> closing[DBAPICursor]:
        return closing(session.connection().connection.cursor())


class _Wrapped:
    """Raises the driver's errors as SQLAlchemy's, without statement or values."""

    __slots__ = ("_error",)

    def __init__(self, session: Session) -> None:
        self._error: type[Exception] = session.get_bind().dialect.loaded_dbapi.Error

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None and issubclass(kind, self._error):
            raise OperationalError(None, None, Exception(kind.__name__)) from None


def _fill(constants: Mapping[str, Any], order: Sequence[str] | None) -> _Fill:
    """How named values become what the driver wants: by place on SQLite, by name elsewhere."""
    if order is None:
        return lambda values: {**constants, **values}
    known = {name: value for name, value in constants.items() if value is not None}
    if not known:
        return lambda values: tuple([values[name] for name in order])
    return lambda values: tuple([values[n] if n in values else known[n] for n in order])

"""Owns a session that is one transaction and nothing more.

SQLAlchemy's own keeps objects and their state, of which there are none here: to begin and to end
one took longer than all that an empty poll asks of the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, Engine, Result, ScalarResult
from sqlalchemy.engine import NestedTransaction

from gateway.store import context, writing
from gateway.store.quick import borrow
from gateway.store.sessions import Session


class Glance:
    """A connection that only reads, for whom it says, by statements near the driver and no others.

    SQLAlchemy's own is set up for much that nobody asks for there.

    :raises OperationalError: if the database is not there.
    """

    __slots__ = ("connection", "dialect", "info")

    def __init__(self, engine: Engine, agency: str | None) -> None:
        self.dialect = engine.dialect
        self.connection = borrow(engine)
        self.info = self.connection.info
        made: Any = self.connection.dbapi_connection
        if isinstance(made, writing.Connection):
            made.begin(reads=True, durable=False)
        context.stand_on(self.info, agency)

    def rollback(self) -> None:
        """Let go of what was read; the pool does it."""

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()


class Transaction(Session):
    """What the house uses of a Session; nothing else of it is set up, and nothing else works.

    It begins with the first statement, on a connection of its own, for whom `context` says.
    """

    def __init__(self, bind: Engine, **_unused: Any) -> None:
        self._engine, self._connection = bind, None
        self._about: dict[Any, Any] = {}

    _connection: Connection | None

    def __enter__(self) -> Transaction:
        """Be closed at the end of the block."""
        return self

    def __exit__(self, *_fault: object) -> None:
        self.close()

    @property
    def info(self) -> dict[Any, Any]:
        """What is kept with it."""
        return self._about

    def get_bind(self, *_unused: Any, **__unused: Any) -> Engine:
        """The engine."""
        return self._engine

    def connection(
        self, _unused: Any = None, execution_options: Mapping[str, Any] | None = None
    ) -> Connection:
        """The connection, begun if it was not; options count for one that begins."""
        found = self._connection
        if found is None:
            found = self._engine.connect()
            try:
                if execution_options:
                    found.execution_options(**execution_options)
                found.begin()
                context.on_begin(self, found)
            except BaseException:
                found.close()
                raise
            self._connection = found
        return found

    def execute(self, statement: Any, params: Any = None, **_unused: Any) -> Result[Any]:
        """Run a statement through SQLAlchemy."""
        return self.connection().execute(statement, params)

    def scalar(self, statement: Any, params: Any = None, **_unused: Any) -> Any:
        """The first value of the first row."""
        return self.connection().scalar(statement, params)

    def scalars(self, statement: Any, params: Any = None, **_unused: Any) -> ScalarResult[Any]:
        """The first value of each row."""
        return self.connection().scalars(statement, params)

    def in_transaction(self) -> bool:
        """Whether it has begun."""
        return self._connection is not None

    @contextmanager
    def begin(self) -> Iterator[Transaction]:  # type: ignore[override]
        """Commit at the end of the block, unless something is raised in it."""
        try:
            yield self
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def begin_nested(self) -> NestedTransaction:  # type: ignore[override]
        """A savepoint."""
        return self.connection().begin_nested()

    def commit(self) -> None:
        """Commit; the next statement begins anew."""
        if self._connection is not None:
            self._connection.commit()
            self.close()

    def rollback(self) -> None:
        """Undo everything; the next statement begins anew."""
        self.close()

    def close(self) -> None:
        """Let go of the connection; what was not committed is undone."""
        found, self._connection = self._connection, None
        if found is None:
            return
        try:
            found.rollback()  # SQLAlchemy's close leaves open what could not be committed
        finally:
            found.close()


class Look(Transaction):
    """A transaction that only reads, and only by statements near the driver."""

    def connection(self, *_unused: Any, **__unused: Any) -> Connection:
        """The connection, begun if it was not."""
        if self._connection is None:
            # All that is asked of a connection there: its driver's, its dialect, its guard.
            self._connection = cast(Connection, Glance(self._engine, context.of(self)))
        return self._connection

"""Owns how a connection to PostgreSQL says for whom its transaction is, before each statement.

The policies do the rest. What is said ends with the transaction, so nobody meets it again on a
pooled connection, also not behind PgBouncer in transaction mode. It is sent together with the
statement that needs it, and only when it changed: nobody waits for it alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

SAY = "SELECT set_config('app.agency', %s, true)"  # true: ends with the transaction
_BACK = "ROLLBACK TO"  # a savepoint: what was said after it, the server forgets


class Guard:
    """What one connection knows: for whom its transaction is, and what the server was told."""

    def __init__(self) -> None:
        self.agency = ""
        self._told: str | None = None

    def put_up(self, connection: Any) -> None:
        """Let every statement on a new connection pass by here, the driver's own as well."""
        connection.cursor_factory = self._cursor

    def stand(self, agency: str | None) -> None:
        """Be for this agency from the next statement on, or for nobody."""
        self.agency = agency or ""

    def forget(self) -> None:
        """Take nothing as told."""
        self._told = None

    def expect(self, written: str | None, added: Collection[Mapping[str, Any]]) -> None:
        """Leave it to the policies, which look at each row by themselves."""

    def _cursor(self, connection: Any, **how: Any) -> psycopg.Cursor[Any]:
        made = _Cursor(connection, **how)
        made.guard = self
        return made

    def is_told(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether the server knows for whom the next statement is, or need not know it."""
        status = connection.pgconn.transaction_status
        if connection.autocommit or status == TransactionStatus.INERROR:
            return True  # the pool asks whether anybody is there; only rolling back is left to do
        if status == TransactionStatus.IDLE:
            self._told = None
        return self._told == self.agency

    def tell(self, connection: psycopg.Connection[Any]) -> None:
        """Say it; in a pipeline, so that the statement goes with it."""
        self._told = None
        with psycopg.Cursor(connection) as cursor:
            cursor.execute(SAY, (self.agency,))

    def was_told(self) -> None:
        """Take it as said: the statement after it was answered."""
        self._told = self.agency


class _Cursor(psycopg.Cursor[Any]):
    """A cursor whose statements are for whom the transaction is, whoever made it."""

    guard: Guard

    def execute(self, *values: Any, **how: Any) -> _Cursor:
        """Execute one statement, with whatever has to be said before it."""
        if str(values[0]).startswith(_BACK):
            self.guard.forget()
            super().execute(*values, **how)
            return self
        if self.guard.is_told(self.connection):
            super().execute(*values, **how)
            return self
        with self.connection.pipeline():
            self.guard.tell(self.connection)
            super().execute(*values, **how)
        self.guard.was_told()
        return self

    def executemany(self, *values: Any, **how: Any) -> None:
        """Execute one statement for several sets of values, with whatever is said before it."""
        if self.guard.is_told(self.connection):
            super().executemany(*values, **how)
            return
        with self.connection.pipeline():
            self.guard.tell(self.connection)
            super().executemany(*values, **how)
        self.guard.was_told()

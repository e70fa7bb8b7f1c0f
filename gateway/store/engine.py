"""Owns how a database is opened: SQLite with explicit BEGIN, PostgreSQL through psycopg 3.

The service opens it behind the second wall (gateway.store.wall); migrations do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, Engine, TextClause, create_engine, event

from gateway.schemas.json_text import dump, load
from gateway.store import context, wall_sqlite, writing
from gateway.store.session import Transaction
from gateway.store.sessions import Session, sessionmaker
from gateway.store.wall import Act

Sessions = sessionmaker[Session]

_PRAGMAS = (
    "journal_mode=WAL",
    "wal_autocheckpoint=0",  # gateway.store.writing does it, between the turns of writers
    "foreign_keys=ON",
    "busy_timeout=10000",
    "secure_delete=ON",
    "trusted_schema=OFF",
    "temp_store=MEMORY",  # sorting writes no file that outlives a crash
)


_JSON: Mapping[str, Any] = {
    "json_serializer": lambda value: dump(value).decode(),
    "json_deserializer": load,
}
_SQLITE = {"check_same_thread": False, "factory": writing.Connection}


# On PostgreSQL, milliseconds: nobody waits for another's lock longer than a client for an answer,
# no statement of ours takes a tenth of this, and a transaction that was forgotten lets go.
_PATIENCE = {
    "lock_timeout": 4_000,
    "statement_timeout": 20_000,
    "idle_in_transaction_session_timeout": 60_000,
}


class RawSql(AssertionError):
    """SQL as text, which no wall can look into: always a bug outside migrations."""


def make_engine(url: str) -> Engine:
    """Open a database for the service: whatever is read or written goes through the second wall."""
    engine = make_owner_engine(url)
    event.listen(engine, "before_execute", _refuse_text)
    if engine.dialect.name == "sqlite":
        engine.dialect.statement_compiler = wall_sqlite.Compiler
        guard: Any = wall_sqlite.Guard
    else:
        from gateway.store import wall_postgres  # its driver is not everybody's

        event.listen(engine, "begin", _stand_for_nobody)
        guard = wall_postgres.Guard

    def put_up(connection: Any, record: Any) -> None:
        record.info[context.KEY] = guard()
        record.info[context.KEY].put_up(connection)

    event.listen(engine, "connect", put_up)
    event.listen(engine, "before_cursor_execute", _name_written)
    return engine


def make_owner_engine(url: str, *, is_patient: bool = False) -> Engine:
    """Open a database for migrations; SQLite transactions take the lock when they begin.

    With `is_patient` PostgreSQL is given as long as it wants: migrations change whole tables.

    SQLAlchemy's default on SQLite silently loses concurrent updates: two transactions read, both
    write, the second overwrites. BEGIN IMMEDIATE makes the second wait instead.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args=_SQLITE, **_JSON)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # PgBouncer in transaction mode hands prepared statements to the wrong client.
    engine = create_engine(
        url, pool_pre_ping=True, connect_args={"prepare_threshold": None}, **_JSON
    )
    if not is_patient:
        event.listen(engine, "connect", _limit_postgresql)
    return engine


def make_sessions(engine: Engine) -> Sessions:
    """A factory of sessions; each is one transaction, nothing more."""
    return sessionmaker(engine, class_=Transaction)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _limit_postgresql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        for name, millis in _PATIENCE.items():
            cursor.execute(f"SET SESSION {name} = {millis}")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    _stand_for_nobody(connection)
    asked = connection.get_execution_options()
    made = cast(writing.Connection, connection.connection.dbapi_connection)  # see _SQLITE
    made.begin(reads=asked.get("readonly", False), durable=asked.get("durable", False))


def _stand_for_nobody(connection: Connection) -> None:
    """Forget who had the connection before; whose transaction this is will be said."""
    guard = connection.info.get(context.KEY)
    if guard is not None:
        guard.stand(None)


def _name_written(
    connection: Connection, _cursor: object, _text: str, _values: object, run: Any, _many: bool
) -> None:
    """Tell the guard what a statement does, before the statement is prepared."""
    compiled = getattr(run, "compiled", None)
    state = getattr(compiled, "dml_compile_state", None)
    if compiled is None or state is None:
        context.expect(connection, None)
    elif compiled.isinsert:
        context.expect(connection, state.dml_table.name, Act.ADD, run.compiled_parameters)
    else:
        act = Act.CHANGE if compiled.isupdate else Act.REMOVE
        context.expect(connection, state.dml_table.name, act)


def _refuse_text(_connection: Connection, statement: object, *_: object) -> None:
    if isinstance(statement, TextClause):
        raise RawSql("SQL as text")

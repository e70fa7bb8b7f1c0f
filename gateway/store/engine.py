"""Owns how a database is opened: SQLite with explicit BEGIN, PostgreSQL through psycopg 3."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

Sessions = sessionmaker[Session]

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a signed receipt must survive a power cut
    "foreign_keys=ON",
    "busy_timeout=10000",
    "secure_delete=ON",
    "trusted_schema=OFF",
    "temp_store=MEMORY",  # sorting writes no file that outlives a crash
)


def make_engine(url: str) -> Engine:
    """Open a database; SQLite transactions that may write take the lock when they begin.

    SQLAlchemy's default on SQLite silently loses concurrent updates: two transactions read, both
    write, the second overwrites. BEGIN IMMEDIATE makes the second wait instead.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # PgBouncer in transaction mode hands prepared statements to the wrong client.
    return create_engine(url, pool_pre_ping=True, connect_args={"prepare_threshold": None})


def make_sessions(engine: Engine) -> Sessions:
    """A factory of sessions; each is one transaction, nothing more."""
    return sessionmaker(engine, autoflush=False, expire_on_commit=False)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    readonly = connection.get_execution_options().get("readonly")
    connection.exec_driver_sql("BEGIN DEFERRED" if readonly else "BEGIN IMMEDIATE")

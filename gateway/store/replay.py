"""Owns the replay store: used proofs, failure counts and buckets, outside the durable database.

Its tables are not part of the migrations: on PostgreSQL they are UNLOGGED, in the schema
`replay`; on SQLite they lie in a file of their own with `synchronous=OFF`, attached under that
same name. Losing them loses nothing but time (see gateway.agencies.replay).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.pool import QueuePool

from gateway.store import buckets
from gateway.store.quick import Quick

_DDL = (
    "CREATE {unlogged} TABLE IF NOT EXISTS replay.birth ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), at DOUBLE PRECISION NOT NULL)",
    "CREATE {unlogged} TABLE IF NOT EXISTS replay.seen ("
    " hash {blob} PRIMARY KEY, expires_at BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS {index}ix_seen_expires_at ON {table}seen (expires_at)",
    "CREATE {unlogged} TABLE IF NOT EXISTS replay.failure ("
    " minute BIGINT NOT NULL, reason VARCHAR(40) NOT NULL, times BIGINT NOT NULL,"
    " PRIMARY KEY (minute, reason))",
    buckets.DDL,
)
_BIRTH = text("INSERT INTO replay.birth (one, at) VALUES (1, :now) ON CONFLICT (one) DO NOTHING")
# No row: used before, issued before the store was born, or the store was emptied by a crash.
_USE = Quick(
    "INSERT INTO replay.seen (hash, expires_at)"
    " SELECT :hash, :expires_at FROM replay.birth WHERE at <= :issued_at"
    " ON CONFLICT (hash) DO NOTHING RETURNING expires_at"
)
_SWEEP = text(
    "DELETE FROM replay.seen WHERE hash IN"
    " (SELECT hash FROM replay.seen WHERE expires_at < :now LIMIT :batch)"
)
_COUNT = text(
    "INSERT INTO replay.failure (minute, reason, times) VALUES (:minute, :reason, 1)"
    " ON CONFLICT (minute, reason) DO UPDATE SET times = failure.times + 1"
)
_COUNTED = text(
    "SELECT minute, reason, times FROM replay.failure WHERE minute >= :minute"
    " ORDER BY minute, reason"
)
_LOCK = 0x7265706C  # "repl": two workers that start at once must not both create the tables


def make_replay_engine(url: str) -> Engine:
    """Open the store at `url`; its tables may not exist yet. Statements commit one by one."""
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_pre_ping=True,
            connect_args={"prepare_threshold": None},
        )
    # The database itself is empty and in memory; what matters is the attached file.
    engine = create_engine(
        "sqlite://",
        isolation_level="AUTOCOMMIT",
        poolclass=QueuePool,
        connect_args={"check_same_thread": False},
    )
    file = make_url(url).database

    def attach(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=10000")
        connection.execute("ATTACH DATABASE ? AS replay", (file,))
        connection.execute("PRAGMA replay.journal_mode=WAL")
        connection.execute("PRAGMA replay.synchronous=OFF")

    event.listen(engine, "connect", attach)
    return engine


def create(engine: Engine, *, now: float) -> None:
    """Create what is missing and record the store's birth, unless it has one."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            # SQLite names the schema with the index, PostgreSQL with the table.
            _run_ddl(connection, unlogged="", blob="BLOB", index="replay.", table="")
    else:
        _create_on_postgresql(engine)
    with engine.connect() as connection:
        add_birth(connection, now=now)


def grant(engine: Engine, role: str) -> None:
    """Make the store in a PostgreSQL for another role, which may then use it and owns nothing."""
    _create_on_postgresql(engine)
    name = engine.dialect.identifier_preparer.quote(role)
    with engine.connect() as connection:
        connection.execute(text(f"GRANT USAGE ON SCHEMA replay TO {name}"))
        acts = "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(text(f"GRANT {acts} ON ALL TABLES IN SCHEMA replay TO {name}"))


def add_birth(connection: Connection, *, now: float) -> None:
    """Record the birth of a store that has none, such as after a crash of the server."""
    connection.execute(_BIRTH, {"now": now})


def add_use(engine: Engine, *, digest: bytes, issued_at: float, expires_at: int) -> bool:
    """Record a first use, atomically; False if it is none, or was issued before the birth."""
    values = {"hash": digest, "issued_at": issued_at, "expires_at": expires_at}
    return bool(_USE.rows(engine, values))


def delete_expired(connection: Connection, *, now: int, batch: int) -> int:
    """Forget up to `batch` uses whose proof has expired; how many they were."""
    return connection.execute(_SWEEP, {"now": now, "batch": batch}).rowcount


def add_failure(connection: Connection, *, minute: int, reason: str) -> None:
    """Count one failure of this reason in this minute."""
    connection.execute(_COUNT, {"minute": minute, "reason": reason})


def list_failures(connection: Connection, *, minute: int) -> list[tuple[int, str, int]]:
    """Minute, reason and number, from a minute on."""
    return [(row[0], row[1], row[2]) for row in connection.execute(_COUNTED, {"minute": minute})]


def file_of(url: str) -> Path | None:
    """The file of a SQLite URL; None for another kind, or for a store in memory."""
    parsed = make_url(url)
    if (
        parsed.get_backend_name() != "sqlite"
        or not parsed.database
        or parsed.database == ":memory:"
    ):
        return None
    return Path(parsed.database)


def _create_on_postgresql(engine: Engine) -> None:
    with engine.connect() as connection:
        # A role that may not create a schema need not, once an operator has done it.
        if connection.execute(text("SELECT to_regclass('replay.bucket')")).scalar() is not None:
            return
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS replay"))
        _run_ddl(connection, unlogged="UNLOGGED", blob="BYTEA", index="", table="replay.")


def _run_ddl(connection: Connection, **words: str) -> None:
    for statement in _DDL:
        connection.execute(text(statement.format(**words)))

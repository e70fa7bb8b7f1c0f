"""Owns which proofs were used, once and for all workers of the service (RFC 9449 section 11.1).

The store is off the durable commit path and may be lost in a crash. That opens no window: an
empty store records its birth, and nothing that was issued before the birth is accepted. After a
loss a client whose clock is slow is refused until its clock has passed the birth.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway.config import Settings
from gateway.errors import Unavailable
from gateway.store import buckets
from gateway.store import replay as store
from gateway.store.buckets import Empty

SWEEP_EVERY, SWEEP_BATCH = 256, 2000  # uses per process; rows
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def address(settings: Settings) -> str:
    """Where the store lies: as set, else beside the SQLite file, or in the PostgreSQL itself."""
    if settings.replay_url:
        return settings.replay_url
    file = store.file_of(settings.database_url)
    return f"sqlite:///{file}.replay" if file else settings.database_url


def prepare(url: str, service: str) -> None:
    """Make the store in a PostgreSQL, as its owner, for the role of the service.

    :raises Unavailable: if it cannot be made.
    """
    engine = store.make_replay_engine(url)
    try:
        with _failing_closed():
            store.grant(engine, service)
    finally:
        engine.dispose()


class Replay:
    """The store of used proofs and assertions, of buckets, of failures before anybody is known."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._uses = count(1)

    @classmethod
    def open(cls, url: str, now: datetime) -> Replay:
        """Open the store at a database URL, and create it if there is none.

        On SQLite the file's name gets the id of the machine's boot: what was written without
        waiting for the disk may be lost or damaged by a power cut, so it is not read after one.
        The store may be opened before worker processes are forked.

        The birth of a new store is the whole second that has begun, since most clients state
        whole seconds: no machine or database starts again within the second it failed in.

        :raises Unavailable: if it cannot be opened.
        """
        engine = store.make_replay_engine(_for_this_boot(url))
        with _failing_closed():
            store.create(engine, now=math.floor(now.timestamp()))
        engine.dispose()  # no connection crosses a fork
        return cls(engine)

    def close(self) -> None:
        """Let go of the store."""
        self._engine.dispose()

    def first_use(
        self,
        kind: str,
        *,
        htu: str,
        jkt: str,
        jti: str,
        issued_at: float,
        expires_at: int,
        now: datetime,
    ) -> bool:
        """Record a use; True exactly once for each (kind, htu, jkt, jti) until it expires.

        False as well for whatever was issued before the store was born.

        :raises Unavailable: if the store does not answer; then nothing is accepted.
        """
        parts = "\0".join((kind, htu, jkt, jti)).encode()
        with _failing_closed():
            is_first = store.add_use(
                self._engine,
                digest=hashlib.sha256(parts).digest(),
                issued_at=issued_at,
                expires_at=expires_at,
            )
        if not is_first:  # perhaps emptied while we run: then born again, rounded up
            with self._connection() as connection:
                store.add_birth(connection, now=math.ceil(now.timestamp()))
        if next(self._uses) % SWEEP_EVERY == 0:
            self.sweep(now)
        return is_first

    def sweep(self, now: datetime) -> int:
        """Forget a batch of uses that have expired; how many."""
        with self._connection() as connection:
            return store.delete_expired(connection, now=int(now.timestamp()), batch=SWEEP_BATCH)

    def count_failure(self, reason: str, now: datetime) -> None:
        """Count a request that failed before its client was known; `reason` is one of our codes.

        Counting never makes a refusal fail.
        """
        with suppress(Unavailable), self._connection() as connection:
            store.add_failure(connection, minute=_minute(now), reason=reason)

    def take(self, key: str, *, burst: int, per_second: float, now: datetime) -> Empty | None:
        """Take one from the bucket of this key, which all workers share, or tell it is empty.

        :raises Unavailable: if the store does not answer; then nothing is let through.
        """
        with _failing_closed():
            return buckets.take(
                self._engine, key=key, burst=burst, per_second=per_second, now=now.timestamp()
            )

    def failures(self, since: datetime) -> dict[str, int]:
        """How many failures of each reason there were from that minute on."""
        totals: dict[str, int] = {}
        with self._connection() as connection:
            for _, reason, times in store.list_failures(connection, minute=_minute(since)):
                totals[reason] = totals.get(reason, 0) + times
        return totals

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with _failing_closed(), self._engine.connect() as connection:
            yield connection


@contextmanager
def _failing_closed() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError:
        raise Unavailable("The store of used proofs does not answer.") from None


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _for_this_boot(url: str) -> str:
    """Name the file after this boot, and remove those of earlier ones."""
    file = store.file_of(url)
    if file is None:
        return url
    boot = _BOOT_ID.read_text().strip()[:8] if _BOOT_ID.exists() else "0"
    named = file.with_name(f"{file.name}.{boot}")
    for old in file.parent.glob(f"{file.name}.*"):
        if not old.name.startswith(named.name):
            old.unlink(missing_ok=True)
    return make_url(url).set(database=str(named)).render_as_string(hide_password=False)

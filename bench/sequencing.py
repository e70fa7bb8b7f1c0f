"""Owns what four writers reach with the outbox, against a hash chain under one lock.

`python -m bench.sequencing [--quick] [--postgres URL]`: prints commits per second of both and their
ratio, round by round in turn. URL is an empty database whose server waits for the disk. Both write
without the second wall, which costs both the same.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import secrets
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text

from gateway import ledger
from gateway.ledger import Act, keyring
from gateway.ledger.records import SALT, canonical, record_of, seal
from gateway.migrations import upgrade
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind
from gateway.sealing import keys as key_files
from gateway.store import ids
from gateway.store.answers import Answer, add_answer
from gateway.store.engine import make_owner_engine, make_sessions
from gateway.store.rows import add
from gateway.store.tables import log_entry

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WRITERS, WARM = 4, 60
MUST = {"sqlite": 2.5, "postgresql": 1.5}
MONTH = f"{NOW:%Y-%m}"  # whose log key seals what is about no case
WRITER = Caller("bench", AgencyKind.LANDLORD, "-")
HEAD = text("SELECT size, hash FROM bench_head")
HEAD_LOCKED = text("SELECT size, hash FROM bench_head FOR UPDATE")
GROW = text("UPDATE bench_head SET size = size + 1, hash = :hash")
EMPTIED = (  # also of keys: they lie under epoch keys of another run
    "answer",
    "log_pending",
    "log_entry",
    "log_node",
    "checkpoint",
    "log_key",
    "agency_log_key",
)

Write = Callable[[Any, Any], None]


def _business(session: Any) -> None:
    """What a request changes besides the log: here an answer that it keeps."""
    given = Answer(bytes(32), 200, "-", bytes(700))
    add_answer(session, agency_id=WRITER.agency_id, key=ids.new(NOW), answered_at=NOW, given=given)


def outbox(sessions: Any, keys: Any) -> None:
    """One commit as the gateway does it."""
    with ledger.begin(sessions, keys, WRITER, NOW) as work:
        work.record("cases.list", None, because="own")
        _business(work.session)


def chain(sessions: Any, keys: Any) -> None:
    """The same commit, its entry chained to the last one; the lock is held until the commit."""
    with sessions() as session, session.begin():
        key = keyring.log_keys(session, keys, [MONTH])[MONTH]
        record = canonical(record_of(Act("cases.list", None, "own"), WRITER, NOW, {}))
        salt, entry_id = secrets.token_bytes(SALT), ids.new(NOW)
        commitment = hashlib.sha256(salt + record).digest()
        sealed = seal(key, entry_id, MONTH, salt + record)
        _business(session)
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        size, last = session.execute(HEAD if is_sqlite else HEAD_LOCKED).one()
        leaf = bytes(last) + commitment
        hashed = hashlib.sha256(leaf).digest()
        row = {"leaf": size, "id": entry_id, "agency_id": WRITER.agency_id, "agency_seq": size + 1}
        row |= {"case_id": None, "log_key": MONTH, "commitment": commitment, "bytes": leaf}
        add(session, log_entry, **row, hash=hashed, record=sealed)
        session.execute(GROW, {"hash": hashed})


def _plain_engine(url: str) -> Engine:
    """SQLite as it is by itself: each commit waits for the disk while it holds the lock."""
    if not url.startswith("sqlite"):
        return make_owner_engine(url)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 20})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _writer(kind: str, url: str, folder: Path, seconds: float, start: Any, done: Any) -> None:
    engine = make_owner_engine(url) if kind == "outbox" else _plain_engine(url)
    sessions, keys = make_sessions(engine), key_files.load(folder)
    act: Write = outbox if kind == "outbox" else chain
    for _ in range(WARM):
        act(sessions, keys)
    start.wait()
    end, count, cpu = time.perf_counter() + seconds, 0, time.process_time()
    while time.perf_counter() < end:
        act(sessions, keys)
        count += 1
    done.put((count, time.process_time() - cpu))
    engine.dispose()


def _sequencer(url: str, folder: Path, stop: Any) -> None:
    """Sequence as a process of the service does, beside the writers."""
    engine = make_owner_engine(url)
    sessions, keys = make_sessions(engine), key_files.load(folder)
    running = ledger.Sequencer(sessions, lambda _: keys, lambda: NOW)
    running.start()
    stop.wait()
    running.stop()
    while ledger.sequence(sessions, keys, now=NOW):
        pass
    report = ledger.verify(sessions, keys)
    engine.dispose()
    assert report, report.what


@dataclass(frozen=True, slots=True)
class Rate:
    """What four writers reached."""

    per_second: float
    cpu: float  # us of CPU for each commit, the sequencer's apart


def rate(kind: str, url: str, folder: Path, seconds: float) -> Rate:
    """Commits per second of four writers."""
    start, stop = multiprocessing.Barrier(WRITERS + 1, timeout=120), multiprocessing.Event()
    done: Any = multiprocessing.Queue()
    given = (kind, url, folder, seconds, start, done)
    writers = [multiprocessing.Process(target=_writer, args=given) for _ in range(WRITERS)]
    beside = multiprocessing.Process(target=_sequencer, args=(url, folder, stop))
    for each in [*writers, *([beside] if kind == "outbox" else [])]:
        each.start()
    start.wait()
    found = [done.get() for _ in writers]
    total = sum(count for count, _ in found)
    stop.set()
    for each in [*writers, *([beside] if kind == "outbox" else [])]:
        each.join()
        assert each.exitcode == 0
    return Rate(total / seconds, sum(cpu for _, cpu in found) / total * 1e6)


def _prepare(url: str) -> None:
    upgrade(url)
    engine = make_owner_engine(url)
    blob = "BLOB" if url.startswith("sqlite") else "BYTEA"
    with engine.begin() as connection:
        for table in EMPTIED:
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608
        connection.execute(text("DROP TABLE IF EXISTS bench_head"))
        connection.execute(text(f"CREATE TABLE bench_head (size BIGINT, hash {blob})"))
        connection.execute(text("INSERT INTO bench_head VALUES (0, :hash)"), {"hash": bytes(32)})
        agency = "INSERT INTO agency (id, name, kind, area, custody, registered_at)"
        values = " VALUES ('bench', '-', 'LANDLORD', '-', 'OWN', :at) ON CONFLICT DO NOTHING"
        connection.execute(text(agency + values), {"at": str(NOW)})
    engine.dispose()


def measure(name: str, url: str, folder: Path, *, rounds: int, seconds: float) -> float:
    """Median of the ratios, both builds in turn in each round."""
    ratios = []
    for number in range(rounds):
        found = {}
        for kind in ("chain", "outbox") if number % 2 else ("outbox", "chain"):
            _prepare(url)
            found[kind] = rate(kind, url, folder, seconds)
        ours, chained = found["outbox"], found["chain"]
        ratios.append(ours.per_second / chained.per_second)
        for kind, each in found.items():
            busy = each.per_second * each.cpu / 1e6
            told = f"{each.per_second:5.0f}/s, {each.cpu:5.0f} us of CPU each, {busy:.2f} cores"
            print(f"{name}: {kind:6} {told}", flush=True)
        # Whatever the locks: the writers have no more than all cores, and the chain has one.
        bound = _cores() * 1e6 / ours.cpu / chained.per_second
        print(f"{name}: at most {bound:.2f} times on {_cores()} cores", flush=True)
    return statistics.median(ratios)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def main() -> int:
    """Measure and print; 1 if a ratio that must be reached is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.sequencing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three short rounds")
    parser.add_argument("--postgres", metavar="URL", help="an empty database")
    asked = parser.parse_args()
    rounds, seconds = (3, 2.0) if asked.quick else (9, 5.0)
    missed = False
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        with suppress(FileExistsError):
            key_files.make(folder / "keys", on=date(2026, 11, 1))
        urls = {"sqlite": f"sqlite:///{folder / 'bench.db'}"}
        urls |= {"postgresql": asked.postgres} if asked.postgres else {}
        for name, url in urls.items():
            ratio = measure(name, url, folder / "keys", rounds=rounds, seconds=seconds)
            missed |= ratio < MUST[name]
            print(f"{name}: {ratio:.2f} times the chain (must {MUST[name]})", flush=True)
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())

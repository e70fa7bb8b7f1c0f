"""Writers on SQLite: one at a time, none waits for another's disk, nothing answered is lost."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gateway import ledger
from gateway.errors import Unavailable
from gateway.ledger import OPERATOR
from gateway.store import context, writing
from gateway.store.engine import Sessions, make_owner_engine, make_sessions
from gateway.store.log import Signed, add_checkpoint
from gateway.store.tables import log_pending
from gateway.store.wall import System
from tests.flows.a_log import NOW, Log, a_log

REAL = os.fdatasync
NORMAL, FULL = 1, 2  # of PRAGMA synchronous


@pytest.fixture
def log(sqlite_url: str, tmp_path: Path) -> Iterator[Log]:
    with a_log(sqlite_url, tmp_path) as made:
        yield made


def pending_in(copy: Path) -> int:
    with closing(sqlite3.connect(copy)) as db:
        return int(db.execute("SELECT count(*) FROM log_pending").fetchone()[0])


def test_what_is_answered_was_on_the_disk_before(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files as the system is told to write them hold the line, if the power goes right then."""
    copies: list[int] = []

    def sync(handle: int) -> None:
        REAL(handle)
        folder = tmp_path / f"copy-{len(copies)}"
        folder.mkdir()
        for part in ("", "-wal"):
            shutil.copy(tmp_path / f"gateway.db{part}", folder / f"gateway.db{part}")
        copies.append(pending_in(folder / "gateway.db"))

    monkeypatch.setattr(os, "fdatasync", sync)
    for number in range(1, 4):
        log.read()
        assert copies[-1] == number


def test_a_commit_that_did_not_reach_the_disk_is_no_answer(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(Unavailable):
        log.read()
    monkeypatch.undo()
    log.read()  # and nobody is locked out


def test_nobody_waits_for_the_disk_of_another(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.read()
    slow, waits, goes = threading.get_ident(), threading.Event(), threading.Event()

    def sync(handle: int) -> None:
        if threading.get_ident() == slow:
            waits.set()
            assert goes.wait(20)
        REAL(handle)

    monkeypatch.setattr(os, "fdatasync", sync)

    def others() -> int:
        assert waits.wait(20)
        try:
            for _ in range(5):
                log.read()
            return log.count(log_pending)
        finally:
            goes.set()

    with ThreadPoolExecutor() as pool:
        done = pool.submit(others)
        log.read()
        assert done.result(timeout=20) == 7  # the slow one's line too: it is written, not durable


def test_a_checkpoint_is_on_the_disk_before_anybody_can_see_it(log: Log) -> None:
    """It is handed out as soon as it is seen; losing it then would look like a second history."""
    modes: dict[str, int] = {}

    def look(_: object, cursor: Any, statement: str, *__: object) -> None:
        table = statement.split()[2] if statement.startswith("INSERT") else ""
        if table in ("checkpoint", "log_pending"):
            modes[table] = cursor.connection.execute("PRAGMA synchronous").fetchone()[0]

    event.listen(log.sessions.kw["bind"], "before_cursor_execute", look)
    with log.sessions() as session:
        context.stand(session, System.SEQUENCER)
        add_checkpoint(session, Signed(0, bytes(32), ""), at=NOW)
        assert modes == {"checkpoint": NORMAL}
        session.rollback()
    log.read()
    log.sequence()
    assert modes == {"checkpoint": FULL}


def test_who_writes_within_its_own_writing_is_refused_and_not_stuck(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.2)
    with Session(log.engine) as outer, outer.begin():
        outer.execute(text("UPDATE agency SET name = name"))
        with Session(log.engine) as inner, pytest.raises(OperationalError):
            inner.execute(text("UPDATE agency SET name = name"))
    log.read()


def test_readers_do_not_queue(log: Log) -> None:
    log.read()
    with Session(log.engine) as writer, writer.begin():
        writer.execute(text("UPDATE agency SET name = name"))
        with Session(log.engine) as reader:
            reader.connection(execution_options={"readonly": True})
            assert reader.scalar(text("SELECT count(*) FROM log_pending")) == 1


def _hold(url: str, told: Pipe) -> None:
    engine = make_owner_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE agency SET name = name"))
        told.send("holding")
        threading.Event().wait(60)


def test_a_writer_that_dies_leaves_nobody_waiting(log: Log, sqlite_url: str) -> None:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_hold, args=(sqlite_url, there))
    process.start()
    try:
        assert here.recv() == "holding"
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(log.read)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            assert waiting.result(timeout=20)
    finally:
        process.kill()
        process.join()


def _add(url: str, times: int) -> None:
    engine = make_owner_engine(url)
    sessions: Sessions = make_sessions(engine)
    for _ in range(times):
        with sessions() as session, session.begin():
            found = session.scalar(text("SELECT max(size) FROM checkpoint")) or 0
            session.execute(
                text("INSERT INTO checkpoint (size, root, note, at) VALUES (:n, x'', '', '')"),
                {"n": found + 1},
            )
    engine.dispose()


def test_F97_no_update_is_lost_between_processes_and_threads(sqlite_url: str) -> None:
    """Each reads the highest number and writes the next: two that read the same would collide."""
    spawning = multiprocessing.get_context("spawn")
    processes = [spawning.Process(target=_add, args=(sqlite_url, 40)) for _ in range(3)]
    for process in processes:
        process.start()
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(_add, sqlite_url, 40) for _ in range(3)]:
            done.result(timeout=120)
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    engine = make_owner_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT max(size) FROM checkpoint")) == 240
    engine.dispose()


FORK = """
import os, sys, time
from gateway.store.writing import Queue
queue = Queue(sys.argv[1])
queue.enter()
queue.leave()
read, write = os.pipe()
if os.fork() == 0:
    queue.enter()
    os.write(write, b"in")
    time.sleep(0.5)
    os.write(write, b"out")
    queue.leave()
    os._exit(0)
assert os.read(read, 2) == b"in"
queue.enter()
os.set_blocking(read, False)
assert os.read(read, 3) == b"out"  # we came in after the child had left
"""


def test_after_a_fork_parent_and_child_queue_apart(tmp_path: Path) -> None:
    """A lock that both had opened together would let both in."""
    command = [sys.executable, "-c", FORK, str(tmp_path / "file")]
    subprocess.run(command, check=True, timeout=60)


def test_the_operator_writes_in_turn_too(log: Log) -> None:
    with ledger.begin(log.sessions, log.keys, OPERATOR, NOW) as work:
        work.count("test")
    assert Path(str(log.engine.url.database) + "-queue").stat().st_mode & 0o077 == 0

"""Lines get their place without anybody asking, and the thread that sees to it ends in order."""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest

from gateway import ledger
from gateway.ledger.running import Sequencer
from gateway.ledger.tally import Tally
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.store import log_keys
from gateway.store.tables import checkpoint, log_entry, log_pending
from tests.flows.a_log import IDVA, LANDLORD, NOW, Log, a_case, a_log


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Log]:
    with a_log(database_url, tmp_path) as made:
        yield made


def a_sequencer(log: Log, every: float = 0.02) -> Sequencer:
    return Sequencer(log.sessions, lambda _: log.keys, lambda: NOW, every=every)


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_V34_a_line_gets_its_place_though_nobody_asks(log: Log) -> None:
    running = a_sequencer(log)
    running.start()
    try:
        for _ in range(3):
            log.read()
        wait_until(lambda: log.count(log_pending) == 0)
    finally:
        running.stop()
    assert log.count(log_entry) == 3
    assert not running.is_running
    assert ledger.verify(log.sessions, log.keys, deep=True)


def test_it_takes_what_waits_before_it_ends(log: Log) -> None:
    running = a_sequencer(log, every=60)
    running.start()
    log.read()
    running.stop()
    assert (log.count(log_pending), log.count(log_entry)) == (0, 1)


def test_a_fault_is_logged_once_and_survived(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    log.read()
    log.sequence()
    log.execute("ALTER TABLE log_entry RENAME TO elsewhere")
    log.read()
    running = a_sequencer(log)
    with caplog.at_level(logging.WARNING, logger="gateway"):
        running.start()
        try:
            wait_until(lambda: running.is_failing)
            time.sleep(0.2)
            log.execute("ALTER TABLE elsewhere RENAME TO log_entry")
            wait_until(lambda: log.count(log_pending) == 0)
            wait_until(lambda: not running.is_failing)
        finally:
            running.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "the access log is not sequenced: The access log cannot be sequenced.",
        "the access log is sequenced again",
    ]


def _counts(log: Log, caller: Caller) -> list[int]:
    with ledger.reading_as(log.sessions, caller.agency_id) as session:
        return list(log_keys.list_counts(session, agency_id=caller.agency_id).values())


def _look(log: Log, caller: Caller, tally: Tally | None) -> None:
    assert tally is not None
    with ledger.look(
        log.sessions, log.keys, caller, NOW, profiles=Profiles.load(), tally=tally
    ) as work:
        work.count("case.listed.empty")


def test_looks_are_counted_by_the_thread_each_as_its_agency(log: Log) -> None:
    running = a_sequencer(log, every=60)
    assert running.tally is None  # nobody would write it
    running.start()
    for caller in (IDVA, LANDLORD, IDVA):
        _look(log, caller, running.tally)
    assert _counts(log, IDVA) == []  # the answer did not wait for it
    running.stop()
    assert (_counts(log, IDVA), _counts(log, LANDLORD)) == ([2], [1])
    assert running.tally is None


def test_a_look_that_would_tell_something_cannot(log: Log) -> None:
    running = a_sequencer(log, every=60)
    running.start()
    try:
        assert running.tally is not None
        with (
            ledger.look(
                log.sessions, log.keys, IDVA, NOW, profiles=Profiles.load(), tally=running.tally
            ) as work,
            pytest.raises(ledger.Unrecorded),
        ):
            work.record("case.listed", a_case(1), because="feed")
    finally:
        running.stop()
    assert log.count(log_pending) == 0


def test_what_could_not_be_counted_waits_and_nothing_more_is_left_to_wait(log: Log) -> None:
    running = a_sequencer(log)
    running.start()
    try:
        _look(log, IDVA, running.tally)
        wait_until(lambda: _counts(log, IDVA) == [1])
        tally = running.tally
        log.execute("ALTER TABLE counter RENAME TO elsewhere")
        _look(log, IDVA, tally)
        wait_until(lambda: running.is_failing)
        assert running.tally is None
        log.execute("ALTER TABLE elsewhere RENAME TO counter")
        wait_until(lambda: not running.is_failing)
    finally:
        running.stop()
    assert _counts(log, IDVA) == [2]


def test_several_that_run_at_once_give_each_line_one_place(log: Log) -> None:
    several = [a_sequencer(log, every=0.005) for _ in range(3)]
    for each in several:
        each.start()
    try:
        for _ in range(40):
            log.read()
        wait_until(lambda: log.count(log_pending) == 0)
    finally:
        for each in several:
            each.stop()
    assert log.count(log_entry) == 40
    assert ledger.verify(log.sessions, log.keys, deep=True)


def _child(running: Sequencer, told: Pipe) -> None:
    before = running.is_running
    running.start()
    told.send((before, running.is_running))
    running.stop()


def test_a_child_does_not_take_the_thread_of_its_parent_for_its_own(
    sqlite_url: str, tmp_path: Path
) -> None:
    with a_log(sqlite_url, tmp_path) as log:
        log.engine.dispose()
        running = a_sequencer(log, every=60)
        running.start()
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=_child, args=(running, there))
        process.start()
        assert here.recv() == (False, True)
        process.join(20)
        assert process.exitcode == 0
        running.stop()


def test_a_batch_for_an_older_tree_is_not_put(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process was first, after the batch was made and before the lock was taken."""
    real = ledger.sequencer._put
    times: list[int] = []

    def late(sessions: ledger.Sessions, batch: ledger.sequencer.Batch, now: object) -> int | None:
        if not times:
            times.append(1)
            log.sequence()
        return real(sessions, batch, NOW)

    log.read()
    log.sequence()
    log.read()
    monkeypatch.setattr(ledger.sequencer, "_put", late)
    log.sequence()
    assert (log.count(log_entry), log.count(checkpoint)) == (2, 2)
    assert ledger.verify(log.sessions, log.keys, deep=True)

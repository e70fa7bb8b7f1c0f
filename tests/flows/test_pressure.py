"""The queue of the log has an end: what happens while nobody sequences."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway import ledger
from gateway.errors import Unavailable
from gateway.ledger import Pressure
from gateway.store.tables import log_pending
from tests.flows.a_log import NOW, Log, a_log


@dataclass
class Clock:
    """Seconds that pass when we say so."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Log]:
    with a_log(database_url, tmp_path) as made:
        yield made


def stop(log: Log) -> None:
    """Nothing gets a place any more."""
    log.sequence()
    log.execute("ALTER TABLE log_entry RENAME TO elsewhere")


def resume(log: Log) -> None:
    log.execute("ALTER TABLE elsewhere RENAME TO log_entry")


def pressure(log: Log, clock: Clock, *, lines: int = 5, seconds: float = 60) -> Pressure:
    return Pressure(log.sessions, lambda _: log.keys, lines, seconds, clock)


def is_refused(found: Pressure, *, is_write: bool) -> bool:
    try:
        found.require(NOW, is_write=is_write)
    except Unavailable as refusal:
        return refusal.code == "log_behind"
    return False


def test_V34_writes_stop_when_too_many_lines_wait_and_readings_at_ten_times_as_many(
    log: Log,
) -> None:
    clock = Clock()
    found = pressure(log, clock)
    stop(log)
    for waiting in range(1, 53):
        log.read()
        clock.at += 2
        assert is_refused(found, is_write=True) is (waiting > 5)
        assert is_refused(found, is_write=False) is (waiting > 50)
    assert log.count(log_pending) == 52  # what was taken on is kept
    resume(log)
    clock.at += 2
    assert not is_refused(found, is_write=True)
    assert log.count(log_pending) == 0


def test_V34_writes_stop_when_the_oldest_line_does_not_move(log: Log) -> None:
    clock = Clock()
    found = pressure(log, clock)
    stop(log)
    log.read()
    assert not is_refused(found, is_write=True)
    clock.at += 60
    assert not is_refused(found, is_write=True)
    clock.at += 2
    assert is_refused(found, is_write=True)
    assert not is_refused(found, is_write=False)


def test_V34_a_queue_that_moves_is_no_pressure_however_long_it_lasts(log: Log) -> None:
    clock = Clock()
    found = pressure(log, clock)
    for _ in range(5):
        log.read()
        assert not is_refused(found, is_write=True)
        clock.at += 40
        log.sequence()


def test_V34_whoever_finds_a_queue_that_nobody_takes_lends_a_hand(log: Log) -> None:
    clock = Clock()
    found = pressure(log, clock)
    for _ in range(7):
        log.read()
    assert not is_refused(found, is_write=True)
    assert log.count(log_pending) == 0


def test_the_queue_is_looked_at_once_in_a_second(log: Log) -> None:
    clock = Clock()
    found = pressure(log, clock)
    assert not is_refused(found, is_write=True)
    stop(log)
    for _ in range(7):
        log.read()
    assert not is_refused(found, is_write=True)
    clock.at += 1
    assert is_refused(found, is_write=True)


def test_V34_nobody_waits_for_whoever_lends_a_hand(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one sequences on a slow store, the others are answered by what was seen last."""
    clock, goes, waits = Clock(), threading.Event(), threading.Event()
    found = pressure(log, clock)
    real = ledger.pressure.sequence

    def slow(*given: Any, **named: Any) -> int:
        waits.set()
        assert goes.wait(20)
        return real(*given, **named)

    monkeypatch.setattr(ledger.pressure, "sequence", slow)
    for _ in range(7):
        log.read()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(is_refused, found, is_write=True)
        assert waits.wait(20)
        assert pool.submit(is_refused, found, is_write=True).result(timeout=10)
        assert not pool.submit(is_refused, found, is_write=False).result(timeout=10)
        goes.set()
        assert not first.result(timeout=20)


def test_a_queue_that_cannot_be_read_is_a_refusal(log: Log) -> None:
    log.execute("ALTER TABLE log_pending RENAME TO elsewhere")
    with pytest.raises(Unavailable):
        pressure(log, Clock()).require(NOW, is_write=True)

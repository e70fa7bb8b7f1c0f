"""Promise 10: if the log cannot be written, nothing is disclosed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from gateway.errors import Denied, Unavailable
from gateway.store.tables import counter, feed, log_pending
from tests.flows.a_log import Log, a_case, a_log
from tests.promises.test_promise_01_recorded_or_not_done import change


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Log]:
    with a_log(database_url, tmp_path) as made:
        yield made


def read(log: Log, opened: list[str]) -> None:
    """Record, then open: what every reader does."""
    with log.begin() as work:
        change(work)
        work.record("case.read", a_case(1), because="assigned")
        opened.append("content")


@pytest.mark.parametrize("table", ["log_pending", "log_key"])
def test_F74_cannot_log_means_refuse(log: Log, table: str) -> None:
    log.execute(f"DROP TABLE {table}")
    opened: list[str] = []
    with pytest.raises(Unavailable) as caught:
        read(log, opened)
    assert opened == []
    assert log.count(counter) == 0
    assert caught.value.__cause__ is None  # the driver's message may hold what was sent


def test_F74_a_log_key_that_does_not_open_means_refuse(log: Log) -> None:
    log.read()
    log.execute("UPDATE log_key SET wrapped = :new", new=bytes(60))
    opened: list[str] = []
    with pytest.raises(Unavailable):
        read(log, opened)
    assert (opened, log.count(counter), log.count(log_pending)) == ([], 0, 1)


def test_promise_10_nobody_can_shrug_off_a_failed_entry(log: Log) -> None:
    log.execute("UPDATE agency SET name = name")  # the database itself is well
    log.read()
    log.execute("UPDATE log_key SET wrapped = :new", new=bytes(60))

    def stubborn() -> None:
        with log.begin() as work:
            with contextlib.suppress(Unavailable):
                work.record("case.read", a_case(1), because="assigned")
            work.record("case.read", a_case(2), because="assigned")
            change(work)

    with pytest.raises(Unavailable):
        stubborn()
    assert (log.count(counter), log.count(log_pending)) == (0, 1)


def test_promise_10_a_poll_that_cannot_be_counted_is_refused(log: Log) -> None:
    log.execute("DROP TABLE counter")
    with pytest.raises(Unavailable), log.begin() as work:
        work.count("cases.poll")


def test_promise_10_a_refusal_that_cannot_be_recorded_is_not_answered(log: Log) -> None:
    log.execute("DROP TABLE log_pending")
    with pytest.raises(Unavailable), log.begin():
        raise Denied("conflict", subject=a_case(1))


def test_promise_10_a_database_that_goes_before_the_commit_means_refuse(
    postgresql_url: str, tmp_path: Path
) -> None:
    with a_log(postgresql_url, tmp_path) as log:

        def interrupted() -> None:
            with log.begin() as work:
                work.record("case.read", a_case(1), because="assigned")
                number = work.session.scalar(select(func.pg_backend_pid()))
                log.execute("SELECT pg_terminate_backend(:number)", number=number)

        with pytest.raises(Unavailable):
            interrupted()
        assert log.count(log_pending) == 0


def test_promise_10_a_commit_that_is_refused_means_refuse(sqlite_url: str, tmp_path: Path) -> None:
    with a_log(sqlite_url, tmp_path) as log:

        def contradicting() -> None:
            with log.begin() as work:
                entry = work.record("case.assign", a_case(1), because="route")
                work.session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
                row = {"agency_id": "nobody", "case_id": a_case(1), "kind": "ASSIGNED"}
                work.session.execute(insert(feed), row | {"entry_id": entry.id})

        with pytest.raises(Unavailable):
            contradicting()
        assert (log.count(feed), log.count(log_pending)) == (0, 0)

"""Promise 2, as far as the log keeps it: a refusal looks like absence, and is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from gateway import ledger
from gateway.errors import Denied, NotFound
from gateway.store.tables import counter, log_pending
from tests.flows.a_log import LANDLORD, Log, a_case, a_log
from tests.promises.test_promise_01_recorded_or_not_done import change


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Log]:
    with a_log(database_url, tmp_path) as made:
        yield made


def refusal(log: Log, error: NotFound) -> BaseException:
    """What a caller of `begin` sees when a flow raises `error`."""

    def read() -> None:
        with log.begin(LANDLORD) as work:
            work.attempt("case.read")
            change(work)
            raise error

    with pytest.raises(NotFound) as caught:
        read()
    return caught.value


def test_promise_02_a_refusal_is_the_same_error_as_absence(log: Log) -> None:
    denied = refusal(log, Denied("conflict", subject=a_case(1)))
    absent = refusal(log, NotFound())
    assert type(denied) is type(absent) is NotFound
    assert str(denied) == str(absent) == ""
    assert denied.__dict__ == absent.__dict__
    assert denied.__cause__ is None
    assert denied.__suppress_context__


def test_promise_02_a_refusal_changes_nothing_but_the_log(log: Log) -> None:
    refusal(log, Denied("conflict", subject=a_case(1)))
    refusal(log, NotFound())
    assert (log.count(counter), log.count(log_pending)) == (0, 2)


def test_promise_02_the_true_reason_is_in_the_log_and_survives(log: Log) -> None:
    refusal(log, Denied("conflict", subject=a_case(1)))
    log.sequence()
    with log.begin() as work:
        work.record("log.read", a_case(1), because="auditor")
        denied = ledger.case_records(work, a_case(1))[0]
    assert denied.leaf == 0
    assert denied.record["outcome"] == "denied"
    assert denied.record["because"] == "conflict"
    assert denied.record["agency"] == "oak"


def test_promise_02_both_take_the_same_path_through_the_database(
    sqlite_url: str, tmp_path: Path
) -> None:
    with a_log(sqlite_url, tmp_path) as log:
        statements: list[str] = []
        engine = log.sessions.kw["bind"]
        event.listen(engine, "checkout", lambda raw, *_: raw.set_trace_callback(statements.append))
        for error in (Denied("x", subject=a_case(1)), NotFound()):  # the first makes the keys
            refusal(log, error)
        found = []
        for error in (Denied("x", subject=a_case(1)), NotFound()):
            statements.clear()
            refusal(log, error)
            found.append([statement.split(" (")[0].split(" =")[0] for statement in statements])
        assert found[0] == found[1]
        assert any("log_pending" in statement for statement in found[0])

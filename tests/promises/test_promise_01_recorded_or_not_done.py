"""Promise 1: a Work that recorded nothing does not commit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert

from gateway import ledger
from gateway.errors import Conflict
from gateway.store.tables import counter, log_entry, log_pending
from tests.flows.a_log import IDVA, Log, a_case, a_log

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Log]:
    with a_log(database_url, tmp_path) as made:
        yield made


def change(work: ledger.Work) -> None:
    """Some change of the stored data."""
    row = {"agency_id": work.caller.agency_id, "day": date(2026, 11, 21)}
    row |= {"event": "change", "times": 1}
    work.session.execute(insert(counter), row)


def test_promise_01_a_work_that_recorded_nothing_does_not_commit(log: Log) -> None:
    with pytest.raises(ledger.Unrecorded), log.begin() as work:
        change(work)
    assert (log.count(counter), log.count(log_pending)) == (0, 0)


def test_promise_01_even_reading_nothing_must_be_recorded(log: Log) -> None:
    with pytest.raises(ledger.Unrecorded), log.begin():
        pass


def test_promise_01_a_work_that_recorded_commits(log: Log) -> None:
    with log.begin() as work:
        change(work)
        work.record("case.accept", a_case(1), because="coordinator")
    assert (log.count(counter), log.count(log_pending)) == (1, 1)


def test_promise_01_a_counted_poll_is_enough(log: Log) -> None:
    with log.begin() as work:
        work.count("cases.poll")
    assert (log.count(counter), log.count(log_pending)) == (1, 0)


def test_promise_01_each_work_answers_for_itself(log: Log) -> None:
    log.read()
    with pytest.raises(ledger.Unrecorded), log.begin() as work:
        change(work)
    assert log.count(counter) == 0


@pytest.mark.parametrize("error", [Conflict("contradiction"), ZeroDivisionError(), SystemExit()])
def test_F71_the_act_and_its_entry_stand_or_fall_together(log: Log, error: BaseException) -> None:
    def act() -> None:
        with log.begin() as work:
            change(work)
            work.record("case.accept", a_case(1), because="coordinator")
            raise error

    with pytest.raises(type(error)):
        act()
    assert (log.count(counter), log.count(log_pending)) == (0, 0)


PROGRAM = """
import os, signal, sys
from pathlib import Path
from gateway import ledger
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions
from tests.flows.a_log import IDVA, NOW, a_case
from tests.promises.test_promise_01_recorded_or_not_done import change

url, folder, moment = sys.argv[1:]
sessions = make_sessions(make_engine(url))
with ledger.begin(sessions, keys.load(Path(folder)), IDVA, NOW) as work:
    change(work)
    if moment == "before the entry":
        os.kill(os.getpid(), signal.SIGKILL)
    work.record("case.accept", a_case(1), because="coordinator")
    if moment == "before the commit":
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("moment", "stands"),
    [("before the entry", 0), ("before the commit", 0), ("after the commit", 1)],
)
def test_V23_a_process_that_is_killed_leaves_both_or_neither(
    log: Log, database_url: str, tmp_path: Path, moment: str, stands: int
) -> None:
    command = [sys.executable, "-c", PROGRAM, database_url, str(tmp_path / "keys"), moment]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert (log.count(counter), log.count(log_pending)) == (stands, stands)
    assert log.sequence() == stands
    assert log.count(log_entry) == stands
    log.read(IDVA)  # and the service goes on
    assert ledger.verify(log.sessions, log.keys, deep=True)

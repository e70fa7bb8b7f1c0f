"""The replay store: first use decided once for all workers, and a loss that opens no window."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from gateway.agencies import replay
from gateway.agencies.replay import Replay
from gateway.config import Settings
from gateway.errors import Unavailable
from gateway.schemas.codes import AgencyKind
from tests.doors.many import use_all
from tests.doors.oauth import BASE, START, a_door


@pytest.fixture(params=["sqlite", "postgresql"])
def replay_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'used.db'}"
    return str(request.getfixturevalue("empty_postgresql_url"))


@pytest.fixture
def store(replay_url: str) -> Iterator[Replay]:
    store = Replay.open(replay_url, START)
    yield store
    store.close()


def use(store: Replay, jti: str = "a", *, seconds: float = 0, **changes: Any) -> bool:
    moment = START + timedelta(seconds=seconds)
    parts = {"kind": "dpop", "htu": "h", "jkt": "k", "jti": jti, **changes}
    issued = moment.timestamp()
    return store.first_use(**parts, issued_at=issued, expires_at=int(issued) + 61, now=moment)


def test_a_use_is_first_once_and_every_part_counts(store: Replay) -> None:
    assert use(store)
    assert not use(store)
    for change in ({"kind": "assertion"}, {"htu": "h2"}, {"jkt": "k2"}, {"jti": "b"}):
        assert use(store, **change)  # type: ignore[arg-type]
        assert not use(store, **change)  # type: ignore[arg-type]


def test_what_was_issued_before_the_store_was_born_is_refused(store: Replay) -> None:
    assert not use(store, "early", seconds=-0.5)
    assert not use(store, "early", seconds=-0.5)
    assert use(store, "on time", seconds=0)


def test_a_store_that_is_opened_again_remembers(store: Replay, replay_url: str) -> None:
    assert use(store, seconds=5)
    again = Replay.open(replay_url, START + timedelta(seconds=20))
    assert not use(again, seconds=5)
    assert use(again, "b", seconds=6)  # and was not born again
    again.close()


def test_a_store_emptied_by_a_crash_opens_no_window(empty_postgresql_url: str) -> None:
    store = Replay.open(empty_postgresql_url, START)
    assert use(store, seconds=1)
    engine = create_engine(empty_postgresql_url)
    with engine.begin() as connection:  # what PostgreSQL does to unlogged tables after a crash
        connection.execute(
            text("TRUNCATE replay.seen, replay.birth, replay.failure, replay.bucket")
        )
    engine.dispose()
    assert not use(store, seconds=1.2)  # born again at 2: nothing issued before is accepted
    assert not use(store, "b", seconds=1)
    assert not use(store, "b", seconds=1.9)
    assert use(store, "c", seconds=2)
    store.close()


def test_a_new_store_accepts_whole_seconds_from_its_first(replay_url: str) -> None:
    store = Replay.open(replay_url, START + timedelta(seconds=0.7))
    assert use(store, seconds=0)
    assert not use(store, "early", seconds=-1)
    store.close()


def test_the_tables_on_postgresql_are_unlogged(store: Replay, replay_url: str) -> None:
    if replay_url.startswith("sqlite"):
        files = list(Path(replay_url.removeprefix("sqlite:///")).parent.glob("used.db.*"))
        assert any(file.read_bytes().startswith(b"SQLite format 3") for file in files)
        return
    engine = create_engine(replay_url)
    with engine.connect() as connection:
        asked = text(
            "SELECT relname, relpersistence FROM pg_class"
            " WHERE relnamespace = 'replay'::regnamespace AND relkind = 'r'"
        )
        kinds = {row.relname: row.relpersistence for row in connection.execute(asked)}
    engine.dispose()
    assert kinds == {"birth": "u", "seen": "u", "failure": "u", "bucket": "u"}


def test_a_file_of_an_earlier_boot_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'used.db'}"
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(replay, "_BOOT_ID", boot)
    boot.write_text("11111111-aaaa\n")
    first = Replay.open(url, START)
    assert use(first, seconds=1)
    first.close()
    boot.write_text("22222222-aaaa\n")
    second = Replay.open(url, START + timedelta(seconds=30))
    assert not use(second, seconds=1)
    assert use(second, seconds=31)
    second.close()
    assert {path.name[:16] for path in tmp_path.glob("used.db.*")} == {"used.db.22222222"}


def test_expired_uses_are_forgotten_in_batches(store: Replay) -> None:
    for number in range(5):
        assert use(store, str(number))
    assert store.sweep(START + timedelta(seconds=60)) == 0
    assert store.sweep(START + timedelta(seconds=62)) == 5
    assert use(store, "0", seconds=62)


def test_failures_are_counted_per_reason(store: Replay) -> None:
    for _ in range(3):
        store.count_failure("invalid-token", START)
    store.count_failure("invalid-client", START + timedelta(minutes=1))
    assert store.failures(START) == {"invalid-token": 3, "invalid-client": 1}
    assert store.failures(START + timedelta(minutes=1)) == {"invalid-client": 1}


def test_of_four_workers_exactly_one_is_first(replay_url: str) -> None:
    context = get_context("spawn")
    answers = context.Queue()
    workers = [context.Process(target=use_all, args=(replay_url, START, answers)) for _ in range(4)]
    for worker in workers:
        worker.start()
    got = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    answers.close()
    assert [sum(column) for column in zip(*got, strict=True)] == [1] * 40


def test_of_many_threads_exactly_one_is_first(store: Replay) -> None:
    firsts = []

    def run() -> None:
        firsts.extend(use(store, str(number)) for number in range(20))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(firsts) == 20


def test_a_store_that_does_not_open_stops_the_service(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Replay.open(f"sqlite:///{tmp_path / 'no-such-folder' / 'used.db'}", START)


def test_the_store_lies_beside_the_database_unless_told_otherwise(tmp_path: Path) -> None:
    def settings(database: str, at: str = "") -> Settings:
        return Settings("production", BASE, database, tmp_path, at)

    postgres = "postgresql+psycopg://gateway@db/gateway"
    assert replay.address(settings("sqlite:////srv/gateway.db")) == (
        "sqlite:////srv/gateway.db.replay"
    )
    assert replay.address(settings(postgres)) == postgres
    assert replay.address(settings(postgres, "sqlite:////run/x")) == "sqlite:////run/x"


def test_without_the_store_nothing_is_accepted(sqlite_url: str, tmp_path: Path) -> None:
    with a_door(sqlite_url, tmp_path) as door:
        idva = door.enrol("idva", AgencyKind.IDVA)
        token = idva.token("cases:read")
        door.house.replay.close()
        for file in tmp_path.glob("replay.db.*"):
            file.unlink()
        before = len(door.records())
        answer = idva.call(token)
        assert answer.status_code == 503
        assert len(door.records()) == before

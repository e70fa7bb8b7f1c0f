"""A floor does the gateway's job: it writes the same rows, and answers as much (ADR 66)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench import floor_facts, floor_reads, jobs, pairs, stage
from bench.floor_submit import submit
from bench.pairs import Pair
from bench.timing import Build


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("bench")
    made = pairs.prepare(stage.build(folder), folder, 2026)
    yield made
    made.close()


@pytest.fixture(scope="module")
def built(pair: Pair) -> dict[str, dict[str, Build]]:
    times = {"submit": 1, "pull": 1, "agenda": 1}
    return {job.name: job.builds for job in jobs.build(pair, times=times)}


def _added(file: Path, act: Callable[[], Any]) -> dict[str, int]:
    """How many rows each table has more afterwards."""
    with closing(sqlite3.connect(file)) as db:
        before = _counted(db)
        act()
        after = _counted(db)
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def _counted(db: sqlite3.Connection) -> dict[str, int]:
    listed = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    of = 'SELECT count(*) FROM "{}"'
    return {name: db.execute(of.format(name)).fetchone()[0] for (name,) in listed}


@pytest.mark.parametrize("job", ["submit", "pull 20", "agenda 30"])
def test_the_floor_adds_as_many_rows_to_each_table(
    job: str, pair: Pair, built: dict[str, dict[str, Build]]
) -> None:
    ours, floor = built[job]["ours"], built[job]["floor"]
    given, its = ours.prepare(), floor.prepare()

    by_us = _added(pair.stage.folder / "gateway.db", lambda: ours.act(given))
    by_hand = _added(pair.stage.folder / "floor.db", lambda: floor.act(its))

    assert by_us == by_hand
    assert by_us["log_pending"] > 0


def test_the_floor_answers_as_much(pair: Pair) -> None:
    pairs.submit_ours(pair, next(pair.packets))
    receipt = submit(pair.floor, next(pair.packets))

    assert len(receipt) == pytest.approx(len(pair.receipts[-1]), rel=0.1)


def test_the_floor_tells_as_much_of_a_case_and_keeps_as_much(pair: Pair) -> None:
    who = floor_facts.reader(pair.floor, "case.read", "IDVA")
    key = pair.stage.sender(pairs.IDVA).agency.encryption.private_key.public_key()  # type: ignore[union-attr]
    told = [
        len(pairs.pull_ours(pair, pair.ours[0])[0]),
        len(floor_reads.pull(pair.floor, pair.its[0], who, key)),
    ]
    kept = []
    for file in ("gateway.db", "floor.db"):
        with closing(sqlite3.connect(pair.stage.folder / file)) as db:
            text = "SELECT length(r.content), length(l.record) FROM receipt r"
            kept.append(db.execute(f"{text} JOIN log_pending l ON l.id = r.id").fetchone())

    assert told[0] == pytest.approx(told[1], rel=0.1)
    assert kept[0] == pytest.approx(kept[1], rel=0.15)

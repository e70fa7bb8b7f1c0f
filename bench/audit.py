"""Owns the check of the log against the least it can be: read every line, hash it, compare."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing
from typing import Any

from bench.floor_reads import read_and_hash
from bench.pairs import Pair
from bench.payloads import NOW
from bench.timing import Build, Job, quantile, ratios, run
from gateway import ledger
from gateway.ledger import OPERATOR, Act, begin

_CHUNK = 1000


def measure(pair: Pair, *, entries: int, rounds: int, chance: random.Random) -> dict[str, Any]:
    """Add so many entries to the log, and check all of it both ways."""
    house = pair.stage.house
    with closing(sqlite3.connect(pair.stage.folder / "gateway.db")) as db:
        cases = [case_id for (case_id,) in db.execute('SELECT id FROM "case"')]
    for first in range(0, entries, _CHUNK):
        with begin(house.sessions, house.keys, OPERATOR, NOW) as work:
            numbers = range(first, min(first + _CHUNK, entries))
            acts = [Act("case.read", cases[n % len(cases)], "assigned") for n in numbers]
            work.record_all(acts)
    begun, taken = time.process_time_ns(), 0
    while more := ledger.sequence(house.sessions, house.keys, now=NOW):
        taken += more
    sequenced = time.process_time_ns() - begun
    found = ledger.verify(house.sessions, house.keys).entries
    with closing(sqlite3.connect(pair.stage.folder / "gateway.db")) as db:

        def its(_: object) -> None:
            assert read_and_hash(db) == found

        def ours(_: object) -> None:
            report = ledger.verify(house.sessions, house.keys)
            assert report, report.what
            assert report.entries == found

        builds = {"floor": Build(lambda: None, its), "ours": Build(lambda: None, ours)}
        times = run([Job("verify", builds, 1)], rounds=rounds, chance=chance)["verify"]
    return {
        "entries": found,
        "sequencing, us per entry": round(sequenced / taken / 1000, 1),
        "entries per second": {
            name: round(found / quantile(each.cpu, 0.5) * 1e9) for name, each in times.items()
        },
        "share": [1 / value for value in ratios(times["ours"], times["floor"])][::-1],
    }

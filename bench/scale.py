"""Owns what grows with the data: each indexed read at every size, and the lookup of a person."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bench import seeds
from bench.floor_reads import find_person
from bench.timing import Build, Job, Taken, quantile, ratios
from bench.timing import run as run_jobs
from gateway.store import answers, cases, context, feed, log, members, parties, referrals
from gateway.store.engine import make_engine, make_sessions
from gateway.store.wall import System

LOOKUPS = 50  # in one measured operation: one alone is too short for the clock of CPU time
Read = Callable[[Session, int, int], Any]  # session, number of a case, number of cases


def _page(session: Session, number: int, size: int) -> list[Any]:
    """A page of what an agency sent, half way down."""
    middle = size // 2 + number % seeds.AGENCIES
    return referrals.list_sent(
        session,
        agency_id=seeds.agency(middle),
        before=(seeds.received_at(middle), seeds.reference(middle)),
        limit=20,
    )


def _delta(session: Session, number: int, size: int) -> list[Any]:
    """The last items of an agency's feed, 20 at most, in a feed that grows with the data."""
    after = (max(size - 20 * seeds.AGENCIES, 0), 0)
    return feed.list_items(session, agency_id=seeds.agency(number), after=after, limit=20)


READS: dict[str, Read] = {
    "referral by reference": lambda s, n, _: referrals.find_referral(
        s, reference=seeds.reference(n)
    ),
    "case with its state": lambda s, n, _: cases.list_cases(s, [seeds.case_id(n)]),
    "case as it stands": lambda s, n, _: cases.list_now(s, [seeds.case_id(n)]),
    "who belongs to a case": lambda s, n, _: members.list_assignments(s, [seeds.case_id(n)]),
    "person by three tokens": lambda s, n, _: parties.list_hits(s, seeds.tokens(2 * n)),
    "answer by its key": lambda s, n, _: answers.find_answer(
        s, agency_id=seeds.agency(n), key=seeds.entry_id(n)
    ),
    "place of an entry": lambda s, n, size: [log.find_leaf(s, seeds.entry_id(n))],
    "log of a case": lambda s, n, _: log.list_case_lines(s, case_id=seeds.case_id(n)),
    "page half way down": _page,
    "feed, 20 new": _delta,
    "feed, nothing new": lambda s, n, size: (
        not feed.list_items(s, agency_id=seeds.agency(n), after=(size + 1, 0), limit=20)
    ),
}
# For whom a read is, where it is not for the agency that sent the case: the second wall asks.
FOR = {
    "person by three tokens": lambda n, size: System.MATCHING,
    "place of an entry": lambda n, size: System.SEQUENCER,
    "page half way down": lambda n, size: seeds.agency(size // 2 + n % seeds.AGENCIES),
}
GROWS = {"feed, 20 new"}  # reported, not judged: a small database has fewer rows to give


def run(
    folder: Path, sizes: list[int], *, rounds: int, times: int, chance: random.Random
) -> dict[str, Any]:
    """Fill a database of each size (in people) and time every read in all, in random order."""
    files = {size: folder / f"people-{size}.db" for size in sizes}
    filled = {}
    for size, file in files.items():
        begun = time.perf_counter()
        seeds.fill(file, size)
        filled[str(size)] = {
            "seconds": round(time.perf_counter() - begun, 1),
            "MiB": round(file.stat().st_size / 2**20, 1),
        }
    reads = _reads(files, rounds=rounds, times=times, chance=chance)
    largest = max(sizes)
    lookup = _lookup(files[largest], largest, rounds=rounds, chance=chance)
    share = [1 / value for value in ratios(lookup["ours"], lookup["floor"])][::-1]
    per_second = {
        name: round(LOOKUPS / quantile(taken.cpu, 0.5) * 1e9) for name, taken in lookup.items()
    }
    growth = {
        name: round(found[str(largest)] / found[str(min(sizes))], 2)
        for name, found in reads.items()
    }
    return {
        "filled": filled,
        "p50 us": reads,
        "judged growth": {name: value for name, value in growth.items() if name not in GROWS},
        "growth by rows returned": {name: growth[name] for name in sorted(GROWS)},
        "lookups per second": per_second,
        "lookup, share of one statement": share,
    }


def _reads(
    files: dict[int, Path], *, rounds: int, times: int, chance: random.Random
) -> dict[str, dict[str, float]]:
    engines = {size: make_engine(f"sqlite:///{file}") for size, file in files.items()}
    taken: dict[str, dict[int, list[int]]] = {name: {size: [] for size in files} for name in READS}
    for number in range(rounds + 1):
        for size in chance.sample(list(files), len(files)):
            with make_sessions(engines[size])() as session:
                session.connection(execution_options={"readonly": True})
                for name in chance.sample(list(READS), len(READS)):
                    found = _timed(name, session, size // 2, times, chance)
                    if number:
                        taken[name][size] += found
    for engine in engines.values():
        engine.dispose()
    return {
        name: {str(size): round(quantile(each, 0.5) / 1000, 1) for size, each in by_size.items()}
        for name, by_size in taken.items()
    }


def _timed(name: str, session: Session, size: int, times: int, chance: random.Random) -> list[int]:
    found, read = [], READS[name]
    for number in [chance.randrange(size) for _ in range(times)]:
        context.stand(session, FOR.get(name, lambda n, _: seeds.agency(n))(number, size))
        begun = time.perf_counter_ns()
        answer = read(session, number, size)
        found.append(time.perf_counter_ns() - begun)
        assert answer, "a read found nothing"
    return found


def _lookup(file: Path, persons: int, *, rounds: int, chance: random.Random) -> dict[str, Taken]:
    engine = make_engine(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as db, make_sessions(engine)() as session:
        context.stand(session, System.MATCHING)
        session.connection(execution_options={"readonly": True})

        def people() -> list[list[bytes]]:
            return [seeds.tokens(chance.randrange(persons)) for _ in range(LOOKUPS)]

        def its(given: list[list[bytes]]) -> None:
            for each in given:
                assert len(find_person(db, each)) == seeds.TOKENS

        def ours(given: list[list[bytes]]) -> None:
            for each in given:
                assert len(parties.list_hits(session, each)) == seeds.TOKENS

        job = Job("lookup", {"floor": Build(people, its), "ours": Build(people, ours)}, 5)
        found = run_jobs([job], rounds=rounds, chance=chance)["lookup"]
    engine.dispose()
    return found

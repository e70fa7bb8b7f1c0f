"""Owns a run: its parts, how much of each, and that every answer was right."""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import audit, decisions, http, jobs, pairs, plans, report, scale, scan, stage, startup
from bench.steps import AGENDA, PULL, SUBMIT, Steps
from bench.timing import Job, calibrate
from bench.timing import run as take
from gateway.cli import server

SEED, DRIFT, TRIES = 2026, 1.3, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    times: dict[str, int]  # operations of each job in a round
    entries: int  # of the log that is checked
    submits: int  # in a block over HTTP
    polls: int
    sizes: list[int]  # people
    starts: int
    documents: int  # that are searched for nothing


PLANS = {
    "check": Plan(1, {"submit": 1, "pull": 1, "agenda": 1}, 50, 8, 8, [1_000, 2_000], 1, 20),
    "quick": Plan(
        9, {"submit": 8, "pull": 1, "agenda": 2}, 5_000, 30, 150, [1_000, 10_000], 3, 2_000
    ),
    "full": Plan(
        15,
        {"submit": 20, "pull": 2, "agenda": 5},
        50_000,
        150,
        600,
        [10_000, 100_000, 1_000_000],
        7,
        10_000,
    ),
}


def measure(plan: Plan, folder: Path, mode: str, parts: Iterable[str] = ()) -> dict[str, Any]:
    """Measure all parts, or those named, with every answer checked.

    :raises AssertionError: if an answer, a row count, a receipt or the log is not right.
    """
    chance = random.Random(SEED)
    began = calibrate()
    found: dict[str, Any] = {"mode": mode, "machine": report.machine(), "unsteady": False}
    _say("preparing")
    pair = pairs.prepare(stage.build(folder), folder, SEED)
    run = _Run(plan, pair, chance, found)
    server.settle()  # as the service does before it forks; both sides gain alike
    try:
        for name in parts or PARTS:
            _say(name)
            PARTS[name](run)
        _say("checking what was left behind")
        found["checked"] = pairs.check(pair)
    finally:
        gc.unfreeze()
        pair.close()
    found["calibrator"] = [began, calibrate()]
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    plan: Plan
    pair: pairs.Pair
    chance: random.Random
    found: dict[str, Any]


def _jobs(run: _Run) -> None:
    plan, found = run.plan, run.found
    built = jobs.build(run.pair, times=plan.times)
    found["jobs"] = _steadily(
        found, lambda: report.table_of(take(built, rounds=plan.rounds, chance=run.chance))
    )
    found["steps"] = {
        job.name: _watched(job, steps, plan.rounds)
        for job, steps in zip(built[:3], (SUBMIT, PULL, AGENDA), strict=True)
    }
    found["plans"] = _plans(run.pair, built[:3])


def _http(run: _Run) -> None:
    plan, pair = run.plan, run.pair
    run.found["http"] = http.run(
        pair.stage,
        rounds=plan.rounds,
        submits=plan.submits,
        polls=plan.polls,
        chance=run.chance,
    )
    # What the servers took in counts too; http.run has checked how many that was.
    pair.counted = dict(zip(("ours", "floor"), http.rows(pair.stage), strict=True))


def _log(run: _Run) -> None:
    plan = run.plan
    run.found["verify"] = audit.measure(
        run.pair, entries=plan.entries, rounds=plan.rounds, chance=run.chance
    )


def _scale(run: _Run) -> None:
    plan, folder = run.plan, run.pair.stage.folder
    run.found["scale"] = scale.run(
        folder, plan.sizes, rounds=plan.rounds, times=10, chance=run.chance
    )


def _decide(run: _Run) -> None:
    run.found["decisions"] = _steadily(
        run.found, lambda: decisions.measure(rounds=10 * run.plan.rounds)
    )


def _scan(run: _Run) -> None:
    plan = run.plan
    run.found["scan"] = _steadily(
        run.found, lambda: scan.measure(rounds=3 * plan.rounds, documents=plan.documents)
    )


def _start(run: _Run) -> None:
    run.found["startup"] = startup.measure(run.pair.stage.folder, times=run.plan.starts)


PARTS: dict[str, Callable[[_Run], None]] = {
    "jobs": _jobs,
    "http": _http,
    "log": _log,
    "scale": _scale,
    "start": _start,
    "decisions": _decide,
    "scan": _scan,
}


def _steadily(found: dict[str, Any], act: Callable[[], Any]) -> Any:
    """Measure again if the machine changed its speed meanwhile."""
    for _ in range(TRIES):
        before = calibrate()
        result = act()
        after = calibrate()
        if max(before, after) / min(before, after) <= DRIFT:
            return result
        _say("the machine changed its speed; once more")
    found["unsteady"] = True
    return result


def _watched(job: Job, steps: dict[str, tuple[str, ...]], times: int) -> dict[str, float]:
    """CPU of each step of our build, ms per operation, the largest first."""
    build, watch = job.builds["ours"], Steps()
    given = [build.prepare() for _ in range(times)]
    act = watch.timed("everything else", build.act)
    with watch.watching(steps):
        for each in given:
            act(each)
    ordered = sorted(watch.spent.items(), key=lambda item: -item[1])
    return {name: round(spent / times / 1e6, 3) for name, spent in ordered} | {
        f"(not found: {name})": 0.0 for name in watch.absent
    }


def _plans(pair: pairs.Pair, built: list[Job]) -> dict[str, Any]:
    """How many statements each job sends, and which of them walk through a growing table."""
    found: dict[str, Any] = {}
    walks: list[str] = []
    for job in built:
        build = job.builds["ours"]
        given = build.prepare()
        seen = plans.trace(pair.stage, lambda act=build.act, given=given: act(given))  # type: ignore[misc]
        found[f"{job.name}, statements"] = len(seen)
        walks += plans.walks(pair.stage, seen)
    found["statements that scan"] = sorted(set(walks))
    return found


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

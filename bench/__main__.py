"""Runs the bench: `python -m bench [--quick | --full | --check] [--baseline]`."""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import audit, http, jobs, pairs, plans, report, scale, stage, startup
from bench.steps import AGENDA, PULL, SUBMIT, Steps
from bench.timing import Job, calibrate, run

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


PLANS = {
    "check": Plan(1, {"submit": 1, "pull": 1, "agenda": 1}, 50, 8, 8, [1_000, 2_000], 1),
    "quick": Plan(9, {"submit": 8, "pull": 1, "agenda": 2}, 5_000, 30, 150, [1_000, 10_000], 3),
    "full": Plan(
        15,
        {"submit": 20, "pull": 2, "agenda": 5},
        50_000,
        150,
        600,
        [10_000, 100_000, 1_000_000],
        7,
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, keep; 1 if a goal that must be reached is missed by more than 15 %."""
    asked = _asked(arguments)
    mode = "full" if asked.full else "check" if asked.check else "quick"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = measure(PLANS[mode], Path(folder), mode)
    missed = report.show(found)
    print(f"\nkept in {report.keep(found, mode).relative_to(report.HERE.parent)}")
    if asked.baseline:
        report.keep_baseline(found)
    return 1 if missed and mode != "check" else 0


def measure(plan: Plan, folder: Path, mode: str) -> dict[str, Any]:
    """Everything that is measured, with every answer checked.

    :raises AssertionError: if an answer, a row count, a receipt or the log is not right.
    """
    chance = random.Random(SEED)
    began = calibrate()
    found: dict[str, Any] = {"mode": mode, "machine": report.machine(), "unsteady": False}
    _say("preparing")
    held = stage.build(folder)
    pair = pairs.prepare(held, folder, SEED)
    built = jobs.build(pair, times=plan.times)
    gc.collect()
    gc.freeze()
    _say("three jobs in process")
    found["jobs"] = _steadily(
        found, lambda: report.table_of(run(built, rounds=plan.rounds, chance=chance))
    )
    found["steps"] = {
        name: _watched(job, steps, plan.rounds)
        for job, (name, steps) in zip(
            built, (("submit", SUBMIT), ("pull 20", PULL), ("agenda 30", AGENDA)), strict=True
        )
    }
    found["plans"] = _plans(pair, built)
    _say("over HTTP")
    found["http"] = http.run(
        held, rounds=plan.rounds, submits=plan.submits, polls=plan.polls, chance=chance
    )
    _count_rows(pair)
    _say("the log")
    found["verify"] = audit.measure(pair, entries=plan.entries, rounds=plan.rounds, chance=chance)
    _say("scale")
    found["scale"] = scale.run(folder, plan.sizes, rounds=plan.rounds, times=10, chance=chance)
    _say("starts")
    found["startup"] = startup.measure(folder, times=plan.starts)
    _say("checking what was left behind")
    found["checked"] = pairs.check(pair)
    found["calibrator"] = [began, calibrate()]
    return found


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


def _count_rows(pair: pairs.Pair) -> None:
    """What the servers took in counts too; http.run has checked how many that was."""
    pair.counted = dict(zip(("ours", "floor"), http.rows(pair.stage), strict=True))


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--quick", action="store_true", help="about a minute (the default)")
    how.add_argument("--full", action="store_true", help="with a million people; some minutes")
    how.add_argument("--check", action="store_true", help="tiny numbers; only answers are checked")
    parser.add_argument("--baseline", action="store_true", help="keep the goals' values for later")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

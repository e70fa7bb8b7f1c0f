"""Owns how two builds of a job are timed against each other: op by op, in random order."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Build:
    """One way to do a job. `prepare` is not timed; `act` checks its own answer.

    `commit_ns` tells the wall time of the last commit, where the job has one.
    """

    prepare: Callable[[], Any]
    act: Callable[[Any], None]
    commit_ns: Callable[[], int] = lambda: 0


@dataclass(frozen=True, slots=True)
class Job:
    """A job in several builds; the first is what the others are measured against."""

    name: str
    builds: dict[str, Build]
    times: int  # operations of each build in a round


@dataclass(slots=True)
class Taken:
    """What the operations of one build took, in ns."""

    cpu: list[int] = field(default_factory=list)
    wall: list[int] = field(default_factory=list)
    commit: list[int] = field(default_factory=list)


Times = dict[str, dict[str, Taken]]  # job -> build -> times


def run(jobs: Sequence[Job], *, rounds: int, chance: random.Random) -> Times:
    """Run all jobs in all rounds: jobs in random order, and for each operation its builds too."""
    times: Times = {job.name: {name: Taken() for name in job.builds} for job in jobs}
    for job in jobs:  # caches of statements, keys and templates
        for _ in range(2):
            for build in job.builds.values():
                build.act(build.prepare())
    for _ in range(rounds):
        order = [job for job in jobs for _ in range(job.times)]
        chance.shuffle(order)
        for job in order:
            names = list(job.builds)
            chance.shuffle(names)
            for name in names:
                _once(job.builds[name], times[job.name][name])
    return times


def _once(build: Build, taken: Taken) -> None:
    given = build.prepare()
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    build.act(given)
    taken.cpu.append(time.process_time_ns() - cpu)
    taken.wall.append(time.perf_counter_ns() - wall)
    taken.commit.append(build.commit_ns())


def ratios(taken: Taken, floor: Taken) -> tuple[float, float, float]:
    """First quartile, median and third quartile of the ratios of CPU, operation by operation."""
    each = [mine / its for mine, its in zip(taken.cpu, floor.cpu, strict=True)]
    if len(each) < 2:
        return each[0], each[0], each[0]
    first, middle, third = statistics.quantiles(each, n=4, method="inclusive")
    return first, middle, third


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def ms(values: Sequence[int], share: float) -> float:
    """A quantile of nanoseconds, in milliseconds."""
    return round(quantile(values, share) / 1e6, 3)


def calibrate(times: int = 41) -> float:
    """Median of a fixed Python loop, in us: it tells the machine's slow state; a hash does not."""
    found = []
    for _ in range(times):
        begin, total = time.perf_counter_ns(), 0
        for number in range(1000):
            total += number * number % 7
        found.append((time.perf_counter_ns() - begin) / 1000)
    return round(statistics.median(found), 1)

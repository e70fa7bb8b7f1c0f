"""Owns the goals and how a measured value is held against them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SLACK = 1.15  # a goal counts as missed only beyond this


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal: what is measured, what it must be and what it should be."""

    number: str
    says: str
    must: float
    stretch: float
    is_share: bool = False  # a share of the floor: more is better

    def verdict(self, value: float) -> str:
        """ "stretch", "must", "near" (within the slack) or "missed"."""
        if self._holds(value, self.stretch):
            return "stretch"
        if self._holds(value, self.must):
            return "must"
        limit = self.must / SLACK if self.is_share else self.must * SLACK
        return "near" if self._holds(value, limit) else "missed"

    def _holds(self, value: float, limit: float) -> bool:
        return value >= limit if self.is_share else value <= limit


GOALS = (
    Goal("1", "submit in process, CPU vs floor", 2.2, 1.5),
    Goal("2", "submit/s over HTTP, share of the floor app", 0.45, 0.65, is_share=True),
    Goal("3", "submit p95 over HTTP vs the floor app", 2.5, 1.7),
    Goal("4", "pull 20, CPU vs floor", 1.8, 1.3),
    Goal("5", "empty poll, worker CPU vs Flask hello", 4.0, 2.5),
    Goal("6", "agenda 30 to HTML, CPU vs floor", 1.5, 1.2),
    Goal("8", "check of the log, share of hash-and-read", 0.30, 0.60, is_share=True),
    Goal("9", "lookup of a person, share of one statement", 0.40, 0.70, is_share=True),
    Goal("10", "slowest growth of an indexed read", 2.0, 1.3),
    Goal("12a", "MiB PSS per worker", 70, 55),
    Goal("12b", "seconds for imports and application", 1.2, 0.8),
    Goal("13", "us for a decision of one agency over all classes", 20, 15),
    Goal("14a", "ms to search 10 KB for readable values", 1, 0.5),
    Goal("14b", "ms to search 10 KB by keyed tokens", 5, 3),
    Goal("14c", "neutral documents in 1,000 that are held", 1, 0.5),
)


# Goal -> where its ratio or share stands in the results.
_RATIOS = {
    "1": ("jobs", "submit", "ours", "ratio"),
    "4": ("jobs", "pull 20", "ours", "ratio"),
    "6": ("jobs", "agenda 30", "ours", "ratio"),
    "8": ("verify", "share"),
    "9": ("scale", "lookup, share of one statement"),
}
_ROUNDS = {
    "2": ("http", "submit/s, share of the floor"),
    "3": ("http", "submit p95"),
    "5": ("http", "poll cpu"),
}


_SINGLE = {
    "10": ("scale", "judged growth"),
    "12a": ("http", "memory, MiB PSS per worker", "ours"),
    "12b": ("startup", "imports and application, s"),
    "13": ("decisions", "median, us"),
    "14a": ("scan", "readable, ms per 10 KB"),
    "14b": ("scan", "tokens, ms per 10 KB"),
    "14c": ("scan", "false stops in 1,000 documents"),
}


def values(found: dict[str, Any]) -> dict[str, tuple[float, float, float]]:
    """First quartile, median and third quartile of each measured goal, from a run's results.

    Of several reads or workers the worst counts.
    """
    known: dict[str, tuple[float, float, float]] = {}
    for number, (part, *path) in {**_RATIOS, **_ROUNDS, **_SINGLE}.items():
        if part not in found:
            continue
        value = _at(found[part], path)
        if number in _SINGLE:
            known[number] = (_worst(value),) * 3
        else:
            known[number] = _quartiles(value) if number in _ROUNDS else tuple(value)
    return known


def _at(found: Any, path: list[str]) -> Any:
    for name in path:
        found = found[name]
    return found


def _worst(value: Any) -> float:
    if isinstance(value, dict):
        value = list(value.values())
    return float(max(value) if isinstance(value, list) else value)


def _quartiles(each: list[float]) -> tuple[float, float, float]:
    ordered = sorted(each)
    first, middle, third = (ordered[int(len(ordered) * share)] for share in (0.25, 0.5, 0.75))
    return first, middle, third

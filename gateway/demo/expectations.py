"""Owns judging the demonstration: what was expected, held against what was observed."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gateway.demo.show import Show
from gateway.errors import BrokenTable

FILE = Path(__file__).with_name("expectations.toml")
Verdict = Literal["held", "failed", "not yet"]
OWED = ("now", "decisions", "desk", "later")  # the part of the work that owes a row


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that must be so: the name of an observation, and what it must come to."""

    id: str
    case: str
    text: str
    owed: str
    observe: str
    expected: Any


@dataclass(frozen=True, slots=True)
class Judged:
    """A row and how it came out."""

    row: Row
    verdict: Verdict
    observed: Any


def load(path: Path = FILE) -> tuple[Row, ...]:
    """Return all rows in their order.

    :raises BrokenTable: for a row that is incomplete, of nobody's part, or there twice.
    """
    rows = []
    for given in tomllib.loads(path.read_text("utf-8"))["row"]:
        owed = given.get("owed")
        fields = {"id", "case", "text", "owed"} | (
            {"observe", "expected"} if owed == "now" else set()
        )
        if owed not in OWED or not fields <= given.keys() <= set(Row.__slots__):
            raise BrokenTable(f"expectations: a row is incomplete: {given.get('id')}")
        rows.append(Row(**{"observe": "", "expected": None, **given}))
    if len({row.id for row in rows}) != len(rows):
        raise BrokenTable("expectations: a row stands there twice")
    return tuple(rows)


def judge(rows: Iterable[Row], observed: Mapping[str, Any]) -> tuple[Judged, ...]:
    """Hold every row against what was observed; what nobody observed has failed."""
    judged = []
    for row in rows:
        found = _find(observed, row.observe)
        verdict: Verdict = "held" if found == row.expected else "failed"
        judged.append(Judged(row, verdict if row.owed == "now" else "not yet", found))
    return tuple(judged)


def report(judged: Iterable[Judged], show: Show) -> bool:
    """Show how every row came out; whether all that are owed now held."""
    results = tuple(judged)
    show.title("What was expected")
    for case in dict.fromkeys(each.row.case for each in results):
        mine = [each for each in results if each.row.case == case]
        show.table((case, "", ""), [(e.verdict, e.row.id, _words(e)) for e in mine])
    for each in results:
        if each.verdict == "failed":
            show.text(f"FAILED {each.row.id}: expected {each.row.expected!r}")
            show.text(f"       observed {each.observed!r}")
    counts = Counter(each.verdict for each in results)
    show.text("")
    show.text(
        f"{counts['held']} held, {counts['failed']} failed, {counts['not yet']} not yet.", indent=""
    )
    return not counts["failed"]


def _find(observed: Mapping[str, Any], name: str) -> Any:
    name, _, member = name.partition("/")
    found = observed.get(name, "not observed")
    if not member:
        return found
    return found.get(member, "not there") if isinstance(found, Mapping) else "not observed"


def _words(judged: Judged) -> str:
    owed = "" if judged.row.owed == "now" else f" (owed by: {judged.row.owed})"
    return f"{judged.row.text}{owed}"

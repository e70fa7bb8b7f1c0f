"""Owns how time is drawn: a chronology with a lane for each source, and scores by date.

A picture says nothing that its table does not. It is laid out here and drawn by the template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.rules.chronology import Event
from gateway.rules.risk_history import Assessed

LEFT, WIDE, TOP, LANE = 190, 700, 34, 34  # in the picture's own units
MOST = 14  # lanes; what has none is in the table
_LONGEST = 22  # letters of a name beside its lane
_HIGH = 150  # of the picture of scores


@dataclass(frozen=True, slots=True)
class Mark:
    """One event: a dot, or a bar from one end to the other."""

    x: int
    y: int
    width: int  # 0: a dot
    is_account: bool  # of what happened, not of what was done about it


@dataclass(frozen=True, slots=True)
class Lane:
    """Where the events of one source stand."""

    name: str
    y: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A day on the axis."""

    x: int
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One assessment: how high its score was, and what its author judged."""

    x: int
    y: int
    text: str


@dataclass(slots=True)
class Chart:
    """Everything that is drawn, on a sheet of so many units."""

    width: int
    height: int
    ticks: list[Tick] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)


def chart(events: Sequence[Event], names: Mapping[str, str]) -> Chart | None:
    """Lay out the events that have a day; None where there are less than two days."""
    spans = [(each, span) for each in events if (span := each.span) is not None]
    first, last = _ends([day for _, span in spans for day in span])
    if first == last:
        return None
    sources = list(dict.fromkeys(each.source for each, _ in spans))
    shown = sorted(sources, key=lambda each: names.get(each, each))[:MOST]
    found = Chart(LEFT + WIDE + 40, TOP + len(shown) * LANE + 10, _ticks(first, last))
    rows = {source: TOP + 20 + n * LANE for n, source in enumerate(shown)}
    for source, y in rows.items():
        found.lanes.append(Lane(_short(names.get(source, source)), y))
    for each, (start, end) in spans:
        if each.source in rows:
            x, until = _place(start, first, last), _place(end, first, last)
            is_account = each.kind in ("INCIDENT", "RESEARCH")
            found.marks.append(Mark(x, rows[each.source], until - x, is_account))
    return found


def scores(history: Sequence[Assessed]) -> Chart | None:
    """Lay out the score of each assessment by its day; None for less than two days."""
    first, last = _ends([each.on for each in history])
    if first == last:
        return None
    found = Chart(LEFT + WIDE + 40, _HIGH + 30, _ticks(first, last))
    for each in history:
        y = TOP + round((_HIGH - TOP) * (1 - each.score / (each.maximum or 1)))
        found.dots.append(Dot(_place(each.on, first, last), y, f"{each.score}/{each.maximum}"))
    return found


def _ends(days: Sequence[date]) -> tuple[date, date]:
    return (min(days), max(days)) if days else (date.min, date.min)


def _place(day: date, first: date, last: date) -> int:
    return LEFT + round(WIDE * (day - first).days / max((last - first).days, 1))


def _ticks(first: date, last: date) -> list[Tick]:
    """The first day, the last, and two between."""
    days = (last - first).days
    some = dict.fromkeys(first + (last - first) * n // 3 for n in range(4)) if days > 3 else ()
    return [Tick(_place(day, first, last), f"{day:%b %Y}") for day in some or (first, last)]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"

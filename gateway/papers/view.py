"""Owns the words of an agenda in their order, whatever the format: what each reader's copy says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.flows.conferences.agenda import Agenda, Line
from gateway.papers import words
from gateway.schemas.codes import AgencyKind

# Columns of the table of cases, in their order; one that no case fills is left out.
COLUMNS = (
    ("from", "Referral"),
    ("why", "Why it is listed"),
    ("risk", "Risk"),
    ("mind", "Bear in mind"),
    ("next", "What is due"),
)

Fact = dict[str, Any]  # a term, and its signs: each a text, with an icon or ""


def agenda_view(agenda: Agenda, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return all words that stand on the paper, in the order in which they stand there."""
    begins = local(agenda, agenda.starts_at)
    rows = list(_rows(agenda, labels))
    shown = [(key, title) for key, title in COLUMNS if any(row.get(key) for row in rows)]
    warning = ""
    if agenda.reader_kind == AgencyKind.COORDINATOR and agenda.is_over_capacity:
        warning = (
            f"{agenda.listed} cases are listed; the area plans for {agenda.capacity}. "
            "Think of a further meeting or an earlier start."
        )
    ends = f" to {local(agenda, agenda.ends_at):%H:%M}" if agenda.ends_at else ""
    return {
        "title": "Agenda",
        "area": agenda.area,
        "day": words.day(begins.date()),
        "time": f"{begins:%H:%M}{ends} ({begins:%Z})",
        "reader": agenda.reader,
        "reminder": words.REMINDER,
        "warning": warning,
        "before": [{"text": text, "parts": _parts(agenda, parts)} for text, parts in words.BEFORE],
        "item": words.CASES,
        "after": [f"{words.AFTER[0]}{_flags(agenda)}", *words.AFTER[1:]],
        "count": _count(len(agenda.lines), "case", "cases"),
        "columns": [{"key": key, "title": title} for key, title in shown],
        "rows": rows,
    }


def _flags(agenda: Agenda) -> str:
    """How many flags end, and of which cases; nothing where the reader is told of none."""
    if not agenda.flags:
        return ""
    return f": {len(agenda.flags)} ({', '.join(agenda.flags)})"


def _parts(agenda: Agenda, parts: Sequence[str]) -> list[str]:
    """The parts of an item; of the actions of the last conference each with how many there are."""
    if not parts or not agenda.outstanding:
        return list(parts)
    cannot = sum(not each.is_possible for each in agenda.outstanding)
    counts = (cannot, len(agenda.outstanding) - cannot)
    return [f"{text}: {count}" for text, count in zip(parts, counts, strict=True)]


def _rows(agenda: Agenda, labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Give the cases, and between them the intervals in which this reader's copy has none."""
    free_from: datetime | None = None
    for line in agenda.lines:
        begins = local(agenda, line.starts_at)
        if free_from is not None and begins > free_from:
            yield {"interval": words.span(free_from, begins)}
        free_from = begins + timedelta(minutes=line.minutes)
        yield {
            "interval": "",
            "number": line.number,
            "time": words.span(begins, free_from),
            "label": line.label or "",
            "reference": line.reference,
            **_cells(line, labels),
        }


def _cells(line: Line, labels: Mapping[str, str]) -> dict[str, list[Fact]]:
    event_on = date.fromisoformat(line.event_on) if line.event_on else None
    referrer = words.word(words.AGENCIES, line.referrer)
    critical = [labels.get(each, each) for each in line.critical or ()]
    children = [] if line.children is None else [str(line.children)]
    return {
        "from": facts(
            ("Kind", [words.word(words.LISTINGS, line.kind)]),
            ("Referred by", [referrer, line.presenter] if line.presenter else [referrer]),
        ),
        "why": facts(
            ("Criteria", [words.word(words.CRITERIA, each) for each in line.criteria or ()]),
            ("Place in the order", [words.word(words.PLACES, line.because)]),
        ),
        "risk": facts(
            ("Level", [words.level(line.level)] if line.level else []),
            ("Score", [words.score(each) for each in line.scores or ()]),
            ("Critical answers", critical),
        ),
        "mind": facts(("Markers", words.markers(line.markers)), ("Children named", children)),
        "next": facts(
            ("Key date", [words.short_day(event_on)] if event_on else []),
            ("IDVA service", [words.word(words.ADVISERS, line.idva)] if line.idva else []),
            ("Actions open", [str(line.open_actions)] if line.open_actions else []),
        ),
    }


def facts(*facts: tuple[str, Sequence[str | words.Sign]]) -> list[Fact]:
    """Keep what has a value; a term without one is not printed at all."""
    return [
        {
            "term": term,
            "signs": [
                {"icon": each.icon, "text": each.text}
                if isinstance(each, words.Sign)
                else {"icon": "", "text": each}
                for each in values
            ],
        }
        for term, values in facts
        if any(values)
    ]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def local(agenda: Agenda, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(agenda.zone))

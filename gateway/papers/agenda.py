"""Owns the agenda on paper: one reader's agenda as data, as a printable page, as a tagged PDF.

What the reader's need to know does not open is left out. It is never printed as "no" or "none",
and never as withheld: a paper does not say what it does not say.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.disclosure import ways
from gateway.errors import Invalid, Problem
from gateway.flows.conferences.agenda import Agenda, Line
from gateway.flows.conferences.outstanding import Outstanding
from gateway.papers import html, pdf, words
from gateway.schemas import moments
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


def render(agenda: Agenda, form: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the agenda as a document to be sealed: "json", "html" or "pdf".

    `labels` names the items of risk instruments; without a name an item is shown by its id. The
    file name holds a date and nothing else (it is seen where the content is not).

    :raises Invalid: for another format.
    """
    if form not in ways.PAPERS:
        raise Invalid("There is no such format.", Problem("unknown_code", "/format"))
    name = f"agenda-{_local(agenda, agenda.starts_at).date().isoformat()}.{form}"
    match form:
        case "json":
            content: dict[str, Any] = {
                "media_type": "application/json",
                "agenda": as_data(agenda),
            }
        case "html":
            content = {"media_type": "text/html", "text": html.page(_view(agenda, labels or {}))}
        case _:
            made = b64encode(pdf.paper(_view(agenda, labels or {}))).decode()
            content = {"media_type": "application/pdf", "base64": made}
    return {**content, "file_name": name}


def as_data(agenda: Agenda) -> dict[str, Any]:
    """Return the agenda as plain JSON. A member that is not there is not shared, or not known."""
    data: dict[str, Any] = {
        "conference": agenda.conference_id,
        "area": agenda.area,
        "starts_at": moments.write(agenda.starts_at),
        "ends_at": moments.write(agenda.ends_at) if agenda.ends_at else None,
        "zone": agenda.zone,
        "reader": agenda.reader,
        "reader_kind": agenda.reader_kind,
        "cases": [_case(line) for line in agenda.lines],
    }
    if agenda.outstanding:
        data["outstanding"] = {
            group: [_outstanding(each) for each in agenda.outstanding if each.is_possible is was]
            for group, was in (("not_possible", False), ("not_done", True))
        }
    if agenda.reader_kind == AgencyKind.COORDINATOR:
        data |= {
            "listed": agenda.listed,
            "capacity": agenda.capacity,
            "is_over_capacity": agenda.is_over_capacity,
        }
    return {name: value for name, value in data.items() if value is not None}


def _outstanding(each: Outstanding) -> dict[str, str]:
    return {
        "reference": each.reference,
        "theme": each.theme,
        "owner": each.owner,
        "due_at": moments.write(each.due_at),
    }


def _case(line: Line) -> dict[str, Any]:
    case = {
        "number": line.number,
        "starts_at": moments.write(line.starts_at),
        "minutes": line.minutes,
        "because": line.because or None,
        "reference": line.reference,
        "label": line.label,
        "kind": str(line.kind),
        "referrer": line.referrer,
        "presenter": line.presenter,
        "level": line.level,
        "criteria": _list(line.criteria),
        "scores": _list(line.scores),
        "critical": _list(line.critical),
        "children": line.children,
        "markers": list(line.markers),
        "event_on": line.event_on,
        "idva": line.idva,
        "research": _research(line),
        "own_research": _own_research(line),
    }
    return {name: value for name, value in case.items() if value is not None}


def _research(line: Line) -> dict[str, Any] | None:
    """How far the research is: how many of how many, which agencies are missing, which are late."""
    if line.research is None:
        return None
    found = line.research
    return {
        "asked": len(found.asked),
        "received": len(found.returned),
        "missing": list(found.missing),
        "late": list(found.late),
    }


def _own_research(line: Line) -> dict[str, Any] | None:
    """What the reader's own agency was asked, and whether it answered."""
    if line.own is None:
        return None
    return {
        "due_at": moments.write(line.own.due_at),
        "version": line.own.version,
        "returned_at": moments.write(line.own.returned_at),
        "late": line.own.is_late,
    }


def _view(agenda: Agenda, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return all words that stand on the paper, in the order in which they stand there."""
    begins = _local(agenda, agenda.starts_at)
    rows = list(_rows(agenda, labels))
    shown = [(key, title) for key, title in COLUMNS if any(row.get(key) for row in rows)]
    warning = ""
    if agenda.reader_kind == AgencyKind.COORDINATOR and agenda.is_over_capacity:
        warning = (
            f"{agenda.listed} cases are listed; the area plans for {agenda.capacity}. "
            "Think of a further meeting or an earlier start."
        )
    ends = f" to {_local(agenda, agenda.ends_at):%H:%M}" if agenda.ends_at else ""
    return {
        "area": agenda.area,
        "day": words.day(begins.date()),
        "time": f"{begins:%H:%M}{ends} ({begins:%Z})",
        "reader": agenda.reader,
        "reminder": words.REMINDER,
        "warning": warning,
        "before": [{"text": text, "parts": _parts(agenda, parts)} for text, parts in words.BEFORE],
        "item": words.CASES,
        "after": list(words.AFTER),
        "count": _count(len(agenda.lines), "case", "cases"),
        "columns": [{"key": key, "title": title} for key, title in shown],
        "rows": rows,
    }


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
        begins = _local(agenda, line.starts_at)
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
        "from": _facts(
            ("Kind", [words.word(words.LISTINGS, line.kind)]),
            ("Referred by", [referrer, line.presenter] if line.presenter else [referrer]),
        ),
        "why": _facts(
            ("Criteria", [words.word(words.CRITERIA, each) for each in line.criteria or ()]),
            ("Place in the order", [words.word(words.PLACES, line.because)]),
        ),
        "risk": _facts(
            ("Level", [words.level(line.level)] if line.level else []),
            ("Score", [words.score(each) for each in line.scores or ()]),
            ("Critical answers", critical),
        ),
        "mind": _facts(("Markers", words.markers(line.markers)), ("Children named", children)),
        "next": _facts(
            ("Key date", [words.short_day(event_on)] if event_on else []),
            ("IDVA service", [words.word(words.ADVISERS, line.idva)] if line.idva else []),
        ),
    }


def _facts(*facts: tuple[str, Sequence[str | words.Sign]]) -> list[Fact]:
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


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _local(agenda: Agenda, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(agenda.zone))

"""Owns the agenda on paper: one reader's agenda as data, as a printable page, as a tagged PDF.

What the reader's need to know does not open is left out. It is never printed as "no" or "none",
and never as withheld: a paper does not say what it does not say.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from gateway.disclosure import ways
from gateway.errors import Invalid, Problem
from gateway.flows.conferences.agenda import Agenda, Line
from gateway.flows.conferences.outstanding import Outstanding
from gateway.papers import html, pdf, word
from gateway.papers.view import agenda_view, local
from gateway.schemas import moments
from gateway.schemas.codes import AgencyKind

TYPES: Mapping[str, str] = {
    "json": "application/json",
    "html": "text/html",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def shows_research(form: str) -> bool:
    """Whether an agenda of this form says how far the research of each case is."""
    return form == "json"


def render(agenda: Agenda, form: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the agenda as a document to be sealed: "json", "html", "pdf" or "docx".

    `labels` names the items of risk instruments; without a name an item is shown by its id.

    :raises Invalid: for another format.
    """
    if form not in TYPES or form not in ways.PAPERS:
        raise Invalid("There is no such format.", Problem("unknown_code", "/format"))
    if form == "json":
        content: dict[str, Any] = {"media_type": TYPES[form], "agenda": as_data(agenda)}
    elif form == "html":
        content = {"media_type": TYPES[form], "text": html.page(agenda_view(agenda, labels or {}))}
    else:
        made = b64encode(as_file(agenda, form, labels)).decode()
        content = {"media_type": TYPES[form], "base64": made}
    return {**content, "file_name": file_name(agenda, form)}


def file_name(agenda: Agenda, form: str) -> str:
    """A name that says a day and no more."""
    return f"agenda-{local(agenda, agenda.starts_at).date().isoformat()}.{form}"


def as_file(agenda: Agenda, form: str, labels: Mapping[str, str] | None = None) -> bytes:
    """Return the agenda as a file: "pdf" or "docx"."""
    view = agenda_view(agenda, labels or {})
    return word.agenda(view) if form == "docx" else pdf.paper(view, "agenda")


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
        "open_actions": line.open_actions,
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


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)

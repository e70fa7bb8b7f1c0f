"""Owns what an agency is asked to look for, on paper: who, and by what to search; no story.

What is not to be searched for is not there, and what has no text form is never printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.disclosure import ways
from gateway.flows.conferences import Papers, Request
from gateway.papers import pdf, word, words
from gateway.papers.view import Fact, agenda_view, facts

FORMATS = tuple(ways.REQUESTS)
LEAD = (
    "Look in your own records alone: nobody is to ring her because of it. An address that is not "
    "here is not yours to search for. Return what you find, also if you know none of them."
)
NONE = "Your agency is asked about no case here."
WHO: Mapping[str, str] = {
    "victim": "Victim",
    "perpetrators": "Who may cause harm",
    "children": "Child",
}
EXACT: Mapping[str, str] = {
    "MONTH": " (the day is not known)",
    "YEAR": " (the year alone is known)",
    "ESTIMATED": " (estimated)",
}
NOTHING = [("Name", ["Nothing to search by is given"])]
_NAMES = (
    ("aliases", "Also called"),
    ("former_names", "Before"),
    ("spelling_variants", "Also written"),
)


def as_file(found: Papers, form: str) -> bytes:
    """Return what one agency is asked for a conference as a file: one of `FORMATS`."""
    if form not in ways.REQUESTS:
        raise ValueError("a paper that is not a registered way out")
    view = request_view(found)
    return word.request(view) if form == "docx" else pdf.paper(view, "request")


def request_view(found: Papers, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return all words of the request, below the same head as the agenda's."""
    zone = ZoneInfo(found.agenda.zone)
    return agenda_view(found.agenda, labels or {}) | {
        "title": "What your agency is asked to look for",
        "request": {"title": "Whom to look for", "lead": LEAD, "none": NONE},
        "requests": [_case(each, zone) for each in found.requests],
    }


def _case(asked: Request, zone: ZoneInfo) -> dict[str, Any]:
    due = asked.due_at.astimezone(zone)
    about = (
        f"{words.word(words.LISTINGS, asked.kind)}, referred by: "
        f"{words.word(words.AGENCIES, asked.referrer)}. Due by {words.short_day(due.date())}, "
        f"{due:%H:%M}."
    )
    return {"reference": asked.reference, "about": about, "people": list(_people(asked.people))}


def _people(people: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, who in WHO.items():
        found = people.get(name)
        for each in found if isinstance(found, list) else [found] if found else []:
            yield {"who": who, "facts": _searched(each) or facts(*NOTHING)}


def _searched(person: Mapping[str, Any]) -> list[Fact]:
    """By what somebody is searched for; what is not text is left out."""
    name = [_said(person.get(key)) for key in ("given_names", "family_name")]
    born = [_day(person.get("dob"), person.get("dob_precision"))]
    born += [_day(each) for each in _each(person.get("extra_dobs"))]
    relation = person.get("relationship")
    return facts(
        ("Name", [" ".join(filter(None, name))]),
        *((term, [_said(each) for each in _each(person.get(key))]) for key, term in _NAMES),
        ("Born", [each for each in born if each]),
        ("Address", [_address(each) for each in _each(person.get("addresses"))]),
        ("Relation to the victim", [words.word({}, relation)] if relation else []),
    )


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _said(value: Any) -> str:
    """A text, also inside its wrapping; what was left blank with a reason is not there."""
    if isinstance(value, Mapping):
        return _said(value.get("value"))
    return value if isinstance(value, str) else ""


def _day(value: Any, precision: Any = None) -> str:
    text = _said(value)
    if not text:
        return ""
    on = date.fromisoformat(text)
    return f"{on.day} {on:%B %Y}{EXACT.get(_said(precision), '')}"


def _address(place: Any) -> str:
    if not isinstance(place, Mapping):
        return ""
    lines = [_said(each) for each in _each(place.get("lines"))]
    rest = [_said(place.get(name)) for name in ("town", "postcode")]
    return ", ".join(filter(None, [*lines, *rest]))


def file_name(starts_at: datetime, zone: str, form: str) -> str:
    """A name that says a day and no more."""
    return f"request-{starts_at.astimezone(ZoneInfo(zone)).date().isoformat()}.{form}"

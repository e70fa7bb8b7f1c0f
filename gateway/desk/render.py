"""Owns how a page is written: one set of templates, everything in it escaped, nothing kept."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.agencies.people import Person
from gateway.desk import cookies, reading, words
from gateway.desk.entering import labels
from gateway.desk.guard import Visit, held
from gateway.desk.place import house
from gateway.errors import NotFound
from gateway.rules.desk import ANSWERS, CASEWORK, DECIDES, ENTERS
from gateway.schemas.codes import PersonRole

_FOLDER = Path(__file__).parent / "templates"
_STYLE = Path(__file__).parent / "static" / "built" / "desk.css"
_USUAL = "Europe/London"
_PLACES = (  # for whom, and where
    (ENTERS, ("drafts", "/desk/drafts", "Type in a referral")),
    (frozenset({PersonRole.REFERRER}), ("own_referrals", "/desk/referrals", "Referrals you sent")),
    (CASEWORK, ("actions", "/desk/actions", "Actions")),
    (DECIDES, ("meetings", "/desk/conferences", "Conferences")),
    (DECIDES, ("reports", "/desk/reports", "Reports")),
    (ANSWERS, ("own_meetings", "/desk/my-conferences", "Conferences")),
)
_ALONE = {  # who sees no case has one page: template, address, words
    PersonRole.AGENCY_ADMIN: ("colleagues", "/desk/people", "People"),
    PersonRole.GOVERNANCE: ("reports", "/desk/reports", "Reports"),
    PersonRole.DPO_AUDITOR: ("audit", "/desk/audit", "Audit"),
}

# No script, but on the few pages that speak to a passkey and in meeting mode; never from anywhere
# else, never inline.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_SCRIPT = "; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"


def is_styled() -> bool:
    """Whether the style of the pages was built (assets/build.py)."""
    return _STYLE.is_file()


def show(
    name: str,
    visit: Visit | None = None,
    *,
    status: int = 200,
    has_script: bool = False,
    script: str = "passkey",
    **values: Any,
) -> Response:
    """Answer with a page."""
    person = visit.person if visit is not None and visit.signed_in is not None else None
    text = (
        _environment()
        .get_template(f"{name}.html")
        .render(
            person=person,
            role=words.roles(person.roles) if person else "",
            menu=_menu(person),
            here=name,
            token=cookies.form_token(held()),
            has_script=has_script,
            script=script,
            is_styled=is_styled(),
            zone=_zone(person, visit.now if visit else None),
            is_demonstration=house().settings.mode == "demo",
            now=visit.now if visit else None,
            provider=_provider(),
            **values,
        )
    )
    response = Response(text, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY + (_SCRIPT if has_script else "")
    response.headers["Vary"] = "Cookie"
    return response


def _provider() -> str:
    """What people call the provider of single sign-on here, if there is one."""
    found = house().provider
    return found.name if found else ""


def _menu(person: Person | None) -> list[tuple[str, str, str]]:
    """Where a person may go from every page: template, address, words."""
    if person is None:
        return []
    for role, place in _ALONE.items():
        if role in person.roles:
            return [place]
    found = [("home", "/desk", "What needs me now"), ("cases", "/desk/cases", "Cases")]
    return found + [place for roles, place in _PLACES if roles & person.roles]


def _zone(person: Person | None, now: datetime | None) -> ZoneInfo:
    if person is None or now is None:
        return ZoneInfo(_USUAL)
    try:
        profile = house().profiles.for_area(person.area, now.date())
    except NotFound:
        return ZoneInfo(_USUAL)
    return ZoneInfo(str(profile.zone))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "reading": reading, "entering_label": labels.of_field}
    return environment

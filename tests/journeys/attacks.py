"""What the tests of a partner's tricks share: short words for asking and for being refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from gateway.client.access import ProblemError
from gateway.disclosure import derive, list_facts
from gateway.profiles.loader import Profiles
from gateway.store import sections
from tests.journeys.world import World, example

LANDLORD, OTHER = "harbourgate-homes", "tidewell-housing"
IDVA, BY_AND_FOR, FEN_IDVA = "marlbury-idva", "aster-women", "fenhollow-idva"
COORDINATOR, FEN_COORDINATOR = "marlbury-marac", "fenhollow-marac"
CSC, POLICE, HOSPITAL, GP = "marlbury-csc", "marlbury-police", "marlbury-hospital", "marlbury-gp"
COLLEGE, COUNCIL = "marlbury-college", "marlbury-council-housing"
DAY = "2026-12-08T09:30:00Z"
ABSENT = (404, "not_found")
ELSEWHERE, NOWHERE = {"value": "XX7 1AA"}, {"value": "ZZ9 1AA"}  # Fenhollow; nobody's
ACCEPT = {"decision": "ACCEPT"}


def without_sealed(name: str, **changes: Any) -> dict[str, Any]:
    """An example without its sealed sections, so that anybody may be left out."""
    form = example(name, **{"victim__contact": {"absent": "UNSAFE_TO_ASK"}, **changes})
    form.pop("sealed", None)
    return form


def not_for(*agencies: str, kinds: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Conditions of the victim that leave out agencies and kinds."""
    return [
        *({"text": "Not them.", "excludes_agency": each} for each in agencies),
        *({"text": "None of them.", "excludes_kind": each} for each in kinds),
    ]


def barred(*agencies: str, name: str = "c1", **changes: Any) -> dict[str, Any]:
    """An example that names agencies that must not receive it."""
    rows = [{"agency_id": each, "reason": "A brother works there."} for each in agencies]
    return without_sealed(name, must_not_receive=rows, **changes)


def refused(act: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[int, str]:
    """Status and code with which an act is refused; fails if it is not."""
    with pytest.raises(ProblemError) as problem:
        act(*args, **kwargs)
    return problem.value.status, problem.value.code


def faults(act: Callable[..., Any], *args: Any) -> tuple[tuple[str, str], ...]:
    """Codes and pointers with which a document is refused (422)."""
    with pytest.raises(ProblemError) as problem:
        act(*args)
    assert problem.value.status == 422
    return tuple(tuple(each) for each in problem.value.problems)  # type: ignore[misc]


def feed(world: World, agency: str) -> dict[str, dict[str, Any]]:
    """What the feed told an agency in all, the newest line for each reference."""
    client, cursor = world.client(agency), None
    found: dict[str, dict[str, Any]] = {}
    while True:
        page = client.list_cases(cursor)
        found |= {item["reference"]: item for item in page["items"]}
        if not page["items"]:
            return found
        cursor = page["next"]


def seen(world: World, agency: str, ref: str, purpose: str = "P9") -> dict[str, str]:
    """Sections and levels of a pull."""
    document = world.client(agency).pull(ref, purpose).document
    return {each["section"]: each["level"] for each in document.get("sections", ())}


def sees_nothing(world: World, agency: str, ref: str) -> bool:
    """Whether an agency is told of no case and opens none, for whatever purpose it may state."""
    codes = {
        refused(world.client(agency).pull, ref, purpose)
        for purpose in ("P1", "P2", "P3", "P5", "P7", "P9", "P10", "P11")
    }
    told = feed(world, agency).get(ref, {"kind": "ENDED", "level": None})
    assert codes <= {ABSENT, (400, "purpose_not_allowed")}
    assert ABSENT in codes
    return (told["kind"], told["level"]) == ("ENDED", None)


def conference(world: World, *attendees: str) -> str:
    """Plan a conference of Marlbury."""
    body = {"area": "MARLBURY", "starts_at": DAY, "attendees": list(attendees)}
    return str(world.client(COORDINATOR).create_conference(body)["conference"])


def asked(world: World, ref: str, *attendees: str) -> list[str]:
    """Accept a case and list it; gives the attendees who are then asked about it."""
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, ACCEPT)
    return list(coordinator.list_case(conference(world, *attendees), ref)["asked"])


def grants_are_derived(world: World, ref: str) -> bool:
    """Whether the keys that were handed out are those that facts and rules give today."""
    case_id, profiles = world.case_of(ref), Profiles.load()
    with Session(world.engine) as session:
        facts = list_facts(session, [case_id], on=world.now.date())[case_id]
        profile = profiles.for_area(facts.area, world.now.date())
        due = derive(facts, sections.list_sections(session, [case_id]), profile)
        held: dict[str, set[str]] = {}
        for grant in sections.list_grants(session, case_id):
            held.setdefault(grant.section_id, set()).add(grant.agency_id)
    return {section: who for section, who in due.items() if who} == held

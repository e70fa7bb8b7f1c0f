"""Owns the meetings that are lived once, door by door: what a large desk is copied from.

Each is sixteen referred families (or eight that wait), as far as its state says. Nothing here is
written past the gateway; what copies it stands in `copies`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from bench import payloads
from bench.service import NOW, settings
from bench.stage import Stage
from gateway.demo import sitting, wire, world
from gateway.demo.play import COORDINATOR
from gateway.demo.sitting import Agreed, Heard
from gateway.demo.wire import Then
from gateway.flows import conferences
from gateway.schemas import reference as spelling
from gateway.schemas.action_codes import ActionAct, ActionTheme

SINCE = NOW - timedelta(days=150)  # from then on there is a gateway
AREA = "MARLBURY"
LANDLORD = "harbourgate-homes"
ATTENDEES = tuple(
    each.agency_id for each in world.PARTNERS if each.area == AREA and each.agency_id != COORDINATOR
)
CASES, WAITING = 16, 8
_AT = time(9, 30, tzinfo=NOW.tzinfo)
_AGREED = (
    (ActionTheme.TARGET_HARDEN, "Fit a new door lock and a chain"),
    (ActionTheme.SAFETY_PLAN, "Go through the safety plan again"),
    (ActionTheme.POLICE_MARKER, "Put an urgent marker on the address"),
    (ActionTheme.CSC_REFERRAL, "See both children alone"),
    (ActionTheme.HEALTH_APPT, "Note on the file that he never comes along"),
    (ActionTheme.INFO_GATHER, "Ask him where he lives, and see it"),
)
_FOUND: Mapping[str, Any] = {
    "people": [{"person": "VICTIM", "known": "KNOWN_RELEVANT"}],
    "entries": [
        {
            "about": "PROTECTIVE_FACTOR",
            "theme": "INCIDENTS",
            "text": "Her sister keeps a room for her.",
            "nature": "FACT",
            "extract": "WHOLE",
        },
        {
            "about": "RELEVANT_TO_RISK",
            "theme": "PERPETRATOR",
            "text": "He rings her family, late in the evening and from numbers that nobody knows.",
            "nature": "THIRD_PARTY",
            "extract": "WORDS",
            "words": "He rings her family.",
        },
    ],
}
_NIL: Mapping[str, Any] = {"people": [{"person": "VICTIM", "known": "NOT_KNOWN"}]}


@dataclass(frozen=True, slots=True)
class Block:
    """The references of one meeting's cases, and its conference, if there is one."""

    name: str
    references: tuple[str, ...]
    conference: str | None


def live(stage: Stage, seed: int) -> Iterator[Block]:
    """Live one meeting of each state: over, acting, coming, and referrals that wait."""
    forms = payloads.documents(seed)
    day = NOW.date()
    for name, far in (("over", -120), ("acting", -14), ("coming", 6)):
        at = datetime.combine(day + timedelta(days=far), _AT)
        with wire.at(settings(stage.folder), stage.folder / "agencies", at) as then:
            yield _meeting(then, forms, name, at)
    with wire.at(settings(stage.folder), stage.folder / "agencies", NOW) as then:
        then.at = NOW - timedelta(days=1)
        found = [then.agency(LANDLORD).refer(_form(forms)).reference for _ in range(WAITING)]
        yield Block("waiting", tuple(found), None)


def _meeting(then: Then, forms: Iterator[dict[str, Any]], name: str, at: datetime) -> Block:
    then.at = at - timedelta(days=12)
    desk = then.agency(COORDINATOR)
    plan = {
        "area": AREA,
        "starts_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "attendees": list(ATTENDEES),
    }
    conference = desk.create_conference(plan)["conference"]
    found: dict[str, list[str]] = {}
    for _ in range(CASES):
        reference = then.agency(LANDLORD).refer(_form(forms)).reference
        then.agency("marlbury-idva").acknowledge(reference, "ACCEPTED")
        desk.decide(reference, {"decision": "ACCEPT"})
        found[reference] = desk.list_case(conference, reference)["asked"]
    then.at += timedelta(days=3)
    for place, (reference, asked) in enumerate(found.items()):
        for number, agency_id in enumerate(asked):
            told = _FOUND if (place + number) % 3 == 0 else _NIL
            if not (name == "coming" and number % 2 and place >= CASES // 2):
                then.agency(agency_id).research.give(conference, reference, told)
    references = tuple(found)
    if name != "coming":
        _hear(then, conference, found, at)
    if name == "over":
        _finish(then, references)
    return Block(name, references, conference)


def _hear(then: Then, conference: str, found: Mapping[str, list[str]], at: datetime) -> None:
    then.at = at
    heard = []
    for reference, asked in found.items():
        agreed: list[Agreed] = [
            (owner, theme, text, (at + timedelta(days=7 + 5 * number)).date())
            for number, (owner, (theme, text)) in enumerate(zip(asked, _AGREED, strict=False))
        ]
        heard.append(Heard(reference, (COORDINATOR, *asked), agreed))
    sitting.hold(then, conference, heard)


def _finish(then: Then, found: tuple[str, ...]) -> None:
    """Do every action of these cases, and close their plans."""
    then.at += timedelta(days=30)
    for owner in ATTENDEES:
        with sitting.desk(then, owner) as work:
            mine = [each for each in conferences.list_tasks(work) if each.owner == owner]
        for task in mine:
            if task.reference in found:
                with sitting.desk(then, owner) as work:
                    number = task.number
                    plain = spelling.read(task.reference) or ""
                    conferences.settle(work, plain, number, ActionAct.COMPLETE, note="Done.")
    for reference in found:
        with sitting.desk(then) as work:
            conferences.close_plan(work, spelling.read(reference) or "")


def _form(forms: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return {"form": "referral/1", "document": next(forms)}

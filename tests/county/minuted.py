"""What a meeting makes, with words in it: what agencies find for it, its minutes, its plan."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from gateway.flows import conferences
from gateway.flows.conferences import Proposal
from gateway.ledger import Work
from gateway.rules.facts import Worker
from gateway.rules.minutes import Sent
from gateway.schemas import reference as references
from gateway.schemas.action_codes import ActionAct, ActionTheme
from gateway.schemas.meeting_codes import MinuteKind, Said
from tests.county.driving import (
    COORDINATOR,
    CSC,
    LANDLORD,
    POLICE,
    County,
    first_worker,
)
from tests.county.owners import Family, Secret

Acting = Callable[[County, Worker], AbstractContextManager[Work]]
RUNS: Worker = (COORDINATOR, first_worker(COORDINATOR))

# What a return tells, by theme, and the class of it; KEPT is what the agency keeps.
THEMES: Mapping[str, str] = {
    "INCIDENTS": "D07",
    "CHILDREN": "D06",
    "PERPETRATOR": "D17",
    "HEALTH": "D10",
    "MENTAL_HEALTH": "D11",
    "SUBSTANCE_USE": "D12",
    "SEXUAL_VIOLENCE": "D13",
    "VICTIM_OFFENDING": "D16",
    "ORDERS": "D18",
    "HOUSING": "D19",
    "FINANCES": "D20",
    "EMPLOYMENT": "D21",
}
# What a paragraph of the minutes tells, the class of it, and whose knowledge it is.
PARAGRAPHS: tuple[tuple[str, str, str], ...] = (
    ("minutes", "D24", COORDINATOR),
    ("minutes", "D24", CSC),
    ("minutes_incidents", "D07", LANDLORD),
    ("minutes_children", "D06", CSC),
    ("minutes_perpetrator", "D17", POLICE),
    ("minutes_health", "D10", CSC),
    ("minutes_mental_health", "D11", CSC),
    ("minutes_sexual_violence", "D13", POLICE),
    ("minutes_offending", "D16", POLICE),
    ("minutes_housing", "D19", LANDLORD),
)


def give(county: County, family: Family, agency: str) -> None:
    """An agency returns what it found: something of each class, something that it keeps."""
    marks, found = county.papers.marks, []
    for theme, row in THEMES.items():
        word = marks.word()
        found.append(_entry(theme, f"On file as {word}.", extract="WHOLE"))
        _keep(family, Secret(row, word, agency, is_summary=True, is_returned=True))
    word = marks.word()
    found.append(_entry("HOUSING", f"Said by {word}.", extract="KEPT", reason="THIRD_PARTY"))
    _keep(family, Secret("NOTE", word, agency))
    warning, alias, action = (marks.word() for _ in range(3))
    _keep(family, Secret("D24", warning, agency, is_summary=True, is_returned=True))
    _keep(family, Secret("D01", alias, agency, is_summary=True, is_returned=True))
    _keep(family, Secret("D25", action, agency, is_summary=True, is_returned=True))
    document = {
        "people": [
            {
                "person": "VICTIM",
                "known": "KNOWN_RELEVANT",
                "details_correct": "NO",
                "corrections": {"aliases": [alias]},
            }
        ],
        "entries": found,
        "staff_safety_warning": f"Mind the dog {warning}.",
        "proposed_actions": [{"text": f"Ask {action}.", "by_on": "2026-12-30"}],
    }
    county.world.client(agency).research.give(family.conference, family.reference, document)


def write(county: County, family: Family, acting: Acting) -> None:
    """While it is heard: a paragraph of each class, and an action for each who volunteers."""
    written = str(references.read(family.reference))
    for section, row, owner in PARAGRAPHS:
        word = county.papers.marks.word()
        text = f"It was said that {word} is afraid."
        kind, said = MinuteKind.SHARED, Said.FACT
        sent = Sent(str(uuid.uuid4()), str(uuid.uuid4()), 0, kind, said, section, owner, text)
        with acting(county, RUNS) as work:
            conferences.save_paragraph(work, family.conference, written, sent)
        is_summary = section != "minutes"
        _keep(family, Secret(row, word, owner, is_summary, is_draft=True))
    for owner in (POLICE, LANDLORD):
        word = county.papers.marks.word()
        new = Proposal(ActionTheme.TARGET_HARDEN, f"Fit the lock {word}.", owner)
        with acting(county, RUNS) as work:
            conferences.propose(
                work, written, new, conference_id=family.conference, is_volunteered=True
            )
        _keep(family, Secret("D25", word, owner))


def as_sent(secret: Secret) -> Secret:
    """A word of the minutes once they are out."""
    return replace(secret, is_draft=False)


def go_on(county: County, family: Family, acting: Acting) -> None:
    """One paragraph is corrected, and the police say what they did."""
    written, word = str(references.read(family.reference)), county.papers.marks.word()
    with acting(county, RUNS) as work:
        found = conferences.read_minutes(work, written, issuer="https://gateway.example")
    first = next(each for each in found.paragraphs if each["section"] == "minutes")
    with acting(county, RUNS) as work:
        conferences.correct_minute(work, written, first["number"], f"Not so: {word}.", Said.FACT)
    _keep(family, Secret("D24", word, str(first["owner"])))
    word = county.papers.marks.word()
    number = _numbers(county, family, acting)[POLICE]
    with acting(county, (POLICE, first_worker(POLICE))) as work:
        conferences.settle(work, written, number, ActionAct.COMPLETE, note=f"Seen by {word}.")
    _keep(family, Secret("D25", word, POLICE))


def finish(county: County, family: Family, acting: Acting) -> None:
    """The landlord does its part, too, and the coordinator closes the plan."""
    written = str(references.read(family.reference))
    number = _numbers(county, family, acting)[LANDLORD]
    with acting(county, (LANDLORD, first_worker(LANDLORD))) as work:
        conferences.settle(work, written, number, ActionAct.COMPLETE, note="It is in.")
    with acting(county, RUNS) as work:
        conferences.close_plan(work, written)


def _numbers(county: County, family: Family, acting: Acting) -> dict[str, int]:
    """The number of each agency's action."""
    with acting(county, RUNS) as work:
        found = conferences.show_actions(
            work, str(references.read(family.reference)), issuer="https://gateway.example"
        )
    return {each["owner"]: each["number"] for each in found.document["actions"]}


def _entry(theme: str, text: str, **more: str) -> dict[str, Any]:
    return {"about": "RELEVANT_TO_RISK", "theme": theme, "text": text, "nature": "FACT", **more}


def _keep(family: Family, secret: Secret) -> None:
    family.secrets.append(secret)

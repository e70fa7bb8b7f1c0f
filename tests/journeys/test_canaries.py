"""No protected value leaves by any way out, but in the copy that was sealed to its reader.

Every text of the sealed sections is replaced by a word of its own; then every agency asks for
everything it may ask for, for every purpose, in every format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.repeats import repeated
from gateway.demo import world as demo
from gateway.errors import Invalid
from gateway.schemas.codes import Purpose
from gateway.store import tables as t
from tests.files import word_of
from tests.journeys.world import AUDITOR, CHURCH, World, example

SENDER, IDVA, COORDINATOR = "fenhollow-idva", "marlbury-idva", "marlbury-marac"
AGENCIES = (*(each.agency_id for each in demo.PARTNERS), AUDITOR, CHURCH)
# As a word of its own: what is sealed is long enough to spell one by chance.
CANARY = re.compile(r"(?<![\w-])Zq\d{3}x(?![\w-])")
FREE = ("lines", "notes", "organisation", "po_box", "verified_by", "value", "contact_only_by")


def planted(form: dict[str, Any]) -> dict[str, set[str]]:
    """Put a canary into every free text of the sealed sections; section to its canaries."""
    numbers = iter(range(100, 999))
    return {
        name: set(_plant(section, numbers, is_free=False))
        for name, section in form["sealed"].items()
    }


def _plant(value: Any, numbers: Iterator[int], *, is_free: bool) -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in list(items):
        here = name in FREE if isinstance(value, dict) else is_free
        if isinstance(inner, str):
            if here and not (name == "value" and "absent" not in value and "channel" not in value):
                value[name] = f"Zq{next(numbers)}x {inner}"
                yield CANARY.findall(value[name])[0]
        elif isinstance(inner, dict | list):
            yield from _plant(inner, numbers, is_free=here)


@dataclass(frozen=True)
class Story:
    """A case whose protected texts are canaries, on its way to a conference."""

    world: World
    reference: str
    conference: str
    planted: dict[str, set[str]]
    holders: dict[str, set[str]]  # section to the agencies that it is sealed to


@pytest.fixture(scope="module")
def story(shared_sqlite_world: World) -> Story:
    world, form = shared_sqlite_world, example("c3")
    canaries = planted(form)
    reference = world.client(SENDER).refer(form).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-08T09:30:00Z",
            "attendees": [each for each in AGENCIES if each.startswith("marlbury")],
        }
    )["conference"]
    coordinator.list_case(conference, reference)
    rows = world.rows(t.section, case_id=world.case_of(reference))
    holders = {name: {row["audience"] for row in rows if row["name"] == name} for name in canaries}
    return Story(world, reference, conference, canaries, holders)


def renderings(story: Story, agency: str) -> Iterator[tuple[str, str]]:
    """Everything that one agency can have rendered, opened as its own client opens it."""
    client, ref = story.world.client(agency), story.reference
    asked: dict[str, Callable[[], Any]] = {
        **{f"pull {p}": lambda p=p: client.pull(ref, p).document for p in Purpose},
        **{f"own {p}": lambda p=p: client.referral(ref, p) for p in Purpose},
        **{f"explain {p}": lambda p=p: client.explain(ref, agency, p) for p in Purpose},
        **{
            f"agenda {form}": lambda form=form: client.agenda(story.conference, form=form)
            for form in ("json", "html", "docx", "ics")
        },
        "access": lambda: client.access(ref),
        "feed": client.list_cases,
        "referrals": client.referrals,
        "directory": client.directory,
        "position": lambda: client.record_position(ref, {"position": "GIVEN"}),
        "acknowledgement": lambda: client.acknowledge(ref, "NO_SUCH"),
    }
    for name, ask in asked.items():
        try:
            found = ask()
        except ProblemError as problem:
            found = [str(problem), problem.problems]
        yield name, as_text(found)


def as_text(found: Any) -> str:
    """What an answer says; a Word file is read, not its bytes."""
    if isinstance(found, bytes) and found.startswith(b"PK"):
        found = word_of(found)
    return json.dumps(found, default=str, ensure_ascii=False)


def test_T01_every_protected_text_is_a_canary(story: Story) -> None:
    assert {name: len(found) > 3 for name, found in story.planted.items()} == {
        "protected_address": True,
        "safe_contact": True,
    }
    assert story.holders["protected_address"] == {IDVA, "marlbury-police"}


@pytest.mark.parametrize("agency", AGENCIES)
def test_T01_no_rendering_for_anybody_holds_a_protected_value(story: Story, agency: str) -> None:
    shown = dict(renderings(story, agency))
    assert len(shown) > 35
    assert {name for name, text in shown.items() if CANARY.search(text)} == set()


@pytest.mark.parametrize("agency", AGENCIES)
def test_T01_a_sealed_copy_reaches_those_it_was_sealed_to_and_nobody_else(
    story: Story, agency: str
) -> None:
    client, had = story.world.client(agency), set()
    for purpose in Purpose:
        try:
            sealed = client.pull(story.reference, purpose).reveal()
        except ProblemError:
            continue
        had |= set(CANARY.findall(json.dumps(sealed, ensure_ascii=False)))
    wanted = [found for name, found in story.planted.items() if agency in story.holders[name]]
    assert had <= set().union(*wanted)  # the police have theirs when the conference begins
    assert had or agency != IDVA


def test_T01_T16_no_canary_crossed_the_wire_or_lies_in_the_database(story: Story) -> None:
    for answer in story.world.answers:
        assert not CANARY.search(answer.body.decode("utf-8", errors="replace"))
    for table in t.metadata.sorted_tables:
        for row in story.world.rows(table):
            assert not CANARY.search(str(row))


SLIPS = {
    "her address": "Seen near Lantern House by a neighbour.",
    "her address, written otherwise": "near LANTERN-house",
    "her postcode": "Post went to xx19zz.",
    "the PO box": "write to P.O. Box 614, please",
    "her number": "Ring 07700-900777 after six.",
    "her number, from abroad": "+44 (0) 7700 900 777",
}


@pytest.mark.parametrize("slip", SLIPS)
def test_T01_a_sealed_value_in_an_open_text_does_not_leave_the_sender(
    shared_sqlite_world: World, slip: str
) -> None:
    """The gateway could not see that it is one; the client sees both, and says where."""
    form = example("c3")
    form["document"]["incidents"][0]["what"] = SLIPS[slip]
    sent = len(shared_sqlite_world.asked)
    with pytest.raises(Invalid) as refused:
        shared_sqlite_world.client(SENDER).refer(form)
    assert [(p.code, p.pointer) for p in refused.value.problems] == [
        ("must_be_sealed", "/incidents/0/what")
    ]
    assert len(shared_sqlite_world.asked) == sent
    assert SLIPS[slip] not in str(refused.value)


SAME_WORDS_ELSEWHERE = {
    "the town alone": ("/incidents/0/what", "He drove to Marlbury and back."),
    "the number of a flat": ("/incidents/0/what", "He lives in flat 2 himself."),
    "a word within a longer one": ("/incidents/0/what", "They sat under the elm rowan."),
    "the referrer's own desk": ("/referrer/phone", "01632 960377"),
    "a telephone that he has too": ("/perpetrators/0/phones/0", "07700 900588"),
}


@pytest.mark.parametrize("case", SAME_WORDS_ELSEWHERE)
def test_T01_what_tells_no_place_does_not_hold_up_a_referral(case: str) -> None:
    pointer, text = SAME_WORDS_ELSEWHERE[case]
    form = example("c3")
    lines = form["sealed"]["protected_address"]["address"]["lines"]
    lines += ["Flat 2", "Elm Row", "Marlbury"]
    channels = form["sealed"]["safe_contact"]["channels"]
    channels.append({"channel": "LANDLINE", "value": "01632 960377"})
    channels.append({"value": "07700 900588", "perpetrator_has_access": "YES"})
    _put(form["document"], pointer, text)
    assert repeated(form) == []


def test_T01_a_telephone_that_he_shares_is_hers_in_every_other_text() -> None:
    form = example("c3")
    form["sealed"]["safe_contact"]["channels"].append(
        {"value": "07700 900588", "perpetrator_has_access": "YES"}
    )
    _put(form["document"], "/incidents/0/what", "She rang from 07700 900588.")
    assert [(p.code, p.pointer) for p in repeated(form)] == [
        ("must_be_sealed", "/incidents/0/what")
    ]


def _put(document: Any, pointer: str, text: str) -> None:
    *steps, last = pointer.strip("/").split("/")
    for step in steps:
        document = document[int(step)] if step.isdigit() else document[step]
    document[int(last) if last.isdigit() else last] = text

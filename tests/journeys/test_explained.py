"""What an agency would see: now, at another stage, if she says something else, with new tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.attacks import (
    ABSENT,
    ACCEPT,
    COORDINATOR,
    HOSPITAL,
    IDVA,
    LANDLORD,
    OTHER,
    POLICE,
    refused,
)
from tests.journeys.world import World, example, graded


def changed(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["section"]: (each["was"], each["now"]) for each in found["changes"]}


def test_M7_what_she_says_next_changes_who_would_see_what(shared_world: World) -> None:
    world = shared_world
    ref = world.client(LANDLORD).refer(graded(12)).reference  # medium: with her agreement alone
    idva = world.client(IDVA)
    found = idva.explain_change(ref, IDVA, "P2", position="WITHDRAWN")
    assert found["before"]["outcome"] == "ALLOWED"
    assert found["after"]["outcome"] == "REFUSED"
    assert changed(found)["victim_identity"] == ("FULL", "NONE")
    (says,) = found["in_words"]
    assert says.startswith(f"{IDVA} would no longer see: ")
    # Nothing was changed by asking.
    assert idva.pull(ref, "P2").document["sections"]
    same = idva.explain_change(ref, IDVA, "P2", position="GIVEN")
    assert (same["changes"], same["in_words"]) == ([], [f"Nothing would change for {IDVA}."])


def test_M7_at_high_risk_her_objection_takes_the_adviser_nothing(shared_world: World) -> None:
    world = shared_world
    ref = world.client(LANDLORD).refer(example("c1")).reference
    found = world.client(COORDINATOR).explain_change(ref, IDVA, "P2", position="WITHDRAWN")
    assert found["changes"] == []


def test_M7_another_stage_and_the_meeting_by_presence(shared_world: World) -> None:
    world = shared_world
    ref = world.client(LANDLORD).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, ACCEPT)
    at = {
        stage: coordinator.explain_change(ref, HOSPITAL, "P4", stage=stage)["after"]
        for stage in ("BEFORE_LISTING", "RESEARCH", "MEETING", "NONE")
    }
    levels = {
        stage: {s["section"] for s in found["sections"] if s["level"] != "NONE"}
        for stage, found in at.items()
    }
    assert levels["BEFORE_LISTING"] == levels["NONE"] == set()
    assert levels["RESEARCH"] < levels["MEETING"]


def test_M7_who_contributed_asks_about_its_own_and_learns_nothing_of_the_case(
    shared_world: World,
) -> None:
    world = shared_world
    landlord = world.client(LANDLORD)
    refs = [landlord.refer(form).reference for form in (example("c1"), graded(12))]
    answers = [landlord.explain(ref, POLICE, "P1") for ref in refs]
    own = {s["section"] for s in answers[0]["sections"]}
    assert "victim_identity" in own
    assert "safe_contact" in own  # C1 has one, and it is the landlord's
    # Whatever is so in the case: who has a part, what was decided, whom she named.
    shared = {
        name: [{s["section"]: s for s in a["sections"]}.get(name) for a in answers]
        for name in own & {s["section"] for s in answers[1]["sections"]}
    }
    assert all(one == two for one, two in shared.values())
    assert {a["stage"] for a in answers} == {"RESEARCH"}
    assert {a["is_member"] for a in answers} == {False}
    code = (400, "bad_position")
    assert refused(landlord.explain_change, refs[0], POLICE, "P1", position="GIVEN") == code
    assert refused(world.client(OTHER).explain, refs[0], POLICE, "P1") == ABSENT
    assert refused(world.client(IDVA).explain, refs[0], POLICE, "P1") == ABSENT
    assert refused(landlord.explain_change, refs[0], LANDLORD, "P7", position="GIVEN") == code


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, (400, "no_change")),
        ({"on": "2026-02-30"}, (400, "bad_on")),
        ({"on": "1999-01-01"}, (400, "bad_on")),
        ({"position": "MAYBE"}, (400, "bad_position")),
        ({"stage": "TOMORROW"}, (400, "bad_stage")),
    ],
)
def test_M7_what_cannot_be_supposed_is_refused(
    shared_sqlite_world: World, query: dict[str, str], code: tuple[int, str]
) -> None:
    world = shared_sqlite_world
    ref = world.client(LANDLORD).refer(example("c1")).reference
    assert refused(world.client(COORDINATOR).explain_change, ref, IDVA, "P2", **query) == code

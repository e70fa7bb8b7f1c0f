"""Seventeen, pregnant, in danger of her life (C5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from gateway.client.gateway import Pulled, Receipt
from tests.journeys.world import World, example, position

OVER_HTTP = True
HOSPITAL, IDVA, POLICE, CSC = (
    "marlbury-hospital",
    "marlbury-idva",
    "marlbury-police",
    "marlbury-csc",
)
COORDINATOR, COLLEGE = "marlbury-marac", "marlbury-college"


@dataclass(frozen=True)
class Story:
    """Told today; taken back by her tomorrow."""

    world: World
    receipt: Receipt
    before: Pulled
    first: Any
    withdrawn: Any
    second: Any
    after: Pulled


@pytest.fixture(scope="module")
def story(shared_world: World) -> Story:
    world = shared_world
    receipt = world.client(HOSPITAL).refer(example("c5"))
    ref = receipt.reference
    before = world.client(POLICE).pull(ref, "P1")
    first = world.client(COORDINATOR).pull(ref, "P9").document["triage"]
    world.later(days=1)
    withdrawn = world.client(IDVA).record_position(
        ref, position("WITHDRAWN", withdrawn_on="2026-11-24")
    )
    second = world.client(COORDINATOR).pull(ref, "P9").document["triage"]
    after = world.client(POLICE).pull(ref, "P1")
    return Story(world, receipt, before, first, withdrawn, second, after)


def test_C5_the_first_line_of_the_receipt_says_ring_999(story: Story) -> None:
    assert next(iter(story.receipt.claims)) == "urgent"
    assert "ring 999" in story.receipt.claims["urgent"]


def test_C5_danger_to_life_with_agreement_is_R1a(story: Story) -> None:
    decision = story.receipt.claims["decision"]
    assert (decision["outcome"], decision["rule"]) == ("ALLOW", "R1a")
    assert {"POLICE_999", "CSC"} <= set(story.receipt.claims["duties"])
    assert story.receipt.claims["routed"] == ["COORDINATOR", "CSC", "IDVA", "POLICE"]


def test_C5_the_young_peoples_instrument_makes_it_visible_high_risk(story: Story) -> None:
    (assessment,) = story.receipt.claims["assessments"]
    assert (assessment["instrument"], assessment["score"]) == ("DASH_YP@1", 14)
    assert "VISIBLE_HIGH_RISK" in story.receipt.claims["criteria"]


def test_C5_withdrawn_the_next_day_it_goes_on_as_R1b(story: Story) -> None:
    """Danger to life is never blocked; the row that allows it is another, and needs a record."""
    assert (story.first["outcome"], story.first["rule"]) == ("ALLOW", "R1a")
    assert (story.second["outcome"], story.second["rule"]) == ("ALLOW_OVERRIDE", "R1b")
    assert "OVERRIDE" in story.second["must_record"]
    assert story.withdrawn["position"] == "WITHDRAWN"


def test_C5_nobody_who_must_act_loses_what_it_needs(story: Story) -> None:
    levels = [
        {each["section"]: each["level"] for each in pulled.document["sections"]}
        for pulled in (story.before, story.after)
    ]
    assert levels[0] == levels[1]
    assert levels[1]["victim_identity"] == levels[1]["perpetrators"] == "FULL"


def test_C5_all_are_told_that_she_objects(story: Story) -> None:
    for agency in (POLICE, CSC):
        items = story.world.client(agency).list_cases()["items"]
        assert [item["kind"] for item in items] == ["ASSIGNED", "CHANGED"]


def test_F44_C5_both_positions_are_kept(story: Story) -> None:
    from gateway.store import tables as t

    case_id = story.world.case_of(story.receipt.reference)
    rows = story.world.rows(t.position, case_id=case_id)
    assert [(row["seq"], row["position"]) for row in rows] == [(1, "GIVEN"), (2, "WITHDRAWN")]
    assert [row["by_agency"] for row in rows] == [HOSPITAL, IDVA]


@pytest.mark.parametrize("concern", ["NONE", "IN_NEED", "SIGNIFICANT_HARM"])
def test_C5_childrens_services_are_owed_a_seventeen_year_old_always(
    sqlite_world: World, concern: str
) -> None:
    claims = sqlite_world.client(HOSPITAL).refer(example("c5", children_concern=concern)).claims
    assert "CSC" in claims["duties"]
    assert "CSC" in claims["routed"]


def test_C5_her_telephone_is_watched_and_the_adviser_knows(story: Story) -> None:
    sealed = story.world.client(IDVA).pull(story.receipt.reference, "P2").reveal()
    mobile, in_person = sealed["safe_contact"]["channels"]
    assert mobile["device_monitored_suspected"] == "YES"
    assert (mobile["safe_to_text"], mobile["safe_to_call"]) == ("NO", "NO")
    assert in_person["channel"] == "IN_PERSON"


def test_C5_the_unborn_child_is_recorded(story: Story) -> None:
    sections = {
        each["section"]: each["content"]
        for each in story.world.client(CSC).pull(story.receipt.reference, "P3").document["sections"]
    }
    (child,) = sections["children"]["children"]
    assert (child["unborn"], child["due_on"]) == (True, {"value": "2027-03-13"})


def test_C5_what_other_agencies_manage_is_not_told_to_the_college(story: Story) -> None:
    """MAPPA detail is police and probation intelligence (D17)."""
    coordinator = story.world.client(COORDINATOR)
    explained = coordinator.explain(story.receipt.reference, POLICE, "P5")
    levels = {each["section"]: each["level"] for each in explained["sections"]}
    coordinator.decide(story.receipt.reference, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z", "attendees": [COLLEGE, POLICE]}
    )["conference"]
    coordinator.list_case(conference, story.receipt.reference)
    assert "perpetrator_history" in levels
    document = story.world.client(COLLEGE).pull(story.receipt.reference, "P3").document
    assert "perpetrator_history" not in {each["section"] for each in document["sections"]}
    assert "mappa" not in str(document).lower()
    assert "Wounding" not in str(document)


def test_C5_with_eighteen_the_case_stays_where_it_is(world: World) -> None:
    """Age decides anew at each change; turning adult closes nothing."""
    ref = world.client(HOSPITAL).refer(example("c5")).reference
    world.later(days=90)  # her birthday is 11 February
    world.client(IDVA).record_position(ref, position("GIVEN"))
    document = world.client(COORDINATOR).pull(ref, "P9").document
    assert document["state"] == "TRIAGE"
    assert document["triage"]["outcome"] == "ALLOW"

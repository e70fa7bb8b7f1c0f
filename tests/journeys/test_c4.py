"""A counter-allegation, a man abused by his carer (C4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.gateway import Gateway, Receipt
from tests.journeys.world import World, example

OVER_HTTP = True
LANDLORD, POLICE, IDVA = "tidewell-housing", "marlbury-police", "marlbury-idva"
ASC, COORDINATOR = "marlbury-asc", "marlbury-marac"


def neils_report() -> dict[str, Any]:
    """Last month: Neil reported Martin."""
    people = example("c4")["document"]
    neil, martin = people["perpetrators"][0], people["victim"]
    accused = {
        **example("minimal")["document"]["perpetrators"][0],
        "given_names": martin["given_names"],
        "family_name": martin["family_name"],
        "dob": martin["dob"]["value"],
        "dob_precision": "DAY",
    }
    del accused["description"]
    return example(
        "minimal",
        victim__given_names=neil["given_names"],
        victim__family_name=neil["family_name"],
        victim__dob={"value": neil["dob"]},
        victim__dob_precision="DAY",
        perpetrators=[accused],
    )


@dataclass(frozen=True)
class Story:
    world: World
    neils: Receipt
    martins: Receipt


@pytest.fixture(scope="module")
def story(shared_world: World) -> Story:
    neils = shared_world.client(POLICE).refer(neils_report())
    shared_world.later(days=30)
    martins = shared_world.client(LANDLORD).refer(example("c4"))
    shared_world.client(COORDINATOR, "marac-01").walls.settle(
        martins.reference, "DEPUTY", IDVA, "idva-01", reason="Knows men's services."
    )
    return Story(shared_world, neils, martins)


def client_of(story: Story, agency: str) -> Gateway:
    """Of two who accuse each other an adviser reads by the worker who took one of them on."""
    return story.world.client(agency, "idva-01" if agency == IDVA else None)


def test_C4_he_objects_and_it_is_shared_with_a_record(story: Story) -> None:
    claims = story.martins.claims
    assert (claims["decision"]["outcome"], claims["decision"]["rule"]) == ("ALLOW_OVERRIDE", "R6")
    assert "PROFESSIONAL_JUDGEMENT" in claims["criteria"]
    assert "VISIBLE_HIGH_RISK" not in claims["criteria"]  # 11 of 24


def test_C4_adult_social_care_is_owed_it(story: Story) -> None:
    """Care Act 2014 section 42: the duty fires whatever the decision."""
    assert "ASC" in story.martins.claims["duties"]
    assert "ASC" in story.martins.claims["routed"]
    sections = {
        each["section"]: each["level"]
        for each in story.world.client(ASC).pull(story.martins.reference, "P4").document["sections"]
    }
    assert sections["victim_identity"] == "FULL"
    assert sections["incidents"] == "SUMMARY"


def test_C4_the_specialist_for_men_receives_it(story: Story) -> None:
    triage = story.world.client(COORDINATOR).pull(story.martins.reference, "P9").document["triage"]
    because = {each["agency"]: each["because"] for each in triage["members"]}
    assert because[IDVA].startswith("M-IDVA-MALE")
    assert "aster-women" not in because


def test_C4_two_records_one_for_each_direction(story: Story) -> None:
    """Neither is changed or joined; the coordinator sees that they mirror each other."""
    triage = story.world.client(COORDINATOR).pull(story.martins.reference, "P9").document["triage"]
    (link,) = triage["links"]
    assert (link["kind"], link["reference"]) == ("REVERSED", story.neils.reference)
    assert link["status"] == "PROPOSED"  # a human decides who is the primary victim
    assert story.world.case_of(story.neils.reference) != story.world.case_of(
        story.martins.reference
    )


@pytest.mark.parametrize("agency", [IDVA, ASC, LANDLORD])
def test_C4_the_link_is_for_the_coordinator_alone(story: Story, agency: str) -> None:
    client = client_of(story, agency)
    if agency == LANDLORD:
        assert "links" not in str(client.referral(story.martins.reference))
        return
    document = client.pull(story.martins.reference, "P2").document
    assert "triage" not in document
    assert story.neils.reference not in str(document)


def test_C4_the_one_who_was_told_of_one_case_learns_nothing_of_the_other(story: Story) -> None:
    with pytest.raises(ProblemError) as problem:
        story.world.client(POLICE).pull(story.martins.reference, "P1")
    assert problem.value.status == 404
    with pytest.raises(ProblemError) as problem:
        story.world.client(LANDLORD).pull(story.neils.reference, "P1")
    assert problem.value.status == 404


@pytest.mark.parametrize("agency", [IDVA, COORDINATOR, ASC])
def test_C4_his_orientation_shows_to_nobody_before_it_is_approved(
    story: Story, agency: str
) -> None:
    """Level C: nothing until it is approved with a reason, not even that there is something."""
    purpose = {IDVA: "P2", COORDINATOR: "P9", ASC: "P4"}[agency]
    document = client_of(story, agency).pull(story.martins.reference, purpose).document
    assert "orientation" not in {each["section"] for each in document["sections"]}
    assert "orientation" not in document["withheld"]
    assert "GAY_OR_LESBIAN" not in str(document)


def test_M13_C4_a_severity_that_is_only_prompted_raises_nothing(story: Story) -> None:
    """The number stays 11 and medium beside the judgement, which is high."""
    triage = story.world.client(COORDINATOR).pull(story.martins.reference, "P9").document["triage"]
    (grade,) = triage["assessments"]
    assert (grade["score"], grade["level_score"]) == (11, "MEDIUM")
    assert (grade["level_professional"], grade["level_final"]) == ("HIGH", "HIGH")


def test_C4_without_his_care_needs_no_duty_fires(sqlite_world: World) -> None:
    form = example("c4", victim__care_support_needs={"value": {"answer": False}})
    claims = sqlite_world.client(LANDLORD).refer(form).claims
    assert "ASC" not in claims["duties"]
    assert sqlite_world.client(ASC).list_cases()["items"] == []

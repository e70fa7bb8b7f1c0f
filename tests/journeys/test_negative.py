"""What must not be shared, and what must not be lost (N1 to N4, N6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.client.access import ProblemError
from gateway.store import tables as t
from tests.journeys.world import World, example, graded, position

OVER_HTTP = True
LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
CSC, OTHER = "marlbury-csc", "tidewell-housing"


def test_N1_standard_risk_without_agreement_or_duty_is_not_shared(world: World) -> None:
    receipt = world.client(LANDLORD).refer(graded(5, victim__position="WITHHELD"))
    claims = receipt.claims
    assert claims["level"] == "STANDARD"
    assert (claims["decision"]["outcome"], claims["decision"]["rule"]) == ("NO_SHARE", "R12")
    assert (claims["state"], claims["routed"], claims["duties"]) == ("RETURNED", [], [])
    for agency in (IDVA, COORDINATOR, CSC):
        assert world.client(agency).list_cases()["items"] == []
        with pytest.raises(ProblemError) as problem:
            world.client(agency).pull(receipt.reference, "P9")
        assert problem.value.status == 404
    grants = world.rows(t.section_grant)
    assert {row["agency_id"] for row in grants} == {LANDLORD}
    own = world.client(LANDLORD).referral(receipt.reference)
    assert own["status"] == "RETURNED"  # kept, with its sender told what to do
    assert own["document"]["victim"]["given_names"] == "Robin"


def test_N1_she_changes_her_mind_and_the_adviser_learns_of_it(world: World) -> None:
    """Nothing valid is lost: agreement given later lets the kept referral go on."""
    landlord = world.client(LANDLORD)
    ref = landlord.refer(graded(5, victim__position="WITHHELD")).reference
    landlord.record_position(ref, position("GIVEN"))
    (item,) = world.client(IDVA).list_cases()["items"]
    assert (item["reference"], item["kind"]) == (ref, "ASSIGNED")
    assert world.client(IDVA).pull(ref, "P2").document["sections"]


def test_N2_a_fifteen_year_old_goes_to_childrens_services_alone(world: World) -> None:
    form = example("c5", victim__dob={"value": "2011-06-01"}, referral__danger="SERIOUS")
    receipt = world.client("marlbury-hospital").refer(form)
    claims = receipt.claims
    assert (claims["decision"]["outcome"], claims["decision"]["rule"]) == ("ALLOW_MIN", "R2")
    assert claims["state"] == "REDIRECTED"
    assert claims["routed"] == ["CSC"]
    assert claims["reasons"] == ["UNDER_AGE"]
    assert world.client(COORDINATOR).list_cases()["items"] == []
    assert world.client(IDVA).list_cases()["items"] == []
    seen = {
        each["section"]: each["level"]
        for each in world.client(CSC).pull(receipt.reference, "P3").document["sections"]
    }
    assert seen["victim_identity"] == "FULL"
    assert "risk_answers" not in seen  # a named recipient reads D01 to D08 and D18 at once


def test_N2_danger_to_life_reaches_police_and_adviser_but_no_conference(world: World) -> None:
    form = example("c5", victim__dob={"value": "2011-06-01"})
    claims = world.client("marlbury-hospital").refer(form).claims
    assert "COORDINATOR" not in claims["routed"]
    assert {"POLICE", "IDVA", "CSC"} <= set(claims["routed"])


@pytest.mark.parametrize(("months", "repeats"), [(12, True), (13, False)])
def test_N3_after_twelve_months_it_is_new(sqlite_world: World, months: int, repeats: bool) -> None:
    """Twelve months after the last referral is a repeat to the day; after thirteen it is new."""
    world = sqlite_world
    people = {
        "victim__nhs_number": "9990001022",
        "perpetrators": example("c1")["document"]["perpetrators"],
    }
    world.client(LANDLORD).refer(example("minimal", **people))
    year, month = divmod(world.now.month - 1 + months, 12)
    then = world.now.replace(year=world.now.year + year, month=month + 1)
    world.later(seconds=(then - world.now).total_seconds())
    incident = {"occurred_on": {"value": then.date().isoformat()}, "precision": "DAY"}
    people["incidents"] = [{**example("minimal")["document"]["incidents"][0], **incident}]
    second = world.client(OTHER).refer(example("minimal", **people)).reference
    triage = world.client(COORDINATOR).pull(second, "P9").document["triage"]
    (link,) = triage["links"]
    assert link["kind"] == "SAME_PEOPLE"  # linked either way
    assert ("ANY_ABUSE" in link["repeats"]) is repeats


@pytest.mark.parametrize("said", ["NONE", "STANDARD", "MEDIUM"])
def test_N4_V38_a_human_never_lowers_what_the_score_shows(sqlite_world: World, said: str) -> None:
    claims = sqlite_world.client(LANDLORD).refer(graded(20, said)).claims
    assert claims["level"] == "HIGH"
    assert claims["criteria"] == ["VISIBLE_HIGH_RISK"]


def test_V38_a_later_form_never_lowers_what_an_earlier_one_showed(world: World) -> None:
    landlord = world.client(LANDLORD)
    ref = landlord.refer(graded(20)).reference
    low = graded(2, "STANDARD")["document"]["risk_assessments"]["value"][0]
    told = landlord.assess(ref, low)
    assert (told["score"], told["level"]) == (2, "HIGH")
    assert world.client(IDVA).pull(ref, "P2").document["level"] == "HIGH"


def test_N6_two_agencies_refer_the_same_people_and_both_are_told(world: World) -> None:
    first = world.client(LANDLORD).refer(example("c1")).reference
    world.later(hours=3)
    people = example("c1")["document"]
    second = (
        world.client(OTHER)
        .refer(
            example(
                "minimal",
                victim__nhs_number="9990001022",
                perpetrators=people["perpetrators"],
            )
        )
        .reference
    )
    coordinator = world.client(COORDINATOR)
    (link,) = coordinator.pull(second, "P9").document["triage"]["links"]
    assert (link["kind"], link["reference"]) == ("SAME_PEOPLE", first)
    coordinator.decide(second, {"decision": "MERGE", "merge_with": first, "release": True})
    assert coordinator.pull(second, "P9").document["state"] == "MERGED"
    coordinator.decide(first, {"decision": "ACCEPT", "feedback": "PLAN_AGREED"})
    assert [f["code"] for f in world.client(OTHER).referral(second)["feedback"]] == ["JOINED"]
    assert [f["code"] for f in world.client(LANDLORD).referral(first)["feedback"]] == [
        "PLAN_AGREED"
    ]
    sources = {row["agency_id"] for row in world.rows(t.referral)}
    assert sources == {LANDLORD, OTHER}  # all referrers are kept


def test_N6_V20_what_was_merged_is_not_accepted_again(world: World) -> None:
    first = world.client(LANDLORD).refer(example("c1")).reference
    second = world.client(OTHER).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(second, {"decision": "MERGE", "merge_with": first})
    for decision in ({"decision": "ACCEPT"}, {"decision": "MERGE", "merge_with": first}):
        with pytest.raises(ProblemError) as problem:
            coordinator.decide(second, decision)
        assert (problem.value.status, problem.value.code) == (409, "illegal_state")


def test_V20_F30_a_case_takes_no_step_that_its_state_does_not_know(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z", "attendees": [IDVA]}
    )["conference"]
    before = world.counts()
    acts: tuple[Callable[[], object], ...] = (
        lambda: coordinator.decide(ref, {"decision": "EMERGENCY"}),
        lambda: coordinator.list_case(conference, ref),
    )
    for act in acts:
        with pytest.raises(ProblemError) as problem:
            act()
        assert (problem.value.status, problem.value.code) == (409, "illegal_state")
    assert world.counts() == before
    coordinator.decide(ref, {"decision": "ACCEPT"})
    for decision in (
        {"decision": "ACCEPT"},
        {"decision": "RETURN", "reasons": ["MORE_DETAIL_NEEDED"]},
    ):
        with pytest.raises(ProblemError) as problem:
            coordinator.decide(ref, decision)
        assert problem.value.status in (409, 422)


def test_a_referral_from_nowhere_is_kept_and_goes_back(world: World) -> None:
    """An area that nobody serves: returned, nothing lost, nothing shared."""
    form = example(
        "minimal",
        referral__area=None,
        victim__address_classification="KNOWN_TO_PERP",
        victim__address={
            "value": {
                "lines": ["1 Nowhere"],
                "town": "Elsewhere",
                "postcode": {"value": "ZE9 9ZZ"},
            }
        },
    )
    receipt = world.client(LANDLORD).refer(form)
    assert (receipt.claims["state"], receipt.claims["reasons"]) == ("RETURNED", ["WRONG_AREA"])
    assert world.client(LANDLORD).referral(receipt.reference)["status"] == "RETURNED"


def test_an_old_assessment_asks_for_a_fresh_one_and_blocks_nothing(world: World) -> None:
    """Older than 28 days, or older than the newest incident: ask, and route as ever."""
    landlord = world.client(LANDLORD)
    fresh, old = graded(15), graded(15)
    (filled,) = old["document"]["risk_assessments"]["value"]
    filled["assessed_on"] = "2026-10-20"
    claims = [landlord.refer(form).claims for form in (fresh, old)]
    prompts = [each["assessments"][0]["prompts"] for each in claims]
    assert prompts[1] == [*prompts[0], "REFRESH_ASSESSMENT"]
    assert [each["state"] for each in claims] == ["TRIAGE"] * 2
    added = landlord.assess(landlord.refer(fresh).reference, filled)
    assert added["prompts"][-1] == "REFRESH_ASSESSMENT"

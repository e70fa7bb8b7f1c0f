"""No agreement, honour-based abuse, a perpetrator on the staff (C2)."""

from __future__ import annotations

import pytest

from gateway.client.access import ProblemError
from gateway.store import tables as t
from tests.journeys.world import World, example, lines

OVER_HTTP = True
COLLEGE, BY_AND_FOR, COORDINATOR = "marlbury-college", "aster-women", "marlbury-marac"
HOUSING_OPTIONS, POLICE = "marlbury-council-housing", "marlbury-police"


@pytest.fixture(scope="module")
def reference(shared_world: World) -> str:
    return shared_world.client(COLLEGE, "college-01").refer(example("c2")).reference


def test_C2_many_unknown_answers_make_the_score_unreliable(shared_sqlite_world: World) -> None:
    receipt = shared_sqlite_world.client(COLLEGE).refer(example("c2"))
    dash = next(a for a in receipt.claims["assessments"] if a["instrument"] == "DASH_RIC@1")
    assert (dash["score"], dash["unknown"], dash["is_unreliable"]) == (9, 8, True)
    hdash = next(a for a in receipt.claims["assessments"] if a["instrument"] == "HDASH@1")
    assert hdash["score"] == 5


def test_C2_professional_judgement_is_the_criterion(shared_sqlite_world: World) -> None:
    """Marlbury has not made honour-based abuse a criterion by itself; Fenhollow decides anew."""
    claims = shared_sqlite_world.client(COLLEGE).refer(example("c2")).claims
    assert "PROFESSIONAL_JUDGEMENT" in claims["criteria"]
    assert "VISIBLE_HIGH_RISK" not in claims["criteria"]
    assert "HONOUR_BASED" not in claims["criteria"]
    assert claims["level"] == "HIGH"


def test_F51_C2_it_is_shared_without_agreement_by_a_complete_record(
    shared_sqlite_world: World,
) -> None:
    claims = shared_sqlite_world.client(COLLEGE).refer(example("c2")).claims
    assert (claims["decision"]["outcome"], claims["decision"]["rule"]) == ("ALLOW_OVERRIDE", "R6")
    assert "OVERRIDE" in claims["must_record"]
    assert claims["missing"] == []


def test_C2_abduction_is_danger_to_life(shared_sqlite_world: World) -> None:
    """Where the tutor marks imminent danger the table answers with another row: R1b."""
    form = example("c2", referral__danger="IMMINENT_LIFE")
    claims = shared_sqlite_world.client(COLLEGE).refer(form).claims
    assert (claims["decision"]["outcome"], claims["decision"]["rule"]) == ("ALLOW_OVERRIDE", "R1b")
    assert next(iter(claims)) == "urgent"  # what matters most is read first
    assert "999" in claims["urgent"]
    assert "POLICE" in claims["routed"]
    assert "POLICE_999" in claims["duties"]


def test_C2_without_the_record_it_waits_and_the_adviser_is_alerted(world: World) -> None:
    """HOLD_RECORD: returned to the tutor; reference, level and the tutor's contact to the IDVA."""
    claims_of = world.client(COLLEGE).refer(example("c2", override_record=None))
    claims = claims_of.claims
    assert (claims["decision"]["outcome"], claims["state"]) == ("HOLD_RECORD", "RETURNED")
    assert claims["reasons"] == ["CONSENT_RECORD_INCOMPLETE"]
    assert claims["missing"] == ["OVERRIDE"]
    (item,) = world.client(BY_AND_FOR).list_cases()["items"]
    assert (item["kind"], item["level"], item["state"]) == ("ALERT", "HIGH", None)
    alert = world.client(BY_AND_FOR).pull(item["reference"], "P2").document
    assert alert.keys() == {"reference", "level", "alert"}
    (content,) = alert["alert"]
    assert content.keys() == {"referrer"}
    assert content["referrer"]["phone"] == "01632 960230"
    assert world.client(COORDINATOR).list_cases()["items"] == []
    with pytest.raises(ProblemError) as problem:
        world.client(COORDINATOR).pull(claims_of.reference, "P9")
    assert problem.value.status == 404


def test_C2_the_record_sent_later_lets_it_go_on(world: World) -> None:
    """Nothing valid is lost: the tutor answers the return, and the old version is kept."""
    college = world.client(COLLEGE)
    ref = college.refer(example("c2", override_record=None)).reference
    assert college.referral(ref)["status"] == "RETURNED"
    again = college.resubmit(ref, example("c2"))
    assert again.reference == ref
    assert (again.claims["state"], again.claims["decision"]["rule"]) == ("TRIAGE", "R6")
    versions = world.rows(t.referral_version)
    assert [row["version"] for row in versions] == [1, 2]
    assert world.client(BY_AND_FOR).pull(ref, "P2").document["state"] == "TRIAGE"
    assert world.client(COORDINATOR).pull(ref, "P9").document["state"] == "TRIAGE"


def test_C2_a_by_and_for_service_is_found_by_need(shared_world: World, reference: str) -> None:
    items = shared_world.client(BY_AND_FOR).list_cases()["items"]
    assert reference in {item["reference"] for item in items}
    triage = shared_world.client(COORDINATOR).pull(reference, "P9").document["triage"]
    because = {each["agency"]: each["because"] for each in triage["members"]}
    assert because[BY_AND_FOR].startswith("M-IDVA-BY-FOR")
    assert "marlbury-idva" not in because


def test_C2_nothing_is_ever_sent_to_her(shared_world: World, reference: str) -> None:
    sealed = shared_world.client(BY_AND_FOR).pull(reference, "P2").reveal()
    (channel,) = sealed["safe_contact"]["channels"]
    assert channel["safe_for_letter"] == "NO"
    assert channel["safe_to_leave_voicemail"] == "NO"
    assert channel["channel"] == "IN_PERSON"


def test_C2_the_adviser_learns_whom_not_to_ask_to_interpret(
    shared_world: World, reference: str
) -> None:
    sections = {
        each["section"]: each["content"]
        for each in shared_world.client(BY_AND_FOR).pull(reference, "P2").document["sections"]
    }
    exclusions = sections["language"]["victim"]["interpreter_exclusions"]
    assert any("community" in each for each in exclusions)


def test_C2_the_brothers_office_finds_nothing(shared_world: World, reference: str) -> None:
    """It has no part in the case, so each route answers as if there were none."""
    office = shared_world.client(HOUSING_OPTIONS)
    calls = (
        lambda: office.pull(reference, "P1"),
        lambda: office.access(reference),
        lambda: office.explain(reference, HOUSING_OPTIONS, "P7"),
        lambda: office.acknowledge(reference, "ACCEPTED"),
        lambda: office.referral(reference),
    )
    for call in calls:
        with pytest.raises(ProblemError) as problem:
            call()
        assert (problem.value.status, problem.value.code) == (404, "not_found")
    assert office.list_cases()["items"] == []
    denied = shared_world.log(agency=HOUSING_OPTIONS, outcome="denied")
    assert len(denied) == len(calls)
    assert {each["case"] for each in denied} == {shared_world.case_of(reference)}


def test_F32_C2_an_emergency_conference_is_called_outside_the_cycle(world: World) -> None:
    ref = world.client(COLLEGE).refer(example("c2")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    coordinator.decide(ref, {"decision": "EMERGENCY"})
    assert coordinator.pull(ref, "P9").document["state"] == "EMERGENCY"
    assert world.client(COLLEGE).referral(ref)["status"] == "LISTED"
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-11-24T09:30:00Z", "attendees": [POLICE]}
    )["conference"]
    assert coordinator.list_case(conference, ref)["kind"] == "EMERGENCY"
    (line,) = lines(coordinator, conference)
    assert (line["kind"], line["because"]) == ("EMERGENCY", "emergency")

"""Repairs to referral (C1): a landlord refers, the IDVA service pulls, the coordinator lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.gateway import Pulled, Receipt
from tests.journeys.world import World, example

OVER_HTTP = True
LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
POLICE, GP, CSC = "marlbury-police", "marlbury-gp", "marlbury-csc"


@dataclass(frozen=True)
class Story:
    """What each of them was told, in order."""

    world: World
    receipt: Receipt
    feed: Any
    pulled: Pulled
    before: Any
    listed: Any
    agendas: dict[str, Any]
    after: Any

    @property
    def reference(self) -> str:
        return self.receipt.reference

    def sections(self) -> dict[str, tuple[str, Any]]:
        """What the IDVA service saw, by section."""
        return {
            each["section"]: (each["level"], each["content"])
            for each in self.pulled.document["sections"]
        }


@pytest.fixture(scope="module")
def story(shared_world: World) -> Story:
    """The whole of it, each step over the client SDK."""
    world = shared_world
    receipt = world.client(LANDLORD, "homes-01").refer(example("c1"))
    ref = receipt.reference
    idva, coordinator = world.client(IDVA, "idva-01"), world.client(COORDINATOR, "marac-01")
    feed = idva.list_cases()
    pulled = idva.pull(ref, "P2")
    idva.acknowledge(ref, "ACCEPTED")
    before = world.client(LANDLORD).referral(ref)
    world.later(hours=2)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-08T09:30:00Z",
            "attendees": [POLICE, IDVA, LANDLORD, GP, CSC],
        }
    )["conference"]
    listed = coordinator.list_case(conference, ref)
    readers = (COORDINATOR, IDVA, POLICE, LANDLORD, CSC, GP)
    agendas = {agency: world.client(agency).agenda(conference) for agency in readers}
    after = world.client(LANDLORD).referral(ref)
    return Story(world, receipt, feed, pulled, before, listed, agendas, after)


def test_C1_the_score_makes_it_visible_high_risk(story: Story) -> None:
    claims = story.receipt.claims
    assert "VISIBLE_HIGH_RISK" in claims["criteria"]
    assert claims["level"] == "HIGH"
    found = [(a["instrument"], a["score"], a["unknown"]) for a in claims["assessments"]]
    assert found == [("DASH_RIC@1", 16, 2)]


def test_C1_F25_the_decision_and_its_rule_are_told_and_stored(story: Story) -> None:
    decision = story.receipt.claims["decision"]
    assert (decision["outcome"], decision["rule"]) == ("ALLOW", "R5a")
    triage = story.world.client(COORDINATOR).pull(story.reference, "P9").document["triage"]
    assert (triage["outcome"], triage["rule"]) == ("ALLOW", "R5a")
    assert triage["versions"] == decision["versions"]
    assert set(map(len, decision["versions"].values())) == {64}
    because = {each["agency"]: each["because"] for each in triage["members"]}
    assert because[IDVA].startswith("M-IDVA:")
    assert because[COORDINATOR].startswith("M-MARAC:")


def test_C1_F24_it_is_routed_to_the_areas_idva_service_and_coordinator(story: Story) -> None:
    assert story.receipt.claims["routed"] == ["COORDINATOR", "IDVA"]
    assert [(i["reference"], i["kind"], i["level"]) for i in story.feed["items"]] == [
        (story.reference, "ASSIGNED", "HIGH")
    ]


def test_C1_what_happens_next_has_a_time(story: Story) -> None:
    steps = {step["code"]: step["due_at"] for step in story.receipt.claims["next"]}
    assert steps["IDVA_TRIAGE"] == "2026-11-24T10:00:00Z"  # 24 hours
    assert steps["IDVA_CONTACT"] == "2026-11-25T17:00:00Z"  # the close of the second working day


def test_C1_the_surgery_learns_nothing(story: Story) -> None:
    assert GP not in story.listed["asked"]
    assert set(story.listed["asked"]) == {POLICE, CSC}
    assert story.agendas[GP]["cases"] == []
    surgery = story.world.client(GP)
    assert surgery.list_cases()["items"] == []
    for purpose in ("P1", "P2", "P9"):
        with pytest.raises(ProblemError) as refused:
            surgery.pull(story.reference, purpose)
        assert refused.value.status == 404


def test_C1_the_adviser_learns_when_and_how_it_is_safe_to_call(story: Story) -> None:
    channel = story.pulled.reveal()["safe_contact"]["channels"][0]
    window = channel["safe_windows"]
    assert window == [
        {
            "days": ["MON", "TUE", "WED", "THU", "FRI"],
            "from_time": "10:00",
            "to_time": "11:30",
        }
    ]
    assert channel["safe_to_leave_voicemail"] == "NO"
    assert channel["safe_to_text"] == "NO"


def test_C1_the_adviser_sees_what_the_matrix_gives_and_no_more(story: Story) -> None:
    seen = story.sections()
    assert seen["incidents"][0] == "FULL"
    assert seen["risk_answers"][0] == "FULL"
    assert seen["mental_health"][0] == "FULL"
    assert seen["health"] == ("SUMMARY", {"present": True})  # nobody wrote a summary
    assert "orientation" not in seen
    assert "informants" not in seen
    assert "override" not in seen


def test_C1_F44_the_victims_position_comes_with_her_condition(story: Story) -> None:
    level, consent = story.sections()["consent"]
    assert level == "FULL"
    assert consent["victim"]["position"] == "GIVEN"
    conditions = consent["consent_record"]["conditions"]
    assert conditions[0]["excludes_kind"] == "PRIMARY_CARE"


def test_C1_the_coordinator_gives_it_twelve_minutes(story: Story) -> None:
    (line,) = story.agendas[COORDINATOR]["cases"]
    assert line["minutes"] == 12
    assert line["starts_at"] == "2026-12-08T09:30:00Z"
    assert line["scores"] == ["DASH_RIC 16/24"]
    assert set(line["critical"]) >= {"DASH05", "DASH06", "DASH08", "DASH12", "DASH14", "DASH15"}
    assert (line["children"], line["idva"], line["label"]) == (2, "ACCEPTED", "E.M.")


def test_F92_each_attendee_sees_its_own_projection(story: Story) -> None:
    """Before the meeting police and children's services get what a search needs: no level."""
    for agency in (POLICE, CSC):
        (line,) = story.agendas[agency]["cases"]
        assert line["reference"] == story.reference
        assert not line.keys() & {"level", "criteria", "scores", "critical", "presenter", "idva"}
        assert "listed" not in story.agendas[agency]
    assert story.agendas[COORDINATOR]["listed"] == 1


def test_C1_the_landlord_is_told_that_it_is_listed_and_when(story: Story) -> None:
    assert (story.before["status"], story.before["listed_for"]) == ("RECEIVED", None)
    assert story.after["status"] == "LISTED"
    assert story.after["listed_for"] == "2026-12-08T09:30:00Z"


def test_C1_the_landlord_reads_its_own_words_again(story: Story) -> None:
    sent = example("c1")["document"]
    read = story.after["document"]
    assert read["victim"]["given_names"] == sent["victim"]["given_names"]
    assert read["incidents"] == sent["incidents"]
    assert read["risk_assessments"] == sent["risk_assessments"]


def test_C1_what_the_adviser_and_the_landlord_may_see_is_explained(story: Story) -> None:
    """M7: the coordinator asks for any agency and learns which row decides; nothing is opened."""
    coordinator = story.world.client(COORDINATOR)
    idva = coordinator.explain(story.reference, IDVA, "P2")
    rows = {each["section"]: (each["level"], each["rule"]) for each in idva["sections"]}
    assert rows["incidents"] == ("FULL", "D07/IDVA:F")
    assert rows["health"] == ("SUMMARY", "D10/IDVA:S")
    assert rows["orientation"][0] == "NONE"
    landlord = coordinator.explain(story.reference, LANDLORD, "P7")
    told = {each["section"]: each for each in landlord["sections"]}
    rules = {name: each["rule"] for name, each in told.items() if each["level"] != "NONE"}
    # What it sealed to the adviser it keeps itself; the gateway has no copy for it.
    assert set(rules.values()) == {"own", "own not-sealed-to"}
    assert {each["rule"] for each in told.values() if each["level"] == "NONE"} == {"role:REFERRER"}
    assert {s for s, rule in rules.items() if rule != "own"} == {"safe_contact"}


@pytest.mark.parametrize(("concern", "told"), [("IN_NEED", False), ("SIGNIFICANT_HARM", True)])
def test_C1_childrens_services_are_owed_it_only_for_significant_harm(
    sqlite_world: World, concern: str, told: bool
) -> None:
    """Children Act 1989: section 47 is a duty, section 17 normally needs agreement."""
    receipt = sqlite_world.client(LANDLORD).refer(example("c1", children_concern=concern))
    assert ("CSC" in receipt.claims["duties"]) is told
    assert ("CSC" in receipt.claims["routed"]) is told
    items = sqlite_world.client(CSC).list_cases()["items"]
    assert [item["kind"] for item in items] == (["ASSIGNED"] if told else [])
    if told:
        seen = sqlite_world.client(CSC).pull(receipt.reference, "P3").document["sections"]
        assert {each["section"] for each in seen if each["level"] == "FULL"} >= {
            "children",
            "incidents",
            "victim_identity",
        }

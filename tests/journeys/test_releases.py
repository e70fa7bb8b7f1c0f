"""A team that serves both sides learns where she is when a second person agreed (F62)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway import ledger
from gateway.client.access import ProblemError
from gateway.flows import agencies
from gateway.rules.releasing import BOTH
from gateway.schemas.codes import AgencyKind, Scope
from gateway.schemas.sections import SEALED_READERS
from gateway.store import tables as t
from tests.journeys.world import CHAIR, World, example, graded

SENDER, IDVA, POLICE = "fenhollow-idva", "marlbury-idva", "marlbury-police"
CSC = "marlbury-csc"
COORDINATOR, LANDLORD = "marlbury-marac", "harbourgate-homes"
SEALED = {"protected_address", "safe_contact"}
SECOND = (COORDINATOR, "marac-01")


def listed(world: World, form: dict[str, Any]) -> str:
    """A case that police are asked to research."""
    ref = world.client(SENDER).refer(form).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    meeting = {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z", "attendees": [POLICE]}
    coordinator.list_case(coordinator.create_conference(meeting)["conference"], ref)
    return ref


def serious(world: World) -> str:
    """Not high and against her word, but a crime: police are named, and it stays the sender's."""
    form = graded(
        12,
        referral__danger="SERIOUS",
        victim__position="WITHHELD",
        victim__contact={"value": "SEALED"},
        override_record=example("c2")["document"]["override_record"],
    )
    form["sealed"] = {"safe_contact": example("c1")["sealed"]["safe_contact"]}
    receipt = world.client(LANDLORD).refer(form)
    assert receipt.claims["decision"]["rule"] == "R9"
    return receipt.reference


def in_danger() -> dict[str, Any]:
    return example("c3", referral__danger="IMMINENT_LIFE")


def teams(world: World, *workers: tuple[str, str | None]) -> None:
    with ledger.begin(world.sessions, world.keys, ledger.OPERATOR, world.now) as work:
        for worker, team in workers:
            agencies.add_worker(work, agency_id=POLICE, worker_id=worker, team=team)


def owed(world: World, agency: str = COORDINATOR) -> list[tuple[str, str]]:
    items = world.client(agency).due()["items"]
    return [(item["code"], item["by"]) for item in items if "RELEASE" in item["code"]]


def has(world: World, ref: str, *who: str, purpose: str = "P2") -> set[str]:
    pulled = world.client(*who).pull(ref, purpose)
    stood = {each["section"]: each["level"] for each in pulled.document["sections"]}
    for section in (SEALED & set(stood)) - set(pulled.sealed):
        assert stood[section] == "INDICATOR"
        assert section in pulled.document["withheld"]
    return set(pulled.sealed)


def test_F62_V37_the_police_get_where_she_is_when_a_second_person_agreed(world: World) -> None:
    ref = serious(world)
    assert has(world, ref, POLICE) == set()
    (row,) = world.client(LANDLORD).pull(ref, "P7").document["releases"]
    assert (row["agency"], row["team"], row["state"]) == (POLICE, None, "WAITING")
    assert not row["went_first"]
    assert owed(world, LANDLORD) == [("DECIDE_RELEASE", "COORDINATOR")]
    assert owed(world, POLICE) == []
    assert "releases" not in world.client(POLICE).pull(ref, "P2").document
    world.client(LANDLORD, "homes-01").walls.release(ref, "APPROVE", POLICE)
    assert has(world, ref, POLICE) == {"safe_contact"}
    assert owed(world, LANDLORD) == []
    world.client(LANDLORD, "homes-01").walls.release(ref, "REFUSE", POLICE)  # takes it back
    assert has(world, ref, POLICE) == set()
    events = [(e["event"], e["because"]) for e in world.log() if e["event"].startswith("release.")]
    assert events == [
        ("release.asked", "second-person"),
        ("release.settled", "APPROVE"),
        ("release.settled", "REFUSE"),
    ]


def test_F62_in_danger_to_life_it_goes_first_and_is_reviewed_within_a_day(world: World) -> None:
    ref = listed(world, in_danger())
    assert has(world, ref, POLICE) == SEALED
    assert has(world, ref, POLICE) == SEALED  # once more asks nobody again
    assert len(world.log(event="release.asked")) == 1
    (item,) = [i for i in world.client(COORDINATOR).due()["items"] if "RELEASE" in i["code"]]
    assert (item["code"], item["late"]) == ("REVIEW_RELEASE", False)
    (row,) = world.rows(t.release)
    assert row["due_at"] - row["asked_at"] == timedelta(hours=24)
    world.later(hours=25)
    (item,) = [i for i in world.client(COORDINATOR).due()["items"] if "RELEASE" in i["code"]]
    assert item["late"]
    assert has(world, ref, POLICE) == SEALED  # late is no refusal
    world.client(*SECOND).walls.release(ref, "REFUSE", POLICE)
    assert has(world, ref, POLICE) == set()
    assert owed(world) == []


def test_F62_police_are_asked_about_team_by_team(world: World) -> None:
    teams(world, ("pc-visits", "offenders"), ("pc-cares", "safeguarding"), ("pc-knows", None))
    ref = serious(world)
    for worker in ("pc-visits", "pc-cares", "pc-knows"):
        assert has(world, ref, POLICE, worker) == set()
    waiting = world.client(LANDLORD).pull(ref, "P7").document["releases"]
    assert {row["team"] for row in waiting} == {None, "offenders", "safeguarding"}
    world.client(LANDLORD, "homes-01").walls.release(ref, "APPROVE", POLICE, "safeguarding")
    assert has(world, ref, POLICE, "pc-cares") == {"safe_contact"}
    assert has(world, ref, POLICE, "pc-visits") == has(world, ref, POLICE, "pc-knows") == set()


def test_F62_another_agency_stops_once_it_is_known_to_serve_him_too(world: World) -> None:
    ref = listed(world, example("c3"))
    assert has(world, ref, IDVA) == SEALED
    world.client(IDVA, "idva-01").walls.release(ref, "SERVES", IDVA)
    assert has(world, ref, IDVA) == set()
    assert ("DECIDE_RELEASE", "COORDINATOR") in owed(world)
    world.client(*SECOND).walls.release(ref, "APPROVE", IDVA)
    assert has(world, ref, IDVA) == SEALED


def test_F48_F62_no_approval_brings_children_s_services_past_the_second_person(
    world: World,
) -> None:
    """Their cell is case by case, but nobody seals to their kind: there is nothing to open.

    Should a table ever make them readers, the second person is asked for their teams too.
    """
    ref = world.client(LANDLORD).refer(example("c1", children_concern="SIGNIFICANT_HARM")).reference
    worker = world.client(CSC, "csc-01")
    assert has(world, ref, CSC, "csc-01", purpose="P3") == set()
    for section in sorted(SEALED):
        document = {"act": "ASK", "section": section, "reason": "A visit to the children."}
        path = f"/v1/cases/{ref}/approvals"
        with pytest.raises(ProblemError) as caught:
            worker._exchange.send_sealed(path, "approval/1", document, Scope.CASES_WRITE)
        assert caught.value.problems == (("not_case_by_case", "/section"),)
        assert world.rows(t.release) == []
        assert explained(world, ref, CSC, CSC, "P3")[section][0] != "FULL"
    assert AgencyKind.CSC in BOTH - SEALED_READERS["safe_contact"]


def explained(
    world: World, ref: str, asker: str, agency: str, purpose: str = "P2"
) -> dict[str, tuple[str, str]]:
    found = world.client(asker).explain(ref, agency, purpose)
    return {s["section"]: (s["level"], s["rule"]) for s in found["sections"]}


def test_M7_F62_explain_says_what_waits_for_a_second_person(world: World) -> None:
    ref = serious(world)
    waits = ("INDICATOR", "second-person")
    assert explained(world, ref, POLICE, POLICE)["safe_contact"] == waits
    assert has(world, ref, POLICE) == set()
    world.client(LANDLORD, "homes-01").walls.release(ref, "APPROVE", POLICE)
    level, rule = explained(world, ref, POLICE, POLICE)["safe_contact"]
    assert (level, rule != "second-person") == ("FULL", True)
    world.client(LANDLORD, "homes-01").walls.release(ref, "REFUSE", POLICE)
    assert explained(world, ref, POLICE, POLICE)["safe_contact"] == waits
    # Whoever contributed is told what the tables give, and not how it stands with a team.
    assert explained(world, ref, LANDLORD, POLICE)["safe_contact"][1] != "second-person"


def test_M7_F62_that_it_serves_him_is_told_by_explain_only_where_reading_tells_it(
    world: World,
) -> None:
    ref = listed(world, example("c3"))
    bare = world.client(SENDER).refer(graded(15)).reference  # with nothing sealed in it
    for each in (ref, bare):
        assert explained(world, each, IDVA, IDVA)["safe_contact"][0] == "FULL"
        world.client(COORDINATOR, "marac-01").walls.release(each, "SERVES", IDVA)
    assert explained(world, ref, IDVA, IDVA)["safe_contact"] == ("INDICATOR", "second-person")
    assert explained(world, ref, COORDINATOR, IDVA)["safe_contact"][1] == "second-person"
    assert explained(world, bare, IDVA, IDVA)["safe_contact"][0] == "FULL"


def refused(act: Any, *given: Any) -> tuple[int, str]:
    with pytest.raises(ProblemError) as caught:
        act(*given)
    return caught.value.status, caught.value.code


def test_F62_only_who_coordinates_and_did_not_ask_says_so(world: World) -> None:
    ref = listed(world, in_danger())
    assert has(world, ref, POLICE) == SEALED
    for who in ((POLICE, "police-01"), (IDVA, "idva-01"), (COORDINATOR,), (LANDLORD,)):
        assert refused(world.client(*who).walls.release, ref, "APPROVE", POLICE)[0] == 404
    assert refused(world.client(IDVA, "idva-01").walls.release, ref, "SERVES", POLICE)[0] == 404
    assert has(world, ref, POLICE) == SEALED
    second = world.client(*SECOND).walls
    assert refused(second.release, ref, "APPROVE", POLICE, "unheard-of")[0] == 422
    assert refused(second.release, ref, "SERVES", "fenhollow-homes")[0] == 422
    assert refused(second.release, ref, "SERVES", POLICE)[0] == 409
    assert refused(second.release, "7K3MQ-2XF8A-C", "APPROVE", POLICE)[0] == 404


def test_F62_who_said_that_it_serves_both_does_not_agree_to_it_as_well(world: World) -> None:
    """The coordinating agency itself may serve him: then another of its workers says so."""
    ref = listed(world, example("c3"))
    world.client(*SECOND).walls.release(ref, "SERVES", COORDINATOR)
    again = refused(world.client(*SECOND).walls.release, ref, "APPROVE", COORDINATOR)
    assert again == (409, "same_person")
    world.client(COORDINATOR, CHAIR).walls.release(ref, "APPROVE", COORDINATOR)

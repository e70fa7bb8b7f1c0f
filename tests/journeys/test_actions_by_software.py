"""Actions, flags and counts by software: what a partner's own client lists, reads and settles."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.store import tables as t
from tests.journeys import acting
from tests.journeys.acting import COORDINATOR, CSC, GP, IDVA, LANDLORD, POLICE
from tests.journeys.world import World

TEXT = "Fit new locks to both doors."
EVIDENCE = "Job sheet 12, signed by the tenant."


@pytest.fixture(scope="module")
def planned(shared_world: World) -> tuple[str, int, int]:
    """A case that was heard, with an action of the landlord's and one of the IDVA service's."""
    world = shared_world
    conference = acting.a_conference(world)
    reference = acting.listed(world, conference)
    acting.heard(world, reference)
    locks = acting.proposed(world, reference, LANDLORD, TEXT)
    plan = acting.proposed(world, reference, IDVA, "Make a safety plan.")
    with acting.doing(world, COORDINATOR) as work:
        from gateway.flows import conferences

        conferences.send_plan(work, conference)
    return reference, locks, plan


def refused(act: Any, *given: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(ProblemError) as caught:
        act(*given, **named)
    return caught.value.status, caught.value.code


def test_F95_an_agency_lists_reads_and_settles_its_own_actions(
    shared_world: World, planned: tuple[str, int, int]
) -> None:
    reference, locks, plan = planned
    mine = shared_world.client(LANDLORD).actions
    (own,) = mine.list_own()
    assert (own["reference"], own["number"], own["status"]) == (reference, locks, "PROPOSED")
    assert (own["is_own"], own["is_overdue"]) == (True, False)
    assert set(own) & {"text", "theme", "about"} == set(), "what tells of her is sealed"
    document = mine.plan(reference, "P9")
    read = {each["number"]: each for each in document["actions"]}
    assert read[locks]["text"] == TEXT
    assert "text" not in read.get(plan, {})
    assert mine.settle(reference, locks, "ACCEPT") == "ACCEPTED"
    assert mine.settle(reference, locks, "START") == "IN_PROGRESS"
    assert refused(mine.settle, reference, locks, "COMPLETE") == (422, "invalid")
    key = str(uuid.uuid4())
    for _ in range(2):  # sent again after an answer that was lost, it is one
        done = mine.settle(reference, locks, "COMPLETE", note=EVIDENCE, idempotency_key=key)
        assert done == "COMPLETED"
    steps = [row for row in shared_world.rows(t.action_step) if row["act"] == "COMPLETE"]
    assert len(steps) == 1
    assert refused(mine.settle, reference, locks, "COMPLETE", note="x") == (409, "illegal_state")
    assert refused(mine.settle, reference, locks, "VERIFY") == (409, "not_yours")
    after = {each["number"]: each for each in mine.plan(reference, "P9")["actions"]}
    assert after[locks]["steps"][-1]["evidence"] == EVIDENCE
    coordinator = shared_world.client(COORDINATOR).actions
    assert {each["number"] for each in coordinator.list_own()} == {locks, plan}
    assert coordinator.settle(reference, locks, "VERIFY") == "COMPLETED"


def test_F95_an_action_is_declined_with_a_coded_reason(
    shared_world: World, planned: tuple[str, int, int]
) -> None:
    reference, _, plan = planned
    idva = shared_world.client(IDVA).actions
    assert refused(idva.settle, reference, plan, "CANNOT") == (422, "invalid")
    assert idva.settle(reference, plan, "CANNOT", reason="NOT_OURS") == "NOT_POSSIBLE"
    newest = [row for row in shared_world.rows(t.action_step) if row["act"] == "CANNOT"]
    assert [row["reason"] for row in newest] == ["NOT_OURS"]


def test_promise_02_another_agencys_action_is_not_there(
    shared_world: World, planned: tuple[str, int, int]
) -> None:
    reference, locks, plan = planned
    nobodys = "ZZZZZ-ZZZZZ-0"
    for agency, number in ((IDVA, locks), (LANDLORD, plan), (POLICE, locks), (GP, locks)):
        client = shared_world.client(agency).actions
        told = {
            refused(client.settle, where, which, "ACCEPT")
            for where, which in ((reference, number), (reference, 7), (nobodys, number))
        }
        assert told == {(404, "not_found")}, agency
    for agency in (GP, "marlbury-college"):
        client = shared_world.client(agency).actions
        assert client.list_own() == []
        assert refused(client.plan, reference) in ((404, "not_found"), (400, "purpose_not_allowed"))


def test_F27_a_coordinators_software_lists_flags_and_takes_one_off(
    shared_world: World,
) -> None:
    world = shared_world
    over = acting.flagged(world, acting.a_conference(world, at="2026-12-15T09:30:00Z"), days=3)
    standing = acting.flagged(world, acting.a_conference(world, at="2026-12-16T09:30:00Z"))
    client = world.client(COORDINATOR).actions
    listed = {each["reference"]: each["over"] for each in client.flags()}
    assert (listed[over], listed[standing]) == (True, False)
    for agency in (LANDLORD, IDVA, CSC):
        assert world.client(agency).actions.flags() == []
        told = refused(world.client(agency).actions.take_flag_off, over, "PERIOD_ENDED")
        assert told == (404, "not_found")
    assert refused(client.take_flag_off, standing, "PERIOD_ENDED") == (409, "flag_stands")
    client.take_flag_off(over, "PERIOD_ENDED")
    assert over not in {each["reference"] for each in client.flags()}
    assert refused(client.take_flag_off, over, "PERIOD_ENDED") == (409, "no_flag")


def test_F102_a_coordinators_software_counts_a_quarter(shared_world: World) -> None:
    world = shared_world
    world.later(days=25)
    found = world.client(COORDINATOR).actions.report("2026-Q4", "OWN_WORK")
    heard = {row["case_id"] for row in world.rows(t.state) if row["state"] == "HEARD"}
    assert 0 < len(heard) < 6
    assert found["hidden"] is True
    assert (found["counts"], found["measures"], found["tables"]) == ([], [], [])
    (line,) = world.log(event="report.made", outcome="allowed")
    assert (line["because"], line["purpose"]) == ("OWN_WORK", "P11")
    for agency in (IDVA, POLICE):
        told = refused(world.client(agency).actions.report, "2026-Q4", "OWN_WORK")
        assert told == (404, "not_found")
    asked = world.client(COORDINATOR).actions
    assert refused(asked.report, "2026-Q5", "OWN_WORK") == (400, "bad_quarter")
    assert refused(asked.report, "2027-Q1", "OWN_WORK") == (422, "invalid")

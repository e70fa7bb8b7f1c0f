"""A refusal is challenged once, by who referred, and then it is the chair's."""

from __future__ import annotations

import pytest

from gateway.client import ProblemError
from gateway.store import tables as t
from tests.journeys.world import CHAIR, World, example

LANDLORD, COORDINATOR, IDVA = "harbourgate-homes", "marlbury-marac", "marlbury-idva"
REFUSED = {
    "decision": "REJECT",
    "reasons": ["CRITERIA_NOT_EVIDENCED"],
    "reason": "Too little.",
    "alternative_route": "The IDVA service.",
}


def code_of(act: object, *given: object) -> str:
    with pytest.raises(ProblemError) as caught:
        act(*given)  # type: ignore[operator]
    return str(caught.value.code)


def test_F30_a_refusal_is_challenged_once_and_the_chair_judges(shared_world: World) -> None:
    landlord, coordinator = shared_world.client(LANDLORD), shared_world.client(COORDINATOR)
    chair = shared_world.client(COORDINATOR, CHAIR)
    ref = landlord.refer(example("c1")).reference
    assert code_of(landlord.challenge, ref, "Not refused yet.") == "illegal_state"
    coordinator.decide(ref, REFUSED)
    landlord.challenge(ref, "He came back on Sunday: Zephyrine-Canary.")
    assert landlord.referral(ref)["status"] == "RECEIVED"
    assert "Zephyrine-Canary" in str(coordinator.pull(ref, "P9").document)
    for decision in (REFUSED, {"decision": "ACCEPT"}):
        assert code_of(coordinator.decide, ref, decision) == "chair_only"
    chair.decide(ref, REFUSED)
    assert code_of(landlord.challenge, ref, "Again.") == "challenged_before"
    rows = shared_world.rows(t.section, case_id=shared_world.case_of(ref))
    assert not [row for row in rows if b"Zephyrine" in row["content"]]


def test_V01_nobody_challenges_for_another(shared_world: World) -> None:
    ref = shared_world.client(LANDLORD).refer(example("c1")).reference
    shared_world.client(COORDINATOR).decide(ref, REFUSED)
    for agency in (IDVA, COORDINATOR, "tidewell-housing"):
        assert code_of(shared_world.client(agency).challenge, ref, "Mine.") == "not_found"
    states = {row["state"] for row in shared_world.rows(t.state, case_id=shared_world.case_of(ref))}
    assert "REJECTED" in states

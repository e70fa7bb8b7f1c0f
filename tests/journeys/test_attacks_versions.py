"""What others learned since survives a new version and a merge."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.store import tables as t
from tests.journeys.attacks import (
    ACCEPT,
    COORDINATOR,
    GP,
    HOSPITAL,
    IDVA,
    LANDLORD,
    OTHER,
    POLICE,
    asked,
    barred,
    grants_are_derived,
    not_for,
    refused,
    seen,
    sees_nothing,
    without_sealed,
)
from tests.journeys.world import World, example, graded, position

BACK = {"decision": "RETURN", "reasons": ["QUALITY_OTHER"]}
ASSESSMENT = example("c1")["document"]["risk_assessments"]["value"][0]
ROOM = (HOSPITAL, GP, POLICE)


@pytest.fixture(name="world")
def _world(shared_world: World) -> World:
    return shared_world


def test_a_new_version_does_not_undo_a_position_that_was_recorded_later(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    said = position("WITHDRAWN", conditions=not_for(HOSPITAL))
    world.client(IDVA).record_position(ref, said)
    world.client(COORDINATOR).decide(ref, BACK)
    receipt = world.client(LANDLORD).resubmit(ref, example("c1"))  # says GIVEN, knows no better
    assert receipt.claims["decision"]["outcome"] == "HOLD_RECORD"
    newest = world.rows(t.position, case_id=world.case_of(ref))[-1]
    assert newest["position"] == "WITHDRAWN"
    assert newest["excluded_agencies"] == [HOSPITAL]
    assert sees_nothing(world, COORDINATOR, ref)
    assert grants_are_derived(world, ref)


def test_not_even_the_version_after_that_undoes_it(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(IDVA).record_position(ref, position("WITHDRAWN"))
    world.client(COORDINATOR).decide(ref, BACK)
    for _ in range(2):
        receipt = world.client(LANDLORD).resubmit(ref, example("c1"))
        assert receipt.claims["decision"]["outcome"] == "HOLD_RECORD"


def test_a_new_version_does_not_lower_the_level_and_assessments_stay(world: World) -> None:
    landlord = world.client(LANDLORD)
    receipt = landlord.refer(graded(12))
    assert (receipt.claims["level"], receipt.claims["decision"]["rule"]) == ("MEDIUM", "R8")
    ref = receipt.reference
    world.later(minutes=1)  # a version's own text is known by the moment it came
    assert landlord.assess(ref, ASSESSMENT)["level"] == "HIGH"
    world.client(COORDINATOR).decide(ref, BACK)
    again = landlord.resubmit(ref, graded(12))
    assert (again.claims["level"], again.claims["decision"]["rule"]) == ("HIGH", "R5a")
    assert "risk_answers" in seen(world, COORDINATOR, ref)
    pulled = world.client(IDVA).pull(ref, "P2").document["sections"]
    answers = [each for each in pulled if each["section"] == "risk_answers"]
    assert len(answers) == 2  # the new version's, and the assessment that stands beside it
    own = landlord.referral(ref)["document"]["risk_assessments"]["value"]
    assert len(own) == 2


def merged(world: World, form: dict[str, Any], *, release: bool = False) -> tuple[str, str]:
    """The landlord's referral joined to another landlord's; gives both references."""
    target = world.client(OTHER).refer(without_sealed("minimal")).reference
    joined = world.client(LANDLORD).refer(form).reference
    merge = {"decision": "MERGE", "merge_with": target, "release": release}
    world.client(COORDINATOR).decide(joined, merge)
    return target, joined


def test_whoever_was_left_out_of_one_is_left_out_of_what_it_was_joined_to(world: World) -> None:
    form = barred(HOSPITAL, consent_record__conditions=not_for(GP))
    target, _ = merged(world, form)
    assert asked(world, target, *ROOM) == [POLICE]
    assert sees_nothing(world, HOSPITAL, target)
    assert sees_nothing(world, GP, target)
    assert grants_are_derived(world, target)


def test_the_other_referrer_cannot_lift_what_was_joined(world: World) -> None:
    form = barred(HOSPITAL, consent_record__conditions=not_for(GP))
    target, _ = merged(world, form)
    for _ in range(2):
        world.client(OTHER).record_position(target, position("GIVEN"))
    assert asked(world, target, *ROOM) == [POLICE]


def test_a_position_on_a_joined_referral_is_one_on_the_case_it_was_joined_to(
    world: World,
) -> None:
    target, joined = merged(world, without_sealed("c1"))
    out = position("GIVEN", conditions=not_for(HOSPITAL))
    receipt = world.client(LANDLORD).record_position(joined, out)
    assert target not in str(receipt)
    newest = world.rows(t.position, case_id=world.case_of(target))[-1]
    assert HOSPITAL in newest["excluded_agencies"]
    assert asked(world, target, *ROOM) == [POLICE]
    assert grants_are_derived(world, target)


def test_the_joined_referrer_learns_nothing_of_what_the_other_one_was_asked(world: World) -> None:
    target, joined = merged(world, without_sealed("c1"), release=True)
    own = world.client(LANDLORD).referral
    assert own(joined)["status"] == "RECEIVED"
    back = {"decision": "RETURN", "reasons": ["CHILD_DETAILS_MISSING"]}
    world.client(COORDINATOR).decide(target, back)
    assert (own(joined)["status"], own(joined)["reasons"]) == ("RECEIVED", [])
    world.client(OTHER).withdraw(target, "SENT_IN_ERROR")
    assert (own(joined)["status"], own(joined)["reasons"]) == ("RECEIVED", [])


def test_the_joined_referrer_learns_that_the_case_was_taken_on(world: World) -> None:
    target, joined = merged(world, without_sealed("c1"), release=True)
    own = world.client(LANDLORD).referral
    world.client(COORDINATOR).decide(target, ACCEPT)
    assert own(joined)["status"] == "ACCEPTED"


def test_no_case_is_joined_to_one_that_its_coordinator_may_not_know(world: World) -> None:
    target = world.client(OTHER).refer(without_sealed("c1")).reference
    out = position("GIVEN", conditions=not_for(COORDINATOR))
    world.client(IDVA).record_position(target, out)
    joined = world.client(LANDLORD).refer(without_sealed("minimal")).reference
    merge = {"decision": "MERGE", "merge_with": target}
    assert refused(world.client(COORDINATOR).decide, joined, merge) == (422, "invalid")

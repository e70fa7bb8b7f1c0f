"""What breaks a condition of the victim, and what never breaks a bar."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.attacks import (
    COLLEGE,
    COUNCIL,
    GP,
    HOSPITAL,
    LANDLORD,
    POLICE,
    asked,
    barred,
    grants_are_derived,
    not_for,
    seen,
    sees_nothing,
    without_sealed,
)
from tests.journeys.world import World, example

ROOM = (HOSPITAL, GP, POLICE)


@pytest.fixture(name="world")
def _world(shared_world: World) -> World:
    return shared_world


def test_danger_to_life_breaks_a_condition_against_the_police(world: World) -> None:
    form = without_sealed("c5", consent_record__conditions=not_for(kinds=("POLICE",)))
    receipt = world.client(LANDLORD).refer(form)
    assert "POLICE_999" in receipt.claims["duties"]
    assert "victim_identity" in seen(world, POLICE, receipt.reference, "P1")


def test_danger_to_life_breaks_no_bar(world: World) -> None:
    ref = world.client(LANDLORD).refer(barred(POLICE, name="c5")).reference
    assert sees_nothing(world, POLICE, ref)


def test_the_agency_where_the_perpetrator_works_is_barred(world: World) -> None:
    form = example("c2", must_not_receive=None)  # said in the conflict check alone
    ref = world.client(COLLEGE).refer(form).reference
    assert asked(world, ref, COUNCIL, POLICE) == [POLICE]
    assert sees_nothing(world, COUNCIL, ref)


def override(*broken: dict[str, str]) -> dict[str, Any]:
    return {**example("c4")["document"]["override_record"], "breaks_conditions": list(broken)}


BROKEN = ({"excludes_kind": "PRIMARY_CARE"}, {"excludes_agency": HOSPITAL})
NOT_THEM = not_for(HOSPITAL, kinds=("PRIMARY_CARE",))


def test_an_override_that_nobody_needs_breaks_no_condition(world: World) -> None:
    record = override(*BROKEN)
    form = without_sealed("c1", override_record=record, consent_record__conditions=NOT_THEM)
    receipt = world.client(LANDLORD).refer(form)
    assert receipt.claims["decision"]["outcome"] == "ALLOW"
    assert asked(world, receipt.reference, *ROOM) == [POLICE]


def test_an_override_on_which_the_decision_rests_breaks_conditions_and_never_a_bar(
    world: World,
) -> None:
    form = without_sealed(
        "c4",
        override_record=override(*BROKEN),
        consent_record__conditions=NOT_THEM,
        must_not_receive=[{"agency_id": HOSPITAL}],
    )
    receipt = world.client(COLLEGE).refer(form)
    assert receipt.claims["decision"]["outcome"] == "ALLOW_OVERRIDE"
    assert asked(world, receipt.reference, *ROOM) == [GP, POLICE]
    assert grants_are_derived(world, receipt.reference)

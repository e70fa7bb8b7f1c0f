"""Whoever is left out stays out, whatever it or anybody else sends afterwards."""

from __future__ import annotations

import pytest

from gateway.store import tables as t
from tests.journeys.attacks import (
    ABSENT,
    BY_AND_FOR,
    COORDINATOR,
    CSC,
    GP,
    HOSPITAL,
    IDVA,
    LANDLORD,
    POLICE,
    asked,
    barred,
    faults,
    feed,
    grants_are_derived,
    not_for,
    refused,
    seen,
    sees_nothing,
    without_sealed,
)
from tests.journeys.world import World, example, position

ROOM = (HOSPITAL, GP, POLICE)


@pytest.fixture(name="world")
def _world(shared_sqlite_world: World) -> World:
    return shared_sqlite_world


def test_T02_an_agency_that_must_not_receive_is_neither_given_the_case_nor_told_of_it(
    world: World,
) -> None:
    form = barred(CSC, IDVA, children_concern="SIGNIFICANT_HARM")
    ref = world.client(LANDLORD).refer(form).reference
    given = {row["agency_id"] for row in world.rows(t.assignment, case_id=world.case_of(ref))}
    assert given.isdisjoint({CSC, IDVA})
    assert sees_nothing(world, CSC, ref)
    assert ref not in feed(world, CSC)
    assert sees_nothing(world, IDVA, ref)
    assert ref not in feed(world, IDVA)
    assert grants_are_derived(world, ref)


def test_an_excluded_agency_cannot_lift_its_own_exclusion(world: World) -> None:
    form = barred(CSC, children_concern="SIGNIFICANT_HARM")
    ref = world.client(LANDLORD).refer(form).reference
    assert refused(world.client(CSC).record_position, ref, position("GIVEN")) == ABSENT
    assert sees_nothing(world, CSC, ref)


def test_an_agency_left_out_later_cannot_come_back_by_a_position(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    out = position("GIVEN", conditions=not_for(IDVA))
    world.client(LANDLORD).record_position(ref, out)
    assert refused(world.client(IDVA).record_position, ref, position("GIVEN")) == ABSENT
    assert sees_nothing(world, IDVA, ref)
    assert grants_are_derived(world, ref)


def test_routing_passes_over_who_is_left_out(world: World) -> None:
    ref = world.client(LANDLORD).refer(barred(IDVA)).reference
    assert seen(world, BY_AND_FOR, ref, "P2")["victim_identity"] == "FULL"
    assert feed(world, BY_AND_FOR)[ref]["kind"] == "ASSIGNED"


def test_where_nobody_else_can_take_it_the_coordinator_stands_in(world: World) -> None:
    form = barred(CSC, children_concern="SIGNIFICANT_HARM")
    ref = world.client(LANDLORD).refer(form).reference
    rows = world.rows(t.assignment, case_id=world.case_of(ref), agency_id=COORDINATOR)
    assert {row["because"].partition(":")[2] for row in rows} >= {"coordinator-stands-in"}


def test_routing_passes_over_who_the_victims_condition_leaves_out(world: World) -> None:
    form = without_sealed("c1", consent_record__conditions=not_for(IDVA))
    ref = world.client(LANDLORD).refer(form).reference
    assert sees_nothing(world, IDVA, ref)
    assert "victim_identity" in seen(world, BY_AND_FOR, ref, "P2")


def test_a_later_position_does_not_drop_who_must_not_receive(world: World) -> None:
    ref = world.client(LANDLORD).refer(barred(HOSPITAL)).reference
    for agency in (LANDLORD, IDVA, COORDINATOR):
        world.client(agency).record_position(ref, position("GIVEN"))
    assert HOSPITAL not in asked(world, ref, *ROOM)
    assert sees_nothing(world, HOSPITAL, ref)


def test_a_new_version_does_not_drop_who_must_not_receive(world: World) -> None:
    ref = world.client(LANDLORD).refer(barred(HOSPITAL)).reference
    back = {"decision": "RETURN", "reasons": ["QUALITY_OTHER"]}
    world.client(COORDINATOR).decide(ref, back)
    bare = without_sealed("c1", must_not_receive=None, consent_record__conditions=[])
    world.client(LANDLORD).resubmit(ref, bare)
    assert asked(world, ref, *ROOM) == [POLICE]  # nor the condition: not her surgery


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_referrer_cannot_lift_what_the_adviser_recorded_however_often_it_tries(
    world: World, times: int
) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    out = position("GIVEN", conditions=not_for(HOSPITAL))
    world.client(IDVA).record_position(ref, out)
    for _ in range(times):
        world.client(LANDLORD).record_position(ref, position("GIVEN"))
    assert HOSPITAL not in asked(world, ref, *ROOM)


def test_a_duty_bound_agency_cannot_lift_a_condition_however_often_it_tries(world: World) -> None:
    form = example("c1", children_concern="SIGNIFICANT_HARM")
    ref = world.client(LANDLORD).refer(form).reference
    for _ in range(2):
        world.client(CSC).record_position(ref, position("GIVEN"))
    assert GP not in asked(world, ref, *ROOM)


@pytest.mark.parametrize("lifter", [LANDLORD, IDVA, COORDINATOR])
def test_who_recorded_a_condition_alone_the_adviser_and_the_coordinator_lift_it(
    world: World, lifter: str
) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(lifter).record_position(ref, position("GIVEN"))
    assert GP in asked(world, ref, *ROOM)
    assert grants_are_derived(world, ref)


@pytest.mark.parametrize("kind", ["COORDINATOR", "AUDITOR"])
def test_no_condition_leaves_out_coordinators_or_auditors(world: World, kind: str) -> None:
    client = world.client(LANDLORD)
    form = without_sealed("c1", consent_record__conditions=not_for(kinds=(kind,)))
    path = "/consent_record/conditions/0/excludes_kind"
    assert faults(client.refer, form) == (("out_of_range", path),)
    ref = client.refer(example("c1")).reference
    later = position("GIVEN", conditions=not_for(kinds=(kind,)))
    assert faults(client.record_position, ref, later) == (
        ("out_of_range", "/conditions/0/excludes_kind"),
    )
    form = without_sealed("c1", must_not_receive=[{"agency_kind": kind}])
    path = "/must_not_receive/0/agency_kind"
    assert faults(client.refer, form) == (("out_of_range", path),)

"""What waits with its sender goes on by what was missing, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.schemas.codes import CaseRole
from gateway.store import tables as t
from tests.journeys.attacks import (
    ABSENT,
    COLLEGE,
    COORDINATOR,
    CSC,
    ELSEWHERE,
    FEN_COORDINATOR,
    FEN_IDVA,
    IDVA,
    LANDLORD,
    NOWHERE,
    feed,
    grants_are_derived,
    refused,
    seen,
    sees_nothing,
    without_sealed,
)
from tests.journeys.world import World, example, graded, position

ASSESSMENT = example("c1")["document"]["risk_assessments"]["value"][0]
POSTCODE = "victim__address__value__postcode"


@pytest.fixture(name="world")
def _world(shared_sqlite_world: World) -> World:
    return shared_sqlite_world


def back(*reasons: str) -> dict[str, Any]:
    return {"decision": "RETURN", "reasons": list(reasons)}


def held(world: World) -> str:
    """High risk without agreement, and the override record is missing."""
    receipt = world.client(COLLEGE).refer(example("c4", override_record=None))
    assert receipt.claims["decision"]["outcome"] == "HOLD_RECORD"
    return receipt.reference


def only_alerted(world: World, agency: str, ref: str) -> bool:
    purpose = "P9" if agency == COORDINATOR else "P2"
    document = world.client(agency).pull(ref, purpose).document
    return set(document) == {"reference", "level", "alert"}


def roles(world: World, ref: str, agency: str) -> set[str]:
    rows = world.rows(t.assignment, case_id=world.case_of(ref), agency_id=agency)
    return {str(row["role"]) for row in rows if row["until"] is None}


def test_a_position_posted_again_is_no_override_record(world: World) -> None:
    ref = held(world)
    world.client(COLLEGE).record_position(ref, position("WITHHELD"))
    assert world.client(COLLEGE).referral(ref)["status"] == "RETURNED"
    assert only_alerted(world, IDVA, ref)
    assert sees_nothing(world, COORDINATOR, ref)
    assert grants_are_derived(world, ref)


def test_an_assessment_is_no_override_record(world: World) -> None:
    ref = held(world)
    world.client(COLLEGE).assess(ref, ASSESSMENT)
    assert world.client(COLLEGE).referral(ref)["status"] == "RETURNED"
    assert only_alerted(world, IDVA, ref)
    assert sees_nothing(world, COORDINATOR, ref)


def test_with_the_record_it_goes_on(world: World) -> None:
    ref = held(world)
    receipt = world.client(COLLEGE).resubmit(ref, example("c4"))
    assert receipt.claims["state"] == "TRIAGE"
    assert seen(world, IDVA, ref, "P2")["victim_identity"] == "FULL"


def test_whose_risk_turns_out_high_while_it_waits_is_told_of_to_the_adviser(world: World) -> None:
    form = graded(5, victim__position="WITHHELD")
    receipt = world.client(LANDLORD).refer(form)
    ref = receipt.reference
    assert (receipt.claims["decision"]["outcome"], receipt.claims["routed"]) == ("NO_SHARE", [])
    world.client(LANDLORD).assess(ref, ASSESSMENT)
    assert feed(world, IDVA)[ref]["kind"] == "ALERT"
    assert only_alerted(world, IDVA, ref)
    assert grants_are_derived(world, ref)


@pytest.mark.parametrize("sender", [LANDLORD, CSC])
def test_nobody_undoes_a_coordinators_return(world: World, sender: str) -> None:
    form = example("c1", children_concern="SIGNIFICANT_HARM")
    ref = world.client(LANDLORD).refer(form).reference
    world.client(COORDINATOR).decide(ref, back("MISSING_PERP"))
    world.client(sender).record_position(ref, position("GIVEN"))
    if sender == LANDLORD:
        world.client(LANDLORD).assess(ref, ASSESSMENT)
    own = world.client(LANDLORD).referral(ref)
    assert (own["status"], own["reasons"]) == ("RETURNED", ["MISSING_PERP"])


def test_a_corrected_area_moves_the_case_and_ends_the_old_roles(world: World) -> None:
    landlord = world.client(LANDLORD)
    ref = landlord.refer(example("c1")).reference
    world.client(COORDINATOR).decide(ref, back("WRONG_AREA"))
    landlord.resubmit(ref, example("c1", **{POSTCODE: ELSEWHERE}))
    assert world.rows(t.case, id=world.case_of(ref))[0]["area"] == "FENHOLLOW"
    for agency in (IDVA, COORDINATOR):
        assert sees_nothing(world, agency, ref)
        assert roles(world, ref, agency) == set()
    assert refused(world.client(COORDINATOR).decide, ref, {"decision": "ACCEPT"}) == ABSENT
    assert seen(world, FEN_IDVA, ref, "P2")["victim_identity"] == "FULL"
    world.client(FEN_COORDINATOR).decide(ref, {"decision": "ACCEPT"})
    assert grants_are_derived(world, ref)


UNKNOWN_AREA = {POSTCODE: NOWHERE}


def test_where_nobody_serves_the_area_people_are_told_that_it_waits_and_no_more(
    world: World,
) -> None:
    receipt = world.client(LANDLORD).refer(without_sealed("c1", **UNKNOWN_AREA))
    ref = receipt.reference
    assert (receipt.claims["state"], receipt.claims["reasons"]) == ("RETURNED", ["WRONG_AREA"])
    for agency in (IDVA, COORDINATOR):
        assert only_alerted(world, agency, ref)
        assert roles(world, ref, agency) == {CaseRole.ALERTED}


@pytest.mark.parametrize("act", ["record_position", "assess"])
def test_a_referral_of_no_known_area_goes_on_by_a_new_version_alone(world: World, act: str) -> None:
    landlord = world.client(LANDLORD)
    ref = landlord.refer(without_sealed("c1", **UNKNOWN_AREA)).reference
    getattr(landlord, act)(ref, position("GIVEN") if act == "record_position" else ASSESSMENT)
    assert landlord.referral(ref)["status"] == "RETURNED"
    for agency in (IDVA, COORDINATOR):
        assert only_alerted(world, agency, ref)
        assert roles(world, ref, agency) == {CaseRole.ALERTED}
    landlord.resubmit(ref, without_sealed("c1"))
    assert roles(world, ref, COORDINATOR) == {CaseRole.COORDINATOR}
    assert grants_are_derived(world, ref)


def test_what_lacks_record_and_area_is_told_of_both_and_waits_for_both(world: World) -> None:
    landlord = world.client(LANDLORD)
    form = without_sealed("c1", victim__position="WITHHELD", **UNKNOWN_AREA)
    receipt = landlord.refer(form)
    assert receipt.claims["reasons"] == ["CONSENT_RECORD_INCOMPLETE", "WRONG_AREA"]
    landlord.record_position(receipt.reference, position("GIVEN"))
    assert landlord.referral(receipt.reference)["status"] == "RETURNED"
    assert only_alerted(world, COORDINATOR, receipt.reference)


def test_an_alert_reaches_an_adviser_who_had_the_case_before(world: World) -> None:
    landlord = world.client(LANDLORD)
    ref = landlord.refer(example("c1")).reference
    world.client(COORDINATOR).decide(ref, back("CONSENT_RECORD_INCOMPLETE"))
    landlord.resubmit(ref, example("c1", victim__position="WITHHELD"))
    document = world.client(IDVA).pull(ref, "P2").document
    assert set(document) == {"reference", "level", "alert"}
    assert document["alert"][0]["referrer"]["name"]  # there is somebody to ring
    assert feed(world, IDVA)[ref]["kind"] == "ALERT"
    assert roles(world, ref, IDVA) == {CaseRole.ALERTED}
    assert grants_are_derived(world, ref)

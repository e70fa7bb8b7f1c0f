"""Sharing against her word: a complete record by two people, on time; and a referral recalled."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.store import tables as t
from tests.journeys.attacks import (
    ABSENT,
    ACCEPT,
    COORDINATOR,
    GP,
    IDVA,
    LANDLORD,
    POLICE,
    faults,
    grants_are_derived,
    refused,
)
from tests.journeys.test_dated_consent import dated, triage
from tests.journeys.world import World, example, position

RECORD = example("c2")["document"]["override_record"]
DUE = "COMPLETE_OVERRIDE_RECORD"


def a_record(**changes: Any) -> dict[str, Any]:
    """A complete record; None takes a member away."""
    found = {**RECORD, **changes}
    return {name: value for name, value in found.items() if value is not None}


def in_danger(world: World, **changes: Any) -> Any:
    """A life is in danger and she objects; one person alone decided to share."""
    alone = a_record(authoriser=None)
    form = example(
        "c1",
        referral__danger="IMMINENT_LIFE",
        victim__position="WITHHELD",
        override_record=alone,
        **changes,
    )
    return world.client(LANDLORD).refer(form)


def objected(world: World) -> str:
    """A live case at high risk, to which she objects now."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    return ref


def due(world: World, agency: str) -> list[tuple[str, str, bool]]:
    items = world.client(agency).due()["items"]
    return [(each["code"], each["by"], each["late"]) for each in of_records(items)]


def of_records(items: list[Any]) -> list[Any]:
    """Without what a second person is asked because the police read: test_releases.py."""
    return [each for each in items if each["code"] != "REVIEW_RELEASE"]


def test_F51_F52_danger_to_life_waits_for_nobody_and_the_second_signs_within_a_day(
    world: World,
) -> None:
    receipt = in_danger(world)
    assert receipt.claims["decision"]["rule"] == "R1b"
    ref = receipt.reference
    assert world.client(POLICE).pull(ref, "P1").document["sections"]
    steps = {each["code"]: each["due_at"] for each in receipt.claims["next"]}
    assert steps["COMPLETE_OVERRIDE_RECORD"] == "2026-11-24T10:00:00Z"
    assert due(world, LANDLORD) == [(DUE, "RECORDER", False)]
    world.later(hours=23)
    world.client(LANDLORD).record_override(ref, a_record())
    assert due(world, LANDLORD) == []
    assert due(world, COORDINATOR) == []
    assert of_records(triage(world, ref)["due"]) == []


def test_F51_a_late_record_is_a_clock_that_the_coordinator_answers(world: World) -> None:
    ref = in_danger(world).reference
    world.later(hours=25)
    for agency in (LANDLORD, COORDINATOR):
        assert due(world, agency) == [(DUE, "COORDINATOR", True)]
    assert world.client(POLICE).pull(ref, "P1").document["sections"]  # never stopped by paper
    world.client(COORDINATOR).record_override(ref, a_record())
    assert due(world, COORDINATOR) == []
    (row,) = [row for row in world.rows(t.override) if row["is_signed"]]
    assert row["by_agency"] == COORDINATOR


def test_F51_an_objection_to_a_live_case_makes_a_record_due(world: World) -> None:
    ref = objected(world)
    assert due(world, LANDLORD) == [(DUE, "RECORDER", False)]
    assert due(world, IDVA) == []  # it did not ask her
    assert {each["code"] for each in of_records(triage(world, ref)["due"])} == {DUE}
    world.client(LANDLORD).record_override(ref, a_record())
    assert due(world, LANDLORD) == []
    world.later(days=5)  # its review is on 27 November
    assert due(world, LANDLORD) == [("REVIEW_OVERRIDE", "COORDINATOR", True)]


def test_F51_the_text_of_a_record_goes_to_who_may_audit_it(world: World) -> None:
    ref = objected(world)
    world.client(LANDLORD).record_override(ref, a_record())
    (line,) = world.log(event="override.record")
    assert (line["because"], line["agency"]) == ("R6", LANDLORD)
    assert grants_are_derived(world, ref)
    section = world.client(LANDLORD).pull(ref, "P10").document["sections"]
    texts = [each["content"] for each in section if each["section"] == "override"]
    assert any("override_record" in each for each in texts)


def test_F51_a_referral_that_waited_for_its_record_goes_on(world: World) -> None:
    college = world.client("marlbury-college")
    ref = college.refer(example("c2", override_record=None)).reference
    assert college.referral(ref)["status"] == "RETURNED"
    college.record_override(ref, a_record())
    assert college.referral(ref)["status"] == "RECEIVED"
    assert world.client(COORDINATOR).pull(ref, "P9").document["state"] == "TRIAGE"


FIELDS = [
    ({"necessary": " "}, ("too_short", "/necessary")),
    ({"proportionate": ""}, ("too_short", "/proportionate")),
    ({"authoriser": None}, ("missing", "/authoriser")),
    (
        {"authoriser": {"name": "marian  OLDACRE", "role": "Head"}},
        ("same_person", "/authoriser/name"),
    ),
    ({"decided_at": "2026-11-23T10:00:01Z"}, ("issued_in_future", "/decided_at")),
    ({"review_on": "2026-11-19"}, ("out_of_range", "/review_on")),
    (
        {"breaks_conditions": [{"excludes_kind": "ASC"}]},
        ("not_a_condition", "/breaks_conditions/0"),
    ),
    (
        {"legal_bases": [{"body": "POLICE", "bases": ["GDPR_6_1_EA"]}]},
        ("no_basis", "/legal_bases/0/bases/0"),
    ),
    ({"consulted": []}, ("too_short", "/consulted")),
    ({"because": "x"}, ("unknown_field", "/because")),
]


@pytest.mark.parametrize(("changes", "fault"), FIELDS)
def test_F51_F52_a_record_is_refused_field_by_field(
    shared_sqlite_world: World, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    world = shared_sqlite_world
    ref = objected(world)
    before = world.counts()
    client = world.client(LANDLORD)
    assert faults(client.record_override, ref, a_record(**changes)) == (fault,)
    assert world.counts() == before


REFERRED = [
    ({"decided_at": "2026-11-23T10:00:01Z"}, ("issued_in_future", "/override_record/decided_at")),
    ({"review_on": "2026-11-19"}, ("out_of_range", "/override_record/review_on")),
    (
        {"breaks_conditions": [{"excludes_kind": "ASC"}]},
        ("not_a_condition", "/override_record/breaks_conditions/0"),
    ),
]


@pytest.mark.parametrize(("changes", "fault"), REFERRED)
def test_F51_the_record_within_a_referral_is_held_to_the_same(
    shared_sqlite_world: World, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    client = shared_sqlite_world.client("marlbury-college")
    form = example("c2", override_record=a_record(**changes))
    assert faults(client.refer, form) == (fault,)


def test_F51_a_condition_that_sharing_breaks_must_be_named(world: World) -> None:
    limit = {"text": "No word of him", "excludes_kind": "IDVA", "excludes_category": "D05"}
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(LANDLORD).record_consent(ref, dated("WITHDRAWN", conditions=[limit]))
    idva = world.client(IDVA)
    before = {each["section"] for each in idva.pull(ref, "P2").document["sections"]}
    assert "perpetrators" not in before
    client = world.client(LANDLORD)
    assert faults(client.record_override, ref, a_record()) == (
        ("needed_here", "/breaks_conditions"),
    )
    broken = [{"excludes_kind": "IDVA", "excludes_category": "D05"}]
    client.record_override(ref, a_record(breaks_conditions=broken))
    after = {each["section"] for each in idva.pull(ref, "P2").document["sections"]}
    assert after - before >= {"perpetrators"}
    assert grants_are_derived(world, ref)


def test_where_she_agreed_there_is_nothing_to_override(shared_sqlite_world: World) -> None:
    world = shared_sqlite_world
    ref = world.client(LANDLORD).refer(example("c1")).reference
    problem = refused(world.client(LANDLORD).record_override, ref, a_record())
    assert problem == (409, "nothing_to_override")


@pytest.mark.parametrize("agency", [GP, POLICE])
def test_who_has_no_part_in_a_case_records_nothing_about_it(
    shared_sqlite_world: World, agency: str
) -> None:
    world = shared_sqlite_world
    ref = objected(world)
    assert refused(world.client(agency).record_override, ref, a_record()) == ABSENT
    assert refused(world.client(agency).record_consent, ref, dated()) == ABSENT


def test_F16_the_same_record_under_the_same_key_is_one_record(sqlite_world: World) -> None:
    world = sqlite_world
    ref = objected(world)
    wire = world.wire(LANDLORD)
    sent = wire.envelope("override/1", a_record())
    path, key = f"/v1/cases/{ref}/overrides", "0b1d2f7e-6f0e-4a53-9d2a-5f5d3f2f8f10"
    answers = [
        wire.ask("POST", path, "cases:write", body=sent, media="application/jose", key=key)
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    assert len(world.rows(t.override)) == 1


# --- a referral is asked back ---------------------------------------------------------------------


def test_V40_nobody_accepts_without_knowing_that_the_referrer_wants_it_back(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.pull(ref, "P9")
    world.later(minutes=1)
    assert world.client(LANDLORD).withdraw(ref, "SENT_IN_ERROR")["outcome"] == "REQUESTED"
    assert refused(coordinator.decide, ref, ACCEPT) == (409, "recall_open")
    world.later(minutes=1)
    recall = triage(world, ref)["recall"]
    assert recall == {"reason": "SENT_IN_ERROR", "at": "2026-11-23T10:01:00Z"}
    coordinator.decide(ref, ACCEPT)  # it knows, and goes on all the same
    assert world.client(COORDINATOR).pull(ref, "P9").document["state"] == "ACCEPTED"


def test_an_emergency_does_not_wait_for_a_recall(sqlite_world: World) -> None:
    world = sqlite_world
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(LANDLORD).withdraw(ref, "SENT_IN_ERROR")
    coordinator = world.client(COORDINATOR)
    assert refused(coordinator.decide, ref, ACCEPT) == (409, "recall_open")
    coordinator.decide(ref, {"decision": "RETURN", "reasons": ["QUALITY_OTHER"]})

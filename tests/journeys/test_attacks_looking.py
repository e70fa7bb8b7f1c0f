"""What can be found out by asking: of a merge, of what there is, of others, of other cases."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.profiles.fields import load as load_fields
from gateway.store import tables as t
from tests.journeys.attacks import (
    ABSENT,
    COLLEGE,
    COORDINATOR,
    ELSEWHERE,
    GP,
    HOSPITAL,
    IDVA,
    LANDLORD,
    OTHER,
    POLICE,
    asked,
    barred,
    conference,
    feed,
    not_for,
    refused,
    without_sealed,
)
from tests.journeys.world import World, example, position


@pytest.fixture(name="world")
def _world(shared_sqlite_world: World) -> World:
    return shared_sqlite_world


def explained(world: World, asker: str, ref: str, agency: str, purpose: str) -> dict[str, str]:
    told = world.client(asker).explain(ref, agency, purpose)["sections"]
    return {each["section"]: each["level"] for each in told}


def test_a_pull_by_the_sender_shows_no_state_before_or_after_a_merge(world: World) -> None:
    target = world.client(OTHER).refer(example("c1")).reference
    ref = world.client(LANDLORD).refer(example("c1")).reference
    pull = world.client(LANDLORD).pull
    before = pull(ref, "P1").document
    world.client(COORDINATOR).decide(ref, {"decision": "MERGE", "merge_with": target})
    assert pull(ref, "P1").document == before
    assert {"state", "stage"}.isdisjoint(before)
    assert world.client(LANDLORD).referral(ref)["status"] == "RECEIVED"


def test_asking_what_one_would_see_tells_of_every_section_whatever_the_case_has(
    world: World,
) -> None:
    full = world.client(LANDLORD).refer(example("c1")).reference
    bare = world.client(LANDLORD).refer(example("minimal")).reference
    every = set(load_fields().sections)
    for asker in (COORDINATOR, IDVA):
        told = [explained(world, asker, ref, asker, "P9") for ref in (full, bare)]
        assert told[0] == told[1]
        assert set(told[0]) == every


def test_a_coordinator_does_not_learn_by_asking_about_the_sender_what_the_sender_wrote(
    world: World,
) -> None:
    rich = world.client(COLLEGE).refer(example("c4")).reference  # orientation, finances
    bare = world.client(COLLEGE).refer(example("minimal")).reference
    with_, without = (explained(world, COORDINATOR, ref, COLLEGE, "P1") for ref in (rich, bare))
    hidden = {
        name
        for name, level in explained(world, COORDINATOR, rich, COORDINATOR, "P9").items()
        if level == "NONE"
    }
    assert {"orientation", "finances"} <= hidden
    assert {with_[name] for name in hidden} == {"NONE"} == {without[name] for name in hidden}


def test_the_access_list_names_to_each_only_sections_it_may_know_of(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    note = {"decision": "ACCEPT", "quality_note": "See the earlier file."}
    world.client(COORDINATOR).decide(ref, note)
    world.client(COORDINATOR).pull(ref, "P9")
    world.client(IDVA).pull(ref, "P2")
    for_sender, for_coordinator = (
        {name for line in world.client(who).access(ref)["entries"] for name in line["levels"]}
        for who in (LANDLORD, COORDINATOR)
    )
    assert "minutes" not in for_sender
    assert for_sender  # it is told of its own
    # The IDVA was shown sections of which the coordinator may not know that they exist.
    assert not for_coordinator & {"orientation", "background", "finances", "immigration"}


@pytest.mark.parametrize("purpose", ["P10", "P11"])
def test_a_purpose_that_does_not_open_the_referral_tells_nothing_of_it(
    world: World, purpose: str
) -> None:
    ref = world.client(COLLEGE).refer(example("c4")).reference
    coordinator = world.client(COORDINATOR)
    document = coordinator.pull(ref, purpose).document
    assert {"triage", "level", "state", "stage"}.isdisjoint(document)
    assert {"triage", "level", "state"} <= set(coordinator.pull(ref, "P9").document)


def test_no_row_of_the_routing_table_and_no_column_tells_of_orientation(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1", referral__needs=["LGBT"])).reference
    members = world.client(COORDINATOR).pull(ref, "P9").document["triage"]["members"]
    assert "LGBT" not in str(members)
    case_id = world.case_of(ref)
    for table in t.metadata.sorted_tables:
        if "case_id" in table.c:
            assert "LGBT" not in str(world.rows(table, case_id=case_id)), table.name
    assert "LGBT" not in str(world.log(case=case_id))


def test_the_level_is_told_to_those_who_read_the_referral_and_to_nobody_else(
    world: World,
) -> None:
    ref = world.client(LANDLORD).refer(example("c1", consent_record__conditions=[])).reference
    asked(world, ref, POLICE, GP)
    assert feed(world, IDVA)[ref]["level"] == "HIGH"
    assert feed(world, COORDINATOR)[ref]["level"] == "HIGH"
    assert world.client(IDVA).pull(ref, "P2").document["level"] == "HIGH"
    for agency in (POLICE, GP):
        assert feed(world, agency)[ref]["level"] is None
        assert "level" not in world.client(agency).pull(ref, "P1").document


def test_who_contributed_is_told_with_the_full_text_and_with_ones_own(world: World) -> None:
    ref = world.client(COLLEGE).refer(example("c4")).reference
    asked(world, ref, GP)
    for agency, purpose in ((GP, "P1"), (COORDINATOR, "P9"), (COLLEGE, "P1")):
        shown: list[Any] = world.client(agency).pull(ref, purpose).document["sections"]
        others = [each for each in shown if each.get("owner") != agency]
        assert {each["level"] for each in others if "owner" in each} <= {"FULL"}
        assert all("owner" in each for each in shown if each["level"] == "FULL")


def test_an_agenda_is_numbered_for_each_reader(world: World) -> None:
    forms = [without_sealed("c1"), barred(HOSPITAL), without_sealed("c1")]
    refs = [world.client(LANDLORD).refer(form).reference for form in forms]
    planned = conference(world, HOSPITAL, POLICE)
    for ref in refs:
        world.client(COORDINATOR).decide(ref, {"decision": "ACCEPT"})
        world.client(COORDINATOR).list_case(planned, ref)
    papers: dict[str, Any] = {a: world.client(a).agenda(planned) for a in (HOSPITAL, POLICE)}
    numbers = {a: [line["number"] for line in paper["cases"]] for a, paper in papers.items()}
    assert numbers == {HOSPITAL: [1, 2], POLICE: [1, 2, 3]}


def test_a_link_to_another_area_tells_the_area_alone(world: World) -> None:
    there = example("c1", victim__address__value__postcode=ELSEWHERE)
    other = world.client(OTHER).refer(there).reference
    ref = world.client(LANDLORD).refer(example("c1")).reference
    links = world.client(COORDINATOR).pull(ref, "P9").document["triage"]["links"]
    (across,) = [each for each in links if each["area"] == "FENHOLLOW"]
    assert "reference" not in across
    assert other not in str(links)


def test_a_coordinator_who_may_not_know_a_case_acts_on_none_of_it(world: World) -> None:
    ref = world.client(LANDLORD).refer(without_sealed("c1")).reference
    out = position("GIVEN", conditions=not_for(COORDINATOR))
    world.client(IDVA).record_position(ref, out)
    coordinator = world.client(COORDINATOR)
    acts: list[tuple[Any, ...]] = [
        (coordinator.decide, ref, {"decision": "ACCEPT"}),
        (coordinator.list_case, conference(world, POLICE), ref),
        (coordinator.record_position, ref, position("GIVEN")),
        (coordinator.explain, ref, IDVA, "P2"),
        (coordinator.access, ref),
        (coordinator.acknowledge, ref, "ACCEPTED"),
    ]
    assert {refused(act, *args) for act, *args in acts} == {ABSENT}

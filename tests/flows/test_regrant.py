"""Taken back is taken back: keys go at once, and a key once handed out opens nothing new."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.errors import Undecipherable
from gateway.sealing import sections as seal
from gateway.store import tables as t
from tests.journeys.world import World, example, graded, position, seen

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
POLICE, GP = "marlbury-police", "marlbury-gp"


def supported(world: World) -> str:
    """A case of medium risk that the adviser supports because she agreed (R8)."""
    receipt = world.client(LANDLORD).refer(graded(12))
    assert receipt.claims["decision"]["rule"] == "R8"
    return receipt.reference


def agencies_with_keys(world: World, ref: str) -> set[str]:
    rows = world.rows(t.section_grant, case_id=world.case_of(ref))
    return {str(row["agency_id"]) for row in rows}


def listed_to(world: World, ref: str, *attendees: str) -> None:
    """Put a case on the list of a conference that these agencies attend."""
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-08T09:30:00Z",
            "attendees": list(attendees),
        }
    )["conference"]
    coordinator.list_case(conference, ref)


def test_F45_F50_withdrawal_holds_with_the_next_request(world: World) -> None:
    ref = supported(world)
    idva = world.client(IDVA)
    assert idva.pull(ref, "P2").document["sections"]
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    with pytest.raises(ProblemError) as problem:
        idva.pull(ref, "P2")
    assert problem.value.status == 404
    assert world.rows(t.consent)[-1]["outcome"] == "NO_SHARE"
    refusal = world.log(outcome="denied")[-1]
    assert (refusal["agency"], refusal["because"]) == (IDVA, "outcome:NO_SHARE")


def test_F50_withdrawal_takes_the_keys(world: World) -> None:
    ref = supported(world)
    assert agencies_with_keys(world, ref) == {LANDLORD, IDVA}
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    assert agencies_with_keys(world, ref) == {LANDLORD}


def test_V27_a_key_once_handed_out_opens_nothing_new(world: World) -> None:
    """Who kept the section key it was given cannot open what is stored afterwards."""
    ref = supported(world)
    case_id = world.case_of(ref)
    case_key = world.case_key(case_id)
    contents = {row["id"]: row["content"] for row in world.rows(t.section, case_id=case_id)}
    kept: dict[Any, bytes] = {}
    for row in world.rows(t.section_grant, case_id=case_id, agency_id=IDVA):
        place = {"case_id": case_id, "section_id": row["section_id"]}
        kept[row["section_id"]] = seal.open_grant(case_key, row["wrapped"], agency_id=IDVA, **place)
        assert seal.open_section_content(
            kept[row["section_id"]], contents[row["section_id"]], **place
        )
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    now = {row["id"]: row["content"] for row in world.rows(t.section, case_id=case_id)}
    assert kept
    for section_id, section_key in kept.items():
        assert now[section_id] != contents[section_id]
        with pytest.raises(Undecipherable):
            seal.open_section_content(
                section_key, now[section_id], case_id=case_id, section_id=section_id
            )


def test_who_keeps_its_part_still_reads_it(world: World) -> None:
    ref = supported(world)
    before = world.client(LANDLORD).referral(ref)["document"]
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    assert world.client(LANDLORD).referral(ref)["document"] == before


def test_agreement_given_again_gives_the_keys_again(world: World) -> None:
    ref = supported(world)
    first = world.client(IDVA).pull(ref, "P2").document["sections"]
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    world.client(LANDLORD).record_position(ref, position("GIVEN"))
    assert world.client(IDVA).pull(ref, "P2").document["sections"] == first


def test_F47_a_condition_takes_one_kind_of_agency_out(world: World) -> None:
    """By receiving agency: she agrees, but not to the police."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    listed_to(world, ref, POLICE)
    assert world.client(POLICE).pull(ref, "P1").document["sections"]
    world.client(LANDLORD).record_position(
        ref, position("GIVEN", conditions=[{"text": "no police", "excludes_kind": "POLICE"}])
    )
    with pytest.raises(ProblemError) as problem:
        world.client(POLICE).pull(ref, "P1")
    assert problem.value.status == 404
    assert POLICE not in agencies_with_keys(world, ref)
    assert world.client(IDVA).pull(ref, "P2").document["sections"]


def test_F47_a_condition_about_a_kind_does_not_stop_help_when_life_is_in_danger(
    world: World,
) -> None:
    form = example("c1", referral__danger="IMMINENT_LIFE")
    ref = world.client(LANDLORD).refer(form).reference
    world.client(LANDLORD).record_position(
        ref, position("GIVEN", conditions=[{"text": "no police", "excludes_kind": "POLICE"}])
    )
    assert world.client(POLICE).pull(ref, "P1").document["sections"]


def test_F47_an_agency_named_by_id_is_out(world: World) -> None:
    named = {"text": "not that office", "excludes_agency": IDVA}
    form = example("c1", consent_record__conditions=[named])
    ref = world.client(LANDLORD).refer(form).reference
    with pytest.raises(ProblemError) as problem:
        world.client(IDVA).pull(ref, "P2")
    assert problem.value.status == 404
    assert IDVA not in agencies_with_keys(world, ref)


def test_F48_by_class_of_data_the_same_agreement_gives_each_its_own(world: World) -> None:
    """By data class: the same consent opens other sections for adviser and coordinator."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    levels = {
        agency: {
            each["section"]: each["level"]
            for each in world.client(agency).pull(ref, purpose).document["sections"]
        }
        for agency, purpose in ((IDVA, "P2"), (COORDINATOR, "P9"))
    }
    assert (levels[IDVA]["finances"], levels[COORDINATOR].get("finances")) == ("FULL", None)
    assert (levels[IDVA]["mental_health"], levels[COORDINATOR]["mental_health"]) == (
        "FULL",
        "SUMMARY",
    )
    assert (levels[IDVA]["employment"], levels[COORDINATOR]["employment"]) == ("FULL", "INDICATOR")


def test_F58_listing_opens_a_case_to_those_who_are_asked_and_no_further(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    with pytest.raises(ProblemError):
        world.client(POLICE).pull(ref, "P1")
    listed_to(world, ref, POLICE, GP)
    found = seen(world.client(POLICE), ref, "P1")
    assert found["victim_identity"][1]["victim"]["given_names"] == "Elena"
    assert found["perpetrators"][0] == "FULL"
    assert "incidents" not in found  # no narrative before the meeting
    assert found["referral"] == ("INDICATOR", {"present": True})
    assert {POLICE} == agencies_with_keys(world, ref) - {LANDLORD, IDVA, COORDINATOR}


def test_F63_a_named_recipient_reads_its_rows_at_once_and_nothing_else(world: World) -> None:
    ref = world.client("marlbury-hospital").refer(example("c5")).reference
    found = seen(world.client(POLICE), ref, "P1")
    assert found["incidents"][1]["incidents"]
    assert "risk_answers" not in found  # D09 is no named row
    assert "perpetrator_history" not in found


def test_a_returned_version_is_put_aside_and_nobody_holds_its_keys(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    reasons = ["CRITERIA_NOT_EVIDENCED"]
    coordinator.decide(ref, {"decision": "RETURN", "reasons": reasons})
    old = {row["id"] for row in world.rows(t.section, case_id=world.case_of(ref))}
    world.client(LANDLORD).resubmit(ref, example("c1", referral__rationale="Better words."))
    kept = {row["id"] for row in world.rows(t.section) if row["superseded_at"] is not None}
    assert old >= kept
    assert kept
    assert not kept & {row["section_id"] for row in world.rows(t.section_grant)}
    sections = {
        each["section"]: each["content"]
        for each in world.client(IDVA).pull(ref, "P2").document["sections"]
    }
    assert sections["incidents"]["referral"]["rationale"] == "Better words."


def test_F59_who_was_asked_after_a_withdrawal_finds_an_ended_line(world: World) -> None:
    ref = supported(world)
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    items = world.client(IDVA).list_cases()["items"]
    assert {item["kind"] for item in items} == {"ENDED"}
    assert all(item["level"] is None and item["state"] is None for item in items)


def test_V40_the_last_second_withdrawal_wins(world: World) -> None:
    """Between list and pull: what was shown a moment ago does not open any more."""
    ref = supported(world)
    (item,) = world.client(IDVA).list_cases()["items"]
    assert item["reference"] == ref
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    for purpose in ("P1", "P2", "P9"):
        with pytest.raises(ProblemError):
            world.client(IDVA).pull(ref, purpose)
    with pytest.raises(ProblemError):
        world.client(IDVA).acknowledge(ref, "ACCEPTED")

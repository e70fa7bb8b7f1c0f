"""The flag of a case that was heard: placed, renewed by a repeat, listed when it ends, removed."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from gateway.disclosure import list_facts, place_flag
from gateway.errors import Conflict, NotFound
from gateway.flows import cases
from gateway.flows import conferences as flow
from gateway.schemas import reference as references
from gateway.schemas.action_codes import FlagReason
from gateway.store import tables as t
from tests.desk.conftest import a_desk, add_people
from tests.journeys import acting
from tests.journeys.acting import COORDINATOR, IDVA, LANDLORD, doing
from tests.journeys.world import World, example


def until(world: World, ref: str) -> list[tuple[str, date]]:
    rows = world.rows(t.flag, case_id=world.case_of(ref))
    return [(str(row["act"]), row["until"]) for row in rows]


def placed(world: World, ref: str) -> None:
    """Say once more that it was heard."""
    with doing(world, COORDINATOR) as work:
        case_id = world.case_of(ref)
        place_flag(work, list_facts(work.session, [case_id], on=work.today)[case_id])
        work.record("case.heard", case_id, because="test")


def test_F93_a_case_that_is_heard_is_flagged_for_12_months_from_its_last_referral(
    world: World,
) -> None:
    conference = acting.a_conference(world)
    ref = acting.listed(world, conference)
    world.later(days=20)
    acting.heard(world, ref)
    with doing(world, COORDINATOR) as work:
        flow.send_plan(work, conference)
    assert until(world, ref) == [("PLACED", date(2027, 11, 23))], "not from the hearing"
    placed(world, ref)
    assert len(until(world, ref)) == 1
    pulled = world.client(IDVA).pull(ref, "P1").document
    (shown,) = [each for each in pulled["sections"] if each["section"] == "flag"]
    assert shown["content"] == {"flag": {"act": "PLACED", "until": "2027-11-23"}}
    (line,) = world.log(event="flag.settled")
    assert (line["because"], line["facts"]["until"]) == ("PLACED", "2027-11-23")


def test_F93_a_repeat_that_somebody_confirmed_renews_it(world: World) -> None:
    conference = acting.a_conference(world)
    ref = acting.listed(world, conference)
    acting.heard(world, ref)
    placed(world, ref)
    world.later(days=100)
    again = world.client("tidewell-housing").refer(example("c1")).reference
    assert len(until(world, ref)) == 1, "nothing is renewed before a person says so"
    triage = world.client(COORDINATOR).pull(again, "P9").document["triage"]
    (link,) = [each for each in triage["links"] if each["kind"] == "SAME_PEOPLE"]
    with doing(world, COORDINATOR) as work:
        cases.settle_match(work, str(references.read(again)), link["mark"], is_same=True)
    assert until(world, ref)[-1] == ("RENEWED", date(2028, 3, 3))


def test_promise_08_whoever_only_referred_her_hears_of_no_flag(world: World) -> None:
    conference = acting.a_conference(world)
    ref = acting.listed(world, conference)  # the landlord has no other part in the case
    acting.heard(world, ref)
    before = {who: told_of(world, ref, who) for who in (LANDLORD, IDVA)}
    placed(world, ref)
    world.later(days=100)
    again = world.client("tidewell-housing").refer(example("c1")).reference
    triage = world.client(COORDINATOR).pull(again, "P9").document["triage"]
    (link,) = [each for each in triage["links"] if each["kind"] == "SAME_PEOPLE"]
    with doing(world, COORDINATOR) as work:
        cases.settle_match(work, str(references.read(again)), link["mark"], is_same=True)
    with doing(world, COORDINATOR) as work:
        flow.take_off(work, str(references.read(ref)), FlagReason.SAFETY)
    assert [act for act, _ in until(world, ref)] == ["PLACED", "RENEWED", "REMOVED"]
    assert told_of(world, ref, LANDLORD) == before[LANDLORD], "not even that she is back"
    assert told_of(world, ref, IDVA) == before[IDVA] + 3


def told_of(world: World, ref: str, agency: str) -> int:
    """How often the feed told an agency that a case changed."""
    rows = world.rows(t.feed, case_id=world.case_of(ref), agency_id=agency)
    return len([row for row in rows if row["kind"] == "CHANGED"])


def test_F93_what_has_ended_is_listed_and_taken_off_with_a_reason(world: World) -> None:
    add_people(world)
    conference = acting.a_conference(world)
    ref = acting.flagged(world, conference, days=1)
    known = str(references.read(ref))
    desk = a_desk(world, "coordinator")
    assert "case with a flag to remove" in desk.get("/desk").text
    text = desk.get("/desk/flags").text
    assert "1 flag to remove" in text
    key = str(uuid.uuid4())
    for reason, status in (("", 422), ("BORED", 422), ("PERIOD_ENDED", 303), ("PERIOD_ENDED", 303)):
        answer = desk.post("/desk/flags", {"reference": ref, "why": reason, "key": key})
        assert answer.status_code == status
    assert [act for act, _ in until(world, ref)] == ["PLACED", "REMOVED"]
    assert "0 flags to remove" in desk.get("/desk/flags").text
    assert "flag to remove" not in desk.get("/desk").text
    with pytest.raises(Conflict) as raised, doing(world, COORDINATOR) as work:
        flow.take_off(work, known, FlagReason.PERIOD_ENDED)
    assert raised.value.code == "no_flag"


def test_F93_V1_nobody_else_takes_it_off_and_nobody_before_its_day(sqlite_world: World) -> None:
    world = sqlite_world
    conference = acting.a_conference(world)
    ref = acting.flagged(world, conference)
    known = str(references.read(ref))
    with pytest.raises(Conflict) as raised, doing(world, COORDINATOR) as work:
        flow.take_off(work, known, FlagReason.PERIOD_ENDED)
    assert raised.value.code == "flag_stands"
    for who in (IDVA, LANDLORD, "fenhollow-marac"):
        with pytest.raises(NotFound), doing(world, who) as work:
            flow.take_off(work, known, FlagReason.SAFETY)
    with doing(world, COORDINATOR) as work:
        assert [each.is_over for each in flow.list_flags(work)] == [False]
        flow.take_off(work, known, FlagReason.SAFETY)
    assert [act for act, _ in until(world, ref)] == ["PLACED", "REMOVED"]

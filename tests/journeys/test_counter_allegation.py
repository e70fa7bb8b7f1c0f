"""Two who accuse each other: two records, and nothing of one is shown in the other (C4)."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.demo.cases import accused
from gateway.demo.forms import Forms
from gateway.store import tables as t
from tests.journeys.test_breakglass import Worker, code
from tests.journeys.test_conflict import refused
from tests.journeys.walled import COORDINATOR, add_worker, chair
from tests.journeys.world import CHAIR, START, World, example
from tests.overhearing import traced

LANDLORD, OTHER, IDVA, POLICE = (
    "tidewell-housing",
    "harbourgate-homes",
    "marlbury-idva",
    "marlbury-police",
)

LOCKS = re.compile(
    r'SELECT "case"\.id \nFROM wall_case AS "case" \nWHERE "case"\.id = .([0-9a-f-]{36})'
)


class Examples(Forms):
    """The forms as they stand in examples/, no day of them moved."""

    def load(self, name: str, *, on: date | None = None) -> dict[str, Any]:
        return example(name)


def against_him() -> dict[str, Any]:
    """The same two people, each in the other's place."""
    return accused(Examples(START.date()))


@pytest.fixture
def both(world: World) -> tuple[str, str]:
    """His record, taken on by one adviser, and the one against him."""
    his = world.client(LANDLORD).refer(example("c4")).reference
    world.client(IDVA, "idva-01").acknowledge(his, "ACCEPTED")
    theirs = world.client(OTHER).refer(against_him()).reference
    return his, theirs


def test_C4_one_record_for_each_direction(world: World, both: tuple[str, str]) -> None:
    his, theirs = both
    assert world.case_of(his) != world.case_of(theirs)
    for ref in both:
        triage = world.client(COORDINATOR).pull(ref, "P9").document["triage"]
        assert triage["counter_allegation"] is True
        assert triage["primary_victim"] is None


def test_C4_whoever_works_for_one_does_not_see_the_other(
    world: World, both: tuple[str, str]
) -> None:
    his, theirs = both
    add_worker(world, IDVA, "idva-02")
    adviser, colleague = world.client(IDVA, "idva-01"), world.client(IDVA, "idva-02")
    assert adviser.pull(his, "P2").document["reference"] == his
    for somebody in (adviser, colleague, world.client(IDVA)):
        assert refused(lambda who=somebody: who.pull(theirs, "P2")) == (404, "not_found")
    assert [each["reference"] for each in adviser.list_cases()["items"]] == [his]
    assert colleague.list_cases()["items"] == []
    assert world.client(IDVA).list_cases()["items"] == []


def test_C4_nothing_of_one_record_stands_in_the_other(world: World, both: tuple[str, str]) -> None:
    his, theirs = both
    shown = json.dumps(chair(world).pull(theirs, "P9").document["sections"])
    assert "TW-5581" not in shown
    assert refused(
        lambda: world.client(COORDINATOR).decide(theirs, {"decision": "MERGE", "merge_with": his})
    ) == (409, "counter")
    # Each referrer sees its own, and no word of the other.
    for agency_id, own, other in ((LANDLORD, his, theirs), (OTHER, theirs, his)):
        assert [r["reference"] for r in world.client(agency_id).referrals()["items"]] == [own]
        with pytest.raises(ProblemError):
            world.client(agency_id).referral(other)


def test_C4_the_chair_signs_who_the_primary_victim_is(world: World, both: tuple[str, str]) -> None:
    his, theirs = both
    found = {"outcome": "PRIMARY_VICTIM_A", "account": "He depends on Neil for every meal."}
    by_hand = Worker(world, COORDINATOR, "marac-01")
    assert code(review(by_hand, his, found)) == (404, "not_found")
    answer = review(Worker(world, COORDINATOR, CHAIR), his, found)
    assert answer.json == {"outcome": "PRIMARY_VICTIM_A"}
    outcomes = [
        world.client(COORDINATOR).pull(ref, "P9").document["triage"]["primary_victim"]
        for ref in both
    ]
    assert outcomes == ["PRIMARY_VICTIM_A", "PRIMARY_VICTIM_B"]
    rows = {row["case_id"]: row["account"] for row in world.rows(t.counter_review)}
    assert rows[world.case_of(theirs)] is None  # what was said of one stays in the one
    assert b"meal" not in (rows[world.case_of(his)] or b"")


def test_a_review_of_either_record_locks_both_in_the_same_order(sqlite_world: World) -> None:
    """Each writes into the other's record: in two orders, two chairs would wait in a ring."""
    world = sqlite_world
    said_of = {"outcome": "INSUFFICIENT", "account": "Nothing to go by."}
    refs = [world.client(LANDLORD).refer(example("c4")).reference]
    refs.append(world.client(OTHER).refer(against_him()).reference)
    orders = []
    for ref in refs:
        said: list[str] = []
        with traced(world.sessions.kw["bind"], said.append):
            assert review(Worker(world, COORDINATOR, CHAIR), ref, said_of).status_code == 201
        orders.append([found[1] for line in said if (found := LOCKS.match(line))][:2])
    both = sorted(world.case_of(ref) for ref in refs)
    assert orders == [both, both]


def review(by: Worker, reference: str, document: Any) -> Any:
    """Send what a review found, as somebody."""
    wire = by.wire
    body = wire.envelope("primary-victim/1", document)
    path = f"/v1/cases/{reference}/primary-victim"
    return wire.ask("POST", path, "cases:write", body=body, media="application/jose")


def test_C4_without_a_counterpart_there_is_nothing_to_review(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c4")).reference
    found = {"outcome": "INSUFFICIENT", "account": "One side only."}
    assert code(review(Worker(world, COORDINATOR, CHAIR), ref, found)) == (409, "no_counter")

"""A survivor's access statement over the wire: for her adviser, and only if it is safe."""

from __future__ import annotations

import json

import pytest

from gateway.demo.world import PARTNERS
from tests.journeys.attacks import ABSENT, COORDINATOR, DAY, IDVA, LANDLORD, POLICE, refused
from tests.journeys.test_dated_consent import dated
from tests.journeys.world import World, example, position

WORKER = "idva-01"


def told(world: World, safe: str = "YES") -> str:
    """C1, read by the adviser, the police and probation; whether it is safe to tell her."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(LANDLORD).record_consent(ref, dated(safe_to_tell=safe))
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    attendees = [IDVA, POLICE, "marlbury-probation"]
    body = {"area": "MARLBURY", "starts_at": DAY, "attendees": attendees}
    conference = coordinator.create_conference(body)["conference"]
    coordinator.list_case(conference, ref)
    world.client(IDVA, WORKER).pull(ref, "P2")
    world.client(POLICE).pull(ref, "P1")
    world.client("marlbury-probation").agenda(conference)
    return ref


def test_M6_F78_a_survivor_is_told_who_looked_in_plain_words(world: World) -> None:
    ref = told(world)
    found = world.client(IDVA, WORKER).accounts.statement(ref)
    text = found["text"]
    assert "23 November 2026: The police looked at " in text
    assert "A domestic abuse adviser's service looked at " in text
    assert len(found["lines"]) >= 2
    everything = json.dumps([found["lines"], text]).casefold()
    form = example("c1")["document"]
    names = [p[k] for p in form["perpetrators"] for k in ("given_names", "family_name")]
    unsaid = [
        *(partner.agency_id for partner in PARTNERS),
        *(partner.name for partner in PARTNERS),
        *(worker for partner in PARTNERS for worker in partner.workers),
        *names,
        "probation",
        "perpetrator",
        ref,
    ]
    assert [each for each in unsaid if each.casefold() in everything] == []
    assert [each["worker"] for each in world.log(event="statement.made")] == [WORKER]


@pytest.mark.parametrize("safe", ["NO", "UNKNOWN"])
def test_M6_F53_unless_it_is_safe_to_tell_her_there_is_none(world: World, safe: str) -> None:
    ref = told(world, safe)
    adviser = world.client(IDVA, WORKER)
    assert refused(adviser.accounts.statement, ref) == (409, "not_safe_to_tell")
    adviser.record_consent(ref, dated(safe_to_tell="YES"))
    assert adviser.accounts.statement(ref)["text"]
    # Whoever heard from her last, without asking that, leaves it unsafe again.
    world.client(LANDLORD).record_position(ref, position("GIVEN"))
    assert refused(adviser.accounts.statement, ref) == (409, "not_safe_to_tell")


def test_M6_nobody_but_a_worker_of_her_adviser_makes_one(world: World) -> None:
    ref = told(world)
    for agency, worker in (
        (IDVA, None),
        (COORDINATOR, "marac-01"),
        (LANDLORD, "homes-01"),
        (POLICE, "police-01"),
        ("fenhollow-idva", "idva-01"),
        ("marlbury-audit", None),
    ):
        assert refused(world.client(agency, worker).accounts.statement, ref) == ABSENT, agency


def test_M6_nothing_is_sent_by_itself(world: World) -> None:
    ref = told(world)
    before = world.counts()
    world.client(IDVA, WORKER).accounts.statement(ref)
    assert world.counts() == before

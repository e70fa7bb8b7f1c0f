"""Promise 6: consent is evaluated on each request, from the canonical row, never from a cache."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gateway.client.access import ProblemError
from tests.journeys.world import World, example, lines

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
POLICE = "marlbury-police"


@dataclass(frozen=True)
class Open:
    """A case that an adviser, a coordinator and an attendee can read."""

    world: World
    reference: str
    conference: str

    def set(self, **columns: str) -> None:
        """Change the newest row of consent or position, and nothing else in the world."""
        for column, value in columns.items():
            table = "position" if column == "excluded_agencies" else "consent"
            self.world.execute(
                f"UPDATE {table} SET {column} = :value WHERE case_id = :case",  # noqa: S608 - ours
                value=value,
                case=self.world.case_of(self.reference),
            )


@pytest.fixture
def case(world: World) -> Open:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z", "attendees": [POLICE, IDVA]}
    )["conference"]
    coordinator.list_case(conference, ref)
    return Open(world, ref, conference)


def test_promise_06_the_next_pull_is_decided_anew(case: Open) -> None:
    idva = case.world.client(IDVA)
    assert idva.pull(case.reference, "P2").document["sections"]
    case.set(outcome="NO_SHARE")
    for agency, purpose in ((IDVA, "P2"), (COORDINATOR, "P9"), (POLICE, "P1")):
        with pytest.raises(ProblemError) as problem:
            case.world.client(agency).pull(case.reference, purpose)
        assert problem.value.status == 404
    case.set(outcome="ALLOW")
    assert idva.pull(case.reference, "P2").document["sections"]


def test_promise_06_an_agreement_that_ended_counts_no_more(case: Open) -> None:
    idva = case.world.client(IDVA)
    case.set(lapses_on="2026-11-23", lapsed_outcome="NO_SHARE")
    assert idva.pull(case.reference, "P2").document["sections"]
    case.set(lapses_on="2026-11-22")
    with pytest.raises(ProblemError) as problem:
        idva.pull(case.reference, "P2")
    assert problem.value.status == 404
    assert lines(idva, case.conference) == []


def test_promise_06_the_next_agenda_is_decided_anew(case: Open) -> None:
    idva = case.world.client(IDVA)
    assert len(lines(idva, case.conference)) == 1
    case.set(outcome="NO_SHARE")
    assert lines(idva, case.conference) == []
    assert lines(case.world.client(POLICE), case.conference) == []


def test_promise_06_the_next_list_is_decided_anew(case: Open) -> None:
    case.set(outcome="NO_SHARE")
    items = case.world.client(IDVA).list_cases()["items"]
    assert {item["kind"] for item in items} == {"ENDED"}
    assert all(item["level"] is None for item in items)


def test_promise_06_the_next_answer_is_decided_anew(case: Open) -> None:
    case.set(outcome="NO_SHARE")
    with pytest.raises(ProblemError) as problem:
        case.world.client(IDVA).acknowledge(case.reference, "ACCEPTED")
    assert problem.value.status == 404


def test_promise_06_a_condition_is_read_anew_as_well(case: Open) -> None:
    assert case.world.client(IDVA).pull(case.reference, "P2").document["sections"]
    case.set(excluded_agencies=f'["{IDVA}"]')
    with pytest.raises(ProblemError) as problem:
        case.world.client(IDVA).pull(case.reference, "P2")
    assert problem.value.status == 404
    assert case.world.client(POLICE).pull(case.reference, "P1").document["sections"]


def test_promise_06_even_with_the_same_token_and_connection(case: Open) -> None:
    """V45: nothing between two requests of the same second is remembered."""
    world = case.world
    wire = world.wire(IDVA)
    path = f"/v1/cases/{case.reference}?purpose=P2"
    statuses = []
    for outcome in ("ALLOW", "NO_SHARE", "ALLOW", "ESCALATE", "ALLOW"):
        case.set(outcome=outcome)
        statuses.append(wire.ask("GET", path, "cases:read").status_code)
    assert statuses == [200, 404, 200, 404, 200]

"""People who stand behind a wall of a case, each at a desk, for tests of what looks absent."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.schemas.codes import PersonRole
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, Desk, add_people
from tests.desk.test_desk import enter
from tests.journeys.test_counter_allegation import OTHER, against_him
from tests.journeys.walled import HIMSELF, KAMAL, OFFICE, add_worker
from tests.journeys.world import World, example

UNKNOWN = "7K3MQ-2XF8A-C"  # well written, and of no case


def behind(world: World) -> Mapping[str, tuple[Desk, str]]:
    """By the name of a wall: who stands behind it, and the reference that is guessed.

    A brother and his colleague of a case that their office was asked about; the adviser of him
    who is accused, of the record against him; and one of another area.
    """
    add_people(world)
    add_worker(world, OFFICE, KAMAL)
    nobodys = {"conflict_check": {"answer": "NO"}, "must_not_receive": None}
    sent = example("c2", **nobodys, perpetrators__1__employer=None)
    brothers = world.client("marlbury-college", "college-01").refer(sent).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(brothers, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-03T09:30:00Z", "attendees": [OFFICE]}
    )["conference"]
    coordinator.list_case(conference, brothers)
    rep = PersonRole.AGENCY_REP
    tied, colleague = enter(world, OFFICE, KAMAL, rep), enter(world, OFFICE, "housing-02", rep)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    his = world.client(LANDLORD).refer(example("c4")).reference
    world.client(IDVA, "idva-01").acknowledge(his, "ACCEPTED")
    against = world.client(OTHER).refer(against_him()).reference
    adviser = enter(world, IDVA, "idva-01", PersonRole.IDVA)
    elsewhere = enter(world, "fenhollow-marac", "marac-01", PersonRole.COORDINATOR)
    return {
        "brother": (tied, brothers),
        "his office": (colleague, brothers),
        "counter-allegation": (adviser, against),
        "another area": (elsewhere, his),
    }

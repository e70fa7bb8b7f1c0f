"""A chair who is tied to somebody in a case: another one hears it, and it is on no list of hers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.gateway import Gateway
from gateway.schemas.codes import PersonRole, Scope
from gateway.store import tables as t
from tests.desk.conftest import IDVA, POLICE
from tests.desk.meeting_room import DECLARATION
from tests.desk.test_desk import enter
from tests.journeys.test_conflict import COLLEGE, NOBODYS
from tests.journeys.walled import COORDINATOR, HIMSELF, add_worker, with_own_key
from tests.journeys.world import CHAIR, World, example

OTHER = "chair-02"


def hear(client: Gateway, conference: str, **body: Any) -> Any:
    """One act of a meeting by an agency's own software."""
    path = f"/v1/conferences/{conference}/hearings"
    return client._exchange.post(path, body, Scope.CONFERENCE_WRITE)


def test_F65_F91_a_tied_chair_has_no_such_case_and_another_chair_hears_it(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    add_worker(world, COORDINATOR, OTHER, is_chair=True)
    deputy = with_own_key(world, COORDINATOR, OTHER, "marac-01")
    world.client(COORDINATOR, CHAIR).walls.declare(HIMSELF)
    world.later(days=15)  # the other chair is no newcomer
    reference = world.client(COLLEGE).refer(example("c2", **NOBODYS)).reference
    conference = deputy.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-20T09:30:00Z", "attendees": [POLICE, IDVA]}
    )["conference"]
    deputy.decide(reference, {"decision": "ACCEPT"})
    deputy.list_case(conference, reference)
    base = f"/desk/conferences/{conference}"
    tied = enter(world, COORDINATOR, CHAIR, PersonRole.COORDINATOR)
    other = enter(world, COORDINATOR, OTHER, PersonRole.COORDINATOR)
    for desk in (tied, other):
        page = desk.get(f"{base}/declaration").text
        assert re.search(DECLARATION.digest, page)
        form = {"attending": "REPRESENTATIVE", "digest": DECLARATION.digest}
        assert desk.post(f"{base}/declaration", form).status_code == 303
    assert tied.post(f"{base}/room", {"do": "begin"}).status_code == 303
    room = tied.get(f"{base}/room")
    assert (room.status_code, reference in room.text) == (200, False)
    assert "No case is on your running order." in room.text
    for desk in (tied, other):  # a page shows it to nobody of the agency, nor is it run on one
        assert desk.get(f"{base}/cases/{reference}").status_code == 404
        opened = {"do": "open", "present": f"{COORDINATOR}/{OTHER}"}
        assert desk.post(f"{base}/cases/{reference}", opened).status_code == 404
    present = [{"agency": COORDINATOR, "worker": OTHER}]
    opening = {"reference": reference, "act": "OPEN", "present": present}
    with pytest.raises(ProblemError) as problem:
        hear(world.client(COORDINATOR, CHAIR), conference, **opening)
    assert problem.value.status == 404
    tied_too = {"agency": COORDINATOR, "worker": CHAIR}
    with pytest.raises(ProblemError) as problem:
        hear(deputy, conference, **{**opening, "present": [*present, tied_too]})
    assert problem.value.status == 422  # leaves the room for it
    assert hear(deputy, conference, **opening) == {"state": "READY"}
    assert tied.post(f"{base}/room", {"do": "end"}).status_code == 303  # nothing tells of it
    heard = {"reference": reference, "act": "HEARD", "feedback": "PLAN_AGREED"}
    assert hear(deputy, conference, **heard) == {"state": "HEARD"}
    row = world.rows(t.state, case_id=world.case_of(reference))[-1]
    assert (row["by_worker"], row["because"]) == (OTHER, "heard")
    assert reference not in json.dumps(tied.get(f"{base}/room").text)

"""The meeting itself: signed for, begun, and open case by case to who is in the room."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.client.access import ProblemError
from gateway.flows import agencies
from gateway.profiles.declaration import Declaration
from gateway.schemas.codes import PersonRole
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Desk, a_desk, add_people, sign
from tests.desk.test_desk import enter
from tests.journeys.world import CHAIR, World, example, graded

OBSERVER = "police-09"
EVERYBODY = ("coordinator", "chair", "idva", "police", "landlord")


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    """Everybody who comes to the meeting, at a browser of their own."""
    world = shared_world
    add_people(world)
    with world.operator() as work:
        agencies.add_worker(work, agency_id=POLICE, worker_id=OBSERVER)
    found = {who: a_desk(world, who) for who in ("coordinator", "idva", "police", "landlord")}
    found["chair"] = enter(world, COORDINATOR, CHAIR, PersonRole.COORDINATOR)
    found["observer"] = enter(world, POLICE, OBSERVER, PersonRole.AGENCY_REP)
    return found


@pytest.fixture(scope="module")
def meeting(shared_world: World, desks: dict[str, Desk]) -> tuple[str, list[str]]:
    """A conference of four cases that is to begin, and its address."""
    coordinator, landlord = shared_world.client(COORDINATOR), shared_world.client(LANDLORD)
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-10T09:30:00Z",
            "attendees": [POLICE, IDVA, LANDLORD],
        }
    )["conference"]
    found = []
    for document in (example("c1"), graded(20), graded(18), graded(17)):
        reference = landlord.refer(document).reference
        coordinator.decide(reference, {"decision": "ACCEPT"})
        coordinator.list_case(conference, reference)
        found.append(reference)
    return f"/desk/conferences/{conference}", found


def declaration() -> Declaration:
    from gateway.profiles.loader import Profiles

    return Profiles.load().declaration


def run(desk: Desk, base: str, reference: str, do: str, **form: Any) -> TestResponse:
    return desk.post(f"{base}/cases/{reference}", {"do": do, **form})


def person(agency: str, worker: str) -> str:
    return f"{agency}/{worker}"


ALL = [
    person(COORDINATOR, "marac-01"),
    person(COORDINATOR, CHAIR),
    person(IDVA, "idva-01"),
    person(POLICE, "police-01"),
    person(LANDLORD, "homes-01"),
]


def reads(desk: Desk, reference: str, purpose: str = "P1") -> TestResponse:
    desk.get(f"/desk/cases/{reference}")
    return desk.post(f"/desk/cases/{reference}", {"purpose": purpose})


def knows(desk: Desk, reference: str) -> bool:
    """Whether somebody reads what happened, which only the meeting opens to it."""
    answer = reads(desk, reference)
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 200 and "What happened" in answer.text


# --- the declaration --------------------------------------------------------------------------


def test_F91_nothing_of_the_meeting_opens_before_the_declaration_is_signed(
    shared_world: World, desks: dict[str, Desk], meeting: tuple[str, list[str]]
) -> None:
    base, (first, *_) = meeting
    chair, coordinator = desks["chair"], desks["coordinator"]
    for path in (base, f"{base}/room", f"{base}/cases/{first}"):
        assert coordinator.get(path).headers["Location"] == f"{base}/declaration"
    mine = f"/desk/my-conferences/{base.split('/')[3]}"
    research = f"{mine}/cases/{first}"
    for path in (mine, research):
        assert desks["police"].get(path).headers["Location"] == f"{base}/declaration"
    written = {"do": "return", "text-1": "She was seen.", "key": str(uuid.uuid4())}
    late = desks["police"].post(research, written)
    assert (late.status_code, "She was seen." in late.text) == (409, True)
    assert not shared_world.log(event="agenda.read")
    assert not shared_world.log(event="research.read")
    assert coordinator.post(f"{base}/room", {"do": "begin"}).status_code == 303
    assert not shared_world.log(event="conference.begun")
    page = coordinator.get(f"{base}/declaration")
    assert all(each in page.text for each in declaration().paragraphs)
    other = coordinator.post(f"{base}/declaration", {"attending": "DEPUTY", "digest": "0" * 64})
    assert (other.status_code, "The text has changed" in other.text) == (409, True)
    assert sign(coordinator, base, "NOBODY").status_code == 422
    for who in EVERYBODY:
        assert sign(desks[who], base).status_code == 303
        assert "You have signed." in desks[who].get(f"{base}/declaration").text
    assert sign(chair, base).status_code == 303  # twice is once
    signed = shared_world.log(event="conference.declared")
    assert [each["worker"] for each in signed if each["because"] == "REPRESENTATIVE"] == [
        "marac-01",
        CHAIR,
        "idva-01",
        "police-01",
        "homes-01",
    ]
    assert {each["facts"]["digest"] for each in signed} == {declaration().digest}


def test_promise_02_who_is_not_asked_to_a_conference_finds_none(
    shared_world: World, desks: dict[str, Desk], meeting: tuple[str, list[str]]
) -> None:
    base, (first, *_) = meeting
    other = enter(shared_world, "fenhollow-marac", "marac-01", PersonRole.COORDINATOR)
    assert other.get(f"{base}/declaration").status_code == 404
    assert sign(other, base).status_code == 404
    for desk in (other, desks["police"]):
        for path in (f"{base}/room", f"{base}/cases/{first}"):
            assert desk.get(path).status_code == 404
        assert desk.post(f"{base}/room", {"do": "begin"}).status_code == 404
        assert run(desk, base, first, "open", present=ALL).status_code == 404


def test_F91_an_observer_is_let_in_by_the_chair_for_a_reason_and_opens_nothing(
    shared_world: World, desks: dict[str, Desk], meeting: tuple[str, list[str]]
) -> None:
    base, (first, *_) = meeting
    observer, chair, coordinator = desks["observer"], desks["chair"], desks["coordinator"]
    assert sign(observer, base, "OBSERVER").status_code == 303
    assert "has to let you in" in observer.get(f"{base}/declaration").text
    assert "Waits for the chair" in coordinator.get(f"{base}/room").text
    assert "Why police-09 observes" not in coordinator.seen[-1].text
    assert chair.get(f"{base}/room").text.count("Why police-09 observes") == 1
    form = {"do": "admit", "agency": POLICE, "worker": OBSERVER, "reason": "Learns the work."}
    assert coordinator.post(f"{base}/room", form).status_code == 404
    assert chair.post(f"{base}/room", form | {"reason": " "}).status_code == 422
    assert chair.post(f"{base}/room", form | {"worker": "police-01"}).status_code == 422
    coordinator.post(f"{base}/room", {"do": "begin"})
    watching = [*ALL[:3], person(POLICE, OBSERVER)]
    assert run(coordinator, base, first, "open", present=watching).status_code == 422
    assert chair.post(f"{base}/room", form).status_code == 303
    (entry,) = shared_world.log(event="conference.admitted", outcome="allowed")
    assert (entry["worker"], entry["facts"]["reason"]) == (CHAIR, "Learns the work.")
    assert run(coordinator, base, first, "open", present=watching).status_code == 303
    assert not knows(observer, first)
    assert not knows(desks["police"], first)
    assert run(coordinator, base, first, "leave", present=watching[3:]).status_code == 303


# --- presence ---------------------------------------------------------------------------------


def test_F91_a_case_opens_to_who_is_in_the_room_and_closes_as_they_leave(
    shared_world: World, desks: dict[str, Desk], meeting: tuple[str, list[str]]
) -> None:
    base, (first, second, *_) = meeting
    coordinator, police = desks["coordinator"], desks["police"]
    for reference in (first, second):
        assert not knows(police, reference)
    assert "Open now" in coordinator.get(f"{base}/room").text
    assert run(coordinator, base, first, "enter", present=ALL[3:4]).status_code == 303
    assert run(coordinator, base, first, "enter", present=ALL[3:4]).status_code == 409
    assert knows(police, first)
    assert shared_world.client(POLICE).pull(first, "P1").document["sections"]
    assert not knows(desks["observer"], first)  # a colleague who is not in the room as one of them
    assert not knows(police, second)
    assert run(coordinator, base, first, "leave", present=ALL[3:4]).status_code == 303
    assert run(coordinator, base, first, "leave", present=ALL[3:4]).status_code == 409
    assert reads(police, first).status_code == 404
    # Who left before the next case is opened gets nothing of it, by page or by software.
    closed = run(coordinator, base, first, "heard", feedback="PLAN_AGREED")
    assert closed.status_code == 303, closed.text
    assert run(coordinator, base, second, "open", present=ALL[:3]).status_code == 303
    assert reads(police, second).status_code == 404
    with pytest.raises(ProblemError) as problem:
        shared_world.client(POLICE).pull(second, "P1")
    assert problem.value.status == 404
    assert run(coordinator, base, second, "enter", present=ALL[3:4]).status_code == 303
    assert knows(police, second)
    entered = shared_world.log(event="case.entered")
    assert [each["facts"]["person"] for each in entered] == [[POLICE, "police-01"]] * 2


def test_F91_a_case_is_heard_deferred_once_by_the_chair_and_never_skips_a_guard(
    shared_world: World, desks: dict[str, Desk], meeting: tuple[str, list[str]]
) -> None:
    base, (first, second, third, fourth) = meeting
    coordinator, chair = desks["coordinator"], desks["chair"]
    assert run(coordinator, base, third, "heard", feedback="PLAN_AGREED").status_code == 409
    assert run(coordinator, base, second, "heard", feedback="NONSENSE").status_code == 422
    assert run(coordinator, base, second, "heard", feedback="MORE_INFO_NEEDED").status_code == 303
    assert told(shared_world, second) == ["MORE_INFO_NEEDED"]
    for reference in (first, second):
        assert states(shared_world, reference)[-4:] == ["LISTED", "RESEARCH", "READY", "HEARD"]
        assert run(coordinator, base, reference, "open", present=ALL).status_code == 409
    assert run(coordinator, base, third, "open", present=[]).status_code == 422
    assert run(coordinator, base, third, "open", present=["x"]).status_code == 422
    off = {"reason": "INTERPRETER_MISSING"}
    assert run(coordinator, base, third, "defer", **off).status_code == 409
    assert run(chair, base, third, "defer", reason="BORED").status_code == 422
    assert run(chair, base, third, "defer", **off).status_code == 303
    assert states(shared_world, third)[-1] == "DEFERRED"
    assert run(chair, base, third, "defer", **off).status_code == 409
    assert run(coordinator, base, third, "open", present=ALL).status_code == 409
    assert run(coordinator, base, fourth, "open", present=ALL).status_code == 303
    stopped = coordinator.post(f"{base}/room", {"do": "end"})
    assert (stopped.status_code, "still open" in stopped.text) == (409, True)
    assert run(coordinator, base, fourth, "heard", feedback="PLAN_AGREED").status_code == 303
    urgent = an_emergency(shared_world, base)
    assert run(coordinator, base, urgent, "open", present=ALL[:1]).status_code == 303
    lacks = "Not in the room: the chair, the police, the IDVA service, whoever referred her"
    assert lacks in coordinator.get(f"{base}/cases/{urgent}").text
    assert run(coordinator, base, urgent, "heard", feedback="PLAN_AGREED").status_code == 303
    assert coordinator.post(f"{base}/room", {"do": "apologies", "agency": IDVA}).status_code == 303
    nobody = coordinator.post(f"{base}/room", {"do": "apologies", "agency": "nobody"})
    assert nobody.status_code == 422
    assert f'href="{base}"' in coordinator.get("/desk").text, "one that has begun is still the next"
    assert coordinator.post(f"{base}/room", {"do": "end"}).status_code == 303
    assert "Over" in coordinator.get(f"{base}/room").text
    assert f'href="{base}"' not in coordinator.get("/desk").text, "one that is over is not"
    late, conference = shared_world.client(LANDLORD).refer(graded(19)).reference, base[-36:]
    shared_world.client(COORDINATOR).decide(late, {"decision": "ACCEPT"})
    assert conference not in coordinator.get(f"/desk/cases/{late}/triage?purpose=P9").text
    with pytest.raises(ProblemError, match="meeting_over"):
        shared_world.client(COORDINATOR).list_case(conference, late)
    assert coordinator.post(f"{base}/room", {"do": "burn"}).status_code == 422
    assert run(coordinator, base, "ZZZZZ-ZZZZZ-Z", "open", present=ALL).status_code == 404
    assert coordinator.get(f"{base[:-36]}{uuid.uuid4()}/room").status_code == 404


def an_emergency(world: World, base: str) -> str:
    """A case that cannot wait, on the list to be ratified."""
    reference = world.client(LANDLORD).refer(graded(19)).reference
    for decision in ("ACCEPT", "EMERGENCY"):
        world.client(COORDINATOR).decide(reference, {"decision": decision})
    world.client(COORDINATOR).list_case(base.rsplit("/", 1)[1], reference)
    return str(reference)


def told(world: World, reference: str) -> list[str]:
    """What the referrer was told of its own referral."""
    own = world.client(LANDLORD).referrals()["items"]
    (row,) = [each for each in own if each["reference"] == reference]
    return [each["code"] for each in row["feedback"]]


def states(world: World, reference: str) -> list[str]:
    """The states that a case went through."""
    from gateway.store import tables as t

    rows = world.rows(t.state, case_id=world.case_of(reference))
    return [str(row["state"]) for row in sorted(rows, key=lambda row: row["seq"])]

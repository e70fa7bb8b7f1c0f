"""Conferences at the desk: planned, filled, ordered by the rules and then by hand, and locked."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.schemas.codes import PersonRole
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Desk, a_desk, add_people, sign
from tests.desk.test_desk import enter
from tests.journeys.world import CHAIR, World, example, graded, lines

ORDER = re.compile(r'id="c-([0-9A-Z-]+)"')
MARK = re.compile(r'name="seen" value="([^"]*)"')


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    """Who runs conferences, and who does not."""
    add_people(shared_world)
    found = {who: a_desk(shared_world, who) for who in ("coordinator", "idva")}
    return {**found, "chair": enter(shared_world, COORDINATOR, CHAIR, PersonRole.COORDINATOR)}


@pytest.fixture(scope="module")
def conference(shared_world: World, desks: dict[str, Desk]) -> str:
    """One that was planned on a page, with four cases that were put on its list there."""
    desk = desks["coordinator"]
    page = desk.get("/desk/conferences")
    form = {"day": "10", "month": "12", "year": "2026", "time": "09:30", "key": key(page)}
    attendees = {"attendees": [POLICE, IDVA, LANDLORD]}
    for _ in range(2):  # a form that is sent twice plans one
        assert desk.post("/desk/conferences", {**form, **attendees}).status_code == 303
    found = re.findall(
        r'href="/desk/conferences/([0-9a-f-]{36})"', desk.get("/desk/conferences").text
    )
    assert len(found) == 1
    unsigned = desk.get(f"/desk/conferences/{found[0]}")
    assert unsigned.headers["Location"] == f"/desk/conferences/{found[0]}/declaration"
    for who in ("coordinator", "chair"):
        assert sign(desks[who], f"/desk/conferences/{found[0]}").status_code == 303
    sent = [example("c1"), graded(20), graded(18), graded(16)]
    for each in sent:
        reference = shared_world.client(LANDLORD).refer(each).reference
        shared_world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
        page = desk.get(f"/desk/cases/{reference}/triage?purpose=P9")
        assert "Put on the list" in page.text
        answer = put(desk, reference, found[0], key(page))
        assert answer.headers["Location"] == f"/desk/conferences/{found[0]}#list"
    return found[0]


def key(page: TestResponse) -> str:
    return re.findall(r'name="key" value="([^"]+)"', page.text)[0]


def put(desk: Desk, reference: str, conference: str, sent: str = "") -> TestResponse:
    form = {"conference": conference, "key": sent or str(uuid.uuid4())}
    return desk.post(f"/desk/cases/{reference}/list", form)


def shown(desk: Desk, conference: str) -> list[str]:
    """The order in which the page has the cases."""
    answer = desk.get(f"/desk/conferences/{conference}")
    assert answer.status_code == 200, answer.text
    return ORDER.findall(answer.text)


def do(desk: Desk, conference: str, what: str, reference: str = "", **form: Any) -> TestResponse:
    mark = MARK.findall(desk.seen[-1].text)
    sent = {"do": what, "reference": reference, "seen": mark[0] if mark else "", **form}
    return desk.post(f"/desk/conferences/{conference}", sent)


def test_F31_the_page_has_the_order_of_the_rules_with_times_and_room(
    shared_world: World, desks: dict[str, Desk], conference: str
) -> None:
    desk = desks["coordinator"]
    by_rules = [each["reference"] for each in lines(shared_world.client(COORDINATOR), conference)]
    assert shown(desk, conference) == by_rules
    text = desk.seen[-1].text
    assert "4 of 16" in text
    assert "From 09:30 to 10:18, 12 minutes for each case" in text
    assert "By level, critical answers and age of the referral" in text
    assert f'href="/desk/conferences/{conference}"' in desk.get("/desk").text


def test_F31_a_case_that_is_moved_stays_there_for_every_reader(
    shared_world: World, desks: dict[str, Desk], conference: str
) -> None:
    desk = desks["coordinator"]
    first, second, third, fourth = shown(desk, conference)
    answer = do(desk, conference, "up", third)
    assert answer.headers["Location"].endswith(f"#up-{third}")
    assert shown(desk, conference) == [first, third, second, fourth]
    assert "in an order made by hand" in desk.seen[-1].text
    do(desk, conference, "down", first)
    assert shown(desk, conference) == [third, first, second, fourth]
    pulled = [each["reference"] for each in lines(shared_world.client(POLICE), conference)]
    assert pulled == [third, first, second, fourth]
    late = shared_world.client(LANDLORD).refer(graded(24)).reference
    shared_world.client(COORDINATOR).decide(late, {"decision": "ACCEPT"})
    assert "Accepted, and not on this list" in desk.get(f"/desk/conferences/{conference}").text
    put(desk, late, conference)
    assert late in shown(desk, conference)
    assert do(desk, conference, "rules").status_code == 303
    assert [each for each in shown(desk, conference) if each != late] == [
        first,
        second,
        third,
        fourth,
    ]
    events = shared_world.log(event="conference.ordered")
    assert [entry["because"] for entry in events] == ["up", "down", "rules"]
    assert {entry["worker"] for entry in events} == {"marac-01"}


def test_F31_who_moves_what_moved_meanwhile_is_told(
    shared_world: World, desks: dict[str, Desk], conference: str
) -> None:
    desk, chair = desks["coordinator"], desks["chair"]
    first, second, *_ = shown(desk, conference)
    shown(chair, conference)
    do(chair, conference, "down", first)
    late = do(desk, conference, "down", first)
    assert late.status_code == 409
    assert "Somebody" in late.text
    assert shown(desk, conference)[:2] == [second, first]
    do(desk, conference, "rules")


def test_F31_a_list_that_stands_is_the_chairs_to_add_to(
    shared_world: World, desks: dict[str, Desk], conference: str
) -> None:
    desk, chair = desks["coordinator"], desks["chair"]
    first = shown(desk, conference)[0]
    assert do(desk, conference, "lock").status_code == 303
    assert "The list stands" in desk.get(f"/desk/conferences/{conference}").text
    assert "Down<span" not in desk.seen[-1].text
    refused = do(desk, conference, "down", first)
    assert (refused.status_code, "only the chair adds to it" in refused.text) == (409, True)
    assert do(desk, conference, "lock").status_code == 409
    late = [shared_world.client(LANDLORD).refer(graded(15)).reference for _ in range(3)]
    for each in late:
        shared_world.client(COORDINATOR).decide(each, {"decision": "ACCEPT"})
    assert put(desk, late[0], conference).status_code == 409
    assert put(chair, late[1], conference).status_code == 303
    shared_world.client(COORDINATOR).decide(late[2], {"decision": "EMERGENCY"})
    assert put(desk, late[2], conference).status_code == 303
    assert shown(desk, conference)[0] == late[2]
    assert do(desk, conference, "open").status_code == 303
    assert put(desk, late[0], conference).status_code == 303
    assert put(desk, late[0], conference).status_code == 409


def test_F31_what_a_plan_lacks_is_said_and_what_was_typed_stays(desks: dict[str, Desk]) -> None:
    desk = desks["coordinator"]
    good = {"day": "3", "month": "12", "year": "2026", "time": "09:30", "attendees": [IDVA]}
    for bad, said in (
        ({"day": "31", "month": "2"}, "Give a day within a year"),
        ({"year": "2025"}, "Give a day within a year"),
        ({"year": "9999", "day": "31"}, "Give a day within a year"),
        ({"time": "<b>"}, "Give a day within a year"),
        ({"attendees": []}, "Choose who attends."),
        ({"attendees": ["nobody"]}, "One of them is not registered."),
    ):
        page = desk.get("/desk/conferences")
        answer = desk.post("/desk/conferences", {**good, "key": key(page), **bad})
        assert (answer.status_code, said in answer.text) == (422, True), bad
        assert "<b>" not in answer.text


def test_promise_02_nobody_else_runs_it(
    shared_world: World, desks: dict[str, Desk], conference: str
) -> None:
    other = enter(shared_world, "fenhollow-marac", "marac-01", PersonRole.COORDINATOR)
    reference = shown(desks["coordinator"], conference)[0]
    for desk in (desks["idva"], other):
        assert desk.get(f"/desk/conferences/{conference}").status_code == 404
        for form in ({"do": "lock"}, {"do": "down", "reference": reference}, {"do": "rules"}):
            assert desk.post(f"/desk/conferences/{conference}", form).status_code == 404
        assert put(desk, reference, conference).status_code == 404
    joint = shared_world.client(COORDINATOR).create_conference(
        {"area": "MARLBURY", "starts_at": "2027-02-10T09:30:00Z", "attendees": ["fenhollow-marac"]}
    )["conference"]
    assert joint not in other.get("/desk/conferences").text  # it attends, and does not run it
    assert other.get(f"/desk/conferences/{joint}").status_code == 404
    assert conference not in other.get("/desk/conferences").text
    assert desks["coordinator"].get("/desk/conferences/nothing").status_code == 404
    shown(desks["coordinator"], conference)
    unknown = do(desks["coordinator"], conference, "down", "ZZZZZ-ZZZZZ-Z")
    assert unknown.status_code == 404
    assert do(desks["coordinator"], conference, "burn").status_code == 422

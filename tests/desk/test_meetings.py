"""Conferences at the desk: planned, filled, ordered by the rules and then by hand, and locked."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.schemas.codes import PersonRole
from tests.desk.conftest import (
    COORDINATOR,
    IDVA,
    LANDLORD,
    POLICE,
    Desk,
    Live,
    a_desk,
    add_people,
    sign,
)
from tests.desk.test_desk import enter
from tests.desk.test_in_a_browser import enter as enter_live
from tests.desk.test_in_a_browser import page
from tests.desk.test_looks import look
from tests.files import pdf_of
from tests.journeys import acting
from tests.journeys.world import CHAIR, World, example, graded, lines

__all__ = ["page"]
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


# --- by drag, with specialists, with what is open ---------------------------------------------


@pytest.fixture(scope="module")
def specialists(shared_world: World, desks: dict[str, Desk]) -> tuple[str, list[str]]:
    """Three cases of one standing, of which the first and the last need the same specialist."""
    world = shared_world
    found = world.client(COORDINATOR).create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-17T09:30:00Z",
            "attendees": [POLICE, IDVA, LANDLORD],
        }
    )["conference"]
    refs = []
    for sender in (LANDLORD, POLICE, LANDLORD):
        world.later(minutes=1)  # the oldest stands first
        refs.append(world.client(sender).refer(graded(17)).reference)
        world.client(COORDINATOR).decide(refs[-1], {"decision": "ACCEPT"})
        world.client(COORDINATOR).list_case(found, refs[-1])
    for who in ("coordinator", "chair"):
        sign(desks[who], f"/desk/conferences/{found}")
    return found, refs


def test_F31_cases_that_need_the_same_specialist_are_brought_together_and_it_is_said_why(
    shared_world: World, desks: dict[str, Desk], specialists: tuple[str, list[str]]
) -> None:
    found, (first, second, third) = specialists
    desk = desks["coordinator"]
    assert shown(desk, found) == [first, second, third]
    text = desk.seen[-1].text
    assert "Harbourgate Homes: cases 1, 3." in text
    assert text.count("Also needed: Harbourgate Homes.") == 2
    assert "Nothing goes before what is more dangerous." in text
    assert do(desk, found, "together").status_code == 303
    assert shown(desk, found) == [first, third, second]
    assert "Bring their cases together" not in desk.seen[-1].text
    assert [e["reference"] for e in lines(shared_world.client(POLICE), found)] == shown(desk, found)
    stale = desk.post(f"/desk/conferences/{found}", {"do": "together", "seen": second})
    assert stale.status_code == 409
    page = a_desk(shared_world, "police")
    sign(page, f"/desk/conferences/{found}")
    assert "Also needed" not in page.get(f"/desk/my-conferences/{found}").text
    do(desk, found, "rules")
    known = {"person": "VICTIM", "known": "KNOWN_RELEVANT"}
    entry = {
        "about": "RELEVANT_TO_RISK",
        "theme": "INCIDENTS",
        "text": "Two doors.",
        "nature": "FACT",
    }
    shared_world.client(LANDLORD).research.give(
        found, second, {"people": [known], "entries": [{**entry, "extract": "WHOLE"}]}
    )
    shown(desk, found)
    assert "Harbourgate Homes: cases 1, 2, 3." in desk.seen[-1].text


def test_F31_a_case_is_put_anywhere_by_the_form_that_a_drag_sends(
    shared_world: World, desks: dict[str, Desk], specialists: tuple[str, list[str]]
) -> None:
    found, (first, second, third) = specialists
    desk = desks["coordinator"]
    shown(desk, found)
    answer = do(desk, found, "place", third, before=first)
    assert answer.headers["Location"].endswith(f"#c-{third}")
    assert shown(desk, found) == [third, first, second]
    for before, then in (("", [first, second, third]), ("ZZZZZ-ZZZZZ-Z", [first, second, third])):
        do(desk, found, "place", third, before=before)
        assert shown(desk, found) == then
    do(desk, found, "place", first, before=first)
    assert shown(desk, found) == [first, second, third]
    assert do(desk, found, "place", "ZZZZZ-ZZZZZ-Z", before=first).status_code == 404
    assert do(desks["idva"], found, "place", third, before=first).status_code == 404


def test_F31_a_line_says_which_actions_are_open_to_each_reader_its_own(
    shared_world: World, desks: dict[str, Desk], specialists: tuple[str, list[str]]
) -> None:
    found, (first, *_) = specialists
    world = shared_world
    for owner in (LANDLORD, IDVA):
        acting.proposed(world, first, owner, "Fit a lock.")
    shown(desks["coordinator"], found)
    assert desks["coordinator"].seen[-1].text.count("2 actions open") == 1
    told = {e["reference"]: e.get("open_actions") for e in lines(world.client(LANDLORD), found)}
    assert told[first] == 1
    assert set(told.values()) == {1, None}
    assert "open_actions" not in str(lines(world.client(POLICE), found))


def test_F31_flags_that_end_by_that_day_stand_on_the_agenda_of_who_runs_it(
    shared_world: World, desks: dict[str, Desk], specialists: tuple[str, list[str]]
) -> None:
    found, _ = specialists
    desk, world = desks["coordinator"], shared_world
    shown(desk, found)
    assert "Flags to remove" not in desk.seen[-1].text
    flagged = acting.flagged(world, acting.a_conference(world, at="2026-12-03T09:30:00Z"))
    shown(desk, found)
    assert "Flags to remove" in desk.seen[-1].text
    assert flagged in desk.seen[-1].text
    answer = desk.post(f"/desk/conferences/{found}/papers", {"what": "agenda", "format": "pdf"})
    assert f"Flags to remove after 12 months: 1 ({flagged})" in pdf_of(answer.data)


def test_F31_a_case_is_dragged_to_its_place_with_the_mouse_or_moved_by_keyboard(
    live: Live, page: Any
) -> None:
    """The script only fills in a form; without it the buttons are there."""
    page.set_viewport_size({"width": 1280, "height": 1800})  # nothing scrolls under the mouse
    enter_live(live, page, "coordinator")
    page.goto(live.address + "/desk/conferences/{conference}".format(**live.month))
    names = page.locator(".gw-agenda__name a")
    first, second = names.all_inner_texts()
    cases = page.locator("[data-case]")
    assert cases.first.get_attribute("draggable") == "true"
    box = cases.nth(1).bounding_box()
    lower = {"x": 20, "y": box["height"] - 4}
    with page.expect_navigation():
        cases.first.drag_to(cases.nth(1), source_position={"x": 20, "y": 12}, target_position=lower)
    assert page.url.endswith(f"#c-{first}")
    assert names.all_inner_texts() == [second, first]
    assert page.get_by_text("in an order made by hand").count() == 1
    look(page, "agenda-by-hand")
    page.get_by_role("button", name=f"Up {first}").press("Enter")
    page.wait_for_url(f"**#up-{first}")
    assert names.all_inner_texts() == [first, second]
    page.get_by_role("button", name="Take the rules' order again").press("Enter")

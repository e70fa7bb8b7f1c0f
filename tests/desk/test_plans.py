"""Plans at the desk: what a coordinator puts down, and what a partner without software does."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.desk import plan_words
from gateway.schemas import action_codes as codes
from gateway.schemas.codes import CaseState
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, LANDLORD, POLICE, Desk, Live, a_desk, add_people
from tests.desk.test_in_a_browser import enter as enter_live
from tests.desk.test_in_a_browser import page, press_to
from tests.desk.test_looks import look
from tests.journeys import acting
from tests.journeys.world import World

__all__ = ["page"]


@pytest.fixture
def desks(world: World) -> dict[str, Desk]:
    add_people(world)
    return {who: a_desk(world, who) for who in ("coordinator", "idva", "landlord", "police")}


def key(page: TestResponse) -> str:
    return re.findall(r'name="key" value="([^"]+)"', page.text)[0]


def send(desk: Desk, ref: str, what: str, **form: Any) -> TestResponse:
    desk.get(f"/desk/cases/{ref}/actions")
    sent = {"what": what, "key": str(uuid.uuid4()), **form}
    return desk.post(f"/desk/cases/{ref}/actions", sent)


def numbers(desk: Desk, ref: str) -> list[str]:
    return re.findall(r'id="a-([0-9]+)"', desk.get(f"/desk/cases/{ref}/actions").text)


def test_F93_a_partner_without_software_does_its_own_actions(
    world: World, desks: dict[str, Desk]
) -> None:
    coordinator, landlord = desks["coordinator"], desks["landlord"]
    conference = acting.a_conference(world)
    ref = acting.listed(world, conference)
    words = {"theme": "TARGET_HARDEN", "text": "Fit <b>two</b> locks.", "owner": LANDLORD}
    twice = str(uuid.uuid4())
    for _ in range(2):  # a form that is sent twice is one action
        assert send(coordinator, ref, "propose", **words, key=twice).status_code == 303
    (number,) = numbers(coordinator, ref)
    acting.heard(world, ref)
    acting.signed(world, conference)
    assert "Send out the plan" in coordinator.get(f"/desk/conferences/{conference}").text
    sent = coordinator.post(f"/desk/conferences/{conference}/plan", {"key": str(uuid.uuid4())})
    assert sent.status_code == 303
    states = [row["state"] for row in world.rows(t.state, case_id=world.case_of(ref))]
    assert states[-1] == CaseState.ACTIONS_OPEN
    assert '1</span> <span class="gw-need__text">case with an action' in landlord.get("/desk").text
    listed = landlord.get("/desk/needs/actions").text
    assert f"/desk/cases/{ref}/actions" in listed
    assert ref in landlord.get("/desk/actions").text
    seen = desks["police"].get(f"/desk/cases/{ref}/actions")  # by its codes, without its words
    assert (seen.status_code, "Harbourgate Homes" in seen.text) == (200, True)
    assert "Fit &lt;b&gt;" not in seen.text
    text = landlord.get(f"/desk/cases/{ref}/actions").text
    assert "Fit &lt;b&gt;two&lt;/b&gt; locks." in text
    assert send(landlord, ref, "step", number=number, act="ACCEPT").status_code == 303
    empty = send(landlord, ref, "step", number=number, act="COMPLETE", note=" ")
    assert (empty.status_code, "what shows that it was done" in empty.text) == (422, True)
    unsaid = send(landlord, ref, "step", number=number, act="CANNOT", note="Kept words.")
    assert (unsaid.status_code, "Kept words." in unsaid.text) == (422, True)
    done = send(landlord, ref, "step", number=number, act="COMPLETE", note="Job sheet 12.")
    assert done.status_code == 303
    late = send(landlord, ref, "step", number=number, act="MISS")
    assert (late.status_code, "It has moved on" in late.text) == (409, True)
    assert "Job sheet 12." in coordinator.get(f"/desk/cases/{ref}/actions").text
    assert send(coordinator, ref, "step", number=number, act="VERIFY").status_code == 303
    assert send(coordinator, ref, "close").status_code == 303
    states = [row["state"] for row in world.rows(t.state, case_id=world.case_of(ref))]
    assert states[-1] == CaseState.MONITORING
    receipts = [row for row in world.rows(t.receipt) if row["form"] == "actions-page/1"]
    assert {row["agency_id"] for row in receipts} == {COORDINATOR, LANDLORD, POLICE}


def test_F93_overdue_actions_of_the_area_are_a_number_on_the_desk(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    add_people(world)
    ref = acting.listed(world, acting.a_conference(world))
    acting.proposed(world, ref, LANDLORD, "Fit a lock.")
    assert "overdue action" not in a_desk(world, "coordinator").get("/desk").text
    world.later(days=20)
    desk = a_desk(world, "coordinator")
    assert "case with an overdue action" in desk.get("/desk").text
    assert f"/desk/cases/{ref}/actions" in desk.get("/desk/needs/overdue").text
    text = desk.get("/desk/actions").text
    assert "1 action overdue" in text
    assert "late</strong>" in text


def test_promise_02_V2_nobody_does_another_agency_s_action(
    world: World, desks: dict[str, Desk]
) -> None:
    ref = acting.listed(world, acting.a_conference(world))
    number = str(acting.proposed(world, ref, LANDLORD, "Fit a lock."))
    other = acting.listed(world, acting.a_conference(world), "c4")
    for who, where, form in (
        ("idva", ref, {"number": number, "act": "ACCEPT"}),
        ("police", ref, {"number": number, "act": "SUPERSEDE"}),
        ("landlord", other, {"number": number, "act": "ACCEPT"}),
        ("landlord", ref, {"number": "7", "act": "ACCEPT"}),
        ("landlord", "ZZZZZ-ZZZZZ-Z", {"number": number, "act": "ACCEPT"}),
    ):
        assert send(desks[who], where, "step", **form).status_code == 404, (who, form)
    assert send(desks["coordinator"], ref, "step", number=number, act="ACCEPT").status_code == 409
    propose = {"theme": "SAFETY_PLAN", "text": "x", "owner": POLICE}
    assert send(desks["landlord"], ref, "propose", **propose).status_code == 404
    assert send(desks["landlord"], ref, "close").status_code == 404
    own = {**propose, "owner": LANDLORD}  # of the other case it only referred her
    assert send(desks["landlord"], other, "propose", **own).status_code == 404
    offer = "Offer an action"
    assert offer not in desks["landlord"].get(f"/desk/cases/{other}/actions").text
    assert offer in desks["landlord"].get(f"/desk/cases/{ref}/actions").text
    for bad in ({"what": "burn"}, {"what": "step", "act": "BURN"}, {"what": "propose"}):
        assert send(desks["coordinator"], ref, **{"number": number, **bad}).status_code == 422
    assert desks["idva"].post("/desk/conferences/x/plan", {"key": key_()}).status_code == 404
    assert [row["act"] for row in world.rows(t.action_step)] == ["PROPOSE"]


def key_() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize(
    ("said", "of"),
    [
        (plan_words.THEMES, codes.ActionTheme),
        (plan_words.STATUSES, codes.ActionStatus),
        (plan_words.ACTS, codes.ActionAct),
        (plan_words.ABOUT, codes.ActionAbout),
        (plan_words.URGENCIES, codes.ActionUrgency),
        (plan_words.REASONS, codes.NotPossible),
        (plan_words.FLAG_ACTS, codes.FlagAct),
        (plan_words.FLAG_REASONS, codes.FlagReason),
    ],
)
def test_each_code_of_a_plan_has_words(said: Any, of: Any) -> None:
    assert set(said) == set(of)


@pytest.mark.needs("chromium")
def test_F93_F104_a_partner_accepts_and_completes_by_keyboard_alone(live: Live, page: Any) -> None:
    enter_live(live, page, "landlord")
    press_to(page, "case with an action of your agency")
    page.keyboard.press("Enter")
    page.wait_for_url("**/needs/actions")
    press_to(page, live.month["c1"])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="1 action").wait_for()
    look(page, "own-plan-proposed")
    press_to(page, "Accept it")
    page.keyboard.press("Enter")
    page.get_by_text("It is under way").wait_for()
    press_to(page, "It is done")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Locks fitted on 4 December, job sheet 4711.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".govuk-tag--green", has_text="Done").wait_for()
    look(page, "own-plan-done")

"""A whole meeting in a browser: by keyboard, with and without script, and nothing that is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Live
from tests.desk.meeting_room import PEOPLE, Meeting, a_meeting
from tests.desk.test_in_a_browser import enter, press_to
from tests.desk.test_looks import look
from tests.journeys.world import World, example, graded

pytestmark = pytest.mark.needs("chromium")

LONG = "x" * 200
RIGHT_TO_LEFT = "مريم الخائفة"
SCRIPT = "<script>document.title='hit'</script>"
STORED = """() => [localStorage.length, sessionStorage.length, document.cookie]"""


@pytest.fixture(scope="module")
def month(shared_sqlite_world: World) -> dict[str, str]:
    """No other story happens here."""
    return {}


@pytest.fixture(scope="module")
def meeting(shared_sqlite_world: World, live: Live) -> Meeting:
    """Two cases that wait to be heard in a meeting that has begun, and everybody has signed."""
    landlord = shared_sqlite_world.client(LANDLORD)
    cases = [landlord.refer(each).reference for each in (example("c1"), graded(20))]
    return a_meeting(shared_sqlite_world, cases)


@pytest.fixture
def page(browser: Any, live: Live, meeting: Meeting) -> Iterator[Any]:
    """The coordinator's browser, signed in."""
    with browser.new_context() as context:
        found = context.new_page()
        enter(live, found, "coordinator")
        yield found


def hear(live: Live, meeting: Meeting, page: Any, reference: str) -> None:
    page.goto(f"{live.address}{meeting.base}/cases/{reference}")
    page.get_by_role("heading", level=1, name=reference).wait_for()


def texts(page: Any) -> list[str]:
    return [str(each.input_value()) for each in page.locator("textarea[name=text]").all()]


def unsaved(page: Any) -> int:
    return int(page.get_by_text("Not saved yet").count())


def test_F91_F104_a_meeting_of_two_cases_is_run_by_keyboard_alone(
    live: Live, meeting: Meeting, page: Any
) -> None:
    """Open each case, type minutes and an action, close it, end, and send all out. No mouse."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{live.address}{meeting.base}/room")
    look(page, "room")
    for number, reference in enumerate(meeting.cases):
        press_to(page, reference)
        page.keyboard.press("Enter")
        page.get_by_role("heading", level=1, name=reference).wait_for()
        if not number:
            look(page, "hearing-before")
        reach(page, "button", "Open the case")
        page.keyboard.press("Enter")
        page.get_by_text("Open in the meeting since").wait_for()
        assert page.locator(".gw-clock__step").count() == 5
        page.locator(".gw-clock__step--now").wait_for()  # it ticks
        reach(page, "input", "action-text")
        page.keyboard.type(f"Changes the locks {SCRIPT}")
        reach(page, "button", "Add the action")
        page.keyboard.press("Enter")
        page.locator(".gw-plan li").wait_for()
        reach(page, "textarea", "text-p-new")
        page.keyboard.type(f"Afraid of Friday. {RIGHT_TO_LEFT} {LONG} {SCRIPT}")
        page.get_by_text("Saved at").first.wait_for()  # nobody pressed anything
        reach(page, "textarea", "text-p-new")
        page.keyboard.type("Not shared with the school: he collects the children.")
        page.locator("textarea[name=text]").nth(2).wait_for()
        look(page, "hearing")
        assert page.evaluate(STORED) == [0, 0, ""]
        reach(page, "button", "It was heard")
        page.keyboard.press("Enter")
        page.get_by_text("Close the case").wait_for(state="detached")
        assert texts(page)[0].startswith("Afraid of Friday.")
        page.goto(f"{live.address}{meeting.base}/room")
    assert page.title() != "hit"
    reach(page, "button", "End the meeting")
    page.keyboard.press("Enter")
    page.get_by_text("Over").wait_for()
    reach(page, "button", "Send the plan and the minutes out")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Send the plan").wait_for(state="detached")
    page.goto(f"{live.address}/desk/cases/{meeting.cases[0]}/minutes")
    look(page, "minutes")
    assert RIGHT_TO_LEFT in page.content()
    assert page.title() != "hit"
    assert [each for each in said if "Cleared data" not in each] == []


def reach(page: Any, tag: str, name: str) -> None:
    """Tab until a control is focused: by its words, or by its id."""
    for _ in range(140):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const e = document.activeElement;"
            " return [e.tagName.toLowerCase(), e.textContent.trim(), e.id]; }"
        )
        if found[0] == tag and (name in found[1] or name == found[2]):
            return
    raise AssertionError(f"the keyboard does not reach {name}")


# --- what could be lost -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def open_case(shared_sqlite_world: World, meeting: Meeting) -> tuple[str, str]:
    """A meeting of its own, and a case that is open in it."""
    world = shared_sqlite_world
    reference = world.client(LANDLORD).refer(graded(18)).reference
    conference = world.client(COORDINATOR).create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-17T09:30:00Z", "attendees": [POLICE, IDVA]}
    )["conference"]
    world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
    world.client(COORDINATOR).list_case(conference, reference)
    other = Meeting(world, meeting.desks, f"/desk/conferences/{conference}", [reference])
    for who in ("coordinator", "chair", "idva", "police"):
        desk = meeting.desks[who]
        page = desk.get(f"{other.base}/declaration").text
        digest = re.findall(r'name="digest" value="(\w+)"', page)[0]
        desk.post(f"{other.base}/declaration", {"attending": "REPRESENTATIVE", "digest": digest})
    other.room("coordinator", "begin")
    present = [PEOPLE[who] for who in ("coordinator", "chair", "idva", "police")]
    assert other.run("coordinator", reference, "open", present=present).status_code == 303
    return other.base, reference


def at(live: Live, open_case: tuple[str, str]) -> str:
    return f"{live.address}{open_case[0]}/cases/{open_case[1]}"


def blank(page: Any) -> Any:
    """Where the next paragraph is typed."""
    return page.locator("form[data-minute=new] textarea")


def test_F91_two_minute_takers_are_told_and_both_texts_are_kept(
    live: Live, browser: Any, page: Any, open_case: tuple[str, str]
) -> None:
    page.goto(at(live, open_case))
    blank(page).fill("First said.")
    page.get_by_text("Saved at").first.wait_for()
    with browser.new_context() as context:
        other = context.new_page()
        enter(live, other, "coordinator")
        other.goto(at(live, open_case))
        other.get_by_role("textbox", name="Paragraph 1").fill("Changed over there.")
        other.get_by_text("Saved at").first.wait_for()
    page.get_by_role("textbox", name="Paragraph 1").fill("Changed here.")
    page.get_by_text("Both are kept").wait_for()
    assert "Changed over there." in page.locator("[data-told]").inner_text()
    page.reload()
    assert {"Changed over there.", "Changed here."} <= set(texts(page))


def test_F91_a_session_that_ends_in_the_meeting_loses_nothing_on_the_page(
    live: Live, browser: Any, page: Any, open_case: tuple[str, str]
) -> None:
    page.goto(at(live, open_case))
    page.context.clear_cookies()  # as after fifteen minutes
    blank(page).fill("Typed after the session had ended.")
    page.get_by_text("You are signed out").wait_for()
    assert blank(page).input_value() == "Typed after the session had ended."
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("window.close")
    with pytest.raises(Exception, match=r"beforeunload|ERR_ABORTED|interrupted|Timeout"):
        page.goto(f"{live.address}/desk", timeout=2000)
    assert asked == ["beforeunload"]
    again = page.context.new_page()  # another window of the same browser
    enter(live, again, "coordinator")
    page.get_by_text("Saved at").first.wait_for()
    assert page.evaluate(STORED)[:2] == [0, 0]
    again.goto(at(live, open_case))
    assert "Typed after the session had ended." in texts(again)


def test_F91_without_script_each_paragraph_saves_by_its_own_button(
    live: Live, browser: Any, open_case: tuple[str, str], meeting: Meeting
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        enter(live, page, "coordinator")
        page.goto(at(live, open_case))
        assert page.locator(".gw-clock__until").count() == 5  # the times, without a tick
        blank(page).fill("Saved by a button.")
        page.get_by_role("button", name="Save the new paragraph").click()
        page.wait_for_url("**#p-*")
        assert "Saved by a button." in texts(page)
        blank(page).fill("Written as the session ended.")
        with browser.new_context() as elsewhere:
            leaving = elsewhere.new_page()
            enter(live, leaving, "coordinator")
            leaving.goto(f"{live.address}/desk/account")
            leaving.get_by_role("button", name="Sign out everywhere").click()
            leaving.wait_for_url("**/signed-out")
        page.get_by_role("button", name="Save the new paragraph").click()
        page.get_by_text("What you wrote was not sent").wait_for()
        assert page.get_by_label("What you wrote").input_value() == "Written as the session ended."


def test_F91_while_the_service_is_away_it_is_tried_again(
    live: Live, page: Any, open_case: tuple[str, str]
) -> None:
    page.goto(at(live, open_case))
    page.route("**/minutes", lambda route: route.abort())
    blank(page).fill("Typed while nothing answered.")
    page.get_by_text("cannot be reached").wait_for()
    page.unroute("**/minutes")
    page.get_by_text("Saved at").first.wait_for()
    page.reload()
    assert "Typed while nothing answered." in texts(page)


def test_F93_F104_an_offer_is_taken_over_by_keyboard(live: Live, page: Any) -> None:
    case = live.world.client(LANDLORD).refer(example("c1")).reference
    meeting = a_meeting(live.world, [case], is_first=False)
    offer = "Change the locks of both doors."
    research = live.world.client(LANDLORD).research
    found = {"people": [{"person": "VICTIM", "known": "KNOWN_NO_RELEVANT"}]}
    research.give(
        meeting.base.rsplit("/", 1)[1], case, {**found, "proposed_actions": [{"text": offer}]}
    )
    hear(live, meeting, page, case)
    press_to(page, "Take it over")
    page.keyboard.press("Enter")
    page.get_by_text("offered this").wait_for()
    assert page.get_by_label("New action: who does what").input_value() == offer
    assert page.get_by_label("About").first.input_value() == "TARGET_HARDEN"
    look(page, "hearing-offer")
    reach(page, "button", "Add the action")
    page.keyboard.press("Enter")
    page.get_by_text("In the plan").wait_for()
    assert page.get_by_role("button", name="Take it over").count() == 0

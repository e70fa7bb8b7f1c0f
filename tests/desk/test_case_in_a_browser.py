"""The sections of a case as a browser shows them: three widths, axe, and by the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.conftest import IDVA, LANDLORD, POLICE, Live
from tests.desk.test_history import FOUND
from tests.desk.test_in_a_browser import enter, press_to
from tests.desk.test_looks import look
from tests.desk.test_own_referrals import refused
from tests.journeys.hosting import host
from tests.journeys.world import example, graded

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    with browser.new_context() as context:
        yield context.new_page()


def open_case(live: Live, page: Any, who: str, reference: str, purpose: str) -> None:
    """Open a case by the keyboard, from the page that asks why."""
    enter(live, page, who)
    page.goto(f"{live.address}/desk/cases/{reference}")
    page.get_by_label(purpose).focus()
    page.keyboard.press("Space")
    press_to(page, "Open the case")
    page.keyboard.press("Enter")
    page.get_by_text("Opened to").wait_for()


def test_M11_F104_a_case_over_time_is_reached_by_keyboard_and_fits(live: Live, page: Any) -> None:
    world, reference = live.world, live.month["c1"]
    later = graded(9, "HIGH")["document"]["risk_assessments"]["value"][0]
    world.client(LANDLORD).assess(reference, {**later, "assessed_on": "2026-11-25"})
    world.client(POLICE).research.give(live.month["conference"], reference, FOUND)
    open_case(live, page, "coordinator", reference, "Coordinate the case")
    press_to(page, "Chronology, and risk over time")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"{reference} over time").wait_for()
    assert page.locator("svg.gw-time").count() == 2
    assert all(each.get_attribute("aria-label") for each in page.locator("svg").all())
    page.get_by_role("row", name="Officers found the door").wait_for()
    look(page, "history")
    assert reference not in page.title()


def test_F76_F104_the_records_of_a_case_are_reached_by_keyboard_and_fit(
    live: Live, page: Any
) -> None:
    reference = live.month["c1"]
    open_case(live, page, "coordinator", reference, "Coordinate the case")
    press_to(page, "Who was given what, and who looked")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Records of {reference}").wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "receipt":
            break
    with page.expect_download() as taken:
        page.keyboard.press("Enter")
    assert taken.value.suggested_filename == "receipt.json"
    look(page, "records")
    assert reference not in page.title()


def test_F122_F104_a_try_to_reach_her_is_written_down_by_keyboard_and_fits(
    live: Live, page: Any
) -> None:
    host(live.world, IDVA)
    reference = live.world.client(LANDLORD).refer(example("c1")).reference
    open_case(live, page, "idva", reference, "Plan the victim's safety")
    press_to(page, "What was tried to reach her")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="How to reach her safely").wait_for()
    press_to(page, "Write it down")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Choose how it was tried.").click()
    look(page, "contact-wrong")
    page.get_by_label("How", exact=True).select_option("IN_PERSON")
    page.get_by_label("What came of it").select_option("NO_ANSWER")
    press_to(page, "Write it down")
    page.keyboard.press("Enter")
    page.get_by_text("It is written down.").wait_for()
    assert "1 of 3 tries" in page.content()
    look(page, "contact")
    assert reference not in page.title()


def test_F26_F104_a_refusal_is_challenged_by_keyboard_and_the_page_fits(
    live: Live, page: Any
) -> None:
    reference = refused(live.world)
    enter(live, page, "landlord")
    page.goto(f"{live.address}/desk/referrals")
    press_to(page, f"Challenge this: {reference}")
    page.keyboard.press("Enter")
    press_to(page, f"Send it to the chair: {reference}")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Say why it should have been accepted").click()
    look(page, "challenge-wrong")
    page.keyboard.type("He was at her door again.")
    press_to(page, f"Send it to the chair: {reference}")
    page.keyboard.press("Enter")
    page.get_by_text("The chair decides on it.").wait_for()
    look(page, "own-referrals")

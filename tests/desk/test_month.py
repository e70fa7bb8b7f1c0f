"""A whole month of one area, by people at the desk and by keyboard alone: referred to reported.

A small month runs with all tests; that a referral is typed in has a test of its own. The month as
it is, 60 referrals and two conferences of 16 cases with twelve agencies, takes most of an hour:
`GATEWAY_MONTH=whole`, and this file alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bench import payloads
from gateway.demo import world as invented
from gateway.desk.entering.pages import PAGES
from gateway.flows import people
from gateway.schemas.codes import OneTime, PersonRole
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, Live
from tests.desk.test_in_a_browser import press_to
from tests.desk.test_meeting_in_a_browser import reach
from tests.desk.test_typing_in_a_browser import type_page
from tests.desk.typing import Typed, protected_of, typed_of
from tests.journeys.world import CHAIR, World, example

pytestmark = pytest.mark.needs("chromium")


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in a month."""

    by_api: int
    typed: int
    heard: tuple[int, int]
    agencies: int


WHOLE = Size(by_api=20, typed=40, heard=(16, 16), agencies=12)
SMALL = Size(by_api=4, typed=0, heard=(2, 1), agencies=2)
SIZE = WHOLE if os.environ.get("GATEWAY_MONTH") == "whole" else SMALL
ATTENDEES = [
    each.agency_id
    for each in sorted(invented.PARTNERS, key=lambda each: each.agency_id != IDVA)
    if each.area == "MARLBURY" and each.agency_id != COORDINATOR
][: SIZE.agencies]


@pytest.fixture(scope="module")
def month(shared_sqlite_world: World) -> dict[str, str]:
    """No other story happens here."""
    return {}


@dataclass
class People:
    """Everybody at the keyboard: each visit is a window that is signed in and closed again."""

    live: Live
    browser: Any

    @contextmanager
    def at(self, agency_id: str, path: str, worker_id: str | None = None) -> Iterator[Any]:
        """A page of somebody's desk."""
        worker = worker_id or invented.worker_of(agency_id)
        role = PersonRole.COORDINATOR if agency_id == COORDINATOR else PersonRole.AGENCY_REP
        with self.live.world.operator() as work:
            link = people.invite_first(work, agency_id, worker, {role}, OneTime.DEMONSTRATION)
        with self.browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{self.live.address}/desk/link/{link}")
            press(page, "button", "Sign in")
            page.wait_for_url(f"{self.live.address}/desk**")
            page.goto(f"{self.live.address}{path}")
            yield page


def press(page: Any, tag: str, name: str) -> None:
    """Tab to a control, press it, and wait for the page that comes."""
    reach(page, tag, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def follow(page: Any, text: str) -> None:
    """Tab to a link, and follow it."""
    press(page, "a", text)


def said(document: dict[str, Any]) -> Typed:
    """What somebody tells on the telephone: a whole referral, about these people."""
    form = example("c1")
    for name in ("given_names", "family_name", "dob"):
        form["document"]["victim"][name] = document["victim"][name]
        form["document"]["perpetrators"][0][name] = document["perpetrators"][0][name]
    return {**typed_of(form["document"]), **protected_of(form)}


# --- the steps --------------------------------------------------------------------------------


def type_in(office: People, typed: Typed) -> str:
    """A referral from the telephone, page by page; its reference."""
    with office.at(COORDINATOR, "/desk/drafts") as page:
        press_to(page, "Harbourgate Homes")
        page.keyboard.type("Harbourgate")
        press(page, "button", "Begin")
        for each in PAGES:
            page.wait_for_url(f"**/{each.name}")
            type_page(page, typed, "Save and go on")
        page.wait_for_url("**/send")
        type_page(page, typed, "Send the referral")
        page.wait_for_url("**/sent")
        return str(page.locator(".govuk-panel strong").inner_text())


def plan(office: People, days: int) -> str:
    """A conference so many days from now, with everybody; its address."""
    at = office.live.world.now + timedelta(days=days)
    with office.at(COORDINATOR, "/desk/conferences") as page:
        for name, text in (("day", at.day), ("month", at.month), ("year", at.year)):
            reach(page, "input", name)
            page.keyboard.type(str(text))
        reach(page, "input", "time")
        page.keyboard.type("09:30")
        for number in range(page.locator("input[name=attendees]").count()):
            box = page.locator("input[name=attendees]").nth(number)
            reach(page, "input", f"attendees-{number + 1}")
            if box.is_checked() is not (box.get_attribute("value") in ATTENDEES):
                page.keyboard.press("Space")
        press(page, "button", "Plan the conference")
        return str(page.locator("a.gw-meetings__when").last.get_attribute("href"))


def triage(office: People, reference: str, *, is_listed: bool) -> None:
    """Accept a referral and put it on the list, or send it back with a reason."""
    with office.at(COORDINATOR, f"/desk/cases/{reference}/triage?purpose=P9") as page:
        press_to(page, "Decide")
        page.keyboard.press("Enter")
        if is_listed:
            press(page, "button", "Accept for the conference")
            page.get_by_text("Accepted. The referrer sees that it was.").wait_for()
            press_to(page, "Decide")
            page.keyboard.press("Enter")
            press(page, "button", "Put on the list")
            return
        reach(page, "summary", "Return it with reasons")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        press(page, "button", "Return it")
        page.get_by_text("Returned. The referrer sees your reasons").wait_for()


def sign(office: People, base: str, agency_id: str, worker_id: str | None = None) -> None:
    """Read the declaration of a conference, and sign it."""
    with office.at(agency_id, f"{base}/declaration", worker_id) as page:
        press(page, "button", "I have read this and sign it")


def search(office: People, base: str, agency_id: str, references: Sequence[str]) -> int:
    """Answer for every case about which an agency is asked; how many those are."""
    conference, answered = base.rsplit("/", 1)[1], 0
    with office.at(agency_id, f"/desk/my-conferences/{conference}") as page:
        asked = page.content()
        for reference in references:
            path = f"/desk/my-conferences/{conference}/cases/{reference}"
            if path in asked:
                page.goto(f"{office.live.address}{path}")
                press(page, "button", "Return that nobody is known to us")
                answered += 1
    return answered


def meet(office: People, base: str, references: Sequence[str]) -> None:
    """Run the meeting: each case opened, an action and a paragraph typed, and closed."""
    with office.at(COORDINATOR, f"{base}/room") as page:
        press(page, "button", "Begin")
        for reference in references:
            page.goto(f"{office.live.address}{base}/cases/{reference}")
            press(page, "button", "Open the case")
            page.get_by_text("Open in the meeting since").wait_for()
            reach(page, "input", "action-text")
            page.keyboard.type("Changes the locks of the front door")
            press(page, "button", "Add the action")
            page.locator(".gw-plan li").wait_for()
            reach(page, "textarea", "text-p-new")
            page.keyboard.type("She is afraid of Friday.")
            page.get_by_text("Saved at").first.wait_for()
            press(page, "button", "It was heard")
        page.goto(f"{office.live.address}{base}/room")
        press(page, "button", "End the meeting")
        press(page, "button", "Send the plan and the minutes out")


def finish(office: People, agency_id: str) -> int:
    """Take on each action of an agency, and say what shows that it was done; how many."""
    done = 0
    with office.at(agency_id, "/desk/actions") as page:
        listed = page.locator(".gw-case__name a").all()
        plans = [str(each.get_attribute("href")).split("#")[0] for each in listed]
        for plan_of in dict.fromkeys(plans):
            page.goto(f"{office.live.address}{plan_of}")
            if page.get_by_role("button", name="Accept it").count():
                press(page, "button", "Accept it")
            if page.get_by_text("It is done").count():
                reach(page, "summary", "It is done")
                page.keyboard.press("Enter")
                page.keyboard.press("Tab")
                page.keyboard.type("The new keys were handed to her.")
                press(page, "button", "Say that it is done")
                done += 1
    return done


def report(office: People) -> str:
    """The return of the quarter, as it is shown."""
    with office.at(COORDINATOR, "/desk/reports") as page:
        reach(page, "input", "why-1")
        page.keyboard.press("Space")
        press(page, "button", "Show it")
        return str(page.locator("main").inner_text())


def test_F104_the_month_of_an_area_is_worked_by_keyboard_alone(live: Live, browser: Any) -> None:
    office, forms = People(live, browser), payloads.documents(20)
    landlord = live.world.client(LANDLORD)
    found = [
        str(landlord.refer({"form": "referral/1", "document": next(forms)}).reference)
        for _ in range(SIZE.by_api)
    ]
    found += [type_in(office, said(next(forms))) for _ in range(SIZE.typed)]
    heard = 0
    for number in SIZE.heard:
        base = plan(office, 14)
        listed, found = found[:number], found[number:]
        for reference in listed:
            triage(office, reference, is_listed=True)
        for agency_id in (*ATTENDEES, COORDINATOR):
            sign(office, base, agency_id)
        sign(office, base, COORDINATOR, CHAIR)
        assert sum(search(office, base, each, listed) for each in ATTENDEES) >= number
        live.world.later(days=14)
        meet(office, base, listed)
        heard += sum(finish(office, each) for each in (COORDINATOR, *ATTENDEES))
    for reference in found:
        triage(office, reference, is_listed=False)
    assert heard == sum(SIZE.heard)
    told = report(office)
    assert (str(heard) if SIZE is WHOLE else "So few cases were heard") in told

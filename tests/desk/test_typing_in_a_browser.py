"""Typing in a whole referral in a browser, by keyboard alone; and what its pages look like."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.desk.entering.pages import PAGES
from gateway.schemas.typed import count
from tests.desk.conftest import COORDINATOR, LANDLORD, Live
from tests.desk.test_in_a_browser import enter, page, press_to
from tests.desk.test_looks import look
from tests.desk.typing import protected_of, typed_of
from tests.journeys.world import example

__all__ = ["page"]
pytestmark = pytest.mark.needs("chromium")


def test_F104_by_keyboard_alone_a_whole_referral_is_typed_in(live: Live, page: Any) -> None:
    """As on the telephone: from page to page, and no hand on the mouse."""
    form = example("c1")
    typed = {**typed_of(form["document"]), **protected_of(form)}
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk/drafts")
    press_to(page, "Harbourgate Homes")
    page.keyboard.type("Harbourgate")
    press_to(page, "Begin")
    page.keyboard.press("Enter")
    for each in PAGES:
        page.wait_for_url(f"**/{each.name}")
        type_page(page, typed, "Save and go on")
    page.wait_for_url("**/send")
    look(page, "draft-send")
    assert page.get_by_text("to do").count() == 0
    type_page(page, typed, "Send the referral")
    page.wait_for_url("**/sent")
    look(page, "sent")
    reference = page.locator(".govuk-panel strong").inner_text()
    shown = live.world.client(LANDLORD).referral(reference)
    assert shown["entered_by"] == COORDINATOR
    assert shown["document"]["victim"]["dob"] == form["document"]["victim"]["dob"]


FOCUSED = """() => {
  const e = document.activeElement;
  return {tag: e.tagName, kind: e.type || "", name: e.name || "", value: e.value || "",
    text: (e.innerText || "").trim(), checked: !!e.checked,
    closed: e.tagName === "SUMMARY" && !e.parentElement.open,
    inside: e.tagName === "SUMMARY"
      ? [...e.parentElement.querySelectorAll("[name]")].map(x => x.name) : [],
    at: document.querySelectorAll("*").length};
}"""


ENTRIES = """at => [...document.querySelectorAll("fieldset.gw-entry")]
  .filter(e => new RegExp("^" + at + "-[0-9]+$").test(e.id)).length"""


def type_page(page: Any, typed: dict[str, list[str]], button: str) -> None:
    """Press tab from field to field, fill what there is to say, and press the button."""
    page.keyboard.press("Home")
    for _ in range(900):
        page.keyboard.press("Tab")
        field = page.evaluate(FOCUSED)
        if field["closed"] and any(name in typed for name in field["inside"]):
            page.keyboard.press("Enter")
        elif field["value"].startswith("add:"):
            at = field["value"].removeprefix("add:")
            if page.evaluate(ENTRIES, at.strip("/").replace("/", "-")) < count(typed, at):
                with page.expect_navigation():
                    page.keyboard.press("Enter")
        elif field["tag"] == "BUTTON" and field["text"] == button:
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
        elif field["name"] in typed:
            fill(page, field, typed[field["name"]])
    raise AssertionError(f"no way to {button} of {page.url}")


def fill(page: Any, field: dict[str, Any], texts: list[str]) -> None:
    """Fill the field that is focused."""
    if field["kind"] == "checkbox":
        if (field["value"] in texts) is not field["checked"]:
            page.keyboard.press("Space")
    elif field["kind"] == "radio" or field["tag"] == "SELECT":
        choose(page, texts, is_chosen=field["checked"] or field["tag"] == "SELECT")
    elif not field["value"]:
        page.keyboard.insert_text("\n".join(texts))


def choose(page: Any, texts: list[str], *, is_chosen: bool) -> None:
    """Go down with the arrow to what is to be chosen."""
    if not is_chosen:
        page.keyboard.press("Space")
    for _ in range(60):
        if page.evaluate(FOCUSED)["value"] in texts:
            return
        page.keyboard.press("ArrowDown")


def test_F104_a_draft_fits_every_width_whatever_is_wrong_in_it(live: Live, page: Any) -> None:
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk/drafts")
    page.get_by_role("button", name="Begin").click()
    look(page, "drafts-fault")
    page.get_by_label("Whose referral is it?").select_option("Harbourgate Homes")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/why")
    draft = page.url.rsplit("/", 1)[0]
    for each in PAGES:
        page.goto(f"{draft}/{each.name}")
        if each.name == "her":
            page.get_by_label("First names").fill("ا" * 100)
            page.get_by_label("Date of birth", exact=True).fill("31 2 1990")
            page.get_by_role("button", name="Save and check this page").click()
            page.get_by_role("alert").wait_for()
        look(page, f"draft-{each.name}")
    page.goto(f"{draft}/send")
    page.locator("input[name=seen]").evaluate("field => field.value = '1'")
    page.get_by_role("button", name="Send the referral").click()
    page.get_by_role("alert").get_by_text("saved something of it").wait_for()
    look(page, "draft-send-changed")
    page.goto(f"{live.address}/desk/drafts")
    look(page, "drafts")


def test_F104_originals_and_earlier_cases_fit_every_width(live: Live, page: Any) -> None:
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk/drafts")
    page.get_by_label("Whose referral is it?").select_option("Harbourgate Homes")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/why")
    page.goto(f"{page.url.rsplit('/', 1)[0]}/files")
    a_file = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"A letter."}
    page.get_by_label("Attach a file").set_input_files(a_file)
    page.get_by_role("button", name="Attach", exact=True).click()
    page.get_by_role("button", name="Take out").wait_for()
    look(page, "draft-files")
    page.goto(f"{live.address}/desk/import")
    sheet = (
        b"Case number,Referral date,Victim first name,Victim surname,Perpetrator surname\n1,x,,a,b"
    )
    a_list = {"name": "list.csv", "mimeType": "text/csv", "buffer": sheet}
    page.get_by_label("Spreadsheet").set_input_files(a_list)
    page.get_by_role("button", name="Check it").click()
    page.get_by_role("heading", name="What is wrong").wait_for()
    look(page, "import-faults")

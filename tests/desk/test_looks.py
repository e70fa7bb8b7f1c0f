"""Every page as a browser shows it: three widths, no rule of accessibility broken, nothing asked
of anybody else, and pictures of it for people to look at."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.desk.conftest import COORDINATOR, LANDLORD, Live, a_desk
from tests.desk.test_entering import send
from tests.desk.typing import type_in, typed_of
from tests.journeys.test_breakglass import NOBODYS, Worker
from tests.journeys.walled import HIMSELF, KAMAL, OFFICE, add_worker
from tests.journeys.world import CHAIR, example

pytestmark = pytest.mark.needs("chromium")
WIDTHS = {"phone": 320, "tablet": 768, "desktop": 1280}
# Page, who opens it, and its address; a case by its name in the story.
PAGES = {
    "sign-in": (None, "/desk/sign-in"),
    "signed-out": (None, "/desk/signed-out"),
    "nothing-here": (None, "/desk/nothing"),
    "coordinator": ("coordinator", "/desk"),
    "to-triage": ("coordinator", "/desk/needs/triage"),
    "all-cases": ("coordinator", "/desk/cases"),
    "why": ("coordinator", "/desk/cases/{c1}"),
    "triage": ("coordinator", "/desk/cases/{again}/triage?purpose=P9"),
    "triage-why": ("coordinator", "/desk/cases/{again}/triage"),
    "triage-imminent": ("coordinator", "/desk/cases/{c5}/triage?purpose=P9"),
    "moves": ("coordinator", "/desk/cases/{c1}/moves"),
    "waits": ("coordinator", "/desk/cases/{again}/waits"),
    "conferences": ("coordinator", "/desk/conferences"),
    "agenda": ("coordinator", "/desk/conferences/{conference}"),
    "own-conferences": ("landlord", "/desk/my-conferences"),
    "own-agenda": ("landlord", "/desk/my-conferences/{conference}"),
    "research": ("landlord", "/desk/my-conferences/{conference}/cases/{c1}"),
    "reports": ("coordinator", "/desk/reports"),
    "flags": ("coordinator", "/desk/flags"),
    "actions": ("coordinator", "/desk/actions"),
    "plan": ("coordinator", "/desk/cases/{c1}/actions"),
    "own-actions": ("landlord", "/desk/actions"),
    "own-plan": ("landlord", "/desk/cases/{c1}/actions"),
    "account": ("coordinator", "/desk/account"),
    "prove": ("coordinator", "/desk/prove"),
    "password": ("coordinator", "/desk/account/password"),
    "idva": ("idva", "/desk"),
    "landlord": ("landlord", "/desk/cases"),
    "people": ("administrator", "/desk/people"),
}


@pytest.fixture(scope="module")
def signed_in(live: Live, browser: Any) -> Iterator[dict[str | None, Any]]:
    """A browser for each of them."""
    found: dict[str | None, Any] = {None: browser.new_context()}
    for who in ("coordinator", "idva", "landlord", "administrator"):
        found[who] = browser.new_context()
        page = found[who].new_page()
        page.goto(live.link(who))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/desk**")
        page.close()
    yield found
    for context in found.values():
        context.close()


def pictures() -> Path | None:
    """Where pictures are kept, if somebody wants to look at them."""
    named = os.environ.get("GATEWAY_PICTURES")
    return Path(named) if named else None


def keep(shot: bytes, path: Path) -> None:
    """Keep a picture small enough to lie in the repository: pages have few colours."""
    with Image.open(io.BytesIO(shot)) as image:
        image.convert("RGB").quantize(128).save(path, optimize=True)


def look(page: Any, name: str) -> None:
    """Three widths: nothing scrolls sideways, and axe finds nothing."""
    from axe_playwright_python.sync_playwright import Axe

    for width_name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 900})
        inner = page.evaluate("document.documentElement.scrollWidth")
        assert inner <= width, (name, width_name, inner)
        if (folder := pictures()) is not None:
            tall = min(page.evaluate("document.documentElement.scrollHeight"), 2600)
            part = {"x": 0, "y": 0, "width": width, "height": tall}
            shot = page.screenshot(full_page=True, clip=part)
            keep(shot, folder / f"{name}-{width_name}.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_F104_a_page_breaks_no_rule_and_fits_every_width(
    live: Live, signed_in: dict[str | None, Any], name: str
) -> None:
    who, path = PAGES[name]
    page = signed_in[who].new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda sent: asked.append(sent.url))
    answer = page.goto(live.address + path.format(**live.month))
    assert answer.status == (404 if name == "nothing-here" else 200)
    look(page, name)
    assert [text for text in said if "404" not in text and "Cleared data" not in text] == []
    assert all(url.startswith(live.address) for url in asked)
    page.close()


@pytest.mark.parametrize("who", ["coordinator", "idva", "landlord"])
def test_F104_a_case_opened_for_a_purpose_fits_too(
    live: Live, signed_in: dict[str | None, Any], who: str
) -> None:
    page = signed_in[who].new_page()
    page.goto(f"{live.address}/desk/cases/{live.month['c1']}")
    purpose = {"coordinator": "Coordinate the case", "idva": "Plan the victim's safety"}
    page.get_by_label(purpose.get(who, "Keep a home safe")).check()
    page.get_by_role("button", name="Open the case").click()
    page.get_by_role("heading", level=1).wait_for()
    look(page, f"case-{who}")
    page.close()


def test_F104_everything_that_can_wait_in_a_case_fits_too(
    live: Live, signed_in: dict[str | None, Any]
) -> None:
    """A conflict, a look behind the glass, a question, words that are to go; and an error."""
    world = live.world
    add_worker(world, OFFICE, KAMAL)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    sent = example("c2", **NOBODYS, victim__sexual_orientation="GAY_OR_LESBIAN")
    reference = world.client("marlbury-college").refer(sent).reference
    Worker(world, "marlbury-gp", "gp-01").breaks(reference)
    coordinator = world.client(COORDINATOR)
    note = {"decision": "RETURN", "reasons": ["QUALITY_OTHER"], "quality_note": "Gull Street."}
    coordinator.decide(reference, note)
    world.client(COORDINATOR, CHAIR).walls.draft_redaction(
        reference, "minutes", COORDINATOR, ["/decisions/0/quality_note"]
    )
    page = signed_in["coordinator"].new_page()
    page.goto(f"{live.address}/desk/cases/{reference}/waits")
    for name in ("Conflicts of interest", "Looked at behind the glass", "Words of yours"):
        assert page.get_by_role("heading", name=name).is_visible()
    page.get_by_role("button", name="Settle it").click()
    page.get_by_role("alert").wait_for()
    look(page, "waits-all")
    page.close()


def test_F104_a_returned_referral_and_its_reasons_fit_too(
    live: Live, signed_in: dict[str | None, Any]
) -> None:
    """From what needs somebody to the page that is mended, by links and buttons alone."""
    desk, form = a_desk(live.world, "landlord"), example("c1")
    reference = send(desk, type_in(desk, LANDLORD, typed_of(form["document"])), form)
    decision = {"decision": "RETURN", "reasons": ["NO_RATIONALE", "NO_SAFE_CONTACT"]}
    live.world.client(COORDINATOR).decide(reference, decision)
    page = signed_in["landlord"].new_page()
    page.goto(f"{live.address}/desk/needs/returned")
    page.get_by_role("link", name=reference).click()
    page.get_by_role("button", name="Mend it").click()
    page.get_by_role("alert").get_by_role("link", name="Choose why you open it.").click()
    assert page.evaluate("document.activeElement.id") == "purpose-1"
    look(page, "mend")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Mend it").press("Enter")
    page.get_by_text("It came back because:").wait_for()
    look(page, "mend-page")
    page.goto(f"{live.address}/desk/cases/{reference}/mend")
    look(page, "mend-begun")
    page.close()


def test_F104_a_case_on_its_way_between_two_areas_fits_too(
    live: Live, signed_in: dict[str | None, Any]
) -> None:
    page = signed_in["coordinator"].new_page()
    page.goto(f"{live.address}/desk/cases/{live.month['c4']}/moves")
    page.locator("#transfer-form summary").press("Enter")
    page.get_by_role("button", name="Offer it").press("Enter")
    page.get_by_role("alert").wait_for()
    look(page, "moves-lacks-a-place")
    page.get_by_label("Where has she moved?").select_option("FENHOLLOW")
    page.get_by_label("Why?").first.select_option("MOVED_FOR_GOOD")
    page.get_by_role("button", name="Offer it").press("Enter")
    page.get_by_text("Offered to Fenhollow.").wait_for()
    look(page, "moves-offered")
    page.close()


def test_F104_a_decision_that_lacks_something_fits_too(
    live: Live, signed_in: dict[str | None, Any]
) -> None:
    page = signed_in["coordinator"].new_page()
    page.goto(f"{live.address}/desk/cases/{live.month['objection']}/triage?purpose=P9")
    page.get_by_text("Return it with reasons").click()
    page.get_by_role("button", name="Return it").click()
    page.get_by_role("alert").get_by_role("link", name="Choose at least one reason.").click()
    assert page.evaluate("document.activeElement.id") == "return-reasons"
    look(page, "triage-lacks-a-reason")
    page.close()


def test_F104_research_that_is_wrong_and_research_that_is_looked_at_fit_too(
    live: Live, signed_in: dict[str | None, Any]
) -> None:
    page = signed_in["landlord"].new_page()
    place = "/desk/my-conferences/{conference}/cases/{c1}".format(**live.month)
    page.goto(live.address + place)
    page.get_by_role("button", name="Return it").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    look(page, "research-wrong")
    for key, answer in (("v", "KNOWN_RELEVANT"), ("p1", "NOT_KNOWN")):
        page.locator(f"input[name=known-{key}][value={answer}]").check()
    for key in ("c1", "c2"):
        page.locator(f"input[name=known-{key}][value=NOT_KNOWN]").check()
    page.get_by_label("What you know").first.fill("Three repairs to one door since June.")
    for name, value in {
        "about-1": "RELEVANT_TO_RISK",
        "theme-1": "HOUSING",
        "nature-1": "FACT",
        "extract-1": "WHOLE",
    }.items():
        page.locator(f"select[name={name}]").select_option(value)
    page.get_by_role("button", name="Look at what the others will read").click()
    page.get_by_role("heading", name="What the others will read").wait_for()
    look(page, "research-looked-at")
    page.close()

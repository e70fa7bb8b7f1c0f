"""The desk as a person uses it: a passkey, the keyboard alone, without script, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.conftest import Live
from tests.desk.test_looks import look

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    with browser.new_context() as context:
        yield context.new_page()


def enter(live: Live, page: Any, who: str) -> None:
    """Sign in by a link."""
    page.goto(live.link(who))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live.address}/desk**")


def authenticator(page: Any) -> Any:
    """A device that asks for nothing and always finds its owner; the way to change its mind."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return lambda is_verified: cdp.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": made["authenticatorId"], "isUserVerified": is_verified},
    )


def test_F12_a_passkey_is_added_and_signs_in_again(live: Live, page: Any) -> None:
    set_verified = authenticator(page)
    enter(live, page, "police")
    page.goto(f"{live.address}/desk/account")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("Added ").wait_for()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/signed-out")
    page.goto(f"{live.address}/desk/sign-in")
    with page.expect_request("**/desk/sign-in/passkey") as sent:
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"{live.address}/desk")
    assert page.get_by_role("heading", level=1).inner_text() == "What needs me now"
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{live.address}/desk/sign-in")
    answer = sent.value.post_data_json["answer"]
    page.evaluate(
        """answer => { const form = document.querySelector('#passkey');
        form.elements.answer.value = answer; form.submit(); }""",
        answer,
    )
    page.get_by_text("That did not work").first.wait_for()  # the same answer once more
    set_verified(False)
    page.goto(f"{live.address}/desk/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("did not offer a passkey").wait_for()


def test_F11_the_way_back_shows_nothing_after_signing_out(live: Live, page: Any) -> None:
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk/cases")
    reference = page.locator(".gw-case__name").first.inner_text()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/signed-out")
    for _ in range(3):
        page.go_back(wait_until="load")
        assert reference not in page.content()
    page.goto(f"{live.address}/desk/cases")
    assert page.url.endswith("/desk/sign-in")


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def press_to(page: Any, text: str) -> int:
    """Tab until something is focused; how many keys that took."""
    for keys in range(1, 60):
        page.keyboard.press("Tab")
        if text in focused(page):
            return keys
    raise AssertionError(f"the keyboard does not reach {text}")


def test_F104_by_keyboard_alone_from_the_desk_into_a_case(live: Live, page: Any) -> None:
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert press_to(page, "imminent danger") <= 3
    page.keyboard.press("Enter")
    page.wait_for_url("**/needs/imminent")
    reference = page.locator(".gw-case__name").first.inner_text()
    press_to(page, reference)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Why do you open this case?").wait_for()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "radio":
            break
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.checked")
    page.keyboard.press("Tab")
    assert focused(page) == "Open the case"
    page.keyboard.press("Enter")
    page.get_by_text("Opened to").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == reference


def test_F104_by_keyboard_alone_a_referral_is_returned_and_another_accepted_and_listed(
    live: Live, page: Any
) -> None:
    """Open, read, return with two reasons; open the next, accept, list, move it up. No mouse."""
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk/needs/triage")
    press_to(page, live.month["objection"])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Why do you open this case?").wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "purpose":
            break
    page.keyboard.press("ArrowUp")  # round to the last of them: to coordinate
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Risk, seen four ways").wait_for()
    press_to(page, "Decide")
    page.keyboard.press("Enter")
    press_to(page, "Return it with reasons")
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
    press_to(page, "Return it")
    page.keyboard.press("Enter")
    page.get_by_text("Returned. The referrer sees your reasons").wait_for()
    assert page.locator(".govuk-inset-text li").all_inner_texts() == [
        "Her name or date of birth is missing",
        "It does not say who causes harm",
    ]
    page.goto(f"{live.address}/desk/cases/{live.month['again']}/triage?purpose=P9")
    press_to(page, "Decide")
    page.keyboard.press("Enter")
    press_to(page, "Accept for the conference")
    page.keyboard.press("Enter")
    page.get_by_text("Accepted. The referrer sees that it was.").wait_for()
    press_to(page, "Decide")
    page.keyboard.press("Enter")
    press_to(page, "Put on the list")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="3 cases, in the order of the rules").wait_for()
    names = page.locator(".gw-agenda__name a")
    before = names.all_inner_texts()
    press_to(page, f"Down {before[0]}")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="3 cases, in an order made by hand").wait_for()
    assert names.all_inner_texts() == [before[1], before[0], before[2]]
    assert page.evaluate("document.activeElement.textContent") == f"Down {before[0]}"
    page.keyboard.press("Enter")  # the same button again: the case goes on down
    page.wait_for_function(
        "n => document.querySelectorAll('.gw-agenda__name a')[2].text === n", arg=before[0]
    )


def test_F104_what_is_focused_is_seen(live: Live, page: Any) -> None:
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk")
    look = "getComputedStyle(document.activeElement)"
    for _ in range(12):
        page.keyboard.press("Tab")
        colour = page.evaluate(f"{look}.backgroundColor")
        shadow = page.evaluate(f"{look}.boxShadow")
        assert (colour, shadow) != ("rgba(0, 0, 0, 0)", "none"), focused(page)


def test_F104_nothing_but_a_passkey_needs_script(live: Live, browser: Any) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        enter(live, page, "idva")
        page.goto(f"{live.address}/desk/cases/{live.month['c1']}")
        page.get_by_label("Plan the victim's safety").check()
        page.get_by_role("button", name="Open the case").click()
        assert page.get_by_text("Opened to plan the victim's safety").is_visible()
        assert page.get_by_text("Sealed to your agency").is_visible()
        page.get_by_role("button", name="Sign out", exact=True).click()
        assert page.get_by_role("heading", name="You are signed out").is_visible()
        page.goto(f"{live.address}/desk/sign-in")
        page.get_by_text("With a password and a code").click()
        assert page.get_by_label("Code from your app").is_visible()


def test_F104_at_four_times_the_size_nothing_is_lost(live: Live, page: Any) -> None:
    """WCAG 1.4.10: 1280 pixels at 400 % are 320."""
    enter(live, page, "coordinator")
    page.set_viewport_size({"width": 320, "height": 256})
    page.goto(f"{live.address}/desk")
    link = page.get_by_role("link", name="referrals to triage")
    link.scroll_into_view_if_needed()
    assert link.is_visible()


def test_V28_an_address_and_a_title_tell_nothing(live: Live, page: Any) -> None:
    enter(live, page, "coordinator")
    seen = []
    page.on("request", lambda sent: seen.append(sent.url))
    for path in ("/desk", "/desk/cases", "/desk/needs/triage", f"/desk/cases/{live.month['c1']}"):
        page.goto(live.address + path)
        seen.append(page.title())
    page.get_by_label("Coordinate the case").check()
    page.get_by_role("button", name="Open the case").click()
    page.get_by_text("Opened to").wait_for()
    assert page.get_by_text("Elena").first.is_visible()
    seen.append(page.title())
    assert not [text for text in seen if "Elena" in text or "arsh" in text]


def test_the_printed_desk_is_for_paper(live: Live, page: Any) -> None:
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk")
    page.emulate_media(media="print")
    assert not page.locator(".gw-menu").is_visible()
    assert page.get_by_role("heading", name="What needs me now").is_visible()


def test_F104_what_was_written_when_the_session_ended_stands_on_a_page_that_fits(
    live: Live, page: Any
) -> None:
    enter(live, page, "coordinator")
    page.goto(f"{live.address}/desk/cases/{live.month['c3']}/triage?purpose=P9")
    page.get_by_text("Return it with reasons").click()
    page.get_by_label("Note for the file").first.fill("Rang twice, nobody answers.")
    live.world.later(minutes=16)
    page.get_by_role("button", name="Return it").click()
    assert page.get_by_label("What you wrote").input_value() == "Rang twice, nobody answers."
    look(page, "signed-out-meanwhile")

"""A returned referral is mended on pages: nothing of it is lost, and it goes as a new version."""

from __future__ import annotations

import re

import pytest

from gateway.desk.entering.pages import PLACES, REFERRAL, TITLES
from gateway.schemas import reference as references
from gateway.schemas.codes import PersonRole, ReturnReason
from gateway.schemas.typed import from_document, to_document
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, Desk, a_desk, add_people
from tests.desk.test_desk import enter
from tests.desk.test_entering import send
from tests.desk.typing import seen_of, type_in, typed_of
from tests.journeys.walled import add_worker, chair
from tests.journeys.world import World, example

REASONS = ["NO_RATIONALE", "NO_SAFE_CONTACT"]


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    return {who: a_desk(shared_world, who) for who in ("coordinator", "landlord", "idva")}


def returned(world: World, desk: Desk, name: str = "c1") -> str:
    """A referral that somebody typed in, and that came back."""
    form = example(name)
    reference = send(desk, type_in(desk, LANDLORD, typed_of(form["document"])), form)
    decision = {"decision": "RETURN", "reasons": REASONS}
    world.client(COORDINATOR).decide(reference, decision)
    return reference


def mend(desk: Desk, reference: str) -> str:
    """Begin to mend it; the address of the draft."""
    desk.get(f"/desk/cases/{reference}/mend")
    answer = desk.post(f"/desk/cases/{reference}/mend", {"purpose": "P1"})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rsplit("/", 1)[0]


def test_F26_why_it_came_back_is_seen_by_field_and_it_is_sent_again(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    world, desk = shared_world, desks["landlord"]
    reference = returned(world, desk)
    contact = world.client(IDVA).pull(reference).reveal()
    assert "of yours that came back" in desk.get("/desk").text
    assert f"/desk/cases/{reference}/mend" in desk.get("/desk/needs/returned").text
    page = desk.get(f"/desk/cases/{reference}/mend").text
    for text in ("It does not say", "There is no safe way to reach her", "Who refers, and why"):
        assert text in page, text
    assert "Elena" not in page
    assert desk.post(f"/desk/cases/{reference}/mend", {}).status_code == 422
    draft = mend(desk, reference)
    assert mend_again(desk, reference) == draft
    why = desk.get(f"{draft}/why").text
    assert "It came back because:" in why
    assert "On this page." in why
    before = world.client(LANDLORD).referral(reference)["document"]
    assert before["referral"]["rationale"][:40] in why
    fields = page_fields(why)
    fields["/referral/rationale"] = ["He waits at the school now, since Monday."]
    saved = desk.post(f"{draft}/why", {**fields, "seen": "0", "do": "next"})
    assert saved.status_code == 303, saved.text
    last = desk.get(f"{draft}/send").text
    assert "What was sealed with the version before goes on as it was:" in last
    sent = desk.post(f"{draft}/send", {**seen_of(desk, draft), "do": "send"})
    assert sent.headers["Location"] == f"{draft}/sent", sent.text
    # The same referral, a second version; the first is kept; what was sealed reaches its readers.
    rows = world.rows(t.referral_version, reference=references.read(reference))
    assert sorted(row["version"] for row in rows) == [1, 2]
    assert world.client(IDVA).pull(reference).reveal() == contact
    own = world.client(LANDLORD).referral(reference)["document"]
    reason = {**before["referral"], "rationale": "He waits at the school now, since Monday."}
    assert own == {**before, "referral": reason}
    assert world.rows(t.draft, id=draft.rsplit("/", 1)[-1]) == []
    assert desk.get(f"/desk/cases/{reference}/mend").status_code == 409
    assert "of yours that came back" not in desk.get("/desk").text
    states = world.rows(t.state, case_id=world.case_of(reference))
    assert str(max(states, key=lambda row: row["seq"])["state"]) == "TRIAGE"


def mend_again(desk: Desk, reference: str) -> str:
    """Where the page leads that says somebody has begun."""
    page = desk.get(f"/desk/cases/{reference}/mend").text
    found = re.search(r'href="(/desk/drafts/[^/"]+)/why"', page)
    assert found
    return found[1]


def page_fields(page: str) -> dict[str, list[str]]:
    """What a browser would send of a page: texts, choices and lists."""
    import html

    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name = re.search(r'name="(/[^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        is_box = 'type="radio"' in tag or 'type="checkbox"' in tag
        if name and value and (not is_box or " checked" in tag):
            found.setdefault(html.unescape(name[1]), []).append(html.unescape(value[1]))
    for name_, text in re.findall(r'<textarea[^>]*name="(/[^"]*)"[^>]*>([^<]*)</textarea>', page):
        found[html.unescape(name_)] = [html.unescape(text)]
    for name_, inner in re.findall(r'<select[^>]*name="(/[^"]*)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found[html.unescape(name_)] = [html.unescape(chosen[1])] if chosen else []
    return found


def test_V04_nobody_else_mends_it(shared_world: World, desks: dict[str, Desk]) -> None:
    reference = returned(shared_world, desks["landlord"])
    for who in ("idva", "coordinator"):
        desks[who].get("/desk/account")
        assert desks[who].get(f"/desk/cases/{reference}/mend").status_code == 404, who
        answer = desks[who].post(f"/desk/cases/{reference}/mend", {"purpose": "P1"})
        assert answer.status_code == 404, who


def test_F26_what_the_pages_cannot_say_is_not_mended_there(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    """Sent by software; or by somebody, with summaries and files that no page asks for."""
    desk, back = desks["landlord"], {"decision": "RETURN", "reasons": REASONS}
    for worker, shown in ((None, 409), ("homes-01", 200)):
        client = shared_world.client(LANDLORD, worker) if worker else shared_world.client(LANDLORD)
        reference = str(client.refer(example("c1")).reference)
        shared_world.client(COORDINATOR).decide(reference, back)
        assert desk.get(f"/desk/cases/{reference}/mend").status_code == shown
        desk.get("/desk/account")
        answer = desk.post(f"/desk/cases/{reference}/mend", {"purpose": "P1"})
        assert (answer.status_code, "sent by software" in answer.text) == (409, True)


def test_every_reason_has_its_place() -> None:
    assert set(PLACES) == set(ReturnReason)
    assert {name for name, _ in PLACES.values()} <= set(TITLES)


@pytest.mark.parametrize("name", ["c1", "c2", "c3", "c4", "c5"])
def test_what_was_typed_makes_the_same_document_again(name: str) -> None:
    from zoneinfo import ZoneInfo

    document = example(name)["document"]
    left_out = {"summaries"}
    typed = from_document({n: v for n, v in document.items() if n not in left_out})
    again = to_document(REFERRAL, typed, ZoneInfo("Europe/London"))
    for part in ("perpetrators", "incidents", "consent_record", "risk_assessments"):
        assert again.get(part) == document.get(part), part


def test_promise_02_who_is_set_aside_from_the_case_finds_no_draft_that_mends_it(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    """What is in the draft is of the case: its wall counts, and its log tells who opened it."""
    world = shared_world
    reference = returned(world, desks["landlord"])
    draft = mend(desks["landlord"], reference)
    add_worker(world, LANDLORD, "homes-07")
    other = enter(world, LANDLORD, "homes-07", PersonRole.REFERRER)
    case_id = world.case_of(reference)
    assert other.get(f"{draft}/why").status_code == 200
    read = world.log(event="draft.read", case=case_id)
    assert {each["worker"] for each in read} >= {"homes-07"}
    chair(world).walls.settle(reference, "EXCLUDE", LANDLORD, "homes-07", reason="His cousin.")
    assert other.get(f"{draft}/why").status_code == 404
    assert draft not in other.get("/desk/drafts").text

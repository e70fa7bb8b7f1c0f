"""Two roles that see no case: the auditor of an area, and its steering group."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import Invalid
from gateway.flows import agencies
from gateway.flows import people as flow
from gateway.ledger import begin
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, OneTime, PersonRole
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, Desk, Live, a_desk, add_people
from tests.desk.test_desk import enter
from tests.desk.test_in_a_browser import page
from tests.desk.test_looks import look as look_at
from tests.journeys.asking import NOBODY
from tests.journeys.world import AUDITOR, World, example

__all__ = ["page"]
STEERING = "steering-01"


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    """Everybody, an auditor and somebody of the steering group among them."""
    world = shared_world
    add_people(world)
    with world.operator() as work:
        agencies.add_worker(work, agency_id=AUDITOR, worker_id="audit-01")
        agencies.add_worker(work, agency_id=COORDINATOR, worker_id=STEERING)
    found = {who: a_desk(world, who) for who in ("coordinator", "idva", "landlord")}
    found["auditor"] = enter(world, AUDITOR, "audit-01", PersonRole.DPO_AUDITOR)
    found["steering"] = enter(world, COORDINATOR, STEERING, PersonRole.GOVERNANCE)
    return found


@pytest.fixture(scope="module")
def reference(shared_world: World, desks: dict[str, Desk]) -> str:
    """A case that its IDVA service read, and that another agency asked for in vain."""
    found = shared_world.client(LANDLORD).refer(example("c1")).reference
    shared_world.client(IDVA).pull(found, "P2")
    with pytest.raises(Exception, match="404"):
        shared_world.client("marlbury-college").pull(found, "P1")
    shared_world.sequence()
    return found


def look(desks: dict[str, Desk], reference: str, **more: str) -> str:
    """What the auditor sees of a case."""
    answer = desks["auditor"].post("/desk/audit", {"reference": reference, **more})
    assert answer.status_code == 200, answer.text
    return answer.text


def lines(shown: str) -> list[list[str]]:
    """The lines of the log that a page shows."""
    table = shown[shown.index('id="lines"') : shown.index('id="glasses"')]
    rows = re.findall(r'<tr class="govuk-table__row"><th scope="row".*?</tr>', table, re.S)
    return [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)
        ]
        for row in rows
    ]


def put(world: World, leaf: int, changed: bytes) -> None:
    """Write over a leaf of the log, as only who holds the database can."""
    entry = t.log_entry
    with world.engine.begin() as connection:
        connection.execute(entry.update().where(entry.c.leaf == leaf).values(bytes=changed))


def test_F31_an_auditor_sees_who_looked_each_line_proved_and_no_content(
    shared_world: World, desks: dict[str, Desk], reference: str
) -> None:
    text = look(desks, reference)
    shown = lines(text)
    recorded = shared_world.log(case=shared_world.case_of(reference))
    assert len(shown) == len(recorded)
    events = {(row[2], row[3]) for row in shown}
    assert {("case.read", "Allowed"), ("case.read", "Refused")} <= events
    assert [row[-1] for row in shown].count("Waits for its place") == 1, "this look itself"
    assert [row[-1] for row in shown].count("Proved") == len(shown) - 1
    for secret in ("Elena", "Marsh", "Tern Court", "bedroom"):
        assert secret not in text
    assert "Data protection officer" in text
    (line,) = shared_world.log(event="log.read", agency=AUDITOR)
    assert (line["worker"], line["purpose"], line["because"]) == ("audit-01", "P10", "audit")


def test_F31_filters_leave_what_fits(desks: dict[str, Desk], reference: str) -> None:
    text = look(desks, reference, agency=IDVA, event="case.read")
    told = {(row[1], row[2]) for row in lines(text)}
    assert told == {("Marlbury IDVA service, unattended", "case.read")}
    assert {row[3] for row in lines(look(desks, reference, outcome="denied"))} == {"Refused"}
    assert lines(look(desks, reference, since="2030-01-01")) == []
    wrong = desks["auditor"].post("/desk/audit", {"reference": reference, "since": "soon"})
    assert wrong.status_code == 422


def test_F31_a_line_whose_place_was_changed_is_said_not_to_fit(
    shared_world: World, desks: dict[str, Desk], reference: str
) -> None:
    case_id = shared_world.case_of(reference)
    row = next(r for r in shared_world.rows(t.log_entry) if r["case_id"] == case_id)
    put(shared_world, row["leaf"], row["bytes"].replace(b'"v":1', b'"v":2'))
    try:
        shown = [each[-1] for each in lines(look(desks, reference))]
    finally:
        put(shared_world, row["leaf"], row["bytes"])
    assert shown.count("Does not fit the log") == 1


def test_F31_each_look_behind_the_glass_is_listed_with_its_review(
    shared_world: World, desks: dict[str, Desk], reference: str
) -> None:
    now = shared_world.now
    look_of = {
        "case_id": shared_world.case_of(reference),
        "agency_id": IDVA,
        "worker_id": "idva-01",
        "category": "D05",
        "purpose": "P6",
        "account": b"sealed",
        "method": "hwk",
        "authenticated_at": now,
        "asked_at": now,
        "until": now,
    }
    done = {"finding": "JUSTIFIED", "reviewed_by": "chair-01", "reviewed_at": now}
    late = now - timedelta(days=1)
    with shared_world.engine.begin() as connection:
        connection.execute(t.glass.insert().values(**look_of, seq=1, due_at=late))
        connection.execute(t.glass.insert().values(**look_of, seq=2, due_at=late, **done))
    text = desks["auditor"].get("/desk/audit").text
    assert text.count(f'class="govuk-table__header">{reference}</th>') == 2
    assert (text.count("Review is late"), text.count("Justified,")) == (1, 1)
    assert "sealed" not in text
    lines_of = shared_world.log(event="glass.listed", agency=AUDITOR)
    assert {line["case"] for line in lines_of} == {shared_world.case_of(reference)}


def test_promise_02_neither_role_finds_more_than_its_own_page(
    shared_world: World, desks: dict[str, Desk], reference: str
) -> None:
    for nothing in (NOBODY, "ZZZZZ-ZZZZZ-0", "x", ""):
        unknown = desks["auditor"].post("/desk/audit", {"reference": nothing})
        assert (unknown.status_code, "There is no such case" in unknown.text) == (404, True)
    for who in ("coordinator", "idva", "landlord", "steering"):
        assert desks[who].get("/desk/audit").status_code == 404
        desks[who].get("/desk/account")
        assert desks[who].post("/desk/audit", {"reference": reference}).status_code == 404
    for who in ("auditor", "steering"):
        for path in ("cases", f"cases/{reference}", "actions", "conferences", "flags", "drafts"):
            assert desks[who].get(f"/desk/{path}").status_code == 404, (who, path)
    assert desks["auditor"].get("/desk/reports").status_code == 404


def test_F102_the_steering_group_counts_quarters_that_have_ended_and_nothing_else(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    desk = desks["steering"]
    assert desk.get("/desk").headers["Location"] == "/desk/reports"
    page = desk.get("/desk/reports").text
    assert "Steering group" in page
    assert ("2026-Q4" in page, "2026-Q3" in page, "national return" in page) == (False, True, True)
    assert "NATIONAL_RETURN" not in page
    sent = {"quarter": "2026-Q3", "why": "STEERING_GROUP", "format": "page"}
    assert "No case was heard" in desk.post("/desk/reports", sent).text
    for wrong in ({"quarter": "2026-Q4"}, {"why": "OWN_WORK"}):
        desk.get("/desk/reports")
        assert desk.post("/desk/reports", {**sent, **wrong}).status_code == 422, wrong
    (line,) = shared_world.log(event="report.made", outcome="allowed")
    assert (line["worker"], line["because"]) == (STEERING, "STEERING_GROUP")


def test_F8_who_sits_in_the_steering_group_holds_no_other_role(shared_world: World) -> None:
    roles = frozenset({PersonRole.GOVERNANCE, PersonRole.COORDINATOR})
    caller = Caller(COORDINATOR, AgencyKind.COORDINATOR, "MARLBURY", worker_id="marac-01")
    with (
        pytest.raises(Invalid),
        begin(shared_world.sessions, shared_world.keys, caller, shared_world.now) as work,
    ):
        flow.invite(work, STEERING, roles)


@pytest.mark.needs("chromium")
def test_F31_F104_the_page_is_used_by_keyboard_and_fits_every_width(live: Live, page: Any) -> None:
    world = live.world
    with world.operator() as work:
        agencies.add_worker(work, agency_id=AUDITOR, worker_id="audit-01")
        link = flow.invite_first(
            work, AUDITOR, "audit-01", {PersonRole.DPO_AUDITOR}, OneTime.DEMONSTRATION
        )
    reference = world.client(LANDLORD).refer(example("c1")).reference
    world.sequence()
    page.goto(f"{live.address}/desk/link/{link}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/audit")
    page.get_by_label("Reference of the case").focus()
    page.keyboard.type(reference)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="of the log").wait_for()
    assert page.get_by_text("Proved").first.is_visible()
    look_at(page, "audit")

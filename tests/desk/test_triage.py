"""Triage: what a coordinator decides on, and that each decision is the one that the API makes."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.flows import agencies
from gateway.schemas.codes import PersonRole
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, LANDLORD, POLICE, Desk, a_desk, add_people
from tests.desk.test_desk import enter
from tests.journeys.walled import SOMEBODY, add_worker, chair, with_own_key
from tests.journeys.world import World, example, graded

PLANTED = "<script>document.title='ran'</script>"
HIDDEN = re.compile(r'<input type="hidden" name="(key|seen|purpose)" value="([^"]*)">')


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    """Two coordinators, and others who decide nothing."""
    add_people(shared_world)
    with shared_world.operator() as work:
        agencies.add_worker(work, agency_id=COORDINATOR, worker_id="marac-02")
    second = enter(shared_world, COORDINATOR, "marac-02", PersonRole.COORDINATOR)
    others = {who: a_desk(shared_world, who) for who in ("coordinator", "idva", "landlord")}
    return {**others, "second": second}


def refer(world: World, name: str = "c1", agency_id: str = LANDLORD, **changes: Any) -> str:
    return str(world.client(agency_id).refer(example(name, **changes)).reference)


def look(desk: Desk, reference: str) -> TestResponse:
    answer = desk.get(f"/desk/cases/{reference}/triage?purpose=P9")
    assert answer.status_code == 200, answer.text
    return answer


def decide(desk: Desk, reference: str, decision: str, **form: Any) -> TestResponse:
    """Send what the page that was opened last would send."""
    page = next(each for each in reversed(desk.seen) if "/triage" in each.request.path)
    hidden = dict(HIDDEN.findall(page.text))
    return desk.post(f"/desk/cases/{reference}/triage", {**hidden, "decision": decision, **form})


def states(world: World, reference: str) -> list[str]:
    rows = world.rows(t.state, case_id=world.case_of(reference))
    return [str(row["state"]) for row in sorted(rows, key=lambda row: row["seq"])]


# --- what is shown ------------------------------------------------------------------------------


def test_M13_risk_is_shown_as_four_facts_and_where_they_differ(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world, "c3", "fenhollow-idva")
    text = look(desks["coordinator"], reference).text
    views = re.findall(r'gw-view__name">([^<]+)</h3><p class="gw-view__said">([^<]+)<', text)
    assert views == [
        ("What was ticked (DASH RIC)", "12 of 24"),
        ("What the professional judges", "High risk"),
        ("What she says herself", "She agrees to sharing"),
        ("What was decided", "Nothing yet"),
    ]
    assert "by the ticks alone the risk is medium, the professional sees more (high)" in text
    assert "Moved here; heard in another area" in text
    decide(desks["coordinator"], reference, "ACCEPT")
    assert '<p class="gw-view__said">Accepted</p>' in look(desks["coordinator"], reference).text


def test_F31_people_gaps_clock_and_rule_stand_on_one_page(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    whole = look(desks["coordinator"], refer(shared_world)).text
    assert "Elena Marsh-Okoro in the middle, and around her: Dale Marsh-Okoro" in whole
    assert "Nothing for which it would have to go back." in whole
    assert "The risk is high, and she agrees." in whole
    assert "Decide by Tue 24 Nov" in whole
    sent = shared_world.client(LANDLORD).refer(graded(20)).reference
    thin = look(desks["coordinator"], sent).text
    for reason in ("It does not say who causes harm", "There is no safe way to reach her"):
        assert reason in thin
    assert "(missing here)" in thin
    assert "fields left blank, with the reason" in thin


def test_promise_01_opening_it_is_recorded_for_coordinating(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world)
    look(desks["coordinator"], reference)
    entry = shared_world.log(event="case.read", case=shared_world.case_of(reference))[-1]
    assert (entry["worker"], entry["purpose"], entry["outcome"]) == ("marac-01", "P9", "allowed")


def test_F31_why_it_is_opened_is_asked_first_and_recorded_as_it_was_said(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference, desk = refer(shared_world), desks["coordinator"]
    case_id, path = shared_world.case_of(reference), f"/desk/cases/{reference}/triage"
    asked = desk.get(path)
    assert (asked.status_code, "Elena" in asked.text) == (200, False)
    form = re.search(r'<form action="([^"]+)" method="get"', asked.text)
    assert form
    assert form[1] == path
    assert re.findall(r'type="radio" value="(P\d+)"', asked.text) == ["P1", "P6", "P9"]
    assert shared_world.log(event="case.read", case=case_id, worker="marac-01") == []
    for wrong in ("", "P10", "P99", "x"):
        assert desk.get(f"{path}?purpose={wrong}").status_code == 422, wrong
    assert desk.get(f"{path}?purpose=P2").status_code == 422  # a coordinator states it nowhere
    other = desk.get(f"{path}?purpose=P1").text
    assert "Open it to coordinate" in other
    assert "Nothing for which it would have to go back." not in other
    answer = decide(desk, reference, "ACCEPT", purpose="")
    assert (answer.status_code, states(shared_world, reference)[-1]) == (422, "TRIAGE")
    assert decide(desk, reference, "ACCEPT").headers["Location"].endswith("?purpose=P1&done=ACCEPT")
    reads = shared_world.log(event="case.read", case=case_id, worker="marac-01", outcome="allowed")
    assert {each["purpose"] for each in reads} == {"P1"}


# --- what is decided ----------------------------------------------------------------------------

DECISIONS: list[tuple[str, dict[str, Any], list[str], tuple[str, list[str]]]] = [
    ("ACCEPT", {}, ["ACCEPTED"], ("ACCEPTED", [])),
    (
        "RETURN",
        {"reasons": ["NO_RATIONALE", "MISSING_PERP"], "quality_note": "a\r\nb"},
        ["RETURNED"],
        ("RETURNED", ["NO_RATIONALE", "MISSING_PERP"]),
    ),
    (
        "REJECT",
        {"reasons": ["CRITERIA_NOT_EVIDENCED"], "reason": "x", "alternative_route": "y"},
        ["REJECTED"],
        ("REJECTED", ["CRITERIA_NOT_EVIDENCED"]),
    ),
    (
        "REDIRECT",
        {"reasons": ["WRONG_AREA"], "alternative_route": "Fenhollow"},
        ["REDIRECTED"],
        ("REDIRECTED", ["WRONG_AREA"]),
    ),
]


@pytest.mark.parametrize(("decision", "form", "after", "told"), DECISIONS)
def test_F26_each_decision_moves_the_case_and_tells_the_referrer(
    shared_world: World,
    desks: dict[str, Desk],
    decision: str,
    form: dict[str, Any],
    after: list[str],
    told: tuple[str, list[str]],
) -> None:
    reference = refer(shared_world)
    look(desks["coordinator"], reference)
    answer = decide(desks["coordinator"], reference, decision, **form)
    where = f"/desk/cases/{reference}/triage?purpose=P9&done={decision}"
    assert (answer.status_code, answer.headers["Location"]) == (303, where)
    assert states(shared_world, reference) == ["SUBMITTED", "TRIAGE", *after]
    entry = shared_world.log(event="case.decide", case=shared_world.case_of(reference))[-1]
    assert (entry["worker"], entry["because"]) == ("marac-01", decision)
    own = shared_world.client(LANDLORD).referral(reference, "P1")
    assert (own["status"], own["reasons"]) == told
    given = [each["code"] for each in own["feedback"]]
    assert given == (["MORE_INFO_NEEDED"] if decision == "RETURN" else [])
    assert "Done</h2>" in desks["coordinator"].get(where).text


def test_F32_an_emergency_is_called_once_it_was_accepted(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world, "c5", POLICE)
    desk = desks["coordinator"]
    assert "accept it, then call an emergency here" in look(desk, reference).text
    assert decide(desk, reference, "EMERGENCY", reason="x").status_code == 409
    decide(desk, reference, "ACCEPT")
    assert 'value="EMERGENCY"' in look(desk, reference).text
    assert decide(desk, reference, "EMERGENCY", reason="He is near.").status_code == 303
    assert states(shared_world, reference)[-2:] == ["ACCEPTED", "EMERGENCY"]


def test_F26_a_merge_keeps_both_referrers_as_sources(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    first = refer(shared_world)
    second = refer(shared_world, "c1", "tidewell-housing")
    desk = desks["coordinator"]
    assert f'value="{first}"' in look(desk, second).text
    assert decide(desk, second, "MERGE", merge_with=first, other="").status_code == 303
    assert states(shared_world, second)[-1] == "MERGED"
    missing = refer(shared_world)
    look(desk, missing)
    assert "Choose the case that it belongs to" in decide(desk, missing, "MERGE").text
    wrong = decide(desk, missing, "MERGE", other="ZZZZZ-ZZZZZ-Z")
    assert (wrong.status_code, states(shared_world, missing)[-1]) == (422, "TRIAGE")
    assert "ZZZZZ-ZZZZZ-Z" in wrong.text


def test_F26_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world)
    look(desks["coordinator"], reference)
    answer = decide(desks["coordinator"], reference, "RETURN", quality_note=PLANTED)
    assert answer.status_code == 422
    assert 'href="#return-reasons">Choose at least one reason.' in answer.text
    assert 'id="return-form" open' in answer.text
    assert "&lt;script&gt;document.title=&#39;ran&#39;&lt;/script&gt;</textarea>" in answer.text
    assert PLANTED not in answer.text
    assert states(shared_world, reference)[-1] == "TRIAGE"
    for decision in ("", "CLOSE", PLANTED):
        bad = decide(desks["coordinator"], reference, decision)
        assert bad.status_code == 422
        assert PLANTED not in bad.text


def test_V9_script_in_a_name_and_a_name_of_200_letters_are_text(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    names = {"victim__given_names": PLANTED, "victim__family_name": "ابو" + "x" * 90}
    text = look(desks["coordinator"], refer(shared_world, "c1", **names)).text
    assert PLANTED not in text
    assert "&lt;script&gt;document.title=&#39;ran&#39;&lt;/script&gt; ابو" in text


# --- twice, and at once -------------------------------------------------------------------------


def test_F26_a_form_that_is_sent_twice_acts_once(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world)
    look(desks["coordinator"], reference)
    answers = [decide(desks["coordinator"], reference, "ACCEPT") for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert states(shared_world, reference) == ["SUBMITTED", "TRIAGE", "ACCEPTED"]
    assert len(shared_world.log(event="case.decide", case=shared_world.case_of(reference))) == 1


def test_F26_of_two_who_decide_the_second_is_told_and_loses_nothing(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world)
    for who in ("coordinator", "second"):
        look(desks[who], reference)
    decide(desks["coordinator"], reference, "ACCEPT")
    late = decide(desks["second"], reference, "EMERGENCY", reason="He is at her door.")
    assert late.status_code == 409
    assert "Somebody decided about it after you opened this page" in late.text
    assert "He is at her door.</textarea>" in late.text
    assert states(shared_world, reference)[-1] == "ACCEPTED"
    gone = decide(desks["second"], reference, "RETURN", reasons=["DUPLICATE"], quality_note="kept")
    assert (gone.status_code, "kept</textarea>" in gone.text) == (409, True)
    assert "This can no longer be done" in gone.text


def test_F27_a_request_to_have_it_back_is_read_before_it_is_accepted(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world)
    look(desks["coordinator"], reference)
    shared_world.later(minutes=1)
    shared_world.client(LANDLORD).withdraw(reference, "SENT_IN_ERROR")
    stopped = decide(desks["coordinator"], reference, "ACCEPT")
    assert (stopped.status_code, states(shared_world, reference)[-1]) == (409, "TRIAGE")
    assert "The referrer asks to have it back" in stopped.text
    desks["coordinator"].seen.append(stopped)
    assert decide(desks["coordinator"], reference, "ACCEPT").status_code == 303


# --- who ------------------------------------------------------------------------------------------


def test_promise_02_for_nobody_else_there_is_such_a_page(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world)
    other = enter(shared_world, "fenhollow-marac", "marac-01", PersonRole.COORDINATOR)
    look(desks["coordinator"], reference)
    for desk in (desks["idva"], desks["landlord"], other):
        assert desk.get(f"/desk/cases/{reference}/triage?purpose=P9").status_code == 404
        form = {"decision": "ACCEPT", "key": str(uuid.uuid4()), "seen": "", "purpose": "P9"}
        assert desk.post(f"/desk/cases/{reference}/triage", form).status_code == 404
    refused = shared_world.log(event="page.opened", agency=LANDLORD)
    assert [entry["because"] for entry in refused[-2:]] == ["no-role", "no-role"]
    assert (
        desks["coordinator"].get("/desk/cases/ZZZZZ-ZZZZZ-Z/triage?purpose=P9").status_code == 404
    )
    assert desks["coordinator"].get("/desk/cases/nonsense/triage").status_code == 404
    assert states(shared_world, reference)[-1] == "TRIAGE"


def test_V7_a_form_of_another_site_or_of_no_page_decides_nothing(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refer(shared_world, "c5", POLICE)
    desk, path = desks["coordinator"], f"/desk/cases/{reference}/triage"
    look(desk, reference)
    form = {"decision": "ACCEPT", "key": str(uuid.uuid4()), "seen": "", "purpose": "P9"}
    assert desk.post(path, {**form, "token": "x"}).status_code == 403
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert desk.client.post(path, data=form, headers=headers).status_code == 403
    assert desk.post(path, {**form, "key": "x"}).status_code == 422
    assert states(shared_world, reference)[-1] == "TRIAGE"


def test_F65_who_reads_as_a_deputy_decides_on_no_page(world: World) -> None:
    """An administrator could sign in as the deputy; the deputy's own software decides."""
    for worker in ("marac-02", "marac-07", "marac-08"):
        add_worker(world, COORDINATOR, worker)
    nobodys = {"conflict_check": {"answer": "NO"}, "must_not_receive": None}
    sent = example("c2", **nobodys, perpetrators__1__employer=None)
    reference = world.client("marlbury-college", "college-01").refer(sent).reference
    chair(world).walls.settle(
        reference, "EXCLUDE", COORDINATOR, "marac-07", reason="Lives next door."
    )
    world.client(COORDINATOR, "marac-02").walls.declare(SOMEBODY)
    deputy = with_own_key(world, COORDINATOR, "marac-02", "marac-08")
    chair(world).walls.settle(reference, "DEPUTY", COORDINATOR, "marac-02", reason="Knows nobody.")
    assert deputy.pull(reference, "P9").document["triage"]
    desk = enter(world, COORDINATOR, "marac-02", PersonRole.COORDINATOR)
    assert desk.get(f"/desk/cases/{reference}/triage?purpose=P9").status_code == 404
    form = {"decision": "ACCEPT", "key": str(uuid.uuid4()), "seen": "", "purpose": "P9"}
    assert desk.post(f"/desk/cases/{reference}/triage", form).status_code == 404
    assert states(world, reference)[-1] == "TRIAGE"
    deputy.decide(reference, {"decision": "ACCEPT"})


def test_F26_who_was_signed_out_meanwhile_gets_back_what_she_wrote(shared_world: World) -> None:
    reference = refer(shared_world)
    desk = a_desk(shared_world, "coordinator")
    look(desk, reference)
    shared_world.later(minutes=16)
    answer = decide(desk, reference, "REJECT", reason=PLANTED, alternative_route="The helpline.")
    assert answer.status_code == 401
    assert "The helpline.</textarea>" in answer.text
    assert (PLANTED in answer.text, "&lt;script&gt;" in answer.text) == (False, True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert decide(desk, reference, "ACCEPT").headers["Location"] == "/desk/sign-in"
    form = {"decision": "REJECT", "reason": "x", "token": "another site's"}
    assert desk.post(f"/desk/cases/{reference}/triage", form).status_code == 403
    assert states(shared_world, reference)[-1] == "TRIAGE"

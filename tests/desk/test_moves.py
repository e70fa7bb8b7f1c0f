"""The page on which a case leaves its way, in both areas."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.schemas.codes import PersonRole
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, LANDLORD, Desk, a_desk, add_people
from tests.desk.test_desk import enter
from tests.journeys.world import CHAIR, World, example

THERE = "fenhollow-marac"
KEY = re.compile(r'name="key" value="([^"]+)"')


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    return {
        "here": a_desk(shared_world, "coordinator"),
        "chair": enter(shared_world, COORDINATOR, CHAIR, PersonRole.COORDINATOR),
        "there": enter(shared_world, THERE, "marac-01", PersonRole.COORDINATOR),
        "landlord": a_desk(shared_world, "landlord"),
    }


def accepted(world: World) -> str:
    reference = str(world.client(LANDLORD).refer(example("c1")).reference)
    world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
    return reference


def send(desk: Desk, reference: str, act: str, **form: Any) -> TestResponse:
    path = f"/desk/cases/{reference}/moves"
    (key, *_) = KEY.findall(desk.get(path).text)
    return desk.post(path, {"act": act, "key": key, **form})


def test_F26_who_declines_is_shown_it_no_more(shared_world: World, desks: dict[str, Desk]) -> None:
    reference = accepted(shared_world)
    send(desks["here"], reference, "TRANSFER", area="FENHOLLOW", why="MOVED_FOR_A_TIME")
    form = {"why": "NOT_IN_AREA", "from": "elsewhere"}
    assert send(desks["there"], reference, "DECLINE", **form).headers["Location"] == "/desk"
    assert desks["there"].get(f"/desk/cases/{reference}/moves").status_code == 404
    assert "on a conference list" in desks["here"].get(f"/desk/cases/{reference}/moves").text


def test_F26_two_withdraw_it_on_the_page(shared_world: World, desks: dict[str, Desk]) -> None:
    reference = accepted(shared_world)
    ask = {"why": "WRONG_PERSON", "note": "It is her sister."}
    assert send(desks["here"], reference, "WITHDRAW", **ask).status_code == 303
    again = send(desks["here"], reference, "WITHDRAW", **ask)
    assert (again.status_code, "You asked for it, or offered it" in again.text) == (409, True)
    assert "It is her sister.</textarea>" in again.text
    page = desks["chair"].get(f"/desk/cases/{reference}/moves").text
    assert "Somebody asks to withdraw it: it is about another person." in page
    assert send(desks["chair"], reference, "WITHDRAW", **ask).status_code == 303
    rows = shared_world.rows(t.state, case_id=shared_world.case_of(reference))
    assert str(max(rows, key=lambda row: row["seq"])["state"]) == "WITHDRAWN"


def test_F26_a_second_person_writes_down_what_an_area_outside_said(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = accepted(shared_world)
    send(desks["here"], reference, "TRANSFER", area="-", why="MOVED_FOR_GOOD")
    told = {"note": "R. Quill of Saltmere: they have her."}
    alone = send(desks["here"], reference, "RECEIVE", **told)
    assert (alone.status_code, "A chair does this." in alone.text) == (409, True)
    assert "they have her.</textarea>" in alone.text
    silent = send(desks["chair"], reference, "RECEIVE")
    assert (silent.status_code, "Write down what they said" in silent.text) == (422, True)
    assert "What they said, and who</label>" in silent.text
    assert send(desks["chair"], reference, "RECEIVE", **told).status_code == 303
    rows = shared_world.rows(t.state, case_id=shared_world.case_of(reference))
    assert str(max(rows, key=lambda row: row["seq"])["state"]) == "TRANSFERRED_OUT"


def test_promise_02_for_nobody_else_is_there_such_a_page(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = accepted(shared_world)
    key = KEY.findall(desks["here"].get(f"/desk/cases/{reference}/moves").text)[0]
    for who in ("there", "landlord"):
        desks[who].get("/desk/account")
        path = f"/desk/cases/{reference}/moves"
        assert desks[who].get(path).status_code == 404, who
        form = {"act": "WITHDRAW", "why": "MADE_IN_ERROR", "key": key}
        assert desks[who].post(path, form).status_code == 404, who


def test_F26_an_offer_is_seen_in_both_areas_and_taken_on_in_the_new(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = accepted(shared_world)
    page = desks["here"].get(f"/desk/cases/{reference}/triage?purpose=P9").text
    assert f'href="/desk/cases/{reference}/moves"' in page
    for wrong, said in (({}, "Choose where it goes."), ({"area": "FENHOLLOW"}, "Choose why.")):
        answer = send(desks["here"], reference, "TRANSFER", **{"why": "", **wrong})
        assert (answer.status_code, said in answer.text) == (422, True)
    offer = {"area": "FENHOLLOW", "why": "MOVED_FOR_GOOD"}
    assert send(desks["here"], reference, "TRANSFER", **offer).status_code == 303
    here = desks["here"].get(f"/desk/cases/{reference}/moves?done=TRANSFER").text
    for text in ("Offered to Fenhollow.", "Call it back", "for Fenhollow IDVA service"):
        assert text in here, text
    assert "Take it on" not in here
    for who in ("here", "there"):
        assert "case on its way between two areas" in desks[who].get("/desk").text, who
        assert reference in desks[who].get("/desk/needs/transfers").text, who
    there = desks["there"].get(f"/desk/cases/{reference}/moves").text
    assert "Another area offers it to yours." in there
    assert "Elena" not in there + here
    shared_world.later(days=3)
    for who, agency, worker in (("here", COORDINATOR, "marac-01"), ("there", THERE, "marac-01")):
        desks[who] = enter(shared_world, agency, worker, PersonRole.COORDINATOR)
        assert "1 late" in desks[who].get("/desk").text, who
    taken = send(desks["there"], reference, "RECEIVE")
    new = taken.headers["Location"].split("/")[3]
    assert taken.headers["Location"] == f"/desk/cases/{new}/triage"
    opened = desks["there"].get(f"/desk/cases/{new}/triage?purpose=P9").text
    assert "Moved here; heard in another area" in opened
    assert desks["there"].get(f"/desk/cases/{reference}/moves").status_code == 404
    assert desks["here"].get(f"/desk/cases/{new}/triage?purpose=P9").status_code == 404

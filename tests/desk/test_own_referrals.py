"""What a referrer sees of what it sent, and the challenge of a refusal: once, for the chair."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.desk.own_referrals import STATUSES
from gateway.flows.referrals import own
from gateway.schemas.codes import PersonRole
from tests.desk.behind import UNKNOWN
from tests.desk.conftest import COORDINATOR, LANDLORD, Desk, a_desk, add_people
from tests.desk.test_desk import enter, statements_of
from tests.journeys.walled import HIMSELF, KAMAL, OFFICE, add_worker
from tests.journeys.world import CHAIR, World, example, graded

WHY = "He was at her door again on the day it was refused."


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    found = {who: a_desk(shared_world, who) for who in ("coordinator", "idva", "landlord")}
    return found | {"chair": enter(shared_world, COORDINATOR, CHAIR, PersonRole.COORDINATOR)}


def refused(world: World) -> str:
    reference = world.client(LANDLORD).refer(graded(15)).reference
    decision = {"decision": "REJECT", "reasons": ["CRITERIA_NOT_EVIDENCED"], "reason": "Too thin."}
    world.client(COORDINATOR).decide(reference, {**decision, "alternative_route": "Support."})
    return reference


def send(desk: Desk, reference: str, reason: str = WHY, **more: Any) -> TestResponse:
    desk.get("/desk/referrals")
    form = {"key": str(uuid.uuid4()), "reason": reason, **more}
    return desk.post(f"/desk/referrals/{reference}/challenge", form)


def test_F123_a_referrer_sees_how_what_it_sent_stands_and_why(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference = refused(shared_world)
    text = desks["landlord"].get("/desk/referrals").text
    article = text.partition(f'id="r-{reference}"')[2].partition("</article>")[0]
    assert "Not accepted" in article
    assert "The criteria are not backed by what is written" in article
    assert "Challenge this" in article
    assert "Too thin." not in text  # the coordinator's own words go to the chair, not out
    assert desks["idva"].get("/desk/referrals").status_code == 404


def test_F26_a_refusal_is_challenged_once_and_the_chair_decides(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    reference, landlord, chair = refused(shared_world), desks["landlord"], desks["chair"]
    empty = send(landlord, reference, " ")
    assert empty.status_code == 422
    assert "Say why it should have been accepted" in empty.text
    assert send(landlord, reference).status_code == 303
    page = chair.get(f"/desk/cases/{reference}/triage?purpose=P9").text
    assert "The referrer challenged that it was not accepted" in page
    assert WHY in page
    again = {"decision": "REJECT", "reasons": ["CRITERIA_NOT_EVIDENCED"], "reason": "Still."}
    by_chair = shared_world.client(COORDINATOR, CHAIR)
    by_chair.decide(reference, {**again, "alternative_route": "Support."})
    text = landlord.get("/desk/referrals").text
    article = text.partition(f'id="r-{reference}"')[2].partition("</article>")[0]
    assert "Not accepted" in article
    assert "Challenge this" not in article
    second = send(landlord, reference, "Once more.")
    assert second.status_code == 409
    assert "challenged before" in second.text
    assert "Once more." in second.text


def test_F26_what_is_not_refused_or_is_anothers_is_not_challenged(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    open_one = shared_world.client(LANDLORD).refer(example("c1")).reference
    answer = send(desks["landlord"], open_one)
    assert answer.status_code == 409
    assert WHY in answer.text
    others = shared_world.client("tidewell-housing").refer(graded(15)).reference
    for reference in (others, UNKNOWN):
        assert send(desks["landlord"], reference).status_code == 404
    assert others not in desks["landlord"].get("/desk/referrals").text
    twice = {"key": str(uuid.uuid4())}
    reference = refused(shared_world)
    assert send(desks["landlord"], reference, **twice).status_code == 303
    assert send(desks["landlord"], reference, **twice).status_code == 303  # one act


def test_promise_02_a_referrer_behind_the_wall_of_its_own_referral_finds_none(
    world: World,
) -> None:
    add_worker(world, OFFICE, KAMAL)
    nobodys = {"conflict_check": {"answer": "NO"}, "must_not_receive": None}
    sent = example("c2", **nobodys, perpetrators__1__employer=None)
    reference = world.client(OFFICE).refer(sent).reference
    tied = enter(world, OFFICE, KAMAL, PersonRole.REFERRER)
    colleague = enter(world, OFFICE, "housing-02", PersonRole.REFERRER)
    assert reference in colleague.get("/desk/referrals").text
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    for desk in (tied, colleague):
        assert reference not in desk.get("/desk/referrals").text
        assert send(desk, reference).status_code == 404


def test_more_referrals_ask_no_more_of_the_database(sqlite_world: World) -> None:
    world = sqlite_world
    add_people(world)
    refused(world)
    desk = a_desk(world, "landlord")
    few = statements_of(world, lambda: desk.get("/desk/referrals"))
    for _ in range(4):
        refused(world)
    assert statements_of(world, lambda: desk.get("/desk/referrals")) == few


def test_every_state_of_a_referral_has_words() -> None:
    assert STATUSES.keys() >= {*own._SHOWN.values(), "IN_PROGRESS"}

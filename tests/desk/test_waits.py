"""What waits in a case besides its triage: each is settled on a page as the API settles it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.errors import NotFound
from gateway.flows import agencies, cases
from gateway.ledger import begin
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, PersonRole
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, Desk, a_desk, add_people
from tests.desk.test_desk import enter, listed, numbers
from tests.journeys import test_approvals, test_breakglass, test_releases
from tests.journeys.test_counter_allegation import against_him
from tests.journeys.walled import HIMSELF, KAMAL, OFFICE, add_worker
from tests.journeys.world import CHAIR, World, example, graded

Desks = Mapping[str, Desk]
MARK = re.compile(r'name="mark" value="([0-9a-f]{16})"')
PLANTED = "<script>document.title='ran'</script>"


@pytest.fixture(scope="module")
def desks(shared_world: World) -> Desks:
    """A coordinator, the chair, and somebody who settles nothing."""
    add_people(shared_world)
    return fresh(shared_world)


def fresh(world: World) -> Desks:
    return {
        "coordinator": a_desk(world, "coordinator"),
        "chair": enter(world, COORDINATOR, CHAIR, PersonRole.COORDINATOR),
        "idva": a_desk(world, "idva"),
    }


def look(desk: Desk, reference: str) -> str:
    answer = desk.get(f"/desk/cases/{reference}/waits")
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def settle(desk: Desk, reference: str, what: str, **form: Any) -> TestResponse:
    sent = {"what": what, "key": str(uuid.uuid4()), **form}
    return desk.post(f"/desk/cases/{reference}/waits", sent)


def done(answer: TestResponse) -> bool:
    return answer.status_code == 303 and "done=" in answer.headers["Location"]


def test_F31_a_match_is_confirmed_or_rejected_once_and_the_number_falls(
    shared_world: World, desks: Desks
) -> None:
    desk = desks["coordinator"]
    shared_world.client(LANDLORD).refer(example("c1"))
    again, third = (
        shared_world.client("tidewell-housing").refer(example("c1")).reference for _ in range(2)
    )
    assert again in listed(desk, "/desk/needs/matches")
    assert f"/desk/cases/{again}/waits" in desk.seen[-1].text
    first, *others = MARK.findall(look(desk, again))
    assert "Yes, the same" in desk.seen[-1].text
    assert settle(desk, again, "match", mark=first).status_code == 422
    assert settle(desk, again, "match", mark="0" * 16, same="yes").status_code == 422
    assert done(settle(desk, again, "match", mark=first, same="yes"))
    assert settle(desk, again, "match", mark=first, same="no").status_code == 409
    for each in others:
        assert done(settle(desk, again, "match", mark=each, same="no"))
    status = {
        row["status"] for row in shared_world.rows(t.link, case_id=shared_world.case_of(again))
    }
    assert status <= {"CONFIRMED", "REJECTED"}
    assert "CONFIRMED" in status
    assert again not in listed(desk, "/desk/needs/matches")
    assert third in listed(desk, "/desk/needs/matches")
    entry = shared_world.log(event="match.settled", case=shared_world.case_of(again))[0]
    assert (entry["because"], entry["worker"]) == ("CONFIRMED", "marac-01")


def test_C4_two_who_accuse_each_other_are_the_chairs_to_review(
    shared_world: World, desks: Desks
) -> None:
    his = shared_world.client("tidewell-housing").refer(example("c4")).reference
    theirs = shared_world.client(LANDLORD).refer(against_him()).reference
    coordinator, chair = desks["coordinator"], desks["chair"]
    assert {his, theirs} <= set(listed(coordinator, "/desk/needs/accusations"))
    text = look(coordinator, theirs)
    assert "The chair reviews this." in text
    assert MARK.findall(text) == []
    form = {"outcome": "PRIMARY_VICTIM_A", "account": PLANTED}
    assert settle(coordinator, theirs, "counter", **form).status_code == 404
    assert "Sign the review" in look(chair, theirs)
    kept = settle(chair, theirs, "counter", account=PLANTED)
    assert (kept.status_code, PLANTED in kept.text) == (422, False)
    assert "ran&#39;&lt;/script&gt;</textarea>" in kept.text
    assert done(settle(chair, theirs, "counter", **form))
    assert "accusations" not in numbers(chair)
    marks = [
        each["mark"]
        for each in shared_world.client(COORDINATOR).pull(theirs, "P9").document["triage"]["links"]
        if each["kind"] == "REVERSED"
    ]
    assert settle(chair, theirs, "match", mark=marks[0], same="no").status_code == 409


def test_F48_what_is_asked_for_is_opened_after_a_fresh_proof(shared_world: World) -> None:
    desks = fresh(shared_world)
    desk, reference = desks["coordinator"], test_approvals.referred(shared_world)
    test_approvals.ask(shared_world, reference)
    assert reference in listed(desk, "/desk/needs/questions")
    assert test_approvals.ASK["reason"] in look(desk, reference)
    number = test_approvals.number(shared_world, reference)
    until = shared_world.now.date().isoformat()
    form = {"number": number, "act": "APPROVE", "reason": "She asks for it.", "until": until}
    late = settle(desk, reference, "approval", **{**form, "until": "2030-01-01"})
    assert (late.status_code, "at most 28 days" in late.text) == (422, True)
    shared_world.later(minutes=6)
    stale = settle(desk, reference, "approval", **form)
    assert (stale.status_code, "She asks for it.</textarea>" in stale.text) == (403, True)
    desk = a_desk(shared_world, "coordinator")
    look(desk, reference)
    assert done(settle(desk, reference, "approval", **form))
    assert "questions" not in numbers(desk)
    row = shared_world.rows(t.approval, case_id=shared_world.case_of(reference))[0]
    assert (row["state"], row["by_worker"]) == ("APPROVED", "marac-01")


def test_F62_a_team_that_serves_both_is_told_after_a_fresh_proof(shared_world: World) -> None:
    reference = test_releases.listed(shared_world, example("c3"))
    shared_world.client(IDVA, "idva-01").walls.release(reference, "SERVES", IDVA)
    desk = fresh(shared_world)["coordinator"]
    assert "May this team know where she is?" in look(desk, reference)
    form = {"agency": IDVA, "act": "APPROVE"}
    shared_world.later(minutes=6)
    assert settle(desk, reference, "release", **form).status_code == 403
    assert test_releases.has(shared_world, reference, IDVA) == set()
    desk = a_desk(shared_world, "coordinator")
    look(desk, reference)
    assert done(settle(desk, reference, "release", **form))
    assert test_releases.has(shared_world, reference, IDVA) == test_releases.SEALED
    assert done(settle(desk, reference, "release", agency=IDVA, act="REFUSE"))
    assert test_releases.has(shared_world, reference, IDVA) == set()


def test_F65_a_look_behind_the_glass_is_the_chairs_to_review(shared_world: World) -> None:
    desks = fresh(shared_world)
    sent = example("c2", **test_breakglass.NOBODYS)
    reference = shared_world.client("marlbury-college").refer(sent).reference
    looks = test_breakglass.Worker(shared_world, "marlbury-gp", "gp-01")
    assert looks.breaks(reference).status_code == 201
    form = {
        "number": test_breakglass.number(shared_world),
        "finding": "JUSTIFIED",
        "note": "The rota shows it.",
    }
    assert reference in listed(desks["chair"], "/desk/needs/glass")
    assert "The chair reviews this." in look(desks["coordinator"], reference)
    assert settle(desks["coordinator"], reference, "glass", **form).status_code == 404
    assert test_breakglass.LOOK["reason"] not in desks["coordinator"].seen[-1].text
    assert test_breakglass.LOOK["reason"] in look(desks["chair"], reference)
    bare = settle(desks["chair"], reference, "glass", number=form["number"], note="x")
    assert (bare.status_code, "Choose whether it was justified." in bare.text) == (422, True)
    assert done(settle(desks["chair"], reference, "glass", **form))
    assert reference not in listed(desks["chair"], "/desk/needs/glass")


def test_F64_words_of_the_agency_are_taken_out_by_a_second_person(shared_world: World) -> None:
    desk = a_desk(shared_world, "coordinator")
    with shared_world.operator() as work:
        agencies.add_worker(work, agency_id=COORDINATOR, worker_id="marac-05")
    reference = shared_world.client(LANDLORD).refer(graded(20)).reference
    said = "She banks with Gull Street."
    shared_world.client(COORDINATOR).decide(
        reference, {"decision": "RETURN", "reasons": ["QUALITY_OTHER"], "quality_note": said}
    )
    walls = shared_world.client(COORDINATOR, "marac-05").walls
    number = walls.draft_redaction(
        reference, "minutes", COORDINATOR, ["/decisions/0/quality_note"]
    )["number"]
    assert reference in listed(desk, "/desk/needs/redactions")
    assert f'<blockquote class="gw-quote gw-prose">{said}</blockquote>' in look(desk, reference)
    assert done(settle(desk, reference, "redaction", number=number, act="CONFIRM"))
    assert said not in look(desk, reference)
    assert settle(desk, reference, "redaction", number=number, act="REJECT").status_code == 409


def test_F22_a_conflict_is_settled_with_words_for_what_stands_in_the_way(world: World) -> None:
    add_people(world)
    desks = fresh(world)
    add_worker(world, OFFICE, KAMAL)
    add_worker(world, OFFICE, "options-08")
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    sent = example("c2", **test_breakglass.NOBODYS)
    reference = world.client("marlbury-college").refer(sent).reference
    coordinator, chair = desks["coordinator"], desks["chair"]
    assert "needs a deputy" in look(coordinator, reference)
    assert "lift what was found" not in coordinator.seen[-1].text
    form = {"agency": OFFICE, "reason": "The lead of the team."}
    for more, status, said in (
        ({"act": "DEPUTY"}, 422, "Write the number of the person."),
        ({"act": "DEPUTY", "worker": "nobody-1"}, 422, "Write the number of the person."),
        ({"act": "DEPUTY", "worker": KAMAL}, 409, "close to somebody in the case, too"),
        ({"act": "DEPUTY", "worker": "options-08"}, 409, "not yet declared"),
        ({"act": "LIFT", "worker": KAMAL}, 409, "Only the chair can do this."),
        ({"act": "BURN", "worker": KAMAL}, 422, "Choose what is to happen."),
    ):
        answer = settle(coordinator, reference, "conflict", **{**form, **more})
        assert (answer.status_code, said in answer.text) == (status, True), more
        assert "The lead of the team.</textarea>" in answer.text
    assert "lift what was found" in look(chair, reference)
    assert done(settle(chair, reference, "conflict", **form, act="LIFT", worker=KAMAL))
    assert "Nothing waits for a decision here." in look(chair, reference)


def test_promise_02_nobody_else_settles_anything(shared_world: World, desks: Desks) -> None:
    reference = shared_world.client(LANDLORD).refer(example("c1")).reference
    other = enter(shared_world, "fenhollow-marac", "marac-01", PersonRole.COORDINATOR)
    for desk in (fresh(shared_world)["idva"], other):
        assert desk.get(f"/desk/cases/{reference}/waits").status_code == 404
        for what in ("match", "conflict", "glass", "release", "redaction", "counter", "approval"):
            form = {"act": "REFUSE", "mark": "0" * 16, "same": "yes", "number": 1}
            assert settle(desk, reference, what, **form).status_code == 404, what
    refused = shared_world.log(event="page.opened", agency=IDVA)
    assert [entry["because"] for entry in refused[-8:]] == ["no-role"] * 8
    desk = a_desk(shared_world, "coordinator")
    assert settle(desk, reference, "burn").status_code == 422
    assert settle(desk, reference, "match", key="x", mark="0" * 16, same="no").status_code == 422


def test_F31_of_those_in_a_case_only_its_coordinator_says_whether_it_is_the_same(
    shared_world: World,
) -> None:
    shared_world.client(LANDLORD).refer(example("c1"))
    again = shared_world.client("tidewell-housing").refer(example("c1")).reference
    links = shared_world.client(COORDINATOR).pull(again, "P9").document["triage"]["links"]
    idva = Caller(IDVA, AgencyKind.IDVA, "MARLBURY", frozenset(), "idva-01")
    shared_world.client(IDVA).pull(again, "P2")  # it has a part in the case
    with (
        pytest.raises(NotFound),
        begin(shared_world.sessions, shared_world.keys, idva, shared_world.now) as work,
    ):
        cases.settle_match(work, references.read(again) or "", str(links[0]["mark"]), is_same=False)
    entry = shared_world.log(event="match.settled", agency=IDVA)[-1]
    assert entry["because"] == "not-the-coordinator"

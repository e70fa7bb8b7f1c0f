"""Actions: put down, accepted by whose they are, done with evidence, seen by need to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import Conflict, GatewayError, Invalid, NotFound
from gateway.flows import conferences as flow
from gateway.flows.conferences import Proposal
from gateway.rules.leaks import HELD
from gateway.schemas import reference as references
from gateway.schemas.action_codes import ActionAct, ActionStatus, ActionTheme, NotPossible
from gateway.schemas.codes import CaseState
from gateway.store import cases
from gateway.store import tables as t
from gateway.store.cases import By
from tests.journeys.acting import (
    COORDINATOR,
    CSC,
    GP,
    IDVA,
    LANDLORD,
    POLICE,
    a_conference,
    doing,
    heard,
    listed,
)
from tests.journeys.test_races import Other
from tests.journeys.world import World, _fresh, example, position

BASE = "https://gateway.example"
LOCKS = Proposal(
    ActionTheme.TARGET_HARDEN,
    "Fit a new lock and a door chain.",
    LANDLORD,
    evidence="The job sheet is signed.",
)


def known(ref: str) -> str:
    return str(references.read(ref))


def proposed(world: World, ref: str, by: str = COORDINATOR, new: Proposal = LOCKS) -> int:
    with doing(world, by) as work:
        return flow.propose(work, known(ref), new).number


def did(world: World, ref: str, number: int, by: str, act: str, **more: Any) -> ActionStatus:
    with doing(world, by) as work:
        return flow.settle(work, known(ref), number, ActionAct(act), **more)


def plan(world: World, ref: str, by: str) -> dict[str, Any]:
    with doing(world, by) as work:
        return dict(flow.show_actions(work, known(ref), issuer=BASE).document)


def stopped(act: Callable[..., Any], *given: Any, **more: Any) -> str:
    with pytest.raises((Conflict, Invalid, NotFound)) as raised:
        act(*given, **more)
    return raised.value.code


def test_F93_an_action_goes_its_way_each_step_dated_logged_and_told(world: World) -> None:
    conference = a_conference(world)
    ref = listed(world, conference)
    heard(world, ref)
    number = proposed(world, ref)
    assert world.rows(t.action)[0]["owner_id"] == LANDLORD
    world.sequence()
    for client in (world.client(LANDLORD),):
        (item,) = [i for i in client.list_cases()["items"] if i["notice"] == "ACTION"]
        assert item["kind"] == "CHANGED"
    world.later(days=1)
    assert did(world, ref, number, LANDLORD, "ACCEPT") is ActionStatus.ACCEPTED
    assert did(world, ref, number, LANDLORD, "START") is ActionStatus.IN_PROGRESS
    world.later(days=1)
    done = did(world, ref, number, LANDLORD, "COMPLETE", note="Job sheet 4711, signed.")
    assert done is ActionStatus.COMPLETED
    assert did(world, ref, number, COORDINATOR, "VERIFY") is ActionStatus.COMPLETED
    (shown,) = plan(world, ref, COORDINATOR)["actions"]
    assert (shown["text"], shown["evidence_wanted"]) == (LOCKS.text, LOCKS.evidence)
    assert [each["act"] for each in shown["steps"]] == [
        "PROPOSE",
        "ACCEPT",
        "START",
        "COMPLETE",
        "VERIFY",
    ]
    assert shown["steps"][3]["evidence"] == "Job sheet 4711, signed."
    assert (shown["steps"][1]["worker"], shown["is_verified"]) == ("homes-01", True)
    told = world.log(event="action.settled")
    assert [each["because"] for each in told] == ["ACCEPT", "START", "COMPLETE", "VERIFY"]
    assert {each["facts"]["action"] for each in told} == {number}
    assert "lock" not in str(world.log()).replace("locked", "")
    with world.engine.connect() as connection:
        for table in (t.action, t.action_step):
            assert "lock" not in str(connection.execute(table.select()).all())


def test_F93_nobody_is_bound_who_did_not_accept(world: World) -> None:
    ref = listed(world, a_conference(world))
    number = proposed(world, ref)  # the landlord is not in the room, so it is not accepted
    (row,) = world.rows(t.action_step)
    assert (row["status"], row["by_agency"]) == ("PROPOSED", COORDINATOR)
    with doing(world, COORDINATOR) as work:
        found = flow.propose(work, known(ref), LOCKS, is_volunteered=True)
    assert found.status is ActionStatus.PROPOSED, "nobody says for somebody absent that it accepts"
    assert stopped(did, world, ref, number, COORDINATOR, "ACCEPT") == "not_yours"
    assert stopped(did, world, ref, number, LANDLORD, "COMPLETE", note="x") == "illegal_state"
    own = Proposal(ActionTheme.INFO_GATHER, "Look at the repair history.", LANDLORD)
    with doing(world, LANDLORD) as work:  # who proposes its own action volunteers
        assert flow.propose(work, known(ref), own).status is ActionStatus.ACCEPTED
    other = Proposal(ActionTheme.POLICE_MARKER, "Place a marker.", POLICE)
    assert stopped(proposed, world, ref, LANDLORD, other) == "not_found"
    with doing(world, COORDINATOR) as work:
        (taken,) = flow.take_in(work, known(ref), [other])
    assert taken.status is ActionStatus.ACCEPTED
    reasoned = did(world, ref, number, LANDLORD, "CANNOT", reason=NotPossible.CIRCUMSTANCES_CHANGED)
    assert reasoned is ActionStatus.NOT_POSSIBLE


def test_F93_V1_an_action_of_another_case_or_agency_is_not_there(sqlite_world: World) -> None:
    world = sqlite_world
    conference = a_conference(world)
    ref = listed(world, conference)
    other = listed(world, conference, "c4")
    number = proposed(world, ref)
    for by, where, act in (
        (IDVA, ref, "ACCEPT"),
        (IDVA, ref, "SUPERSEDE"),
        (COORDINATOR, other, "SUPERSEDE"),
        (LANDLORD, other, "ACCEPT"),
        ("tidewell-housing", ref, "ACCEPT"),
        ("fenhollow-marac", ref, "SUPERSEDE"),
        (COORDINATOR, "7K3MQ-2XF8A-C", "SUPERSEDE"),
    ):
        assert stopped(did, world, where, number, by, act) == "not_found", (by, where)
    assert stopped(proposed, world, ref, "fenhollow-marac") == "not_found"
    assert stopped(proposed, world, ref, IDVA) == "not_found"
    assert [row["act"] for row in world.rows(t.action_step)] == ["PROPOSE"]
    refused = [e for e in world.log(event="action.settled") if e["outcome"] != "allowed"]
    assert len(refused) == 7


def test_V16_what_the_table_opens_of_others_actions_is_what_each_reader_gets(
    world: World,
) -> None:
    ref = listed(world, a_conference(world))
    heard(world, ref)
    proposed(world, ref)
    for reader, words in ((COORDINATOR, True), (IDVA, True), (LANDLORD, True)):
        (shown,) = plan(world, ref, reader)["actions"]
        assert ("text" in shown) is words, reader
    police = plan(world, ref, POLICE)  # a summary: whose it is and of which kind
    assert [(each["theme"], each["owner"]) for each in police["actions"]] == [
        ("TARGET_HARDEN", LANDLORD)
    ]
    assert not {"text", "steps", "evidence_wanted"} & police["actions"][0].keys()
    own = Proposal(ActionTheme.IDVA_CONTACT, "Ring her at ten.", IDVA)
    proposed(world, ref, COORDINATOR, own)
    mine = plan(world, ref, LANDLORD)  # it referred, and was not asked for research
    assert ([each["owner"] for each in mine["actions"]], mine["has_others"]) == ([LANDLORD], False)
    asked = plan(world, ref, CSC)  # a summary, as for the police
    assert [each.keys() & {"text"} for each in asked["actions"]] == [set(), set()]
    assert "Ring her" not in str(world.client(LANDLORD).pull(ref, "P9").document)
    assert "Fit a new lock" in str(world.client(IDVA).pull(ref, "P9").document)
    assert "Fit a new lock" not in str(world.client(POLICE).pull(ref, "P9").document)


def test_T01_F56_what_tells_where_she_is_is_held_in_an_action_from_its_own_owner(
    world: World,
) -> None:
    ref = listed(world, a_conference(world), "c3", by="fenhollow-idva")
    heard(world, ref)
    leaking = Proposal(
        ActionTheme.SAFETY_PLAN, "Keep the flat.\nShe is at Lantern House now.", LANDLORD
    )
    proposed(world, ref, COORDINATOR, leaking)
    (shown,) = plan(world, ref, LANDLORD)["actions"]
    assert shown["text"] == f"Keep the flat.\n{HELD}"
    assert "Lantern" not in str(world.client(LANDLORD).pull(ref, "P9").document)
    assert "Lantern House" in str(world.client(IDVA).pull(ref, "P2").document), "who knows it"


def test_F93_an_agency_that_her_condition_leaves_out_is_given_no_action(world: World) -> None:
    ref = listed(world, a_conference(world))  # she agrees, but not to her doctor's surgery
    new = Proposal(ActionTheme.HEALTH_APPT, "See her on Monday.", GP)
    assert stopped(proposed, world, ref, COORDINATOR, new) == "left_out"
    assert not world.rows(t.action)
    absent = Proposal(ActionTheme.PROBATION_RECALL_LICENCE, "Tell us of him.", "marlbury-probation")
    proposed(world, ref, COORDINATOR, absent)  # has no part yet; is told, and may accept later
    (part,) = [row for row in world.rows(t.assignment) if row["agency_id"] == "marlbury-probation"]
    assert (part["role"], part["because"]) == ("RESEARCH", "action")


def test_promise_08_F93_a_bare_referrer_and_one_shut_out_offer_nothing_and_learn_nothing(
    world: World,
) -> None:
    conference = a_conference(world)
    own = Proposal(ActionTheme.INFO_GATHER, "Look at the repair history.", LANDLORD)
    ref = world.client(LANDLORD).refer(example("c1")).reference

    def learnt() -> tuple[str, bool]:
        with doing(world, LANDLORD) as work:
            is_open = flow.show_actions(work, known(ref), issuer=BASE).is_open
        return stopped(proposed, world, ref, LANDLORD, own), is_open

    nothing = ("not_found", False)
    assert learnt() == nothing
    world.client(COORDINATOR).decide(ref, {"decision": "ACCEPT"})
    world.client(COORDINATOR).list_case(conference, ref)
    assert learnt() == nothing, "not even that it was listed"
    police = Proposal(ActionTheme.POLICE_MARKER, "Place a marker.", POLICE)
    assert proposed(world, ref, POLICE, police), "who was asked for research offers its own"
    number = proposed(world, ref)
    assert proposed(world, ref, LANDLORD, own), "who has something to do is in the plan"
    out = [{"text": "Not the landlord", "excludes_agency": LANDLORD}]
    world.client(IDVA).record_position(ref, position("GIVEN", conditions=out))
    assert learnt() == nothing, "nor that she shut it out"
    refused = [e for e in world.log(event="action.proposed") if e["outcome"] != "allowed"]
    assert {each["because"] for each in refused} == {"not-in-the-plan"}
    assert stopped(proposed, world, ref, COORDINATOR, own) == "left_out"
    assert did(world, ref, number, COORDINATOR, "SUPERSEDE") is ActionStatus.SUPERSEDED
    assert learnt() == nothing


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"text": "  "}, "/text"),
        ({"owner": "nobody"}, "/owner"),
        ({"depends_on": 7}, "/depends_on"),
    ],
)
def test_F93_what_an_action_lacks_is_named(
    shared_sqlite_world: World, change: dict[str, Any], pointer: str
) -> None:
    world = shared_sqlite_world
    ref = listed(world, a_conference(world))
    new = Proposal(**{"theme": LOCKS.theme, "text": "x", "owner": LANDLORD, **change})
    with pytest.raises(Invalid) as raised:
        proposed(world, ref, COORDINATOR, new)
    assert [each.pointer for each in raised.value.problems] == [pointer]


def test_F93_the_plan_goes_out_in_one_act_and_is_closed_when_all_is(world: World) -> None:
    conference = a_conference(world)
    refs = [listed(world, conference), listed(world, conference, "c4")]
    numbers = [proposed(world, ref) for ref in refs]
    heard(world, refs[0])
    with doing(world, COORDINATOR) as work:
        sent = flow.send_plan(work, conference)
    assert (sent.cases, sent.actions) == (1, 1), "what was not heard has no plan yet"
    states = [r["state"] for r in world.rows(t.state, case_id=world.case_of(refs[0]))]
    assert states[-1] == CaseState.ACTIONS_OPEN
    with pytest.raises(NotFound), doing(world, IDVA) as work:
        flow.send_plan(work, conference)
    with pytest.raises(Conflict) as raised, doing(world, COORDINATOR) as work:
        flow.send_plan(work, conference)
    assert raised.value.code == "nothing_to_send"
    late = proposed(world, refs[0])
    with doing(world, COORDINATOR) as work:
        assert flow.send_plan(work, conference).actions == 1
        asked = known(refs[0])
    with pytest.raises(Conflict) as raised, doing(world, COORDINATOR) as work:
        flow.close_plan(work, asked)
    assert raised.value.code == "actions_open"
    for number in (numbers[0], late):
        did(world, refs[0], number, COORDINATOR, "SUPERSEDE")
    with doing(world, COORDINATOR) as work:
        assert flow.close_plan(work, asked) is CaseState.MONITORING


def test_F93_own_actions_are_listed_and_the_area_s_for_its_coordinator(world: World) -> None:
    conference = a_conference(world)
    refs = [listed(world, conference), listed(world, conference, "c4")]
    proposed(world, refs[0])
    world.later(days=30)
    proposed(world, refs[1])
    proposed(world, refs[1], COORDINATOR, Proposal(ActionTheme.SAFETY_PLAN, "x", IDVA))
    with doing(world, LANDLORD) as work:
        mine = flow.list_tasks(work)
    assert [(each.reference, each.is_overdue, each.is_own) for each in mine] == [
        (refs[0], True, True),
        (refs[1], False, True),
    ]
    with doing(world, COORDINATOR) as work:
        assert sorted(each.owner for each in flow.list_tasks(work)) == [LANDLORD, LANDLORD, IDVA]
    with doing(world, CSC) as work:
        assert flow.list_tasks(work) == ()


def test_F93_F31_the_next_agenda_splits_not_possible_from_not_done(world: World) -> None:
    first = a_conference(world, at="2026-12-01T09:30:00Z")
    ref = listed(world, first)
    heard(world, ref)
    cannot, missed = proposed(world, ref), proposed(world, ref)
    done = proposed(world, ref)
    other = proposed(world, ref, COORDINATOR, Proposal(ActionTheme.SAFETY_PLAN, "x", IDVA))
    for number in (cannot, missed, done):
        did(world, ref, number, LANDLORD, "ACCEPT")
    reason = NotPossible.CIRCUMSTANCES_CHANGED
    did(world, ref, cannot, LANDLORD, "CANNOT", reason=reason)
    did(world, ref, missed, LANDLORD, "MISS")
    did(world, ref, done, LANDLORD, "COMPLETE", note="Done.")
    second = a_conference(world, at="2026-12-20T09:30:00Z")
    world.later(days=20)  # what the IDVA service did not accept is overdue by now
    told = world.client(COORDINATOR).agenda(second)["outstanding"]
    assert [each["owner"] for each in told["not_possible"]] == [LANDLORD]
    assert sorted(each["owner"] for each in told["not_done"]) == [LANDLORD, IDVA]
    own = world.client(IDVA).agenda(second)["outstanding"]
    assert (own["not_possible"], [each["owner"] for each in own["not_done"]]) == ([], [IDVA])
    assert other
    assert "outstanding" not in world.client(POLICE).agenda(second)
    html = str(world.client(COORDINATOR).agenda(second, form="html"))
    assert "Not possible, because circumstances changed: 1" in html
    assert "Not done: 2" in html


@pytest.mark.parametrize("act", ["close", "propose"])
def test_V40_a_plan_that_two_change_at_once_is_closed_once_and_takes_no_action_more(
    request: pytest.FixtureRequest, act: str
) -> None:
    """Both come while somebody reads; on PostgreSQL, where neither waits for the reader alone."""
    with _fresh(request, "postgresql") as world:
        conference = a_conference(world)
        ref = listed(world, conference)
        heard(world, ref)
        with doing(world, COORDINATOR) as work:
            flow.send_plan(work, conference)
        with doing(world, IDVA) as work:
            flow.show_actions(work, known(ref), issuer=BASE)
            first = Other(lambda: changed(world, ref, "close"))
            assert first.waits()
            second = Other(lambda: changed(world, ref, act))
            assert second.waits()
        assert [first.end().answer, second.end().answer] == ["done", "illegal_state"]
        states = [row["state"] for row in world.rows(t.state, case_id=world.case_of(ref))]
        assert states.count(CaseState.MONITORING) == 1
        assert not world.rows(t.action)


def test_V40_who_reads_minutes_at_once_is_answered_one_after_the_other(
    request: pytest.FixtureRequest,
) -> None:
    with _fresh(request, "postgresql") as world:
        ref = listed(world, a_conference(world))

        def read() -> str:
            with doing(world, COORDINATOR) as work:
                flow.read_minutes(work, known(ref), issuer=BASE)
            return "read"

        with doing(world, IDVA) as work:
            flow.show_actions(work, known(ref), issuer=BASE)
            readers = [Other(read), Other(read)]
            assert all(each.waits() for each in readers)
        assert [each.end().answer for each in readers] == ["read", "read"]


def changed(world: World, ref: str, act: str) -> str:
    """What came of closing a plan, or of putting something into it."""
    try:
        with doing(world, COORDINATOR) as work:
            if act == "close":
                flow.close_plan(work, known(ref))
            else:
                flow.propose(work, known(ref), LOCKS)
    except GatewayError as error:
        return error.code
    return "done"


def test_V40_a_plan_that_another_sends_meanwhile_is_not_sent_twice(world: World) -> None:
    conference = a_conference(world)
    ref = listed(world, conference)
    heard(world, ref)
    case_id = world.case_of(ref)

    def sent() -> str:
        with pytest.raises(Conflict) as raised, doing(world, COORDINATOR) as work:
            flow.send_plan(work, conference)
        return raised.value.code

    with doing(world, COORDINATOR) as work:
        cases.lock_case(work.session, case_id)
        by = By(COORDINATOR, "marac-01", world.now)
        states = [CaseState.ACTIONS_OPEN]
        cases.add_states(work.session, case_id=case_id, states=states, because="test", by=by)
        work.record("plan.sent", case_id, because="sent")
        other = Other(sent)
        assert other.waits()
    assert other.end().answer == "nothing_to_send"
    assert [r["state"] for r in world.rows(t.state, case_id=case_id)].count("ACTIONS_OPEN") == 1

"""The life of a case: every pair of states, every guard, every decision."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from gateway.errors import Conflict
from gateway.rules.consent import ConsentTable, decide, every_combination
from gateway.rules.states import (
    EDGES,
    Guards,
    after_decision,
    can_withdraw,
    mermaid,
    move,
    stage,
)
from gateway.schemas.codes import CaseState, Outcome, Stage

S = CaseState

# Every guard met.
FREE = Guards(
    by_coordinator=True,
    by_chair=True,
    chair_reason=True,
    declarations_made=True,
    open_actions=0,
    is_on_hold=False,
    is_under_16=False,
    challenges=0,
    deferrals=0,
    is_disputed=False,
)

# The published edges, written a second time and in another form.
PUBLISHED = """
DRAFT: SUBMITTED ABANDONED
SUBMITTED: TRIAGE
TRIAGE: RETURNED REJECTED ACCEPTED MERGED REDIRECTED
RETURNED: SUBMITTED LAPSED_ESCALATED ABANDONED
LAPSED_ESCALATED: SUBMITTED ACCEPTED REJECTED
REJECTED: TRIAGE CLOSED
REDIRECTED: CLOSED
MERGED: CLOSED
ACCEPTED: LISTED EMERGENCY TRANSFER_OUT_PENDING WITHDRAWN
LISTED: RESEARCH EMERGENCY TRANSFER_OUT_PENDING WITHDRAWN
RESEARCH: READY EMERGENCY DEFERRED TRANSFER_OUT_PENDING
READY: HEARD DEFERRED EMERGENCY TRANSFER_OUT_PENDING
DEFERRED: LISTED
EMERGENCY: HEARD
HEARD: ACTIONS_OPEN TRANSFER_OUT_PENDING
ACTIONS_OPEN: MONITORING RELISTED TRANSFER_OUT_PENDING
RELISTED: RESEARCH
MONITORING: CLOSED TRANSFER_OUT_PENDING
TRANSFER_OUT_PENDING: TRANSFERRED_OUT LISTED ACTIONS_OPEN MONITORING
TRANSFERRED_OUT: RETAINED
WITHDRAWN: RETAINED
CLOSED: RETAINED
RETAINED: LEGAL_HOLD DESTROYED
LEGAL_HOLD: RETAINED
ABANDONED: DESTROYED
"""
LEGAL = {
    (line.split(": ")[0], to)
    for line in PUBLISHED.strip().splitlines()
    for to in line.split(": ")[1].split()
}


@pytest.mark.parametrize(("state", "to"), list(product(CaseState, CaseState)))
def test_V20_only_published_steps_are_possible(state: CaseState, to: CaseState) -> None:
    if (state, to) in LEGAL:
        assert move(state, to, guards=FREE) is to
        return
    with pytest.raises(Conflict) as raised:
        move(state, to, guards=FREE)
    assert raised.value.code == "illegal_state"


def closure(start: set[CaseState], edges: set[tuple[str, str]]) -> set[CaseState]:
    reached = set(start)
    while more := {S(to) for state, to in edges if state in reached} - reached:
        reached |= more
    return reached


def test_F30_every_state_is_known_and_reached() -> None:
    assert set(EDGES) == set(CaseState)
    assert len(CaseState) == 26
    assert sum(map(len, EDGES.values())) == len(LEGAL) == 55
    assert closure({S.DRAFT}, LEGAL) == set(CaseState)


def test_F30_every_state_can_end() -> None:
    backwards = {(to, state) for state, to in LEGAL}
    assert closure({S.DESTROYED}, backwards) == set(CaseState)
    assert not EDGES[S.DESTROYED]


# --- guards -----------------------------------------------------------------------------------

GUARDED = [
    (S.READY, S.HEARD, {"declarations_made": False}, "declarations_missing"),
    (S.EMERGENCY, S.HEARD, {"declarations_made": False}, "declarations_missing"),
    (S.MONITORING, S.CLOSED, {"open_actions": 1, "chair_reason": False}, "actions_open"),
    (S.MONITORING, S.CLOSED, {"open_actions": None, "chair_reason": False}, "actions_open"),
    (S.REDIRECTED, S.CLOSED, {"open_actions": 2, "chair_reason": False}, "actions_open"),
    (S.ACCEPTED, S.WITHDRAWN, {"by_chair": False}, "needs_coordinator_and_chair"),
    (S.LISTED, S.WITHDRAWN, {"by_coordinator": False}, "needs_coordinator_and_chair"),
    (S.RETAINED, S.DESTROYED, {"is_on_hold": True}, "legal_hold"),
    (S.ABANDONED, S.DESTROYED, {"is_on_hold": True}, "legal_hold"),
    (S.TRIAGE, S.ACCEPTED, {"is_under_16": True}, "under_age"),
    (S.LAPSED_ESCALATED, S.ACCEPTED, {"is_under_16": True}, "under_age"),
    (S.READY, S.DEFERRED, {"deferrals": 1}, "deferred_before"),
    (S.READY, S.DEFERRED, {"by_chair": False}, "chair_only"),
    (S.RESEARCH, S.DEFERRED, {"deferrals": None}, "deferred_before"),
    (S.REJECTED, S.TRIAGE, {"challenges": 1}, "challenged_before"),
    (S.LAPSED_ESCALATED, S.REJECTED, {"by_chair": False}, "chair_only"),
    (S.TRIAGE, S.REJECTED, {"by_chair": False, "is_disputed": True}, "chair_only"),
    (S.TRIAGE, S.ACCEPTED, {"by_chair": False, "is_disputed": True}, "chair_only"),
]


@pytest.mark.parametrize(("state", "to", "changes", "code"), GUARDED)
def test_F30_a_guard_stops_a_published_step(
    state: CaseState, to: CaseState, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(Conflict) as raised:
        move(state, to, guards=replace(FREE, **changes))  # type: ignore[arg-type]
    assert raised.value.code == code


def test_F30_a_chairs_reason_closes_a_case_with_open_actions() -> None:
    assert move(S.MONITORING, S.CLOSED, guards=replace(FREE, open_actions=3)) is S.CLOSED


def test_F30_with_nothing_known_every_guarded_step_is_stopped() -> None:
    for state, to, _, _ in GUARDED:
        with pytest.raises(Conflict):
            move(state, to)


def test_F30_nothing_is_destroyed_from_a_legal_hold() -> None:
    assert EDGES[S.LEGAL_HOLD] == {S.RETAINED}


def test_an_objection_alone_withdraws_no_accepted_case() -> None:
    assert {state for state in CaseState if can_withdraw(state)} == {S.DRAFT, S.RETURNED}


# --- stages -----------------------------------------------------------------------------------

STAGES = {
    Stage.BEFORE_LISTING: "SUBMITTED TRIAGE RETURNED LAPSED_ESCALATED REJECTED REDIRECTED MERGED "
    "ACCEPTED",
    Stage.RESEARCH: "LISTED RESEARCH READY DEFERRED EMERGENCY",
    Stage.AFTER: "HEARD ACTIONS_OPEN RELISTED TRANSFER_OUT_PENDING",
    Stage.MONITORING: "MONITORING",
    Stage.NONE: "DRAFT TRANSFERRED_OUT WITHDRAWN CLOSED RETAINED LEGAL_HOLD DESTROYED ABANDONED",
}


@pytest.mark.parametrize("where", list(STAGES))
def test_each_state_has_its_stage(where: Stage) -> None:
    assert {state for state in CaseState if stage(state, False) is where} == set(
        map(S, STAGES[where].split())
    )


@pytest.mark.parametrize("state", list(CaseState))
def test_an_open_conference_shows_nothing_of_a_case_that_is_not_live(state: CaseState) -> None:
    quiet = stage(state, False)
    expected = Stage.MEETING if quiet in (Stage.RESEARCH, Stage.AFTER) else quiet
    assert stage(state, True) is expected


# --- decisions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "rule", "path"),
    [
        (Outcome.ALLOW, "R5a", (S.TRIAGE,)),
        (Outcome.ALLOW_OVERRIDE, "R6", (S.TRIAGE,)),
        (Outcome.ALLOW_BEST_INTERESTS, "R4a", (S.TRIAGE,)),
        (Outcome.ALLOW_SUPPORT, "R8", (S.TRIAGE,)),
        (Outcome.ALLOW_MIN, "R2", (S.TRIAGE, S.REDIRECTED)),
        (Outcome.ALLOW_MIN, "R9", (S.TRIAGE, S.RETURNED)),
        (Outcome.ESCALATE, "R7", (S.TRIAGE, S.RETURNED)),
        (Outcome.HOLD_RECORD, "R3", (S.TRIAGE, S.RETURNED)),
        (Outcome.NO_SHARE, "R12", (S.TRIAGE, S.RETURNED)),
    ],
)
def test_a_decision_leads_to_its_state(
    outcome: Outcome, rule: str, path: tuple[CaseState, ...]
) -> None:
    assert after_decision(outcome, rule) == path


def test_every_decision_of_the_table_leads_along_published_steps(consent: ConsentTable) -> None:
    for decision in {decide(consent, facts) for facts in every_combination()}:
        at = S.SUBMITTED
        for to in after_decision(decision.outcome, decision.rule):
            at = move(at, to, guards=FREE)
        assert at in (S.TRIAGE, S.RETURNED, S.REDIRECTED)


# --- the diagram ------------------------------------------------------------------------------


def test_the_diagram_shows_every_edge_once() -> None:
    lines = mermaid().splitlines()
    drawn = [tuple(line.split(" --> ")) for line in map(str.strip, lines[1:])]

    assert lines[0] == "stateDiagram-v2"
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == LEGAL | {("[*]", "DRAFT"), ("DESTROYED", "[*]")}

"""Owns the life of a case: which state may follow which, under what guard, and at what stage.

Decision and state are two facts: a consent decision leads to a state, it is not one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from gateway.errors import Conflict
from gateway.schemas.codes import CaseRole, CaseState, Outcome, ReturnReason, Stage

S = CaseState
CAME_BACK = "transfer-ended"  # why a case stands where it was before it was offered
ASKED = "withdrawal"  # before a colon and a reason: asked for, which moves nothing
_OF_REFERRER = frozenset({S.SUBMITTED, S.TRIAGE, S.RETURNED, S.LAPSED_ESCALATED, S.REJECTED})

EDGES: Mapping[CaseState, frozenset[CaseState]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.ABANDONED}),
    S.SUBMITTED: frozenset({S.TRIAGE}),
    S.TRIAGE: frozenset({S.RETURNED, S.REJECTED, S.ACCEPTED, S.MERGED, S.REDIRECTED}),
    S.RETURNED: frozenset({S.SUBMITTED, S.LAPSED_ESCALATED, S.ABANDONED}),
    S.LAPSED_ESCALATED: frozenset({S.SUBMITTED, S.ACCEPTED, S.REJECTED}),
    S.REJECTED: frozenset({S.TRIAGE, S.CLOSED}),
    S.REDIRECTED: frozenset({S.CLOSED}),
    S.MERGED: frozenset({S.CLOSED}),
    S.ACCEPTED: frozenset({S.LISTED, S.EMERGENCY, S.TRANSFER_OUT_PENDING, S.WITHDRAWN}),
    S.LISTED: frozenset({S.RESEARCH, S.EMERGENCY, S.TRANSFER_OUT_PENDING, S.WITHDRAWN}),
    S.RESEARCH: frozenset({S.READY, S.EMERGENCY, S.DEFERRED, S.TRANSFER_OUT_PENDING}),
    S.READY: frozenset({S.HEARD, S.DEFERRED, S.EMERGENCY, S.TRANSFER_OUT_PENDING}),
    S.DEFERRED: frozenset({S.LISTED}),
    S.EMERGENCY: frozenset({S.HEARD}),
    S.HEARD: frozenset({S.ACTIONS_OPEN, S.TRANSFER_OUT_PENDING}),
    S.ACTIONS_OPEN: frozenset({S.MONITORING, S.RELISTED, S.TRANSFER_OUT_PENDING}),
    S.RELISTED: frozenset({S.RESEARCH}),
    S.MONITORING: frozenset({S.CLOSED, S.TRANSFER_OUT_PENDING}),
    S.TRANSFER_OUT_PENDING: frozenset({S.TRANSFERRED_OUT, S.LISTED, S.ACTIONS_OPEN, S.MONITORING}),
    S.TRANSFERRED_OUT: frozenset({S.RETAINED}),
    S.WITHDRAWN: frozenset({S.RETAINED}),
    S.CLOSED: frozenset({S.RETAINED}),
    S.RETAINED: frozenset({S.LEGAL_HOLD, S.DESTROYED}),
    S.LEGAL_HOLD: frozenset({S.RETAINED}),
    S.DESTROYED: frozenset(),
    S.ABANDONED: frozenset({S.DESTROYED}),
}

STAGES: Mapping[CaseState, Stage] = {
    S.SUBMITTED: Stage.BEFORE_LISTING,
    S.TRIAGE: Stage.BEFORE_LISTING,
    S.RETURNED: Stage.BEFORE_LISTING,
    S.LAPSED_ESCALATED: Stage.BEFORE_LISTING,
    # A refusal may be challenged once, and merged or redirected cases still wait for an answer:
    # the coordinator has to be able to read what was decided on.
    S.REJECTED: Stage.BEFORE_LISTING,
    S.REDIRECTED: Stage.BEFORE_LISTING,
    S.MERGED: Stage.BEFORE_LISTING,
    S.ACCEPTED: Stage.BEFORE_LISTING,
    S.LISTED: Stage.RESEARCH,
    S.RESEARCH: Stage.RESEARCH,
    S.READY: Stage.RESEARCH,
    S.DEFERRED: Stage.RESEARCH,
    S.EMERGENCY: Stage.RESEARCH,
    S.HEARD: Stage.AFTER,
    S.ACTIONS_OPEN: Stage.AFTER,
    S.RELISTED: Stage.AFTER,
    S.MONITORING: Stage.MONITORING,
    # The old area keeps its duty until the new one has taken the case on: who supports her, who
    # coordinates and who has to act see on. Nobody is asked for research meanwhile.
    S.TRANSFER_OUT_PENDING: Stage.AFTER,
}  # every other state: Stage.NONE
OVER = frozenset(S) - STAGES.keys()
"""Where nothing of a case is to be seen any more, so that nothing in it waits for anybody."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What is known when a case moves. Each default is the answer that lets least happen."""

    by_coordinator: bool = False
    by_chair: bool = False
    chair_reason: bool = False  # the chair wrote down why, although actions are open
    declarations_made: bool = False  # everyone in the room signed for confidentiality
    open_actions: int | None = None  # None: not counted, so not known to be none
    is_on_hold: bool = True
    is_under_16: bool = True
    challenges: int | None = None  # how often a refusal was challenged before
    deferrals: int | None = None
    is_disputed: bool = True  # a refusal was challenged, so the threshold is the chair's to judge


NOTHING_KNOWN = Guards()


def move(state: CaseState, to: CaseState, *, guards: Guards = NOTHING_KNOWN) -> CaseState:
    """Return `to` if the case may go there from `state`.

    :raises Conflict: code "illegal_state" where there is no such edge, else the guard's code.
    """
    if to not in EDGES[state]:
        raise Conflict("The case cannot go there from where it is.", code="illegal_state")
    stopped = _stopped(state, to, guards)
    if stopped:
        raise Conflict("A condition of this step is not met.", code=stopped)
    return to


def can_withdraw(state: CaseState) -> bool:
    """Whether a referrer takes a referral back alone; from elsewhere it asks the coordinator.

    The same holds for an objection of the victim: it never withdraws a case by itself.
    """
    return S.ABANDONED in EDGES[state]


def came_back(because: Sequence[str]) -> bool:
    """Whether a case stands where it does because its transfer came to nothing.

    `because` is why it took each of its steps, oldest first. That somebody asked for a withdrawal
    since then has changed nothing.
    """
    moved = (each for each in reversed(because) if each.partition(":")[0] != ASKED)
    return next(moved, "") == CAME_BACK


def can_list(state: CaseState, *, is_back: bool = False) -> bool:
    """Whether a case can come on a list; an emergency stands on it to be ratified.

    One whose transfer came to nothing stands as listed, and may be on no list any more.
    """
    if state is S.LISTED:
        return is_back
    is_elsewhere = state is S.TRANSFER_OUT_PENDING
    return state is S.EMERGENCY or (S.LISTED in EDGES[state] and not is_elsewhere)


def stage(state: CaseState, in_conference: bool) -> Stage:
    """Return where a case stands for need-to-know; NONE wherever nothing is to be seen."""
    base = STAGES.get(state, Stage.NONE)
    if in_conference and base in (Stage.RESEARCH, Stage.AFTER):
        return Stage.MEETING
    return base


def after_decision(outcome: Outcome, rule: str) -> tuple[CaseState, ...]:
    """Return the states a newly submitted case goes through, from SUBMITTED, after a decision.

    Nothing valid is lost: whatever cannot go on to triage waits as RETURNED, with its duties
    fired. A victim under 16 (rule R2) is redirected to children's social care.
    """
    match outcome:
        case (
            Outcome.ALLOW
            | Outcome.ALLOW_OVERRIDE
            | Outcome.ALLOW_BEST_INTERESTS
            | Outcome.ALLOW_SUPPORT
        ):
            return (S.TRIAGE,)
        case Outcome.ALLOW_MIN if rule == "R2":
            return (S.TRIAGE, S.REDIRECTED)
        case Outcome.ALLOW_MIN | Outcome.ESCALATE | Outcome.HOLD_RECORD | Outcome.NO_SHARE:
            return (S.TRIAGE, S.RETURNED)
        case _:
            assert_never(outcome)


def arrival(
    outcome: Outcome, rule: str, *, is_area_known: bool
) -> tuple[tuple[CaseState, ...], tuple[ReturnReason, ...]]:
    """Return the states a newly sent referral passes through, and why it stops where it does."""
    path = (S.SUBMITTED, *after_decision(outcome, rule))
    reasons: tuple[ReturnReason, ...] = ()
    if outcome is Outcome.HOLD_RECORD:
        reasons = (ReturnReason.CONSENT_RECORD_INCOMPLETE,)
    elif path[-1] is S.REDIRECTED:
        reasons = (ReturnReason.UNDER_AGE,)
    if not is_area_known:
        reasons = (*reasons, ReturnReason.WRONG_AREA)
        if path[-1] is S.TRIAGE:
            path = (*path, S.RETURNED)
    return path, reasons


def goes_on(outcome: Outcome) -> bool:
    """Whether a referral that waits with its sender goes on after such a decision."""
    waits = (Outcome.HOLD_RECORD, Outcome.ESCALATE, Outcome.NO_SHARE, Outcome.ALLOW_MIN)
    return outcome not in waits


def owner(state: CaseState) -> CaseRole:
    """Whose a case is: until it is accepted its referrer's, afterwards the coordinator's."""
    return CaseRole.REFERRER if state in _OF_REFERRER else CaseRole.COORDINATOR


def mermaid() -> str:
    """Return the states and edges as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {S.DRAFT}"]
    for state, following in EDGES.items():
        lines += [f"    {state} --> {to}" for to in CaseState if to in following]
        if not following:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines) + "\n"


def _stopped(state: CaseState, to: CaseState, guards: Guards) -> str | None:
    """Return the code of the guard that stops a step, or None. One row per guard."""
    by_both = guards.by_coordinator and guards.by_chair
    rows = (
        (to is S.HEARD, guards.declarations_made, "declarations_missing"),
        (to is S.CLOSED, guards.open_actions == 0 or guards.chair_reason, "actions_open"),
        (to is S.WITHDRAWN, by_both, "needs_coordinator_and_chair"),
        (to is S.DESTROYED, not guards.is_on_hold, "legal_hold"),
        (to is S.ACCEPTED, not guards.is_under_16, "under_age"),
        (to is S.DEFERRED, guards.deferrals == 0, "deferred_before"),
        (to is S.DEFERRED, guards.by_chair, "chair_only"),
        ((state, to) == (S.REJECTED, S.TRIAGE), guards.challenges == 0, "challenged_before"),
        ((state, to) == (S.LAPSED_ESCALATED, S.REJECTED), guards.by_chair, "chair_only"),
        (_judges(state, to), guards.by_chair or not guards.is_disputed, "chair_only"),
    )
    return next((code for applies, is_met, code in rows if applies and not is_met), None)


def _judges(state: CaseState, to: CaseState) -> bool:
    """Whether this step says that the threshold is met, or is not."""
    return state is S.TRIAGE and to in (S.ACCEPTED, S.REJECTED)

"""Owns how a case leaves its way: the two who withdraw it, and where a transfer leads back to.

The old area keeps its duty until the new one has taken the case on: nothing falls in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import Conflict
from gateway.rules.states import ASKED, EDGES, Guards, move
from gateway.schemas.codes import CaseState, RiskLevel
from gateway.schemas.move_codes import MoveAct, MoveReason

S = CaseState
TRANSFER, DONE = "transfer", "transferred"
OUTSIDE = "-"  # in the place of an area: one that is not on this gateway
# Where a case goes on whose transfer came to nothing.
_BACK: Mapping[CaseState, CaseState] = {
    S.ACCEPTED: S.LISTED,
    S.LISTED: S.LISTED,
    S.RESEARCH: S.LISTED,
    S.READY: S.LISTED,
    S.HEARD: S.ACTIONS_OPEN,
    S.ACTIONS_OPEN: S.ACTIONS_OPEN,
    S.MONITORING: S.MONITORING,
}
CIRCULATED = frozenset({S.RESEARCH, S.READY})


@dataclass(frozen=True, slots=True)
class Was:
    """One step of a case's past: where it stood, why, and who said so."""

    state: CaseState
    because: str
    by: tuple[str, str | None]  # agency and worker


def withdraw(
    past: Sequence[Was],
    by: tuple[str, str | None],
    reason: MoveReason,
    *,
    by_chair: bool,
    level: RiskLevel,
) -> CaseState | None:
    """Return WITHDRAWN if the second of two says so; None if the first has asked for it.

    Somebody who coordinates asks, and a chair who is somebody else confirms the same reason.

    :raises Conflict: illegal_state; same_person; needs_coordinator_and_chair, if it was asked for
        and who confirms is no chair, or gives another reason; high_risk, for an objection alone.
    """
    now = past[-1]
    both = Guards(by_coordinator=True, by_chair=True)
    move(now.state, S.WITHDRAWN, guards=both)
    if reason is MoveReason.VICTIM_OBJECTS and level is RiskLevel.HIGH:
        raise Conflict("An objection alone withdraws no high-risk case.", code="high_risk")
    asked = asked_for(now)
    if asked is None:
        return None
    if now.by == by:
        raise Conflict("Somebody else confirms it.", code="same_person")
    is_confirmed = by_chair and asked is reason
    return move(now.state, S.WITHDRAWN, guards=Guards(by_coordinator=True, by_chair=is_confirmed))


def asked_for(now: Was) -> MoveReason | None:
    """Return the reason for which a withdrawal was asked, if that waits for a chair."""
    what, _, reason = now.because.partition(":")
    return MoveReason(reason) if what == ASKED and now.state is not S.WITHDRAWN else None


def offer(state: CaseState, *, is_agreed: bool, by_chair: bool) -> CaseState:
    """Return the state of a case that is offered to another area.

    While it is monitored it is seen by fewer than while it is offered: a chair opens it again.

    :raises Conflict: illegal_state; chair_only; circulated, if its list is out and the areas have
        not agreed: then it is heard first, and transferred with the minutes and the plan.
    """
    pending = move(state, S.TRANSFER_OUT_PENDING)
    if state is S.MONITORING and not by_chair:
        raise Conflict("A chair offers a case that is monitored.", code="chair_only")
    if state in CIRCULATED and not is_agreed:
        raise Conflict("Its list is out: hear it first, or agree.", code="circulated")
    return pending


def offered_to(now: Was) -> str:
    """Return the area that a case is offered to; OUTSIDE if that is not on this gateway.

    :raises Conflict: illegal_state, if it is offered to none.
    """
    what, _, area = now.because.partition(":")
    if now.state is not S.TRANSFER_OUT_PENDING or what != TRANSFER:
        raise Conflict("The case is not on its way to another area.", code="illegal_state")
    return area


def note_outside(now: Was, by: tuple[str, str | None], *, by_chair: bool) -> None:
    """Refuse who alone would end a case by an area that nobody here can ask.

    :raises Conflict: chair_only; same_person, if the same offered it, or software that anybody
        may have used.
    """
    if not by_chair:
        raise Conflict("A chair notes that it was taken on.", code="chair_only")
    if now.by == by or now.by[1] is None:
        raise Conflict("Somebody else notes it than who offered it.", code="same_person")


def back(past: Sequence[Was]) -> CaseState:
    """Return where a case goes on in its old area, whose transfer came to nothing.

    :raises Conflict: illegal_state.
    """
    before = next((each.state for each in reversed(past) if each.state in _BACK), None)
    if before is None:
        raise Conflict("The case is not on its way to another area.", code="illegal_state")
    return move(past[-1].state, _BACK[before])


def received(state: CaseState) -> CaseState:
    """Return the state of a case that the new area has taken on. :raises Conflict: illegal_state"""
    return move(state, S.TRANSFERRED_OUT)


def close(
    state: CaseState, *, open_actions: int, by_chair: bool, has_note: bool, has_flag: bool
) -> CaseState:
    """Return CLOSED; while an action is open, or the flag stands, only a chair who says why.

    :raises Conflict: illegal_state, actions_open, flag_stands.
    """
    is_chairs = by_chair and has_note
    guards = Guards(open_actions=open_actions, chair_reason=is_chairs, by_chair=by_chair)
    closed = move(state, S.CLOSED, guards=guards)
    if has_flag and not is_chairs:
        raise Conflict("Its flag stands.", code="flag_stands")
    return closed


def open_to(state: CaseState, *, is_receiver: bool, is_outside: bool) -> tuple[MoveAct, ...]:
    """Return what may be done with a case in this state, but for what only a guard tells."""
    if state is S.TRANSFER_OUT_PENDING:
        answers = (MoveAct.RECEIVE, MoveAct.DECLINE)
        if is_receiver:
            return answers
        return (*answers, MoveAct.RECALL) if is_outside else (MoveAct.RECALL,)
    if is_receiver:
        return ()
    leads = {
        MoveAct.TRANSFER: S.TRANSFER_OUT_PENDING,
        MoveAct.WITHDRAW: S.WITHDRAWN,
        MoveAct.CLOSE: S.CLOSED,
    }
    return tuple(act for act, to in leads.items() if to in EDGES[state])

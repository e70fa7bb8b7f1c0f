"""Owns the codes of how a case leaves its way: what is done, why, and what a referrer is told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class MoveAct(StrEnum):
    """What is done; a transfer is offered, then taken on, declined, or called back."""

    WITHDRAW = "WITHDRAW"
    CLOSE = "CLOSE"
    TRANSFER = "TRANSFER"
    RECEIVE = "RECEIVE"
    DECLINE = "DECLINE"
    RECALL = "RECALL"


class MoveReason(StrEnum):
    """Why; which of them belong to which act, REASONS says."""

    MADE_IN_ERROR = "MADE_IN_ERROR"
    WRONG_PERSON = "WRONG_PERSON"
    DUPLICATE = "DUPLICATE"
    DIED = "DIED"
    MOVED_AWAY = "MOVED_AWAY"  # out of reach of any conference
    VICTIM_OBJECTS = "VICTIM_OBJECTS"
    ANSWERED = "ANSWERED"  # nothing more will come of it
    PLAN_DONE = "PLAN_DONE"
    MOVED_FOR_GOOD = "MOVED_FOR_GOOD"
    MOVED_FOR_A_TIME = "MOVED_FOR_A_TIME"
    NOT_IN_AREA = "NOT_IN_AREA"
    KNOWN_HERE = "KNOWN_HERE"  # heard in the other area already
    INCOMPLETE = "INCOMPLETE"  # papers are missing
    NOT_MOVED = "NOT_MOVED"


_R = MoveReason
REASONS: Mapping[MoveAct, tuple[MoveReason, ...]] = {
    MoveAct.WITHDRAW: (
        _R.MADE_IN_ERROR,
        _R.WRONG_PERSON,
        _R.DUPLICATE,
        _R.MOVED_AWAY,
        _R.DIED,
        _R.VICTIM_OBJECTS,
    ),
    MoveAct.CLOSE: (_R.ANSWERED, _R.PLAN_DONE, _R.DIED),
    MoveAct.TRANSFER: (_R.MOVED_FOR_GOOD, _R.MOVED_FOR_A_TIME),
    MoveAct.RECEIVE: (),
    MoveAct.DECLINE: (_R.NOT_IN_AREA, _R.KNOWN_HERE, _R.INCOMPLETE),
    MoveAct.RECALL: (_R.NOT_MOVED, _R.MADE_IN_ERROR),
}
# What a referrer is told of a withdrawal. Neither where she is, nor that somebody else referred.
TOLD = frozenset({_R.MADE_IN_ERROR, _R.WRONG_PERSON, _R.VICTIM_OBJECTS, _R.DIED})

"""Owns the words for how a case leaves its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.schemas.move_codes import MoveAct, MoveReason

OUTSIDE = "-"
SETTLED = "Somebody settled it before, or the case stands otherwise now. What you wrote is below."
_A, _R = MoveAct, MoveReason


@dataclass(frozen=True, slots=True)
class Said:
    """How one act is called: its heading, its button, and what follows from it."""

    title: str
    button: str
    what: str
    why: str = "Why?"


ACTS: Mapping[MoveAct, Said] = {
    _A.TRANSFER: Said(
        "Hand it to another area",
        "Offer it",
        "For when she moves. The other area has two working days to answer. Until it has taken the"
        " case on, your area keeps every duty, and whoever supports her here goes on.",
    ),
    _A.WITHDRAW: Said(
        "Withdraw it",
        "Withdraw it",
        "It takes two: one asks, and a chair who is somebody else confirms the same reason.",
    ),
    _A.CLOSE: Said(
        "Close it",
        "Close it",
        "Nothing more is expected. While an action is open or the flag stands, only a chair closes"
        " it, and writes down why.",
    ),
    _A.RECEIVE: Said(
        "Take it on",
        "Take it on",
        "It becomes a case of your area, graded and routed by your own tables, and whoever supports"
        " her there is told at once.",
    ),
    _A.DECLINE: Said(
        "Decline it", "Decline it", "It goes on in the old area, and is shown there no more."
    ),
    _A.RECALL: Said(
        "Call it back",
        "Call it back",
        "It goes on here, and whoever was told of it in the other area sees it no more.",
    ),
}
NOTED = Said(
    "They have taken it on",
    "Note it",
    "It ends the case here, so it takes two: a chair who did not offer it rings them, and writes"
    " down what they said.",
)
REASONS: Mapping[MoveReason, str] = {
    _R.MADE_IN_ERROR: "It was made in error",
    _R.WRONG_PERSON: "It is about another person",
    _R.DUPLICATE: "The same was referred before",
    _R.DIED: "She, or who harms her, has died",
    _R.MOVED_AWAY: "She has moved to where no conference reaches her",
    _R.VICTIM_OBJECTS: "She objects (not where the risk is high)",
    _R.ANSWERED: "Nothing more will come of it",
    _R.PLAN_DONE: "The plan is done",
    _R.MOVED_FOR_GOOD: "She has moved there for good",
    _R.MOVED_FOR_A_TIME: "She has moved there for a time",
    _R.NOT_IN_AREA: "She does not live in this area",
    _R.KNOWN_HERE: "It was heard in this area already",
    _R.INCOMPLETE: "Papers are missing",
    _R.NOT_MOVED: "She has not moved",
}
DONE: Mapping[MoveAct, str] = {
    _A.TRANSFER: "It is offered. Ring the other area, so that somebody knows.",
    _A.WITHDRAW: "It is noted.",
    _A.CLOSE: "It is closed.",
    _A.RECEIVE: "It is noted that the other area has taken it on.",
    _A.DECLINE: "It is noted that the other area has declined. The case goes on here.",
    _A.RECALL: "It goes on here.",
}
STOPPED: Mapping[str, str] = {
    "illegal_state": SETTLED,
    "same_person": "You asked for it, or offered it, yourself. Somebody else confirms it, who is a"
    " chair.",
    "chair_only": "A chair does this.",
    "needs_coordinator_and_chair": "A chair confirms it, for the reason for which it was asked.",
    "high_risk": "Her objection alone withdraws no high-risk case.",
    "circulated": "Its list is out. The conference hears it first; or tick that both areas agreed.",
    "receiver_only": "The other area answers for itself.",
    "actions_open": "Actions are open. A chair may close it, and writes down why.",
    "flag_stands": "Its flag stands. Take it off first; or a chair closes it, and writes down why.",
    "not_whole": "What was sent of it is not there any more.",
}
_FAULTS: Mapping[str, str] = {
    "reason": "Choose why.",
    "area": "Choose where it goes.",
    "note": "Write down what they said, and who.",
    "act": "Choose what is to be done.",
}


def fault(name: str) -> str:
    """What is wrong with a field."""
    return _FAULTS.get(name, "The form was not ours, or is too old. Open the page again.")

"""Owns the life of an action: what may follow what, who does it, when it is due and who is told.

The owner volunteers or accepts; nobody who is absent is bound by what others wrote down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from gateway.errors import Conflict
from gateway.rules.clocks import Clock, WorkingDays, due
from gateway.schemas.action_codes import (
    ActionAct,
    ActionRung,
    ActionStatus,
    ActionTheme,
    ActionUrgency,
    NotPossible,
)
from gateway.schemas.codes import CaseState, Contact

A, S, C = ActionAct, ActionStatus, CaseState

_CLOSING = {A.COMPLETE: S.COMPLETED, A.CANNOT: S.NOT_POSSIBLE, A.MISS: S.NOT_DONE}
_REPLACE = {A.SUPERSEDE: S.SUPERSEDED}
# status -> act -> the status that follows
EDGES: Mapping[ActionStatus, Mapping[ActionAct, ActionStatus]] = {
    S.PROPOSED: {A.ACCEPT: S.ACCEPTED, A.CANNOT: S.NOT_POSSIBLE, **_REPLACE},
    S.ACCEPTED: {A.START: S.IN_PROGRESS, **_CLOSING, **_REPLACE},
    S.IN_PROGRESS: {**_CLOSING, **_REPLACE},
    S.COMPLETED: {A.VERIFY: S.COMPLETED},
    S.NOT_POSSIBLE: _REPLACE,
    S.NOT_DONE: {A.START: S.IN_PROGRESS, A.COMPLETE: S.COMPLETED, **_REPLACE},
    S.SUPERSEDED: {},
}
OF_OWNER = frozenset({A.ACCEPT, A.START, A.COMPLETE, A.CANNOT, A.MISS})
OF_COORDINATOR = frozenset({A.SUPERSEDE, A.VERIFY})
OPEN = frozenset({S.PROPOSED, S.ACCEPTED, S.IN_PROGRESS})

# From when a case is listed until its plan is closed; an emergency plans before it is heard.
PLANNED_IN = frozenset(
    {
        *(C.LISTED, C.RESEARCH, C.READY, C.DEFERRED, C.EMERGENCY),
        *(C.HEARD, C.ACTIONS_OPEN, C.RELISTED),
    }
)

# How a word begins -> what an action with it is likely to be about.
_STEMS: Mapping[str, ActionTheme] = {
    "lock": ActionTheme.TARGET_HARDEN,
    "alarm": ActionTheme.TARGET_HARDEN,
    "refuge": ActionTheme.REFUGE,
    "rehous": ActionTheme.REHOUSE,
    "marker": ActionTheme.POLICE_MARKER,
    "flag": ActionTheme.FLAG,
    "arrest": ActionTheme.ARREST_ENFORCE,
    "injunct": ActionTheme.INJUNCTION_ASB,
    "stalking": ActionTheme.STALKING_SPO,
    "school": ActionTheme.SCHOOL_INFORM,
    "nurser": ActionTheme.SCHOOL_INFORM,
    "recall": ActionTheme.PROBATION_RECALL_LICENCE,
    "licen": ActionTheme.PROBATION_RECALL_LICENCE,
    "tenan": ActionTheme.TENANCY_ENFORCE,
    "mappa": ActionTheme.MAPPA_REF,
    "alcohol": ActionTheme.SUBSTANCE,
    "drug": ActionTheme.SUBSTANCE,
}

CLOCKS: Mapping[ActionUrgency, str] = {
    ActionUrgency.ROUTINE: "CLK_ACTION_DEFAULT",
    ActionUrgency.URGENT: "CLK_ACTION_URGENT",
}
# Which clock, from the day on which an action was due; the agenda's rung is the next conference.
RUNG_CLOCKS: Mapping[ActionRung, str] = {
    ActionRung.OWNER: "CLK_ACTION_REMIND",
    ActionRung.LEAD: "CLK_ACTION_REMIND",
    ActionRung.CHAIR: "CLK_ACTION_CHAIR",
    ActionRung.STEERING: "CLK_ACTION_STEERING",
}
CONTACTS: Mapping[ActionRung, Contact] = {
    ActionRung.OWNER: Contact.DUTY,
    ActionRung.LEAD: Contact.LEAD,
    ActionRung.CHAIR: Contact.CHAIR,
    ActionRung.AGENDA: Contact.DUTY,
    ActionRung.STEERING: Contact.STEERING,
}
TO_OWNER = frozenset({ActionRung.OWNER, ActionRung.LEAD})  # the others are the coordinator's


def step(
    status: ActionStatus, act: ActionAct, *, is_owner: bool, coordinates: bool
) -> ActionStatus:
    """Return how an action stands after an act.

    :raises Conflict: code not_yours if another does this, illegal_state if it cannot be done now.
    """
    may = (act in OF_OWNER and is_owner) or (act in OF_COORDINATOR and coordinates)
    if not may:
        raise Conflict("This is for somebody else to do.", code="not_yours")
    if act not in EDGES[status]:
        raise Conflict("The action cannot go there from where it is.", code="illegal_state")
    return EDGES[status][act]


def lacks(act: ActionAct, *, reason: NotPossible | None, note: str) -> str | None:
    """Return which member an act lacks: the reason for what cannot be done, or the evidence."""
    if act is A.CANNOT and reason is None:
        return "reason"
    needs_note = act is A.COMPLETE or reason is NotPossible.OTHER
    return "note" if needs_note and not note.strip() else None


def suggested(text: str) -> ActionTheme | None:
    """What an action seems to be about, by its first telling word; a person says what it is."""
    for word in re.findall(r"[a-z]+", text.lower()):
        for stem, theme in _STEMS.items():
            if word.startswith(stem):
                return theme
    return None


def due_at(
    urgency: ActionUrgency, at: datetime, clocks: Mapping[str, Clock], calendar: WorkingDays
) -> datetime:
    """Return when an action agreed at a moment is due, unless a day was set."""
    return due(clocks[CLOCKS[urgency]], at, calendar)


def is_overdue(status: ActionStatus, due_by: datetime, now: datetime) -> bool:
    """Whether an action should have been done by now and was not, whoever was to accept it."""
    return status in OPEN and due_by < now


def rungs_due(
    due_by: datetime,
    now: datetime,
    *,
    clocks: Mapping[str, Clock],
    calendar: WorkingDays,
    meets_at: datetime | None,
) -> tuple[tuple[ActionRung, datetime], ...]:
    """Return the rungs that an action still open has reached by now, each with when it did.

    `meets_at` is when the first conference of the area after the due day begins, if one is planned.
    """
    found = []
    for rung in ActionRung:
        clock = RUNG_CLOCKS.get(rung)
        at = due(clocks[clock], due_by, calendar) if clock else meets_at
        if at is not None and at <= now:
            found.append((rung, at))
    return tuple(found)


def split(actions: Iterable[tuple[ActionStatus, datetime]], now: datetime) -> tuple[int, int]:
    """Return how many are not possible, and how many not done: said so, or open and overdue.

    The two headings under which a conference takes the actions of the last one.
    """
    rows: Sequence[tuple[ActionStatus, datetime]] = list(actions)
    cannot = sum(status is S.NOT_POSSIBLE for status, _ in rows)
    missed = sum(status is S.NOT_DONE or is_overdue(status, by, now) for status, by in rows)
    return cannot, missed


def mermaid() -> str:
    """Return statuses and acts as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {S.PROPOSED}"]
    for status, following in EDGES.items():
        lines += [f"    {status} --> {to}: {act}" for act, to in following.items()]
        if not following:
            lines.append(f"    {status} --> [*]")
    return "\n".join(lines) + "\n"

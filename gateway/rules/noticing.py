"""Owns the ladder: who is told, and when, that nobody has read a high-risk case.

What is picked up too late helps nobody: each period without a reader is told one rung higher.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.rules.clocks import Clock, WorkingDays, due
from gateway.schemas.codes import CaseState, Contact, Danger, Rung

S = CaseState
# A case in one of these is read by the IDVA service that it was given to, or somebody has to know.
READABLE = (
    S.SUBMITTED,
    S.TRIAGE,
    S.ACCEPTED,
    S.LISTED,
    S.RESEARCH,
    S.READY,
    S.DEFERRED,
    S.EMERGENCY,
    S.HEARD,
    S.ACTIONS_OPEN,
    S.RELISTED,
    S.TRANSFER_OUT_PENDING,
)
CONTACTS: Mapping[Rung, Contact] = {
    Rung.WORKER: Contact.DUTY,
    Rung.LEAD: Contact.LEAD,
    Rung.COORDINATOR: Contact.DUTY,
    Rung.CHAIR: Contact.CHAIR,
}
OF_READER = frozenset({Rung.WORKER, Rung.LEAD})  # the others are the coordinator's
SILENT_AFTER = timedelta(minutes=5)  # a worker looks twice a minute


def clock_of(danger: Danger) -> str:
    """The clock of one period: imminent danger to life does not wait for the office to open."""
    return "CLK_UNREAD_IMMINENT" if danger is Danger.IMMINENT_LIFE else "CLK_UNREAD"


def rungs_due(
    clock: Clock, since: datetime, now: datetime, calendar: WorkingDays
) -> tuple[tuple[Rung, datetime], ...]:
    """The rungs that a case unread since then has reached by now, each with when it did."""
    found = []
    for number, rung in enumerate(Rung, 1):
        at = due(replace(clock, amount=clock.amount * number), since, calendar)
        if at <= now:
            found.append((rung, at))
    return tuple(found)


def is_silent(last: datetime | None, now: datetime) -> bool:
    """Whether nobody looks any more, so that nobody is told of anything."""
    return last is None or now - last > SILENT_AFTER

"""Owns the invitation to a conference: when it is, for whoever attends. It tells of no case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.disclosure import require_purpose
from gateway.flows.conferences.finding import attended_by_caller
from gateway.ledger import Entry, Work
from gateway.rules import agenda as rule
from gateway.schemas.chance import new_uuid
from gateway.schemas.codes import Purpose


@dataclass(frozen=True, slots=True)
class Invitation:
    """When a conference is planned for; `ends_at` is the same however many cases are listed."""

    uid: str  # of chance: the conference's own id stands in addresses of the desk
    made_at: datetime
    starts_at: datetime
    ends_at: datetime
    zone: str


def invite(
    work: Work, conference_id: str, *, purpose: Purpose | None = None
) -> tuple[Invitation, Entry]:
    """Return when a conference is, for a calendar.

    :raises Denied: if the caller's agency does not attend.
    :raises Invalid: for a purpose that it may not state.
    """
    row = attended_by_caller(work, conference_id, "conference.invited")
    if purpose is not None:
        require_purpose(work, purpose)
    profile = work.profiles.for_area(row.area, work.today)
    planned = profile.capacity
    ends_at = rule.planned_end(row.starts_at, cases=planned.cases, minutes=planned.minutes)
    entry = work.record(
        "conference.invited",
        None,
        because="attending",
        purpose=purpose,
        facts={"conference": conference_id},
    )
    made = Invitation(
        new_uuid(work.chance), work.now, row.starts_at, ends_at, zone=str(profile.zone)
    )
    return made, entry

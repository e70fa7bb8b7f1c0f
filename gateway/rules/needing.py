"""Owns what a case needs of a person now, and in which order: danger before clocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from gateway.rules.disclosure import ALERT
from gateway.schemas.codes import CaseRole, CaseState, RiskLevel

__all__ = ["ALERT", "Need", "of_coordinator", "of_partner"]

SOON = timedelta(days=7)


class Need(StrEnum):
    """What waits for somebody; in this order it is shown."""

    IMMINENT = "IMMINENT"  # high risk, danger is imminent, and no supporter took the case on
    UNTAKEN = "UNTAKEN"  # high risk, and no supporter took the case on
    TRIAGE = "TRIAGE"
    TRANSFER = "TRANSFER"  # offered to another area, which has not answered
    EMERGENCY = "EMERGENCY"
    DEPUTY = "DEPUTY"  # an agency is tied to somebody, and nobody reads for it
    GLASS = "GLASS"
    EVENT = "EVENT"  # a release, a hearing or the end of an order within seven days
    RETURNED = "RETURNED"  # the agency's own referral came back
    OWED = "OWED"  # because of what the victim said
    MATCH = "MATCH"  # perhaps the same people as an earlier case
    COUNTER = "COUNTER"  # two accuse each other, and nobody found who is the victim
    ASKED = "ASKED"  # somebody asks for a section that the table gives case by case
    WORDS = "WORDS"  # words to be taken out of what the agency wrote, until it says so
    FLAG = "FLAG"  # its 12 months are over, and nobody took it off
    OVERDUE = "OVERDUE"  # an action of anybody in it is overdue
    ANSWER = "ANSWER"  # given to the agency, and not answered
    ACTION = "ACTION"  # the agency has something to do, or to accept


def of_coordinator(
    *,
    is_imminent: bool,
    level: RiskLevel,
    is_taken: bool,
    has_supporter: bool,
    triage_by: datetime | None,
    is_link_open: bool,
    needs_deputy: bool,
    has_glass: bool,
    glass_by: datetime | None,
    owed_by: datetime | None,
    events: Sequence[date],
    today: date,
    state: CaseState,
    is_counter: bool = False,
    is_asked: bool = False,
    has_draft: bool = False,
    overdue_since: datetime | None = None,
    is_flag_over: bool = False,
    transfer_by: datetime | None = None,
) -> dict[Need, datetime | None]:
    """Return what a case needs of who coordinates it, each with its clock if there is one."""
    is_untaken = level is RiskLevel.HIGH and has_supporter and not is_taken
    near = [each for each in events if today <= each <= today + SOON]
    next_event = datetime.combine(min(near), time(), UTC) if near else None
    found: dict[Need, tuple[bool, datetime | None]] = {
        Need.IMMINENT: (is_untaken and is_imminent, None),
        Need.UNTAKEN: (is_untaken and not is_imminent, None),
        Need.TRIAGE: (triage_by is not None, triage_by),
        Need.TRANSFER: (transfer_by is not None, transfer_by),
        Need.EMERGENCY: (state is CaseState.EMERGENCY, None),
        Need.DEPUTY: (needs_deputy, None),
        Need.GLASS: (has_glass, glass_by),
        Need.EVENT: (bool(near), next_event),
        Need.OWED: (owed_by is not None, owed_by),
        Need.MATCH: (is_link_open, None),
        Need.COUNTER: (is_counter, None),
        Need.ASKED: (is_asked, None),
        Need.WORDS: (has_draft, None),
        Need.FLAG: (is_flag_over, None),
        Need.OVERDUE: (overdue_since is not None, overdue_since),
    }
    return {need: at for need, (is_needed, at) in found.items() if is_needed}


def of_partner(
    *,
    roles: Collection[CaseRole],
    is_live: bool,
    has_answered: bool,
    to_do_by: datetime | None = None,
    transfer_by: datetime | None = None,
    is_returned: bool = False,
) -> dict[Need, datetime | None]:
    """Return what a case needs of an agency that was given a part in it."""
    is_given = bool({CaseRole.IDVA, CaseRole.NAMED} & set(roles))
    found: dict[Need, datetime | None] = {}
    if transfer_by is not None:  # it takes the case on, or declines it
        found[Need.TRANSFER] = transfer_by
    elif is_given and is_live and not has_answered:
        found[Need.ANSWER] = None
    if is_returned and CaseRole.REFERRER in roles:
        found[Need.RETURNED] = None
    if to_do_by is not None:
        found[Need.ACTION] = to_do_by
    return found

"""Owns who may do what at the desk: how long a session lives, which roles a worker may hold.

What a person reads of a case is decided elsewhere, for its agency; a role only opens pages.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from gateway.schemas.codes import AgencyKind, PersonRole

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=8)
INVITED_FOR = timedelta(days=3)
NOTED_EVERY = timedelta(minutes=1)  # so idle for 14 minutes may count as 15, never the reverse

CASEWORK = frozenset(
    {
        PersonRole.COORDINATOR,
        PersonRole.CHAIR,
        PersonRole.IDVA,
        PersonRole.AGENCY_REP,
        PersonRole.REFERRER,
    }
)
ENTERS = frozenset({PersonRole.COORDINATOR, PersonRole.REFERRER})  # types in a referral
DECIDES = frozenset({PersonRole.COORDINATOR, PersonRole.CHAIR})
COUNTS = DECIDES | {PersonRole.GOVERNANCE}
AUDITS = frozenset({PersonRole.DPO_AUDITOR})
ANSWERS = frozenset({PersonRole.IDVA, PersonRole.AGENCY_REP})  # for its agency
ALONE = frozenset({PersonRole.AGENCY_ADMIN, PersonRole.GOVERNANCE})  # with no other role
_BY_KIND = {
    AgencyKind.COORDINATOR: frozenset(
        {PersonRole.COORDINATOR, PersonRole.CHAIR, PersonRole.GOVERNANCE}
    ),
    AgencyKind.IDVA: frozenset({PersonRole.IDVA, PersonRole.AGENCY_REP, PersonRole.REFERRER}),
    AgencyKind.AUDITOR: frozenset({PersonRole.DPO_AUDITOR}),
}
_USUAL = frozenset({PersonRole.AGENCY_REP, PersonRole.REFERRER})


def is_live(
    *, began_at: datetime, seen_at: datetime, ended_at: datetime | None, now: datetime
) -> bool:
    """Whether a session still counts: not ended, not idle for too long, not too old."""
    return ended_at is None and timedelta() <= now - began_at < ABSOLUTE and now - seen_at < IDLE


def may_hold(kind: AgencyKind) -> frozenset[PersonRole]:
    """The roles that an agency of this kind may give its people."""
    roles = _BY_KIND.get(kind, _USUAL) - {PersonRole.CHAIR}
    return roles | {PersonRole.AGENCY_ADMIN}


def holds(
    roles: Collection[PersonRole], kind: AgencyKind, *, is_chair: bool
) -> frozenset[PersonRole]:
    """The roles that count: those given that this kind of agency has, and the chair's.

    Who keeps an agency's people, or sits in the steering group, reads no case: with either role no
    other counts.
    """
    held = frozenset(roles) & may_hold(kind)
    for alone in sorted(held & ALONE):
        return frozenset({alone})
    return held | ({PersonRole.CHAIR} if is_chair else frozenset())

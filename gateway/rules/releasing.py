"""Owns who must be asked before a team that serves both sides learns where she is (F62).

An officer of the team that visits him need not mean any harm to leave her address on his file. So
what is sealed goes to such a team only after a second person said so, who is not of it; where a
life is in danger it goes first, and the second person looks afterwards.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from gateway.rules.facts import Caller, CaseFacts
from gateway.rules.states import owner
from gateway.schemas.codes import AgencyKind, CaseRole, ReleaseState

# These always serve both sides: their teams are told apart.
BOTH = frozenset({AgencyKind.POLICE, AgencyKind.PROBATION, AgencyKind.CSC})
IN_DANGER = frozenset({"R1a", "R1b"})
DUE = timedelta(hours=24)
SECOND_PERSON = "second-person"
DECIDE, REVIEW = "DECIDE_RELEASE", "REVIEW_RELEASE"
WAITING = frozenset({DECIDE, REVIEW})  # what is owed by a second person from the start


class Release(StrEnum):
    """What becomes of one team's reading."""

    GOES = "GOES"
    GOES_FIRST = "GOES_FIRST"  # and is looked at within a day
    STOPS = "STOPS"


def may_decide(facts: CaseFacts, agency_id: str) -> bool:
    """Whether people of an agency may be the second person: who coordinates it, and whose it is."""
    member = facts.members.get(agency_id)
    return member is not None and not member.roles.isdisjoint(
        {CaseRole.COORDINATOR, owner(facts.state)}
    )


def team_of(caller: Caller) -> str:
    """The team that is decided about; an agency that need not serve both is one team."""
    return caller.team if caller.kind in BOTH else ""


def release(kind: AgencyKind, state: ReleaseState | None, rule: str) -> Release:
    """What becomes of a reading: `state` is what stands for the team, `rule` the consent rule.

    A refusal stands even in danger: somebody looked, and said no.
    """
    if state is ReleaseState.APPROVED or (state is None and kind not in BOTH):
        return Release.GOES
    if state is ReleaseState.REFUSED:
        return Release.STOPS
    return Release.GOES_FIRST if rule in IN_DANGER else Release.STOPS

"""Owns who is asked for research about a listed case, and who still is."""

from __future__ import annotations

from gateway.agencies import directory
from gateway.disclosure import find_referral, list_facts, load, may_know
from gateway.errors import Denied
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules.clocks import due
from gateway.rules.disclosure import kept_out
from gateway.rules.facts import CaseFacts
from gateway.rules.research import is_left_out
from gateway.rules.states import stage
from gateway.schemas.codes import AgencyKind, Stage
from gateway.store import cases, conferences
from gateway.store import research as store
from gateway.store.conferences import ConferenceRow
from gateway.store.research import RequestRow

_CLOCK = "CLK_RESEARCH"
_NEVER_ASKED = frozenset({AgencyKind.COORDINATOR, AgencyKind.AUDITOR})


def request_research(
    work: Work, conference: ConferenceRow, case_id: str, profile: Profile
) -> tuple[str, ...]:
    """Ask every attendee about a case that was put on the list; gives the agencies, by id.

    Due by the clock of the area; where that has passed already, by the conference itself.
    """
    facts = list_facts(work.session, [case_id], on=work.today)[case_id]
    standing = directory.standing(work.session)
    asked = tuple(
        agency_id
        for agency_id in conferences.list_attendees(work.session, conference.conference_id)
        if agency_id in facts.members
        and not standing[agency_id].is_suspended
        and standing[agency_id].kind not in _NEVER_ASKED
        and not is_left_out(facts, agency_id, standing[agency_id].kind)
    )
    by = due(profile.clocks[_CLOCK], conference.starts_at, profile.working_days)
    by = by if by > work.now else conference.starts_at
    store.add_requests(
        work.session,
        [RequestRow(conference.conference_id, case_id, each, work.now, by) for each in asked],
    )
    return asked


def find_asked(
    work: Work, conference_id: str, reference: str, *, lock: bool = False
) -> tuple[str, CaseFacts, RequestRow]:
    """The case about which the caller's agency was asked, if it still is.

    With `lock`, nobody else changes it from then on: who is about to, locks before loading.

    :raises Denied: otherwise. The same is loaded for a reference that leads nowhere.
    """
    referral = find_referral(work, reference)
    case_id = referral.case_id if referral else "-"
    if lock:
        cases.hold_case(work.session, case_id)
    facts = load(work, [case_id])[0].get(case_id)
    row = store.find_request(work.session, conference_id, case_id, agency_id=work.caller.agency_id)
    if referral is None:
        raise Denied("absent")
    because = "not-assigned" if facts is None else why_not(work, facts)
    if facts is None or because is not None:
        raise Denied(because or "not-assigned", subject=case_id)
    if row is None:
        raise Denied("not-asked", subject=case_id)
    return case_id, facts, row


def why_not(work: Work, facts: CaseFacts) -> str | None:
    """Why the caller's agency has no part in the research of a case any more; None if it has.

    The room being closed to it at this moment is no reason: a late return is never turned away.
    """
    caller = work.caller
    if (because := kept_out(facts, caller)) is not None:
        return because
    if is_left_out(facts, caller.agency_id, caller.kind):
        return "left-out"
    if stage(facts.state, facts.in_conference) is Stage.NONE:
        return "stage:NONE"
    matrix = work.profiles.for_area(facts.area, work.today).matrix
    reads = facts.members[caller.agency_id].roles & matrix.outcomes.get(facts.outcome, frozenset())
    return None if reads or may_know(work, facts) else f"outcome:{facts.outcome}"

"""Owns finding the conference that a caller runs, and a case that it coordinates."""

from __future__ import annotations

from gateway.disclosure import find_referral, get_facts, may_know
from gateway.errors import Denied
from gateway.ledger import Work
from gateway.rules.facts import CaseFacts
from gateway.rules.limits import Limits
from gateway.schemas.codes import CaseRole
from gateway.store import conferences, members
from gateway.store.conferences import ConferenceRow


def run_by_caller(work: Work, conference_id: str, event: str) -> ConferenceRow:
    """The conference, held until this Work ends, for the agency that runs it.

    :raises Denied: for everybody else.
    """
    work.attempt(event)
    conferences.hold_list(work.session, conference_id)
    row = conferences.find_conference(work.session, conference_id)
    if row is None or row.agency_id != work.caller.agency_id:
        raise Denied("not-the-coordinator" if row else "absent")
    return row


def attended_by_caller(work: Work, conference_id: str, event: str) -> ConferenceRow:
    """The conference, for an agency that attends it.

    :raises Denied: for everybody else.
    """
    work.attempt(event)
    row = conferences.find_conference(work.session, conference_id)
    attendees = conferences.list_attendees(work.session, conference_id)  # the same work for none
    if row is None or work.caller.agency_id not in attendees:
        raise Denied("not-attending" if row else "absent")
    return row


def own_case(work: Work, reference: str) -> str:
    """The case behind a reference, for the agency that coordinates it and may know of it.

    :raises Denied: for everybody else.
    """
    row = find_referral(work, reference)
    # Looked for even where there is no case: absence must not be answered sooner than refusal.
    assigned = members.list_assignments(work.session, [row.case_id if row else "-"])
    if row is None:
        raise Denied("absent")
    for each in assigned:
        if each.agency_id == work.caller.agency_id and each.role is CaseRole.COORDINATOR:
            if not may_know(work, get_facts(work, row.case_id)):
                raise Denied("not-open", subject=row.case_id)
            return row.case_id
    raise Denied("not-the-coordinator", subject=row.case_id)


def limits_of(facts: CaseFacts) -> Limits:
    """Whom the victim's limits, or a bar, leave out of a case."""
    return Limits(
        kinds=facts.excluded_kinds,
        agencies=facts.excluded_agencies,
        overridden_kinds=facts.overridden_kinds,
        barred_kinds=facts.barred_kinds,
        narrowed=facts.narrowed,
    )

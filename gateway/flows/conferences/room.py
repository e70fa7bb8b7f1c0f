"""Owns the meeting as who runs it finds it: begun, its running order, who is there, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.disclosure import beyond_wall, get_facts, list_facts, require_page
from gateway.errors import Conflict, Denied
from gateway.flows.conferences.agenda import Agenda
from gateway.flows.conferences.declaring import may_enter, require_signed
from gateway.flows.conferences.finding import limits_of, own_case, run_by_caller
from gateway.flows.conferences.ordering import show_agenda
from gateway.ledger import Work
from gateway.rules import disclosure, meeting
from gateway.rules.facts import Caller, CaseFacts
from gateway.rules.presence import Stay
from gateway.schemas.codes import CaseRole, CaseState
from gateway.store import cases, conferences, dated, meetings
from gateway.store.conferences import ConferenceRow
from gateway.store.meetings import NOBODY, AttendanceRow


@dataclass(frozen=True, slots=True)
class Attendee:
    """One person at a conference, for who runs it."""

    row: AttendanceRow
    may_enter: bool


@dataclass(frozen=True, slots=True)
class Room:
    """A meeting as who runs it sees it."""

    conference: ConferenceRow
    agenda: Agenda
    attendees: tuple[Attendee, ...]
    asked: tuple[str, ...]  # agencies that attend
    apologies: frozenset[str]
    states: dict[str, CaseState]  # by reference, of the cases on the caller's running order
    open_now: frozenset[str]  # references of the cases that are open now


@dataclass(frozen=True, slots=True)
class Hearing:
    """One case in a meeting, as who runs it sees it."""

    conference: ConferenceRow
    case_id: str
    state: CaseState
    is_open: bool
    opened_at: datetime | None
    stays: tuple[Stay, ...]  # of this conference
    may_stay: tuple[AttendanceRow, ...]  # may be in the room for this case
    must_leave: tuple[AttendanceRow, ...]
    minutes: int
    missing: tuple[str, ...]  # of those without whom an emergency is not heard


def show_room(work: Work, conference_id: str, *, issuer: str) -> Room:
    """Return the meeting as its running order, and who is at it.

    :raises Denied: for who does not run it. :raises Conflict: code declaration_missing.
    """
    row = run_by_caller(work, conference_id, "conference.room")
    require_signed(work, conference_id)
    agenda = show_agenda(work, conference_id, issuer=issuer)
    ids = {told.reference: told.facts.case_id for told in agenda.told}
    facts = list_facts(work.session, list(ids.values()), on=work.today)
    rows = meetings.list_attendance(work.session, conference_id)
    return Room(
        row,
        agenda,
        tuple(Attendee(each, may_enter(work, each)) for each in rows if each.worker_id != NOBODY),
        tuple(conferences.list_attendees(work.session, conference_id)),
        frozenset(each.agency_id for each in rows if each.worker_id == NOBODY),
        {name: facts[case_id].state for name, case_id in ids.items()},
        frozenset(name for name, case_id in ids.items() if facts[case_id].in_conference),
    )


def begin_meeting(work: Work, conference_id: str) -> None:
    """Begin the meeting: from now on its cases can be opened.

    :raises Denied: for who does not run it.
    :raises Conflict: code declaration_missing; or if it has begun.
    """
    row = run_by_caller(work, conference_id, "conference.begun")
    require_signed(work, conference_id)
    if row.begun_at is not None:
        raise Conflict("The meeting has begun already.", code="changed_meanwhile")
    conferences.set_begun(work.session, conference_id, work.now)
    work.record("conference.begun", None, because="begun", facts={"conference": conference_id})


def end_meeting(work: Work, conference_id: str) -> None:
    """End the meeting. A case that is open has to be closed before.

    :raises Denied: for who does not run it. :raises Conflict: code case_open or not_begun.
    """
    row = sitting(work, conference_id, "conference.ended")
    listed = [case_id for case_id, _ in conferences.list_listed(work.session, conference_id)]
    ids = beyond_wall(work, listed)  # what is open behind it must not show
    now = cases.list_now(work.session, ids)
    if any(each.sitting_id == conference_id for each in now.values()):
        raise Conflict("A case is still open.", code="case_open")
    conferences.set_ended(work.session, row.conference_id, work.now)
    work.record("conference.ended", None, because="ended", facts={"conference": conference_id})


def show_hearing(work: Work, conference_id: str, reference: str) -> Hearing:
    """Return how a case stands in a meeting, and who may be in the room for it.

    :raises Denied: for who does not run the meeting, or may not know of the case on a page.
    :raises Conflict: code declaration_missing.
    """
    row = run_by_caller(work, conference_id, "case.hearing")
    require_signed(work, conference_id)
    facts = find_listed(work, row, reference)
    work.record("case.hearing", facts.case_id, because="running")
    stays = meetings.list_stays(work.session, [facts.case_id])[facts.case_id]
    mine = tuple(each for each in stays if each.conference_id == conference_id)
    rows = [
        each
        for each in meetings.list_attendance(work.session, conference_id)
        if may_enter(work, each)
    ]
    inside = {(row.agency_id, row.worker_id) for row in rows if may_hear(facts, row)}
    return Hearing(
        row,
        facts.case_id,
        facts.state,
        facts.in_conference,
        min((each.arrived_at for each in mine), default=None),
        mine,
        tuple(each for each in rows if (each.agency_id, each.worker_id) in inside),
        tuple(each for each in rows if (each.agency_id, each.worker_id) not in inside),
        work.profiles.for_area(row.area, work.today).capacity.minutes,
        _missing(work, facts, mine) if facts.in_conference else (),
    )


def _missing(work: Work, facts: CaseFacts, stays: Sequence[Stay]) -> tuple[str, ...]:
    here = {(each.agency_id, each.worker_id) for each in stays if each.is_here}
    members = [facts.members[agency] for agency, _ in here if agency in facts.members]
    return meeting.missing(
        is_emergency=facts.state is CaseState.EMERGENCY,
        has_chair=bool(here & facts.ties.chairs),
        kinds={each.kind for each in members},
        has_referrer=any(CaseRole.REFERRER in each.roles for each in members),
        has_children=dated.list_risks(work.session, [facts.case_id])[facts.case_id].children > 0,
    )


def sitting(
    work: Work, conference_id: str, event: str, *, may_be_over: bool = False
) -> ConferenceRow:
    """The conference, for who runs it and has signed, while it meets."""
    row = run_by_caller(work, conference_id, event)
    require_signed(work, conference_id)
    if row.begun_at is None:
        raise Conflict("The meeting has not begun.", code="not_begun")
    if row.ended_at is not None and not may_be_over:
        raise Conflict("The meeting is over.", code="meeting_over")
    return row


def find_listed(
    work: Work,
    row: ConferenceRow,
    reference: str,
    *,
    lock: bool = False,
    on_page: bool = True,
) -> CaseFacts:
    """The facts of a listed case, for who coordinates it and may know of it; on a page, there."""
    case_id = own_case(work, reference)
    if lock:
        cases.lock_case(work.session, case_id)
    facts = get_facts(work, case_id)
    if on_page:
        require_page(work, facts)
    if case_id not in dict(conferences.list_listed(work.session, row.conference_id)):
        raise Denied("not-listed", subject=case_id)
    return facts


def may_hear(facts: CaseFacts, row: AttendanceRow) -> bool:
    """Whether somebody may be in the room for a case.

    Its agency has a part in it, no wall stands before the person, and the victim's limits do not
    leave it out. Who referred her presents the case, whatever she limited.
    """
    member = facts.members.get(row.agency_id)
    if member is None:
        return False
    is_left_out = limits_of(facts).leave_out(row.agency_id, member.kind)
    if is_left_out and CaseRole.REFERRER not in member.roles:
        return False
    person = Caller(row.agency_id, member.kind, "", worker_id=row.worker_id)
    return disclosure.kept_out(facts, person) is None

"""Owns the hearing of one case: opened to who is in the room, heard, or put off."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.disclosure import announce, open_case_key, place_flag, regrant
from gateway.errors import Conflict, Invalid, Problem
from gateway.flows.conferences.declaring import may_enter
from gateway.flows.conferences.finding import own_case
from gateway.flows.conferences.room import find_listed, may_hear, sitting
from gateway.ledger import Work
from gateway.rules import meeting
from gateway.rules.facts import CaseFacts, Worker
from gateway.rules.presence import Stay
from gateway.schemas.codes import CaseState
from gateway.schemas.consent_codes import Feedback
from gateway.schemas.meeting_codes import Deferral, HearingAct
from gateway.store import cases, dated, meetings
from gateway.store import tables as t
from gateway.store.cases import By
from gateway.store.conferences import ConferenceRow
from gateway.store.meetings import AttendanceRow

_AT_LAST = ("case.left", "case.heard")


def run_hearing(
    work: Work,
    conference_id: str,
    reference: str,
    act: HearingAct,
    *,
    present: Sequence[Worker] = (),
    feedback: Feedback | None = None,
    reason: Deferral | None = None,
) -> CaseState:
    """Do one act of a meeting by an agency's own software; gives how the case stands then.

    Also where no page shows the case, because its answers go to a deputy's own key alone: then it
    is the deputy, or a chair who is not tied, that runs it.

    :raises Denied: :raises Conflict: :raises Invalid: as the act itself.
    """
    place = (work, conference_id, reference)
    match act:
        case HearingAct.OPEN:
            open_case(*place, present, on_page=False)
        case HearingAct.ENTER | HearingAct.LEAVE:
            if len(present) != 1:
                raise Invalid("One person comes or goes.", Problem("out_of_range", "/present"))
            come_or_go = enter_room if act is HearingAct.ENTER else leave_room
            come_or_go(*place, present[0], on_page=False)
        case HearingAct.HEARD if feedback is not None:
            close_case(*place, feedback, on_page=False)
        case HearingAct.DEFER if reason is not None:
            defer_case(*place, reason, on_page=False)
        case _:
            raise Invalid("Something is missing.", Problem("needed_here", "/act"))
    case_id = own_case(work, reference)
    return cases.list_cases(work.session, [case_id])[case_id].state


def open_case(
    work: Work,
    conference_id: str,
    reference: str,
    present: Collection[Worker],
    *,
    on_page: bool = True,
) -> CaseState:
    """Open a case in the meeting to who is in the room, and to nobody else.

    A list that nobody circulated counts as circulated now, and its cut-off as passed.

    :raises Denied: as `show_hearing`.
    :raises Conflict: code not_begun, illegal_state, declaration_missing.
    :raises Invalid: if nobody is present, or somebody who may not be.
    """
    row = sitting(work, conference_id, "case.opened")
    facts = find_listed(work, row, reference, lock=True, on_page=on_page)
    path = meeting.path_to_hearing(facts.state)
    if path is None or facts.in_conference:
        raise Conflict("The case cannot be heard as it stands.", code="illegal_state")
    if path:
        move(work, facts.case_id, path, because="meeting-begun")
    cases.set_sitting(work.session, facts.case_id, conference_id)
    people = _people(work, conference_id, facts, present)
    stays = [Stay(conference_id, p.agency_id, p.worker_id, p.attending, work.now) for p in people]
    meetings.add_stays(work.session, facts.case_id, stays)
    _regrant(work, facts)
    facts_of_it = {
        "conference": conference_id,
        "present": sorted([each.agency_id, each.worker_id] for each in stays),
    }
    entry = work.record("case.opened", facts.case_id, because="in-meeting", facts=facts_of_it)
    announce(work, facts, entry.id)
    return path[-1] if path else facts.state


def enter_room(
    work: Work, conference_id: str, reference: str, who: Worker, *, on_page: bool = True
) -> None:
    """Let somebody into the room while a case is heard.

    :raises Denied: as `show_hearing`. :raises Conflict: if the case is not open, or it is there.
    :raises Invalid: for somebody who may not be.
    """
    row, facts, stays = _open(work, conference_id, reference, "case.entered", on_page)
    if who in {(each.agency_id, each.worker_id) for each in stays}:
        raise Conflict("That person is in the room.", code="changed_meanwhile")
    (person,) = _people(work, conference_id, facts, [who])
    stay = Stay(row.conference_id, *who, person.attending, work.now)
    meetings.add_stays(work.session, facts.case_id, [stay])
    _regrant(work, facts)
    told = {"conference": conference_id, "person": list(who)}
    entry = work.record("case.entered", facts.case_id, because="in-meeting", facts=told)
    announce(work, facts, entry.id)


def leave_room(
    work: Work, conference_id: str, reference: str, who: Worker, *, on_page: bool = True
) -> None:
    """Let somebody leave the room while a case is heard: nothing of it opens to it from then on.

    :raises Denied: as `show_hearing`. :raises Conflict: if it is not in the room.
    """
    _, facts, stays = _open(work, conference_id, reference, "case.left", on_page)
    stay = next((each for each in stays if (each.agency_id, each.worker_id) == who), None)
    if stay is None:
        raise Conflict("That person is not in the room.", code="changed_meanwhile")
    meetings.end_stay(work.session, facts.case_id, stay, at=work.now, to_end=False)
    _regrant(work, facts)
    told = {"conference": conference_id, "person": list(who)}
    work.record("case.left", facts.case_id, because="in-meeting", facts=told)


def close_case(
    work: Work, conference_id: str, reference: str, feedback: Feedback, *, on_page: bool = True
) -> None:
    """Note that a case was heard; its referrer is told so, and what came of it.

    :raises Denied: as `show_hearing`.
    :raises Conflict: if it is not open; code declarations_missing, if somebody in the room has not
        signed the text in force, or nobody was there.
    """
    _, facts, stays = _open(work, conference_id, reference, "case.heard", on_page)
    everyone = [
        (each.agency_id, each.worker_id)
        for each in meetings.list_stays(work.session, [facts.case_id])[facts.case_id]
        if each.conference_id == conference_id
    ]
    signed = [
        (each.agency_id, each.worker_id)
        for each in meetings.list_attendance(work.session, conference_id)
        if may_enter(work, each)
    ]
    state = meeting.hear(facts.state, present=everyone, signed=signed)
    _close(work, facts, stays, state, because="heard", to_end=True)
    dated.add_dated(
        work.session,
        t.feedback,
        case_id=facts.case_id,
        code=str(feedback),
        reasons=[],
        at=work.now,
    )
    told = {"conference": conference_id, "feedback": str(feedback)}
    entry = work.record("case.heard", facts.case_id, because=str(feedback), facts=told)
    announce(work, facts, entry.id)
    place_flag(work, facts)


def defer_case(
    work: Work, conference_id: str, reference: str, reason: Deferral, *, on_page: bool = True
) -> None:
    """Put a case off to the next conference, as the chair, once, for a coded reason.

    :raises Denied: as `show_hearing`.
    :raises Conflict: code chair_only, deferred_before, illegal_state, not_begun.
    """
    row = sitting(work, conference_id, "case.deferred")
    facts = find_listed(work, row, reference, lock=True, on_page=on_page)
    path = meeting.path_to_hearing(facts.state) or ()
    before = cases.count_states(work.session, facts.case_id, CaseState.DEFERRED)
    at = path[-1] if path else facts.state
    state = meeting.can_defer(at, by_chair=work.caller.is_chair, deferrals=before)
    if path:
        move(work, facts.case_id, path, because="meeting-begun")
    stays = _here(work, conference_id, facts.case_id)
    _close(work, facts, stays, state, because=f"deferred:{reason}", to_end=False)
    told = {"conference": conference_id, "reason": str(reason)}
    entry = work.record("case.deferred", facts.case_id, because=str(reason), facts=told)
    announce(work, facts, entry.id)


# --- within -----------------------------------------------------------------------------------


def _open(
    work: Work, conference_id: str, reference: str, event: str, on_page: bool
) -> tuple[ConferenceRow, CaseFacts, list[Stay]]:
    # What was open when somebody ended the meeting that may not know of it, is closed afterwards.
    row = sitting(work, conference_id, event, may_be_over=event in _AT_LAST)
    facts = find_listed(work, row, reference, lock=True, on_page=on_page)
    now = cases.list_now(work.session, [facts.case_id])[facts.case_id]
    if now.sitting_id != conference_id:
        raise Conflict("The case is not open in this meeting.", code="case_not_open")
    return row, facts, _here(work, conference_id, facts.case_id)


def _here(work: Work, conference_id: str, case_id: str) -> list[Stay]:
    stays = meetings.list_stays(work.session, [case_id])[case_id]
    return [s for s in stays if s.conference_id == conference_id and s.left_at is None]


def _people(
    work: Work, conference_id: str, facts: CaseFacts, who: Collection[Worker]
) -> list[AttendanceRow]:
    """Those of the register who were named.

    :raises Invalid: if one may not hear the case, or nobody speaks for any agency.
    """
    rows = {
        (each.agency_id, each.worker_id): each
        for each in meetings.list_attendance(work.session, conference_id)
        if may_enter(work, each) and may_hear(facts, each)
    }
    if not who or not set(who) <= rows.keys():
        raise Invalid("Choose who is in the room.", Problem("unknown_code", "/present"))
    return [rows[each] for each in sorted(set(who))]


def _close(
    work: Work,
    facts: CaseFacts,
    stays: Sequence[Stay],
    state: CaseState,
    *,
    because: str,
    to_end: bool,
) -> None:
    for each in stays:
        meetings.end_stay(work.session, facts.case_id, each, at=work.now, to_end=to_end)
    move(work, facts.case_id, (state,), because=because)
    cases.set_sitting(work.session, facts.case_id, None)
    _regrant(work, facts)


def move(work: Work, case_id: str, states: Sequence[CaseState], *, because: str) -> None:
    """Let a case go through states that its guards let it go to."""
    by = By(work.caller.agency_id, work.caller.worker_id, work.now)
    cases.add_states(work.session, case_id=case_id, states=states, because=because, by=by)


def _regrant(work: Work, facts: CaseFacts) -> None:
    profile = work.profiles.for_area(facts.area, work.today)
    regrant(work, open_case_key(work, facts.case_id), profile)

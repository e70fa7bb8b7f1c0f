"""Owns planning a conference and putting cases on its list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.agencies import directory
from gateway.disclosure import (
    get_facts,
    list_facts,
    open_case_key,
    regrant,
    shown_on_pages,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.conferences.asking import request_research
from gateway.flows.conferences.finding import own_case
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules.research import is_left_out
from gateway.rules.states import came_back, move
from gateway.schemas.chance import new_uuid
from gateway.schemas.codes import AgencyKind, CaseRole, CaseState, ListingKind
from gateway.store import cases, conferences, dated, feed, members, parties
from gateway.store.cases import By
from gateway.store.conferences import ConferenceRow
from gateway.store.members import NewAssignment

LASTS = timedelta(hours=8)  # one that has begun is still to come


@dataclass(frozen=True, slots=True)
class Listed:
    """A case on the list of a conference."""

    kind: ListingKind
    state: CaseState
    asked: tuple[str, ...]  # agencies now asked to look in their records


@dataclass(frozen=True, slots=True)
class Planned:
    """A conference to come, as one attending agency knows it."""

    conference_id: str
    starts_at: datetime
    locked_at: datetime | None
    is_own: bool  # run by the caller's agency
    listed: int
    capacity: int
    is_over: bool = False  # its meeting was ended


def plan(work: Work, *, area: str, starts_at: datetime, attendees: Sequence[str]) -> str:
    """Plan a conference of the caller's own area; gives its id.

    :raises Denied: if the caller does not coordinate the area.
    :raises Invalid: for an attendee that is not registered, or a time that has passed.
    """
    work.attempt("conference.plan")
    if work.caller.kind is not AgencyKind.COORDINATOR or work.caller.area != area:
        raise Denied("not-the-coordinator")
    standing = directory.standing(work.session)
    faults = [
        Problem("unknown_code", f"/attendees/{n}")
        for n, agency_id in enumerate(attendees)
        if agency_id not in standing
    ]
    if starts_at <= work.now:
        faults.append(Problem("out_of_range", "/starts_at"))
    if faults:
        raise Invalid("The conference cannot be planned like this.", *faults)
    conference_id = new_uuid(work.chance)
    conferences.add_conference(
        work.session,
        ConferenceRow(conference_id, area, work.caller.agency_id, starts_at),
        attendees=sorted({*attendees, work.caller.agency_id}),
        planned_at=work.now,
    )
    work.record(
        "conference.plan",
        None,
        because="planned",
        facts={"conference": conference_id, "attendees": sorted(attendees)},
    )
    return conference_id


def list_case(work: Work, conference_id: str, reference: str) -> Listed:
    """Put an accepted case on the list, and ask its attendees to look in their records.

    An agency that the victim's conditions leave out is not asked and learns nothing. An
    emergency stands on the list for ratification and keeps its state.

    :raises Denied: if the conference or the case is not the caller's.
    :raises Conflict: if the case cannot be listed, or is listed there already.
    """
    work.attempt("conference.list")
    conference = conferences.find_conference(work.session, conference_id)
    if conference is None:
        raise Denied("absent")
    if conference.agency_id != work.caller.agency_id:
        raise Denied("not-the-coordinator")
    case_id = own_case(work, reference)
    cases.lock_case(work.session, case_id)
    _require_open(work, conference, case_id)
    if case_id in dict(conferences.list_listed(work.session, conference_id)):
        raise Conflict("The case is on this list already.", code="already_listed")
    case = cases.list_cases(work.session, [case_id])[case_id]
    profile = work.profiles.for_area(case.area, work.today)
    kind = _kind(work, case_id, case.state, profile)
    state = case.state
    if kind is not ListingKind.EMERGENCY:
        past = [each.because for each in cases.list_states(work.session, case_id)]
        is_back = case.state is CaseState.LISTED and came_back(past)
        state = case.state if is_back else move(case.state, CaseState.LISTED)
        cases.add_states(
            work.session,
            case_id=case_id,
            states=[state],
            because="listed",
            by=By(work.caller.agency_id, work.caller.worker_id, work.now),
        )
    conferences.list_case(
        work.session,
        conference_id=conference_id,
        case_id=case_id,
        kind=kind,
        listed_at=work.now,
    )
    asked = _ask(work, case_id, conference_id, profile)
    requested = request_research(work, conference, case_id, profile)
    regrant(work, open_case_key(work, case_id), profile)
    entry = work.record(
        "conference.list",
        case_id,
        because=str(kind),
        facts={"conference": conference_id, "asked": list(asked), "research": list(requested)},
    )
    kinds = [(agency_id, "ASSIGNED") for agency_id in asked]
    kinds += [(agency_id, "CHANGED") for agency_id in requested if agency_id not in asked]
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)
    return Listed(kind, state, asked)


def list_planned(work: Work) -> tuple[Planned, ...]:
    """The conferences that the caller's agency attends: begun some hours ago, or to come, in order.

    No case is named, and none is counted that the caller may not know on a page.
    """
    work.attempt("conference.listed")
    me = work.caller.agency_id
    rows = conferences.list_coming(work.session, agency_id=me, since=work.now - LASTS)
    found = []
    for row in rows:
        profile = work.profiles.for_area(row.area, work.today)
        ids = [case_id for case_id, _ in conferences.list_listed(work.session, row.conference_id)]
        facts = list_facts(work.session, ids, on=work.today)
        known = [each for each in facts.values() if shown_on_pages(work, each) is not None]
        capacity = profile.capacity.cases
        is_own = row.agency_id == me
        found.append(
            Planned(
                row.conference_id,
                row.starts_at,
                row.locked_at,
                is_own,
                len(known),
                capacity,
                is_over=row.ended_at is not None,
            )
        )
    work.record("conference.listed", None, because="attending", facts={"conferences": len(found)})
    return tuple(found)


def _require_open(work: Work, conference: ConferenceRow, case_id: str) -> None:
    """Refuse to add to a list that stands; the chair may, and an emergency is always heard.

    Nothing is heard at a meeting that was ended: it would wait there unseen.

    :raises Conflict: code list_locked or meeting_over.
    """
    if conference.ended_at is not None:
        raise Conflict("The meeting is over.", code="meeting_over")
    state = cases.list_cases(work.session, [case_id])[case_id].state
    is_urgent = state is CaseState.EMERGENCY
    if conference.locked_at is not None and not is_urgent and not work.caller.is_chair:
        raise Conflict("The list stands: only the chair adds to it.", code="list_locked")


def _kind(work: Work, case_id: str, state: CaseState, profile: Profile) -> ListingKind:
    if state is CaseState.EMERGENCY:
        return ListingKind.EMERGENCY
    risk = dated.list_risks(work.session, [case_id])[case_id]
    if "TRANSFER_IN" in risk.criteria:
        return ListingKind.TRANSFER_IN
    links = parties.list_links(work.session, [case_id])
    wording = str(profile.repeat.definition)
    if any(wording in row.repeats and row.status != "REJECTED" for row in links):
        return ListingKind.REPEAT
    return ListingKind.NEW


def _ask(work: Work, case_id: str, conference_id: str, profile: Profile) -> tuple[str, ...]:
    """Give the attendees who are not yet in the case the role of researchers."""
    facts = get_facts(work, case_id)
    standing = directory.standing(work.session)
    asked = tuple(
        agency_id
        for agency_id in conferences.list_attendees(work.session, conference_id)
        if agency_id not in facts.members
        and not standing[agency_id].is_suspended
        and standing[agency_id].kind in profile.matrix.purposes
        and not is_left_out(facts, agency_id, standing[agency_id].kind)
    )
    members.add_assignments(
        work.session,
        case_id=case_id,
        assignments=[NewAssignment(each, CaseRole.RESEARCH, "listed") for each in asked],
        at=work.now,
    )
    return asked

"""Owns what needs a person now: the cases of an agency, counted by what waits in them.

Whatever is counted here can be opened by who sees the number: one predicate for both. The number of
statements is the same, however many cases there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.disclosure import list_facts, shown_on_pages
from gateway.flows.cases.feeding import told
from gateway.flows.cases.finding import names_of
from gateway.flows.cases.owing import is_live, list_owed
from gateway.ledger import Act, Work
from gateway.rules import approving, conflict, needing
from gateway.rules.actions import OPEN, PLANNED_IN
from gateway.rules.clocks import due
from gateway.rules.facts import Allowed, CaseFacts
from gateway.rules.needing import Need
from gateway.rules.research import is_left_out
from gateway.rules.states import OVER
from gateway.schemas.action_codes import FlagAct
from gateway.schemas.codes import (
    Acknowledgement,
    AgencyKind,
    CaseRole,
    CaseState,
    Danger,
    RedactionState,
)
from gateway.store import (
    actions,
    approvals,
    cases,
    conferences,
    dated,
    flags,
    glasses,
    members,
    parties,
    redactions,
    research,
)
from gateway.store.actions import ActionRow
from gateway.store.cases import CaseRow
from gateway.store.dated import RiskRow
from gateway.store.research import RequestRow

__all__ = ["Line", "Meeting", "Need", "Overview", "list_lines", "oversee"]

MOST = 2000  # live cases looked at, the newest: more than an area has under way
LISTED = 500  # of all cases, over or not
_ALL_ROLES = tuple(CaseRole)
_TRIAGE = "CLK_TRIAGE"
_TRANSFER = "CLK_TRANSFER_ACK"
_WAITS_WITH_SENDER = (CaseState.RETURNED, CaseState.LAPSED_ESCALATED)


@dataclass(frozen=True, slots=True)
class Line:
    """One case on a list, as its reader may know it."""

    reference: str
    level: str | None
    state: str | None
    is_alert: bool  # told that a referral is held back, and no more
    opened_at: datetime
    state_at: datetime
    roles: frozenset[CaseRole]
    answer: str | None  # of the reader's own agency
    needs: tuple[tuple[Need, datetime | None], ...]

    def due_at(self, need: Need) -> datetime | None:
        """By when something is needed in it, if by any time."""
        return dict(self.needs).get(need)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """How far one agency's research for a conference is, in cases."""

    agency_id: str
    asked: int
    returned: int
    late: int  # not here, and the day has passed


@dataclass(frozen=True, slots=True)
class Meeting:
    """The next conference of an agency."""

    conference_id: str
    starts_at: datetime
    is_own: bool  # run by the reader's agency
    listed: int
    capacity: int
    clocks: tuple[tuple[str, datetime], ...]  # code and moment, in order
    research: tuple[Outstanding, ...]  # by agency, for who runs it; the latest first


@dataclass(frozen=True, slots=True)
class Count:
    """How many cases need one thing; the soonest clock, and how many are late."""

    need: Need
    cases: int
    late: int
    soonest: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What needs the reader now, in order of danger and clock."""

    counts: tuple[Count, ...]
    live: int
    meeting: Meeting | None
    is_cut: bool = False  # there are older live cases than were looked at


def oversee(work: Work) -> Overview:
    """Count what waits in the caller's cases; one line in the log, for no case is named."""
    work.attempt("desk.overview")
    found = _look(work, over=OVER)
    lines = [_line(work, found, case_id, "") for case_id in found.allowed]
    counts = []
    for need in Need:
        times = [each.due_at(need) for each in lines if need in dict(each.needs)]
        known = sorted(at for at in times if at is not None)
        late = 0 if need is Need.EVENT else sum(at < work.now for at in known)
        if times:
            counts.append(Count(need, len(times), late, known[0] if known else None))
    live = sum(is_live(found.facts[case_id]) for case_id in found.allowed)
    work.record("desk.overview", None, because="own-cases", facts={"cases": len(lines)})
    return Overview(tuple(counts), live, _meeting(work), is_cut=found.is_cut)


def list_lines(
    work: Work, need: Need | None = None, *, within: Collection[CaseState] = ()
) -> tuple[Line, ...]:
    """The caller's cases, or those that need one thing, the most urgent first; recorded each.

    With `within` those in one of these states.
    """
    work.attempt("case.listed")
    over = frozenset(CaseState) - frozenset(within) if within else OVER
    found = _look(work, over=over if need or within else ())
    chosen = [
        case_id for case_id in found.allowed if need is None or need in found.needs.get(case_id, {})
    ]
    names = names_of(work, chosen)
    chosen = [case_id for case_id in chosen if case_id in names]  # others were erased since
    if not chosen:
        work.count("case.listed.empty")
        return ()
    work.record_all([Act("case.listed", case_id, "desk") for case_id in chosen])
    lines = [_line(work, found, case_id, names[case_id]) for case_id in chosen]
    return tuple(sorted(lines, key=lambda line: _urgency(line, need)))


@dataclass(frozen=True, slots=True)
class _Found:
    facts: Mapping[str, CaseFacts]
    allowed: Mapping[str, Allowed]
    rows: Mapping[str, CaseRow]
    risks: Mapping[str, RiskRow]
    answers: Mapping[tuple[str, str], tuple[Acknowledgement, datetime]]
    needs: Mapping[str, Mapping[Need, datetime | None]]
    is_cut: bool


def _look(work: Work, over: Collection[CaseState] = ()) -> _Found:
    me, most = work.caller.agency_id, MOST if over else LISTED
    ids = members.list_own(work.session, agency_id=me, limit=most + 1, roles=_ALL_ROLES, over=over)
    is_cut, ids = len(ids) > most, ids[:most]
    facts = list_facts(work.session, ids, on=work.today)
    may = {case_id: shown_on_pages(work, each) for case_id, each in facts.items()}
    allowed = {case_id: decision for case_id, decision in may.items() if decision is not None}
    known = list(allowed)
    rows = cases.list_cases(work.session, known)
    risks = dated.list_risks(work.session, known)
    known = [case_id for case_id in known if case_id in rows and case_id in risks]  # not erased
    allowed = {case_id: allowed[case_id] for case_id in known}
    answers = members.list_acknowledgements(work.session, known)
    needs = _needs(work, {case_id: facts[case_id] for case_id in known}, rows, risks, answers)
    return _Found(facts, allowed, rows, risks, answers, needs, is_cut)


def _needs(
    work: Work,
    facts: Mapping[str, CaseFacts],
    rows: Mapping[str, CaseRow],
    risks: Mapping[str, RiskRow],
    answers: Mapping[tuple[str, str], tuple[Acknowledgement, datetime]],
) -> dict[str, dict[Need, datetime | None]]:
    """What each case needs of the caller: all of it of its coordinator, of others their own."""
    me = work.caller.agency_id
    own = {
        case_id for case_id, each in facts.items() if CaseRole.COORDINATOR in each.members[me].roles
    }
    live = {case_id: facts[case_id] for case_id in own if is_live(facts[case_id])}
    unsettled = _unconfirmed(work, list(live))
    glass = {row.case_id: row.due_at for row in glasses.list_unreviewed(work.session, list(live))}
    owed = list_owed(work, live)
    asked = _asked(work, live)
    drafts = {
        row.case_id
        for row in redactions.list_redactions(work.session, list(live))
        if row.state is RedactionState.DRAFTED and row.owner_id == me
    }
    found_out = cases.list_primary_victims(work.session, list(live))
    planned = _planned(work, facts)
    flagged = {
        case_id
        for case_id, row in flags.list_flags(work.session, list(live)).items()
        if row.act is not FlagAct.REMOVED and row.until < work.today
    }
    found: dict[str, dict[Need, datetime | None]] = {}
    for case_id, each in facts.items():
        if case_id not in live:
            found[case_id] = _of_partner(
                work, each, answers, planned.get(case_id, ()), _transfer_by(work, each, rows)
            )
            continue
        profile = work.profiles.for_area(each.area, work.today)
        waits = each.state is CaseState.TRIAGE
        late_at = due(profile.clocks[_TRIAGE], rows[case_id].state_at, profile.working_days)
        found[case_id] = needing.of_coordinator(
            is_imminent=risks[case_id].danger == Danger.IMMINENT_LIFE,
            level=risks[case_id].level,
            is_taken=_is_taken(each, answers),
            has_supporter=any(m.kind is AgencyKind.IDVA for m in each.members.values()),
            triage_by=late_at if waits else None,
            is_link_open=case_id in unsettled,
            needs_deputy=_needs_deputy(each),
            has_glass=case_id in glass,
            glass_by=glass.get(case_id),
            owed_by=next((each.due_at for each in owed.get(case_id, ())), None),
            events=risks[case_id].events,
            today=profile.working_days.local_day(work.now),
            state=each.state,
            is_counter=each.ties.is_counter and case_id not in found_out,
            is_asked=case_id in asked,
            has_draft=case_id in drafts,
            is_flag_over=case_id in flagged,
            transfer_by=_transfer_by(work, each, rows),
            overdue_since=min(
                (row.due_at for row in planned.get(case_id, ()) if row.due_at < work.now),
                default=None,
            ),
        )
    return found


def _planned(work: Work, facts: Mapping[str, CaseFacts]) -> dict[str, list[ActionRow]]:
    """The open actions of each case, the first due first."""
    found: dict[str, list[ActionRow]] = {}
    for row in actions.list_actions(work.session, list(facts)):
        if row.status in OPEN and facts[row.case_id].state in PLANNED_IN:
            found.setdefault(row.case_id, []).append(row)
    return found


def _asked(work: Work, facts: Mapping[str, CaseFacts]) -> set[str]:
    """Cases in which somebody else asks for a section, and the caller may answer."""
    return {
        case_id
        for case_id, agency_id, section in approvals.list_asked(work.session, list(facts))
        if agency_id != work.caller.agency_id
        and approving.may_answer(facts[case_id], work.caller, section)
    }


def _of_partner(
    work: Work,
    facts: CaseFacts,
    answers: Mapping[tuple[str, str], tuple[Acknowledgement, datetime]],
    planned: Sequence[ActionRow],
    transfer_by: datetime | None,
) -> dict[Need, datetime | None]:
    me = work.caller.agency_id
    return needing.of_partner(
        roles=facts.members[me].roles,
        is_live=is_live(facts),
        has_answered=(facts.case_id, me) in answers,
        to_do_by=next((row.due_at for row in planned if row.owner_id == me), None),
        is_returned=facts.state in _WAITS_WITH_SENDER,
        transfer_by=transfer_by if work.caller.kind is AgencyKind.COORDINATOR else None,
    )


def _transfer_by(work: Work, facts: CaseFacts, rows: Mapping[str, CaseRow]) -> datetime | None:
    """Until when another area has to answer for a case that it was offered."""
    if facts.state is not CaseState.TRANSFER_OUT_PENDING:
        return None
    profile = work.profiles.for_area(facts.area, work.today)
    at = rows[facts.case_id].state_at
    return due(profile.clocks[_TRANSFER], at, profile.working_days)


def _unconfirmed(work: Work, case_ids: Sequence[str]) -> frozenset[str]:
    links = parties.list_links(work.session, case_ids)
    with work.matching():  # of a case that is shared with nobody no link tells
        others = [row.other_id for row in links]
        unshared = cases.list_unshared(work.session, others, on=work.today)
    return frozenset(
        row.case_id for row in links if row.status == "PROPOSED" and row.other_id not in unshared
    )


def _is_taken(
    facts: CaseFacts, answers: Mapping[tuple[str, str], tuple[Acknowledgement, datetime]]
) -> bool:
    return any(
        member.kind is AgencyKind.IDVA
        and (found := answers.get((facts.case_id, agency_id))) is not None
        and found[0] is Acknowledgement.ACCEPTED
        for agency_id, member in facts.members.items()
    )


def _needs_deputy(facts: CaseFacts) -> bool:
    """Whether an agency of the case is shut, and nobody was named to read for it."""
    return any(
        conflict.is_shut(facts, agency_id) and not conflict.has_stand_in(facts, agency_id)
        for agency_id in facts.members
    )


def _line(work: Work, found: _Found, case_id: str, name: str) -> Line:
    level, state = told(found.rows[case_id], found.risks[case_id], found.allowed[case_id])
    me = work.caller.agency_id
    answer = found.answers.get((case_id, me))
    return Line(
        reference=name,
        level=level,
        state=state,
        is_alert=state is None and found.allowed[case_id].because == needing.ALERT,
        opened_at=found.rows[case_id].opened_at,
        state_at=found.rows[case_id].state_at,
        roles=found.facts[case_id].members[me].roles,
        answer=str(answer[0]) if answer else None,
        needs=tuple(found.needs.get(case_id, {}).items()),
    )


def _urgency(line: Line, need: Need | None) -> tuple[int, int, datetime]:
    """Danger first, then the clock: what is needed, the level, what came first."""
    order = [each for each, _ in line.needs] if need is None else [need]
    rank = min((list(Need).index(each) for each in order), default=len(Need))
    level = {"HIGH": 0, "MEDIUM": 1, "STANDARD": 2}.get(line.level or "", 3)
    at = (line.due_at(need) if need else None) or line.opened_at
    return (level if need else rank, 0 if need else level, at)


def _meeting(work: Work) -> Meeting | None:
    """The next conference that the caller's agency attends; how many cases, none by name."""
    me = work.caller.agency_id
    since = work.now - timedelta(hours=6)  # one that has begun is still the next
    row = conferences.find_next(work.session, agency_id=me, since=since)
    if row is None:
        return None
    profile = work.profiles.for_area(row.area, work.today)
    listed = [case_id for case_id, _ in conferences.list_listed(work.session, row.conference_id)]
    facts = list_facts(work.session, listed, on=work.today)
    known = [each for each in facts.values() if shown_on_pages(work, each) is not None]
    is_own = row.agency_id == me
    clocks = [
        (code, due(profile.clocks[code], row.starts_at, profile.working_days))
        for code in ("CLK_CUTOFF", "CLK_RESEARCH")
    ]
    return Meeting(
        conference_id=row.conference_id,
        starts_at=row.starts_at,
        is_own=is_own,
        listed=len(known),
        capacity=profile.capacity.cases,
        clocks=tuple(sorted(clocks, key=lambda each: each[1])),
        research=_outstanding(work, row.conference_id, known) if is_own else (),
    )


def _outstanding(
    work: Work, conference_id: str, known: Sequence[CaseFacts]
) -> tuple[Outstanding, ...]:
    """Who was asked for research, and answered; who was left out since is not waited for."""
    facts = {each.case_id: each for each in known}
    found: dict[str, list[RequestRow]] = {}
    for row in research.list_requests(work.session, conference_id, list(facts)):
        each = facts[row.case_id]
        member = each.members.get(row.agency_id)
        if member and not is_left_out(each, row.agency_id, member.kind):
            found.setdefault(row.agency_id, []).append(row)
    lines = [
        Outstanding(
            agency_id,
            len(rows),
            sum(row.version > 0 for row in rows),
            sum(row.version == 0 and row.due_at < work.now for row in rows),
        )
        for agency_id, rows in found.items()
    ]
    return tuple(sorted(lines, key=lambda each: (-each.late, each.returned - each.asked)))

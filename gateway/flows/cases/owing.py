"""Owns what is owed in the caller's cases because of consent, on time and late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.disclosure import decision_for, list_facts
from gateway.flows.cases.finding import names_of
from gateway.ledger import Act, Work
from gateway.rules import owing
from gateway.rules.facts import CaseFacts
from gateway.rules.overrides import Decided
from gateway.rules.positions import Said
from gateway.rules.releasing import DECIDE, REVIEW, WAITING, may_decide
from gateway.rules.states import OVER, stage
from gateway.schemas.codes import CaseRole, CaseState, RecordKind, ReleaseState, Stage
from gateway.store import dated, members, overrides, releases
from gateway.store.dated import PositionRow

MOST = 2000  # live cases looked at, the newest


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that somebody must do about a case."""

    reference: str
    code: str
    by: str
    due_at: datetime
    is_overdue: bool


def list_due(work: Work) -> tuple[Due, ...]:
    """What the caller's agency must do about consent, soonest first.

    To the coordinator all of it is shown, to others what follows from a position that they
    recorded themselves: that somebody else asked her is not theirs to know. That an agreement
    ended by its date is told to everybody who read because of it, also if they read no more. A list
    that tells something is recorded, case by case.
    """
    work.attempt("due.listed")
    me = work.caller.agency_id
    case_ids = members.list_own(work.session, agency_id=me, limit=MOST, over=OVER)
    live = {
        case_id: each
        for case_id, each in list_facts(work.session, case_ids, on=work.today).items()
        if is_live(each)
    }
    positions = dated.list_positions(work.session, list(live))
    owed = {
        case_id: _told(work, live[case_id], positions.get(case_id), found)
        for case_id, found in list_owed(work, live).items()
    }
    mine = {case_id: found for case_id, found in owed.items() if found}
    names = names_of(work, list(mine))
    mine = {case_id: owed for case_id, owed in mine.items() if case_id in names}
    if not mine:
        work.count("due.listed.empty")
        return ()
    work.record_all([Act("due.listed", case_id, "due") for case_id in mine])
    items = [
        Due(names[case_id], each.code, each.by, each.due_at, each.is_overdue)
        for case_id, found in mine.items()
        for each in found
    ]
    return tuple(sorted(items, key=lambda each: (each.due_at, each.reference)))


def list_owed(work: Work, facts: Mapping[str, CaseFacts]) -> dict[str, tuple[owing.Owed, ...]]:
    """What is owed in each case, with four statements however many there are.

    A case that was erased in between is absent.
    """
    case_ids = list(facts)
    positions = dated.list_positions(work.session, case_ids)
    decisions = overrides.list_decisions(work.session, case_ids)
    records = overrides.list_overrides(work.session, case_ids)
    waiting: dict[str, list[owing.Owed]] = defaultdict(list)
    for asked in releases.list_releases(work.session, case_ids):
        if asked.state is ReleaseState.WAITING:
            what = REVIEW if asked.given_at else DECIDE
            is_late = asked.due_at < work.now
            waiting[asked.case_id].append(owing.Owed(what, asked.due_at, is_late))
    found = {}
    for case_id, each in facts.items():
        if case_id not in positions or case_id not in decisions:
            continue
        profile = work.profiles.for_area(each.area, work.today)
        row = positions[case_id]
        owed = owing.owed(
            profile.consent,
            Said(row.position, expires_on=row.expires_on),
            _decided(decisions[case_id]),
            [owing.Record(r.at, r.is_signed, r.review_on) for r in records.get(case_id, ())],
            now=work.now,
            clocks=profile.clocks,
            calendar=profile.working_days,
        )
        found[case_id] = tuple(sorted((*owed, *waiting[case_id]), key=lambda due: due.due_at))
    return found


def is_live(facts: CaseFacts) -> bool:
    """Whether anything can still be owed: the case goes on, or waits with its sender."""
    at = stage(facts.state, facts.in_conference)
    return at is not Stage.NONE or facts.state is CaseState.RETURNED


def _decided(rows: Sequence[overrides.DecisionRow]) -> list[Decided]:
    return [
        Decided(row.at, row.rule, frozenset(RecordKind(code) for code in row.must_record))
        for row in rows
    ]


def _told(
    work: Work, facts: CaseFacts, position: PositionRow | None, owed: Sequence[owing.Owed]
) -> list[owing.Owed]:
    """What of it the caller is told.

    What a second person is asked is for who may be it; the rest for who recorded, and coordinates;
    and that an agreement ended for everybody who read because of it.
    """
    me = work.caller.agency_id
    if decision_for(work, facts) is not None:
        is_coordinator = CaseRole.COORDINATOR in facts.members[me].roles
        is_concerned = position is not None and (is_coordinator or position.by_agency == me)
        told = [
            each
            for each in owed
            if (may_decide(facts, me) if each.code in WAITING else is_concerned)
        ]
        if told:
            return told
    ended = [each for each in owed if each.code == owing.ENDED]
    return ended if ended and _read_until(work, facts.case_id, position) else []


def _read_until(work: Work, case_id: str, position: PositionRow | None) -> bool:
    """Whether the caller could read what others contributed on the last day of an agreement."""
    if position is None or position.expires_on is None:
        return False
    then = list_facts(work.session, [case_id], on=position.expires_on).get(case_id)
    decision = decision_for(work, then) if then is not None else None
    return decision is not None and decision.because != "own"

"""Owns a case over time for one reader: its chronology, and its risk as it was seen.

It rests on one reading like that of a page, and adds the codes and times of what that reading
showed: it can be told of nothing that the page for the same purpose would not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from gateway.disclosure import get_facts
from gateway.flows.cases.accessed import unnamed
from gateway.flows.cases.finding import find_case
from gateway.flows.cases.showing import Shown, show
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import chronology, risk_history
from gateway.rules.chronology import Event, EventKind
from gateway.rules.risk_history import Assessed, RiskItem
from gateway.schemas.codes import CaseState, Level, Purpose
from gateway.store import actions, cases, conferences, dated
from gateway.store.actions import ActionRow
from gateway.store.cases import StateRow
from gateway.store.dated import Said, Stood

# What everybody who is told the state learns of the way there; the rest is its coordinator's.
_MAIN = frozenset(
    {
        *(CaseState.SUBMITTED, CaseState.ACCEPTED, CaseState.HEARD),
        *(CaseState.MONITORING, CaseState.CLOSED),
    }
)
_BY = frozenset({EventKind.STATE, EventKind.POSITION})  # whose source is who wrote them down
_ACTIONS, _CONSENT, _REFERRAL = "actions", "consent", "referral"


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision about a case: where it led to, and why by code."""

    at: datetime
    state: CaseState
    because: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """A case over time, as its reader may know it."""

    shown: Shown = field(repr=False)
    events: tuple[Event, ...] = field(repr=False)
    assessed: tuple[Assessed, ...] = field(repr=False)
    items: tuple[RiskItem, ...]
    levels: tuple[Stood, ...]  # the level as it stood, where the reader is told the level
    has_scores: bool  # whether of those the scores may be told
    said: tuple[Said, ...]  # what she said about sharing, where the reader has it in full
    decided: tuple[Decided, ...]  # what was decided, for who coordinates


def show_history(work: Work, reference: str, purpose: Purpose, *, issuer: str) -> History:
    """Return a case over time as the signed-in person may see it for a purpose.

    Recorded as a reading of the case, with a receipt; so many statements whatever there is in it.

    :raises Denied: if it may not: the answer is that of an unknown case.
    :raises Invalid: if the agency's kind may not state this purpose.
    """
    shown = show(work, reference, purpose, issuer=issuer)
    case_id = find_case(work, reference)
    document = shown.document
    sections: list[Mapping[str, Any]] = list(document.get("sections", ()))
    full = [each for each in sections if each["level"] == Level.FULL]
    profile = work.profiles.for_area(work.caller.area, work.today)
    states = cases.list_states(work.session, case_id)
    meetings = _meetings(work, case_id)
    said = dated.list_said(work.session, case_id)
    if not any(each["section"] == _CONSENT for each in full):
        said = []
    levels = dated.list_stood(work.session, case_id)
    is_coordinator = "triage" in document
    told = states if is_coordinator else [each for each in states if each.state in _MAIN]
    has_state = "state" in document
    has_referral = any(each["section"] == _REFERRAL for each in full)
    found = [
        *_placed(chronology.events(sections), profile, states, meetings if has_state else []),
        *_planned(work, case_id, full, profile),
        *_states(told if has_state else [], profile),
        *_positions(said, profile),
    ]
    unsaid = unnamed(work, get_facts(work, case_id))
    if not has_referral:  # who referred is told in it, and nowhere else
        sent = {row.by_agency for row in states if row.state is CaseState.SUBMITTED}
        unsaid |= sent - {work.caller.agency_id}
    found = [
        replace(each, source="") if each.kind in _BY and each.source in unsaid else each
        for each in found
    ]
    history = risk_history.assessments(full, profile.instruments)
    return History(
        shown=shown,
        events=chronology.ordered(found),
        assessed=history,
        items=risk_history.items(history),
        levels=tuple(levels) if "level" in document else (),
        has_scores=has_referral,
        said=tuple(said),
        decided=tuple(
            Decided(row.at, row.state, row.because, row.reasons)
            for row in states
            if is_coordinator and row.because.startswith(("decision:", "challenge"))
        ),
    )


def _meetings(work: Work, case_id: str) -> list[datetime]:
    """When conferences began that had the case on their list and that the caller attends."""
    rows = conferences.list_attended(
        work.session, case_id, agency_id=work.caller.agency_id, until=work.now
    )
    return [row.begun_at or row.starts_at for row in rows]


def _placed(
    found: Iterable[Event],
    profile: Profile,
    states: Iterable[StateRow],
    meetings: list[datetime],
) -> Iterator[Event]:
    """Events, and the meetings; a paragraph has its meeting's day where there was only one."""
    heard = [row.at for row in states if row.state is CaseState.HEARD]
    days = {_local(profile, at) for at in meetings}
    only = days.pop() if len(days) == 1 and len(heard) <= 1 else None
    for each in found:
        yield replace(each, on=only) if each.kind is EventKind.MINUTE else each
    for at in meetings:
        yield Event(EventKind.MEETING, _local(profile, at))


def _planned(
    work: Work, case_id: str, full: Iterable[Mapping[str, Any]], profile: Profile
) -> Iterator[Event]:
    """The actions whose words the reader was given, each from when it was put down."""
    words: dict[str, Any] = {}
    for each in full:
        if each["section"] == _ACTIONS:
            words |= each["content"]
    rows = actions.list_actions(work.session, [case_id])
    steps = actions.list_steps(work.session, [case_id])
    began = {step.action_id: step.at for step in steps if step.seq == 1}
    for row in rows:
        text = words.get(f"action_{row.number}")
        if isinstance(text, Mapping):
            yield _action(row, began.get(row.id), str(text.get("text", "")), profile)


def _action(row: ActionRow, began: datetime | None, text: str, profile: Profile) -> Event:
    """An action as a span: put down on one day, due or done on another."""
    codes = (str(row.theme), str(row.status))
    first, due = _local(profile, began or row.due_at), _local(profile, row.due_at)
    last = max(first, due)
    return Event(EventKind.ACTION, first, last, codes=codes, text=text, source=row.owner_id)


def _states(rows: Iterable[StateRow], profile: Profile) -> Iterator[Event]:
    for row in rows:
        codes = (str(row.state), *row.reasons)
        yield Event(EventKind.STATE, _local(profile, row.at), codes=codes, source=row.by_agency)


def _positions(rows: Iterable[Said], profile: Profile) -> Iterator[Event]:
    for row in rows:
        codes = (str(row.position),)
        yield Event(EventKind.POSITION, _local(profile, row.at), codes=codes, source=row.by_agency)


def _local(profile: Profile, at: datetime) -> date:
    return at.astimezone(profile.zone).date()

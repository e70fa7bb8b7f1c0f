"""Owns the order and the timing of a conference's agenda."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import TypeVar

from gateway.rules.facts import AgendaFacts, Slot
from gateway.schemas.codes import AgencyKind, Criterion, RiskLevel

_T = TypeVar("_T")

NOWHERE: Mapping[str, int] = MappingProxyType({})
NEAR = timedelta(days=7)
BREAK_EVERY = 60  # minutes of cases
BREAK = 10  # minutes

# Who comes for some cases alone; the others sit through all of them.
SPECIALISTS = frozenset(
    {
        AgencyKind.ACUTE,
        AgencyKind.PRIMARY_CARE,
        AgencyKind.MENTAL_HEALTH,
        AgencyKind.SUBSTANCE_USE,
        AgencyKind.EDUCATION,
        AgencyKind.LANDLORD,
        AgencyKind.PERP_PROGRAMME,
        AgencyKind.REFUGE,
        AgencyKind.OTHER,
    }
)

EMERGENCY = "emergency"
EVENT = "event-within-7-days"
REPEAT = "repeat-with-open-actions"
HONOUR_OR_STALKING = "honour-based-or-stalking"
REST = "level-critical-oldest"
RESTRICTED = "restricted-staff"

RANK: Mapping[str, int] = {
    reason: rank
    for rank, reason in enumerate((EMERGENCY, EVENT, REPEAT, HONOUR_OR_STALKING, REST, RESTRICTED))
}

# Not assessed is not known to be low, so it stands right behind high.
LEVELS: Mapping[RiskLevel, int] = {
    RiskLevel.HIGH: 0,
    RiskLevel.UNASSESSED: 1,
    RiskLevel.MEDIUM: 2,
    RiskLevel.STANDARD: 3,
}


def order(
    cases: Sequence[AgendaFacts],
    *,
    on: date,
    starts_at: datetime,
    minutes: int,
    places: Mapping[str, int] = NOWHERE,
) -> tuple[Slot, ...]:
    """Return the cases in the order in which they are to be heard, each with time and reason.

    Emergencies to ratify, then a release, court or other event within 7 days, repeats with open
    actions, honour-based abuse or stalking, the rest by level, critical answers and age of the
    referral; cases about partner agencies' own staff come last, with the room cleared. Ten
    minutes' break follow each full hour of cases. `places` are those that a person gave: see
    `by_hand`.
    """
    slots = []
    for index, (case, reason) in enumerate(by_hand(_ordered(cases, on), places)):
        spent = index * minutes
        begins = starts_at + timedelta(minutes=spent + BREAK * (spent // BREAK_EVERY))
        slots.append(Slot(case.case_id, index + 1, begins, minutes, reason))
    return tuple(slots)


def by_hand(
    ranked: Sequence[tuple[AgendaFacts, str]], places: Mapping[str, int]
) -> list[tuple[AgendaFacts, str]]:
    """Return the cases as a person ordered them.

    One that came to the list since then stands behind the case after which the rules put it; the
    room is cleared once, so cases about partners' staff stay last.
    """
    found = sorted(
        (each for each in ranked if each[0].case_id in places),
        key=lambda each: (places[each[0].case_id], each[0].case_id),
    )
    for n, each in enumerate(ranked):
        if each[0].case_id not in places:
            before = {case.case_id for case, _ in ranked[:n]}
            at = [k for k, (case, _) in enumerate(found, 1) if case.case_id in before]
            found.insert(max(at, default=0), each)
    return sorted(found, key=lambda each: each[1] == RESTRICTED)


def moved(ids: Sequence[str], seen: Collection[str], case_id: str, *, up: bool) -> list[str]:
    """Return an order in which one case has changed places with its neighbour.

    Who moves it changes it with the next case that is seen; what is not seen keeps its place. At
    the end of the list nothing changes.
    """
    places = [n for n, each in enumerate(ids) if each in seen]
    here = places.index(ids.index(case_id))
    there = here - 1 if up else here + 1
    found = list(ids)
    if 0 <= there < len(places):
        a, b = places[here], places[there]
        found[a], found[b] = found[b], found[a]
    return found


def placed(ids: Sequence[str], seen: Collection[str], case_id: str, before: str) -> list[str]:
    """Return an order in which one case stands before another; last, if that is none seen.

    What is not seen keeps its place.
    """
    if before == case_id:
        return list(ids)
    shown = [each for each in ids if each in seen and each != case_id]
    shown.insert(shown.index(before) if before in shown else len(shown), case_id)
    return _filled(ids, seen, shown)


def together(
    ids: Sequence[str],
    seen: Collection[str],
    standing: Mapping[str, tuple[str, str]],
    specialists: Mapping[str, frozenset[str]],
) -> list[str]:
    """Return an order in which cases that need the same specialist follow each other.

    `standing` is why a case stands where it does, and its level: only cases of equal standing that
    follow each other change places, so that nothing goes before what is more dangerous.
    """
    shown: list[str] = []
    for _, run in groupby((each for each in ids if each in seen), key=standing.__getitem__):
        shown += _clustered(list(run), specialists.__getitem__)
    return _filled(ids, seen, shown)


def _filled(ids: Sequence[str], seen: Collection[str], shown: Sequence[str]) -> list[str]:
    """The whole order, with what is seen in the order of `shown` on the places it had."""
    rest = iter(shown)
    return [next(rest) if each in seen else each for each in ids]


def is_over(cases: int, *, capacity: int) -> bool:
    """Whether an agenda holds more cases than the area can hear well; a warning, not a bar."""
    return cases > capacity


def planned_end(starts_at: datetime, *, cases: int, minutes: int) -> datetime:
    """Return when a meeting of as many cases as an area plans for would end, breaks included."""
    spent = max(0, cases - 1) * minutes
    return starts_at + timedelta(minutes=spent + BREAK * (spent // BREAK_EVERY) + minutes)


def ends_at(slots: Sequence[Slot]) -> datetime | None:
    """Return when the last case ends, breaks included; None for an empty agenda."""
    if not slots:
        return None
    return slots[-1].starts_at + timedelta(minutes=slots[-1].minutes)


def nearest(days: Iterable[date], on: date) -> date | None:
    """Return the event that matters on a day: the closest, and of two as close the coming one."""
    return min(days, key=lambda day: (abs(day - on), day < on), default=None)


def reason_of(case: AgendaFacts, on: date) -> str:
    """Return which row of the order places a case."""
    is_near = case.next_event_on is not None and abs(case.next_event_on - on) <= NEAR
    rows = (
        (case.is_staff_restricted, RESTRICTED),
        (case.is_emergency, EMERGENCY),
        # Days just past count too: the week after a release is as dangerous as the one before.
        (is_near, EVENT),
        (case.is_repeat and case.open_actions > 0, REPEAT),
        (case.has_stalking or Criterion.HONOUR_BASED in case.criteria, HONOUR_OR_STALKING),
    )
    return next((reason for holds, reason in rows if holds), REST)


def _ordered(cases: Sequence[AgendaFacts], on: date) -> list[tuple[AgendaFacts, str]]:
    reasons = {case.case_id: reason_of(case, on) for case in cases}

    def block(case: AgendaFacts) -> tuple[int, date, int]:
        reason = reasons[case.case_id]
        event_on = case.next_event_on if reason == EVENT and case.next_event_on else date.min
        return RANK[reason], event_on, LEVELS[case.level]

    def key(case: AgendaFacts) -> tuple[tuple[int, date, int], int, datetime, str]:
        return block(case), -case.critical, case.referred_at, case.case_id

    ranked: list[AgendaFacts] = []
    for _, equal in groupby(sorted(cases, key=key), key=block):
        ranked += _clustered(list(equal), lambda case: case.specialists)
    return [(case, reasons[case.case_id]) for case in ranked]


def _clustered(cases: list[_T], needs: Callable[[_T], frozenset[str]]) -> list[_T]:
    """Bring cases of equal standing that share a specialist together, to let that one go early."""
    ranked: list[_T] = []
    left = cases
    while left:
        first, *others = left
        near = [each for each in others if needs(each) & needs(first)]
        ranked += [first, *near]
        left = [each for each in others if each not in near]
    return ranked

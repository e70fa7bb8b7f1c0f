"""Owns the running of a meeting: the way of a case to being heard, and the clock of each case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.rules.states import Guards, move
from gateway.schemas.codes import AgencyKind, CaseState

S = CaseState
# What lies between a case on a list and its hearing: the list was circulated, the cut-off passed.
_BEFORE: Mapping[CaseState, tuple[CaseState, ...]] = {
    S.LISTED: (S.RESEARCH, S.READY),
    S.RELISTED: (S.RESEARCH, S.READY),
    S.RESEARCH: (S.READY,),
    S.READY: (),
    S.EMERGENCY: (),
}
# The running order of one case in minutes of twelve (domain rules for the agenda).
STEPS: tuple[tuple[str, int], ...] = (
    ("REFERRER", 2),
    ("VICTIM", 2),
    ("AGENCIES", 4),
    ("RISKS", 1),
    ("ACTIONS", 3),
)
_WHOLE = sum(minutes for _, minutes in STEPS)


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the hearing of a case, and until when it may last."""

    code: str
    starts_at: datetime
    ends_at: datetime


def path_to_hearing(state: CaseState) -> tuple[CaseState, ...] | None:
    """Return the states that a case passes as it is opened in a meeting; None: it cannot be."""
    return _BEFORE.get(state)


def can_defer(state: CaseState, *, by_chair: bool, deferrals: int) -> CaseState:
    """Return DEFERRED, for the chair, once.

    :raises Conflict: as `states.move`.
    """
    return move(state, S.DEFERRED, guards=Guards(by_chair=by_chair, deferrals=deferrals))


def hear(state: CaseState, *, present: Collection[object], signed: Collection[object]) -> CaseState:
    """Return HEARD, where somebody was in the room, and all of them signed for confidentiality.

    :raises Conflict: as `states.move`.
    """
    is_signed = bool(present) and set(present) <= set(signed)
    return move(state, S.HEARD, guards=Guards(declarations_made=is_signed))


def missing(
    *,
    is_emergency: bool,
    has_chair: bool,
    kinds: Collection[AgencyKind],
    has_referrer: bool,
    has_children: bool,
) -> tuple[str, ...]:
    """Return who is not in the room of those without whom an emergency is not heard.

    The chair, the police, the IDVA service, the referrer, and children's social care where there
    are children. It is said, and bars nothing: waiting may be the greater danger.
    """
    if not is_emergency:
        return ()
    needs = (
        ("CHAIR", has_chair),
        ("POLICE", AgencyKind.POLICE in kinds),
        ("IDVA", AgencyKind.IDVA in kinds),
        ("REFERRER", has_referrer),
        ("CSC", AgencyKind.CSC in kinds or not has_children),
    )
    return tuple(name for name, is_there in needs if not is_there)


def steps(starts_at: datetime, minutes: int) -> tuple[Step, ...]:
    """Return the running order of a case of that length, each part in its share of it."""
    found = []
    for code, share in STEPS:
        ends_at = starts_at + timedelta(minutes=minutes * share / _WHOLE)
        found.append(Step(code, starts_at, ends_at))
        starts_at = ends_at
    return tuple(found)

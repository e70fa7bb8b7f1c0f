"""Owns the points at which both statements of the rules are asked, and what ours answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import product
from random import Random
from typing import Any

from gateway.profiles.loader import Profiles
from gateway.rules.disclosure import decide
from gateway.rules.facts import (
    Allowed,
    Approval,
    Caller,
    CaseFacts,
    Membership,
    Narrowing,
    SectionFacts,
    Ties,
)
from gateway.rules.matrix import Matrix
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    CaseState,
    Category,
    Level,
    Outcome,
    Position,
    Purpose,
    Stage,
)

ASKER, OTHER, WORKER = "asker", "other", "worker-1"
STATES = {
    Stage.BEFORE_LISTING: (CaseState.TRIAGE, False),
    Stage.RESEARCH: (CaseState.RESEARCH, False),
    Stage.MEETING: (CaseState.READY, True),
    Stage.AFTER: (CaseState.HEARD, False),
    Stage.MONITORING: (CaseState.MONITORING, False),
    Stage.NONE: (CaseState.CLOSED, False),
}
# What stands against an agency, each alone: None is nothing.
WALLS = (
    None,
    "worker tied",
    "agency shut out",
    "other kind",
    "barred",
    "agency excluded",
    "kind excluded",
    "kind excluded, overridden",
    "purpose kept back",
    "class kept back",
)
KEPT_BACK = Category.D07  # the class that the victim keeps back in the last of them
Roles = frozenset[CaseRole]
# An agency that is told of a held referral has no other part in it than having sent it.
ALERTED = (frozenset({CaseRole.ALERTED}), frozenset({CaseRole.ALERTED, CaseRole.REFERRER}))
_PARTS = [each for each in CaseRole if each is not CaseRole.ALERTED]
ROLES: tuple[Roles, ...] = (
    *(
        frozenset(role for role, holds in zip(_PARTS, truth, strict=True) if holds)
        for truth in product((False, True), repeat=len(_PARTS))
    ),
    *ALERTED,
)
SINGLE: tuple[Roles, ...] = tuple(each for each in ROLES if len(each) <= 1)
COMMON: tuple[Roles, ...] = (
    *SINGLE,
    ALERTED[1],
    frozenset({CaseRole.NAMED, CaseRole.RESEARCH}),
    frozenset({CaseRole.IDVA, CaseRole.RESEARCH}),
    frozenset({CaseRole.REFERRER, CaseRole.RESEARCH}),
    frozenset({CaseRole.COORDINATOR, CaseRole.NAMED}),
)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that moves a level besides the section."""

    kind: AgencyKind
    purpose: Purpose
    roles: Roles
    stage: Stage
    outcome: Outcome = Outcome.ALLOW
    is_present: bool = True
    is_known: bool = True  # every condition of a cell holds, else none
    is_approved: bool = True  # every section was opened to it, else none
    is_sealed: bool = True  # a copy of every sealed section is for it, else of none
    is_own: bool = False  # the section is its own contribution
    wall: str | None = None


VALUES: dict[str, tuple[Any, ...]] = {
    "kind": tuple(AgencyKind),
    "purpose": tuple(Purpose),
    "roles": COMMON,
    "stage": tuple(Stage),
    "outcome": tuple(Outcome),
    "is_present": (False, True),
    "is_known": (False, True),
    "is_approved": (False, True),
    "is_sealed": (False, True),
    "is_own": (False, True),
    "wall": WALLS,
}


@lru_cache
def matrix() -> Matrix:
    """The shipped table, with the sections of the shipped fields."""
    profiles = Profiles.load()
    return profiles.history(profiles.areas[0])[-1].matrix


@lru_cache
def categories() -> dict[str, Category]:
    """The category of each section."""
    return dict(matrix().section_category)


def neighbours(each: Situation) -> Iterator[Situation]:
    """Yield every situation that differs in one thing."""
    for name, values in VALUES.items():
        now = getattr(each, name)
        yield from (replace(each, **{name: value}) for value in values if value != now)


def at_random(chance: Random) -> Situation:
    """Return any situation, the rarer roles among them."""
    drawn = {name: chance.choice(values) for name, values in VALUES.items()}
    return Situation(**drawn | {"roles": chance.choice(ROLES)})


def base() -> Iterator[Situation]:
    """Yield the situations from which permits are looked for: all that helps is there."""
    for kind, purpose, roles, stage in product(AgencyKind, Purpose, SINGLE, Stage):
        yield Situation(kind, purpose, roles, stage)


def whole() -> Iterator[Situation]:
    """Yield the whole domain: others' data without a wall, own data, and each wall."""
    for kind, purpose, roles, stage, outcome, present, helps in product(
        AgencyKind, Purpose, COMMON, Stage, Outcome, (False, True), (False, True)
    ):
        open_ = Situation(kind, purpose, roles, stage, outcome, present, helps, helps, helps)
        yield open_
        if len(roles) == 1:
            yield replace(open_, is_own=True)
            if outcome is Outcome.ALLOW and present and helps:
                for wall, own in product(WALLS[1:], (False, True)):
                    yield replace(open_, wall=wall, is_own=own)


def shown(each: Situation) -> dict[str, Level]:
    """Ask our own rules: the level of every section that is shown at all."""
    owner = ASKER if each.is_own else OTHER
    sealed_to = frozenset({ASKER}) if each.is_sealed else frozenset[str]()
    case = _case(each, tuple(SectionFacts(name, owner, True, sealed_to) for name in categories()))
    decision = decide(case, Caller(ASKER, each.kind, "", worker_id=WORKER), each.purpose, matrix())
    return dict(decision.shown) if isinstance(decision, Allowed) else {}


def _case(each: Situation, sections: tuple[SectionFacts, ...]) -> CaseFacts:
    state, sitting = STATES[each.stage]
    kind = (
        next(k for k in AgencyKind if k is not each.kind)
        if each.wall == "other kind"
        else each.kind
    )
    # Whether it is in the room is a fact of its own, so it is no condition here.
    conditions = frozenset(matrix().conditions) - {"PRESENT"} if each.is_known else frozenset[str]()
    member = Membership(ASKER, kind, each.roles, conditions, is_present=each.is_present)
    kinds = frozenset({each.kind})
    is_excluded = each.wall in ("kind excluded", "kind excluded, overridden")
    return CaseFacts(
        case_id="c1",
        state=state,
        outcome=each.outcome,
        in_conference=sitting,
        members={ASKER: member},
        sections=sections,
        position=Position.GIVEN,
        excluded_kinds=kinds if is_excluded else frozenset(),
        overridden_kinds=kinds if each.wall == "kind excluded, overridden" else frozenset(),
        excluded_agencies=frozenset({ASKER} if each.wall == "agency excluded" else ()),
        barred_kinds=kinds if each.wall == "barred" else frozenset(),
        conflicted=frozenset({ASKER} if each.wall == "agency shut out" else ()),
        narrowed=_narrowed(each),
        ties=Ties(hits=frozenset({(ASKER, WORKER)} if each.wall == "worker tied" else ())),
        approved=_approvals() if each.is_approved else frozenset(),
    )


def _narrowed(each: Situation) -> frozenset[Narrowing]:
    if each.wall == "purpose kept back":
        return frozenset({Narrowing(kind=each.kind, purpose=each.purpose)})
    if each.wall == "class kept back":
        return frozenset({Narrowing(agency=ASKER, category=KEPT_BACK)})
    return frozenset()


@lru_cache
def _approvals() -> frozenset[Approval]:
    return frozenset(
        Approval(ASKER, name, "chair-1", "coordinator", has_reason=True) for name in categories()
    )


assert {each.name for each in fields(Situation)} == set(VALUES)

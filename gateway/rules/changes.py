"""Owns what other tables would let each kind of agency see, over the whole domain.

Nothing is sampled: each view that a kind can have of each section, after each consent decision, is
asked of both tables; what differs is grouped so that a person can read it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from gateway.rules.boxes import Box, Point, boxes
from gateway.rules.consent import ConsentTable, decide, every_combination
from gateway.rules.facts import ConsentDecision
from gateway.rules.matrix import READERS, Cell, Matrix, View, grant
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    Level,
    Position,
    Purpose,
    Recipient,
    Stage,
)

STAGES = tuple(stage for stage in Stage if stage is not Stage.NONE)
ORDER: Mapping[Level, int] = {
    level: rank
    for rank, level in enumerate(
        (Level.NONE, Level.CASE_BY_CASE, Level.INDICATOR, Level.SUMMARY, Level.FULL)
    )
}
Rules = tuple[str, str]  # the consent row that decides before, and after
PRESENT = "PRESENT"
ANY = "*"  # every value that there is
_NAMED: Mapping[AgencyKind, Recipient] = {
    AgencyKind.POLICE: Recipient.POLICE,
    AgencyKind.CSC: Recipient.CSC,
    AgencyKind.ASC: Recipient.ASC,
}


@dataclass(frozen=True, slots=True)
class Tables:
    """The two tables that together say who sees what."""

    consent: ConsentTable
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class SightChange:
    """What some kinds of agency would see otherwise, under the circumstances given.

    Empty `conditions` and ANY among the purposes bind nothing. `rules` are pairs of the consent
    rows that decide, before and after; `positions` are the victim's positions that these meet.
    """

    was: Level
    now: Level
    kinds: frozenset[AgencyKind]
    sections: frozenset[str]
    stages: frozenset[Stage]
    present: frozenset[bool]
    purposes: frozenset[str]
    conditions: frozenset[frozenset[tuple[str, bool]]]
    rules: frozenset[Rules]
    positions: frozenset[Position]

    @property
    def is_more(self) -> bool:
        """Whether it allows what was refused."""
        return ORDER[self.now] > ORDER[self.was]


def roles_of(kind: AgencyKind, decision: ConsentDecision) -> frozenset[CaseRole]:
    """Return the reading roles that an agency of a kind gets from a consent decision.

    The conference's coordinator and the IDVA service have their own; whom a rule or a duty names
    is NAMED; every kind may be asked for research once the conference receives the case.
    """
    roles: set[CaseRole] = set()
    to_conference = Recipient.MARAC in decision.share_with
    if kind is AgencyKind.COORDINATOR and to_conference:
        roles.add(CaseRole.COORDINATOR)
    if kind is AgencyKind.IDVA and Recipient.IDVA in decision.recipients:
        roles.add(CaseRole.IDVA)
    if kind in _NAMED and _NAMED[kind] in decision.recipients:
        roles.add(CaseRole.NAMED)
    if to_conference:
        roles.add(CaseRole.RESEARCH)
    return frozenset(roles)


def sight_changes(old: Tables, new: Tables) -> tuple[SightChange, ...]:
    """Return what each kind of agency would see otherwise, grouped; more sight comes first."""
    positions = _positions(old.consent, new.consent)
    changed: defaultdict[tuple[Level, Level], list[Point]] = defaultdict(list)
    for kind in AgencyKind:
        for roles, rules in _standings(kind, old, new).items():
            for was, now, point in _differences(kind, roles, old, new):
                changed[was, now] += [(rule, *point) for rule in rules]
    found = [
        _sight(was, now, box, positions)
        for (was, now), points in changed.items()
        for box in boxes(_folded(points, old, new))
    ]
    return tuple(sorted(found, key=_order))


def reading_rules(kinds: Iterable[AgencyKind], old: Tables, new: Tables) -> frozenset[Rules]:
    """Return the pairs of consent rows after which some of the kinds read at all."""
    return frozenset(
        rule
        for kind in kinds
        for (was, now), rules in _standings(kind, old, new).items()
        if was or now
        for rule in rules
    )


_Roles = tuple[frozenset[CaseRole], frozenset[CaseRole]]


def _standings(kind: AgencyKind, old: Tables, new: Tables) -> dict[_Roles, set[Rules]]:
    """Return the roles a kind reads with, before and after, and the rows that lead there."""
    found: defaultdict[_Roles, set[Rules]] = defaultdict(set)
    for was, now in _pairs(old.consent, new.consent):
        roles = (_reading(kind, was, old.matrix), _reading(kind, now, new.matrix))
        found[roles].add((was.rule, now.rule))
    return found


@lru_cache(maxsize=4)
def _pairs(old: ConsentTable, new: ConsentTable) -> set[tuple[ConsentDecision, ConsentDecision]]:
    return {(decide(old, facts), decide(new, facts)) for facts in every_combination()}


def _positions(old: ConsentTable, new: ConsentTable) -> Mapping[Rules, set[Position]]:
    """Return the victim's positions in which each pair of rows decides."""
    found: defaultdict[Rules, set[Position]] = defaultdict(set)
    for facts in every_combination():
        found[decide(old, facts).rule, decide(new, facts).rule].add(facts.position)
    return found


def _reading(kind: AgencyKind, decision: ConsentDecision, matrix: Matrix) -> frozenset[CaseRole]:
    return roles_of(kind, decision) & matrix.outcomes[decision.outcome] & READERS


def _differences(
    kind: AgencyKind, roles: _Roles, old: Tables, new: Tables
) -> Iterator[tuple[Level, Level, Point]]:
    """Yield each view of a kind from which a section shows otherwise."""
    for section, known in _sections(kind, roles, old.matrix, new.matrix):
        for purpose, stage, present in product(Purpose, STAGES, (False, True)):
            for truth in _truths(known):
                true = frozenset(name for name, holds in truth if holds)
                view = (purpose, stage, present, true)
                was = _level(old.matrix, kind, roles[0], section, view)
                now = _level(new.matrix, kind, roles[1], section, view)
                if was is not now:
                    yield was, now, (purpose, present, truth, stage, section, kind)


def _sections(
    kind: AgencyKind, roles: _Roles, old: Matrix, new: Matrix
) -> Iterator[tuple[str, list[str]]]:
    """Yield each section that may differ for a kind, with the conditions that its cells ask."""
    is_framed_alike = roles[0] == roles[1] and _frame(old, kind) == _frame(new, kind)
    for section in sorted({*old.section_category, *new.section_category}):
        cells = _cell(old, kind, section), _cell(new, kind, section)
        if cells[0] == cells[1] and is_framed_alike:
            continue
        known = {way.condition for cell in cells for way in cell if way.condition}
        yield section, sorted(known - {PRESENT})


def _frame(matrix: Matrix, kind: AgencyKind) -> object:
    """Return all that moves a level besides the cells."""
    return matrix.purposes[kind], dict(matrix.stages), matrix.named, dict(matrix.section_category)


def _cell(matrix: Matrix, kind: AgencyKind, section: str) -> Cell:
    category = matrix.section_category.get(section)
    return matrix.cells.get((category, kind), ()) if category else ()


def _truths(known: list[str]) -> Iterator[tuple[tuple[str, bool], ...]]:
    for values in product((False, True), repeat=len(known)):
        yield tuple(zip(known, values, strict=True))


def _level(
    matrix: Matrix,
    kind: AgencyKind,
    roles: frozenset[CaseRole],
    section: str,
    view: tuple[Purpose, Stage, bool, frozenset[str]],
) -> Level:
    """Return what is shown of somebody else's section; CASE_BY_CASE if it waits for approval."""
    purpose, stage, present, true = view
    is_stated = matrix.may_state(kind, purpose)
    if (
        not (is_stated and roles)
        or section in matrix.owned
        or section not in matrix.section_category
    ):
        return Level.NONE
    conditions = true | {PRESENT} if present else true
    found = grant(matrix, View(kind, purpose, conditions, roles, stage, present), section)
    if found.level is Level.NONE and found.if_approved is not Level.NONE:
        return Level.CASE_BY_CASE
    return found.level


def _folded(points: Iterable[Point], old: Tables, new: Tables) -> Iterator[Point]:
    """Yield the points with every purpose, and every truth of a condition, said as one value."""
    purposes: defaultdict[Point, set[Any]] = defaultdict(set)
    for rule, purpose, present, truth, stage, section, kind in points:
        purposes[rule, present, truth, stage, section, kind].add(purpose)
    truths: defaultdict[Point, set[Any]] = defaultdict(set)
    for (rule, present, truth, stage, section, kind), found in purposes.items():
        said = ANY if found >= _stated(section, kind, old, new) else frozenset(found)
        truths[said, present, stage, rule, section, kind].add(truth)
    for (said, *rest), found in truths.items():
        known = len(next(iter(found)))
        yield (said, frozenset() if len(found) == 2**known else frozenset(found), *rest)


def _stated(section: str, kind: AgencyKind, old: Tables, new: Tables) -> set[Purpose]:
    """Return the purposes with which a kind can open a section at all."""
    return {
        purpose
        for matrix in (old.matrix, new.matrix)
        for purpose in matrix.purposes[kind]
        if matrix.opens(section, purpose)
    }


def _sight(
    was: Level, now: Level, box: Box, positions: Mapping[Rules, set[Position]]
) -> SightChange:
    (said,), (conditions,), present, stages, rules, sections, kinds = box
    return SightChange(
        was=was,
        now=now,
        kinds=kinds,
        sections=sections,
        stages=stages,
        present=present,
        purposes=frozenset({ANY}) if said == ANY else said,
        conditions=conditions,
        rules=rules,
        positions=frozenset(each for pair in rules for each in positions[pair]),
    )


def _order(change: SightChange) -> tuple[bool, list[str], list[str], int, list[str]]:
    """Return what puts more sight first, then kinds, sections, level and stages in order."""
    kinds, sections = sorted(change.kinds), sorted(change.sections)
    return not change.is_more, [*kinds], sections, -ORDER[change.now], sorted(change.stages)

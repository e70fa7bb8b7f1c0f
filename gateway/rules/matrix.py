"""Owns the need-to-know table as values: cells, conditions, stage limits, one kind's column.

The table itself is data (profiles/matrix.toml). What it does not open stays shut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    Category,
    Level,
    Outcome,
    Purpose,
    Stage,
)

# CASE_BY_CASE has no rank: it opens nothing until someone approved it with a reason.
RANK: Mapping[Level, int] = {
    Level.NONE: 0,
    Level.CASE_BY_CASE: 0,
    Level.INDICATOR: 1,
    Level.SUMMARY: 2,
    Level.FULL: 3,
}

# A referrer keeps what it sent and learns nothing else; the alerted get less than any cell.
READERS = frozenset({CaseRole.COORDINATOR, CaseRole.IDVA, CaseRole.NAMED, CaseRole.RESEARCH})


def lower(one: Level, other: Level) -> Level:
    """Return whichever of two levels shows less."""
    return one if RANK[one] <= RANK[other] else other


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way a cell may open: a level, and what must hold for it. Empty sets bind nothing."""

    level: Level
    text: str  # as written in the table, so that a reason can quote it
    condition: str | None = None
    purposes: frozenset[Purpose] = frozenset()
    sections: frozenset[str] = frozenset()

    def applies(self, section: str, purpose: Purpose, conditions: frozenset[str]) -> bool:
        """Whether this alternative opens a section; an unknown condition counts as false."""
        return (
            (self.condition is None or self.condition in conditions)
            and (not self.purposes or purpose in self.purposes)
            and (not self.sections or section in self.sections)
        )


Cell = tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class StageLimit:
    """What a stage lets through: some roles their whole column, everyone else named rows."""

    whole_column: frozenset[CaseRole]
    at_most: Mapping[Category, Level]
    if_present: bool = False  # whoever is in the room reads its whole column


@dataclass(frozen=True, slots=True)
class Grant:
    """What one section comes to before approval, after it, and the row that says so."""

    level: Level
    if_approved: Level
    because: str


@dataclass(frozen=True, eq=False)
class Matrix:
    """The whole need-to-know table of one partnership. Compared by identity, hence cacheable."""

    cells: Mapping[tuple[Category, AgencyKind], Cell]
    purposes: Mapping[AgencyKind, frozenset[Purpose]]
    stages: Mapping[Stage, StageLimit]
    outcomes: Mapping[Outcome, frozenset[CaseRole]]
    named: frozenset[Category]
    section_category: Mapping[str, Category]
    exclusive: frozenset[str]  # sections of class EXCLUSIVE
    owned: frozenset[str] = frozenset()  # sections of class OWNER
    returned: frozenset[str] = frozenset()  # what agencies return for a conference
    conditions: Mapping[str, str] = field(default_factory=dict)  # code: in words
    titles: Mapping[Category, str] = field(default_factory=dict)
    main: Mapping[Category, frozenset[Purpose]] = field(default_factory=dict)  # binds nothing
    notes: Mapping[tuple[Category, AgencyKind], str] = field(default_factory=dict)

    def readers(self, section: str) -> frozenset[AgencyKind]:
        """The kinds whose cell can open a section in full, without an approval in the case."""
        category = self.section_category[section]
        return frozenset(
            kind
            for (of, kind), cell in self.cells.items()
            if of is category
            and any(
                way.level is Level.FULL and (not way.sections or section in way.sections)
                for way in cell
            )
        )

    def may_state(self, kind: AgencyKind, purpose: Purpose) -> bool:
        """Whether an agency of this kind may give this purpose at all."""
        return purpose in self.purposes.get(kind, frozenset())

    def telling(self, kind: AgencyKind) -> tuple[Purpose, ...]:
        """Return purposes that stand for all that a kind may state: no other opens more.

        Those that its cells name, audit, and one of the rest, between which no cell tells.
        """
        return _telling(self, kind)

    def opens(self, section: str, purpose: Purpose) -> bool:
        """Whether the purpose can open the section for anyone: audit only D27, statistics none."""
        if purpose is Purpose.P10:
            return self.section_category.get(section) is Category.D27
        return purpose is not Purpose.P11


@dataclass(frozen=True, slots=True)
class View:
    """From where an agency looks: everything but the case's own sections that moves a level."""

    kind: AgencyKind
    purpose: Purpose
    conditions: frozenset[str]
    roles: frozenset[CaseRole]
    stage: Stage
    is_present: bool


@dataclass(frozen=True, slots=True)
class Column:
    """What each known section comes to from one view, own data not considered."""

    grants: Mapping[str, Grant]
    is_open: bool  # stage and role leave a cell that could open, whatever the purpose


@lru_cache(maxsize=64)
def _telling(matrix: Matrix, kind: AgencyKind) -> tuple[Purpose, ...]:
    named = {
        purpose
        for (_, of), cell in matrix.cells.items()
        if of is kind
        for way in cell
        for purpose in way.purposes
    }
    stated = matrix.purposes.get(kind, frozenset())
    rest = sorted(stated - named - {Purpose.P10, Purpose.P11})
    return tuple(sorted(stated & (named | {Purpose.P10}))) + tuple(rest[:1])


@lru_cache(maxsize=4096)
def column(matrix: Matrix, view: View) -> Column:
    """Return the column of the view; made once for each view that occurs."""
    is_open = any(
        matrix.cells.get((category, view.kind)) and RANK[_limit(matrix, view, category)]
        for category in Category
    )
    grants = {section: grant(matrix, view, section) for section in matrix.section_category}
    return Column(MappingProxyType(grants), is_open)


@lru_cache(maxsize=64)
def own(matrix: Matrix, purpose: Purpose) -> Mapping[str, Grant]:
    """Return what each known section comes to for the agency that contributed it."""
    shut = Grant(Level.NONE, Level.NONE, f"purpose:{purpose}")
    full = Grant(Level.FULL, Level.FULL, "own")
    return MappingProxyType(
        {
            section: full if matrix.opens(section, purpose) else shut
            for section in matrix.section_category
        }
    )


def grant(matrix: Matrix, view: View, section: str) -> Grant:
    """Return purpose, cell and stage limit combined for one section."""
    category = matrix.section_category[section]
    if not matrix.opens(section, view.purpose):
        return Grant(Level.NONE, Level.NONE, f"purpose:{view.purpose}")
    limit = _limit(matrix, view, category, is_returned=section in matrix.returned)
    if limit is Level.NONE:
        return Grant(Level.NONE, Level.NONE, f"stage:{view.stage}")
    row = f"{category}/{view.kind}"
    for way in matrix.cells.get((category, view.kind), ()):
        if way.applies(section, view.purpose, view.conditions):
            return _limited(way, limit, row, view.stage)
    return Grant(Level.NONE, Level.NONE, f"{row}:-")


def _limited(way: Alternative, limit: Level, row: str, stage: Stage) -> Grant:
    """Return one alternative, cut down to what the stage lets through."""
    because = f"{row}:{way.text}"
    if way.level is Level.CASE_BY_CASE:
        return Grant(Level.NONE, lower(Level.FULL, limit), because)
    level = lower(way.level, limit)
    return Grant(level, level, because if level is way.level else f"stage:{stage}")


def _limit(matrix: Matrix, view: View, category: Category, *, is_returned: bool = False) -> Level:
    """Return the highest level that role, stage and presence let through for a category."""
    roles = view.roles & READERS
    stage = matrix.stages.get(view.stage)
    if not roles or stage is None:
        return Level.NONE
    if roles & stage.whole_column or (stage.if_present and view.is_present):
        return Level.FULL
    # What was returned for a conference is told there; it answers no duty and is no request.
    if is_returned:
        return Level.NONE
    # The auditor comes after the fact: no stage may hide the log from it.
    if view.kind is AgencyKind.AUDITOR and category is Category.D27:
        return Level.FULL
    # Whom a consent rule or a duty names must be able to act now, whatever the stage.
    if CaseRole.NAMED in roles and category in matrix.named:
        return Level.FULL
    return stage.at_most.get(category, Level.NONE)

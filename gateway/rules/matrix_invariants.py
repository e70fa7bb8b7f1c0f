"""Owns what no need-to-know table may bring about, whatever an area decides: it never loads.

The faults behind these rules are of the kind that found real victims, so that one edit of one file
must not be able to bring them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from gateway.errors import BrokenTable
from gateway.rules.matrix import RANK, Alternative, Cell, Matrix
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    Category,
    Level,
    Outcome,
    Purpose,
    Stage,
)

IMMIGRATION = "immigration"  # the section behind the firewall towards the police
TOOK_REPORT = "TOOK_REPORT"
_SERVES_PERPETRATORS = AgencyKind.PERP_PROGRAMME
_WHERE_SHE_IS = (Category.D02, Category.D03, Category.D04)
_NOT_FOR_A_SEARCH = frozenset(
    {
        *(Category.D03, Category.D04, Category.D07, Category.D09, Category.D10, Category.D11),
        *(Category.D13, Category.D14, Category.D15, Category.D16, Category.D22, Category.D23),
    }
)
_NAMED_AT_LEAST = frozenset(
    {
        *(Category.D01, Category.D02, Category.D03, Category.D04, Category.D05),
        *(Category.D06, Category.D07, Category.D08, Category.D18),
    }
)
_THROUGHOUT = frozenset({CaseRole.COORDINATOR, CaseRole.IDVA})
_TOLD = frozenset({CaseRole.NAMED, CaseRole.ALERTED})
_TO_CONFERENCE = frozenset({CaseRole.COORDINATOR, CaseRole.IDVA, CaseRole.RESEARCH}) | _TOLD
_READERS_AT_MOST: Mapping[Outcome, frozenset[CaseRole]] = {
    Outcome.ALLOW: _TO_CONFERENCE,
    Outcome.ALLOW_OVERRIDE: _TO_CONFERENCE,
    Outcome.ALLOW_BEST_INTERESTS: _TO_CONFERENCE,
    Outcome.ALLOW_SUPPORT: _TOLD | {CaseRole.IDVA},
    Outcome.ALLOW_MIN: _TOLD,
    Outcome.ESCALATE: _TOLD,
    Outcome.HOLD_RECORD: _TOLD,
    Outcome.NO_SHARE: frozenset(),
}


def check(matrix: Matrix) -> None:
    """Refuse a table that no partnership may have, or that says what can never apply.

    :raises BrokenTable: naming the row.
    """
    faults = (*_of_cells(matrix), *_of_reach(matrix), *_of_stages(matrix), *_of_outcomes(matrix))
    for row, fault in faults:
        raise BrokenTable(f"matrix: {row}: {fault}.")


def _of_cells(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """Yield the row of each cell that opens what must stay shut, and what is wrong with it."""
    police = matrix.cells[Category.D15, AgencyKind.POLICE]
    if any(not way.sections or IMMIGRATION in way.sections for way in police):
        yield "D15/POLICE", "tells the police of immigration status"
    for category in _WHERE_SHE_IS:
        if matrix.cells[category, _SERVES_PERPETRATORS]:
            yield f"{category}/{_SERVES_PERPETRATORS}", "tells where the victim is"
    for (category, kind), cell in matrix.cells.items():
        row = f"{category}/{kind}"
        if category is Category.D22 and any(way.condition != TOOK_REPORT for way in cell):
            yield row, "names an informant beyond the agency that took the report"
        shown = {way.level for way in cell} & {Level.FULL, Level.SUMMARY}
        if kind is AgencyKind.AUDITOR and category is not Category.D27 and shown:
            yield row, "shows content to an auditor"


def _of_reach(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """Yield the row of each alternative that can never decide, or takes away when it does."""
    auditor = matrix.purposes[AgencyKind.AUDITOR]
    if not auditor <= {Purpose.P10, Purpose.P11}:
        yield "purposes.AUDITOR", "an auditor reads for audit and statistics alone"
    for (category, kind), cell in matrix.cells.items():
        # What an auditor's cells say beyond the log waits for somebody to break the glass.
        stated = frozenset(Purpose) if kind is AgencyKind.AUDITOR else matrix.purposes[kind]
        sections = [name for name, of in matrix.section_category.items() if of is category]
        points = [
            (section, purpose)
            for section, purpose in product(sections, sorted(stated))
            if matrix.opens(section, purpose)
        ]
        yield from ((f"{category}/{kind}", fault) for fault in _cell_faults(cell, points))


def _cell_faults(cell: Cell, points: list[tuple[str, Purpose]]) -> Iterator[str]:
    decides: set[Alternative] = set()
    known = sorted({way.condition for way in cell if way.condition})
    for section, purpose in points:
        best: dict[frozenset[str], int] = {}
        for truth in product((False, True), repeat=len(known)):
            true = frozenset(name for name, is_true in zip(known, truth, strict=True) if is_true)
            way = next((each for each in cell if each.applies(section, purpose, true)), None)
            decides |= {way} if way else set()
            best[true] = _worth(way)
        if any(best[less] > best[more] for less, more in product(best, best) if less < more):
            yield "a condition that holds takes something away"
    for way in cell:
        if way not in decides:
            yield f"{way.text} can never apply"


def _worth(way: Alternative | None) -> int:
    if way is None:
        return 0
    return RANK[way.level]


def _of_stages(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """Yield the row of each stage limit that lets somebody in too early."""
    for stage, limit in matrix.stages.items():
        row = f"stages.{stage}"
        if not limit.whole_column <= _THROUGHOUT:
            yield row, "only coordinator and IDVA read their whole column without being present"
        if limit.if_present and stage is not Stage.MEETING:
            yield row, "presence counts at the meeting alone"
    if matrix.stages[Stage.BEFORE_LISTING].at_most:
        yield "stages.BEFORE_LISTING", "opens a case to more than coordinator and IDVA"
    if early := sorted(_NOT_FOR_A_SEARCH & set(matrix.stages[Stage.RESEARCH].at_most)):
        yield "stages.RESEARCH", f"{early[0]} is not needed for a search"
    if missing := sorted(_NAMED_AT_LEAST - matrix.named):
        yield "named", f"{missing[0]} is kept from whom a rule or a duty names"


def _of_outcomes(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """Yield the row of each consent outcome that lets somebody read whom it does not name."""
    for outcome, at_most in _READERS_AT_MOST.items():
        readers = matrix.outcomes[outcome]
        if extra := sorted(readers - at_most):
            yield f"outcomes.{outcome}", f"lets {extra[0]} read"
        if at_most and CaseRole.NAMED not in readers:
            yield f"outcomes.{outcome}", "shuts out whom a rule or a duty names"

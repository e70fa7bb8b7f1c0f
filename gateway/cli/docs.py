"""Owns the generated pages: states, need-to-know matrix and data map, as Markdown.

Pure and deterministic: the same tables give the same bytes, so that a page out of date shows.
"""

from __future__ import annotations

from gateway.cli import words
from gateway.cli.data_map import data_map_page
from gateway.profiles.loader import Profile
from gateway.profiles.matrix import COLUMNS, LIVE
from gateway.rules.matrix import Matrix
from gateway.rules.states import EDGES, STAGES, mermaid
from gateway.schemas.codes import AgencyKind, CaseState, Category, Outcome, Stage

__all__ = ["data_map_page", "matrix_page", "states_page"]


def states_page() -> str:
    """Return the page of case states: the diagram, and the same in words."""
    rows = [
        (f"`{state}`", words.stage(STAGES.get(state, Stage.NONE)), _next(state))
        for state in CaseState
    ]
    return words.page(
        "# States of a case",
        words.MADE,
        "The table below the diagram says the same in words.",
        f"```mermaid\n{mermaid().rstrip()}\n```",
        words.table(("State", "Stage for need-to-know", "Can go to"), rows),
    )


def matrix_page(profile: Profile) -> str:
    """Return the need-to-know matrix in words: by category, by kind, by stage, by outcome."""
    matrix = profile.matrix
    parts = [
        "# Need-to-know matrix",
        words.MADE,
        f"Table version (SHA-256): `{profile.versions['matrix']}`",
        "An agency's own data is always full for it. What no cell opens is shown to nobody. "
        "Protected address and safe contact are handed out only to agencies that hold a sealed "
        "copy; other readers learn at most that there is one.",
        "## By category",
    ]
    for category in Category:
        parts += [
            f"### {category} {matrix.titles[category]}",
            f"Main purpose: {words.purposes(matrix.main[category])}.",
            _category_table(matrix, category),
        ]
    parts.append("## By kind of agency")
    for kind in COLUMNS:
        parts += [
            f"### {kind}",
            f"May state: {words.purposes(matrix.purposes[kind])}.",
            _kind_table(matrix, kind),
        ]
    parts += ["## By stage", _stage_table(matrix), _stage_rules(matrix)]
    return words.page(*parts, "## By consent outcome", _outcome_table(matrix))


def _next(state: CaseState) -> str:
    """Return the states that may follow, in the order of the published codes."""
    return ", ".join(f"`{to}`" for to in CaseState if to in EDGES[state]) or "end"


def _category_table(matrix: Matrix, category: Category) -> str:
    rows = [(kind.value, *_cell(matrix, category, kind)) for kind in COLUMNS]
    return words.table(("Kind of agency", "Sees", "Note"), rows)


def _kind_table(matrix: Matrix, kind: AgencyKind) -> str:
    rows = [
        (f"{category} {matrix.titles[category]}", *_cell(matrix, category, kind))
        for category in Category
    ]
    return words.table(("Category", "Sees", "Note"), rows)


def _cell(matrix: Matrix, category: Category, kind: AgencyKind) -> tuple[str, str]:
    """Return a cell and its note in words."""
    cell = matrix.cells[category, kind]
    return words.cell(cell, matrix), matrix.notes.get((category, kind), words.NOTHING)


def _stage_table(matrix: Matrix) -> str:
    rows = []
    for stage in LIVE:
        limit = matrix.stages[stage]
        whole = words.codes(limit.whole_column)
        if limit.if_present:
            whole += ", and every reader that is present"
        rows.append((words.stage(stage), whole, words.categories(limit.at_most)))
    return words.table(("Stage", "Reads its whole column", "Other readers"), rows)


def _stage_rules(matrix: Matrix) -> str:
    return (
        f"A recipient that a consent rule or a duty names reads {words.codes(matrix.named)} of its "
        "column at any of these stages. A referrer that is nothing else reads what it sent. In "
        "every other state everybody keeps what it contributed and reads nothing else."
    )


def _outcome_table(matrix: Matrix) -> str:
    rows = [(f"`{what}`", words.codes(matrix.outcomes[what]) or "nobody") for what in Outcome]
    return words.table(("Outcome", "Roles that may read, besides own data"), rows)

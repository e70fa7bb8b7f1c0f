"""Owns reading the need-to-know matrix from its table; an unclear table never loads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from gateway.errors import BrokenTable
from gateway.rules.matrix import Alternative, Cell, Matrix, StageLimit
from gateway.rules.matrix_invariants import check
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    Category,
    Level,
    Outcome,
    Purpose,
    Stage,
)

LETTERS: Mapping[str, Level] = {
    "F": Level.FULL,
    "S": Level.SUMMARY,
    "I": Level.INDICATOR,
    "C": Level.CASE_BY_CASE,
}
COLUMNS: tuple[AgencyKind, ...] = tuple(kind for kind in AgencyKind if kind != AgencyKind.OTHER)
LIVE: tuple[Stage, ...] = tuple(stage for stage in Stage if stage != Stage.NONE)
_FORBIDDEN_ROLE = CaseRole.REFERRER  # learns only what it sent, whatever a table says

_ALTERNATIVE = re.compile(
    r"(?P<level>[FSIC])"
    r"(?:\?(?P<condition>[A-Z][A-Z_]*))?"
    r"(?:#(?P<sections>[a-z_]+(?:,[a-z_]+)*))?"
    r"(?:@(?P<purposes>P\d+(?:,P\d+)*))?"
)
_Code = TypeVar("_Code", bound=StrEnum)


def load_matrix(
    data: Mapping[str, Any],
    *,
    section_category: Mapping[str, Category],
    exclusive: frozenset[str],
    owned: frozenset[str] = frozenset(),
    returned: frozenset[str] = frozenset(),
) -> Matrix:
    """Return the matrix of a parsed table, joined with the sections of the field table.

    `exclusive` and `owned` name the sections of class EXCLUSIVE and OWNER, `returned` those that
    agencies return for a conference.

    :raises BrokenTable: if anything is missing, unknown or said twice, can never apply, or opens
        what no partnership may open; the message names the row.
    """
    try:
        matrix = _read(data, section_category, exclusive, owned, returned)
    except (KeyError, TypeError, AttributeError):
        raise BrokenTable("matrix: a part of the table is missing or of the wrong shape.") from None
    check(matrix)
    return matrix


def _read(
    data: Mapping[str, Any],
    section_category: Mapping[str, Category],
    exclusive: frozenset[str],
    owned: frozenset[str],
    returned: frozenset[str],
) -> Matrix:
    """Return the matrix; shape faults surface as the built-in errors `load_matrix` translates."""
    if tuple(data["columns"]) != COLUMNS:
        raise BrokenTable("matrix: columns are not the kinds with a column, in order.")
    rows = data["rows"]
    _exactly(rows, Category, "rows")
    cells = {
        (category, kind): cell
        for category in Category
        for kind, cell in _row(category, rows[category], section_category)
    }
    conditions = dict(data["conditions"])
    _check_conditions(cells, conditions)
    return Matrix(
        cells=MappingProxyType(cells),
        purposes=MappingProxyType(_purposes(data["purposes"])),
        stages=MappingProxyType(_stages(data["stages"])),
        outcomes=MappingProxyType(_outcomes(data["outcomes"])),
        named=_codes(Category, data["named"], "named"),
        section_category=MappingProxyType(dict(section_category)),
        exclusive=_known(exclusive, section_category),
        owned=_known(owned, section_category),
        returned=_known(returned, section_category),
        conditions=MappingProxyType(conditions),
        titles=MappingProxyType({category: rows[category]["title"] for category in Category}),
        main=MappingProxyType(
            {category: _codes(Purpose, rows[category]["main"], category) for category in Category}
        ),
        notes=MappingProxyType(
            {
                (category, _code(AgencyKind, kind, category)): note
                for category in Category
                for kind, note in rows[category].get("notes", {}).items()
            }
        ),
    )


def parse_cell(text: str, row: str) -> Cell:
    """Return the alternatives of one cell, in the order in which they are tried.

    :raises BrokenTable: if the cell is not of the grammar; the message names `row`.
    """
    if text == "-":
        return ()
    ways = tuple(_alternative(part, row) for part in text.split(" "))
    for place, way in enumerate(ways[:-1]):
        if not (way.condition or way.purposes or way.sections):
            raise BrokenTable(f"matrix: {row}: nothing after alternative {place + 1} can apply.")
    return ways


def _alternative(text: str, row: str) -> Alternative:
    """Return one alternative of a cell."""
    found = _ALTERNATIVE.fullmatch(text)
    if found is None:
        raise BrokenTable(f"matrix: {row}: not of the cell grammar.")
    sections, purposes = found["sections"], found["purposes"]
    return Alternative(
        level=LETTERS[found["level"]],
        text=text,
        condition=found["condition"],
        purposes=_codes(Purpose, purposes.split(","), row) if purposes else frozenset(),
        sections=frozenset(sections.split(",")) if sections else frozenset(),
    )


def _row(
    category: Category, row: Mapping[str, Any], section_category: Mapping[str, Category]
) -> Iterable[tuple[AgencyKind, Cell]]:
    """Return the cells of one row by kind; a named section must be of that category."""
    texts = row["cells"]
    if len(texts) != len(COLUMNS):
        raise BrokenTable(f"matrix: {category}: not one cell for each column.")
    cells = []
    for kind, text in zip(COLUMNS, texts, strict=True):
        cell = parse_cell(text, f"{category}/{kind}")
        for way in cell:
            if any(section_category.get(name) is not category for name in way.sections):
                raise BrokenTable(f"matrix: {category}/{kind}: names a section of another row.")
        cells.append((kind, cell))
    return cells


def _check_conditions(
    cells: Mapping[tuple[Category, AgencyKind], Cell], conditions: Mapping[str, str]
) -> None:
    """Refuse a condition that no list explains, or that is explained and never used."""
    used = set()
    for (category, kind), cell in cells.items():
        for way in cell:
            if way.condition and way.condition not in conditions:
                raise BrokenTable(f"matrix: {category}/{kind}: condition is not in [conditions].")
            used.add(way.condition)
    if unused := sorted(set(conditions) - used):
        raise BrokenTable(f"matrix: conditions: {unused[0]} is used by no cell.")


def _purposes(table: Mapping[str, Any]) -> dict[AgencyKind, frozenset[Purpose]]:
    """Return what each kind may state, with what every kind may."""
    _exactly(table, [*AgencyKind, "every"], "purposes")
    every = _codes(Purpose, table["every"], "purposes.every")
    return {kind: _codes(Purpose, table[kind], f"purposes.{kind}") | every for kind in AgencyKind}


def _outcomes(table: Mapping[str, Any]) -> dict[Outcome, frozenset[CaseRole]]:
    """Return which roles may read after each outcome."""
    _exactly(table, Outcome, "outcomes")
    roles = {what: _codes(CaseRole, table[what], f"outcomes.{what}") for what in Outcome}
    for what, readers in roles.items():
        if _FORBIDDEN_ROLE in readers:
            raise BrokenTable(f"matrix: outcomes.{what}: a referrer reads only what it sent.")
    return roles


def _stages(table: Mapping[str, Any]) -> dict[Stage, StageLimit]:
    """Return the limit of each live stage."""
    _exactly(table, LIVE, "stages")
    return {stage: _stage(table[stage], f"stages.{stage}") for stage in LIVE}


def _stage(limit: Mapping[str, Any], row: str) -> StageLimit:
    """Return one stage limit; case by case is no limit."""
    at_most = limit["at_most"]
    if not set(at_most.values()) <= {"F", "S", "I"}:
        raise BrokenTable(f"matrix: {row}: at_most takes F, S or I.")
    return StageLimit(
        whole_column=_codes(CaseRole, limit["whole_column"], row),
        at_most=MappingProxyType(
            {_code(Category, name, row): LETTERS[letter] for name, letter in at_most.items()}
        ),
        if_present=limit.get("if_present", False) is True,
    )


def _known(names: frozenset[str], sections: Mapping[str, Category]) -> frozenset[str]:
    """Return the names if each is a section of the field table."""
    if not names <= set(sections):
        raise BrokenTable("matrix: a section class names a section without a category.")
    return names


def _exactly(table: Mapping[str, Any], expected: Iterable[str], row: str) -> None:
    """Refuse a part that has a row too many or too few."""
    if odd := sorted(set(table) ^ {str(name) for name in expected}):
        raise BrokenTable(f"matrix: {row}: {odd[0]} is missing or not known.")


def _codes(kind: type[_Code], names: Iterable[str], row: str) -> frozenset[_Code]:
    """Return published codes by name, none of them twice."""
    names = list(names)
    if len(set(names)) != len(names):
        raise BrokenTable(f"matrix: {row}: a code stands twice.")
    return frozenset(_code(kind, name, row) for name in names)


def _code(kind: type[_Code], name: str, row: str) -> _Code:
    """Return one published code by name."""
    try:
        return kind(name)
    except ValueError:
        raise BrokenTable(f"matrix: {row}: an unknown code.") from None

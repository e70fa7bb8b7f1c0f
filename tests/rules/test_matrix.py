"""The need-to-know matrix, cell by cell, against a second statement of it typed by hand."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BrokenTable
from gateway.profiles.matrix import load_matrix, parse_cell
from gateway.rules.disclosure import decide
from gateway.rules.facts import Refused
from gateway.schemas.codes import AgencyKind, Category, Level, Purpose
from tests.rules.cases import (
    EXCLUSIVE,
    MATRIX,
    OWNED,
    SECTIONS,
    a_caller,
    a_case,
    a_table,
    approved,
    in_the_room,
    levels,
)
from tests.rules.tables import read

F, S, I, C, N = (  # noqa: E741 - the letters of the matrix
    Level.FULL,
    Level.SUMMARY,
    Level.INDICATOR,
    Level.CASE_BY_CASE,
    Level.NONE,
)
KINDS: list[AgencyKind] = [kind for kind in AgencyKind if kind != AgencyKind.OTHER]
LETTERS = {"F": F, "S": S, "I": I, "C": C, "-": N}

# Typed from the domain reference, not from the table under test. A cell with a condition, a
# purpose or a part is "*" here and stands in PARTICULAR.
PLAIN = """
D01 F F F F F F F F F F * F F S F I
D02 F F F S F F C F C C C F F - F -
D03 I F F - C C - C - - - * * - * -
D04 I F F - C C - C - - - C C - F -
D05 F F F F F F * S S * S * S F S -
D06 F F F S F S C F C - * S S - F -
D07 F F F S F S * S S C I S S S F -
D08 F F F F F F S S S S I S S S F -
D09 F F F C S C - - C - - - - - F -
D10 S S S - S S F F S - - - I - S -
D11 S F I I S S S F F S - - I - S -
D12 S S I S S S S S S F - - I * S -
D13 S F F C S C * C C - - - - - F -
D14 - C C - C C - C C - - - - - C -
D15 * F * - * * * * * * * * C - F -
D16 - C F C C C - - C - - - - - C -
D17 S S F F S S * * * I * * I S S -
D18 F F F F F S - - - - * * S S F -
D19 S S S - S C - - - - - F F - S -
D20 - F C - C C - - - - - C C - F -
D21 I F C - C C - - - - - - - - C -
D22 - - * - * - - - - - - * - - - -
D23 - F - - - - - - - - - - - - C -
D24 F F * * * S S S S S S S S S S C
D25 F F S I S I I I I I I I I I S -
D26 F F F F F F I I I I I I I - I -
D27 S * * * * * * * * * * * * * * F
"""
# (category, kind): level if the condition holds; every other cell of "*" is in `_expected`.
CONDITIONS = {
    ("D01", "EDUCATION"): (F, "CHILD_THERE"),
    ("D03", "LANDLORD"): (C, "OWN_STOCK"),
    ("D03", "LA_HOUSING"): (C, "PLACING"),
    ("D03", "REFUGE"): (F, "PLACED_HERE"),
    ("D05", "SUBSTANCE_USE"): (F, "CLIENT"),
    ("D05", "LANDLORD"): (F, "TENANT_OR_HOUSEHOLD"),
    ("D06", "EDUCATION"): (F, "CHILD_THERE"),
    ("D07", "ACUTE"): (S, "TREATED"),
    ("D12", "PERP_PROGRAMME"): (S, "ABOUT_PERPETRATOR"),
    ("D13", "ACUTE"): (F, "SARC"),
    ("D18", "EDUCATION"): (S, "SCHOOL_TERMS"),
    ("D18", "LANDLORD"): (S, "HOME_TERMS"),
    ("D22", "POLICE"): (F, "TOOK_REPORT"),
    ("D22", "CSC"): (F, "TOOK_REPORT"),
    ("D22", "LANDLORD"): (F, "TOOK_REPORT"),
}
BY_PURPOSE = {
    ("D05", "ACUTE"): {"P6": I},
    ("D17", "ACUTE"): {"P6": I},
    ("D17", "PRIMARY_CARE"): {"P6": I},
    ("D17", "MENTAL_HEALTH"): {"P6": I},
    ("D17", "EDUCATION"): {"P6": I},
    ("D17", "LANDLORD"): {"P6": I, "P7": S},
}
LANGUAGE_ONLY = {
    "COORDINATOR": S,
    "POLICE": S,
    "ACUTE": S,
    "MENTAL_HEALTH": S,
    "LANDLORD": I,
}
NOT_IMMIGRATION = {"CSC": S, "ASC": S, "PRIMARY_CARE": S, "SUBSTANCE_USE": I, "EDUCATION": I}
STATED = {
    "COORDINATOR": "1 6 9",
    "IDVA": "1 2 3 4 6 7 8 9",
    "POLICE": "1 2 3 4 5 6 8 9",
    "PROBATION": "1 2 3 5 6 9",
    "CSC": "1 2 3 6 8 9",
    "ASC": "1 2 4 6 8 9",
    "ACUTE": "1 2 3 4 6 9",
    "PRIMARY_CARE": "1 2 3 4 6 9",
    "MENTAL_HEALTH": "1 2 3 4 5 6 9",
    "SUBSTANCE_USE": "1 2 3 5 6 9",
    "EDUCATION": "1 2 3 6 9",
    "LANDLORD": "1 2 6 7 8 9",
    "LA_HOUSING": "1 2 6 7 8 9",
    "PERP_PROGRAMME": "1 5 6 9",
    "REFUGE": "1 2 3 6 7 8 9",
    "AUDITOR": "",
    "OTHER": "1 9",
}
ALL_CONDITIONS = frozenset(condition for _, condition in CONDITIONS.values()) | {"OWN_RECORD"}
MAY_STATE = [
    (kind, Purpose(f"P{number}")) for kind in KINDS for number in f"{STATED[kind]} 10 11".split()
]
CELLS = {
    (row.split()[0], kind): letter
    for row in PLAIN.split("\n")
    if row
    for kind, letter in zip(KINDS, row.split()[1:], strict=True)
}


def _expected(
    category: str, kind: AgencyKind, purpose: Purpose, section: str, conditions: frozenset[str]
) -> Level:
    """Return a cell's own level as the domain states it, before sealing and approval."""
    letter = CELLS[category, kind]
    if letter != "*":
        return LETTERS[letter]
    if (category, kind) in BY_PURPOSE:
        return BY_PURPOSE[category, kind].get(purpose, N)
    if category == "D15":
        if kind in LANGUAGE_ONLY:
            return LANGUAGE_ONLY[kind] if section == "language" else N
        return C if section == "immigration" else NOT_IMMIGRATION[kind]
    if category == "D24":
        return F if "PRESENT" in conditions else S
    if category == "D27":
        return S if "OWN_RECORD" in conditions else N
    level, condition = CONDITIONS[category, kind]
    return level if condition in conditions else N


def _shown(level: Level, section: str) -> Level:
    """Return what is shown without approval, the agency holding a sealed copy of each section."""
    if level is C or section in OWNED:
        return N
    return level


@pytest.mark.parametrize("conditions", [frozenset(), ALL_CONDITIONS], ids=["no facts", "all facts"])
@pytest.mark.parametrize(("kind", "purpose"), list(product(KINDS, Purpose)))
def test_F57_every_cell_is_as_the_domain_says(
    kind: AgencyKind, purpose: Purpose, conditions: frozenset[str]
) -> None:
    case = in_the_room(kind, conditions=conditions)
    decision = decide(case, a_caller(kind), purpose, MATRIX)
    stated = {f"P{number}" for number in STATED[kind].split()} | {"P10", "P11"}
    if purpose not in stated:
        assert decision == Refused("purpose-not-allowed")
        return
    expected = {}
    for section, category in SECTIONS.items():
        if purpose is Purpose.P11 or (purpose is Purpose.P10 and category != "D27"):
            continue
        cell = _expected(category, kind, purpose, section, conditions | {"PRESENT"})
        if (level := _shown(cell, section)) is not N:
            expected[section] = level
    assert levels(decision) == expected


@pytest.mark.parametrize("condition", sorted(ALL_CONDITIONS))
@pytest.mark.parametrize("kind", KINDS)
def test_one_condition_opens_only_its_own_cells(kind: AgencyKind, condition: str) -> None:
    for purpose in Purpose:
        without = levels(decide(in_the_room(kind), a_caller(kind), purpose, MATRIX))
        case = in_the_room(kind, conditions=frozenset({condition}))
        opened = levels(decide(case, a_caller(kind), purpose, MATRIX))
        assert without.items() <= opened.items()
        for section in opened.keys() - without.keys():
            cell = (SECTIONS[section], kind)
            assert cell[0] == "D27" or CONDITIONS[cell][1] == condition


@pytest.mark.parametrize(("kind", "purpose"), MAY_STATE)
def test_F48_case_by_case_opens_only_what_was_approved(kind: AgencyKind, purpose: Purpose) -> None:
    case = in_the_room(kind, conditions=ALL_CONDITIONS)
    shut = levels(decide(case, a_caller(kind), purpose, MATRIX))
    for section, category in SECTIONS.items():
        opening = a_case(*case.members.values(), in_conference=True, approved=approved(section))
        opened = levels(decide(opening, a_caller(kind), purpose, MATRIX))
        cell = _expected(category, kind, purpose, section, ALL_CONDITIONS | {"PRESENT"})
        counts = cell is C and section not in OWNED and MATRIX.opens(section, purpose)
        assert opened == (shut | {section: F} if counts else shut)


def test_the_police_never_see_immigration_status_even_if_approved() -> None:
    case = in_the_room(AgencyKind.POLICE, conditions=ALL_CONDITIONS)
    case = a_case(*case.members.values(), in_conference=True, approved=approved("immigration"))
    for purpose in Purpose:
        assert "immigration" not in levels(
            decide(case, a_caller(AgencyKind.POLICE), purpose, MATRIX)
        )


@given(st.sampled_from(list(Purpose)), st.frozensets(st.sampled_from(sorted(ALL_CONDITIONS))))
def test_V13_a_kind_without_a_column_sees_nothing(
    purpose: Purpose, conditions: frozenset[str]
) -> None:
    case = in_the_room(AgencyKind.OTHER, conditions=conditions)
    assert not decide(case, a_caller(AgencyKind.OTHER), purpose, MATRIX)


def test_each_cell_that_the_table_writes_can_decide() -> None:
    """No dead rule: each alternative is the reason of some level, or of some approval."""
    seen = set()
    for kind, purpose in product(KINDS, Purpose):
        for conditions in (frozenset(), ALL_CONDITIONS):
            for present in (True, False):
                members = in_the_room(kind, conditions=conditions).members.values()
                case = a_case(*members, in_conference=present)
                decision = decide(case, a_caller(kind), purpose, MATRIX)
                if not isinstance(decision, Refused):
                    seen |= {
                        why.removesuffix(" not-sealed-to") for why in decision.reasons.values()
                    }
    written = {
        f"{category}/{kind}:{way.text}"
        for (category, kind), cell in MATRIX.cells.items()
        for way in cell
    }
    # The auditor states only P10 and P11, so its two cells of content wait for break-glass. The
    # room is full in these cases, so those who are absent are looked at elsewhere.
    waiting = {"D01/AUDITOR:I", "D24/AUDITOR:C"}
    absent = {f"D24/{kind}:S" for kind in ("POLICE", "PROBATION", "CSC")}
    owned = {"D23/IDVA:F"}  # answered by the class of the section
    assert written - seen == waiting | absent | owned


# --- loading ----------------------------------------------------------------------------------


def _broken(change: Any) -> None:
    data = deepcopy(read("matrix"))
    change(data)
    load_matrix(data, section_category=SECTIONS, exclusive=EXCLUSIVE, owned=OWNED)


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (lambda data: data["rows"].pop("D07"), "D07"),
        (lambda data: data["rows"].update(D28=data["rows"]["D27"]), "D28"),
        (lambda data: data["rows"]["D07"]["cells"].pop(), "D07"),
        (lambda data: data["rows"]["D07"]["cells"].__setitem__(2, "X"), "D07/POLICE"),
        (lambda data: data["rows"]["D07"]["cells"].__setitem__(2, ""), "D07/POLICE"),
        (lambda data: data["rows"]["D07"]["cells"].__setitem__(2, "F  S"), "D07/POLICE"),
        (lambda data: data["rows"]["D07"]["cells"].__setitem__(2, "F S"), "D07/POLICE"),
        (lambda data: data["rows"]["D07"]["cells"].__setitem__(2, "F?SOON"), "D07/POLICE"),
        (lambda data: data["rows"]["D07"]["cells"].__setitem__(2, "F@P12"), "D07/POLICE"),
        (lambda data: data["rows"]["D07"]["cells"].__setitem__(2, "F@P1,P1"), "D07/POLICE"),
        (lambda data: data["rows"]["D07"]["cells"].__setitem__(2, "F#health"), "D07/POLICE"),
        (lambda data: data["rows"]["D07"]["notes"].update(NOBODY="x"), "D07"),
        (lambda data: data["rows"]["D07"].update(main=["P0"]), "D07"),
        (lambda data: data["columns"].reverse(), "columns"),
        (lambda data: data["conditions"].pop("SARC"), "D13/ACUTE"),
        (lambda data: data["conditions"].update(NEVER="x"), "NEVER"),
        (lambda data: data["purposes"].pop("POLICE"), "POLICE"),
        (lambda data: data["purposes"].update(POLICE=["P99"]), "purposes.POLICE"),
        (lambda data: data["outcomes"].pop("NO_SHARE"), "NO_SHARE"),
        (lambda data: data["outcomes"].update(ALLOW=["REFERRER"]), "outcomes.ALLOW"),
        (lambda data: data["stages"].pop("AFTER"), "AFTER"),
        (lambda data: data["stages"].update(NONE={}), "NONE"),
        (lambda data: data["stages"]["AFTER"].update(at_most={"D24": "C"}), "stages.AFTER"),
        (lambda data: data["stages"]["AFTER"].pop("at_most"), "missing"),
        (lambda data: data.update(named=["D99"]), "named"),
        (lambda data: data.clear(), "missing"),
        (lambda data: data.update(rows="F"), "rows"),
    ],
)
def test_a_broken_matrix_never_loads(change: Any, row: str) -> None:
    with pytest.raises(BrokenTable, match=row):
        _broken(change)


def test_a_section_class_for_an_unknown_section_never_loads() -> None:
    with pytest.raises(BrokenTable, match="class"):
        load_matrix(read("matrix"), section_category=SECTIONS, exclusive=frozenset({"nothing"}))


@given(st.text(max_size=12))
def test_a_cell_is_of_the_grammar_or_refused(text: str) -> None:
    try:
        cell = parse_cell(text, "D01/IDVA")
    except BrokenTable:
        return
    assert " ".join(way.text for way in cell) == ("" if text == "-" else text)


def test_the_table_is_whole() -> None:
    table = a_table()
    assert set(table.cells) == set(product(Category, KINDS))
    assert set(table.titles) == set(table.main) == set(Category)

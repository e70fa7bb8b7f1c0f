"""What no table may bring about: each invariant by name, broken once, and refused by its row."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gateway.errors import BrokenTable
from gateway.profiles.consent import load_consent
from gateway.profiles.matrix import load_matrix
from tests.rules.cases import EXCLUSIVE, OWNED, SECTIONS
from tests.rules.tables import read

KINDS: list[str] = read("matrix")["columns"]


def with_row(rule: str, /, **changes: Any) -> dict[str, Any]:
    """Return the consent table with one row changed."""
    table = read("consent")
    (row,) = [row for row in table["row"] if row["rule"] == rule]
    row.update(changes)
    return table


def with_rows_after(rule: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """Return the consent table with rows put in behind one."""
    table = read("consent")
    place = next(n for n, row in enumerate(table["row"]) if row["rule"] == rule)
    table["row"][place + 1 : place + 1] = rows
    return table


def without_duty(duty: str) -> dict[str, Any]:
    table = read("consent")
    table["duty"] = [row for row in table["duty"] if row["duty"] != duty]
    return table


def a_row(rule: str, outcome: str, *to: str, **when: list[Any]) -> dict[str, Any]:
    records = ["SHARE", "OVERRIDE"] if to else ["DECISION_NOTE"]
    share = [{"to": each} for each in to]
    return {
        "rule": rule,
        "outcome": outcome,
        "when": when,
        "share": share,
        "must_record": records,
    }


CONSENT = [
    (
        "danger to life is never blocked",
        with_row("R1b", share=[{"to": "IDVA"}]),
        "R1b: danger to life is not answered",
    ),
    (
        "danger to life is never blocked, the IDVA is told too",
        with_row("R1b", share=[{"to": "POLICE"}]),
        "R1b: danger to life is not answered",
    ),
    (
        "high risk reaches the conference",
        with_row("R6", share=[{"to": "IDVA"}]),
        "R6: high risk does not reach",
    ),
    (
        "no child under 16 at the conference",
        with_row("R2", share=[{"to": "CSC"}, {"to": "MARAC"}]),
        "R2: a child under 16 reaches",
    ),
    (
        "no override record despite agreement",
        with_row("R5a", must_record=["SHARE", "OVERRIDE"]),
        "R5a: an override record despite agreement",
    ),
    (
        "nothing is withheld where a duty fires",
        with_row("R9", outcome="NO_SHARE", share=[]),
        "R9: nothing shared although a duty fired",
    ),
    (
        "lower risk reaches no conference",
        with_row("R8", outcome="ALLOW", share=[{"to": "MARAC"}]),
        "R8: conference without high risk",
    ),
    (
        "the outcome says what is done",
        with_row("R6", outcome="ALLOW_MIN"),
        "R6: reaches the conference with an outcome that says otherwise",
    ),
    (
        "an outcome that shares nothing shares nothing",
        with_row("R10", share=[{"to": "IDVA"}], must_record=["OVERRIDE"]),
        "R10: shares with an outcome that shares nothing",
    ),
    ("the duty to children fires", without_duty("CSC"), "a duty that the law names does not fire"),
    ("the duty to adults fires", without_duty("ASC"), "a duty that the law names does not fire"),
    ("999 is called", without_duty("POLICE_999"), "a duty that the law names does not fire"),
    (
        "police are considered",
        without_duty("POLICE_CONSIDER"),
        "a duty that the law names does not fire",
    ),
    (
        "sharing without agreement is recorded",
        with_row("R6", must_record=["SHARE"]),
        "R6: shared without agreement and without a record of why",
    ),
    (
        "only danger to life lets the record wait",
        with_row("R6", record_within_hours=24),
        "R6: a record may wait although no life is in danger",
    ),
    (
        "it waits for a day",
        with_row("R1b", record_within_hours=25),
        "R1b: a record may wait for more than a day",
    ),
    (
        "withdrawing adds nobody",
        with_rows_after(
            "R7", a_row("R7b", "ALLOW_MIN", "ASC", risk=["MEDIUM"], position=["WITHDRAWN"])
        ),
        "R7b: agreement withdrawn adds a recipient",
    ),
    (
        "refusing adds nobody",
        with_rows_after(
            "R7", a_row("R7b", "ALLOW_MIN", "ASC", risk=["MEDIUM"], position=["WITHHELD"])
        ),
        "R7b: agreement withdrawn adds a recipient",
    ),
    (
        "a lower risk adds nobody",
        with_rows_after(
            "R7",
            a_row("R7b", "ALLOW_MIN", "POLICE", risk=["STANDARD"], position=["NOT_SOUGHT_UNSAFE"]),
        ),
        "R7b: a lower risk adds a recipient",
    ),
]


@pytest.mark.parametrize(
    ("table", "named"), [each[1:] for each in CONSENT], ids=[c[0] for c in CONSENT]
)
def test_F45_an_unsafe_consent_table_never_loads(table: dict[str, Any], named: str) -> None:
    with pytest.raises(BrokenTable, match=named):
        load_consent(table)


def cell(category: str, kind: str, text: str) -> dict[str, Any]:
    """Return the matrix with one cell written otherwise."""
    table = deepcopy(read("matrix"))
    table["rows"][category]["cells"][KINDS.index(kind)] = text
    return table


def part(name: str, key: str, value: Any) -> dict[str, Any]:
    """Return the matrix with one line of a part written otherwise."""
    table = deepcopy(read("matrix"))
    table[name][key] = value
    return table


def stage(name: str, **changes: Any) -> dict[str, Any]:
    table = deepcopy(read("matrix"))
    table["stages"][name].update(changes)
    return table


MATRIX = [
    ("immigration by name", cell("D15", "POLICE", "S#immigration"), "D15/POLICE: tells the police"),
    ("immigration by silence", cell("D15", "POLICE", "C"), "D15/POLICE: tells the police"),
    *[
        (f"where she is: {row}", cell(row, "PERP_PROGRAMME", "C"), f"{row}/PERP_PROGRAMME: tells")
        for row in ("D02", "D03", "D04")
    ],
    ("an informant", cell("D22", "IDVA", "F"), "D22/IDVA: names an informant"),
    ("an informant, C", cell("D22", "IDVA", "C"), "D22/IDVA: names an informant"),
    ("content for the auditor", cell("D07", "AUDITOR", "S"), "D07/AUDITOR: shows content"),
    ("a purpose for the auditor", part("purposes", "AUDITOR", ["P9"]), "purposes.AUDITOR: an aud"),
    ("a cell nobody can ask for", cell("D07", "LANDLORD", "F@P5"), "D07/LANDLORD: F@P5 can never"),
    (
        "a part said before",
        cell("D15", "CSC", "S#language,background S#language"),
        "D15/CSC: S#language can never apply",
    ),
    (
        "a purpose said before",
        cell("D17", "LANDLORD", "I@P6,P7 S@P7"),
        "D17/LANDLORD: S@P7 can never apply",
    ),
    (
        "a condition said before",
        cell("D24", "POLICE", "F?PRESENT S?PRESENT"),
        r"D24/POLICE: S\?PRESENT can never apply",
    ),
    (
        "a fact that takes away",
        cell("D24", "POLICE", "I?PRESENT S"),
        "D24/POLICE: a condition that holds takes something away",
    ),
    (
        "everything for whoever is asked",
        stage("RESEARCH", whole_column=["COORDINATOR", "RESEARCH"]),
        "stages.RESEARCH: only coordinator and IDVA",
    ),
    (
        "presence before the meeting",
        stage("RESEARCH", if_present=True),
        "stages.RESEARCH: presence counts",
    ),
    (
        "before listing",
        stage("BEFORE_LISTING", at_most={"D01": "I"}),
        "stages.BEFORE_LISTING: opens a case",
    ),
    (
        "the story for a search",
        stage("RESEARCH", at_most={"D01": "F", "D07": "I"}),
        "stages.RESEARCH: D07 is not needed",
    ),
    (
        "danger without an address",
        {**read("matrix"), "named": ["D01", "D03", "D04", "D05", "D06", "D07", "D08", "D18"]},
        "named: D02 is kept",
    ),
    (
        "research after support alone",
        part("outcomes", "ALLOW_SUPPORT", ["IDVA", "NAMED", "RESEARCH"]),
        "outcomes.ALLOW_SUPPORT: lets RESEARCH read",
    ),
    (
        "anybody without a ground",
        part("outcomes", "NO_SHARE", ["NAMED"]),
        "outcomes.NO_SHARE: lets",
    ),
    (
        "a duty shut out",
        part("outcomes", "ESCALATE", ["ALERTED"]),
        "outcomes.ESCALATE: shuts out whom",
    ),
]


@pytest.mark.parametrize(
    ("table", "named"), [each[1:] for each in MATRIX], ids=[m[0] for m in MATRIX]
)
def test_V37_an_unsafe_matrix_never_loads(table: dict[str, Any], named: str) -> None:
    with pytest.raises(BrokenTable, match=named):
        load_matrix(table, section_category=SECTIONS, exclusive=EXCLUSIVE, owned=OWNED)

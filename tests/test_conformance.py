"""Each requirement is shown by tests that exist, or says why it is not; no row is left out."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.conformance import GROUPS, STATUSES, conformance_page

ROOT = Path(__file__).resolve().parents[1]
DATA: dict[str, Any] = tomllib.loads((ROOT / "docs" / "conformance.toml").read_text("utf-8"))
ROWS = [(group, row) for group in GROUPS for row in DATA[group]]
EACH = pytest.mark.parametrize(("group", "row"), ROWS, ids=[f"{g} {r['id']}" for g, r in ROWS])
# What the page must answer to, whatever it answers.
FAPI = {
    *("5.2.1", "5.2.2", "5.3.2.2", "5.4.3"),
    *(f"5.3.2.1-{number}" for number in range(1, 15)),
    *(f"5.3.3.1-{number}" for number in (5, 8, 11, 13)),
    *(f"5.3.4-{number}" for number in range(1, 6)),
    *(f"5.4.1-{number}" for number in range(1, 5)),
    *(f"5.4.2-{number}" for number in range(1, 4)),
}
_ASVS = """
    1.2.10 1.5.2 2.2.3 2.3.5 2.4.1 3.3.3 3.4.3 3.4.8 3.5.8 4.1.4 4.1.5 6.3.3 6.3.8
    6.5.1 6.8.4 7.2.4 7.3.1 7.3.2 7.4.2 7.5.3 8.1.2 8.2.2 8.2.3 8.3.2 8.4.1 9.1.2
    9.1.3 9.2.2 9.2.3 10.3.5 10.4.14 10.4.16 11.1.2 11.1.4 11.2.2 11.3.4 11.7.2
    12.1.2 12.3.1 13.3.1 13.3.3 14.2.1 14.2.6 14.2.7 14.3.2 15.1.2 15.3.3 15.3.7
    15.4.2 16.2.5 16.3.2 16.4.2 16.4.3 16.5.3 16.5.4
"""
ASVS = set(_ASVS.split())
API = {f"API{number}:2023" for number in range(1, 11)}


@cache
def named_in(file: str) -> frozenset[str]:
    """The names of the tests in a file that pytest collects."""
    path = ROOT / file
    if not path.is_file() or not re.fullmatch(r"test_\w+\.py", path.name):
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def missing(row: dict[str, Any]) -> list[str]:
    """The tests of a row that do not exist."""
    named = (test.partition("::") for test in row.get("tests", ()))
    return [name for file, _, name in named if name not in named_in(file)]


@EACH
def test_every_named_test_exists(group: str, row: dict[str, Any]) -> None:
    assert missing(row) == []


@EACH
def test_a_row_has_tests_or_a_reason_as_its_status_says(group: str, row: dict[str, Any]) -> None:
    assert row.keys() <= {"id", "level", "says", "status", "tests", "reason"}
    assert row["status"] in STATUSES
    has_tests, has_reason = bool(row.get("tests")), bool(row.get("reason", "").strip())
    assert (has_tests, has_reason) == {
        "held": (True, False),
        "partly": (True, True),
        "owed": (False, True),
        "not applicable": (False, True),
    }[row["status"]]


def test_no_requirement_is_left_out_or_stands_twice() -> None:
    for group, wanted in (("fapi", FAPI), ("asvs", ASVS), ("api", API)):
        ids = [row["id"] for row in DATA[group]]
        assert set(ids) == wanted, group
        assert len(ids) == len(wanted), group


def test_a_test_that_does_not_exist_would_be_seen() -> None:
    real = "tests/test_conformance.py::test_every_named_test_exists"
    assert missing({"tests": [real]}) == []
    for wrong in (f"{real}_not", "tests/no_such.py::test_x", "tests/test_conformance.py", ""):
        assert missing({"tests": [wrong]}) != []


def test_the_page_is_the_one_of_the_table() -> None:
    page = conformance_page(DATA)
    assert (ROOT / "docs" / "conformance.md").read_text("utf-8") == page
    assert all(f"| {row['id']}" in page for _, row in ROWS)

"""Each requirement is shown by tests that run, or says why it is not; no row is left out."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterable
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


_COLLECT = """
import sys, pytest

class Names:
    def pytest_collection_finish(self, session):
        for item in session.items:
            marks = {mark.name for mark in item.iter_markers()}
            print("at", item.nodeid.partition("[")[0], *sorted(marks & {"skip", "skipif", "xfail"}))

sys.exit(pytest.main([*sys.argv[1:], "--collect-only", "-q", "-p", "no:cacheprovider"], [Names()]))
"""


def collect(files: Iterable[str]) -> dict[str, set[str]]:
    """What pytest itself collects: name by file and test, and marks that may keep it from running.

    A table of parameters without a row is such a mark, too.
    """
    command = [sys.executable, "-c", _COLLECT, *sorted(files), "-n0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, set[str]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("at "):
            _, name, *marks = line.split()
            found.setdefault(name, set()).update(marks)
    return found


@pytest.fixture(scope="module")
def collected() -> dict[str, set[str]]:
    named = (test.partition("::")[0] for _, row in ROWS for test in row.get("tests", ()))
    return collect({file for file in named if (ROOT / file).is_file()})


def faults(row: dict[str, Any], collected: dict[str, set[str]]) -> list[str]:
    """The tests of a row that pytest does not collect, or may pass over."""
    return [
        test for test in row.get("tests", ()) if "::" not in test or collected.get(test, {"not"})
    ]


def test_every_named_test_is_collected_and_runs(collected: dict[str, set[str]]) -> None:
    found = {f"{group} {row['id']}": faults(row, collected) for group, row in ROWS}
    assert {row: tests for row, tests in found.items() if tests} == {}


@EACH
def test_a_row_has_tests_or_a_reason_as_its_status_says(group: str, row: dict[str, Any]) -> None:
    assert row.keys() <= {"id", "level", "says", "status", "sees", "tests", "reason"}
    assert row["status"] in STATUSES
    has_tests, has_reason = bool(row.get("tests")), bool(row.get("reason", "").strip())
    assert (has_tests, has_reason) == {
        "held": (True, False),
        "partly": (True, True),
        "owed": (False, True),
        "not applicable": (False, True),
    }[row["status"]]
    assert ("sees" in row) is has_tests
    if has_tests:
        assert row["sees"].endswith(".")
        assert len(row["sees"].split()) >= 5
        assert row["sees"] != row["says"]


def test_no_requirement_is_left_out_or_stands_twice() -> None:
    for group, wanted in (("fapi", FAPI), ("asvs", ASVS), ("api", API)):
        ids = [row["id"] for row in DATA[group]]
        assert set(ids) == wanted, group
        assert len(ids) == len(wanted), group


def test_a_test_that_does_not_run_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "test_some.py"
    file.write_text(
        "import pytest\n"
        "def test_good(): ...\n"
        "@pytest.mark.skip\ndef test_skipped(): ...\n"
        "@pytest.mark.xfail\ndef test_expected_to_fail(): ...\n"
        "@pytest.mark.parametrize('x', [])\ndef test_of_nothing(x): ...\n"
        "if False:\n    def test_never(): ...\n"
        "def test_twice(): ...\ntest_twice = 1\n"
    )
    found = {name.partition("::")[2]: marks for name, marks in collect([str(file)]).items()}
    assert {name for name, marks in found.items() if not marks} == {"test_good"}
    assert "test_never" not in found
    assert "test_twice" not in found
    for wrong in ("tests/no_such.py::test_x", "tests/test_conformance.py", ""):
        assert faults({"tests": [wrong]}, {}) == [wrong]


def test_the_page_is_the_one_of_the_table() -> None:
    page = conformance_page(DATA)
    assert (ROOT / "docs" / "conformance.md").read_text("utf-8") == page
    assert all(f"| {row['id']}" in page for _, row in ROWS)

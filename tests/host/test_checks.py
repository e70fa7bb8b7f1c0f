"""The security checks themselves: complete, held to their locks, and able to find something."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from checks import fuzzing
from checks.spoiling import spoil
from tests import needs
from tests.test_house import ROOT, declared, locked

FOUND = ROOT / "tests" / "doors" / "found"
CALLED = ("checks/run", "checks/fuzz_envelopes.py", ".ci/run", "tests/host/test_tls.py")


def test_V42_every_security_tool_is_called_somewhere() -> None:
    texts = "".join((ROOT / name).read_text() for name in CALLED)
    for tool in declared()["security"]:
        assert tool.name.replace("cyclonedx-bom", "cyclonedx-py") in texts, tool.name
    assert "checks/run" in (ROOT / ".ci/run").read_text()
    assert "checks/fuzz_envelopes.py" in (ROOT / ".ci/run").read_text()


def test_the_line_that_brings_the_tools_is_the_same_everywhere() -> None:
    for name in ("checks/run", "checks/README.md"):
        assert needs.BRING_SECURITY in (ROOT / name).read_text()


def test_V42_the_last_upgrade_is_dated() -> None:
    dates = re.findall(r"^## (\d{4}-\d{2}-\d{2})$", (ROOT / "docs/upgrades.md").read_text(), re.M)
    assert dates
    assert dates == sorted(dates, reverse=True)


# --- the tools find what they are for -----------------------------------------------------------


@pytest.mark.needs("security")
def test_T21_V42_the_bill_of_materials_lists_every_locked_package(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    line = re.search(r"cyclonedx-py (requirements requirements\.lock .*?) \\", _run(), re.S)
    assert line
    tool = needs.security("cyclonedx-py")
    command = [tool, *line[1].split(), "--of", "JSON", "-o", bill]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    made = json.loads(bill.read_text())
    listed = {canonicalize_name(each["name"]): each["version"] for each in made["components"]}
    assert listed == locked("requirements.lock")
    assert all(each["externalReferences"][0]["hashes"] for each in made["components"])


@pytest.mark.needs("security")
def test_V21_a_secret_that_is_committed_is_found(tmp_path: Path) -> None:
    baseline = shutil.copy(ROOT / "checks/secrets.baseline", tmp_path)
    hook = [needs.security("detect-secrets-hook"), "--baseline", baseline]
    harmless, key = tmp_path / "harmless.py", tmp_path / "settings.py"
    harmless.write_text('name = "marlbury"\n')
    # Put together here, so that this file does not contain what is looked for.
    key.write_text(f'aws = "{"AKIA" + "IOSFODNN7EXAMPLE"}"\n')
    for file, code in ((harmless, 0), (key, 1)):
        done = subprocess.run([*hook, file], cwd=ROOT, check=False, capture_output=True)
        assert done.returncode == code


def _run() -> str:
    return (ROOT / "checks/run").read_text()


# --- what the fuzzer plays with -------------------------------------------------------------------


@pytest.mark.parametrize("way", fuzzing.WAYS)
def test_the_fuzzer_begins_with_what_is_taken(way: str) -> None:
    seeds = fuzzing.seeds()[way]
    assert seeds
    assert not [seed for seed in seeds if fuzzing.is_refused(way, seed)]


@pytest.mark.parametrize("way", fuzzing.WAYS)
def test_V6_whatever_is_spoilt_is_taken_or_refused_and_nothing_else(way: str) -> None:
    seeds = fuzzing.seeds()[way]
    spoilt = [spoil(seed, number) for number in range(60) for seed in seeds[:2]]
    cut = [seed[: len(seed) * part // 9] for seed in seeds[:2] for part in range(9)]
    tried = [data for data in (*spoilt, *cut) if data is not None]
    assert sum(fuzzing.is_refused(way, data) for data in tried) > 8


@pytest.mark.parametrize("file", sorted(FOUND.glob("*/*")), ids=lambda file: file.name)
def test_V6_what_once_broke_a_parser_is_refused(file: Path) -> None:
    assert fuzzing.is_refused(file.parent.name, file.read_bytes())

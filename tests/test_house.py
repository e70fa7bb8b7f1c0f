"""The house itself: what the files of this project may contain, name and depend on."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-security.lock",
    "requirements-mutation.lock",
)

# Put together here, so that this file does not contain what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("debian", "org"),
        ("ubuntu", "com"),
        ("crates", "io"),
        ("golang", "org"),
        ("anaconda", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
    )
]
MACHINE_PATH = re.compile(r"(?<![\w.:/}$-])/(?:work|root|home|opt|Users)/\w")
PRIVATE_KEY = re.compile("-----BEGIN " + r"[A-Z ]*PRIVATE KEY|" + '"d"' + r"\s*:\s*\"[\w-]{40,}")
KEPT_OUT = re.compile(
    r"(?i)(^|/)(\.env|id_[a-z0-9]+)$|"
    r"\.(db|db-wal|db-shm|sqlite3?|pem|key|p12|pfx|jks|sql|dump|bak|pcap)$"
)
ROWS = {"C": 5, "N": 6, "F": 126, "V": 45, "M": 25, "T": 23}
NAMED_TEST = re.compile(r"def test_([A-Z])(\d+)_")
ENTRY = re.compile(
    r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+)(?: ; [^\\]+)?"
    r"((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$",
    re.M,
)


@cache
def files() -> tuple[Path, ...]:
    """The files that are or would be committed; without git, all that no rule ignores."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True)
        names = [ROOT / name for name in done.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        rules = (ROOT / ".gitignore").read_text().split()
        names = [
            path
            for path in ROOT.rglob("*")
            if not any(part.match(rule.rstrip("/")) for part in _parts(path) for rule in rules)
        ]
    return tuple(path for path in names if path.is_file())


def _parts(path: Path) -> list[Path]:
    inside = path.relative_to(ROOT)
    return [inside, *list(inside.parents)[:-1]]


def places(pattern: str | re.Pattern[str]) -> list[str]:
    """Where `pattern` occurs in the text of the project, as file:line."""
    wanted = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if wanted.search(line)
    ]


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_package_registry(host: str) -> None:
    assert places(re.escape(host)) == []


def test_no_file_names_a_path_of_a_machine() -> None:
    assert places(MACHINE_PATH) == []


def test_V21_no_database_key_or_dump_is_kept() -> None:
    names = [str(path.relative_to(ROOT)) for path in files()]
    assert len(names) > 20
    assert [name for name in names if KEPT_OUT.search(name)] == []
    assert places(PRIVATE_KEY) == []


@pytest.mark.parametrize("name", ["gateway.db", "keys/at-rest.key", "a/dump.sql", ".env", "id_rsa"])
def test_V21_the_check_knows_what_it_looks_for(name: str) -> None:
    assert KEPT_OUT.search(name)


def test_the_keys_folder_ignores_what_is_put_into_it() -> None:
    kept = {path.name for path in files() if path.parent == ROOT / "keys"}
    assert kept == {"README.md", ".gitignore"}


def test_every_dependency_has_a_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    first = lines.index("dependencies = [")
    last = lines.index("[tool.hatch.build.targets.wheel]")
    named = [line for line in lines[first:last] if re.match(r'\s+"[a-z]', line)]
    assert len(named) == sum(map(len, declared().values()))
    assert [line for line in named if not re.search(r"# \w", line)] == []


@cache
def declared() -> dict[str, tuple[Requirement, ...]]:
    """The direct dependencies by list: runtime, each extra, each group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = {
        "runtime": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
        **project["dependency-groups"],
    }
    return {
        name: tuple(Requirement(entry) for entry in entries if isinstance(entry, str))
        for name, entries in lists.items()
    }


@cache
def locked(name: str) -> dict[str, str]:
    """The packages of a lock with their versions."""
    return {found[1]: found[2] for found in ENTRY.finditer((ROOT / name).read_text())}


@pytest.mark.parametrize("lock", LOCKS)
def test_V42_every_locked_package_is_pinned_and_hashed(lock: str) -> None:
    rest = ENTRY.sub("", (ROOT / lock).read_text())
    assert [line for line in rest.splitlines() if line.strip() and line[:6] != "    # "] == []


@pytest.mark.parametrize(
    ("lock", "lists"),
    [
        ("requirements.lock", ("runtime", "build")),
        ("requirements-dev.lock", ("runtime", "build", "dev")),
        ("requirements-security.lock", ("security",)),
        ("requirements-mutation.lock", ("runtime", "build", "dev", "mutation")),
    ],
)
def test_V42_the_lock_holds_what_is_declared(lock: str, lists: tuple[str, ...]) -> None:
    for wanted in (wanted for name in lists for wanted in declared()[name]):
        version = locked(lock).get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} is not locked: run .ci/lock"
        assert wanted.specifier.contains(version), f"{wanted} is locked as {version}: run .ci/lock"


def test_V42_both_locks_agree() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()
    assert locked("requirements-dev.lock").items() <= locked("requirements-mutation.lock").items()


def test_each_numbered_test_names_a_row_that_exists() -> None:
    texts = (path.read_text() for path in files() if path.name.startswith("test_"))
    numbered = [found for text in texts for found in NAMED_TEST.findall(text)]
    assert ("V", "42") in numbered
    assert [row for row in numbered if not 1 <= int(row[1]) <= ROWS.get(row[0], 0)] == []


def test_the_readme_has_two_commands_of_one_line_each() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    commands = [line for line in lines if line.startswith("python3 -m venv")]
    start = "python3 -m venv .venv && .venv/bin/pip install --require-hashes -r"
    package = ".venv/bin/pip install --no-deps --no-build-isolation -e ."
    assert commands == [
        f"{start} requirements.lock && {package} && .venv/bin/gateway demo",
        f"{start} requirements-dev.lock && {package} && .venv/bin/pytest",
    ]


def test_the_licence_is_the_declared_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_a_service_does_not_load_what_makes_objects_of_rows() -> None:
    """Nobody uses it, and every process would keep 8 MiB of it (ADR 45)."""
    asked = "import sys, gateway.app; print('sqlalchemy.orm' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "False"

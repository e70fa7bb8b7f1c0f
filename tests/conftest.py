"""What every test may ask for: databases, a random source that repeats, no way out."""

from __future__ import annotations

import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests import database, needs

TESTS = Path(__file__).parent
ALL = os.environ.get("GATEWAY_TEST_ALL") == "1"

# Two cores shared with a database: a slow example is no fault. In CI the examples repeat.
settings.register_profile("gateway", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("gateway")


def refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Fail a test that would leave this machine, whichever library tries."""
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    if not _is_here(str(arguments[1][0]).partition("%")[0]):
        raise RuntimeError("A test tried to leave this machine.")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


sys.addaudithook(refuse_the_network)


# --- the order of a run ----------------------------------------------------------------------

# Begun last, one of them would go on alone while all other workers have ended.
LONG = (
    "atrest/test_rotation.py",
    "interop/test_schemathesis.py",
    "host/test_operator.py",
    "oracle/test_oracle.py",
    "county/test_county.py",
    "journeys/test_demo.py",
    "test_bench.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the modules of LONG first."""
    rank = {str(TESTS / name): place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(str(item.path), len(LONG)))


# --- what a test needs beyond the lock -------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Do not run a test whose needs are missing; under GATEWAY_TEST_ALL=1 fail it.

    A need that nobody knows fails: it would never be met, and never be noticed.
    """
    if unknown := set(_needs_of(item)) - needs.NEEDS.keys():
        pytest.fail(f"unknown need: {unknown}", pytrace=False)
    lacking = {name: how for name in _needs_of(item) if (how := needs.missing(name))}
    if not lacking:
        return
    item.user_properties += [("not run for want of", name) for name in lacking]
    reason = "; ".join(f"needs {name}: {how}" for name, how in lacking.items())
    if ALL:
        pytest.fail(f"GATEWAY_TEST_ALL=1, but it {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List what was not run, and the one line that would bring it."""
    tests: dict[str, int] = defaultdict(int)
    for report in terminalreporter.stats.get("skipped", []):
        for key, name in report.user_properties:
            tests[name] += key == "not run for want of"
    if not tests:
        return
    terminalreporter.section("not run")
    for name, number in sorted(tests.items()):
        terminalreporter.line(f"{name}: {number} tests; {needs.NEEDS[name].how}")
    packages = sorted(filter(None, (needs.NEEDS[name].package for name in tests)))
    if packages:
        terminalreporter.line(f"bring it: apt-get install {' '.join(packages)}")


def _needs_of(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("needs"):
        yield from mark.args


# --- databases -------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Open the run; workers of pytest-xdist share the one of their controller."""
    if not hasattr(config, "workerinput"):
        database.open_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the run that was opened here."""
    if not hasattr(config, "workerinput"):
        database.close_run()


@pytest.fixture(scope="session")
def postgres(worker_id: str) -> Iterator[database.Postgres]:
    """The PostgreSQL server of this run."""
    server = database.postgres(worker_id)
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_template(postgres: database.Postgres) -> str:
    """The name of a migrated, empty database that `CREATE DATABASE` copies."""
    from gateway import migrations  # late, so that tests without a database need none
    from gateway.agencies import replay

    def make(path: Path) -> None:
        postgres.create(postgres.template)
        owner = postgres.url(postgres.template, postgres.owner)
        migrations.upgrade(owner, service=postgres.service)
        replay.prepare(owner, postgres.service)
        path.touch()

    database.once(_run() / "postgres-template", make)
    return postgres.template


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """The file of a migrated, empty SQLite database."""
    from gateway import migrations

    path = _run() / "template.db"

    def make(half: Path) -> None:
        migrations.upgrade(f"sqlite:///{half}")
        half.chmod(0o600)  # as a production service wants it, and copies keep it

    database.once(path, make)
    return path


@pytest.fixture
def postgresql_url(postgres: database.Postgres, postgres_template: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    with postgres.database(postgres_template) as url:
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    path = shutil.copy(sqlite_template, tmp_path / "gateway.db")
    return f"sqlite:///{path}"


@pytest.fixture
def empty_postgresql_url(postgres: database.Postgres) -> Iterator[str]:
    """A PostgreSQL database with no table, for the role that will own them."""
    with postgres.database(role=postgres.owner) as url:
        yield url


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A SQLite database with no table."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database; the test runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """A database with no table, for tests of migrations; once on each kind."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


def _run() -> Path:
    return Path(os.environ[database.RUN])

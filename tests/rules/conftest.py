"""Tables as shipped, read without the database that no rule may know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.profiles.areas import Area, load_area
from gateway.profiles.consent import load_consent
from gateway.profiles.instruments import load_instrument
from gateway.rules.consent import ConsentTable
from gateway.rules.risk import Instrument
from tests.rules.tables import FOLDER, read

HERE = Path(__file__).parent
DATABASES = {
    "postgres",
    "postgres_template",
    "sqlite_template",
    "postgresql_url",
    "sqlite_url",
    "empty_postgresql_url",
    "empty_sqlite_url",
    "database_url",
    "empty_database_url",
    "sessions",
    "work",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a rules test that asks for a database: a rule that needs one is no rule."""
    for item in items:
        asked = DATABASES & set(getattr(item, "fixturenames", ()))
        if asked and HERE in item.path.parents:
            raise pytest.UsageError(f"{item.nodeid} asks for a database: {sorted(asked)}")


@pytest.fixture(scope="session")
def consent() -> ConsentTable:
    return load_consent(read("consent"))


@pytest.fixture(scope="session")
def instruments() -> Mapping[str, Instrument]:
    paths = sorted((FOLDER / "instruments").glob("*.toml"))
    loaded = [load_instrument(read(f"instruments/{path.stem}"), path.stem) for path in paths]
    return {each.key: each for each in loaded}


@pytest.fixture(scope="session")
def marlbury() -> Area:
    return load_area(read("areas/marlbury"), "areas/marlbury")

"""The service as it is run: gunicorn with two workers, over HTTP on loopback, partners enrolled."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.config import Settings
from gateway.demo import service, world
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions
from tests.database import Postgres

LONG_AGO = date(2025, 1, 1)


@contextmanager
def a_service(
    database_url: str,
    folder: Path,
    before: Callable[[service.Place], None] | None = None,
    *,
    profiles: Path | None = None,
) -> Iterator[service.Place]:
    """A running service on a migrated database; the agencies' keys lie under `agencies`.

    What is done `before` it starts has the database to itself.
    """
    listener = service.listen()
    base_url, own = service.url_of(listener), folder / "keys"
    settings = Settings("demo", base_url, database_url, own, profiles=profiles)
    place = service.Place(folder, settings, listener)
    keys.make(place.settings.keys, on=LONG_AGO)
    engine = make_engine(database_url)
    held = keys.load(place.settings.keys)
    world.enrol(make_sessions(engine), held, place.agencies, datetime.now(UTC))
    engine.dispose()
    if before is not None:
        before(place)
    process = service.start(place)
    try:
        yield place
    finally:
        service.stop(process)


# --- fixtures: a conftest imports those it wants -------------------------------------------------


@pytest.fixture(scope="module")
def place(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[service.Place]:
    """A running service on SQLite, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("served")
    path = shutil.copy(sqlite_template, folder / "gateway.db")
    with a_service(f"sqlite:///{path}", folder) as made:
        yield made


@pytest.fixture(scope="module")
def postgres_place(
    postgres: Postgres, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[service.Place]:
    """A running service on PostgreSQL, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("served")
    with postgres.database(postgres_template) as url, a_service(url, folder) as made:
        yield made


@pytest.fixture(params=["place", "postgres_place"], ids=["sqlite", "postgresql"])
def any_place(request: pytest.FixtureRequest) -> service.Place:
    """A running service, once on each database."""
    found: service.Place = request.getfixturevalue(request.param)
    return found

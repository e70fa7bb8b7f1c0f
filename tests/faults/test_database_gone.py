"""A PostgreSQL that takes no connections any more, and one that takes them again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.database import Postgres
from tests.faults.routes import ready
from tests.faults.test_back_pressure import READ, WRITE, told
from tests.journeys.world import a_world

ROUTES = (WRITE, READ, "GET /v1/cases", "GET /v1/due", "POST /oauth/token")


@contextmanager
def gone(postgres: Postgres, url: str) -> Iterator[None]:
    """Nobody is let in, and who was in is put out."""
    name = make_url(url).database
    postgres.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    postgres.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - a name of ours
    )
    try:
        yield
    finally:
        postgres.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@pytest.mark.parametrize("fresh", [False, True], ids=["put out", "never in"])
def test_V24_a_database_that_is_not_there_is_a_refusal_and_then_forgotten(
    postgres: Postgres, postgresql_url: str, tmp_path: Path, *, fresh: bool
) -> None:
    with a_world(postgresql_url, tmp_path) as world:
        asked = [ready(world, route) for route in ROUTES]
        if fresh:
            world.let_go()  # every connection is a new one
        with gone(postgres, postgresql_url):
            for each in asked:
                assert told(each.send()) == (503, "unavailable")
        world.let_go()
        assert [told(each.send())[0] for each in asked] == [each.status for each in asked]

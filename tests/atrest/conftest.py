"""Worlds, tokens and running services for these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database import fresh
from tests.hsm import token
from tests.journeys.world import shared_sqlite_world, shared_world, sqlite_world, world
from tests.live import Service, running

__all__ = ["shared_sqlite_world", "shared_world", "sqlite_world", "token", "world"]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A running service, once on each database, shared by the tests of a module."""
    folder: Path = tmp_path_factory.mktemp("service")
    with fresh(request, folder) as url, running(url, folder) as made:
        yield made

"""Worlds for these tests: the whole service, enrolled, on a real database."""

from tests.browsing import browser
from tests.journeys.world import shared_sqlite_world, shared_world, sqlite_world, world

__all__ = ["browser", "shared_sqlite_world", "shared_world", "sqlite_world", "world"]

"""Worlds for these tests: the whole service, enrolled, on a real database."""

from tests.journeys.world import shared_sqlite_world, shared_world, sqlite_world, world

__all__ = ["shared_sqlite_world", "shared_world", "sqlite_world", "world"]

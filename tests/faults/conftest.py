"""Worlds for these tests."""

from tests.journeys.world import sqlite_world, world

__all__ = ["sqlite_world", "world"]

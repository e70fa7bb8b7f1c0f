"""Owns the gateway of a run as a process of its own: nothing else of the bench is loaded in it.

So its memory is that of the gateway as it is shipped.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from gateway.app import create_app
from gateway.config import Settings

FOLDER = "BENCH_FOLDER"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)  # one moment for both sides: no proof grows old
BASE_URL = "http://127.0.0.1:21080"


def settings(folder: Path) -> Settings:
    """The settings of the gateway in a folder."""
    database = f"sqlite:///{folder / 'gateway.db'}"
    return Settings("demo", BASE_URL, database, folder / "keys", profiles=folder / "profiles")


def ours() -> Flask:
    """The gateway of the run's folder; its clock stands still, nothing else is changed."""
    return create_app(settings(Path(os.environ[FOLDER])), clock=lambda: NOW)

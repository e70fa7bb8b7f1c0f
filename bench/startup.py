"""Owns how long the service takes to be ready: a new process, all imports, the application."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.service import FOLDER

_CODE = """
import time
begun = time.perf_counter()
import os, pathlib
from gateway.app import create_app
from gateway.config import Settings
imported = time.perf_counter()
folder = pathlib.Path(os.environ["BENCH_FOLDER"])
create_app(Settings("demo", "http://127.0.0.1:8000", f"sqlite:///{folder / 'gateway.db'}",
    folder / "keys"))
print(imported - begun, time.perf_counter() - begun)
"""


def measure(folder: Path, *, times: int) -> dict[str, float]:
    """Seconds for the imports, and for imports and application; the fastest of several starts."""
    found: list[tuple[float, float]] = []
    for _ in range(times):
        done = subprocess.run(
            [sys.executable, "-c", _CODE],
            env={**os.environ, FOLDER: str(folder)},
            cwd=Path(__file__).parent.parent,
            check=True,
            capture_output=True,
            text=True,
        )
        imported, ready = (float(each) for each in done.stdout.split())
        found.append((imported, ready))
    return {
        "imports, s": round(min(each[0] for each in found), 2),
        "imports and application, s": round(min(each[1] for each in found), 2),
    }

"""Rule tables as shipped, for tests that change one and see it refused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "gateway" / "profiles"


def read(name: str) -> dict[str, Any]:
    """Return a table as shipped, parsed and not yet checked."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text())

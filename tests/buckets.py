"""Rule tables whose buckets of rates are of another size."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from gateway.profiles.loader import HERE


def with_buckets(folder: Path, bursts: Mapping[str, int], per_minute: int = 1) -> Path:
    """The shipped tables, copied below `folder`, with these bursts in `rates.toml`."""
    tables = folder / "profiles"
    shutil.copytree(HERE, tables, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (tables / "rates.toml").read_text("utf-8")
    for name, burst in bursts.items():
        before, head, after = text.partition(f"[{name}]")
        lines = after.split("\n")
        lines[1:3] = [f"burst = {burst}", f"per_minute = {per_minute}"]
        text = before + head + "\n".join(lines)
    (tables / "rates.toml").write_text(text, encoding="utf-8")
    return tables

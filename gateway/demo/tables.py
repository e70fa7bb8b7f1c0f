"""Owns the demonstration's rule tables: those that ship, counting from before its first case."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

from gateway.profiles import loader
from gateway.profiles.files import DATED

FOLDER = "tables"
_FROM = re.compile(r"^effective_from = .*$", re.MULTILINE)


def lay_out(folder: Path, *, since: date) -> Path:
    """Copy the tables into the folder of a demonstration; each counts from that day or earlier.

    Its history is older than the day from which the tables that ship count, and on a day without
    tables nothing is taken in.
    """
    made = folder / FOLDER
    shutil.copytree(loader.HERE, made, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name in DATED:
        path = made / f"{name}.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(_FROM.sub(f"effective_from = {since}", text, count=1), encoding="utf-8")
    return made

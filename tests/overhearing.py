"""What the service asks of its database, heard below whatever prepares statements."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.pq import Trace
from sqlalchemy import Engine, event

from gateway.store import wall_postgres

SAID = wall_postgres.SAY.replace("%s", "$1")


@contextmanager
def traced(engine: Engine, note: Callable[[str], Any]) -> Iterator[None]:
    """Tell of each statement as SQLite runs it, with its values."""

    def trace(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(note)

    engine.dispose()  # each connection is new, and traced
    event.listen(engine, "checkout", trace)
    try:
        yield
    finally:
        event.remove(engine, "checkout", trace)
        engine.dispose()


@dataclass
class Said:
    """What a connection sent before it waited: the statements, and for whom."""

    statements: list[str]
    agencies: list[str]


@contextmanager
def overheard(engine: Engine, folder: Path) -> Iterator[list[Said]]:
    """Every message to a PostgreSQL, from libpq's own trace; one item for each time of waiting."""
    files: list[Path] = []

    def trace(connection: Any, *_: Any) -> None:
        files.append(folder / f"{len(files)}.txt")
        handle = os.open(files[-1], os.O_WRONLY | os.O_CREAT)
        connection.pgconn.trace(handle)
        connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)

    engine.dispose()
    event.listen(engine, "connect", trace)
    said: list[Said] = []
    try:
        yield said
    finally:
        event.remove(engine, "connect", trace)
        engine.dispose()
        for file in files:
            said += _read(file.read_text(errors="replace"))


def _read(text: str) -> Iterator[Said]:
    now = Said([], [])
    for message in re.split(r"^(?=[FB]\t\d+\t)", text, flags=re.M):
        kind = message.split("\t")[2].strip() if message.startswith("F") else ""
        if kind in ("Parse", "Query"):
            now.statements.append(re.findall(r'"(.*)"', message, re.S)[0].removeprefix('" "'))
        elif kind == "Bind" and now.statements[-1] == SAID:
            now.agencies += re.findall(r"'([^']*)'", message)
        if kind in ("Sync", "Query"):
            yield now
            now = Said([], [])

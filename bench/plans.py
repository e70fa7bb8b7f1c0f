"""Owns the guard of the hot statements: none of them may walk through a table that grows."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench.stage import Stage

# Tables that stay small whatever the number of cases; checkpoints are read from their end.
SMALL = frozenset({"agency", "agency_key", "worker", "counter", "checkpoint", "CONSTANT"})
_SCAN = re.compile(r"^SCAN (?:TABLE )?(?:main\.)?\"?(\w+)")
_ALIAS = re.compile(r"\b(?:FROM|JOIN|UPDATE) \"?(\w+)\"? AS (\w+)", re.IGNORECASE)
_WALKED = ("SELECT", "UPDATE", "DELETE", "WITH")


def trace(stage: Stage, act: Callable[[], Any]) -> list[str]:
    """The statements that reach SQLite while something is done, with their values."""
    seen: list[str] = []
    with stage.house.sessions() as session:
        raw = session.connection().connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.set_trace_callback(lambda statement: seen.append(" ".join(statement.split())))
    try:
        act()
    finally:
        raw.set_trace_callback(None)
    return [statement for statement in seen if not statement.startswith("--")]


def count(statements: list[str]) -> dict[str, int]:
    """How many there are of each kind."""
    return dict(Counter(" ".join(each.split()[:3]) for each in statements).most_common())


def walks(stage: Stage, statements: list[str]) -> list[str]:
    """Statements that scan a table, as "table: statement"; small tables are left out."""
    found: dict[str, None] = {}
    with stage.house.sessions() as session:
        connection = session.connection(execution_options={"readonly": True})
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_authorizer(None)  # the second wall knows no statement that is only explained
        for statement in statements:
            if not statement.upper().startswith(_WALKED):
                continue
            names = {alias: table for table, alias in _ALIAS.findall(statement)}
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}")
            for *_, detail in plan.fetchall():
                match = _SCAN.match(detail)
                table = names.get(match[1], match[1]) if match else None
                table = table.removeprefix("wall_") if table else None
                if table and table not in SMALL:
                    found[f"{table}: {statement[:90]}"] = None
    stage.house.sessions.kw["bind"].dispose()
    return list(found)

"""Owns statements of the replay store that run on every request, on the driver's own cursor.

Each commits by itself. SQLAlchemy spends three times the database's own time on one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import OperationalError

# What the two databases call by different names.
_WORDS = {
    "sqlite": {"least": "min", "greatest": "max"},
    "postgresql": {"least": "least", "greatest": "greatest"},
}


def borrow(engine: Engine) -> PoolProxiedConnection:
    """A connection of the pool as the driver made it; whoever closes it gives it back.

    :raises OperationalError: if the database is not there; without the driver's own words.
    """
    try:
        return engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as fault:
        raise OperationalError(None, None, Exception(type(fault).__name__)) from None


class Quick:
    """One statement with binds as `:name`, and `{least}` and `{greatest}` of two values."""

    __slots__ = ("_texts",)

    def __init__(self, statement: str) -> None:
        texts = {name: statement.format(**words) for name, words in _WORDS.items()}
        texts["postgresql"] = re.sub(r":(\w+)", r"%(\1)s", texts["postgresql"])
        self._texts = texts

    def rows(self, engine: Engine, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it on a connection of the pool, which commits by itself, and return its rows.

        :raises OperationalError: if the database does not do it, or is not there; without statement
            or values.
        """
        connection = borrow(engine)
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute(self._texts[engine.dialect.name], values)
                return list(cursor.fetchall())
        except engine.dialect.loaded_dbapi.Error as fault:
            raise OperationalError(None, None, Exception(type(fault).__name__)) from None
        finally:
            connection.close()

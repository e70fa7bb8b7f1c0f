"""Owns how codes, times and ids lie in a column, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

from sqlalchemy import CHAR, DateTime, Dialect, Enum, LargeBinary, String, TypeDecorator

Id = CHAR(36)  # a random UUID, canonical text
Slug = String(64)  # an agency, worker or area id
Sealed = LargeBinary  # ciphertext, never anything else
Digest = LargeBinary(32)  # SHA-256


class Utc(TypeDecorator[datetime]):
    """An aware UTC time; naive times are refused, SQLite's naive answers are made aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a naive time")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def taking(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """What takes the values of these columns out of a row, in this order.

    It raises KeyError for a row that lacks one.
    """
    if len(names) < 2:  # of one name itemgetter gives the value itself
        return lambda row: tuple(row[name] for name in names)
    return itemgetter(*names)


def as_moment(stored: object) -> datetime | None:
    """A time as a driver gives it past SQLAlchemy: text on SQLite, aware on PostgreSQL."""
    if stored is None:
        return None
    moment = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def code(codes: type[StrEnum]) -> Enum:
    """A column of one code, stored as its value and checked by the database.

    Values, not member names, and no native enum: a native PostgreSQL enum survives a downgrade.
    """
    return Enum(
        codes,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=codes.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )

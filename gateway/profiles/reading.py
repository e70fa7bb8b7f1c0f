"""Owns reading one row of a rule table strictly: nothing missing, left over or guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from gateway.errors import BrokenTable

Kind = TypeVar("Kind")
Code = TypeVar("Code", bound=StrEnum)


class Row:
    """One table of a TOML file and its name; every fault is a BrokenTable that says where.

    As a context it refuses, on leaving, any key that nobody asked for: a misspelt setting must
    not be silently without effect.
    """

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, Mapping):
            raise BrokenTable(f"{where}: is not a table")
        self._left: dict[str, Any] = dict(data)
        self.where = where

    def __enter__(self) -> Row:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._left:
            raise BrokenTable(f"{self.where}: unknown key {min(self._left)}")

    def take(self, key: str, kind: type[Kind], default: Kind | None = None) -> Kind:
        """Return a value of exactly that type; without a default it must be there."""
        if key not in self._left and default is not None:
            return default
        value = self._left.pop(key, None)
        # bool is an int and datetime is a date in Python, but never in a table.
        if type(value) is not kind:
            raise BrokenTable(f"{self.where}: {key} is missing or of the wrong type")
        return value

    def text(self, key: str) -> str:
        """Return a text that says something."""
        value = self.take(key, str)
        if not value.strip():
            raise BrokenTable(f"{self.where}: {key} is empty")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        """Return a whole number, never negative."""
        value = self.take(key, int, default)
        if value < 0:
            raise BrokenTable(f"{self.where}: {key} is negative")
        return value

    def day(self, key: str) -> date:
        """Return a date."""
        return self.take(key, date)

    def code(self, key: str, codes: type[Code]) -> Code:
        """Return a published code."""
        return self.as_code(self.take(key, str), codes, key)

    def codes(self, key: str, codes: type[Code]) -> frozenset[Code]:
        """Return a list of published codes as a set."""
        return frozenset(self.as_code(each, codes, key) for each in self.take(key, list))

    def as_code(self, value: object, codes: type[Code], key: str) -> Code:
        """Return a value as a published code."""
        if not isinstance(value, str) or value not in codes.__members__.values():
            raise BrokenTable(f"{self.where}: {key} has an unknown code")
        return codes(value)

    def texts(self, key: str, default: list[Any] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        values: list[Any] = self.take(key, list, default)
        if not all(isinstance(each, str) and each for each in values):
            raise BrokenTable(f"{self.where}: {key} is not a list of texts")
        return tuple(values)

    def rows(self, key: str, *, may_be_empty: bool = False) -> tuple[Row, ...]:
        """Return a list of tables, each to be read as a row of its own."""
        values: list[Any] = self.take(key, list)
        if not values and not may_be_empty:
            raise BrokenTable(f"{self.where}: {key} is empty")
        return tuple(Row(each, f"{self.where} {key} {n}") for n, each in enumerate(values, 1))

    def row(self, key: str) -> Row:
        """Return a table within this one."""
        return Row(self.take(key, dict), f"{self.where} {key}")

    def __contains__(self, key: object) -> bool:
        return key in self._left

    def __iter__(self) -> Iterator[str]:
        """Yield the keys not yet read, in the order of the file."""
        return iter(tuple(self._left))

"""Owns reading how often an agency may do what; a line for everything that is limited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gateway.errors import BrokenTable
from gateway.profiles.reading import Row
from gateway.schemas.codes import Limited


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket: it holds `burst` and fills with `per_minute`."""

    burst: int
    per_minute: int


def load_rates(data: Mapping[str, Any]) -> Mapping[Limited, Rate]:
    """Return the rates of a parsed file.

    :raises BrokenTable: naming the line that is missing, unknown or lets nothing through.
    """
    with Row(data, "rates") as table:
        table.day("effective_from")
        return MappingProxyType({each: _rate(table.row(each.value)) for each in Limited})


def _rate(row: Row) -> Rate:
    with row:
        rate = Rate(row.number("burst"), row.number("per_minute"))
    if not rate.burst or not rate.per_minute:
        raise BrokenTable(f"{row.where}: lets nothing through")
    return rate

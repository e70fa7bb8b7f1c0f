"""Owns what a report consists of: counts alone, None where one is hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.disclosure import Traits
from gateway.rules import reports as rule


class Why(StrEnum):
    """What a report is made for."""

    NATIONAL_RETURN = "NATIONAL_RETURN"
    STEERING_GROUP = "STEERING_GROUP"
    OWN_WORK = "OWN_WORK"


@dataclass(frozen=True, slots=True)
class Column:
    """One measure of the return: a count for each meeting, and for the quarter; None is hidden."""

    code: str
    counts: rule.Counts
    total: int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of how the area does; None is hidden, or there is nothing to measure."""

    code: str
    value: float | None
    unit: str  # PERCENT, HOURS, DAYS or COUNT
    of: int | None = None  # how many it rests on


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a code or an agency's id, and its numbers; None is hidden."""

    code: str
    numbers: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table beside the return: counts of cases, or shares in percent."""

    code: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    total: tuple[float | None, ...] = ()  # of all rows, where that is a number


@dataclass(frozen=True, slots=True)
class Year:
    """The four quarters that end with the one asked for, each count as their published sum."""

    quarters: tuple[str, ...]
    totals: Mapping[str, int | None]  # by code of a column
    repeat_share: int | None
    partner_share: int | None
    per_10k: float | None  # cases for each 10,000 adult women
    adult_women: int | None
    source: str = ""  # of that figure
    source_year: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A quarter of one area: what is sent to the national return, and how the area does."""

    area: str
    quarter: str  # "2026-Q4"
    why: Why
    meetings: tuple[tuple[date, ...], ...]  # days; those of few cases stand together
    columns: tuple[Column, ...]
    sources: tuple[Column, ...]
    measures: tuple[Measure, ...]
    partner_share: int | None  # percent of referrals not by the police
    is_hidden: bool  # so few cases that nothing can be said
    tables: tuple[Table, ...] = ()
    year: Year | None = None
    names: Mapping[str, str] | None = None  # of the agencies in the tables


@dataclass(frozen=True, slots=True)
class Heard:
    """One case that was heard, by codes alone."""

    case_id: str
    conference_id: str
    kind: str
    source: str
    received_at: datetime
    heard_at: datetime
    children: int
    age: str
    is_assessed: bool
    traits: Traits

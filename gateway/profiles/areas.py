"""Owns reading area profiles: what a partnership decides for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from gateway.errors import BrokenTable
from gateway.profiles.reading import Row
from gateway.rules.clocks import Clock, Unit, WorkingDays
from gateway.rules.criteria import CriteriaRules
from gateway.rules.matching import RepeatRule
from gateway.schemas.codes import RepeatAnchor, RepeatDefinition

NATIONS = ("ENG", "WLS", "SCT", "NIR")
YEARS = range(2020, 2061)  # bank holidays are worked out once, for the life of a deployment

# Every clock an area must set; CLK_CASE, CLK_CAP and CLK_REPEAT follow from its other settings.
CLOCKS = (
    "CLK_REFER",
    "CLK_ACK",
    "CLK_TRIAGE",
    "CLK_RETURN_REPLY",
    "CLK_ESCALATE",
    "CLK_ESCALATE_SAME_DAY",
    "CLK_IDVA_TRIAGE",
    "CLK_IDVA_CONTACT",
    "CLK_IDVA_ATTEMPTS",
    "CLK_CUTOFF",
    "CLK_LIST",
    "CLK_RESEARCH",
    "CLK_LATE_LIST",
    "CLK_MEETING",
    "CLK_ACTIONS",
    "CLK_MINUTES",
    "CLK_IDVA_FEEDBACK",
    "CLK_ACTION_DEFAULT",
    "CLK_ACTION_URGENT",
    "CLK_ACTION_REMIND",
    "CLK_ACTION_CHAIR",
    "CLK_ACTION_STEERING",
    "CLK_FLAG",
    "CLK_REVIEW",
    "CLK_EMERG_DECIDE",
    "CLK_EMERG",
    "CLK_TRANSFER",
    "CLK_TRANSFER_ACK",
    "CLK_UNREAD",
    "CLK_UNREAD_IMMINENT",
    "CLK_DRAFT",
)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much a conference of the area can hear well."""

    cases: int
    minutes: int
    max_minutes: int


@dataclass(frozen=True, slots=True)
class Population:
    """How many adult women (16 and older) live in the area, who says so, and of which year."""

    adult_women: int
    source: str
    year: int


@dataclass(frozen=True, slots=True)
class Area:
    """One area's own settings in one version, from `effective_from` on."""

    id: str
    name: str
    nation: str
    zone: ZoneInfo
    outward_postcodes: tuple[str, ...]
    effective_from: date
    criteria: CriteriaRules
    repeat: RepeatRule
    capacity: Capacity
    population: Population | None  # None: nothing is counted per inhabitant
    clocks: Mapping[str, Clock]
    working_days: WorkingDays


def load_area(data: Mapping[str, Any], where: str) -> Area:
    """Return the area profile of a parsed file.

    :raises BrokenTable: naming the row, if a setting is missing, unknown or contradictory.
    """
    with Row(data, where) as table:
        zone, nation = _zone(table), _nation(table)
        repeat, capacity = _repeat(table.row("repeat")), _capacity(table.row("capacity"))
        return Area(
            id=table.text("id"),
            name=table.text("name"),
            nation=nation,
            zone=zone,
            outward_postcodes=_postcodes(table),
            effective_from=table.day("effective_from"),
            criteria=_criteria(table.row("criteria")),
            repeat=repeat,
            capacity=capacity,
            population=_population(table.row("population")) if "population" in table else None,
            clocks=_clocks(table.row("clocks"), repeat, capacity),
            working_days=_working_days(table.row("working_hours"), zone, nation),
        )


def _zone(table: Row) -> ZoneInfo:
    try:
        return ZoneInfo(table.text("timezone"))
    except (ZoneInfoNotFoundError, ValueError):
        raise BrokenTable(f"{table.where}: timezone is unknown") from None


def _nation(table: Row) -> str:
    nation = table.text("nation")
    if nation not in NATIONS:
        raise BrokenTable(f"{table.where}: nation is unknown")
    return nation


def _postcodes(table: Row) -> tuple[str, ...]:
    codes = table.texts("outward_postcodes")
    if not codes or any(not each.isalnum() or each != each.upper() for each in codes):
        raise BrokenTable(f"{table.where}: outward_postcodes is empty or not in capitals")
    return codes


def _criteria(row: Row) -> CriteriaRules:
    with row, row.row("escalation") as escalation:
        visible = {}
        for each in row.rows("visible_high_risk"):
            with each:
                visible[each.text("instrument")] = each.number("min")
        return CriteriaRules(
            visible_high_risk=visible,
            escalation_events=escalation.number("events"),
            escalation_months=escalation.number("months"),
            honour_based=row.take("honour_based", bool),
        )


def _repeat(row: Row) -> RepeatRule:
    with row:
        return RepeatRule(
            definition=row.code("definition", RepeatDefinition),
            anchor=row.code("anchor", RepeatAnchor),
            months=row.number("months"),
        )


def _capacity(row: Row) -> Capacity:
    with row:
        capacity = Capacity(row.number("cases"), row.number("minutes"), row.number("max_minutes"))
    if not (capacity.cases and 0 < capacity.minutes <= capacity.max_minutes):
        raise BrokenTable(f"{row.where}: leaves no time for a case")
    return capacity


def _population(row: Row) -> Population:
    with row:
        found = Population(row.number("adult_women"), row.text("source"), row.number("year"))
    if not found.adult_women or found.year not in range(1981, 2100):
        raise BrokenTable(f"{row.where}: counts nobody, or has no year")
    return found


def _clocks(row: Row, repeat: RepeatRule, capacity: Capacity) -> Mapping[str, Clock]:
    with row:
        clocks = {code: _clock(row.row(code), code) for code in CLOCKS}
    return clocks | {
        "CLK_CASE": Clock("CLK_CASE", capacity.minutes, Unit.MINUTES),
        "CLK_CAP": Clock("CLK_CAP", 0, Unit.DAYS, count=capacity.cases),
        "CLK_REPEAT": Clock("CLK_REPEAT", repeat.months, Unit.MONTHS),
    }


def _clock(row: Row, code: str) -> Clock:
    with row:
        units = [unit for unit in Unit if unit in row]
        if len(units) != 1:
            raise BrokenTable(f"{row.where}: has no unit, or several")
        return Clock(
            code=code,
            amount=row.number(units[0]),
            unit=units[0],
            is_before=row.take("before", bool, False),
            count=row.number("count", 0) or None,
        )


def _working_days(row: Row, zone: ZoneInfo, nation: str) -> WorkingDays:
    with row:
        opens, closes = row.take("opens", time), row.take("closes", time)
    if opens >= closes:
        raise BrokenTable(f"{row.where}: closes before it opens")
    days_off = holidays.country_holidays("GB", subdiv=nation, years=YEARS)
    return WorkingDays(zone, frozenset(days_off), opens, closes)

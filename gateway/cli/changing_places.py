"""Owns how a change of routing, or of an area's own settings, reads in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from gateway.cli.changing import RECIPIENTS, listed
from gateway.profiles.loader import Profile
from gateway.rules.boxes import Box
from gateway.rules.clocks import Clock
from gateway.rules.criteria import CriteriaRules
from gateway.rules.routing import RoutingTable
from gateway.rules.routing_changes import research_changes, route_changes
from gateway.schemas.codes import Need


def routing(old: RoutingTable, new: RoutingTable) -> Iterator[str]:
    """Yield a sentence for each change of who receives, or is asked about, a case."""
    for change in route_changes(old, new):
        then = f"{_chain(change.now)} instead of {_chain(change.was)}"
        what = f"In {change.area}, cases for {RECIPIENTS[change.recipient]} would go to {then}"
        yield from (f"{what}{_needs(box)}." for box in change.where)
    for asked in research_changes(old, new):
        for agencies, newly in ((asked.added, "newly"), (asked.dropped, "no longer")):
            if agencies:
                yield f"In {asked.area}, {listed([*agencies])} would {newly} be asked for research."
    yield from _contacts(old, new)


def _contacts(old: RoutingTable, new: RoutingTable) -> Iterator[str]:
    for agency_id in sorted({*old.agencies, *new.agencies}):
        was, now = old.agencies.get(agency_id), new.agencies.get(agency_id)
        if was is None or now is None:
            yield f"{agency_id} would {'newly' if now else 'no longer'} stand in the table."
        elif was != now:
            yield from (f"{agency_id}: {line}" for line in _members(was, now))


def area(old: Profile, new: Profile) -> Iterator[str]:
    """Yield a sentence for each setting of an area that would be another."""
    yield from _criteria(old, new)
    yield from (f"{new.name}, repeats: {line}" for line in _members(old.repeat, new.repeat))
    yield from (f"{new.name}, capacity: {line}" for line in _members(old.capacity, new.capacity))
    yield from (f"{new.name}, {line}" for line in _clocks(old.clocks, new.clocks))
    for name in ("name", "nation", "zone", "working_days"):
        if getattr(old, name) != getattr(new, name):
            yield f"{new.name}: {name.replace('_', ' ')} would be another."


def _criteria(old: Profile, new: Profile) -> Iterator[str]:
    """Yield each criterion that would be met by other referrals than now."""
    was, now = old.criteria, new.criteria
    for key in sorted({*was.visible_high_risk, *now.visible_high_risk}):
        yield from _threshold(old, new, key)
    if _escalation(was) != _escalation(now):
        yield (
            f"{new.name}: escalation would be met by {_escalation(now)} instead of "
            f"{_escalation(was)}."
        )
    if was.honour_based is not now.honour_based:
        newly = "newly" if now.honour_based else "no longer"
        yield f"{new.name}: honour-based abuse would {newly} be a criterion by itself."


def _threshold(old: Profile, new: Profile, key: str) -> Iterator[str]:
    """Yield the scores of an instrument that would newly, or no longer, be visible high risk."""
    instrument = new.instruments.get(key) or old.instruments[key]
    beyond = instrument.maximum + 1
    was = old.criteria.visible_high_risk.get(key, beyond)
    now = new.criteria.visible_high_risk.get(key, beyond)
    if was != now:
        low, high = min(was, now), max(was, now) - 1
        scores = f"a score of {low}" if low == high else f"scores from {low} to {high}"
        newly = "newly" if now < was else "no longer"
        yield f"{new.name}: {scores} on {key} would {newly} be visible high risk."


def _escalation(rules: CriteriaRules) -> str:
    return f"{rules.escalation_events} incidents within {rules.escalation_months} months"


def _clocks(old: Mapping[str, Clock], new: Mapping[str, Clock]) -> Iterator[str]:
    for code in sorted({*old, *new}):
        was, now = old.get(code), new.get(code)
        if was != now:
            yield f"{code}: {_clock(now)} instead of {_clock(was)}."


def _clock(clock: Clock | None) -> str:
    if clock is None:
        return "nothing"
    times = f", {clock.count} times" if clock.count else ""
    return f"{clock.amount} {clock.unit.replace('_', ' ')}{' before' * clock.is_before}{times}"


def _members(was: object, now: object) -> Iterator[str]:
    """Yield each member of two records of one kind that differs."""
    if not is_dataclass(was):
        raise TypeError("only records are compared member by member")
    for each in fields(was):
        before, after = getattr(was, each.name), getattr(now, each.name)
        if before != after:
            yield f"{each.name.replace('_', ' ')} would be {after} instead of {before}."


def _chain(agencies: tuple[str, ...]) -> str:
    return ", then ".join(agencies) or "nobody but the coordinator"


def _needs(box: Box) -> str:
    """Return the needs that one box asks for or shuts out."""
    has = [need.value for need, truth in zip(Need, box, strict=True) if truth == {True}]
    lacks = [need.value for need, truth in zip(Need, box, strict=True) if truth == {False}]
    said = f" with the need {listed(has)}" if has else ""
    if lacks:
        said += f"{' and' if has else ''} without the need {listed(lacks, last='or')}"
    return said

"""Owns whom another routing table would send a case to, over every area, recipient and need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from gateway.rules.boxes import Box, Point, boxes
from gateway.rules.routing import RoutingTable
from gateway.schemas.codes import Need, Recipient

Chain = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteChange:
    """Cases of one area that would go elsewhere: agencies in the order in which they are tried.

    A box of `where` has for each need, in the order of the codes, whether the case has it.
    """

    area: str
    recipient: Recipient
    was: Chain
    now: Chain
    where: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class ResearchChange:
    """Agencies that would newly be asked to search their records, or no longer, in one area."""

    area: str
    added: tuple[str, ...]
    dropped: tuple[str, ...]


def route_changes(old: RoutingTable, new: RoutingTable) -> tuple[RouteChange, ...]:
    """Return every case that would go elsewhere, in the order of areas and recipients."""
    found = []
    for area, recipient in product(sorted({*old.areas, *new.areas}), Recipient):
        changed: defaultdict[tuple[Chain, Chain], list[Point]] = defaultdict(list)
        for truth in product((False, True), repeat=len(Need)):
            needs = frozenset(need for need, has in zip(Need, truth, strict=True) if has)
            was = tuple(_chain(old, recipient, area, needs))
            now = tuple(_chain(new, recipient, area, needs))
            if was != now:
                changed[was, now].append(truth)
        for (was, now), points in sorted(changed.items()):
            found.append(RouteChange(area, recipient, was, now, boxes(points)))
    return tuple(found)


def research_changes(old: RoutingTable, new: RoutingTable) -> tuple[ResearchChange, ...]:
    """Return for each area who would newly, or no longer, be asked for research."""
    found = []
    for area in sorted({*old.areas, *new.areas}):
        was, now = old.research.get(area, ()), new.research.get(area, ())
        if set(was) != set(now):
            added = tuple(agency for agency in now if agency not in was)
            dropped = tuple(agency for agency in was if agency not in now)
            found.append(ResearchChange(area, added, dropped))
    return tuple(found)


def _chain(
    table: RoutingTable, recipient: Recipient, area: str, needs: frozenset[Need]
) -> Iterator[str]:
    """Yield the agencies that are tried, each once, until the coordinator stands in."""
    seen = set()
    for row in table.rows:
        if not row.matches(recipient, area, needs):
            continue
        for agency_id in filter(None, (row.agency_id, row.fallback)):
            if agency_id not in seen:
                seen.add(agency_id)
                yield agency_id

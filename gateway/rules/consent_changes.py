"""Owns what another consent table would decide otherwise, over all of its 3,888 combinations."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from gateway.rules.boxes import Box, Point, boxes
from gateway.rules.consent import INPUTS, ConsentTable, decide, every_combination
from gateway.rules.facts import ConsentDecision, ConsentFacts
from gateway.schemas.codes import Outcome, Recipient, RecordKind


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a row rules besides whom it tells."""

    rule: str
    outcome: Outcome
    must_record: frozenset[RecordKind]
    record_within_hours: int
    clock: str | None


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """Combinations of the consent table's inputs that are decided otherwise, all in one way.

    `added` and `dropped` are those newly told, or told no longer, by rule or by duty;
    `unnamed` are no longer named by the rule but still by a duty. `where` holds one box after
    another; a box has a set of values for each input, in the order of `INPUTS`.
    """

    was: Ruling
    now: Ruling
    added: frozenset[Recipient]
    dropped: frozenset[Recipient]
    unnamed: frozenset[Recipient]
    combinations: int
    where: tuple[Box, ...]


_Change = tuple[Ruling, Ruling, frozenset[Recipient], frozenset[Recipient], frozenset[Recipient]]


def consent_changes(old: ConsentTable, new: ConsentTable) -> tuple[ConsentChange, ...]:
    """Return each way in which combinations are decided otherwise, the most frequent first."""
    changed: defaultdict[_Change, list[Point]] = defaultdict(list)
    for facts in every_combination():
        was, now = decide(old, facts), decide(new, facts)
        before, after = _told(was), _told(now)
        added, dropped = after - before, before - after
        unnamed = (was.share_with - now.share_with) - dropped
        rulings = _ruling(old, was), _ruling(new, now)
        if rulings[0] != rulings[1] or added or dropped or unnamed:
            changed[*rulings, added, dropped, unnamed].append(_point(facts))
    found = [
        ConsentChange(*change, len(points), boxes(points)) for change, points in changed.items()
    ]
    return tuple(sorted(found, key=_order))


def _told(decision: ConsentDecision) -> frozenset[Recipient]:
    return decision.recipients | decision.share_with


def _ruling(table: ConsentTable, decision: ConsentDecision) -> Ruling:
    row = table.row(decision.rule)
    return Ruling(row.rule, row.outcome, row.must_record, row.record_within_hours, row.clock)


def _point(facts: ConsentFacts) -> Point:
    return tuple(getattr(facts, name) for name in INPUTS)


def _order(change: ConsentChange) -> tuple[int, str, str, list[str]]:
    told = sorted(change.added | change.dropped | change.unnamed)
    return -change.combinations, change.was.rule, change.now.rule, [*told]

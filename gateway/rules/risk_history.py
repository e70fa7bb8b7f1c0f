"""Owns how risk is seen over time: each assessment as it was made, and what is still ticked.

Nothing is made one: an assessment has its score and beside it the judgement of who made it. What a
later assessment ticks no more is kept as past, and stays to be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.errors import Invalid
from gateway.rules import grading
from gateway.rules.risk import Instrument, grade
from gateway.schemas.codes import Answer


@dataclass(frozen=True, slots=True)
class Assessed:
    """One assessment: what was ticked, and beside it what its author judged."""

    on: date
    instrument: str  # with its version
    score: int
    maximum: int
    unknown: int
    by_score: str  # the level of the score alone; NONE where the instrument has no bands
    judged: str  # by the professional; NONE if it was left open
    rationale: str = field(repr=False)
    source: str  # agency; "" where the reader is not told
    ticked: frozenset[str] = field(repr=False)
    critical: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RiskItem:
    """One item that some assessment ticked; active while the newest of its family still does."""

    item: str
    first_on: date
    last_on: date
    is_active: bool
    is_critical: bool


def assessments(
    sections: Iterable[Mapping[str, Any]], instruments: Mapping[str, Instrument]
) -> tuple[Assessed, ...]:
    """Return the assessments in sections as they were handed to a reader, the oldest first.

    One by an instrument that is no longer known, or with answers that it does not have, is left
    out: its score could not be told.
    """
    found = []
    for each in sections:
        sent = each["content"].get("risk_assessments")
        filled = sent.get("value") if isinstance(sent, Mapping) else None
        for form in filled or ():
            one = _assessed(form, str(each.get("owner", "")), instruments)
            found += [one] if one is not None else []
    return tuple(sorted(found, key=lambda each: (each.on, each.instrument)))


def items(history: Sequence[Assessed]) -> tuple[RiskItem, ...]:
    """Return every item that was ticked: the active first, the critical before others."""
    newest: dict[str, Assessed] = {_family(each): each for each in history}
    first: dict[str, date] = {}
    last: dict[str, date] = {}
    marked: set[str] = set()
    active: set[str] = set()
    for each in history:
        marked |= set(each.critical)
        for item in each.ticked:
            first.setdefault(item, each.on)
            last[item] = each.on
    for each in newest.values():
        active |= each.ticked
    found = [RiskItem(i, first[i], last[i], i in active, i in marked) for i in first]
    return tuple(sorted(found, key=lambda i: (not i.is_active, not i.is_critical, i.item)))


def _family(each: Assessed) -> str:
    return each.instrument.partition("@")[0]


def _assessed(
    form: Mapping[str, Any], source: str, instruments: Mapping[str, Instrument]
) -> Assessed | None:
    instrument = instruments.get(str(form["instrument"]))
    if instrument is None:
        return None
    facts = grading.assessment(form)
    try:
        graded = grade(instrument, facts)
    except Invalid:
        return None
    return Assessed(
        on=date.fromisoformat(str(form["assessed_on"])),
        instrument=graded.instrument,
        score=graded.score,
        maximum=graded.maximum,
        unknown=graded.unknown,
        by_score=str(graded.level_score),
        judged=str(graded.level_professional),
        rationale=str(form.get("rationale", "")),
        source=source,
        ticked=frozenset(k for k, value in facts.answers.items() if value is Answer.YES),
        critical=graded.critical,
    )

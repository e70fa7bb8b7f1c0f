"""Owns the repeat rule: when abuse between the same people makes a case come back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from gateway.rules.clocks import add_months, days_meant
from gateway.rules.facts import EarlierCase
from gateway.schemas.codes import DatePrecision, RepeatAnchor, RepeatDefinition


@dataclass(frozen=True, slots=True)
class RepeatRule:
    """What an area counts as a repeat, from when, and for how many months."""

    definition: RepeatDefinition
    anchor: RepeatAnchor
    months: int


def is_repeat(
    rule: RepeatRule,
    earlier: EarlierCase,
    incident_on: date,
    precision: DatePrecision = DatePrecision.DAY,
    *,
    is_criminal: bool | None = None,
) -> bool:
    """Whether an incident repeats an earlier case of the same victim and a same perpetrator.

    The window runs from the anchor to the same day so many months later, both included. What is
    not known protects: a date known to the month or year counts if any of its days would, an
    incident not known to be criminal or not counts, and a case that was never heard is anchored
    at its referral. Source: SafeLives' definition of a repeat, current (any abuse) and older
    (criminal-type conduct) wording.
    """
    if rule.definition is RepeatDefinition.CRIMINAL_TYPE and is_criminal is False:
        return False
    start = anchor_of(rule, earlier)
    end = add_months(start, rule.months)
    first, last = days_meant(incident_on, precision)
    return first <= end and last >= start


def anchor_of(rule: RepeatRule, earlier: EarlierCase) -> date:
    """Return the day from which the window of an earlier case runs."""
    if rule.anchor is RepeatAnchor.LAST_HEARD and earlier.heard_on is not None:
        return earlier.heard_on
    return earlier.referred_on


def repeated(
    rule: RepeatRule,
    earlier: Iterable[EarlierCase],
    incident_on: date,
    precision: DatePrecision = DatePrecision.DAY,
    *,
    is_criminal: bool | None = None,
) -> EarlierCase | None:
    """Return the latest earlier case that the incident repeats, or None."""
    hits = [
        each
        for each in earlier
        if is_repeat(rule, each, incident_on, precision, is_criminal=is_criminal)
    ]
    return max(hits, key=lambda each: (anchor_of(rule, each), each.case_id), default=None)

"""Owns what an override record must say beyond its form: faults by field, and when it is owed.

A record that is empty, signed by one person twice, dated ahead, or silent about a condition that it
breaks is no record. Danger to life does not wait for one; it is owed within the row's hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.rules.facts import Narrowing
from gateway.rules.limits import KINDS, Limits, conditions_of, narrowing
from gateway.schemas.codes import AgencyKind, RecordKind
from gateway.schemas.parts import Fault

Reliable = Callable[[AgencyKind, str, date], bool]
"""Whether a kind of body may rely on a basis, by its code in a record, on a day."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of the consent table in the life of a case, as far as a record is concerned."""

    at: datetime
    rule: str
    must_record: frozenset[RecordKind]


def faults(
    record: Mapping[str, Any], limits: Limits, *, now: datetime, is_reliable: Reliable
) -> tuple[Fault, ...]:
    """Return every fault of a loaded record that its form alone cannot know: code and path."""
    found: list[Fault] = []
    if record["decided_at"] > now:
        found.append(("issued_in_future", ("decided_at",)))
    if record["review_on"] < record["decided_at"].date():
        found.append(("out_of_range", ("review_on",)))
    found += _bases(record, is_reliable)
    return (*found, *_conditions(record, limits))


def _bases(record: Mapping[str, Any], is_reliable: Reliable) -> list[Fault]:
    on = record["decided_at"].date()
    return [
        ("no_basis", ("legal_bases", n, "bases", m))
        for n, body in enumerate(record["legal_bases"])
        for m, basis in enumerate(body["bases"])
        if not is_reliable(body["body"], str(basis), on)
    ]


def _conditions(record: Mapping[str, Any], limits: Limits) -> list[Fault]:
    """Each condition that is broken is named, and nothing is named that she never said."""
    standing = conditions_of(limits)
    named = [narrowing(row) for row in record["breaks_conditions"]]
    found: list[Fault] = [
        ("not_a_condition", ("breaks_conditions", n))
        for n, each in enumerate(named)
        if each not in standing
    ]
    already = limits.broken | {Narrowing(kind=kind) for kind in limits.overridden_kinds}
    if any(_breaks(record, each) for each in standing - already - set(named)):
        found.append(("needed_here", ("breaks_conditions",)))
    return found


def _breaks(record: Mapping[str, Any], condition: Narrowing) -> bool:
    """Whether sharing as recorded goes against a condition about whom the record names.

    Which agencies that will be is routing's to find out, so one named by id is not seen here.
    """
    kinds = {KINDS[to] for to in record["recipients"] if to in KINDS}
    if condition.agency is not None or condition.kind not in {None, *kinds}:
        return False
    is_purpose = condition.purpose in (None, record["purpose"])
    return is_purpose and (condition.category is None or condition.category in record["categories"])


def owed_since(decisions: Sequence[Decided], signed: Iterable[datetime]) -> datetime | None:
    """Return since when an override record is owed, or None.

    `decisions` of one case, oldest first; `signed` are the times at which a record with both
    signatures came in. A record counts for as long as the need for one goes on unbroken, and for a
    need that arises with it; a need that ended and arose again wants a new one.
    """
    since: datetime | None = None
    for each in decisions:
        if RecordKind.OVERRIDE not in each.must_record:
            since = None
        elif since is None:
            since = each.at
    if since is None or any(at >= since for at in signed):
        return None
    return since

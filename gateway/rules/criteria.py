"""Owns the conference criteria: which of them a referral meets, by what it says itself.

Everything is derived from the validated document alone, so that nothing the gateway itself found
out changes an answer to the referrer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.rules.clocks import add_months, days_meant
from gateway.rules.facts import EarlierCase, RiskGrade
from gateway.rules.matching import RepeatRule, is_repeat
from gateway.schemas.codes import Criterion, DatePrecision, Need, ProfessionalLevel

Document = Mapping[str, Any]

# What the older definition of a repeat counts; OTHER may be anything, so it is not known.
CRIMINAL_KINDS = frozenset({"VIOLENCE", "THREAT", "STALKING", "SEXUAL", "STRANGULATION", "WEAPON"})


@dataclass(frozen=True, slots=True)
class CriteriaRules:
    """When an area counts a criterion as met."""

    visible_high_risk: Mapping[str, int]  # instrument in its version -> least number of YES
    escalation_events: int
    escalation_months: int
    honour_based: bool  # whether honour-based abuse is a criterion by itself


def criteria_met(
    document: Document,
    grades: Iterable[RiskGrade],
    rules: CriteriaRules,
    repeat: RepeatRule,
    *,
    area: str,
    on: date,
) -> frozenset[Criterion]:
    """Return the conference criteria that the document itself shows or its author judges.

    The score decides on visible high risk; a claim of professional judgement, or of escalation,
    is a human's and stands. What the referrer says of earlier conferences is believed, its dates
    before its tick.
    """
    claimed = {Criterion(each) for each in document["referral"]["criteria"]}
    graded = tuple(grades)
    visible = {g.instrument for g in graded if _is_visible(g, rules)}
    judged = any(
        g.level_professional is ProfessionalLevel.HIGH and g.instrument not in visible
        for g in graded
    )
    recent = sum(_is_recent(each, rules.escalation_months, on) for each in document["incidents"])
    met = {
        Criterion.VISIBLE_HIGH_RISK: bool(visible),
        Criterion.PROFESSIONAL_JUDGEMENT: judged or Criterion.PROFESSIONAL_JUDGEMENT in claimed,
        Criterion.POTENTIAL_ESCALATION: recent >= rules.escalation_events
        or Criterion.POTENTIAL_ESCALATION in claimed,
        Criterion.HONOUR_BASED: rules.honour_based and is_honour_based(document, graded),
        Criterion.MARAC_REPEAT: _is_repeat(document, repeat, claimed, on),
        Criterion.TRANSFER_IN: _is_transfer(document, repeat, claimed, area, on),
    }
    return frozenset(criterion for criterion, is_met in met.items() if is_met)


def is_honour_based(document: Document, grades: Iterable[RiskGrade]) -> bool:
    """Whether anything in the referral points to honour-based abuse."""
    return (
        Criterion.HONOUR_BASED in document["referral"]["criteria"]
        or Need.HBA in document["referral"].get("needs", ())
        or "HONOUR_BASED" in _kinds(document)
        or any(g.instrument.startswith("HDASH@") and g.yes for g in grades)
    )


def has_stalking(document: Document, grades: Iterable[RiskGrade]) -> bool:
    """Whether an incident is of stalking, or the stalking screen has a YES."""
    return "STALKING" in _kinds(document) or any(
        g.instrument.startswith("SDASH@") and g.yes for g in grades
    )


def dated_events(document: Document) -> tuple[date, ...]:
    """Return the days of releases, court hearings and ends of orders, earliest first."""
    custody = [each.get("custody", {}) for each in document["perpetrators"]]
    orders = document.get("orders", ())
    days = [each.get(name) for each in custody for name in ("release_on", "court_on")]
    days += [each.get(name) for each in orders for name in ("hearing_on", "ends_on")]
    return tuple(sorted(day for day in days if day is not None))


def is_criminal(kinds: Iterable[str]) -> bool | None:
    """Whether an incident is of criminal type; None if its kinds do not tell."""
    named = frozenset(kinds)
    if named & CRIMINAL_KINDS:
        return True
    return None if "OTHER" in named or not named else False


def _is_visible(grade: RiskGrade, rules: CriteriaRules) -> bool:
    least = rules.visible_high_risk.get(grade.instrument)
    return least is not None and grade.score >= least


def _is_recent(incident: Document, months: int, on: date) -> bool:
    """An incident without a date is one of those reported now, so it counts."""
    happened = value_of(incident["occurred_on"])
    if happened is None:
        return True
    _, last = days_meant(happened, DatePrecision(incident["precision"]))
    return add_months(last, months) >= on


def _is_repeat(document: Document, rule: RepeatRule, claimed: set[Criterion], on: date) -> bool:
    said, days = _hearings(document)
    if not days:
        return said or Criterion.MARAC_REPEAT in claimed
    return any(
        # The referrer knows the hearing, not the referral before it: the later day protects.
        is_repeat(rule, EarlierCase("", day, day), *when, is_criminal=is_criminal(kinds))
        for _, day in days
        for when, kinds in _happenings(document, on)
    )


def _is_transfer(
    document: Document, rule: RepeatRule, claimed: set[Criterion], area: str, on: date
) -> bool:
    _, days = _hearings(document)
    if not days:
        return Criterion.TRANSFER_IN in claimed
    return any(where != area and add_months(day, rule.months) >= on for where, day in days)


def _hearings(document: Document) -> tuple[bool, list[tuple[str, date]]]:
    """Return whether an earlier conference is stated, and area and day of each."""
    stated = value_of(document["referral"].get("previous_marac")) or {}
    hearings = [(each["area"], each["heard_on"]) for each in stated.get("hearings", ())]
    return bool(stated.get("heard")), hearings


def _happenings(
    document: Document, on: date
) -> Iterator[tuple[tuple[date, DatePrecision], Iterable[str]]]:
    """Yield when and of which kinds each incident was; without a date it is read as now."""
    for each in document["incidents"]:
        day = value_of(each["occurred_on"])
        exact = (on, DatePrecision.DAY)
        yield (exact if day is None else (day, DatePrecision(each["precision"]))), each["kinds"]


def _kinds(document: Document) -> frozenset[str]:
    return frozenset(kind for each in document["incidents"] for kind in each["kinds"])


def value_of(field: Document | None) -> Any:
    """Return the value of a mandatory-or-reason field; None if a reason stands there."""
    return None if field is None else field.get("value")

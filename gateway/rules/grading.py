"""Owns what a referral says to the consent table: assessments, age, concern and level of risk.

Everything is derived from the validated document alone, so that nothing the gateway itself found
out changes an answer to the referrer. A human's judgement is never lowered; what is not known
never counts as "no" where that would take protection away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from gateway.rules.clocks import days_meant
from gateway.rules.criteria import (
    CriteriaRules,
    Document,
    criteria_met,
    dated_events,
    has_stalking,
    value_of,
)
from gateway.rules.facts import AssessmentFacts, ConsentFacts, RiskGrade
from gateway.schemas.codes import (
    AgeBand,
    Answer,
    Capacity,
    ChildConcern,
    Criterion,
    CscStatus,
    Danger,
    DatePrecision,
    Need,
    Position,
    ProfessionalLevel,
    RecordKind,
    RiskLevel,
    YesNoUnknown,
)

__all__ = [
    "CriteriaRules",
    "age_band",
    "assessment",
    "assessments",
    "capacity",
    "child_concern",
    "consent_facts",
    "criteria_met",
    "dated_events",
    "has_stalking",
    "last_incident_on",
    "reconsidered",
    "records_present",
    "risk_level",
]


def assessments(document: Document) -> tuple[AssessmentFacts, ...]:
    """Return every risk assessment of a referral; none if a reason stands in their place."""
    return tuple(assessment(each) for each in value_of(document.get("risk_assessments")) or ())


def assessment(form: Document) -> AssessmentFacts:
    """Return the facts of one risk assessment form.

    An item answered twice keeps the YES: a contradiction must not hide a risk.
    """
    answers: dict[str, Answer] = {}
    for each in form["answers"]:
        item, value = each["item_id"], Answer(each["value"])
        if answers.get(item) is not Answer.YES:
            answers[item] = value
    return AssessmentFacts(
        instrument=form["instrument"],
        assessed_on=form["assessed_on"],
        answers=answers,
        professional_level=ProfessionalLevel(form["level_professional"]),
    )


def last_incident_on(document: Document) -> date | None:
    """Return the day of the newest incident, as it is stated."""
    days = [value_of(each["occurred_on"]) for each in document["incidents"]]
    return max((day for day in days if day is not None), default=None)


def age_band(document: Document, on: date) -> AgeBand:
    """Return the age band of the victim on a day.

    An inexact date of birth that may fall into two bands gives 16 to 17: that one owes a child's
    protection and still reaches the conference. Without a date of birth the stated need decides,
    else the band is adult: under 16 never reaches the conference, so a gap in the form would
    take that protection away; triage sees the gap.
    """
    victim = document["victim"]
    born = value_of(victim.get("dob"))
    if born is None:
        is_said = Need.AGE_16_17 in document["referral"].get("needs", ())
        return AgeBand.AGE_16_17 if is_said else AgeBand.AGE_18PLUS
    first, last = days_meant(born, DatePrecision(victim["dob_precision"]))
    oldest, youngest = _band(first, on), _band(last, on)
    return oldest if oldest is youngest else AgeBand.AGE_16_17


def child_concern(document: Document) -> ChildConcern:
    """Return the stated concern for children, raised by any child's own standing."""
    stated = ChildConcern(document["children_concern"])
    children = document["children"]
    known = {each["csc_status"] for each in children} if isinstance(children, list) else set()
    if CscStatus.CP in known:
        return ChildConcern.SIGNIFICANT_HARM
    if CscStatus.CIN in known and stated is ChildConcern.NONE:
        return ChildConcern.IN_NEED
    return stated


def capacity(record: Document) -> Capacity:
    """Return the capacity of a consent record or position; suspected coercion makes it DOUBT."""
    stated = Capacity(record["capacity"])
    if stated is Capacity.HAS and record["coercion_concern"] == YesNoUnknown.YES:
        return Capacity.DOUBT
    return stated


def consent_facts(
    document: Document, grades: Iterable[RiskGrade], *, criteria: Iterable[Criterion], on: date
) -> ConsentFacts:
    """Return the seven inputs of the consent table. Only a stated care need counts as one."""
    care = value_of(document["victim"].get("care_support_needs"))
    return ConsentFacts(
        position=Position(document["victim"]["position"]),
        risk=risk_level(criteria, grades),
        child=child_concern(document),
        danger=Danger(document["referral"]["danger"]),
        capacity=capacity(document["consent_record"]),
        age=age_band(document, on),
        care_needs=bool(care and care["answer"]),
    )


def reconsidered(facts: ConsentFacts, position: Document) -> ConsentFacts:
    """Return the same inputs with the victim's new position (form position/1)."""
    return replace(facts, position=Position(position["position"]), capacity=capacity(position))


def records_present(document: Document) -> frozenset[RecordKind]:
    """Return which of the records that a consent decision may ask for the referral carries."""
    notes = bool(document["consent_record"].get("capacity_notes"))
    present = {
        RecordKind.SHARE: True,  # the consent record itself, mandatory in the form
        RecordKind.OVERRIDE: "authoriser" in document.get("override_record", ()),
        RecordKind.CAPACITY_NOTE: notes,
        RecordKind.CAPACITY_ASSESSMENT: notes,
        RecordKind.BEST_INTERESTS: notes,
        RecordKind.RISK_ASSESSMENT: bool(value_of(document.get("risk_assessments"))),
        RecordKind.POSITION: document["victim"]["position"] != Position.UNRECORDED,
    }
    return frozenset(kind for kind, is_there in present.items() if is_there)


def risk_level(criteria: Iterable[Criterion], grades: Iterable[RiskGrade]) -> RiskLevel:
    """Return the level as the consent table reads it.

    Any criterion met is HIGH. A high score below the area's own threshold is MEDIUM. STANDARD
    needs a reliable assessment: too many unknown answers support no such label.
    """
    if any(True for _ in criteria):
        return RiskLevel.HIGH
    graded = tuple(grades)
    if any(g.level_final in (ProfessionalLevel.MEDIUM, ProfessionalLevel.HIGH) for g in graded):
        return RiskLevel.MEDIUM
    for each in graded:
        is_level = each.is_banded or each.level_final is not ProfessionalLevel.NONE
        if is_level and not each.is_unreliable:
            return RiskLevel.STANDARD
    return RiskLevel.UNASSESSED


def _band(born: date, on: date) -> AgeBand:
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if years < 16:
        return AgeBand.U16
    return AgeBand.AGE_16_17 if years < 18 else AgeBand.AGE_18PLUS

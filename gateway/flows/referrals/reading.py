"""Owns what the rules make of one document: grades, criteria, consent, area, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from gateway.errors import Invalid, Problem
from gateway.profiles.loader import Profile, Profiles
from gateway.rules import consent, grading, risk
from gateway.rules.facts import ConsentDecision, ConsentFacts, RiskGrade
from gateway.schemas.codes import (
    Criterion,
    Need,
    RecordKind,
    RiskLevel,
)
from gateway.schemas.forms import value_of

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything the rules derive from a document, and from nothing else."""

    area: str
    is_area_known: bool
    grades: tuple[RiskGrade, ...]
    criteria: frozenset[Criterion]
    level: RiskLevel
    facts: ConsentFacts
    decision: ConsentDecision
    present: frozenset[RecordKind]  # records that are there
    missing: frozenset[RecordKind]  # records the decision needs and that are not
    clock: str | None
    record_within_hours: int
    needs: frozenset[Need]


def find_area(document: Document, profiles: Profiles, default: str) -> tuple[str, bool]:
    """The area of a referral, and whether it is known.

    The address in the clear decides by its outward postcode; otherwise the area that the referrer
    names. A referral whose area nobody serves is kept in `default` and goes back to its sender.
    """
    named = document["referral"].get("area")
    address = value_of(document["victim"].get("address")) or {}
    postcode = value_of(address.get("postcode"))
    found = profiles.area_of(postcode.rsplit(" ", 1)[0]) if postcode else None
    if found is None and named in profiles.areas:
        found = named
    return (found, True) if found else (default, False)


def read(document: Document, profile: Profile, *, is_area_known: bool, on: date) -> Reading:
    """Grade, weigh and decide.

    :raises Invalid: if an assessment names an instrument or an item that does not exist.
    """
    grades = _grades(document, profile, on)
    met = grading.criteria_met(
        document, grades, profile.criteria, profile.repeat, area=profile.area, on=on
    )
    facts = grading.consent_facts(document, grades, criteria=met, on=on)
    decision = consent.decide(profile.consent, facts)
    needs = frozenset(Need(code) for code in document["referral"].get("needs", ()))
    return weigh(
        Reading(
            area=profile.area,
            is_area_known=is_area_known,
            grades=grades,
            criteria=met,
            level=facts.risk,
            facts=facts,
            decision=decision,
            present=grading.records_present(document),
            missing=frozenset(),
            clock=None,
            record_within_hours=0,
            needs=needs,
        ),
        profile,
    )


def weigh(reading: Reading, profile: Profile) -> Reading:
    """Hold back what lacks a record that its decision needs, and say until when one may follow."""
    row = profile.consent.row(reading.decision.rule)
    lacking = consent.lacking(row, reading.present)
    is_owed = RecordKind.OVERRIDE in row.must_record - reading.present
    return replace(
        reading,
        decision=consent.held(reading.decision) if lacking else reading.decision,
        missing=lacking,
        clock=row.clock,
        record_within_hours=row.record_within_hours if is_owed else 0,
    )


def landlord_of(document: Document) -> str | None:
    """The agency that is landlord of both victim and perpetrator, if the referral says so."""
    if not lives_with_perpetrator(document):
        return None
    landlord = value_of(document["victim"]["landlord"]) or {}
    agency_id: str | None = landlord.get("agency_id")
    return agency_id


def lives_with_perpetrator(document: Document) -> bool:
    """Whether a perpetrator is known to live at the victim's address."""
    return any(row.get("living_together") == "YES" for row in document["perpetrators"])


def _grades(document: Document, profile: Profile, on: date) -> tuple[RiskGrade, ...]:
    forms = value_of(document["risk_assessments"]) or ()
    since = grading.last_incident_on(document)
    return tuple(
        grade(form, profile, f"/risk_assessments/value/{n}", on=on, last_incident_on=since)
        for n, form in enumerate(forms)
    )


def grade(
    form: Document,
    profile: Profile,
    pointer: str,
    *,
    on: date,
    last_incident_on: date | None = None,
) -> RiskGrade:
    """Grade one filled instrument, and ask for a fresh one where it is old.

    :raises Invalid: if the instrument or one of the items does not exist in that version.
    """
    instrument = risk.pick(profile.instruments, form["instrument"], pointer)
    items = [answer["item_id"] for answer in form["answers"]]
    unknown = set(risk.unknown_items(instrument, items))
    if unknown:
        raise Invalid(
            "The instrument has no item of that name.",
            *(
                Problem("unknown_code", f"{pointer}/answers/{n}/item_id")
                for n, item in enumerate(items)
                if item in unknown
            ),
        )
    graded = risk.grade(instrument, grading.assessment(form))
    return risk.dated(
        graded, instrument, form["assessed_on"], on=on, last_incident_on=last_incident_on
    )

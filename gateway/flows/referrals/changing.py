"""Owns a new risk assessment of a live case."""

from __future__ import annotations

from dataclasses import replace

from gateway.agencies.inbox import receive
from gateway.disclosure import Box, Contribution, contribute
from gateway.errors import Conflict
from gateway.flows.referrals import later, reading, reconsidering, writing
from gateway.flows.referrals.reconsidering import Case, Change
from gateway.flows.referrals.submitting import find_own
from gateway.ledger import Work
from gateway.rules import consent, raising
from gateway.rules.facts import RiskGrade
from gateway.rules.states import stage
from gateway.schemas.codes import Criterion, Stage
from gateway.store.answers import Answer
from gateway.store.dated import RiskRow

ASSESSMENT = "risk-assessment/1"


def assess(work: Work, reference: str, body: str, *, audience: str, key: str) -> Answer:
    """Add a risk assessment to a referral of the caller (201, signed receipt).

    Assessments are immutable: this one stands beside the earlier ones, and nothing it says lowers
    what a human judged or a score showed before.

    :raises Denied: if the caller did not send this referral.
    """
    work.attempt("risk.assess")
    row = find_own(work, reference)
    received = receive(work, body, form=ASSESSMENT, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    case = reconsidering.lock(work, row.case_id)
    if stage(case.state, in_conference=False) is Stage.NONE:
        raise Conflict("The case no longer goes on.", code="illegal_state")
    grade = reading.grade(
        received.loaded,
        case.profile,
        "",
        on=work.today,
        last_incident_on=case.risk.incident_on,
    )
    known = contribute(
        work,
        case.key,
        Contribution(
            work.caller.agency_id,
            work.now,
            [Box("risk_answers", "FULL", {"risk_assessments": {"value": [received.document]}})],
        ),
    )
    read = _regrade(work, case, grade)
    writing.write_risk(
        work,
        case.key,
        read,
        seen={
            name: getattr(case.risk, name)
            for name in ("markers", "children", "incident_on", "events")
        },
        is_new=False,
    )
    change = Change(read.facts, case.said, later.limits_of(case.position), known)
    entry = reconsidering.reconsider(work, case, change, event="risk.assess")
    claims = {
        "level": str(read.level),
        "score": grade.score,
        "is_unreliable": grade.is_unreliable,
        "prompts": list(grade.prompts),
    }
    return reconsidering.answer(
        work, received, row.reference, claims, entry, audience=audience, key=key
    )


def _regrade(work: Work, case: Case, grade: RiskGrade) -> reading.Reading:
    before = frozenset(Criterion(code) for code in case.risk.criteria)
    met = before | raising.raised_by(grade, case.profile.criteria)
    facts = replace(case.facts, risk=raising.raised_level(case.risk.level, met, grade))
    return reading.Reading(
        area=case.profile.area,
        is_area_known=True,
        grades=(*_earlier_grades(case.risk), grade),
        criteria=met,
        level=facts.risk,
        facts=facts,
        decision=consent.decide(case.profile.consent, facts),
        present=frozenset(),
        missing=frozenset(),
        clock=None,
        record_within_hours=0,
        needs=reconsidering.needs_of(work, case),
    )


def _earlier_grades(risk: RiskRow) -> tuple[RiskGrade, ...]:
    return tuple(raising.grade_of(stored) for stored in risk.grades)

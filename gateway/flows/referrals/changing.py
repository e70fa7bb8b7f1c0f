"""Owns later facts of a live case: a new risk assessment, a new position of the victim."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.agencies.inbox import JOSE_TYPE, Received, keep_answer, receive
from gateway.disclosure import (
    Box,
    CaseKey,
    Contribution,
    contribute,
    find_referral,
    list_facts,
    may_know,
    open_case_key,
    open_part,
    open_value,
    regrant,
    sign_receipt,
)
from gateway.errors import Conflict, Denied
from gateway.flows.referrals import later, reading, telling, writing
from gateway.flows.referrals.submitting import find_own
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import consent, grading, raising
from gateway.rules.facts import ConsentDecision, ConsentFacts, RiskGrade
from gateway.rules.limits import Limits, in_danger, joined, of_position
from gateway.rules.states import after_decision, goes_on, stage
from gateway.schemas.codes import (
    AgeBand,
    CaseRole,
    CaseState,
    ChildConcern,
    Criterion,
    Danger,
    Need,
    ReturnReason,
    Stage,
)
from gateway.store import cases, members, parties
from gateway.store.answers import Answer
from gateway.store.cases import RiskRow
from gateway.store.sections import SectionRow

ASSESSMENT, POSITION = "risk-assessment/1", "position/1"
LIFTERS = frozenset({CaseRole.IDVA, CaseRole.COORDINATOR})
WRITERS = frozenset({CaseRole.REFERRER, CaseRole.IDVA, CaseRole.COORDINATOR, CaseRole.NAMED})


@dataclass(frozen=True, slots=True)
class _Case:
    """A case as it stands while it is changed, locked."""

    key: CaseKey
    profile: Profile
    state: CaseState
    is_decided: bool  # a coordinator brought it there
    is_area_known: bool  # or it went back because nobody serves its area
    risk: RiskRow
    position: cases.PositionRow


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
    case = _lock(work, row.case_id)
    if stage(case.state, in_conference=False) is Stage.NONE:
        raise Conflict("The case no longer goes on.", code="illegal_state")
    grade = reading.grade(
        received.loaded,
        case.profile,
        "",
        on=work.now.date(),
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
    limits = later.limits_of(case.position)
    entry = _reconsider(work, case, read.facts, limits, event="risk.assess", known=known)
    claims = {
        "level": str(read.level),
        "score": grade.score,
        "is_unreliable": grade.is_unreliable,
        "prompts": list(grade.prompts),
    }
    return _answer(work, received, row.reference, claims, entry, audience=audience, key=key)


def record_position(work: Work, reference: str, body: str, *, audience: str, key: str) -> Answer:
    """Record the victim's position anew, by the referrer or an assigned agency (201).

    The consent table is run again at once; whoever may no longer read has lost the keys before
    the answer leaves. What was read before cannot be recalled, and nothing that danger to life
    needs is stopped. For a merged referral it is the case it was joined to that changes.

    :raises Denied: if the caller has no part in the case.
    """
    work.attempt("position.record")
    case_id = find_member_case(work, reference)
    received = receive(work, body, form=POSITION, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    case = _lock(work, case_id)
    facts = grading.reconsidered(_facts(case), received.loaded)
    limits = _limits(work, case, facts, received.loaded)
    writing.write_position(
        work,
        case.key,
        position=received.loaded["position"],
        record=received.document,
        capacity=facts.capacity,
        limits=limits,
        is_new=False,
    )
    entry = _reconsider(work, case, facts, limits, event="position.record", known={})
    claims = {"position": str(received.loaded["position"])}
    return _answer(work, received, reference, claims, entry, audience=audience, key=key)


def find_member_case(work: Work, reference: str) -> str:
    """The case behind a reference, if the caller has a part in it that may write.

    :raises Denied: otherwise.
    """
    row = find_referral(work, reference)
    # Looked for even where there is no case: absence must not be answered sooner than refusal.
    assigned = members.list_assignments(work.session, [row.case_id if row else "-"])
    if row is None:
        raise Denied("absent")
    roles = {each.role for each in assigned if each.agency_id == work.caller.agency_id}
    if not roles & WRITERS:
        raise Denied("not-assigned", subject=row.case_id)
    facts = list_facts(work.session, [row.case_id])[row.case_id]
    if not may_know(work, facts):
        raise Denied("not-open", subject=row.case_id)
    joined_to = [
        link.other_id
        for link in parties.list_links(work.session, [row.case_id])
        if link.kind == "MERGED"
    ]
    return joined_to[0] if facts.state is CaseState.MERGED and joined_to else row.case_id


def _lock(work: Work, case_id: str) -> _Case:
    cases.lock_case(work.session, case_id)
    row = cases.list_cases(work.session, [case_id])[case_id]
    is_decided = row.because.startswith("decision:")
    return _Case(
        key=open_case_key(work, case_id),
        profile=work.profiles.for_area(row.area, work.now.date()),
        state=row.state,
        is_decided=is_decided,
        is_area_known=is_decided or ReturnReason.WRONG_AREA not in row.reasons,
        risk=cases.list_risks(work.session, [case_id])[case_id],
        position=cases.list_positions(work.session, [case_id])[case_id],
    )


def _facts(case: _Case) -> ConsentFacts:
    risk = case.risk
    return ConsentFacts(
        position=case.position.position,
        risk=risk.level,
        child=ChildConcern(risk.child),
        danger=Danger(risk.danger),
        capacity=case.position.capacity,
        age=AgeBand(risk.age),
        care_needs=risk.care_needs,
    )


def _regrade(work: Work, case: _Case, grade: RiskGrade) -> reading.Reading:
    before = frozenset(Criterion(code) for code in case.risk.criteria)
    met = before | raising.raised_by(grade, case.profile.criteria)
    facts = replace(_facts(case), risk=raising.raised_level(case.risk.level, met, grade))
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
        needs=_needs(work, case),
    )


def _earlier_grades(risk: RiskRow) -> tuple[RiskGrade, ...]:
    return tuple(raising.grade_of(stored) for stored in risk.grades)


def _limits(work: Work, case: _Case, facts: ConsentFacts, position: Mapping[str, Any]) -> Limits:
    """Who is left out from now on; only some may lift what stood before."""
    mine = {
        row.role
        for row in members.list_assignments(work.session, [case.key.case_id])
        if row.agency_id == work.caller.agency_id
    }
    # Nobody else ever said what is to be lifted; the newest row alone would not show that.
    is_alone = cases.list_recorders(work.session, case.key.case_id) == {work.caller.agency_id}
    may_lift = bool(mine & LIFTERS) or is_alone
    limits = joined(later.limits_of(case.position), of_position(position), may_lift=may_lift)
    return in_danger(limits, facts.danger, consent.decide(case.profile.consent, facts))


def _reconsider(
    work: Work,
    case: _Case,
    facts: ConsentFacts,
    limits: Limits,
    *,
    event: str,
    known: Mapping[SectionRow, bytes],
) -> Entry:
    """Run the consent table again and let everything follow from it.

    A decision that now lacks a record does not stop a live case: that would take help away; the
    missing record shows at triage. A referral that waits with its sender goes on only if nothing
    is missing, its area is known, and never against a coordinator's own return.
    """
    case_id = case.key.case_id
    decision = _decide(work, case, facts)
    writing.write_consent(work, case_id, decision, case.profile, is_new=False)
    if _waits(case) and goes_on(decision.outcome):
        cases.add_states(
            work.session,
            case_id=case_id,
            states=(CaseState.SUBMITTED, *after_decision(decision.outcome, decision.rule)),
            because=decision.rule,
            by=writing.by(work),
        )
    needs = _needs(work, case)
    new = telling.assign_missing(
        work,
        case_id,
        decision,
        facts.risk,
        needs,
        case.profile,
        limits,
        is_area_known=case.is_area_known,
    )
    regrant(work, case.key, case.profile, known=known)
    entry = work.record(
        event,
        case_id,
        because=decision.rule,
        outcome=str(decision.outcome),
        facts={"routes": [f"{r.recipient}>{r.agency_id}:{r.rule}" for r in new]},
    )
    telling.announce(work, case_id, new, entry)
    telling.announce_change(work, case_id, entry, but={r.agency_id for r in new})
    return entry


def _decide(work: Work, case: _Case, facts: ConsentFacts) -> ConsentDecision:
    """The consent table's answer; held back while the case waits and the record is missing."""
    decision = consent.decide(case.profile.consent, facts)
    lacking = consent.lacking(case.profile.consent.row(decision.rule), ())
    if case.state is CaseState.RETURNED and lacking and not _has_override(work, case):
        return consent.held(decision)
    return decision


def _has_override(work: Work, case: _Case) -> bool:
    """Whether an override record was sent; conflict checks lie in the same section without one."""
    parts = open_part(work, case.key, "override")
    return any("override_record" in part for part in parts)


def _waits(case: _Case) -> bool:
    """Whether a case stands with its sender for nothing but the decision."""
    return case.state is CaseState.RETURNED and not case.is_decided and case.is_area_known


def _needs(work: Work, case: _Case) -> frozenset[Need]:
    plain = open_value(
        case.key, table="risk", column="needs", row=case.key.case_id, cell=case.risk.needs
    )
    return frozenset(Need(code) for code in json.loads(plain))


def _answer(
    work: Work,
    received: Received,
    reference: str,
    claims: Mapping[str, Any],
    entry: Entry,
    *,
    audience: str,
    key: str,
) -> Answer:
    receipt = sign_receipt(work, issuer=audience, reference=reference, claims=claims, entry=entry)
    return keep_answer(work, key, Answer(received.digest, 201, JOSE_TYPE, receipt.encode()))

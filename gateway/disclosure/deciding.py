"""Owns what a caller may know of a case, and why, with nothing opened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from gateway.disclosure.facts import list_facts
from gateway.errors import Denied, Invalid, NotFound, Problem
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import consent
from gateway.rules import disclosure as rule
from gateway.rules.facts import (
    Allowed,
    Caller,
    CaseFacts,
    ConsentFacts,
    Membership,
    Refused,
    SectionFacts,
)
from gateway.rules.states import stage
from gateway.schemas.codes import (
    AgeBand,
    AgencyKind,
    CaseRole,
    CaseState,
    ChildConcern,
    Danger,
    Level,
    Outcome,
    Position,
    Purpose,
    Stage,
)
from gateway.store import dated
from gateway.store.dated import RiskRow


@dataclass(frozen=True, slots=True)
class Explained:
    """What an agency would see and which row decides each section; nothing is opened."""

    agency_id: str
    kind: AgencyKind
    purpose: Purpose
    stage: Stage
    is_member: bool
    refused: str | None
    because: str
    levels: Mapping[str, Level]
    reasons: Mapping[str, str]
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed to be otherwise than it is; None is as it is.

    With a day, the rule tables are those in force on it; `is_dated`: and what ends by date in the
    case has ended.
    """

    stage: Stage | None = None
    position: Position | None = None
    on: date | None = None
    is_dated: bool = False


AS_IT_IS = Supposed()

# A state of each stage.
_STATES = {
    Stage.BEFORE_LISTING: CaseState.ACCEPTED,
    Stage.RESEARCH: CaseState.RESEARCH,
    Stage.MEETING: CaseState.READY,
    Stage.AFTER: CaseState.ACTIONS_OPEN,
    Stage.MONITORING: CaseState.MONITORING,
    Stage.NONE: CaseState.CLOSED,
}


def get_facts(work: Work, case_id: str, *, on: date | None = None) -> CaseFacts:
    """The facts of a case that was just found, as it stands today, or on another day.

    :raises Denied: if the caller sees it no more: it was erased in between, or left the caller.
    """
    facts = list_facts(work.session, [case_id], on=on or work.today).get(case_id)
    if facts is None:
        raise Denied("not-assigned", subject=case_id)
    return facts


def require_purpose(work: Work, purpose: Purpose) -> None:
    """Refuse a purpose that the caller's kind of agency may not state; the case plays no part.

    Call it before a case is looked for: otherwise the error tells whether there is one.

    :raises Invalid: code purpose_not_allowed.
    """
    if not work.profiles.matrix(work.today).may_state(work.caller.kind, purpose):
        raise Invalid(
            "An agency of this kind does not read for this purpose.",
            Problem("purpose_not_allowed", "/purpose"),
            code="purpose_not_allowed",
        )


def explain(
    work: Work,
    case_id: str,
    agency: Caller,
    purpose: Purpose,
    *,
    known: Collection[str] | None = None,
    supposed: Supposed = AS_IT_IS,
) -> Explained:
    """What `agency` would see of a case, and which rule decides each section (M7).

    For an agency without a part in the case: what it would see if it were asked for research.
    Every known section is told of, whether the case has it or not, so that asking does not tell
    what there is. What the agency contributed itself counts as its own only in the sections
    `known` to who asks (None: in all), for the same reason.

    :raises Denied: as `get_facts`.
    """
    on = supposed.on or work.today
    facts = get_facts(work, case_id, on=on if supposed.is_dated else None)
    is_member = agency.agency_id in facts.members
    if not is_member:
        facts = _asked_for_research(facts, agency)
    profile = _tables(work, facts, on)
    facts = replace(
        _suppose(work, facts, agency, profile, supposed),
        sections=_every_section(facts, agency, profile, known),
    )
    return _explained(facts, agency, purpose, profile, is_member=is_member)


def explain_table(
    work: Work, area: str, agency: Caller, purpose: Purpose, *, supposed: Supposed = AS_IT_IS
) -> Explained:
    """What the tables alone give an agency that is asked for research; no case plays a part."""
    on = supposed.on or work.today
    bare = CaseFacts("-", _STATES[Stage.RESEARCH], Outcome.ALLOW, False, {}, (), Position.GIVEN)
    facts = _asked_for_research(replace(bare, area=area), agency)
    profile = _tables(work, facts, on)
    facts = replace(
        _staged(facts, agency, supposed.stage),
        sections=_every_section(facts, agency, profile, None),
    )
    return _explained(facts, agency, purpose, profile, is_member=False)


def _explained(
    facts: CaseFacts, agency: Caller, purpose: Purpose, profile: Profile, *, is_member: bool
) -> Explained:
    decision = rule.decide(facts, agency, purpose, profile.matrix)
    refused = decision.because if isinstance(decision, Refused) else None
    return Explained(
        agency_id=agency.agency_id,
        kind=agency.kind,
        purpose=purpose,
        stage=stage(facts.state, facts.in_conference),
        is_member=is_member,
        refused=refused,
        because=decision.because,
        levels={} if isinstance(decision, Refused) else decision.shown,
        reasons={} if isinstance(decision, Refused) else decision.reasons,
        versions=profile.versions,
    )


def _asked_for_research(facts: CaseFacts, agency: Caller) -> CaseFacts:
    asked = Membership(agency.agency_id, agency.kind, frozenset({CaseRole.RESEARCH}))
    return replace(facts, members={**facts.members, agency.agency_id: asked})


def _tables(work: Work, facts: CaseFacts, on: date) -> Profile:
    """The rule tables of a day.

    :raises Invalid: code bad_on, if there are none.
    """
    try:
        return work.profiles.for_area(facts.area, on)
    except NotFound:
        raise Invalid(
            "No tables are in force then.", Problem("out_of_range", "/on"), code="bad_on"
        ) from None


def _suppose(
    work: Work, facts: CaseFacts, agency: Caller, profile: Profile, supposed: Supposed
) -> CaseFacts:
    """The facts as they would be: with another position the consent table is asked again."""
    if supposed.position is not None:
        risk = dated.list_risks(work.session, [facts.case_id])[facts.case_id]
        row = dated.list_positions(work.session, [facts.case_id])[facts.case_id]
        inputs = ConsentFacts(
            position=supposed.position,
            risk=risk.level,
            child=ChildConcern(risk.child),
            danger=Danger(risk.danger),
            capacity=row.capacity,
            age=AgeBand(risk.age),
            care_needs=risk.care_needs,
        )
        outcome = consent.decide(profile.consent, inputs).outcome
        facts = replace(facts, outcome=outcome, position=supposed.position)
    return _staged(facts, agency, supposed.stage)


def _staged(facts: CaseFacts, agency: Caller, at: Stage | None) -> CaseFacts:
    """The facts at a stage; at the meeting, the agency is in the room."""
    if at is None:
        return facts
    is_meeting = at is Stage.MEETING
    members = dict(facts.members)
    member = members[agency.agency_id]
    members[agency.agency_id] = replace(member, is_present=is_meeting or member.is_present)
    return replace(facts, state=_STATES[at], in_conference=is_meeting, members=members)


def _every_section(
    facts: CaseFacts, agency: Caller, profile: Profile, known: Collection[str] | None
) -> tuple[SectionFacts, ...]:
    """What the agency itself contributed, and one of each other section as somebody else's."""
    own = tuple(
        each
        for each in facts.sections
        if each.owner == agency.agency_id and (known is None or each.name in known)
    )
    sealed_to = frozenset({agency.agency_id})
    names = {each.name for each in own}
    return own + tuple(
        SectionFacts(name, "@somebody", has_summary=True, sealed_to=sealed_to)
        for name in profile.matrix.section_category
        if name not in names
    )


def may_know(work: Work, facts: CaseFacts) -> bool:
    """Whether the caller may open the case for any purpose."""
    return decision_for(work, facts) is not None


def decision_for(work: Work, facts: CaseFacts) -> Allowed | None:
    """The most the caller may know of a case over all purposes, if anything; what lists show."""
    matrix = profile_of(work, facts).matrix
    purposes = matrix.telling(work.caller.kind)
    decisions = (rule.decide(facts, work.caller, purpose, matrix) for purpose in purposes)
    allowed = [decision for decision in decisions if isinstance(decision, Allowed)]
    return max(allowed, key=lambda decision: len(decision.shown), default=None)


def profile_of(work: Work, facts: CaseFacts) -> Profile:
    return work.profiles.for_area(facts.area, work.today)


def basis_of(work: Work, facts: CaseFacts, risk: RiskRow) -> tuple[str, ...]:
    """The legal bases on which the caller's kind of agency reads a case today."""
    return profile_of(work, facts).legal.for_kind(
        work.caller.kind,
        on=work.today,
        # Data Protection Act 2018 Schedule 1 paragraph 18
        is_child_or_has_care_needs=risk.care_needs or risk.age != AgeBand.AGE_18PLUS,
    )

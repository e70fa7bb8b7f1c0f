"""Owns what a caller may know of a case, and why, with nothing opened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from gateway.disclosure.facts import list_facts
from gateway.errors import Denied, Invalid, Problem
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import disclosure as rule
from gateway.rules.facts import (
    Allowed,
    Caller,
    CaseFacts,
    Membership,
    Refused,
    SectionFacts,
)
from gateway.rules.states import stage
from gateway.schemas.codes import AgencyKind, CaseRole, Level, Purpose, Stage


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


def get_facts(work: Work, case_id: str) -> CaseFacts:
    """The facts of a case that was just found, as it stands today.

    :raises Denied: if the caller sees it no more: it was erased in between, or left the caller.
    """
    facts = list_facts(work.session, [case_id], on=work.today).get(case_id)
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
) -> Explained:
    """What `agency` would see of a case, and which rule decides each section (M7).

    For an agency without a part in the case: what it would see if it were asked for research.
    Every known section is told of, whether the case has it or not, so that asking does not tell
    what there is. What the agency contributed itself counts as its own only in the sections
    `known` to who asks (None: in all), for the same reason.

    :raises Denied: as `get_facts`.
    """
    facts = get_facts(work, case_id)
    is_member = agency.agency_id in facts.members
    if not is_member:
        asked = Membership(agency.agency_id, agency.kind, frozenset({CaseRole.RESEARCH}))
        facts = replace(facts, members={**facts.members, agency.agency_id: asked})
    profile = profile_of(work, facts)
    facts = replace(facts, sections=_every_section(facts, agency, profile, known))
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

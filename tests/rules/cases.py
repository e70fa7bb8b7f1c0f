"""Invented cases and callers for the disclosure tests; every section stands once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from gateway.profiles.matrix import load_matrix
from gateway.rules.facts import (
    Allowed,
    Approval,
    Caller,
    CaseFacts,
    Decision,
    Membership,
    SectionFacts,
)
from gateway.rules.matrix import Matrix
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    CaseState,
    Category,
    Level,
    Outcome,
    Position,
)
from tests.rules.tables import read

REFERRER = "harbourgate-homes"
AGENCY = "agency"
_LISTED = """
victim_identity:D01 victim_address:D02 protected_address:D03 safe_contact:D04 perpetrators:D05
children:D06 incidents:D07 referral:D08 consent:D08 risk_answers:D09 health:D10 mental_health:D11
substance_use:D12 sexual_violence:D13 orientation:D14 language:D15 background:D15 immigration:D15
victim_offending:D16 perpetrator_history:D17 orders:D18 tenancy:D19 finances:D20 employment:D21
informants:D22 idva_notes:D23 minutes:D24 actions:D25 flag:D26 override:D27
"""
SECTIONS = {
    name: Category(category) for name, category in (pair.split(":") for pair in _LISTED.split())
}
EXCLUSIVE = frozenset({"protected_address", "safe_contact"})
OWNED = frozenset({"idva_notes"})


def a_table(**changes: Any) -> Matrix:
    """Return the shipped matrix, with top-level parts replaced."""
    return load_matrix(
        read("matrix") | changes, section_category=SECTIONS, exclusive=EXCLUSIVE, owned=OWNED
    )


MATRIX = a_table()


def sections(
    *, owner: str = REFERRER, sealed_to: Iterable[str] = (AGENCY,)
) -> tuple[SectionFacts, ...]:
    """Return one section of each name, contributed by one agency."""
    return tuple(
        SectionFacts(
            name,
            owner,
            has_summary=True,
            sealed_to=frozenset(sealed_to) if name in EXCLUSIVE else frozenset(),
        )
        for name in SECTIONS
    )


def a_member(kind: AgencyKind, *roles: CaseRole, **changes: Any) -> Membership:
    """Return the membership of the agency under test."""
    return replace(Membership(AGENCY, kind, frozenset(roles)), **changes)


def a_case(*members: Membership, **changes: Any) -> CaseFacts:
    """Return a live, allowed case contributed by the referrer."""
    case = CaseFacts(
        case_id="c1",
        state=CaseState.READY,
        outcome=Outcome.ALLOW,
        in_conference=False,
        members={member.agency_id: member for member in members},
        sections=sections(),
        position=Position.GIVEN,
    )
    return replace(case, **changes)


def a_caller(kind: AgencyKind, **changes: Any) -> Caller:
    """Return the agency under test as a caller."""
    return replace(Caller(AGENCY, kind, "MARLBURY"), **changes)


def approved(*names: str, agency: str = AGENCY) -> frozenset[Approval]:
    """Return what the coordinator opened to an agency, each for a recorded reason."""
    return frozenset(
        Approval(agency, name, "chair-1", "marlbury-marac", has_reason=True) for name in names
    )


def levels(decision: Decision) -> dict[str, Level]:
    """Return what a decision shows, own parts among it; a refusal shows nothing."""
    return dict(decision.shown) if isinstance(decision, Allowed) else {}


def in_the_room(kind: AgencyKind, **changes: Any) -> CaseFacts:
    """Return a case being heard with the agency present: its whole column is open."""
    member = a_member(kind, CaseRole.RESEARCH, is_present=True, **changes)
    return a_case(member, in_conference=True)

"""The need-to-know decision around the matrix: forbids, roles, stages, sealing, approval."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.disclosure import decide, highest
from gateway.rules.facts import (
    Allowed,
    CaseFacts,
    Membership,
    Narrowing,
    Refused,
    SectionFacts,
    Ties,
)
from gateway.rules.matrix import RANK, lower
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    CaseState,
    Category,
    Level,
    Outcome,
    Purpose,
)
from tests.rules.cases import (
    AGENCY,
    EXCLUSIVE,
    MATRIX,
    REFERRER,
    SECTIONS,
    a_caller,
    a_case,
    a_member,
    a_table,
    approved,
    in_the_room,
    levels,
    sections,
)
from tests.rules.tables import read

F, S, I = Level.FULL, Level.SUMMARY, Level.INDICATOR  # noqa: E741 - the letters of the matrix
KINDS = [kind for kind in AgencyKind if kind is not AgencyKind.OTHER]
BEFORE = (CaseState.SUBMITTED, CaseState.TRIAGE, CaseState.RETURNED, CaseState.ACCEPTED)
RESEARCH = (
    CaseState.LISTED,
    CaseState.RESEARCH,
    CaseState.READY,
    CaseState.DEFERRED,
    CaseState.EMERGENCY,
)
AFTER = (CaseState.HEARD, CaseState.ACTIONS_OPEN, CaseState.RELISTED)
LIVE = (*BEFORE, *RESEARCH, *AFTER, CaseState.MONITORING)
SHUT = (
    CaseState.DRAFT,
    CaseState.WITHDRAWN,
    CaseState.CLOSED,
    CaseState.RETAINED,
    CaseState.LEGAL_HOLD,
    CaseState.DESTROYED,
    CaseState.ABANDONED,
    CaseState.TRANSFERRED_OUT,
)
# What a search in one's own records needs (domain: research request), by category.
SEARCH = {"D01": F, "D02": F, "D05": F, "D06": F, "D08": I}
NAMED = {"D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D18"}
MINE = a_caller(AgencyKind.POLICE)


def _column(kind: AgencyKind, purpose: Purpose = Purpose.P9) -> dict[str, Level]:
    """Return the whole column of a kind that is present; the table itself is tested elsewhere."""
    return levels(decide(in_the_room(kind), a_caller(kind), purpose, MATRIX))


def _cut(kind: AgencyKind, at_most: dict[str, Level]) -> dict[str, Level]:
    """Return the column of a kind, cut to some categories."""
    return {
        name: lower(level, at_most[SECTIONS[name]])
        for name, level in _column(kind).items()
        if SECTIONS[name] in at_most
    }


def _of(kind: AgencyKind, role: CaseRole, **changes: Any) -> dict[str, Level]:
    case = a_case(a_member(kind, role), **changes)
    return levels(decide(case, a_caller(kind), Purpose.P9, MATRIX))


# --- forbids ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "purpose"), list(product(AgencyKind, Purpose)))
def test_F60_a_conflict_refuses_everything_even_own_data(
    kind: AgencyKind, purpose: Purpose
) -> None:
    member = a_member(kind, *CaseRole, is_present=True)
    case = a_case(member, sections=sections(owner=AGENCY), in_conference=True)
    for conflicted, caller in (
        (AGENCY, a_caller(kind)),
        ("worker-7", a_caller(kind, worker_id="worker-7")),
    ):
        walled = replace(case, conflicted=frozenset({conflicted}))
        assert decide(walled, caller, purpose, MATRIX) == Refused("conflict")


def test_a_colleague_without_the_conflict_is_not_walled_off() -> None:
    case = replace(in_the_room(AgencyKind.LA_HOUSING), conflicted=frozenset({"worker-7"}))
    deputy = a_caller(AgencyKind.LA_HOUSING, worker_id="worker-8")
    assert levels(decide(case, deputy, Purpose.P7, MATRIX))


@pytest.mark.parametrize(("kind", "purpose"), list(product(AgencyKind, Purpose)))
def test_F56_F63_who_is_not_assigned_sees_nothing(kind: AgencyKind, purpose: Purpose) -> None:
    case = a_case(replace(a_member(kind, *CaseRole), agency_id="another"))
    assert decide(case, a_caller(kind), purpose, MATRIX) == Refused("not-assigned")
    without_role = a_case(a_member(kind))
    assert decide(without_role, a_caller(kind), purpose, MATRIX) == Refused("not-assigned")


def test_an_assignment_as_another_kind_does_not_count() -> None:
    case = in_the_room(AgencyKind.IDVA)
    decision = decide(case, a_caller(AgencyKind.LANDLORD), Purpose.P9, MATRIX)
    assert decision == Refused("kind-mismatch")


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("kind", list(AgencyKind))
def test_F46_a_purpose_that_is_not_the_kinds_own_is_refused(
    kind: AgencyKind, purpose: Purpose
) -> None:
    case = replace(in_the_room(kind), sections=sections(owner=AGENCY))
    decision = decide(case, a_caller(kind), purpose, MATRIX)
    if MATRIX.may_state(kind, purpose):
        assert decision
    else:
        assert decision == Refused("purpose-not-allowed")


def test_F46_the_purpose_changes_what_is_seen() -> None:
    def history(purpose: Purpose) -> Level | None:
        return _column(AgencyKind.LANDLORD, purpose).get("perpetrator_history")

    assert (history(Purpose.P6), history(Purpose.P7), history(Purpose.P9)) == (I, S, None)


@pytest.mark.parametrize("kind", list(AgencyKind))
def test_F46_audit_opens_only_the_override_and_statistics_nothing(kind: AgencyKind) -> None:
    case = replace(in_the_room(kind), sections=sections(owner=AGENCY))
    assert levels(decide(case, a_caller(kind), Purpose.P10, MATRIX)) == {"override": F}
    assert levels(decide(case, a_caller(kind), Purpose.P11, MATRIX)) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_F47_the_victims_conditions_refuse_a_kind_or_an_agency(kind: AgencyKind) -> None:
    purpose = Purpose.P10 if kind is AgencyKind.AUDITOR else Purpose.P9
    case = in_the_room(kind)
    assert decide(case, a_caller(kind), purpose, MATRIX)
    for narrowed in (
        replace(case, excluded_kinds=frozenset({kind})),
        replace(case, excluded_agencies=frozenset({AGENCY})),
        # An override of another condition lifts nothing, and a kind's lifts no agency's.
        replace(case, excluded_kinds=frozenset({kind}), overridden_kinds=frozenset()),
        replace(case, excluded_agencies=frozenset({AGENCY}), overridden_kinds=frozenset({kind})),
    ):
        assert decide(narrowed, a_caller(kind), purpose, MATRIX) == Refused("victims-condition")


@pytest.mark.parametrize("kind", KINDS)
def test_an_override_that_names_the_condition_lifts_it(kind: AgencyKind) -> None:
    purpose = Purpose.P10 if kind is AgencyKind.AUDITOR else Purpose.P9
    case = in_the_room(kind)
    lifted = replace(case, excluded_kinds=frozenset({kind}), overridden_kinds=frozenset({kind}))
    asked = a_caller(kind), purpose, MATRIX
    assert decide(lifted, *asked) == decide(case, *asked)


def test_default_deny_for_what_no_table_knows() -> None:
    case = in_the_room(AgencyKind.POLICE)
    unknown: Any = "P99"
    assert not decide(case, MINE, cast(Purpose, unknown), MATRIX)
    assert not decide(replace(case, outcome=cast(Outcome, unknown)), MINE, Purpose.P9, MATRIX)
    assert not decide(replace(case, state=cast(CaseState, unknown)), MINE, Purpose.P9, MATRIX)
    odd = replace(MINE, kind=cast(AgencyKind, unknown))
    assert not decide(case, odd, Purpose.P9, MATRIX)
    strange = (SectionFacts("poem", REFERRER), SectionFacts("essay", AGENCY))
    decision = decide(replace(case, sections=strange), MINE, Purpose.P9, MATRIX)
    assert isinstance(decision, Allowed)
    assert decision.levels == {}
    assert decision.reasons == {"poem": "unknown-section", "essay": "unknown-section"}


def test_V13_a_deleted_row_opens_nothing() -> None:
    gone = {key: cell for key, cell in MATRIX.cells.items() if key[1] is not AgencyKind.POLICE}
    bare = replace(MATRIX, cells=gone)
    assert not decide(in_the_room(AgencyKind.POLICE), MINE, Purpose.P9, bare)
    no_stage = replace(MATRIX, stages={})
    assert not decide(in_the_room(AgencyKind.POLICE), MINE, Purpose.P9, no_stage)
    no_purpose = replace(MATRIX, purposes={})
    assert not decide(in_the_room(AgencyKind.POLICE), MINE, Purpose.P9, no_purpose)


# --- outcome and role -------------------------------------------------------------------------


def test_F45_nothing_is_shared_without_a_ground_but_own_data_stays() -> None:
    for kind, role in product(KINDS, CaseRole):
        case = a_case(a_member(kind, role, is_present=True), outcome=Outcome.NO_SHARE)
        assert _of(kind, role, outcome=Outcome.NO_SHARE) == {}
        assert not decide(case, a_caller(kind), Purpose.P10, MATRIX)
    own = a_case(
        a_member(AgencyKind.LANDLORD, CaseRole.REFERRER),
        outcome=Outcome.NO_SHARE,
        state=CaseState.RETURNED,
        sections=sections(owner=AGENCY),
    )
    decision = decide(own, a_caller(AgencyKind.LANDLORD), Purpose.P9, MATRIX)
    assert levels(decision) == dict.fromkeys(SECTIONS, F)


@pytest.mark.parametrize(
    ("outcome", "readers"),
    [
        (Outcome.ALLOW, {"COORDINATOR", "IDVA", "NAMED", "RESEARCH"}),
        (Outcome.ALLOW_OVERRIDE, {"COORDINATOR", "IDVA", "NAMED", "RESEARCH"}),
        (Outcome.ALLOW_BEST_INTERESTS, {"COORDINATOR", "IDVA", "NAMED", "RESEARCH"}),
        (Outcome.ALLOW_SUPPORT, {"IDVA", "NAMED"}),
        (Outcome.ALLOW_MIN, {"NAMED"}),
        (Outcome.ESCALATE, {"NAMED"}),
        (Outcome.HOLD_RECORD, {"NAMED"}),
        (Outcome.NO_SHARE, set()),
    ],
)
def test_F45_the_consent_outcome_decides_which_roles_read(
    outcome: Outcome, readers: set[str]
) -> None:
    for role in set(CaseRole) - {CaseRole.ALERTED}:
        shown = _of(AgencyKind.IDVA, role, outcome=outcome, state=CaseState.READY)
        assert bool(shown) is (role in readers)


@pytest.mark.parametrize(("kind", "state"), list(product(KINDS, CaseState)))
def test_a_referrer_reads_what_it_sent_and_nothing_else(kind: AgencyKind, state: CaseState) -> None:
    mixed = (
        *(each for each in sections(owner=AGENCY) if each.name != "actions"),
        SectionFacts("actions", "another"),
    )
    member = a_member(kind, CaseRole.REFERRER, is_present=True)
    case = a_case(member, state=state, in_conference=True, sections=mixed)
    purpose = Purpose.P10 if kind is AgencyKind.AUDITOR else Purpose.P9
    shown = levels(decide(case, a_caller(kind), purpose, MATRIX))
    if purpose is Purpose.P10:
        assert shown == {"override": F}
    else:
        assert shown == dict.fromkeys(set(SECTIONS) - {"actions"}, F)
        alone = decide(replace(case, sections=sections()), a_caller(kind), purpose, MATRIX)
        assert not alone


@pytest.mark.parametrize("state", LIVE)
def test_the_alerted_get_the_referral_cut_down_and_nothing_else(state: CaseState) -> None:
    case = a_case(
        a_member(AgencyKind.IDVA, CaseRole.ALERTED, is_present=True),
        state=state,
        in_conference=True,
        outcome=Outcome.HOLD_RECORD,
    )
    decision = decide(case, a_caller(AgencyKind.IDVA), Purpose.P2, MATRIX)
    assert isinstance(decision, Allowed)
    assert decision.because == decision.reasons["referral"] == "alert-only"
    assert decision.levels == {"referral": S}
    audit = decide(case, a_caller(AgencyKind.IDVA), Purpose.P10, MATRIX)
    assert levels(audit) == {}


# --- stages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "state"), list(product(KINDS, SHUT)))
def test_outside_the_live_stages_everybody_keeps_only_its_own(
    kind: AgencyKind, state: CaseState
) -> None:
    member = a_member(kind, *CaseRole, is_present=True)
    other = a_case(member, state=state, in_conference=True)
    purpose = Purpose.P10 if kind is AgencyKind.AUDITOR else Purpose.P9
    assert decide(other, a_caller(kind), purpose, MATRIX) == Refused("stage:NONE")
    own = replace(other, sections=(SectionFacts("override", AGENCY), *sections()[:3]))
    decision = decide(own, a_caller(kind), purpose, MATRIX)
    assert levels(decision) == {"override": F}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not AgencyKind.AUDITOR])
def test_F58_a_research_agency_reads_by_stage(kind: AgencyKind) -> None:
    for state in BEFORE:
        case = a_case(a_member(kind, CaseRole.RESEARCH), state=state)
        refused = decide(case, a_caller(kind), Purpose.P9, MATRIX)
        assert refused == Refused("stage:BEFORE_LISTING")
    for state in RESEARCH:
        assert _of(kind, CaseRole.RESEARCH, state=state) == _cut(kind, SEARCH)
    for state in (*RESEARCH, *AFTER):
        assert _of(kind, CaseRole.RESEARCH, state=state, in_conference=True) == {}
    after = _cut(kind, {"D25": F, "D26": F}) | {"minutes": S}
    for state in AFTER:
        assert _of(kind, CaseRole.RESEARCH, state=state) == (
            after
            if kind not in (AgencyKind.COORDINATOR, AgencyKind.IDVA)
            else after | {"minutes": F}
        )
    assert _of(kind, CaseRole.RESEARCH, state=CaseState.MONITORING) == _cut(kind, {"D26": F})


def test_presence_counts_only_while_the_case_is_heard() -> None:
    for kind in (AgencyKind.POLICE, AgencyKind.LANDLORD, AgencyKind.CSC):
        member = a_member(kind, CaseRole.RESEARCH, is_present=True)
        for state in RESEARCH:
            case = a_case(member, state=state)
            shown = levels(decide(case, a_caller(kind), Purpose.P9, MATRIX))
            assert shown == _cut(kind, SEARCH)


def test_presence_is_what_opens_full_minutes_to_police() -> None:
    for present, level in ((True, F), (False, S)):
        member = a_member(AgencyKind.POLICE, CaseRole.RESEARCH, is_present=present)
        case = a_case(member, state=CaseState.HEARD)
        assert levels(decide(case, MINE, Purpose.P9, MATRIX))["minutes"] is level


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not AgencyKind.AUDITOR])
def test_F58_whom_a_rule_names_reads_its_own_column_at_any_stage(kind: AgencyKind) -> None:
    column = _cut(kind, dict.fromkeys(NAMED, F))
    later = {AFTER: {"D24", "D25", "D26"}, (CaseState.MONITORING,): {"D26"}}
    for states in (BEFORE, RESEARCH, AFTER, (CaseState.MONITORING,)):
        for state in states:
            shown = _of(kind, CaseRole.NAMED, state=state)
            assert {
                name: level
                for name, level in shown.items()
                if SECTIONS[name] not in later.get(states, set())
            } == column
    present = a_case(a_member(kind, CaseRole.NAMED, is_present=True), in_conference=True)
    assert levels(decide(present, a_caller(kind), Purpose.P9, MATRIX)) == _column(kind)


@pytest.mark.parametrize(
    ("kind", "role"),
    [(AgencyKind.COORDINATOR, CaseRole.COORDINATOR), (AgencyKind.IDVA, CaseRole.IDVA)],
)
def test_coordinator_and_idva_read_their_column_throughout(
    kind: AgencyKind, role: CaseRole
) -> None:
    for state, sitting in product((*BEFORE, *RESEARCH, *AFTER), (False, True)):
        assert _of(kind, role, state=state, in_conference=sitting) == _column(kind)
    at_the_end = _of(kind, role, state=CaseState.MONITORING)
    assert at_the_end == (_column(kind) if kind is AgencyKind.COORDINATOR else {"flag": F})


def test_the_auditor_reads_the_override_at_any_live_stage() -> None:
    for state in LIVE:
        case = a_case(a_member(AgencyKind.AUDITOR, CaseRole.RESEARCH), state=state)
        shown = levels(decide(case, a_caller(AgencyKind.AUDITOR), Purpose.P10, MATRIX))
        assert shown == {"override": F}


def test_no_stage_is_lifted_for_the_auditor_but_the_overrides() -> None:
    # No loaded table lets an auditor state this; the rule does not lean on that.
    purposes = {**MATRIX.purposes, AgencyKind.AUDITOR: frozenset({Purpose.P9})}
    case = a_case(a_member(AgencyKind.AUDITOR, CaseRole.RESEARCH), state=CaseState.ACCEPTED)
    table = replace(MATRIX, purposes=purposes)
    shown = levels(decide(case, a_caller(AgencyKind.AUDITOR), Purpose.P9, table))
    assert shown == {"override": F}


# --- approval ---------------------------------------------------------------------------------


def test_an_approval_counts_for_its_agency_its_section_and_below_its_stage_alone() -> None:
    case = in_the_room(AgencyKind.CSC)
    asked = a_caller(AgencyKind.CSC), Purpose.P9, MATRIX
    without = levels(decide(case, *asked))
    assert "finances" not in without
    others = approved("finances", agency="another")
    mine = approved("finances")
    for opening, opened in (
        (others, {}),
        (mine, {"finances": F}),
        (mine | approved("employment", agency="another"), {"finances": F}),
    ):
        shown = levels(decide(replace(case, approved=opening), *asked))
        assert shown == without | opened
    early = a_case(a_member(AgencyKind.CSC, CaseRole.RESEARCH), approved=approved("finances"))
    assert "finances" not in levels(decide(early, *asked))


def test_F48_an_approval_counts_only_with_a_name_a_reason_and_another_agency() -> None:
    case = in_the_room(AgencyKind.CSC)
    (sound,) = approved("finances")
    asked = a_caller(AgencyKind.CSC), Purpose.P9, MATRIX
    assert levels(decide(replace(case, approved=frozenset({sound})), *asked))["finances"] is F
    for change in (
        {"approver": ""},
        {"has_reason": False},
        {"approver_agency": AGENCY},
        {"agency_id": "another"},
        {"section": "employment"},
    ):
        unsound = replace(case, approved=frozenset({replace(sound, **change)}))
        assert "finances" not in levels(decide(unsound, *asked))
    for walled in (sound.approver, sound.approver_agency):
        behind = replace(case, approved=frozenset({sound}), conflicted=frozenset({walled}))
        assert "finances" not in levels(decide(behind, *asked))
    tied = Ties(hits=frozenset({(sound.approver_agency, sound.approver)}))
    by_kin = replace(case, approved=frozenset({sound}), ties=tied)
    assert "finances" not in levels(decide(by_kin, *asked))


# --- sealing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not AgencyKind.AUDITOR])
def test_F35_no_agency_gets_an_address_that_is_not_sealed_to_it(kind: AgencyKind) -> None:
    sealed = _column(kind)
    case = replace(in_the_room(kind), sections=sections(sealed_to=()))
    unsealed = levels(decide(case, a_caller(kind), Purpose.P9, MATRIX))
    for name in SECTIONS:
        if name in EXCLUSIVE and sealed.get(name) is F:
            assert unsealed[name] is I
        else:
            assert unsealed.get(name) == sealed.get(name)


@pytest.mark.parametrize(
    ("kind", "sealed_to", "because"),
    [
        (AgencyKind.POLICE, (), "D03/POLICE:F not-sealed-to"),
        (AgencyKind.POLICE, (AGENCY,), "D03/POLICE:F"),
        (AgencyKind.COORDINATOR, (), "D03/COORDINATOR:I"),
        (AgencyKind.COORDINATOR, (AGENCY,), "D03/COORDINATOR:I"),
    ],
)
def test_a_reason_says_whether_a_sealed_copy_was_lacking(
    kind: AgencyKind, sealed_to: tuple[str, ...], because: str
) -> None:
    case = replace(in_the_room(kind), sections=sections(sealed_to=sealed_to))
    decision = decide(case, a_caller(kind), Purpose.P9, MATRIX)
    assert isinstance(decision, Allowed)
    assert decision.reasons["protected_address"] == because


def test_own_data_is_full_but_an_unsealed_copy_only_exists() -> None:
    for sealed_to, level in (((AGENCY,), F), ((), I)):
        case = a_case(
            a_member(AgencyKind.LANDLORD, CaseRole.REFERRER),
            sections=sections(owner=AGENCY, sealed_to=sealed_to),
        )
        shown = levels(decide(case, a_caller(AgencyKind.LANDLORD), Purpose.P9, MATRIX))
        assert shown == dict.fromkeys(SECTIONS, F) | dict.fromkeys(EXCLUSIVE, level)


def test_case_notes_are_their_owners_alone() -> None:
    case = a_case(a_member(AgencyKind.IDVA, CaseRole.IDVA), approved=approved("idva_notes"))
    decision = decide(case, a_caller(AgencyKind.IDVA), Purpose.P2, MATRIX)
    assert isinstance(decision, Allowed)
    assert "idva_notes" not in decision.levels
    assert decision.reasons["idva_notes"] == "class:OWNER"
    mine = replace(case, sections=(SectionFacts("idva_notes", AGENCY),))
    assert levels(decide(mine, a_caller(AgencyKind.IDVA), Purpose.P2, MATRIX)) == {"idva_notes": F}


def test_own_and_others_part_of_a_section_are_judged_apart() -> None:
    pair = (SectionFacts("health", AGENCY), SectionFacts("health", REFERRER))
    for both in (pair, pair[::-1]):
        case = replace(in_the_room(AgencyKind.POLICE), sections=both)
        decision = decide(case, MINE, Purpose.P9, MATRIX)
        assert isinstance(decision, Allowed)
        assert (decision.own, decision.levels) == ({"health": F}, {"health": S})
        assert decision.level("health", is_own=True) is F
        assert decision.level("health", is_own=False) is S


def test_of_two_others_of_one_name_the_lower_level_stands() -> None:
    sealed = SectionFacts("safe_contact", REFERRER, sealed_to=frozenset({AGENCY}))
    unsealed = SectionFacts("safe_contact", "another")
    for both in ((sealed, unsealed), (unsealed, sealed)):
        case = replace(in_the_room(AgencyKind.POLICE), sections=both)
        assert levels(decide(case, MINE, Purpose.P9, MATRIX)) == {"safe_contact": I}


def test_the_lower_of_two_gives_its_reason_and_what_follows_is_judged_too() -> None:
    sealed = SectionFacts("safe_contact", REFERRER, sealed_to=frozenset({AGENCY}))
    unsealed = SectionFacts("safe_contact", "another")
    for both in ((sealed, unsealed), (unsealed, sealed)):
        after = (*both, SectionFacts("health", REFERRER))
        case = replace(in_the_room(AgencyKind.POLICE), sections=after)
        decision = decide(case, MINE, Purpose.P9, MATRIX)
        assert isinstance(decision, Allowed)
        assert decision.levels == {"safe_contact": I, "health": S}
        assert decision.reasons["safe_contact"] == "D04/POLICE:F not-sealed-to"


@pytest.mark.parametrize(
    ("roles", "outcome", "because"),
    [
        ({CaseRole.REFERRER}, Outcome.ALLOW, "role:REFERRER"),
        ({CaseRole.RESEARCH}, Outcome.ALLOW_MIN, "outcome:ALLOW_MIN"),
        ({CaseRole.REFERRER, CaseRole.RESEARCH}, Outcome.ESCALATE, "outcome:ESCALATE"),
    ],
)
def test_a_refusal_says_whether_role_or_outcome_shut(
    roles: set[CaseRole], outcome: Outcome, because: str
) -> None:
    case = a_case(a_member(AgencyKind.POLICE, *roles), outcome=outcome)
    assert decide(case, MINE, Purpose.P9, MATRIX) == Refused(because)


def test_of_two_others_that_both_show_nothing_nothing_is_shown() -> None:
    pair = (SectionFacts("employment", REFERRER), SectionFacts("employment", "another"))
    case = replace(in_the_room(AgencyKind.POLICE), sections=pair)
    decision = decide(case, MINE, Purpose.P9, MATRIX)
    assert isinstance(decision, Allowed)
    assert (decision.levels, decision.reasons) == ({}, {"employment": "D21/POLICE:C"})


# --- what nothing opens, whatever was approved ------------------------------------------------


def test_an_approval_opens_nothing_to_the_alerted() -> None:
    member = a_member(AgencyKind.IDVA, CaseRole.ALERTED)
    case = a_case(member, outcome=Outcome.HOLD_RECORD, approved=approved(*SECTIONS))
    decision = decide(case, a_caller(AgencyKind.IDVA), Purpose.P2, MATRIX)
    assert isinstance(decision, Allowed)
    assert decision.levels == {"referral": S}
    assert decision.reasons == dict.fromkeys(SECTIONS, "alert-only")


def test_an_approval_opens_nothing_to_whom_stage_or_outcome_shuts_out() -> None:
    mixed = (SectionFacts("health", AGENCY), *sections()[:4])
    for changes, because in (
        ({"state": CaseState.CLOSED}, "stage:NONE"),
        ({"outcome": Outcome.NO_SHARE}, "outcome:NO_SHARE"),
        ({"excluded_agencies": frozenset({AGENCY})}, "victims-condition"),
        ({"barred_kinds": frozenset({AgencyKind.POLICE})}, "barred"),
    ):
        case = in_the_room(AgencyKind.POLICE)
        shut = replace(case, sections=mixed, approved=approved(*SECTIONS), **cast(Any, changes))
        decision = decide(shut, MINE, Purpose.P9, MATRIX)
        assert isinstance(decision, Allowed)
        assert (decision.own, decision.levels, decision.because) == ({"health": F}, {}, "own")
        others = {each.name for each in mixed[1:]}
        assert {decision.reasons[name] for name in others} == {because}


# --- the victim's limits ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "is_meant"),
    [
        (Narrowing(category=Category.D07), True),
        (Narrowing(kind=AgencyKind.POLICE, category=Category.D07), True),
        (Narrowing(agency=AGENCY, purpose=Purpose.P9, category=Category.D07), True),
        (Narrowing(kind=AgencyKind.CSC, category=Category.D07), False),
        (Narrowing(agency="another", category=Category.D07), False),
        (Narrowing(purpose=Purpose.P1, category=Category.D07), False),
    ],
)
def test_F48_a_class_that_the_victim_keeps_back_is_not_shown(
    limit: Narrowing, is_meant: bool
) -> None:
    case = in_the_room(AgencyKind.POLICE)
    whole = levels(decide(case, MINE, Purpose.P9, MATRIX))
    narrowed = replace(case, narrowed=frozenset({limit}))
    decision = decide(narrowed, MINE, Purpose.P9, MATRIX)
    assert isinstance(decision, Allowed)
    kept = {"incidents"} if is_meant else set[str]()
    assert decision.levels == {name: of for name, of in whole.items() if name not in kept}
    assert all(decision.reasons[name] == "victims-condition" for name in kept)
    own = replace(narrowed, sections=sections(owner=AGENCY))
    assert levels(decide(own, MINE, Purpose.P9, MATRIX))["incidents"] is F


def test_F46_a_purpose_that_the_victim_keeps_back_opens_nothing_of_others() -> None:
    case = in_the_room(AgencyKind.POLICE)
    narrowed = replace(case, narrowed=frozenset({Narrowing(purpose=Purpose.P9)}))
    assert decide(narrowed, MINE, Purpose.P9, MATRIX) == Refused("victims-condition")
    assert decide(narrowed, MINE, Purpose.P1, MATRIX) == decide(case, MINE, Purpose.P1, MATRIX)


@pytest.mark.parametrize("kind", [AgencyKind.COORDINATOR, AgencyKind.AUDITOR])
def test_no_limit_keeps_out_who_convenes_the_conference_or_checks_it(kind: AgencyKind) -> None:
    purpose = Purpose.P10 if kind is AgencyKind.AUDITOR else Purpose.P9
    case = in_the_room(kind)
    limits = frozenset({Narrowing(), Narrowing(category=Category.D27), Narrowing(kind=kind)})
    asked = a_caller(kind), purpose, MATRIX
    assert decide(replace(case, narrowed=limits), *asked) == decide(case, *asked)


# --- the ceiling ------------------------------------------------------------------------------


def test_the_ceiling_says_whether_it_is_an_alert() -> None:
    for role, outcome, because in (
        (CaseRole.ALERTED, Outcome.HOLD_RECORD, "alert-only"),
        (CaseRole.IDVA, Outcome.ALLOW, "ceiling"),
        (CaseRole.IDVA, Outcome.NO_SHARE, "ceiling"),
    ):
        case = a_case(a_member(AgencyKind.IDVA, role), outcome=outcome)
        assert highest(case, a_caller(AgencyKind.IDVA), MATRIX).because == because


def test_the_ceiling_is_the_highest_whatever_is_asked_last() -> None:
    case, caller = in_the_room(AgencyKind.LANDLORD), a_caller(AgencyKind.LANDLORD)
    for purposes in ((Purpose.P6, Purpose.P7), (Purpose.P7, Purpose.P6)):
        best = highest(case, caller, MATRIX, purposes)
        assert best.levels["perpetrator_history"] is S


# --- reasons ----------------------------------------------------------------------------------


def test_each_section_names_the_row_that_decided_it() -> None:
    case = a_case(a_member(AgencyKind.LANDLORD, CaseRole.RESEARCH), state=CaseState.RESEARCH)
    case = replace(case, sections=(*case.sections[1:], SectionFacts("victim_identity", AGENCY)))
    decision = decide(case, a_caller(AgencyKind.LANDLORD), Purpose.P9, MATRIX)
    assert isinstance(decision, Allowed)
    assert decision.because == "assigned"
    assert set(decision.reasons) == set(SECTIONS)
    named = {
        "victim_identity": "own",
        "victim_address": "D02/LANDLORD:F",
        "children": "D06/LANDLORD:S",
        "referral": "stage:RESEARCH",
        "perpetrators": "D05/LANDLORD:-",
        "health": "stage:RESEARCH",
    }
    assert named.items() <= decision.reasons.items()
    audit = decide(case, a_caller(AgencyKind.LANDLORD), Purpose.P10, MATRIX)
    assert isinstance(audit, Allowed)
    assert audit.reasons["victim_identity"] == "purpose:P10"


# --- properties -------------------------------------------------------------------------------

_conditions = st.frozensets(st.sampled_from(sorted(MATRIX.conditions)))
_roles = st.frozensets(st.sampled_from(list(CaseRole)))


@st.composite
def _questions(draw: st.DrawFn) -> tuple[CaseFacts, AgencyKind, Purpose]:
    kind = draw(st.sampled_from(list(AgencyKind)))
    member = a_member(
        kind, *draw(_roles), conditions=draw(_conditions), is_present=draw(st.booleans())
    )
    owners = st.sampled_from([AGENCY, REFERRER])
    holders = st.sampled_from([frozenset[str](), frozenset({AGENCY})])
    case = a_case(
        member,
        state=draw(st.sampled_from(list(CaseState))),
        outcome=draw(st.sampled_from(list(Outcome))),
        in_conference=draw(st.booleans()),
        sections=tuple(
            SectionFacts(name, draw(owners), sealed_to=draw(holders)) for name in SECTIONS
        ),
        excluded_kinds=draw(st.frozensets(st.sampled_from(list(AgencyKind)), max_size=2)),
        overridden_kinds=draw(st.frozensets(st.sampled_from(list(AgencyKind)), max_size=2)),
        excluded_agencies=draw(st.sampled_from([frozenset[str](), frozenset({"another"})])),
        conflicted=draw(st.sampled_from([frozenset[str](), frozenset({"another"})])),
        approved=approved(*draw(st.frozensets(st.sampled_from(sorted(SECTIONS)), max_size=3))),
    )
    return case, kind, draw(st.sampled_from(list(Purpose)))


def _shows_no_more(narrow: dict[str, Level], wide: dict[str, Level]) -> bool:
    return all(RANK[level] <= RANK[wide.get(name, Level.NONE)] for name, level in narrow.items())


@given(_questions(), st.data())
def test_V15_a_forbid_never_adds_and_survives_every_grant(
    question: tuple[CaseFacts, AgencyKind, Purpose], data: st.DataObject
) -> None:
    case, kind, purpose = question
    caller = a_caller(kind)
    before = levels(decide(case, caller, purpose, MATRIX))
    narrowed = data.draw(
        st.sampled_from(
            [
                replace(case, excluded_kinds=case.excluded_kinds | {kind}),
                replace(case, excluded_agencies=case.excluded_agencies | {AGENCY}),
                replace(case, conflicted=case.conflicted | {AGENCY}),
                replace(case, overridden_kinds=frozenset()),
                replace(case, approved=frozenset()),
                replace(case, members={}),
                replace(case, outcome=Outcome.NO_SHARE),
            ]
        )
    )
    assert _shows_no_more(levels(decide(narrowed, caller, purpose, MATRIX)), before)
    walled = replace(case, conflicted=frozenset({AGENCY}))
    most = replace(
        walled,
        members={AGENCY: a_member(kind, *CaseRole, conditions=frozenset(MATRIX.conditions))},
        approved=approved(*SECTIONS),
        sections=sections(owner=AGENCY),
        overridden_kinds=frozenset(AgencyKind),
    )
    assert not decide(most, caller, purpose, MATRIX)


@given(_questions(), _roles, _conditions)
def test_V15_a_grant_never_takes_away(
    question: tuple[CaseFacts, AgencyKind, Purpose],
    roles: frozenset[CaseRole],
    conditions: frozenset[str],
) -> None:
    case, kind, purpose = question
    caller, member = a_caller(kind), case.members[AGENCY]
    before = levels(decide(case, caller, purpose, MATRIX))
    more = [
        replace(member, roles=member.roles | (roles - {CaseRole.ALERTED})),
        replace(member, conditions=member.conditions | conditions),
    ]
    if CaseRole.ALERTED in member.roles:
        more = more[1:]  # whoever is assigned reads its column instead of the alert
    for richer in more:
        wider = replace(case, members={AGENCY: richer})
        assert _shows_no_more(before, levels(decide(wider, caller, purpose, MATRIX)))
    opened = replace(case, approved=approved(*SECTIONS))
    assert _shows_no_more(before, levels(decide(opened, caller, purpose, MATRIX)))


@given(_questions())
def test_F57_no_one_ever_reads_above_its_column(
    question: tuple[CaseFacts, AgencyKind, Purpose],
) -> None:
    case, kind, purpose = question
    column = in_the_room(kind, conditions=case.members[AGENCY].conditions)
    column = replace(column, sections=case.sections, approved=case.approved)
    shown = levels(decide(case, a_caller(kind), purpose, MATRIX))
    own = {section.name for section in case.sections if section.owner == AGENCY}
    alert = {"referral"} if CaseRole.ALERTED in case.members[AGENCY].roles else set[str]()
    others = {name: level for name, level in shown.items() if name not in own | alert}
    assert _shows_no_more(others, levels(decide(column, a_caller(kind), purpose, MATRIX)))


@given(_questions())
def test_the_decision_is_total_and_never_shows_an_unapproved_c(
    question: tuple[CaseFacts, AgencyKind, Purpose],
) -> None:
    case, kind, purpose = question
    decision = decide(case, a_caller(kind), purpose, MATRIX)
    if isinstance(decision, Refused):
        assert decision.because
        return
    assert set(decision.levels.values()) <= {F, S, I}
    assert set(decision.reasons) == set(SECTIONS)
    assert set(decision.levels) <= set(SECTIONS)


@given(_questions())
def test_the_highest_level_is_reached_by_some_purpose_and_exceeded_by_none(
    question: tuple[CaseFacts, AgencyKind, Purpose],
) -> None:
    case, kind, _ = question
    best = levels(highest(case, a_caller(kind), MATRIX))
    single = [levels(decide(case, a_caller(kind), each, MATRIX)) for each in Purpose]
    assert all(_shows_no_more(shown, best) for shown in single)
    assert all(any(shown.get(name) is level for shown in single) for name, level in best.items())


def test_the_same_question_on_another_table_is_answered_by_that_table() -> None:
    """Columns are remembered per table, so a changed table is never answered from the old one."""
    case = in_the_room(AgencyKind.POLICE)
    assert "health" in levels(decide(case, MINE, Purpose.P9, MATRIX))
    rows = {
        name: row | {"cells": ["-"] * 16} if name == "D10" else row for name, row in _rows().items()
    }
    assert "health" not in levels(decide(case, MINE, Purpose.P9, a_table(rows=rows)))


def _rows() -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = read("matrix")["rows"]
    return rows


def test_a_membership_of_another_agency_gives_nothing_to_this_one() -> None:
    other = Membership("idva", AgencyKind.IDVA, frozenset(CaseRole))
    case = a_case(other)
    assert not decide(case, a_caller(AgencyKind.IDVA), Purpose.P2, MATRIX)

"""Breaking the glass, over the whole domain of what is asked and what stands against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from gateway.rules import breakglass, conflict
from gateway.rules.breakglass import Glass, decide
from gateway.rules.facts import Allowed, Caller, CaseFacts, Refused, Ties
from gateway.schemas.codes import AgencyKind, CaseState, Category, Level, Purpose, RiskLevel
from tests.rules.cases import AGENCY, EXCLUSIVE, MATRIX, OWNED, SECTIONS, a_caller, a_case

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HIGH = RiskLevel.HIGH
ASKED = Glass(Category.D05, Purpose.P6)


def a_breaker(kind: AgencyKind = AgencyKind.LANDLORD, **changes: Any) -> Caller:
    """A worker of an agency without any part in the case, who has just signed in."""
    usual = {"worker_id": "me", "authenticated_at": NOW, "method": "otp"}
    return a_caller(kind, **{**usual, **changes})


def break_it(
    case: CaseFacts | None = None, caller: Caller | None = None, glass: Glass = ASKED, **more: Any
) -> Allowed | Refused:
    risk = more.get("risk", HIGH)
    return decide(case or a_case(), risk, caller or a_breaker(), glass, MATRIX, now=NOW)


def test_M20_one_category_in_full_and_all_duties() -> None:
    decision = break_it()
    assert isinstance(decision, Allowed)
    assert decision.levels == {"perpetrators": Level.FULL}
    assert decision.because == breakglass.BROKEN
    assert decision.duties == {"step-up", "reason", "tell-owner", "tell-chair", "tell-dpo"}


def test_M20_F61_the_whole_domain() -> None:
    """Every kind, category, purpose, level: what opens is the category, and only for those."""
    opened = 0
    for kind, category, purpose, risk in product(AgencyKind, Category, Purpose, RiskLevel):
        glass = Glass(category, purpose, is_sample_approved=True)
        decision = break_it(caller=a_breaker(kind), glass=glass, risk=risk)
        if isinstance(decision, Refused):
            continue
        opened += 1
        assert decision.levels
        assert {SECTIONS[name] for name in decision.levels} == {category}
        assert not decision.levels.keys() & (EXCLUSIVE | OWNED)
        assert set(decision.levels.values()) == {Level.FULL}
        assert decision.duties == breakglass.DUTIES
        assert kind is not AgencyKind.OTHER
        assert purpose is not Purpose.P11
        assert (purpose is Purpose.P10) == (kind is AgencyKind.AUDITOR)
        assert risk is HIGH or kind is AgencyKind.AUDITOR
        assert category not in (Category.D03, Category.D04, Category.D23, Category.D27)
        if kind is AgencyKind.POLICE:
            assert "immigration" not in decision.levels
    assert opened > 1000  # or the invariants above hold of nothing


@pytest.mark.parametrize(
    ("ties", "because"),
    [
        (Ties(hits=frozenset({(AGENCY, "me")})), conflict.CONFLICT),
        (Ties(excluded=frozenset({(AGENCY, "me")})), conflict.CONFLICT),
        (Ties(hits=frozenset({(AGENCY, "another")})), conflict.AGENCY),
        (Ties(is_restricted=True), None),
    ],
)
@pytest.mark.parametrize("kind", [k for k in AgencyKind if k is not AgencyKind.OTHER])
def test_M20_T02_who_is_behind_the_wall_breaks_no_glass(
    kind: AgencyKind, ties: Ties, because: str | None
) -> None:
    purpose = Purpose.P10 if kind is AgencyKind.AUDITOR else Purpose.P9
    glass = Glass(Category.D01, purpose, is_sample_approved=True)
    decision = break_it(a_case(ties=ties), a_breaker(kind), glass)
    assert decision == Refused(because) if because else isinstance(decision, Allowed)


@pytest.mark.parametrize(
    ("caller", "glass", "because"),
    [
        ({"worker_id": None}, {}, "unattended"),
        ({"authenticated_at": None}, {}, "step-up"),
        ({"method": None}, {}, "step-up"),
        ({"authenticated_at": NOW - timedelta(minutes=5)}, {}, None),
        ({"authenticated_at": NOW - timedelta(minutes=5, seconds=1)}, {}, "step-up"),
        ({"authenticated_at": NOW + timedelta(seconds=1)}, {}, "step-up"),
        ({}, {"unreviewed": 1}, "unreviewed"),
        ({}, {"purpose": Purpose.P10}, "purpose-not-allowed"),
        ({}, {"purpose": Purpose.P5}, "purpose-not-allowed"),  # not a landlord's
        ({}, {"category": Category.D03}, "nothing-behind-it"),
        # Another look within the hour needs no new sign-in, and is not stopped by its own review.
        (
            {"authenticated_at": None},
            {"unreviewed": 1, "open_until": NOW + timedelta(seconds=1)},
            None,
        ),
        ({}, {"open_until": NOW}, "glass-closed"),
    ],
)
def test_M20_what_stands_against_it(
    caller: dict[str, Any], glass: dict[str, Any], because: str | None
) -> None:
    decision = break_it(caller=a_breaker(**caller), glass=replace(ASKED, **glass))
    assert decision == Refused(because) if because else isinstance(decision, Allowed)


@pytest.mark.parametrize("risk", list(RiskLevel))
def test_M20_high_cases_only(risk: RiskLevel) -> None:
    decision = break_it(risk=risk)
    assert isinstance(decision, Allowed) if risk is HIGH else decision == Refused("not-high")


def test_M20_an_auditor_looks_at_samples_that_the_chair_approved_and_at_no_others() -> None:
    auditor = a_breaker(AgencyKind.AUDITOR)
    glass = Glass(Category.D07, Purpose.P10)
    assert break_it(caller=auditor, glass=glass) == Refused("sample-not-approved")
    approved = replace(glass, is_sample_approved=True)
    for risk in RiskLevel:
        assert isinstance(break_it(caller=auditor, glass=approved, risk=risk), Allowed)
    # For anybody else an approval is nothing.
    landlord = break_it(glass=replace(ASKED, is_sample_approved=True), risk=RiskLevel.MEDIUM)
    assert landlord == Refused("not-high")


@pytest.mark.parametrize("state", list(CaseState))
def test_M20_a_case_that_is_over_is_not_broken_into(state: CaseState) -> None:
    decision = break_it(a_case(state=state))
    over = {"CLOSED", "RETAINED", "LEGAL_HOLD", "TRANSFERRED_OUT", "WITHDRAWN"}
    gone = {"DRAFT", "ABANDONED", "DESTROYED"}
    assert isinstance(decision, Refused) is (state in over | gone)


@pytest.mark.parametrize(
    ("limit", "because"),
    [
        ({"barred_kinds": frozenset({AgencyKind.LANDLORD})}, "barred"),
        ({"excluded_kinds": frozenset({AgencyKind.LANDLORD})}, "victims-condition"),
        ({"excluded_agencies": frozenset({AGENCY})}, "victims-condition"),
    ],
)
def test_M20_neither_a_bar_nor_her_own_condition_is_broken(
    limit: dict[str, Any], because: str
) -> None:
    assert break_it(a_case(**limit)) == Refused(because)


def test_M20_a_condition_that_an_override_names_is_broken_already() -> None:
    kinds = frozenset({AgencyKind.LANDLORD})
    case = a_case(excluded_kinds=kinds, overridden_kinds=kinds)
    assert isinstance(break_it(case), Allowed)

"""The consent table, over all 3,888 combinations of its inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import BrokenTable
from gateway.profiles.consent import load_consent
from gateway.rules.consent import (
    Condition,
    ConsentRow,
    ConsentTable,
    decide,
    every_combination,
    held,
    lacking,
)
from gateway.rules.facts import ConsentDecision, ConsentFacts
from gateway.schemas.codes import (
    AgeBand,
    Capacity,
    ChildConcern,
    Danger,
    Duty,
    Outcome,
    Position,
    Recipient,
    RecordKind,
    RiskLevel,
)
from tests.rules.tables import read

OBJECTING = (
    Position.WITHHELD,
    Position.WITHDRAWN,
    Position.NOT_SOUGHT_UNSAFE,
    Position.NOT_SOUGHT_UNABLE,
)


def the_facts(**changes: Any) -> ConsentFacts:
    """An adult at high risk who agrees, with capacity, no child, no danger, no care needs."""
    agreed = ConsentFacts(
        position=Position.GIVEN,
        risk=RiskLevel.HIGH,
        child=ChildConcern.NONE,
        danger=Danger.NONE,
        capacity=Capacity.HAS,
        age=AgeBand.AGE_18PLUS,
        care_needs=False,
    )
    return replace(agreed, **changes)


@pytest.fixture(scope="module")
def decisions(consent: ConsentTable) -> list[tuple[ConsentFacts, ConsentDecision]]:
    return [(facts, decide(consent, facts)) for facts in every_combination()]


# --- each combination has one answer, and each row a purpose ----------------------------------


def test_F45_every_combination_is_decided_once(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    assert len(decisions) == 3888
    assert len({facts for facts, _ in decisions}) == 3888


def test_F45_the_first_matching_row_decides(
    consent: ConsentTable, decisions: list[tuple[ConsentFacts, ConsentDecision]]
) -> None:
    for facts, decision in decisions:
        assert decision.rule == next(row.rule for row in consent.rows if row.matches(facts))


def test_every_row_decides_something(
    consent: ConsentTable, decisions: list[tuple[ConsentFacts, ConsentDecision]]
) -> None:
    assert {row.rule for row in consent.rows} == {decision.rule for _, decision in decisions}
    rules = "R1a R1b R2 R3 R4a R4b R5a R5b R6 R7 R8 R9 R10 R11 R12"
    assert [row.rule for row in consent.rows] == rules.split()


# One example for each row, with everything it says.
EXAMPLES = [
    ({"danger": "IMMINENT_LIFE"}, "R1a", "ALLOW", "POLICE IDVA MARAC", "SHARE"),
    (
        {"danger": "IMMINENT_LIFE", "position": "WITHHELD"},
        "R1b",
        "ALLOW_OVERRIDE",
        "POLICE IDVA MARAC",
        "SHARE OVERRIDE",
    ),
    (
        {"danger": "IMMINENT_LIFE", "capacity": "DOUBT", "age": "U16"},
        "R1b",
        "ALLOW_OVERRIDE",
        "POLICE IDVA",
        "SHARE OVERRIDE",
    ),
    ({"danger": "IMMINENT_LIFE", "age": "U16"}, "R1a", "ALLOW", "POLICE IDVA", "SHARE"),
    ({"age": "U16"}, "R2", "ALLOW_MIN", "CSC", "SHARE"),
    ({"age": "U16", "position": "UNRECORDED"}, "R2", "ALLOW_MIN", "CSC", "SHARE"),
    ({"position": "UNRECORDED"}, "R3", "HOLD_RECORD", "", "POSITION"),
    (
        {"capacity": "LACKS", "position": "WITHHELD"},
        "R4a",
        "ALLOW_BEST_INTERESTS",
        "MARAC IDVA ASC",
        "SHARE CAPACITY_ASSESSMENT BEST_INTERESTS",
    ),
    ({"capacity": "LACKS", "risk": "MEDIUM"}, "R4b", "ESCALATE", "", "CAPACITY_ASSESSMENT"),
    ({}, "R5a", "ALLOW", "MARAC IDVA", "SHARE"),
    ({"capacity": "DOUBT"}, "R5b", "ALLOW", "MARAC IDVA", "SHARE CAPACITY_NOTE"),
    ({"position": "WITHHELD"}, "R6", "ALLOW_OVERRIDE", "MARAC IDVA", "SHARE OVERRIDE"),
    ({"risk": "UNASSESSED"}, "R7", "ESCALATE", "", "RISK_ASSESSMENT"),
    ({"risk": "MEDIUM"}, "R8", "ALLOW_SUPPORT", "IDVA", "SHARE"),
    (
        {"risk": "STANDARD", "position": "WITHHELD", "child": "SIGNIFICANT_HARM"},
        "R9",
        "ALLOW_MIN",
        "CSC",
        "SHARE OVERRIDE",
    ),
    (
        {"risk": "STANDARD", "position": "WITHHELD", "age": "16_17"},
        "R9",
        "ALLOW_MIN",
        "CSC",
        "SHARE OVERRIDE",
    ),
    (
        {"risk": "MEDIUM", "position": "WITHDRAWN", "danger": "SERIOUS"},
        "R9",
        "ALLOW_MIN",
        "POLICE",
        "SHARE OVERRIDE",
    ),
    (
        {
            "risk": "MEDIUM",
            "position": "NOT_SOUGHT_UNABLE",
            "danger": "SERIOUS",
            "care_needs": True,
        },
        "R9",
        "ALLOW_MIN",
        "POLICE ASC",
        "SHARE OVERRIDE",
    ),
    (
        {"risk": "MEDIUM", "position": "WITHHELD", "capacity": "DOUBT"},
        "R10",
        "ESCALATE",
        "",
        "CAPACITY_NOTE",
    ),
    (
        {"risk": "MEDIUM", "position": "WITHHELD", "child": "IN_NEED"},
        "R11",
        "ESCALATE",
        "",
        "CONSULT_LEAD",
    ),
    ({"risk": "STANDARD", "position": "WITHHELD"}, "R12", "NO_SHARE", "", "DECISION_NOTE"),
]


@pytest.mark.parametrize(("changes", "rule", "outcome", "to", "records"), EXAMPLES)
def test_F44_the_position_is_a_fact_and_its_rule_is_named(
    consent: ConsentTable,
    changes: dict[str, Any],
    rule: str,
    outcome: str,
    to: str,
    records: str,
) -> None:
    decision = decide(consent, the_facts(**changes))

    assert (decision.rule, decision.outcome) == (rule, outcome)
    assert decision.share_with == set(to.split())
    assert decision.must_record == set(records.split())


# --- duties -----------------------------------------------------------------------------------


def test_duties_fire_whatever_is_decided(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    for facts, decision in decisions:
        is_for_csc = facts.child == "SIGNIFICANT_HARM" or facts.age in ("U16", "16_17")
        assert (Duty.CSC in decision.duties) is is_for_csc
        assert (Duty.ASC in decision.duties) is facts.care_needs
        assert (Duty.POLICE_999 in decision.duties) is (facts.danger == "IMMINENT_LIFE")
        assert (Duty.POLICE_CONSIDER in decision.duties) is (facts.danger == "SERIOUS")


# --- invariants -------------------------------------------------------------------------------


def test_T18_danger_to_life_is_never_blocked(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    for facts, decision in decisions:
        if facts.danger is Danger.IMMINENT_LIFE:
            assert decision.outcome in (Outcome.ALLOW, Outcome.ALLOW_OVERRIDE)
            assert {Recipient.POLICE, Recipient.IDVA} <= decision.share_with


def test_high_risk_always_reaches_the_conference(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    reached = 0
    for facts, decision in decisions:
        if (
            facts.risk is RiskLevel.HIGH
            and facts.age is not AgeBand.U16
            and facts.position is not Position.UNRECORDED
        ):
            assert Recipient.MARAC in decision.share_with
            reached += 1
    assert reached == 5 * 3 * 3 * 3 * 2 * 2


def test_under_16_never_reaches_the_conference(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    for facts, decision in decisions:
        if facts.age is AgeBand.U16:
            assert Recipient.MARAC not in decision.share_with
            assert Recipient.CSC in decision.recipients


def test_agreement_with_capacity_needs_no_override(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    for facts, decision in decisions:
        if facts.position is Position.GIVEN and facts.capacity is Capacity.HAS:
            assert RecordKind.OVERRIDE not in decision.must_record
            assert decision.outcome is not Outcome.ALLOW_OVERRIDE


def test_nothing_is_withheld_where_a_duty_fires(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    for _, decision in decisions:
        if decision.outcome is Outcome.NO_SHARE:
            assert not decision.duties
            assert not decision.share_with


def test_lower_risk_reaches_the_conference_only_in_danger_to_life(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    for facts, decision in decisions:
        if facts.risk in (RiskLevel.MEDIUM, RiskLevel.STANDARD, RiskLevel.UNASSESSED):
            is_sent = Recipient.MARAC in decision.share_with
            assert not is_sent or facts.danger is Danger.IMMINENT_LIFE


def test_T18_withdrawing_adds_no_recipient_that_no_duty_names(consent: ConsentTable) -> None:
    # police may be added where a crime is serious, which is the duty to consider them
    for facts in every_combination():
        if facts.position is Position.GIVEN:
            before = decide(consent, facts).recipients
            after = decide(consent, replace(facts, position=Position.WITHDRAWN))
            added = after.recipients - before
            owed = {Recipient.POLICE} if Duty.POLICE_CONSIDER in after.duties else set()
            assert added <= owed


def test_sharing_without_agreement_is_always_recorded(
    decisions: list[tuple[ConsentFacts, ConsentDecision]],
) -> None:
    for facts, decision in decisions:
        if facts.position in OBJECTING and decision.share_with and facts.age is not AgeBand.U16:
            assert decision.must_record & {RecordKind.OVERRIDE, RecordKind.BEST_INTERESTS}


# --- the record -------------------------------------------------------------------------------


def test_F51_an_override_lacks_its_record_until_it_is_written(consent: ConsentTable) -> None:
    row = consent.row("R6")

    assert lacking(row, {RecordKind.SHARE}) == {RecordKind.OVERRIDE}
    assert not lacking(row, {RecordKind.SHARE, RecordKind.OVERRIDE})


def test_F51_danger_to_life_does_not_wait_for_the_record(consent: ConsentTable) -> None:
    row = consent.row("R1b")

    assert RecordKind.OVERRIDE in row.must_record
    assert row.record_within_hours == 24
    assert not lacking(row, {RecordKind.SHARE})


@pytest.mark.parametrize("rule", ["R2", "R4a", "R4b", "R5a", "R5b", "R8", "R12"])
def test_no_other_record_is_waited_for(consent: ConsentTable, rule: str) -> None:
    assert lacking(consent.row(rule), ()) == frozenset()


def test_F51_while_its_record_is_missing_nothing_is_shared_and_duties_still_fire(
    consent: ConsentTable,
) -> None:
    decision = decide(consent, the_facts(position="WITHHELD", care_needs=True))
    waiting = held(decision)

    assert decision.share_with
    assert (waiting.outcome, waiting.share_with) == (Outcome.HOLD_RECORD, frozenset())
    assert replace(waiting, outcome=decision.outcome, share_with=decision.share_with) == decision
    assert waiting.duties == {Duty.ASC}


def test_only_danger_to_life_may_be_recorded_later(consent: ConsentTable) -> None:
    assert [row.rule for row in consent.rows if row.record_within_hours] == ["R1b"]


def test_an_unknown_row_is_refused(consent: ConsentTable) -> None:
    with pytest.raises(BrokenTable, match=r"^The consent table has no row of that name\.$"):
        consent.row("R99")


# --- a table that is not safe never loads -----------------------------------------------------


def without(rule: str) -> dict[str, Any]:
    table = read("consent")
    table["row"] = [row for row in table["row"] if row["rule"] != rule]
    return table


def with_row(rule: str, /, **changes: Any) -> dict[str, Any]:
    table = read("consent")
    (row,) = [row for row in table["row"] if row["rule"] == rule]
    row.update(changes)
    return table


def test_a_gap_is_refused() -> None:
    with pytest.raises(BrokenTable, match="no row for a combination"):
        load_consent(without("R12"))


@pytest.mark.parametrize("rule", ["R1b", "R2", "R6", "R9"])
def test_a_table_without_a_protecting_row_is_refused(rule: str) -> None:
    with pytest.raises(BrokenTable, match="consent row"):
        load_consent(without(rule))


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (with_row("R6", share=[{"to": "IDVA"}]), "R6: high risk does not reach"),
        (with_row("R2", share=[{"to": "CSC"}, {"to": "MARAC"}]), "R2: a child under 16"),
        (with_row("R5a", must_record=["SHARE", "OVERRIDE"]), "R5a: an override record"),
        (with_row("R8", share=[{"to": "MARAC"}]), "R8: conference without"),
        (with_row("R9", outcome="NO_SHARE", share=[]), "R9: nothing shared although"),
        (with_row("R2", when={}), "R2: high risk does not reach"),
        (with_row("R2", when={"age": ["U15"]}), "R2 when: age has an unknown value"),
        (with_row("R2", when={"height": ["TALL"]}), "R2 when: height is no input"),
        (with_row("R2", when={"age": []}), "R2 when: age has an unknown value"),
        (with_row("R9", any_of=[]), "R9: any_of is empty"),
        (with_row("R2", outcome="PERHAPS"), "R2: outcome has an unknown code"),
        (with_row("R2", share=[{"to": "PRESS"}]), "R2 share 1: to has an unknown code"),
        (with_row("R2", share="CSC"), "R2: share is missing or of the wrong type"),
        (with_row("R2", colour="red"), "R2: unknown key colour"),
        (with_row("R3", rule="R2"), "R2: stands there twice"),
        ({}, "effective_from"),
        ({"effective_from": read("consent")["effective_from"], "row": []}, "row is empty"),
    ],
)
def test_a_broken_table_is_refused_by_the_name_of_its_row(
    table: dict[str, Any], named: str
) -> None:
    with pytest.raises(BrokenTable, match=named):
        load_consent(table)


def test_a_row_that_never_decides_is_refused() -> None:
    table = read("consent")
    table["row"].insert(3, {**table["row"][2], "rule": "R2b"})
    with pytest.raises(BrokenTable, match="R2b: never decides anything"):
        load_consent(table)


def test_a_table_made_by_hand_never_answers_what_it_does_not_know() -> None:
    adults_only = Condition((("age", frozenset({AgeBand.AGE_18PLUS})),))
    row = ConsentRow("X", Outcome.ALLOW, adults_only, (), (), frozenset())
    with pytest.raises(BrokenTable):
        decide(ConsentTable((row,), ()), the_facts(age=AgeBand.U16))

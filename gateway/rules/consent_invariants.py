"""Owns what no consent table may bring about, whatever an area decides; broken, it never loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from gateway.errors import BrokenTable
from gateway.rules.consent import ConsentRow, ConsentTable, decide, every_combination
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

_NAMES: Mapping[Duty, Recipient] = {
    Duty.CSC: Recipient.CSC,
    Duty.ASC: Recipient.ASC,
    Duty.POLICE_999: Recipient.POLICE,
    Duty.POLICE_CONSIDER: Recipient.POLICE,
}
_SHARES_NOTHING = {Outcome.NO_SHARE, Outcome.HOLD_RECORD, Outcome.ESCALATE}
_TO_CONFERENCE = {Outcome.ALLOW, Outcome.ALLOW_OVERRIDE, Outcome.ALLOW_BEST_INTERESTS}
_FALLING = (RiskLevel.HIGH, RiskLevel.MEDIUM, RiskLevel.STANDARD)
_LESS_AGREED = {Position.WITHHELD, Position.WITHDRAWN}
_WAITS_AT_MOST = 24  # hours


@lru_cache(maxsize=8)  # a table is a value: it is proved once in a process
def check(table: ConsentTable) -> None:
    """Refuse a table that leaves a combination undecided, has a dead row, or is unsafe.

    Unsafe is what no local variant may bring about, see `fault` and `added`.

    :raises BrokenTable: naming the row.
    """
    decisions = {facts: decide(table, facts) for facts in every_combination()}
    for facts, decision in decisions.items():
        found = fault(facts, decision, table.row(decision.rule)) or added(facts, decisions)
        if found:
            raise BrokenTable(f"consent row {decision.rule}: {found}")
    fired = {decision.rule for decision in decisions.values()}
    for row in table.rows:
        if row.rule not in fired:
            raise BrokenTable(f"consent row {row.rule}: never decides anything")


def fault(facts: ConsentFacts, decision: ConsentDecision, row: ConsentRow) -> str | None:
    """Return which invariant a decision breaks, or None. The invariants hold for every area."""
    checks = (*_of_sharing(facts, decision), *_of_recording(facts, decision, row))
    return next((name for name, is_broken in checks if is_broken), None)


def added(facts: ConsentFacts, decisions: Mapping[ConsentFacts, ConsentDecision]) -> str | None:
    """Return what is wrong if less agreement, or less risk, is told to more recipients; or None.

    A recipient that a duty names may be added; where the police are to be considered, they too.
    """
    after = decisions[facts]
    owed = {_NAMES[duty] for duty in after.duties}
    for name, before in (
        ("agreement withdrawn adds a recipient", _more_agreed(facts)),
        ("a lower risk adds a recipient", _more_at_risk(facts)),
    ):
        if any(_told(after) - _told(decisions[each]) - owed for each in before):
            return name
    return None


def _told(decision: ConsentDecision) -> frozenset[Recipient]:
    return decision.recipients | decision.share_with


def _more_agreed(facts: ConsentFacts) -> tuple[ConsentFacts, ...]:
    """The same facts with the agreement that is now gone."""
    if facts.position in _LESS_AGREED:
        return (replace(facts, position=Position.GIVEN),)
    return ()


def _more_at_risk(facts: ConsentFacts) -> tuple[ConsentFacts, ...]:
    """The same facts at each higher risk."""
    if facts.risk not in _FALLING:
        return ()
    return tuple(replace(facts, risk=each) for each in _FALLING[: _FALLING.index(facts.risk)])


def _of_sharing(facts: ConsentFacts, decision: ConsentDecision) -> Iterator[tuple[str, bool]]:
    """Yield each invariant on who is told, and whether it is broken."""
    to_conference = Recipient.MARAC in decision.share_with
    is_imminent = facts.danger is Danger.IMMINENT_LIFE
    is_under_16 = facts.age is AgeBand.U16
    is_high = facts.risk is RiskLevel.HIGH
    is_recorded = facts.position is not Position.UNRECORDED
    yield (
        "danger to life is not answered by police and IDVA",
        is_imminent and not {Recipient.POLICE, Recipient.IDVA} <= decision.share_with,
    )
    yield (
        "high risk does not reach the conference",
        is_high and not is_under_16 and is_recorded and not to_conference,
    )
    yield "a child under 16 reaches the conference", is_under_16 and to_conference
    yield (
        "conference without high risk or danger to life",
        to_conference and not is_high and not is_imminent,
    )
    yield (
        "reaches the conference with an outcome that says otherwise",
        to_conference and decision.outcome not in _TO_CONFERENCE,
    )
    yield (
        "shares with an outcome that shares nothing",
        bool(decision.share_with) and decision.outcome in _SHARES_NOTHING,
    )
    yield "a duty that the law names does not fire", not _due(facts) <= decision.duties
    yield (
        "nothing shared although a duty fired",
        decision.outcome is Outcome.NO_SHARE and bool(decision.duties),
    )


def _of_recording(
    facts: ConsentFacts, decision: ConsentDecision, row: ConsentRow
) -> Iterator[tuple[str, bool]]:
    """Yield each invariant on what is written down, and whether it is broken."""
    is_agreed = facts.position is Position.GIVEN
    records = decision.must_record
    yield (
        "an override record despite agreement",
        is_agreed and facts.capacity is Capacity.HAS and RecordKind.OVERRIDE in records,
    )
    yield (
        "shared without agreement and without a record of why",
        not is_agreed
        and bool(decision.share_with)
        and facts.age is not AgeBand.U16  # a child's referral is a duty, not an override
        and not records & {RecordKind.OVERRIDE, RecordKind.BEST_INTERESTS},
    )
    yield (
        "a record may wait although no life is in danger",
        bool(row.record_within_hours) and facts.danger is not Danger.IMMINENT_LIFE,
    )
    yield "a record may wait for more than a day", row.record_within_hours > _WAITS_AT_MOST


def _due(facts: ConsentFacts) -> frozenset[Duty]:
    """Return the duties that fire whatever a table says (Children Act 1989 s47; Care Act 2014)."""
    is_for_csc = facts.child is ChildConcern.SIGNIFICANT_HARM or facts.age is not AgeBand.AGE_18PLUS
    fires = {
        Duty.CSC: is_for_csc,
        Duty.ASC: facts.care_needs,
        Duty.POLICE_999: facts.danger is Danger.IMMINENT_LIFE,
        Duty.POLICE_CONSIDER: facts.danger is Danger.SERIOUS,
    }
    return frozenset(duty for duty, is_due in fires.items() if is_due)

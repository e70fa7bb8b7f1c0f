"""Owns the evaluation of the consent table: who may share what about a victim, and who must.

The table itself is data (`profiles/consent.toml`); this module only knows how to read one. The
victim's position is a fact that shapes the decision, never its lawful basis.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from gateway.errors import BrokenTable
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

Value = Position | RiskLevel | ChildConcern | Danger | Capacity | AgeBand | bool

# The whole domain of the table, in the order of ConsentFacts: every input and all it can be.
INPUTS: Mapping[str, tuple[Value, ...]] = {
    "position": tuple(Position),
    "risk": tuple(RiskLevel),
    "child": tuple(ChildConcern),
    "danger": tuple(Danger),
    "capacity": tuple(Capacity),
    "age": tuple(AgeBand),
    "care_needs": (True, False),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """True when every named input has one of its values; with no inputs it is always true."""

    inputs: tuple[tuple[str, frozenset[Value]], ...] = ()

    def holds(self, facts: ConsentFacts) -> bool:
        """Whether the facts meet the condition."""
        return all(getattr(facts, name) in values for name, values in self.inputs)


@dataclass(frozen=True, slots=True)
class Share:
    """One recipient of a row, perhaps only under a condition of its own."""

    to: Recipient
    when: Condition = Condition()


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One row: it matches if `when` holds and, where `any_of` is given, one of those too."""

    rule: str
    outcome: Outcome
    when: Condition
    any_of: tuple[Condition, ...]
    shares: tuple[Share, ...]
    must_record: frozenset[RecordKind]
    record_within_hours: int = 0  # 0: the record must come with the referral
    clock: str | None = None  # by when a human must have dealt with it

    def matches(self, facts: ConsentFacts) -> bool:
        """Whether this row decides for the facts (if no earlier one does)."""
        if not self.when.holds(facts):
            return False
        return not self.any_of or any(each.holds(facts) for each in self.any_of)


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty that fires whenever its condition holds, whatever the decision is."""

    duty: Duty
    when: Condition


@dataclass(frozen=True, slots=True)
class ConsentTable:
    """Ordered rows, first match wins, and the duties beside them; how long an agreement counts."""

    rows: tuple[ConsentRow, ...]
    duties: tuple[DutyRow, ...]
    longest_months: int = 12
    prompt_days: int = 28

    def row(self, rule: str) -> ConsentRow:
        """Return the row of that name.

        :raises BrokenTable: if the table has none.
        """
        for row in self.rows:
            if row.rule == rule:
                return row
        raise BrokenTable("The consent table has no row of that name.")


def decide(table: ConsentTable, facts: ConsentFacts) -> ConsentDecision:
    """Return the decision of the first matching row, with all duties that fire.

    Suspected coercion must have been turned into capacity DOUBT before.

    :raises BrokenTable: if no row matches; a loaded table always has one.
    """
    for row in table.rows:
        if row.matches(facts):
            return ConsentDecision(
                rule=row.rule,
                outcome=row.outcome,
                share_with=frozenset(s.to for s in row.shares if s.when.holds(facts)),
                duties=frozenset(d.duty for d in table.duties if d.when.holds(facts)),
                must_record=row.must_record,
            )
    raise BrokenTable("The consent table has no row for a combination of its inputs.")


def lacking(row: ConsentRow, present: Collection[RecordKind]) -> frozenset[RecordKind]:
    """Return which records sharing waits for: the override record alone, if it is not there.

    Other records are asked for at triage. Danger to life does not wait for its override record
    either: that may follow within the row's hours.
    """
    if row.record_within_hours:
        return frozenset()
    return (row.must_record & {RecordKind.OVERRIDE}).difference(present)


def held(decision: ConsentDecision) -> ConsentDecision:
    """Return the decision while its record is missing: nothing is shared yet."""
    return replace(decision, outcome=Outcome.HOLD_RECORD, share_with=frozenset())


def every_combination() -> Iterator[ConsentFacts]:
    """Yield all 3,888 combinations of the seven inputs."""
    for values in product(*INPUTS.values()):
        yield ConsentFacts(*values)  # type: ignore[arg-type]  # product forgets which is which

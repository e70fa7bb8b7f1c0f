"""Owns reading the consent table; a table that leaves a gap or breaks an invariant never loads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from gateway.errors import BrokenTable
from gateway.profiles.reading import Row
from gateway.rules.consent import (
    INPUTS,
    Condition,
    ConsentRow,
    ConsentTable,
    DutyRow,
    Share,
    Value,
)
from gateway.rules.consent_invariants import check
from gateway.schemas.codes import Duty, Outcome, Recipient, RecordKind


def load_consent(data: Mapping[str, Any]) -> ConsentTable:
    """Return the consent table of a parsed file, proved over all 3,888 combinations.

    :raises BrokenTable: naming the row.
    """
    with Row(data, "consent") as table:
        table.day("effective_from")
        rows = tuple(_row(each) for each in table.rows("row"))
        duties = tuple(_duty(each) for each in table.rows("duty"))
        with table.row("agreement") as agreement:
            longest = agreement.number("longest_months")
            prompt = agreement.number("prompt_days")
    for rule, times in Counter(row.rule for row in rows).items():
        if times > 1:
            raise BrokenTable(f"consent row {rule}: stands there twice")
    if not longest:
        raise BrokenTable("consent agreement: longest_months is none at all")
    loaded = ConsentTable(rows, duties, longest, prompt)
    check(loaded)
    return loaded


def _row(row: Row) -> ConsentRow:
    rule = row.text("rule")
    row.where = f"consent row {rule}"
    with row:
        return ConsentRow(
            rule=rule,
            outcome=row.code("outcome", Outcome),
            when=_condition(row.row("when")),
            any_of=_any_of(row),
            shares=tuple(_share(each) for each in row.rows("share", may_be_empty=True)),
            must_record=row.codes("must_record", RecordKind),
            record_within_hours=row.number("record_within_hours", 0),
            clock=row.take("clock", str, "") or None,
        )


def _any_of(row: Row) -> tuple[Condition, ...]:
    if "any_of" not in row:
        return ()
    return tuple(_condition(each) for each in row.rows("any_of"))


def _share(row: Row) -> Share:
    with row:
        to = row.code("to", Recipient)
        when = _condition(row.row("when")) if "when" in row else Condition()
    return Share(to, when)


def _duty(row: Row) -> DutyRow:
    with row:
        return DutyRow(row.code("duty", Duty), _condition(row.row("when")))


def _condition(row: Row) -> Condition:
    """Return a condition: each input named with the values it may have."""
    with row:
        return Condition(tuple((name, _values(row, name)) for name in row))


def _values(row: Row, name: str) -> frozenset[Value]:
    if name not in INPUTS:
        raise BrokenTable(f"{row.where}: {name} is no input of the table")
    known = {each: each for each in INPUTS[name]}
    given: list[Any] = row.take(name, list)
    if not given or not all(type(each) in (str, bool) and each in known for each in given):
        raise BrokenTable(f"{row.where}: {name} has an unknown value")
    return frozenset(known[each] for each in given)

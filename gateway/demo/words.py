"""Owns saying in words which row of the consent table decided."""

from __future__ import annotations

from gateway.rules.consent import Condition, ConsentTable

_INPUTS = {
    "position": "the victim's position is",
    "risk": "the risk is",
    "child": "the concern for children is",
    "danger": "the danger is",
    "capacity": "capacity is",
    "age": "the age is",
    "care_needs": "care needs are",
}


def because(table: ConsentTable, rule: str) -> str:
    """When a row of the table decides, in words."""
    row = table.row(rule)
    ways = [_said(row.when)] if row.when.inputs else []
    if row.any_of:
        ways.append("one of: " + "; ".join(map(_said, row.any_of)))
    return f"{rule} applies if {', and '.join(ways) or 'no earlier row does'}"


def _said(condition: Condition) -> str:
    return ", ".join(
        f"{_INPUTS.get(name, name)} {' or '.join(sorted(map(_value, values)))}"
        for name, values in condition.inputs
    )


def _value(value: object) -> str:
    return (
        {True: "known", False: "not known"}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)
    )

"""A survivor's access statement: what it says, and what it never says."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from gateway.rules import statement
from gateway.rules.statement import BEGINS, ENDS, NOBODY, Reading, lines, text
from gateway.schemas.codes import AgencyKind, Category, Outcome, Purpose

DAY = date(2026, 11, 23)
HIS = {Category.D05, Category.D17, Category.D18, Category.D22, Category.D24, Category.D25}
WITH_HIM = {AgencyKind.PROBATION, AgencyKind.PERP_PROGRAMME}


def reading(**changes: object) -> Reading:
    usual: dict[str, object] = {
        "kind": AgencyKind.ACUTE,
        "on": DAY,
        "categories": frozenset({Category.D01, Category.D10}),
        "purpose": Purpose.P2,
        "outcome": Outcome.ALLOW,
    }
    return Reading(**{**usual, **changes})  # type: ignore[arg-type]


def test_M6_a_reading_is_told_in_plain_words() -> None:
    assert text(lines([reading()])).split("\n\n")[1] == (
        "23 November 2026: A hospital looked at who you are and your health and injuries, to plan"
        " for your safety. You had agreed."
    )


@pytest.mark.parametrize("kind", sorted(WITH_HIM | {AgencyKind.AUDITOR, AgencyKind.OTHER}))
def test_M6_who_works_with_him_is_not_told_of(kind: AgencyKind) -> None:
    assert lines([reading(kind=kind)]) == ()


def test_M6_over_all_kinds_purposes_and_categories_nothing_of_him_is_said() -> None:
    shown = {
        (kind, purpose, category)
        for kind, purpose, category in product(AgencyKind, Purpose, Category)
        if lines([reading(kind=kind, purpose=purpose, categories=frozenset({category}))])
    }
    assert not {category for _, _, category in shown} & HIS
    assert not {kind for kind, _, _ in shown} & WITH_HIM
    assert Purpose.P5 not in {purpose for _, purpose, _ in shown}  # that he is managed
    assert {kind for kind, _, _ in shown} >= {AgencyKind.POLICE, AgencyKind.LANDLORD}


def test_M6_a_refuge_reads_as_any_advisers_service() -> None:
    refuge, adviser = (lines([reading(kind=k)]) for k in (AgencyKind.REFUGE, AgencyKind.IDVA))
    assert refuge == adviser


def test_M6_what_is_left_out_is_no_sign() -> None:
    """With nothing left out and with everything left out, the same words stand at the end."""
    for told in ([], [reading()], [reading(kind=AgencyKind.PROBATION)]):
        assert text(lines(told)).startswith(BEGINS)
        assert text(lines(told)).rstrip().endswith("\n\n".join(ENDS))
    assert NOBODY in text(lines([reading(kind=AgencyKind.PROBATION)]))


def test_M6_without_agreement_the_ground_is_said() -> None:
    (line,) = lines([reading(outcome=Outcome.ALLOW_OVERRIDE)])
    assert line.basis == statement._BASIS[False]


def test_M6_the_same_on_one_day_comes_once() -> None:
    later = reading(on=date(2026, 11, 24))
    more = reading(categories=frozenset({Category.D20}))
    told = lines([later, reading(), reading(), more])
    assert [each.on for each in told] == [DAY, date(2026, 11, 24)]
    assert "your money" in told[0].what

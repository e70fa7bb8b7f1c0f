"""The repeat rule: twelve months from the anchor, both ends included, and doubt protects."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.clocks import add_months
from gateway.rules.facts import EarlierCase
from gateway.rules.matching import RepeatRule, is_repeat, repeated
from gateway.schemas.codes import DatePrecision, RepeatAnchor, RepeatDefinition

ANY = RepeatRule(RepeatDefinition.ANY_ABUSE, RepeatAnchor.LAST_REFERRAL, 12)
CRIMINAL = replace(ANY, definition=RepeatDefinition.CRIMINAL_TYPE)
FROM_HEARING = replace(ANY, anchor=RepeatAnchor.LAST_HEARD)
OLD = EarlierCase("old", date(2025, 10, 1), date(2025, 10, 21))
DAY, MONTH, YEAR, ESTIMATED = DatePrecision


@pytest.mark.parametrize(
    ("incident_on", "expected"),
    [
        (date(2025, 9, 30), False),  # before: known when it was referred
        (date(2025, 10, 1), True),
        (date(2026, 4, 1), True),
        (date(2026, 10, 1), True),  # the last day counts
        (date(2026, 10, 2), False),
        (date(2026, 11, 1), False),  # 13 months on it is a new referral
    ],
)
def test_F85_twelve_months_from_the_last_referral(incident_on: date, expected: bool) -> None:
    assert is_repeat(ANY, OLD, incident_on) is expected


@pytest.mark.parametrize(
    ("incident_on", "expected"),
    [
        (date(2025, 10, 20), False),
        (date(2025, 10, 21), True),
        (date(2026, 10, 21), True),
        (date(2026, 10, 22), False),
    ],
)
def test_F85_twelve_months_from_the_last_hearing(incident_on: date, expected: bool) -> None:
    assert is_repeat(FROM_HEARING, OLD, incident_on) is expected


def test_F85_a_case_that_was_never_heard_counts_from_its_referral() -> None:
    never_heard = replace(OLD, heard_on=None)
    assert is_repeat(FROM_HEARING, never_heard, date(2026, 10, 1))
    assert not is_repeat(FROM_HEARING, never_heard, date(2026, 10, 2))


@pytest.mark.parametrize(
    ("rule", "is_criminal", "expected"),
    [
        (ANY, False, True),  # a message through his sister is enough under the current wording
        (ANY, True, True),
        (ANY, None, True),
        (CRIMINAL, False, False),
        (CRIMINAL, True, True),
        (CRIMINAL, None, True),  # not known not to be
    ],
)
def test_F85_the_definition_decides_on_conduct(
    rule: RepeatRule, is_criminal: bool | None, expected: bool
) -> None:
    assert is_repeat(rule, OLD, date(2026, 2, 1), is_criminal=is_criminal) is expected


@pytest.mark.parametrize(
    ("incident_on", "precision", "expected"),
    [
        (date(2026, 10, 15), MONTH, True),  # 1 October would count
        (date(2026, 11, 1), MONTH, False),
        (date(2025, 9, 30), MONTH, False),
        (date(2026, 12, 31), YEAR, True),
        (date(2027, 1, 1), YEAR, False),
        (date(2024, 12, 31), YEAR, False),
        (date(2027, 9, 1), ESTIMATED, True),
    ],
)
def test_F85_an_inexact_date_is_read_as_it_protects(
    incident_on: date, precision: DatePrecision, expected: bool
) -> None:
    assert is_repeat(ANY, OLD, incident_on, precision) is expected


def test_F85_a_leap_day_ends_on_28_february() -> None:
    leap = EarlierCase("leap", date(2028, 2, 29), None)
    assert is_repeat(ANY, leap, date(2029, 2, 28))
    assert not is_repeat(ANY, leap, date(2029, 3, 1))


days = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))


@given(days, days, st.sampled_from(DatePrecision))
def test_doubt_about_a_date_never_takes_a_repeat_away(
    referred_on: date, incident_on: date, precision: DatePrecision
) -> None:
    earlier = EarlierCase("old", referred_on, None)
    if is_repeat(ANY, earlier, incident_on):
        assert is_repeat(ANY, earlier, incident_on, precision)


@given(days, st.integers(0, 800))
def test_the_window_is_exactly_its_months(referred_on: date, later: int) -> None:
    incident_on = referred_on + timedelta(days=later)
    expected = incident_on <= add_months(referred_on, 12)
    assert is_repeat(ANY, EarlierCase("old", referred_on, None), incident_on) is expected


def test_the_latest_of_several_cases_is_the_one_repeated() -> None:
    newer = EarlierCase("newer", date(2026, 1, 10), None)
    for order in ((OLD, newer), (newer, OLD)):
        assert repeated(ANY, order, date(2026, 3, 1)) == newer
    assert repeated(ANY, (OLD, newer), date(2025, 11, 1)) == OLD
    assert repeated(ANY, (OLD, newer), date(2027, 3, 1)) is None
    assert repeated(ANY, (), date(2026, 3, 1)) is None


@pytest.mark.parametrize(("definition", "anchor"), list(product(RepeatDefinition, RepeatAnchor)))
def test_every_rule_an_area_may_choose_can_be_asked(
    definition: RepeatDefinition, anchor: RepeatAnchor
) -> None:
    assert is_repeat(RepeatRule(definition, anchor, 12), OLD, date(2026, 1, 1))

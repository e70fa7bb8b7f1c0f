"""Deadlines: working days in the area's zone, bank holidays, months, changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.profiles.areas import Area, load_area
from gateway.rules.clocks import (
    Clock,
    NextStep,
    Unit,
    WorkingDays,
    add_months,
    add_working_days,
    days_meant,
    due,
    next_steps,
)
from gateway.rules.consent import ConsentTable, decide
from gateway.rules.facts import ConsentFacts
from gateway.rules.states import after_decision
from gateway.schemas.codes import (
    AgeBand,
    Capacity,
    ChildConcern,
    Danger,
    DatePrecision,
    Position,
    RiskLevel,
)
from tests.rules.tables import read

ENGLAND = load_area(read("areas/marlbury"), "areas/marlbury").working_days
SCOTLAND = load_area(read("areas/marlbury") | {"nation": "SCT"}, "areas/x").working_days


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- working days -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-19T10:00", 1, "2026-11-20T17:00"),  # Thursday to Friday
        ("2026-11-20T10:00", 1, "2026-11-23T17:00"),  # Friday to Monday
        ("2026-11-20T23:30", 2, "2026-11-24T17:00"),
        ("2026-11-21T09:00", 1, "2026-11-23T17:00"),  # Saturday: Monday is the first after it
        ("2026-11-22T09:00", 2, "2026-11-24T17:00"),
        (
            "2026-12-24T12:00",
            1,
            "2026-12-29T17:00",
        ),  # over Christmas; Monday stands in for Boxing Day
        ("2026-12-24T12:00", 2, "2026-12-30T17:00"),
        ("2026-12-31T12:00", 1, "2027-01-04T17:00"),
        ("2026-06-05T12:00", 1, "2026-06-08T16:00"),  # summer time: 17:00 there is 16:00 UTC
        ("2026-03-27T12:00", 1, "2026-03-30T16:00"),  # the clock changes in between
        ("2026-06-04T23:30", 1, "2026-06-08T16:00"),  # already Friday there, so Monday
        ("2026-11-20T10:00", 0, "2026-11-20T17:00"),
        ("2026-11-21T10:00", 0, "2026-11-23T17:00"),
        ("2026-11-20T10:00", -2, "2026-11-18T17:00"),
        ("2026-11-23T10:00", -1, "2026-11-20T17:00"),
        ("2026-12-29T10:00", -1, "2026-12-24T17:00"),
    ],
)
def test_working_days_end_at_the_close_of_the_last(start: str, days: int, end: str) -> None:
    assert add_working_days(utc(start), days, ENGLAND) == utc(end)


def test_each_nation_has_its_own_bank_holidays() -> None:
    new_year = utc("2026-12-31T12:00")
    assert add_working_days(new_year, 1, ENGLAND) == utc("2027-01-04T17:00")
    assert add_working_days(new_year, 1, SCOTLAND) == utc("2027-01-05T17:00")


moments = st.datetimes(
    min_value=datetime(2025, 1, 1), max_value=datetime(2030, 12, 31), timezones=st.just(UTC)
)


@given(moments, st.integers(1, 40))
def test_working_days_are_counted_and_nothing_else(start: datetime, days: int) -> None:
    end = add_working_days(start, days, ENGLAND)
    first, last = ENGLAND.local_day(start), ENGLAND.local_day(end)
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]

    assert end > start
    assert end.tzinfo is UTC
    assert sum(map(ENGLAND.includes, between)) == days
    assert ENGLAND.includes(last)


@given(moments, st.integers(1, 40))
def test_counting_back_and_forth_meets_itself(start: datetime, days: int) -> None:
    end = add_working_days(start, days, ENGLAND)
    back = add_working_days(end, -days, ENGLAND)
    assert back <= add_working_days(start, 0, ENGLAND)
    assert ENGLAND.includes(ENGLAND.local_day(back))


@given(moments, st.integers(-5, 5))
def test_the_zone_of_the_instant_does_not_matter(start: datetime, days: int) -> None:
    elsewhere = start.astimezone(timezone(timedelta(hours=-9)))
    assert add_working_days(elsewhere, days, ENGLAND) == add_working_days(start, days, ENGLAND)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        add_working_days(datetime(2026, 11, 20, 10), 1, ENGLAND)


# --- months and dates -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        (date(2026, 3, 15), 12, date(2027, 3, 15)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -12, date(2025, 1, 15)),
        (date(9999, 6, 1), 12, date.max),
        (date(1, 6, 1), -12, date.min),
    ],
)
def test_months_end_on_the_same_day(day: date, months: int, end: date) -> None:
    assert add_months(day, months) == end


@given(st.dates(), st.integers(-24, 24))
def test_months_never_leave_the_calendar(day: date, months: int) -> None:
    end = add_months(day, months)
    assert (end >= day) if months >= 0 else (end <= day)


@given(st.dates(), st.sampled_from(DatePrecision))
def test_an_inexact_date_may_mean_itself(day: date, precision: DatePrecision) -> None:
    first, last = days_meant(day, precision)
    assert first <= day <= last
    assert (first == last) is (precision is DatePrecision.DAY)


# --- clocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "at", "end"),
    [
        (Clock("X", 24, Unit.HOURS), "2026-11-20T10:00", "2026-11-21T10:00:00"),
        (Clock("X", 24, Unit.HOURS), "2026-10-24T10:00", "2026-10-25T10:00:00"),  # real hours
        (Clock("X", 0, Unit.MINUTES), "2026-11-20T10:00", "2026-11-20T10:00:00"),
        (Clock("X", 2, Unit.WORKING_DAYS), "2026-11-20T10:00", "2026-11-24T17:00:00"),
        (Clock("X", 2, Unit.WORKING_DAYS, True), "2026-11-26T10:00", "2026-11-24T17:00:00"),
        (Clock("X", 0, Unit.DAYS), "2026-11-20T10:00", "2026-11-20T23:59:59"),
        (Clock("X", 56, Unit.DAYS), "2026-11-20T10:00", "2027-01-15T23:59:59"),
        (Clock("X", 12, Unit.MONTHS), "2026-06-20T10:00", "2027-06-20T22:59:59"),
        (Clock("X", 12, Unit.MONTHS), "2028-02-29T10:00", "2029-02-28T23:59:59"),
    ],
)
def test_a_clock_runs_out(clock: Clock, at: str, end: str) -> None:
    assert due(clock, utc(at), ENGLAND) == utc(end)


def test_every_clock_of_an_area_can_be_asked(marlbury: Area) -> None:
    at = utc("2026-11-20T10:00")
    for clock in marlbury.clocks.values():
        end = due(clock, at, marlbury.working_days)
        assert (end <= at) if clock.is_before else (end >= at)


# --- what comes next --------------------------------------------------------------------------


def steps_of(table: ConsentTable, area: Area, at: datetime, **changes: object) -> list[NextStep]:
    inputs: dict[str, object] = {
        "position": Position.GIVEN,
        "risk": RiskLevel.HIGH,
        "child": ChildConcern.NONE,
        "danger": Danger.NONE,
        "capacity": Capacity.HAS,
        "age": AgeBand.AGE_18PLUS,
        "care_needs": False,
    }
    decision = decide(table, ConsentFacts(**inputs | changes))  # type: ignore[arg-type]
    row = table.row(decision.rule)
    state = after_decision(decision.outcome, decision.rule)[-1]
    return list(
        next_steps(
            decision,
            state,
            at=at,
            clocks=area.clocks,
            calendar=area.working_days,
            clock=row.clock,
            record_within_hours=row.record_within_hours,
        )
    )


FRIDAY = utc("2026-11-20T10:00")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            "IDVA_TRIAGE 2026-11-21T10:00:00 COORDINATOR_TRIAGE 2026-11-23T17:00:00 "
            "IDVA_CONTACT 2026-11-24T17:00:00",
        ),
        (
            {"danger": "IMMINENT_LIFE", "position": "WITHHELD"},
            "RING_999 2026-11-20T10:00:00 COMPLETE_OVERRIDE_RECORD 2026-11-21T10:00:00 "
            "IDVA_TRIAGE 2026-11-21T10:00:00 COORDINATOR_TRIAGE 2026-11-23T17:00:00 "
            "IDVA_CONTACT 2026-11-24T17:00:00",
        ),
        ({"position": "UNRECORDED"}, "RECORD_POSITION 2026-11-24T17:00:00"),
        ({"risk": "UNASSESSED"}, "ASK_SAFEGUARDING_LEAD 2026-11-21T10:00:00"),
        (
            {"risk": "MEDIUM", "capacity": "LACKS"},
            "ASK_SAFEGUARDING_LEAD 2026-11-20T23:59:59",
        ),
        (
            {"risk": "STANDARD", "position": "WITHHELD"},
            "OFFER_SUPPORT_AND_ASK_AGAIN 2026-12-04T17:00:00",
        ),
        ({"age": "U16"}, ""),
    ],
)
def test_the_referrer_is_told_what_comes_next_and_when(
    consent: ConsentTable, marlbury: Area, changes: dict[str, object], expected: str
) -> None:
    words = expected.split()
    told = steps_of(consent, marlbury, FRIDAY, **changes)
    assert [(each.code, each.due_at) for each in told] == [
        (code, utc(when)) for code, when in zip(words[::2], words[1::2], strict=True)
    ]


def test_a_calendar_of_its_own_zone_is_used() -> None:
    tokyo = WorkingDays(timezone(timedelta(hours=9)), frozenset())
    assert add_working_days(utc("2026-11-20T20:00"), 1, tokyo) == utc("2026-11-23T08:00")

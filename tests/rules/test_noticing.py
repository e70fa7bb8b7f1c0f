"""The ladder: hours of work, rungs, and when a worker counts as silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.clocks import Clock, Unit, WorkingDays, add_working_hours
from gateway.rules.noticing import is_silent, rungs_due
from gateway.schemas.codes import Rung

LONDON = ZoneInfo("Europe/London")
DAYS = WorkingDays(LONDON, frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
HOUR = Clock("CLK_UNREAD", 1, Unit.WORKING_HOURS)
QUARTER = Clock("CLK_UNREAD_IMMINENT", 15, Unit.MINUTES)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-27T17:05", 1, "2026-11-30T10:00"),  # Friday after hours: Monday morning
        ("2026-11-27T16:30", 1, "2026-11-30T09:30"),
        ("2026-11-27T16:00", 1, "2026-11-27T17:00"),
        ("2026-11-27T07:00", 1, "2026-11-27T10:00"),
        ("2026-11-28T12:00", 9, "2026-12-01T10:00"),
        ("2026-12-24T16:30", 1, "2026-12-29T09:30"),  # over Christmas
        ("2026-10-23T16:30", 1, "2026-10-26T09:30"),  # over the end of summer time
    ],
)
def test_F22_hours_count_while_the_area_works(start: str, hours: int, end: str) -> None:
    assert add_working_hours(at(start), hours, DAYS) == at(end)


@given(INSTANTS, st.integers(1, 30), st.integers(1, 30))
def test_F22_hours_add_up_and_end_within_working_time(
    start: datetime, first: int, then: int
) -> None:
    end = add_working_hours(start, first, DAYS)
    assert end > start
    assert add_working_hours(end, then, DAYS) == add_working_hours(start, first + then, DAYS)
    day = DAYS.local_day(end)
    assert DAYS.includes(day)
    assert DAYS.at(day, DAYS.opens) < end <= DAYS.at(day, DAYS.closes)


def test_F22_each_period_is_told_one_rung_higher() -> None:
    friday = at("2026-11-27T17:05")
    reached = {
        now: [rung for rung, _ in rungs_due(HOUR, friday, at(now), DAYS)]
        for now in (
            "2026-11-29T23:00",
            "2026-11-30T09:59",
            "2026-11-30T10:00",
            "2026-11-30T12:30",
            "2026-11-30T13:00",
            "2027-01-30T13:00",
        )
    }
    assert list(reached.values()) == [[], [], [*Rung][:1], [*Rung][:3], [*Rung], [*Rung]]


def test_F22_imminent_danger_does_not_wait_for_the_office() -> None:
    friday = at("2026-11-27T17:05")
    times = [due for _, due in rungs_due(QUARTER, friday, friday + timedelta(hours=1), DAYS)]
    assert times == [friday + timedelta(minutes=15 * number) for number in (1, 2, 3, 4)]


def test_a_worker_that_did_not_look_for_long_is_silent() -> None:
    now = at("2026-11-27T17:05")
    assert is_silent(None, now)
    assert is_silent(now - timedelta(minutes=5, seconds=1), now)
    assert not is_silent(now - timedelta(minutes=5), now)

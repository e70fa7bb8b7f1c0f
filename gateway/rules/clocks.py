"""Owns time: working days, periods and deadlines, counted in the area's zone.

Instants come and go as aware UTC; nothing here reads a clock or a calendar file.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from gateway.rules.facts import ConsentDecision
from gateway.schemas.codes import CaseState, DatePrecision, Duty, Outcome, Recipient


class Unit(StrEnum):
    """What a clock counts. All but minutes and hours count in the area's zone."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline: `amount` units after an event, or before it.

    `count` is how often, or how many, within that time, where a clock says so.
    """

    code: str
    amount: int
    unit: Unit
    is_before: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The working calendar of an area: Monday to Friday without the nation's bank holidays."""

    zone: tzinfo
    days_off: frozenset[date]
    opens: time = time(9)
    closes: time = time(17)

    def includes(self, day: date) -> bool:
        """Whether a day is a working day."""
        return day.weekday() < 5 and day not in self.days_off

    def local_day(self, at: datetime) -> date:
        """Return the date on the wall calendar of the area.

        :raises ValueError: if the instant is naive; guessing a zone would move deadlines.
        """
        if at.tzinfo is None:
            raise ValueError("a deadline needs an aware datetime")
        return at.astimezone(self.zone).date()

    def at(self, day: date, moment: time) -> datetime:
        """Return a local moment of a day as UTC."""
        return datetime.combine(day, moment, self.zone).astimezone(UTC)


def add_working_days(start: datetime, days: int, calendar: WorkingDays) -> datetime:
    """Return the close of the `days`-th working day after the day of `start`, in UTC.

    A negative number counts back: the close of that working day before it. Zero is the close of
    the day itself, or of the next working day where that is none.
    """
    day = calendar.local_day(start)
    step = timedelta(days=-1 if days < 0 else 1)
    left = abs(days)
    while left or not calendar.includes(day):
        day += step
        left -= 1 if left and calendar.includes(day) else 0
    return calendar.at(day, calendar.closes)


def add_working_hours(start: datetime, hours: int, calendar: WorkingDays) -> datetime:
    """Return when so many hours of work have gone by since `start`, in UTC.

    What comes in outside them begins to count when the next working day opens.
    """
    left, day, at = timedelta(hours=hours), calendar.local_day(start), start.astimezone(UTC)
    while True:
        if calendar.includes(day):
            begins = max(at, calendar.at(day, calendar.opens))
            there = calendar.at(day, calendar.closes) - begins
            if timedelta() < there >= left:
                return begins + left
            left -= max(there, timedelta())
        day += timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later; 29 February becomes 28 February.

    A period of months includes that last day. It never leaves the calendar: an absurd date that
    a form allows must not stop a referral.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return date.max if months > 0 else date.min
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days_meant(day: date, precision: DatePrecision) -> tuple[date, date]:
    """Return the first and last day that a date may mean; an estimate, a year either way."""
    match precision:
        case DatePrecision.DAY:
            return day, day
        case DatePrecision.MONTH:
            last = monthrange(day.year, day.month)[1]
            return day.replace(day=1), day.replace(day=last)
        case DatePrecision.YEAR:
            return date(day.year, 1, 1), date(day.year, 12, 31)
        case DatePrecision.ESTIMATED:
            return add_months(day, -12), add_months(day, 12)


def due(clock: Clock, at: datetime, calendar: WorkingDays) -> datetime:
    """Return when a clock that started at an event runs out, or falls due before it, in UTC.

    Hours run round the clock, working hours while the area works. A period of days or months ends
    with its last day, and a number of working days at the close of the last.
    """
    amount = -clock.amount if clock.is_before else clock.amount
    day = calendar.local_day(at)
    match clock.unit:
        case Unit.MINUTES:
            return at.astimezone(UTC) + timedelta(minutes=amount)
        case Unit.HOURS:
            return at.astimezone(UTC) + timedelta(hours=amount)
        case Unit.WORKING_HOURS:
            return add_working_hours(at, amount, calendar)
        case Unit.WORKING_DAYS:
            return add_working_days(at, amount, calendar)
        case Unit.DAYS:
            return calendar.at(day + timedelta(days=amount), time(23, 59, 59))
        case Unit.MONTHS:
            return calendar.at(add_months(day, amount), time(23, 59, 59))


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happens next, who does it, and by when."""

    code: str
    by: str  # REFERRER, IDVA or COORDINATOR
    due_at: datetime


# What each outcome asks of the referrer, and the clock unless the consent row names its own.
_HELD: Mapping[Outcome, tuple[str, str]] = {
    Outcome.HOLD_RECORD: ("RECORD_POSITION", "CLK_RETURN_REPLY"),
    Outcome.ESCALATE: ("ASK_SAFEGUARDING_LEAD", "CLK_RETURN_REPLY"),
    Outcome.NO_SHARE: ("OFFER_SUPPORT_AND_ASK_AGAIN", "CLK_ACTION_DEFAULT"),
    Outcome.ALLOW_MIN: ("OFFER_SUPPORT_AND_ASK_AGAIN", "CLK_ACTION_DEFAULT"),
}


def next_steps(
    decision: ConsentDecision,
    state: CaseState,
    *,
    at: datetime,
    clocks: Mapping[str, Clock],
    calendar: WorkingDays,
    clock: str | None = None,
    record_within_hours: int = 0,
) -> tuple[NextStep, ...]:
    """Return what the referrer is told about what comes next, soonest first.

    Follows from the decision on what the referrer sent, and from nothing else. `clock` and
    `record_within_hours` are those of the deciding consent row.
    """

    def step(code: str, by: str, name: str) -> NextStep:
        return NextStep(code, by, due(clocks[name], at, calendar))

    steps = []
    if Duty.POLICE_999 in decision.duties:
        steps.append(NextStep("RING_999", "REFERRER", at.astimezone(UTC)))
    if record_within_hours:
        within = at.astimezone(UTC) + timedelta(hours=record_within_hours)
        steps.append(NextStep("COMPLETE_OVERRIDE_RECORD", "REFERRER", within))
    if Recipient.IDVA in decision.share_with:
        steps.append(step("IDVA_TRIAGE", "IDVA", "CLK_IDVA_TRIAGE"))
        steps.append(step("IDVA_CONTACT", "IDVA", "CLK_IDVA_CONTACT"))
    if state is CaseState.TRIAGE:
        steps.append(step("COORDINATOR_TRIAGE", "COORDINATOR", "CLK_TRIAGE"))
    elif state is CaseState.RETURNED and decision.outcome in _HELD:
        code, usual = _HELD[decision.outcome]
        steps.append(step(code, "REFERRER", clock or usual))
    return tuple(sorted(steps, key=lambda each: each.due_at))

"""What is owed because of consent: on time, late, and by whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from gateway.profiles.loader import Profiles
from gateway.rules.overrides import Decided
from gateway.rules.owing import (
    COORDINATOR,
    ENDED,
    OVERRIDE,
    RECORDER,
    RENEW,
    REVIEW,
    Owed,
    Record,
    owed,
)
from gateway.rules.positions import Said
from gateway.schemas.codes import Position, RecordKind

T0 = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
PROFILE = Profiles.load().for_area("MARLBURY", T0.date())
NEEDED = frozenset({RecordKind.SHARE, RecordKind.OVERRIDE})
OBJECTS = Said(Position.WITHDRAWN)


def found(
    rule: str, *, after: timedelta, records: tuple[Record, ...] = (), said: Said = OBJECTS
) -> tuple[Owed, ...]:
    """What is owed so long after a decision that needs the record."""
    return owed(
        PROFILE.consent,
        said,
        [Decided(T0, rule, NEEDED)],
        records,
        now=T0 + after,
        clocks=PROFILE.clocks,
        calendar=PROFILE.working_days,
    )


@pytest.mark.parametrize("rule", ["R1b", "R6", "R9"])
@pytest.mark.parametrize(("hours", "is_late"), [(0, False), (23, False), (24, False), (25, True)])
def test_F51_the_record_is_due_within_a_day_and_then_the_coordinator_answers(
    rule: str, hours: int, is_late: bool
) -> None:
    (due,) = found(rule, after=timedelta(hours=hours))
    assert (due.code, due.due_at) == (OVERRIDE, T0 + timedelta(days=1))
    assert (due.is_overdue, due.by) == (is_late, COORDINATOR if is_late else RECORDER)


def test_F52_one_signature_leaves_it_owed_and_two_end_it() -> None:
    record = Record(T0, is_signed=False, review_on=date(2027, 1, 1))
    assert [each.code for each in found("R1b", after=timedelta(0), records=(record,))] == [OVERRIDE]
    signed = Record(T0, is_signed=True, review_on=date(2027, 1, 1))
    assert found("R1b", after=timedelta(days=3), records=(record, signed)) == ()


@pytest.mark.parametrize(
    ("days", "is_owed", "is_late"),
    [(6, False, False), (7, True, False), (8, True, True), (400, True, True)],
)
def test_F51_a_record_is_looked_at_again_on_its_day(
    days: int, is_owed: bool, is_late: bool
) -> None:
    signed = Record(T0, is_signed=True, review_on=date(2026, 11, 27))
    listed = found("R6", after=timedelta(days=days), records=(signed,))
    wanted = [(REVIEW, date(2026, 11, 27), is_late)] if is_owed else []
    assert [(each.code, each.due_at.date(), each.is_overdue) for each in listed] == wanted


def test_a_newer_record_moves_the_review() -> None:
    old = Record(T0, is_signed=True, review_on=date(2026, 11, 27))
    new = Record(T0 + timedelta(days=7), is_signed=True, review_on=date(2026, 12, 27))
    assert found("R6", after=timedelta(days=8), records=(old, new)) == ()


@pytest.mark.parametrize("position", list(Position))
@pytest.mark.parametrize(
    ("on", "state"),
    [
        (date(2026, 12, 31), None),
        (date(2027, 1, 3), False),
        (date(2027, 1, 31), False),
        (date(2027, 2, 1), True),
    ],
)
def test_F49_she_is_asked_again_in_time_and_late(
    position: Position, on: date, state: bool | None
) -> None:
    said = Said(position, expires_on=date(2027, 1, 31))
    now = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    listed = owed(
        PROFILE.consent,
        said,
        [],
        (),
        now=now,
        clocks=PROFILE.clocks,
        calendar=PROFILE.working_days,
    )
    is_given = position is Position.GIVEN and state is not None
    assert [(each.code, each.is_overdue) for each in listed] == (
        [(ENDED if state else RENEW, state)] if is_given else []
    )


def test_over_all_histories_a_record_is_owed_or_reviewed_never_both() -> None:
    signed = Record(T0, is_signed=True, review_on=T0.date())
    for needs in product([True, False], repeat=3):
        history = [
            Decided(T0 + timedelta(hours=n), "R6", NEEDED if each else frozenset())
            for n, each in enumerate(needs)
        ]
        for records in ((), (signed,)):
            codes = [
                each.code
                for each in owed(
                    PROFILE.consent,
                    OBJECTS,
                    history,
                    records,
                    now=T0 + timedelta(hours=3),
                    clocks=PROFILE.clocks,
                    calendar=PROFILE.working_days,
                )
            ]
            assert len(codes) == int(needs[-1])
            if needs[-1]:
                assert codes == [REVIEW if records and all(needs) else OVERRIDE]

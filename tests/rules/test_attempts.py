"""Attempts to reach her: when somebody may say that she cannot be reached, and what is safe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.rules.attempts import Attempt, Reach, is_open, is_safe, standing
from gateway.schemas.contact_codes import ContactOutcome, ContactWay

W, C = ContactWay, ContactOutcome
WHEN = ((23, 11, 30), (23, 11, 31), (24, 10, 30))


def at(
    day: int, hour: int, way: ContactWay = W.CALL, outcome: ContactOutcome = C.NO_ANSWER
) -> Attempt:
    return Attempt(datetime(2026, 11, day, hour, 5, tzinfo=UTC), way, outcome, is_safe=True)


STORIES: dict[str, tuple[list[Attempt], Reach, int]] = {
    "nothing": ([], Reach.NOT_TRIED, 0),
    "two": ([at(2, 10), at(3, 18)], Reach.TRIED, 2),
    "three at other times": ([at(2, 10), at(3, 18), at(4, 14)], Reach.UNABLE, 3),
    "three by other ways": ([at(2, 10), at(3, 10, W.LETTER), at(4, 10)], Reach.UNABLE, 3),
    "three alike": ([at(2, 10), at(3, 11), at(4, 9)], Reach.ALIKE, 3),
    "reached last": ([at(2, 10), at(3, 18), at(4, 9, outcome=C.REACHED)], Reach.REACHED, 0),
    "lost again": ([at(2, 10, outcome=C.REACHED), at(9, 18)], Reach.TRIED, 1),
    "written down late": ([at(4, 14), at(2, 10), at(3, 18)], Reach.UNABLE, 3),
    "could not talk": ([at(2, 10, outcome=C.COULD_NOT_TALK)], Reach.TRIED, 1),
}


@pytest.mark.parametrize("name", STORIES)
def test_F122_nobody_is_unreachable_before_enough_was_tried_in_more_than_one_way(name: str) -> None:
    attempts, reach, tries = STORIES[name]
    found = standing(attempts, wanted=3, days=7, zone=UTC)
    assert (found.reach, found.tries, found.wanted) == (reach, tries, 3)


def test_F122_the_days_count_from_the_first_try() -> None:
    found = standing([at(3, 18), at(2, 10)], wanted=3, days=7, zone=UTC)
    assert found.until == datetime(2026, 11, 9, 10, 5, tzinfo=UTC)


def test_F122_unknown_is_no_and_a_meeting_needs_no_number() -> None:
    channel = {
        "safe_uses": ["CALL", "LETTER"],
        "safe_windows": [{"days": ["MON"], "from_time": "10:00", "to_time": "11:30"}],
    }
    monday, late, tuesday = (datetime(2026, 11, *each, tzinfo=UTC) for each in WHEN)
    assert is_safe(W.CALL, [channel], monday)
    assert not is_safe(W.CALL, [channel], late)
    assert not is_safe(W.CALL, [channel], tuesday)
    assert is_safe(W.LETTER, [channel], late)
    assert not is_safe(W.VOICEMAIL, [channel], monday)
    assert is_safe(W.CALL, [{**channel, "safe_windows": []}], late)
    assert not is_safe(W.CALL, [], monday)
    assert is_safe(W.IN_PERSON, [], late)
    assert is_open(W.CALL, {"CALL"})
    assert not is_open(W.TEXT, {"CALL"})

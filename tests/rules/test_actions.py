"""The life of an action: every status, act and hand; its clock and its ladder at fixed moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from gateway.errors import Conflict
from gateway.rules import actions as rule
from gateway.rules.clocks import Clock, Unit, WorkingDays
from gateway.schemas.action_codes import (
    ActionAct,
    ActionRung,
    ActionStatus,
    ActionUrgency,
    NotPossible,
)

# The published steps, written a second time: status, act, who, the status that follows.
PUBLISHED = """
PROPOSED ACCEPT owner ACCEPTED
PROPOSED CANNOT owner NOT_POSSIBLE
PROPOSED SUPERSEDE coordinator SUPERSEDED
ACCEPTED START owner IN_PROGRESS
ACCEPTED COMPLETE owner COMPLETED
ACCEPTED CANNOT owner NOT_POSSIBLE
ACCEPTED MISS owner NOT_DONE
ACCEPTED SUPERSEDE coordinator SUPERSEDED
IN_PROGRESS COMPLETE owner COMPLETED
IN_PROGRESS CANNOT owner NOT_POSSIBLE
IN_PROGRESS MISS owner NOT_DONE
IN_PROGRESS SUPERSEDE coordinator SUPERSEDED
NOT_DONE START owner IN_PROGRESS
NOT_DONE COMPLETE owner COMPLETED
NOT_DONE SUPERSEDE coordinator SUPERSEDED
NOT_POSSIBLE SUPERSEDE coordinator SUPERSEDED
COMPLETED VERIFY coordinator COMPLETED
"""
STEPS = {
    (status, act, who): to
    for status, act, who, to in (line.split() for line in PUBLISHED.strip().splitlines())
}
WHO = {
    "owner": (True, False),
    "coordinator": (False, True),
    "both": (True, True),
    "neither": (False, False),
}
LONDON = ZoneInfo("Europe/London")
DAYS = WorkingDays(LONDON, frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
CLOCKS = {
    "CLK_ACTION_DEFAULT": Clock("CLK_ACTION_DEFAULT", 10, Unit.WORKING_DAYS),
    "CLK_ACTION_URGENT": Clock("CLK_ACTION_URGENT", 24, Unit.HOURS),
    "CLK_ACTION_REMIND": Clock("CLK_ACTION_REMIND", 1, Unit.WORKING_DAYS),
    "CLK_ACTION_CHAIR": Clock("CLK_ACTION_CHAIR", 5, Unit.WORKING_DAYS),
    "CLK_ACTION_STEERING": Clock("CLK_ACTION_STEERING", 20, Unit.WORKING_DAYS),
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(("status", "act", "who"), list(product(ActionStatus, ActionAct, WHO)))
def test_V20_F93_only_published_steps_are_done_and_only_by_whose_they_are(
    status: ActionStatus, act: ActionAct, who: str
) -> None:
    hands = ("owner", "coordinator") if who == "both" else (who,)
    found = [STEPS[status, act, each] for each in hands if (status, act, each) in STEPS]
    is_owner, coordinates = WHO[who]
    if found:
        assert rule.step(status, act, is_owner=is_owner, coordinates=coordinates) == found[0]
        return
    with pytest.raises(Conflict) as raised:
        rule.step(status, act, is_owner=is_owner, coordinates=coordinates)
    is_theirs = any((status, act, each) for status, a, each in STEPS if a == act and each in hands)
    assert raised.value.code == ("illegal_state" if is_theirs else "not_yours")


def test_F93_the_picture_has_every_step() -> None:
    drawn = rule.mermaid()
    for status, act, _, to in (line.split() for line in PUBLISHED.strip().splitlines()):
        assert f"    {status} --> {to}: {act}\n" in drawn
    assert drawn.count("-->") == len(STEPS) + 2  # the first status, and the last


@pytest.mark.parametrize(
    ("act", "reason", "note", "lacking"),
    [
        (ActionAct.COMPLETE, None, "", "note"),
        (ActionAct.COMPLETE, None, " \n", "note"),
        (ActionAct.COMPLETE, None, "Fitted on 4 December.", None),
        (ActionAct.CANNOT, None, "x", "reason"),
        (ActionAct.CANNOT, NotPossible.OTHER, "", "note"),
        (ActionAct.CANNOT, NotPossible.OTHER, "x", None),
        (ActionAct.CANNOT, NotPossible.CIRCUMSTANCES_CHANGED, "", None),
        (ActionAct.ACCEPT, None, "", None),
        (ActionAct.MISS, None, "", None),
    ],
)
def test_F93_completion_has_evidence_and_what_is_not_possible_a_reason(
    act: ActionAct, reason: NotPossible | None, note: str, lacking: str | None
) -> None:
    assert rule.lacks(act, reason=reason, note=note) == lacking


def test_F93_an_action_is_due_by_the_clock_of_its_urgency() -> None:
    agreed = at("2026-12-17T10:00")
    due = rule.due_at(ActionUrgency.ROUTINE, agreed, CLOCKS, DAYS)
    assert due == at("2027-01-04T17:00")  # ten working days, over Christmas
    assert rule.due_at(ActionUrgency.URGENT, agreed, CLOCKS, DAYS) == agreed + timedelta(days=1)


def test_F93_the_ladder_of_an_overdue_action_at_fixed_moments() -> None:
    due, meets = at("2026-12-08T17:00"), at("2026-12-17T09:30")
    ladder = [
        ("2026-12-09T16:59", []),
        ("2026-12-09T17:00", ["OWNER", "LEAD"]),
        ("2026-12-15T16:59", ["OWNER", "LEAD"]),
        ("2026-12-15T17:00", ["OWNER", "LEAD", "CHAIR"]),
        ("2026-12-17T09:30", ["OWNER", "LEAD", "CHAIR", "AGENDA"]),
        ("2027-01-07T16:59", ["OWNER", "LEAD", "CHAIR", "AGENDA"]),
        ("2027-01-07T17:00", ["OWNER", "LEAD", "CHAIR", "AGENDA", "STEERING"]),
    ]
    for moment, told in ladder:
        reached = rule.rungs_due(due, at(moment), clocks=CLOCKS, calendar=DAYS, meets_at=meets)
        assert [str(rung) for rung, _ in reached] == told, moment
        assert all(when <= at(moment) for _, when in reached)
    alone = rule.rungs_due(due, at("2027-02-01T09:00"), clocks=CLOCKS, calendar=DAYS, meets_at=None)
    assert ActionRung.AGENDA not in dict(alone)


def test_F93_outstanding_is_split_into_not_possible_and_not_done() -> None:
    now = datetime(2026, 12, 10, 12, tzinfo=UTC)
    past, ahead = now - timedelta(seconds=1), now + timedelta(days=1)
    every = [(each, due) for each in ActionStatus for due in (past, ahead)]
    # Of those open the three that are past count as not done, with the two that were said so.
    assert rule.split(every, now) == (2, 5)
    assert rule.split([(ActionStatus.ACCEPTED, now)], now) == (0, 0)
    assert rule.split([], now) == (0, 0)

"""The bench measures the right thing: it runs, its answers are checked, and its goals are held."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import primitives, report
from bench.goals import GOALS, Goal, values
from bench.measuring import PLANS, measure


@pytest.mark.timeout(120)
def test_a_tiny_run_measures_every_goal_and_finds_every_answer_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = measure(PLANS["check"], tmp_path, "check")

    assert values(found).keys() == {goal.number for goal in GOALS}
    assert found["checked"]["referrals"] > 0
    assert found["plans"]["statements that scan"] == []
    report.show(found)
    assert "cores" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.number)
def test_a_goal_is_missed_only_beyond_the_slack(goal: Goal) -> None:
    worse = 1 / 1.2 if goal.is_share else 1.2
    a_little_worse = 1 / 1.1 if goal.is_share else 1.1

    assert goal.verdict(goal.stretch) == "stretch"
    assert goal.verdict(goal.must) == "must"
    assert goal.verdict(goal.must * a_little_worse) == "near"
    assert goal.verdict(goal.must * worse) == "missed"


@pytest.mark.parametrize(
    "other",
    [{"a": 1}, {"a": "x", "c": 1}, {"a": "x", "b": [{"d": 1, "e": 2}]}],
    ids=["wrong type", "unknown member", "unknown in an item"],
)
def test_the_floor_refuses_another_shape(other: dict[str, object]) -> None:
    shape = primitives.shape_of({"a": "x", "b": [{"d": 1}]})
    primitives.check({"a": "y", "b": [{"d": 2}, {"d": 3}]}, shape)

    with pytest.raises((ValueError, KeyError)):
        primitives.check(other, shape)

"""Grading: a score is a floor, judgement only raises, unknown is never "no"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BrokenTable, Invalid, Problem
from gateway.profiles.instruments import load_instrument
from gateway.rules.facts import AssessmentFacts
from gateway.rules.risk import (
    RANK,
    Instrument,
    dated,
    differences,
    grade,
    highest,
    is_stale,
    pick,
    unknown_items,
)
from gateway.schemas.codes import Answer, ProfessionalLevel
from tests.rules.tables import read

DASH = load_instrument(read("instruments/dash_ric_1"), "dash_ric_1")
ITEMS = [item.id for item in DASH.items]
NONE, STANDARD, MEDIUM, HIGH = ProfessionalLevel
ON = date(2026, 11, 2)


def an_assessment(
    yes: int = 0, unknown: int = 0, level: ProfessionalLevel = NONE, **answers: Answer
) -> AssessmentFacts:
    """The first items answered YES, the last not known, all others NO, and then as named."""
    given = dict.fromkeys(ITEMS, Answer.NO)
    given |= dict.fromkeys(ITEMS[:yes], Answer.YES)
    given |= dict.fromkeys(ITEMS[len(ITEMS) - unknown :], Answer.DONT_KNOW)
    return AssessmentFacts(DASH.key, ON, given | answers, level)


# --- what ships -------------------------------------------------------------------------------


def test_F81_four_instruments_ship(instruments: Mapping[str, Instrument]) -> None:
    sizes = {key: len(each.items) for key, each in instruments.items()}
    assert sizes == {"DASH_RIC@1": 24, "DASH_YP@1": 24, "SDASH@1": 11, "HDASH@1": 10}


def test_F81_ids_are_unique_over_all_instruments(instruments: Mapping[str, Instrument]) -> None:
    ids = [item.id for each in instruments.values() for item in each.items]
    assert len(set(ids)) == len(ids) == 69


def test_F81_the_critical_items_are_marked() -> None:
    critical = "DASH05 DASH06 DASH08 DASH12 DASH13 DASH14 DASH15 DASH16 DASH22"
    assert [item.id for item in DASH.items if item.is_critical] == critical.split()


# --- the published vectors --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yes", "unknown", "judged", "score", "final"),
    [
        (24, 0, NONE, 24, HIGH),
        (14, 0, NONE, 14, HIGH),
        (13, 0, HIGH, 13, HIGH),
        (13, 0, NONE, 13, MEDIUM),
        (20, 0, STANDARD, 20, HIGH),
        (10, 0, NONE, 10, MEDIUM),
        (9, 0, NONE, 9, STANDARD),
        (1, 0, NONE, 1, STANDARD),
        (0, 0, NONE, 0, NONE),
        (0, 0, HIGH, 0, HIGH),
        (5, 19, NONE, 5, STANDARD),
    ],
)
def test_F81_vectors(
    yes: int, unknown: int, judged: ProfessionalLevel, score: int, final: ProfessionalLevel
) -> None:
    graded = grade(DASH, an_assessment(yes, unknown, judged))

    assert (graded.score, graded.maximum, graded.level_final) == (score, 24, final)
    assert (graded.yes, graded.no, graded.unknown) == (yes, 24 - yes - unknown, unknown)
    assert graded.is_unreliable is (unknown >= 6)


def test_five_yes_and_nothing_else_known_is_standard_by_score_and_not_reliable() -> None:
    graded = grade(DASH, an_assessment(5, 19))
    assert (graded.level_score, graded.is_unreliable) == (STANDARD, True)
    assert "REASSESS_WHEN_SAFE" in graded.prompts


def test_a_threat_that_is_not_detailed_still_counts_once() -> None:
    assert grade(DASH, an_assessment(DASH14=Answer.YES)).score == 1


@pytest.mark.parametrize(("unknown", "unreliable"), [(5, False), (6, True)])
def test_six_unknown_answers_make_a_score_unreliable(unknown: int, unreliable: bool) -> None:
    assert grade(DASH, an_assessment(0, unknown)).is_unreliable is unreliable


# --- judgement and arithmetic -----------------------------------------------------------------


@pytest.mark.parametrize(("yes", "judged"), list(product((0, 5, 11, 14), ProfessionalLevel)))
def test_F83_judgement_and_arithmetic_stay_separate(yes: int, judged: ProfessionalLevel) -> None:
    graded = grade(DASH, an_assessment(yes, level=judged))

    assert graded.level_professional is judged
    assert graded.level_score is DASH.level_of(yes)
    assert graded.level_final is highest(graded.level_score, judged)


def test_F83_every_difference_between_two_assessments_is_kept() -> None:
    before = an_assessment(3)
    after = an_assessment(2, DASH15=Answer.YES, DASH20=Answer.REFUSED)
    found = {each.item: (each.before, each.after) for each in differences(before, after)}

    assert found == {
        "DASH03": (Answer.YES, Answer.NO),
        "DASH15": (Answer.NO, Answer.YES),
        "DASH20": (Answer.NO, Answer.REFUSED),
    }


def test_F83_an_answer_that_is_no_longer_there_is_a_difference() -> None:
    before = an_assessment(1)
    after = replace(before, answers={k: v for k, v in before.answers.items() if k != "DASH01"})
    (found,) = differences(before, after)
    assert (found.before, found.after) == (Answer.YES, Answer.NOT_ASKED)


def test_differences_need_one_instrument() -> None:
    with pytest.raises(Invalid) as raised:
        differences(an_assessment(), replace(an_assessment(), instrument="DASH_RIC@2"))
    assert raised.value.code == "unknown_instrument"


filled = st.dictionaries(st.sampled_from(ITEMS), st.sampled_from(Answer))
judged = st.sampled_from(ProfessionalLevel)


@given(filled, judged)
def test_V38_no_step_lowers_a_human_level(
    answers: dict[str, Answer], level: ProfessionalLevel
) -> None:
    graded = grade(DASH, AssessmentFacts(DASH.key, ON, answers, level))
    assert RANK[graded.level_final] >= RANK[level]
    assert RANK[graded.level_final] >= RANK[graded.level_score]


@given(filled, judged)
def test_V38_blank_and_unknown_never_count_as_no(
    answers: dict[str, Answer], level: ProfessionalLevel
) -> None:
    graded = grade(DASH, AssessmentFacts(DASH.key, ON, answers, level))
    assert graded.no == list(answers.values()).count(Answer.NO)
    assert graded.yes + graded.no + graded.unknown == graded.maximum == 24


@given(filled, st.sampled_from(ITEMS))
def test_V38_one_more_yes_never_lowers_anything(answers: dict[str, Answer], item: str) -> None:
    before = grade(DASH, AssessmentFacts(DASH.key, ON, answers))
    after = grade(DASH, AssessmentFacts(DASH.key, ON, answers | {item: Answer.YES}))
    assert after.score >= before.score
    assert RANK[after.level_final] >= RANK[before.level_final]
    assert set(before.critical) <= set(after.critical)


# --- versions ---------------------------------------------------------------------------------


def another_version(**changes: Any) -> Instrument:
    table = read("instruments/dash_ric_1")
    return load_instrument(table | {"version": 2} | changes, "dash_ric_2")


def test_F82_another_version_does_not_move_a_score() -> None:
    stricter = another_version(
        bands=[{"low": 0, "high": 9, "level": "MEDIUM"}, {"low": 10, "high": 24, "level": "HIGH"}]
    )
    both = {DASH.key: DASH, stricter.key: stricter}
    first = an_assessment(11)
    second = replace(first, instrument="DASH_RIC@2")

    assert grade(pick(both, first.instrument), first).level_final is MEDIUM
    assert grade(pick(both, second.instrument), second).level_final is HIGH


@pytest.mark.parametrize("key", ["DASH_RIC@9", "DASH_RIC", "DASH_RIC@01", "", "ODARA@1"])
def test_F82_an_unknown_instrument_or_version_is_refused(key: str) -> None:
    with pytest.raises(Invalid) as raised:
        pick({DASH.key: DASH}, key, "/risk_assessments/value/0")
    (problem,) = raised.value.problems
    assert problem == Problem("unknown_code", "/risk_assessments/value/0/instrument")


def test_F82_an_assessment_is_never_graded_by_another_version() -> None:
    with pytest.raises(Invalid) as raised:
        grade(another_version(), an_assessment(3))
    assert raised.value.code == "unknown_instrument"


def test_an_answer_to_no_item_is_refused_and_named() -> None:
    foreign = replace(an_assessment(), answers={"DASH01": Answer.YES, "YP01": Answer.YES})

    assert unknown_items(DASH, foreign.answers) == ("YP01",)
    with pytest.raises(Invalid) as raised:
        grade(DASH, foreign)
    assert raised.value.code == "unknown_item"


# --- prompts ----------------------------------------------------------------------------------

YES = Answer.YES


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"DASH15": YES}, "CONSIDER_HIGH_STRANGULATION"),
        ({"DASH14": YES}, "CONSIDER_HIGH_THREAT_TO_KILL"),
        (
            {"DASH06": YES, "DASH12": YES, "DASH13": YES},
            "CONSIDER_HIGH_SEPARATION_CONTROL_VIOLENCE",
        ),
        (
            {"DASH06": YES, "DASH12": YES, "DASH16": YES},
            "CONSIDER_HIGH_SEPARATION_CONTROL_VIOLENCE",
        ),
        ({"DASH05": YES}, "ACT_SAME_DAY_SUICIDE_RISK"),
        ({"DASH08": YES}, "COMPLETE_STALKING_SCREEN"),
        ({"DASH04": YES}, "COMPLETE_HONOUR_SCREEN"),
        ({"DASH17": YES}, "COMPLETE_HONOUR_SCREEN"),
    ],
)
def test_a_floor_prompts_and_never_raises(answers: dict[str, Answer], code: str) -> None:
    graded = grade(DASH, an_assessment(**answers))
    assert code in graded.prompts
    assert graded.level_final is STANDARD


def test_half_a_cluster_prompts_nothing() -> None:
    assert grade(DASH, an_assessment(DASH06=YES, DASH13=YES)).prompts == ()


def test_nobody_is_asked_to_consider_high_where_it_is_high() -> None:
    graded = grade(DASH, an_assessment(DASH15=YES, level=HIGH))
    assert "CONSIDER_HIGH_STRANGULATION" not in graded.prompts
    assert graded.critical == ("DASH15",)


def test_a_screen_without_bands_supports_no_level(instruments: Mapping[str, Instrument]) -> None:
    screen = instruments["HDASH@1"]
    answers = dict.fromkeys([item.id for item in screen.items], Answer.YES)
    graded = grade(screen, AssessmentFacts(screen.key, ON, answers))

    assert (graded.score, graded.level_score, graded.is_banded) == (10, NONE, False)
    assert "NO_FAMILY_OR_COMMUNITY_INTERPRETER" in graded.prompts


# --- age of an assessment ---------------------------------------------------------------------


def test_an_assessment_is_stale_after_28_days_or_a_new_incident() -> None:
    assert not is_stale(DASH, ON, on=ON + timedelta(days=28))
    assert is_stale(DASH, ON, on=ON + timedelta(days=29))
    assert not is_stale(DASH, ON, on=ON, last_incident_on=ON)
    assert is_stale(DASH, ON, on=ON, last_incident_on=ON + timedelta(days=1))


def test_a_stale_assessment_asks_for_a_fresh_one_and_changes_nothing_else() -> None:
    graded = grade(DASH, an_assessment(yes=3))
    fresh = dated(graded, DASH, ON, on=ON + timedelta(days=28))
    stale = dated(graded, DASH, ON, on=ON + timedelta(days=29))
    assert fresh == graded
    assert stale == replace(graded, prompts=(*graded.prompts, "REFRESH_ASSESSMENT"))


# --- an instrument that is not sound never loads ----------------------------------------------


def bands(*rows: tuple[int, int, str]) -> list[dict[str, Any]]:
    return [{"low": low, "high": high, "level": level} for low, high, level in rows]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"items": []}, "items is empty"),
        ({"items": [{"id": "A", "label": "a"}] * 2}, "an item stands there twice"),
        ({"items": [{"id": "A"}]}, "items 1: label is missing"),
        ({"items": [{"id": "A", "label": " "}]}, "items 1: label is empty"),
        ({"bands": bands((0, 9, "STANDARD"), (11, 24, "HIGH"))}, "band HIGH: leaves a gap"),
        ({"bands": bands((0, 9, "STANDARD"), (9, 24, "HIGH"))}, "band HIGH: leaves a gap"),
        ({"bands": bands((0, 23, "HIGH"))}, "do not end at the highest score"),
        ({"bands": bands((0, 24, "DIRE"))}, "bands 1: level has an unknown code"),
        ({"prompts": [{"code": "X", "groups": [["DASH99"]]}]}, "prompt X: names no item"),
        ({"prompts": [{"code": "X", "groups": [[]]}]}, "prompts 1: groups is not"),
        ({"scoring": "WEIGHTED"}, "scoring is unknown"),
        ({"version": "1"}, "version is missing or of the wrong type"),
        ({"version": True}, "version is missing or of the wrong type"),
        ({"unknown_limit": -1}, "unknown_limit is negative"),
        ({"reverse": True}, "unknown key reverse"),
    ],
)
def test_a_broken_instrument_is_refused_by_row(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(BrokenTable, match=named):
        load_instrument(read("instruments/dash_ric_1") | changes, "dash_ric_1")

"""Promise 7: human judgement is never lowered by arithmetic, and unknown is never "no"."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.schemas.codes import RiskLevel
from tests.journeys.world import World, graded

LANDLORD, COORDINATOR = "harbourgate-homes", "marlbury-marac"
ORDER = ["UNASSESSED", "STANDARD", "MEDIUM", "HIGH"]
SETTINGS = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.mark.parametrize("judged", ["STANDARD", "MEDIUM", "HIGH"])
@pytest.mark.parametrize("yes", [0, 5, 10, 13, 14, 20, 24])
def test_promise_07_the_level_is_never_below_score_or_judgement(
    shared_sqlite_world: World, yes: int, judged: str
) -> None:
    claims = shared_sqlite_world.client(LANDLORD).refer(graded(yes, judged)).claims
    scored = "HIGH" if yes >= 14 else "MEDIUM" if yes >= 10 else "STANDARD" if yes else "UNASSESSED"
    assert ORDER.index(claims["level"]) >= ORDER.index(scored)
    assert ORDER.index(claims["level"]) >= ORDER.index(judged)


@SETTINGS
@given(yes=st.integers(0, 24), data=st.data())
def test_promise_07_not_knowing_never_gives_less_than_knowing_the_worst_would_allow(
    shared_sqlite_world: World, yes: int, data: st.DataObject
) -> None:
    """The same answers with some NO turned into "don't know" never come out lower or safer."""
    unknown = data.draw(st.integers(0, 24 - yes))
    landlord = shared_sqlite_world.client(LANDLORD)
    known = landlord.refer(graded(yes, unknown=0)).claims
    unsure = landlord.refer(graded(yes, unknown=unknown)).claims
    if known["level"] != "STANDARD":
        assert ORDER.index(unsure["level"]) >= ORDER.index(known["level"])
    if unknown >= 6:
        (assessment,) = unsure["assessments"]
        assert assessment["is_unreliable"]
        assert unsure["level"] != "STANDARD"  # six unknown answers cannot support "standard"


def test_promise_07_five_yes_and_nineteen_unknown_is_no_standard_risk(
    shared_sqlite_world: World,
) -> None:
    claims = shared_sqlite_world.client(LANDLORD).refer(graded(5, unknown=19)).claims
    (assessment,) = claims["assessments"]
    assert (assessment["score"], assessment["unknown"]) == (5, 19)
    assert assessment["is_unreliable"]
    assert claims["level"] == RiskLevel.UNASSESSED
    assert claims["decision"]["outcome"] != "NO_SHARE"


@pytest.mark.parametrize("sequence", [(20, 2), (2, 20), (12, 20, 5), (20, 20, 0)])
def test_promise_07_no_later_form_lowers_what_stands(
    world: World, sequence: tuple[int, ...]
) -> None:
    landlord = world.client(LANDLORD)
    first, *later = sequence
    ref = landlord.refer(graded(first)).reference
    highest = first
    for yes in later:
        filled = graded(yes, "STANDARD")["document"]["risk_assessments"]["value"][0]
        told = landlord.assess(ref, filled)
        highest = max(highest, yes)
        assert told["level"] == ("HIGH" if highest >= 14 else "MEDIUM")


def test_F83_score_and_judgement_stay_two_facts(world: World) -> None:
    """M13: the difference between the two is kept and shown, not averaged away."""
    ref = world.client(LANDLORD).refer(graded(5, "HIGH")).reference
    (grade,) = world.client(COORDINATOR).pull(ref, "P9").document["triage"]["assessments"]
    assert (grade["level_score"], grade["level_professional"]) == ("STANDARD", "HIGH")
    assert grade["level_final"] == "HIGH"
    assert grade["score"] == 5


def test_F82_an_assessment_keeps_the_version_that_graded_it(world: World) -> None:
    ref = world.client(LANDLORD).refer(graded(12)).reference
    ref_high = world.client(LANDLORD).refer(graded(20)).reference
    (grade,) = world.client(COORDINATOR).pull(ref_high, "P9").document["triage"]["assessments"]
    assert grade["instrument"] == "DASH_RIC@1"
    assert ref != ref_high

"""Who is asked before a team that serves both sides learns where she is (F62)."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.rules.facts import Caller
from gateway.rules.releasing import BOTH, IN_DANGER, Release, release, team_of
from gateway.schemas.codes import AgencyKind, ReleaseState

RULES = ("R1a", "R1b", "R4a", "R5a", "R5b", "R6", "R8", "R9")
STATES = (None, *ReleaseState)


@pytest.mark.parametrize(("kind", "state", "rule"), list(product(AgencyKind, STATES, RULES)))
def test_F62_the_second_person_over_its_whole_domain(
    kind: AgencyKind, state: ReleaseState | None, rule: str
) -> None:
    became = release(kind, state, rule)
    if state is ReleaseState.APPROVED:
        assert became is Release.GOES
    elif state is ReleaseState.REFUSED:
        assert became is Release.STOPS
    elif state is None and kind not in {AgencyKind.POLICE, AgencyKind.PROBATION, AgencyKind.CSC}:
        assert became is Release.GOES
    else:
        first = rule in ("R1a", "R1b")
        assert became is (Release.GOES_FIRST if first else Release.STOPS)


def test_police_probation_and_childrens_services_always_serve_both() -> None:
    assert {AgencyKind.POLICE, AgencyKind.PROBATION, AgencyKind.CSC} == BOTH
    assert {"R1a", "R1b"} == IN_DANGER


@pytest.mark.parametrize("kind", AgencyKind)
def test_only_where_both_are_always_served_teams_are_told_apart(kind: AgencyKind) -> None:
    named = team_of(Caller("a", kind, "M", worker_id="w", team="safeguarding"))
    assert named == ("safeguarding" if kind in BOTH else "")
    assert team_of(Caller("a", kind, "M")) == ""

"""Access follows presence: who is in the room while a case is heard, and who stayed to its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from gateway.errors import Conflict
from gateway.rules import meeting
from gateway.rules.facts import Caller, Membership
from gateway.rules.presence import Stay, seated, seen_by
from gateway.schemas.codes import AgencyKind, CaseRole, CaseState
from gateway.schemas.meeting_codes import Attending
from tests.rules.cases import a_case

AT = datetime(2026, 12, 10, 9, 30, tzinfo=UTC)
POLICE = Membership("police", AgencyKind.POLICE, frozenset({CaseRole.RESEARCH}))
MEMBERS = {"police": POLICE}


def a_stay(worker: str = "one", attending: Attending = Attending.REPRESENTATIVE) -> Stay:
    return Stay("now", "police", worker, attending, AT)


def test_F91_only_who_is_in_the_room_now_is_present() -> None:
    left = replace(a_stay(), left_at=AT)
    for stays, is_present in (
        ([], False),
        ([a_stay()], True),
        ([left], False),
        ([left, a_stay("two")], True),
        ([a_stay(attending=Attending.OBSERVER)], False),
        ([replace(a_stay(), conference_id="before")], False),
    ):
        assert seated(MEMBERS, stays, "now")["police"].is_present is is_present


def test_F91_a_colleague_in_the_room_makes_nobody_else_present() -> None:
    case = a_case(seated(MEMBERS, [a_stay("one")], "now")["police"], in_conference=True)
    for worker, is_present in (("one", True), ("two", False), (None, True)):
        caller = Caller("police", AgencyKind.POLICE, "MARLBURY", worker_id=worker)
        assert seen_by(case, caller).is_present is is_present


def test_F91_afterwards_who_stayed_to_the_end_of_the_newest_hearing_was_there() -> None:
    to_end = replace(a_stay(), left_at=AT, to_end=True)
    early = replace(a_stay("two"), left_at=AT)
    later = replace(early, conference_id="later", arrived_at=AT + timedelta(days=14))
    for stays, is_present in (
        ([], False),
        ([early], False),
        ([early, to_end], True),
        ([to_end, later], False),  # of the hearing that counts it missed the end
        ([replace(to_end, attending=Attending.OBSERVER)], False),
    ):
        assert seated(MEMBERS, stays, None)["police"].is_present is is_present


def test_F91_a_case_is_heard_when_everybody_in_the_room_has_signed() -> None:
    for state in CaseState:
        path = meeting.path_to_hearing(state)
        if path is not None:
            at = path[-1] if path else state
            assert meeting.hear(at, present=["a"], signed=["a", "b"]) is CaseState.HEARD
            for present, signed in (([], ["a"]), (["a", "b"], ["a"])):
                with pytest.raises(Conflict) as refused:
                    meeting.hear(at, present=present, signed=signed)
                assert refused.value.code == "declarations_missing"
    for by_chair, deferrals, code in ((False, 0, "chair_only"), (True, 1, "deferred_before")):
        with pytest.raises(Conflict) as refused:
            meeting.can_defer(CaseState.READY, by_chair=by_chair, deferrals=deferrals)
        assert refused.value.code == code


@pytest.mark.parametrize("minutes", [12, 15])
def test_F91_the_running_order_fills_the_time_of_the_case(minutes: int) -> None:
    found = meeting.steps(AT, minutes)
    assert [each.code for each in found] == ["REFERRER", "VICTIM", "AGENCIES", "RISKS", "ACTIONS"]
    assert (found[0].starts_at, found[-1].ends_at) == (AT, AT + timedelta(minutes=minutes))
    assert all(a.ends_at == b.starts_at for a, b in pairwise(found))


def test_F91_an_emergency_says_who_is_missing_of_those_it_needs() -> None:
    everybody = {AgencyKind.POLICE, AgencyKind.IDVA, AgencyKind.CSC}

    def lacking(**changes: Any) -> tuple[str, ...]:
        there = {"has_chair": True, "kinds": everybody, "has_referrer": True}
        return meeting.missing(**{"is_emergency": True, "has_children": True, **there, **changes})

    assert lacking() == ()
    assert lacking(has_chair=False) == ("CHAIR",)
    assert lacking(kinds={AgencyKind.IDVA}) == ("POLICE", "CSC")
    assert lacking(kinds={AgencyKind.POLICE}, has_children=False) == ("IDVA",)
    assert lacking(has_referrer=False) == ("REFERRER",)
    assert lacking(kinds=set(), has_chair=False, is_emergency=False) == ()

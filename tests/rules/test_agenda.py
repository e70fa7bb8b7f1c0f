"""The agenda: its order, its reasons, its times."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.agenda import (
    RANK,
    REST,
    ends_at,
    is_over,
    moved,
    nearest,
    order,
    placed,
    reason_of,
    together,
)
from gateway.rules.facts import AgendaFacts
from gateway.schemas.codes import Criterion, RiskLevel

ON = date(2026, 12, 1)
TEN = datetime(2026, 12, 1, 10, tzinfo=UTC)
PLAIN = AgendaFacts(
    case_id="plain",
    referred_at=datetime(2026, 11, 2, 9, tzinfo=UTC),
    is_emergency=False,
    next_event_on=None,
    is_repeat=False,
    open_actions=0,
    criteria=frozenset({Criterion.VISIBLE_HIGH_RISK}),
    level=RiskLevel.HIGH,
    critical=2,
    has_stalking=False,
)


def a_case(case_id: str, **changes: Any) -> AgendaFacts:
    return replace(PLAIN, case_id=case_id, **changes)


def ids(*cases: AgendaFacts) -> list[str]:
    return [slot.case_id for slot in order(cases, on=ON, starts_at=TEN, minutes=12)]


# --- order ------------------------------------------------------------------------------------

IN_ORDER = (
    a_case("emergency", is_emergency=True, level=RiskLevel.STANDARD, critical=0),
    a_case("release", next_event_on=ON + timedelta(days=6), level=RiskLevel.MEDIUM),
    a_case("repeat", is_repeat=True, open_actions=1),
    a_case("stalking", has_stalking=True),
    a_case("plain"),
    a_case("staff", is_staff_restricted=True, is_emergency=True, critical=9),
)


def test_the_order_of_an_agenda_whatever_the_order_of_listing() -> None:
    expected = [case.case_id for case in IN_ORDER]
    assert all(ids(*listed) == expected for listed in permutations(IN_ORDER))


def test_each_place_names_its_reason() -> None:
    slots = order(IN_ORDER, on=ON, starts_at=TEN, minutes=12)
    assert [slot.because for slot in slots] == list(RANK)
    assert [slot.number for slot in slots] == [1, 2, 3, 4, 5, 6]


def test_an_event_counts_up_to_seven_days_either_side() -> None:
    near = {
        days: reason_of(a_case("x", next_event_on=ON + timedelta(days=days)), ON)
        for days in (-8, -7, 0, 7, 8)
    }
    rest, event = "level-critical-oldest", "event-within-7-days"
    assert near == {-8: rest, -7: event, 0: event, 7: event, 8: rest}


def test_the_closest_event_matters_and_of_two_the_coming_one() -> None:
    days = [ON + timedelta(days=n) for n in (-40, -3, 3, 9)]
    assert nearest(days, ON) == ON + timedelta(days=3)
    assert nearest(days[:2], ON) == ON - timedelta(days=3)
    assert nearest((), ON) is None


def test_the_sooner_event_comes_first() -> None:
    soon = a_case("soon", next_event_on=ON + timedelta(days=1), level=RiskLevel.MEDIUM)
    later = a_case("later", next_event_on=ON + timedelta(days=5))
    assert ids(later, soon) == ["soon", "later"]


def test_a_repeat_without_open_actions_is_no_repeat_with_open_actions() -> None:
    assert reason_of(a_case("x", is_repeat=True), ON) == "level-critical-oldest"
    assert reason_of(a_case("x", open_actions=3), ON) == "level-critical-oldest"


def test_honour_based_abuse_stands_with_stalking() -> None:
    honour = a_case("x", criteria=frozenset({Criterion.HONOUR_BASED}))
    assert reason_of(honour, ON) == "honour-based-or-stalking"


def test_the_rest_by_level_then_critical_answers_then_age() -> None:
    old = PLAIN.referred_at - timedelta(days=3)
    cases = (
        a_case("standard", level=RiskLevel.STANDARD, critical=9, referred_at=old),
        a_case("not-assessed", level=RiskLevel.UNASSESSED, critical=0),
        a_case("medium", level=RiskLevel.MEDIUM, critical=9, referred_at=old),
        a_case("high-new"),
        a_case("high-old", referred_at=old),
        a_case("high-critical", critical=5),
    )
    assert ids(*cases) == [
        "high-critical",
        "high-old",
        "high-new",
        "not-assessed",
        "medium",
        "standard",
    ]


def test_cases_that_share_a_specialist_stand_together() -> None:
    perinatal = frozenset({"perinatal"})
    cases = (
        a_case("a", critical=9, specialists=perinatal),
        a_case("b", critical=5),
        a_case("c", critical=3, specialists=perinatal),
        a_case("d", critical=9, level=RiskLevel.MEDIUM, specialists=perinatal),
    )
    assert ids(*cases) == ["a", "c", "b", "d"]


# --- times ------------------------------------------------------------------------------------


def test_ten_minutes_break_after_each_full_hour_of_cases() -> None:
    slots = order([a_case(f"c{n:02}") for n in range(11)], on=ON, starts_at=TEN, minutes=12)
    offsets = [int((slot.starts_at - TEN).total_seconds()) // 60 for slot in slots]

    assert offsets == [0, 12, 24, 36, 48, 70, 82, 94, 106, 118, 140]
    assert ends_at(slots) == TEN + timedelta(minutes=152)
    assert {slot.minutes for slot in slots} == {12}


def test_an_agenda_over_capacity_is_flagged() -> None:
    assert not is_over(16, capacity=16)
    assert is_over(17, capacity=16)


def test_an_empty_agenda_is_an_agenda() -> None:
    assert order([], on=ON, starts_at=TEN, minutes=12) == ()
    assert ends_at(()) is None


cases = st.builds(
    AgendaFacts,
    case_id=st.uuids().map(str),
    referred_at=st.datetimes(timezones=st.just(UTC)),
    is_emergency=st.booleans(),
    next_event_on=st.none() | st.dates(ON - timedelta(days=20), ON + timedelta(days=20)),
    is_repeat=st.booleans(),
    open_actions=st.integers(0, 3),
    criteria=st.frozensets(st.sampled_from(Criterion)),
    level=st.sampled_from(RiskLevel),
    critical=st.integers(0, 9),
    has_stalking=st.booleans(),
    is_staff_restricted=st.booleans(),
    specialists=st.frozensets(st.sampled_from(["perinatal", "forced-marriage"])),
)


@given(
    st.lists(cases, max_size=20, unique_by=lambda case: case.case_id),
    st.integers(1, 30),
    st.randoms(use_true_random=False),
)
def test_every_case_has_one_place_and_no_two_overlap(
    listed: list[AgendaFacts], minutes: int, random: Any
) -> None:
    slots = order(listed, on=ON, starts_at=TEN, minutes=minutes)

    assert sorted(slot.case_id for slot in slots) == sorted(case.case_id for case in listed)
    assert [RANK[slot.because] for slot in slots] == sorted(RANK[slot.because] for slot in slots)
    ends = [slot.starts_at + timedelta(minutes=minutes) for slot in slots]
    assert all(end <= after.starts_at for end, after in zip(ends, slots[1:], strict=False))
    random.shuffle(listed)
    assert order(listed, on=ON, starts_at=TEN, minutes=minutes) == slots


# --- by hand ------------------------------------------------------------------------------------


def by_hand(**places: int) -> list[str]:
    return [
        slot.case_id for slot in order(IN_ORDER, on=ON, starts_at=TEN, minutes=12, places=places)
    ]


def test_F31_a_hand_made_order_counts_and_a_newcomer_stands_where_the_rules_put_it() -> None:
    rules = ["emergency", "release", "repeat", "stalking", "plain", "staff"]
    assert by_hand() == rules
    assert by_hand(plain=1, stalking=2, repeat=3, release=4, emergency=5) == [
        *("plain", "stalking", "repeat", "release", "emergency"),
        "staff",
    ]
    assert by_hand(plain=1, emergency=2, stalking=3)[:4] == [
        *("plain", "emergency", "release", "repeat"),
    ]
    assert by_hand(plain=1) == ["emergency", "release", "repeat", "stalking", "plain", "staff"]
    assert by_hand(staff=1, plain=2)[-1] == "staff"  # the room is cleared once
    again = order(IN_ORDER, on=ON, starts_at=TEN, minutes=12, places={"plain": 1, "emergency": 2})
    assert [slot.starts_at - TEN for slot in again][:2] == [timedelta(), timedelta(minutes=12)]


def test_F31_a_case_changes_with_the_next_that_is_seen() -> None:
    listed = ["a", "hidden", "b", "c"]
    seen = {"a", "b", "c"}
    assert moved(listed, seen, "b", up=True) == ["b", "hidden", "a", "c"]
    assert moved(listed, seen, "b", up=False) == ["a", "hidden", "c", "b"]
    assert moved(listed, seen, "a", up=True) == moved(listed, seen, "c", up=False) == listed


def test_a_case_is_put_before_another_and_what_is_not_seen_keeps_its_place() -> None:
    whole = ["a", "x", "b", "c", "y"]
    seen = {"a", "b", "c"}
    assert placed(whole, seen, "c", "a") == ["c", "x", "a", "b", "y"]
    assert placed(whole, seen, "a", "") == ["b", "x", "c", "a", "y"]
    assert placed(whole, seen, "a", "x") == ["b", "x", "c", "a", "y"]  # none that is seen
    assert placed(whole, seen, "b", "b") == whole


def test_cases_are_brought_together_within_their_standing_alone() -> None:
    whole = ["a", "b", "x", "c", "d", "e"]
    seen = {"a", "b", "c", "d", "e"}
    standing = dict.fromkeys("abc", (REST, "HIGH")) | dict.fromkeys("de", (REST, "MEDIUM"))
    shared = frozenset({"perinatal"})
    needs = {each: shared if each in "ace" else frozenset() for each in seen}
    assert together(whole, seen, standing, needs) == ["a", "c", "x", "b", "d", "e"]

"""position/2 and override/1: what they ask for, and each contradiction by its code and place."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Invalid
from gateway.schemas import forms
from gateway.schemas.codes import Position

GOLDEN = Path(__file__).parent / "golden" / "v1"
GONE = object()


def golden(name: str = "position-2", **changes: Any) -> dict[str, Any]:
    """A golden document; a change to GONE takes a member away."""
    document = copy.deepcopy(json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))["in"])
    document |= changes
    return {name: value for name, value in document.items() if value is not GONE}


def faults(form: str, document: object) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        forms.load(form, document)
    return {(each.code, each.pointer) for each in caught.value.problems}


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"starts_on": GONE}, "needed_here", "/starts_on"),
        ({"expires_on": GONE}, "needed_here", "/expires_on"),
        ({"expires_on": "2026-11-18"}, "out_of_range", "/expires_on"),
        ({"scope": []}, "needed_here", "/scope"),
        ({"wording": GONE}, "needed_here", "/wording"),
        ({"wording": {"version": "1"}}, "missing", "/wording/language"),
        ({"wording": {"version": "../1", "language": "en"}}, "bad_format", "/wording/version"),
        ({"safe_to_ask": GONE}, "missing", "/safe_to_ask"),
        ({"safe_to_tell": True}, "wrong_type", "/safe_to_tell"),
        ({"withdrawn_on": "2026-11-20"}, "not_both", "/withdrawn_on"),
        ({"by_whom": " "}, "too_short", "/by_whom"),
        ({"valid": 1}, "unknown_field", "/valid"),
        (
            {"conditions": [{"text": "x", "excludes_kind": "COORDINATOR"}]},
            "out_of_range",
            "/conditions/0/excludes_kind",
        ),
        (
            {"conditions": [{"text": "x", "excludes_kind": "POLICE", "excludes_agency": "ab"}]},
            "not_both",
            "/conditions/0/excludes_agency",
        ),
        (
            {"conditions": [{"text": "x", "excludes_purpose": "P12"}]},
            "unknown_code",
            "/conditions/0/excludes_purpose",
        ),
        ({"conditions": [{"excludes_category": "D10"}]}, "missing", "/conditions/0/text"),
    ],
)
def test_F44_F49_F54_what_is_missing_or_contradicts_itself_is_named(
    changes: dict[str, Any], code: str, pointer: str
) -> None:
    assert faults("position/2", golden(**changes)) == {(code, pointer)}


@pytest.mark.parametrize("position", [each for each in Position if each is not Position.GIVEN])
def test_only_an_agreement_has_a_last_day(position: Position) -> None:
    withdrawn = "2026-11-20" if position is Position.WITHDRAWN else GONE
    given = golden(position=str(position), withdrawn_on=withdrawn)
    assert faults("position/2", given) == {("not_both", "/starts_on"), ("not_both", "/expires_on")}
    bare = {name: value for name, value in given.items() if name not in ("starts_on", "expires_on")}
    assert forms.load("position/2", bare)["position"] is position


def test_nobody_agrees_without_being_asked() -> None:
    found = faults("position/2", golden(how="NOT_ASKED", wording=GONE))
    assert found == {("out_of_range", "/how")}
    both = faults("position/2", golden("position-2-withdrawn", how="NOT_ASKED"))
    assert both == {("not_both", "/wording")}


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"authoriser": GONE}, "missing", "/authoriser"),
        ({"breaks_conditions": [{}]}, "needed_here", "/breaks_conditions/0/excludes_kind"),
        (
            {"breaks_conditions": [{"excludes_kind": "POLICE", "excludes_agency": "ab"}]},
            "not_both",
            "/breaks_conditions/0/excludes_agency",
        ),
    ],
)
def test_F51_F52_a_record_by_itself_needs_both_people(
    changes: dict[str, Any], code: str, pointer: str
) -> None:
    assert faults("override/1", golden("override", **changes)) == {(code, pointer)}

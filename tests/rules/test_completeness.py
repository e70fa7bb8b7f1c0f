"""What a referral lacks is pointed at by the coded reasons of a return; what is not read is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.desk import terms
from gateway.rules import completeness as rule
from gateway.rules.completeness import Gap, Known
from gateway.schemas.codes import ReturnReason

LONG = " ".join(["word"] * rule.SHORT)
WHOLE: dict[str, dict[str, Any]] = {
    "victim_identity": {
        "victim": {"given_names": "A", "family_name": "B", "dob": {"value": "1990-01-01"}}
    },
    "perpetrators": {"perpetrators": [{"family_name": "C"}]},
    "incidents": {"referral": {"rationale": LONG}},
    "referral": {"referral": {"criteria": ["VISIBLE_HIGH_RISK"]}},
    "children": {"children": [{"dob": {"value": "2020-01-01"}, "csc_status": "NONE"}]},
}
KNOWN = Known(
    criteria=["VISIBLE_HIGH_RISK"],
    assessments=[{"is_unreliable": False}],
    has_safe_contact=True,
    lacks_record=False,
    is_under_16=False,
)
BLANK = {"absent": "UNKNOWN"}
CASES: list[tuple[str, dict[str, Any], Known, str]] = [
    (rule.NAME, {"victim_identity": {"victim": {"dob": {"value": "1990-01-01"}}}}, KNOWN, "NAME"),
    (
        rule.BIRTH,
        {"victim_identity": {"victim": {"given_names": "A", "family_name": "B", "dob": BLANK}}},
        KNOWN,
        "NAME",
    ),
    (rule.WHO_HARMS, {"perpetrators": {"perpetrators": [{"description": "x"}]}}, KNOWN, "PERP"),
    (rule.RATIONALE, {"incidents": {"referral": {"rationale": LONG[5:]}}}, KNOWN, "RATIONALE"),
    (rule.NOT_ASSESSED, {}, replace(KNOWN, assessments=[]), "ASSESSMENT"),
    (rule.THIN, {}, replace(KNOWN, assessments=[{"is_unreliable": True}]), "ASSESSMENT"),
    (rule.UNPROVEN, {}, replace(KNOWN, criteria=["MARAC_REPEAT"]), "CRITERIA"),
    (
        rule.UNPROVEN,
        {"referral": {"referral": {"criteria": []}}},
        replace(KNOWN, criteria=[]),
        "CRITERIA",
    ),
    (rule.NO_CONTACT, {}, replace(KNOWN, has_safe_contact=False), "SAFE_CONTACT"),
    (rule.CHILD_BIRTH, {"children": {"children": [{"csc_status": "CP"}]}}, KNOWN, "CHILD"),
    (
        rule.CHILD_CARE,
        {"children": {"children": [{"unborn": True, "csc_status": "UNKNOWN"}]}},
        KNOWN,
        "CHILD",
    ),
    (rule.RECORD, {}, replace(KNOWN, lacks_record=True), "CONSENT"),
    (rule.TOO_YOUNG, {}, replace(KNOWN, is_under_16=True), "UNDER_AGE"),
]


def test_F26_nothing_is_missing_of_a_whole_referral_or_of_what_is_not_read() -> None:
    assert rule.gaps(WHOLE, KNOWN) == ()
    assert rule.gaps({}, KNOWN) == ()
    assert rule.gaps({"children": {"children": {"none": True}}}, KNOWN) == ()


@pytest.mark.parametrize(("what", "changed", "known", "reason"), CASES)
def test_F26_each_gap_has_its_reason(
    what: str, changed: dict[str, Any], known: Known, reason: str
) -> None:
    found = rule.gaps({**WHOLE, **changed}, known)
    assert [each.what for each in found] == [what]
    assert reason in found[0].reason


def test_F26_every_gap_and_every_reason_has_words_and_is_met_above() -> None:
    assert {case[0] for case in CASES} == set(rule.CODES) == terms.GAPS.keys()
    assert terms.REASONS.keys() == set(ReturnReason)
    assert Gap(ReturnReason.UNDER_AGE, rule.TOO_YOUNG) in rule.gaps(
        WHOLE, replace(KNOWN, is_under_16=True)
    )


def test_F26_a_blank_is_told_with_its_reason_once() -> None:
    parts = {"referral": {"referral": {"oic_name": BLANK, "x": [{"y": BLANK}, {"y": BLANK}]}}}
    assert rule.blanks(parts) == (
        ("referral", "oic_name", "UNKNOWN"),
        ("referral", "y", "UNKNOWN"),
    )
    assert rule.blanks({"s": {"dob": {"value": {"lines": BLANK}}}}) == (("s", "lines", "UNKNOWN"),)

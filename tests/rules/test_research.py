"""What leaves with a request for research, into which classes a return is laid, who is late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.rules import research as rule
from gateway.schemas.research_codes import Theme

NOON = datetime(2026, 12, 4, 12, tzinfo=UTC)
VICTIM = {"person": "VICTIM", "known": "KNOWN_RELEVANT"}


def an_entry(**changes: Any) -> dict[str, Any]:
    return {
        "about": "RELEVANT_TO_RISK",
        "theme": "HEALTH",
        "text": "Original.",
        "nature": "FACT",
        "extract": "WHOLE",
        **changes,
    }


def test_a_request_names_people_and_addresses_that_he_knows_and_nothing_else() -> None:
    place = {"lines": ["1 Known Way"], "classification": "KNOWN_TO_PERP", "from_on": "2020-01-01"}
    hidden = {"lines": ["2 Hidden Way"], "classification": "REFUGE"}
    found = rule.asked_about(
        {
            "victim_identity": {"victim": {"given_names": "Ada", "nhs_number": "999", "sex": "F"}},
            "victim_address": {"victim": {"previous_addresses": [place, hidden]}},
            "perpetrators": {
                "perpetrators": [{"ref": "p1", "phones": ["07700 900000"], "employer": "X"}]
            },
            "children": {"children": [{"ref": "c1", "school": {"name": "Y"}, "risk_notes": "Z"}]},
            "incidents": {"incidents": [{"what": "A story."}]},
        }
    )
    assert found == {
        "victim": {"given_names": "Ada", "addresses": [{"lines": ["1 Known Way"]}]},
        "perpetrators": [{"ref": "p1"}],
        "children": [{"ref": "c1"}],
    }
    assert rule.asked_about({"children": {"children": {"none": True}}}) == {}


@pytest.mark.parametrize("theme", Theme)
def test_every_theme_has_a_section_of_its_own_class(theme: Theme) -> None:
    form = {"people": [VICTIM], "entries": [an_entry(theme=str(theme))]}
    assert set(rule.lay(form)) == {rule.RETURN, rule.SECTION_OF[theme]}


def test_the_others_are_given_what_was_chosen_and_what_stays_is_apart() -> None:
    form = {
        "people": [
            {**VICTIM, "corrections": {"family_name": "Ash", "address": {"lines": ["3 Way"]}}},
            {
                "person": "CHILD",
                "ref": "c1",
                "known": "KNOWN_RELEVANT",
                "corrections": {"dob": "-"},
            },
        ],
        "entries": [
            an_entry(),
            an_entry(text="Secret one.", extract="WORDS", words="Said."),
            an_entry(text="Secret two.", extract="KEPT", reason="THIRD_PARTY"),
        ],
        "not_shared": [{"item": "Secret three.", "reason": "THIRD_PARTY"}],
    }
    parts = rule.lay(form)
    kept = parts.pop(rule.KEPT)
    assert json.dumps(kept).count("Secret") == 3
    assert "Secret" not in json.dumps(parts)
    told = [(each["text"], each["is_extract"]) for each in parts["research_health"]["entries"]]
    assert told == [("Original.", False), ("Said.", True)]
    assert parts[rule.RETURN]["not_shared"] == {"THIRD_PARTY": 2}
    assert "3 Way" not in json.dumps(parts["research_identity"])  # where she lives is its own class
    assert parts["research_address"]["corrections"][0]["address"] == {"lines": ["3 Way"]}
    assert parts["research_children"]["corrections"] == [
        {"person": "CHILD", "ref": "c1", "dob": "-"}
    ]


@pytest.mark.parametrize(
    ("codes", "is_nil"),
    [
        (["NOT_KNOWN"], True),
        (["NOT_KNOWN", "KNOWN_NO_RELEVANT"], True),
        (["NOT_KNOWN", "KNOWN_WITHHELD"], False),
        (["KNOWN_RELEVANT"], False),
    ],
)
def test_a_return_of_who_knows_nothing_is_a_nil_return(codes: list[str], is_nil: bool) -> None:
    assert rule.is_nil({"people": [{"known": code} for code in codes]}) is is_nil


def test_late_is_who_came_after_the_day_or_is_not_here() -> None:
    due = dict.fromkeys(("a", "b", "c", "d"), NOON)
    returned = {"a": NOON, "b": NOON + timedelta(seconds=1)}
    before = rule.progress(due, {"a": NOON}, NOON)
    assert (before.missing, before.late) == (("b", "c", "d"), ())
    after = rule.progress(due, returned, NOON + timedelta(hours=1))
    assert (after.returned, after.missing, after.late) == (("a", "b"), ("c", "d"), ("b", "c", "d"))

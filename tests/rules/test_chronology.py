"""The chronology: each line with its source, in order of time, out of what was handed over."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.profiles.loader import Profiles
from gateway.rules import chronology, risk_history
from gateway.rules.chronology import EventKind

INSTRUMENTS = Profiles.load().for_area("MARLBURY", date(2026, 11, 23)).instruments


def section(name: str, content: dict[str, Any], owner: str | None = "police") -> dict[str, Any]:
    found: dict[str, Any] = {"section": name, "level": "FULL", "content": content}
    return found | ({"owner": owner} if owner else {})


def incident(on: str, what: str = "He broke the door.") -> dict[str, Any]:
    return {
        "incidents": [
            {
                "occurred_on": {"value": on},
                "precision": "DAY",
                "kinds": ["VIOLENCE"],
                "what": what,
            }
        ]
    }


def found(on: str, nature: str) -> dict[str, Any]:
    entry = {"about": "RELEVANT_TO_RISK", "nature": nature, "text": "Heard it.", "on": on}
    return {"research": {"entries": [entry], "returned_at": "2026-11-20T09:00:00Z"}}


def test_M11_each_line_has_its_source_and_how_that_knows() -> None:
    told = [
        section("incidents", incident("2026-11-14"), "landlord"),
        section("research_incidents", found("2026-11-14", "THIRD_PARTY"), "police"),
        section("research_incidents", found("2026-11-01", "FACT"), None),
    ]
    lines = chronology.ordered(chronology.events(told))
    assert [(each.on, each.source, each.said, each.beside) for each in lines] == [
        (date(2026, 11, 14), "police", "THIRD_PARTY", 1),
        (date(2026, 11, 14), "landlord", "", 1),
        (date(2026, 11, 1), "", "FACT", 0),
    ]
    assert lines[0].told_on == date(2026, 11, 20)


def test_M11_what_has_no_day_comes_last_and_a_span_has_both_ends() -> None:
    unknown = {"incidents": [{"occurred_on": {"absent": "UNKNOWN"}, "what": "Often."}]}
    order = {"type": "NMO", "made_on": "2025-02-01", "ends_on": "2026-02-01"}
    orders = {"orders": [{**order, "hearing_on": "2025-01-20"}]}
    people = [{"person": "CHILD", "involvement": {"status": "OPEN", "since_on": "2024-05-01"}}]
    told = [
        section("incidents", unknown),
        section("orders", orders),
        section("research_return", {"research": {"people": people}}, "csc"),
    ]
    lines = chronology.ordered(chronology.events(told))
    kinds = [str(each.kind) for each in lines]
    assert kinds == ["ORDER", "COURT", "WORK", "INCIDENT"]
    assert lines[0].span == (date(2025, 2, 1), date(2026, 2, 1))
    assert lines[-1].span is None


def test_M11_what_is_no_account_is_not_set_side_by_side() -> None:
    """An inexact day, one source alone, and what is only marked as being there."""
    vague = incident("2026-11-14")
    vague["incidents"][0]["precision"] = "MONTH"
    told = [
        section("incidents", vague, "landlord"),
        section("incidents", incident("2026-11-14"), "police"),
        section("incidents", incident("2026-11-14"), "police"),
        section("health", {"present": True}),
        section("health", {"incidents": [{"injury": "A bruise."}]}),
    ]
    lines = chronology.ordered(chronology.events(told))
    assert [each.beside for each in lines] == [0, 0, 0]
    assert {each.kind for each in lines} == {EventKind.INCIDENT}


def assessment(on: str, yes: list[str], judged: str = "NONE") -> dict[str, Any]:
    answers = [{"item_id": item, "value": "YES", "source": "VICTIM"} for item in yes]
    form = {"instrument": "DASH_RIC@1", "assessed_on": on, "answers": answers}
    sent = [{**form, "level_professional": judged, "rationale": "Seen."}]
    return section("risk_answers", {"risk_assessments": {"value": sent}}, "idva")


def test_M13_risk_over_time_keeps_score_and_judgement_apart_and_past_items() -> None:
    told = [
        assessment("2026-11-01", ["DASH01", "DASH15"], "HIGH"),
        assessment("2026-09-01", ["DASH01", "DASH02"]),
    ]
    history = risk_history.assessments(told, INSTRUMENTS)
    assert [(str(each.on), each.score, each.judged, each.by_score) for each in history] == [
        ("2026-09-01", 2, "NONE", "STANDARD"),
        ("2026-11-01", 2, "HIGH", "STANDARD"),
    ]
    items = {each.item: each for each in risk_history.items(history)}
    assert [items[each].is_active for each in ("DASH01", "DASH15", "DASH02")] == [True, True, False]
    assert str(items["DASH01"].first_on) == "2026-09-01"
    assert str(items["DASH02"].last_on) == "2026-09-01"
    assert items["DASH15"].is_critical
    ordered = [each.item for each in risk_history.items(history)]
    assert ordered[0] == "DASH15"
    assert ordered[-1] == "DASH02"


def test_M13_an_instrument_nobody_knows_any_more_has_no_score() -> None:
    unknown = assessment("2026-11-01", ["DASH01"])
    unknown["content"]["risk_assessments"]["value"][0]["instrument"] = "GONE@1"
    assert risk_history.assessments([unknown], INSTRUMENTS) == ()
    assert risk_history.items(()) == ()

"""A referral as the rules see it: validated, with only the fields that a rule reads."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.schemas.codes import Answer

ON = date(2026, 11, 20)
DASH_ITEMS = [f"DASH{number:02}" for number in range(1, 25)]


def an_assessment(
    yes: int = 16, unknown: int = 0, *, judged: str = "NONE", instrument: str = "DASH_RIC@1"
) -> dict[str, Any]:
    """The first items answered YES, the last DONT_KNOW, the others NO."""
    values = ["YES"] * yes + ["NO"] * (24 - yes - unknown) + ["DONT_KNOW"] * unknown
    return {
        "instrument": instrument,
        "assessed_on": ON,
        "answers": [
            {"item_id": item, "value": Answer(value), "source": "VICTIM"}
            for item, value in zip(DASH_ITEMS, values, strict=True)
        ],
        "level_professional": judged,
    }


def an_incident(occurred_on: date | None = ON, *kinds: str, precision: str = "DAY") -> Any:
    """One incident; without a date a reason stands in its place."""
    if occurred_on is None:
        return {"occurred_on": {"absent": "UNKNOWN"}, "kinds": list(kinds or ["OTHER"])}
    when = {"occurred_on": {"value": occurred_on}, "precision": precision}
    return when | {"kinds": list(kinds or ["OTHER"])}


def heard(*hearings: tuple[str, date]) -> dict[str, Any]:
    """What the referrer says of earlier conferences: area and day of each."""
    said = [{"area": area, "heard_on": day} for area, day in hearings]
    return {"value": {"heard": True, "hearings": said}}


def a_document(**changes: Any) -> dict[str, Any]:
    """An adult who agrees, one incident today, DASH 16; "referral__danger" changes a member."""
    document: dict[str, Any] = {
        "referral": {
            "criteria": ["VISIBLE_HIGH_RISK"],
            "danger": "NONE",
            "previous_marac": {"absent": "UNKNOWN"},
        },
        "victim": {
            "dob": {"value": date(1992, 3, 14)},
            "dob_precision": "DAY",
            "position": "GIVEN",
            "care_support_needs": {"value": {"answer": False}},
        },
        "perpetrators": [{"ref": "p1"}],
        "children": {"none": True},
        "children_concern": "NONE",
        "incidents": [an_incident()],
        "risk_assessments": {"value": [an_assessment()]},
        "consent_record": {"capacity": "HAS", "coercion_concern": "NO"},
    }
    for path, value in changes.items():
        part, _, member = path.partition("__")
        if member:
            document[part][member] = value
        else:
            document[part] = value
    return document

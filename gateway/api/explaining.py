"""The door to explanations: what an agency would see of a case, now or if something changed."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response

from gateway.api.answers import as_json
from gateway.api.operations import PURPOSE, Call, Query, op, read_reference
from gateway.disclosure import Explained, Supposed
from gateway.errors import Invalid, Problem
from gateway.flows import cases
from gateway.schemas.codes import Position, Scope, Stage

AGENCY = Query("agency", r"[a-z0-9][a-z0-9-]{1,63}", "The agency asked about.", is_needed=True)
STAGE = Query("stage", "|".join(Stage), "If the case stood there; at the meeting, in the room.")
POSITION = Query("position", "|".join(Position), "If the victim said so; for who knows the risk.")
ON = Query("on", r"\d{4}-\d\d-\d\d", "With the rule tables in force on that day.")


@op(
    "GET",
    "/cases/<reference>/explain",
    scope=Scope.CASES_READ,
    summary="Ask what an agency would see",
    query=(AGENCY, PURPOSE, STAGE),
)
def explain_case(call: Call, reference: str) -> Response:
    """Which sections an agency would get at which level, and the row of the need-to-know matrix
    that decides each. Opens nothing. The coordinator may ask for any agency, whoever contributed
    something for what the tables would give of that, everyone for itself. What waits for a second
    person, because the team may serve both sides, is INDICATOR by the rule second-person."""
    with call.work() as work:
        found = cases.explain_view(
            work,
            read_reference(reference),
            call.query["agency"],
            call.purpose,
            supposed=_supposed(call),
        )
    return as_json(_shown(found))


@op(
    "GET",
    "/cases/<reference>/explain/changes",
    scope=Scope.CASES_READ,
    summary="Ask what an agency would see if something changed",
    query=(AGENCY, PURPOSE, STAGE, POSITION, ON),
)
def explain_change(call: Call, reference: str) -> Response:
    """What an agency would newly see, see more or less of, or no longer see, with another position
    of the victim, with the tables of another day, or at another stage: by section, and in plain
    sentences. Opens and changes nothing."""
    supposed = _supposed(call)
    with call.work() as work:
        found = cases.explain_change(
            work, read_reference(reference), call.query["agency"], call.purpose, supposed
        )
    rows = [
        {"section": row.section, "was": str(row.was), "now": str(row.now), "rule": row.rule}
        for row in found.rows
    ]
    return as_json(
        {
            "before": _shown(found.before),
            "after": _shown(found.after),
            "changes": rows,
            "in_words": list(found.in_words),
        }
    )


def _supposed(call: Call) -> Supposed:
    """What the query supposes.

    :raises Invalid: code bad_on, if there is no such day.
    """
    given = call.query
    try:
        on = date.fromisoformat(given["on"]) if "on" in given else None
    except ValueError:
        raise Invalid("There is no such day.", Problem("bad_date", "/on"), code="bad_on") from None
    stage = Stage(given["stage"]) if "stage" in given else None
    return Supposed(stage, Position(given["position"]) if "position" in given else None, on)


def _shown(found: Explained) -> dict[str, Any]:
    return {
        "agency": found.agency_id,
        "kind": str(found.kind),
        "purpose": str(found.purpose),
        "stage": str(found.stage),
        "is_member": found.is_member,
        "outcome": "REFUSED" if found.refused else "ALLOWED",
        "because": found.because,
        "sections": [
            {"section": name, "level": str(found.levels.get(name, "NONE")), "rule": rule}
            for name, rule in sorted(found.reasons.items())
        ],
        "versions": dict(found.versions),
    }

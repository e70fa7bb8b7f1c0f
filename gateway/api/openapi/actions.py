"""Owns what is answered about actions, flags and counts."""

from __future__ import annotations

from typing import Any

from gateway.api.openapi.shapes import (
    ANYTHING,
    NUMBER,
    REFERENCE,
    TEXT,
    TIME,
    TRUTH,
    code,
    each,
    members,
    or_null,
    said,
)
from gateway.schemas.action_codes import (
    ActionAbout,
    ActionAct,
    ActionStatus,
    ActionTheme,
    ActionUrgency,
)

Json = dict[str, Any]

_HIDDEN = "Null is hidden"
_COUNT = or_null(said({"type": "number"}, _HIDDEN))
_NUMBER = said(NUMBER, "Of the action in its case; drawn, so that no gap tells of others")
_STEP = members(
    "One thing that was done to it.",
    optional={"worker": TEXT, "reason": TEXT, "note": TEXT, "evidence": TEXT},
    act=code(ActionAct),
    status=code(ActionStatus, "After it"),
    by=said(TEXT, "Agency"),
    at=TIME,
)
_ACTION = members(
    "What is not there is not for you.",
    optional={
        "depends_on": said(NUMBER, "Another action of the case"),
        "text": TEXT,
        "evidence_wanted": TEXT,
        "risk_addressed": TEXT,
        "person": said(TEXT, "Who does it"),
        "steps": each(_STEP),
        "is_verified": said(TRUTH, "Who coordinates saw the evidence"),
    },
    number=_NUMBER,
    theme=code(ActionTheme),
    about=code(ActionAbout),
    urgency=code(ActionUrgency),
    owner=said(TEXT, "Agency"),
    owner_name=TEXT,
    due_at=TIME,
    status=code(ActionStatus),
    is_overdue=TRUTH,
    is_own=TRUTH,
)
_COLUMN = members(code=TEXT, by_meeting=each(_COUNT), quarter=_COUNT)
SCHEMAS: Json = {
    "actions-1": members(
        "The plan of a case as your agency may know it.",
        reference=REFERENCE,
        actions=each(_ACTION),
        has_others=said(TRUTH, "Others have something to do, of which you get no more"),
    ),
    "ActionList": members(
        "By codes alone; what is to be done is in the plan of each case.",
        actions=each(
            members(
                reference=REFERENCE,
                number=_NUMBER,
                owner=said(TEXT, "Agency"),
                status=code(ActionStatus),
                due_at=TIME,
                changed_at=TIME,
                is_own=TRUTH,
                is_overdue=TRUTH,
            )
        ),
    ),
    "FlagList": members(
        flags=each(
            members(
                reference=REFERENCE,
                until=said({"type": "string", "format": "date"}, "Its last day"),
                over=said(TRUTH, "It has ended and is to be taken off"),
            )
        )
    ),
    "FlagAnswer": members(flag=code(("REMOVED",))),
    "Report": members(
        "Counts alone.",
        area=TEXT,
        quarter=TEXT,
        hidden=said(TRUTH, "So few cases that nothing is said"),
        meetings=each(each(TEXT, "Days; meetings of few cases stand together")),
        counts=each(_COLUMN),
        sources=each(_COLUMN, "Who referred"),
        partner_share=_COUNT,
        measures=each(members(code=TEXT, value=_COUNT, unit=TEXT)),
        tables=each(
            members(
                code=TEXT,
                columns=each(TEXT),
                rows=each(members(code=TEXT, numbers=each(_COUNT))),
                total=each(_COUNT),
            )
        ),
        year=said(ANYTHING, "Twelve months, each number the sum of four quarters' own"),
    ),
}

"""Owns what the operations about consent answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.api.openapi.shapes import (
    ANYTHING,
    REFERENCE,
    TEXT,
    TIME,
    TRUTH,
    code,
    each,
    members,
    said,
)
from gateway.rules import owing
from gateway.rules.releasing import WAITING

SCHEMAS: Mapping[str, dict[str, Any]] = {
    "readings-1": members(
        "What was already read of a case.",
        optional={"objected_at": said(TIME, "When the victim's objection was recorded")},
        reference=TEXT,
        readings=each(ANYTHING, "Who read which sections, when, for what and on which basis"),
    ),
    "DueList": members(
        items=each(
            members(
                reference=REFERENCE,
                code=code(
                    (owing.OVERRIDE, owing.REVIEW, owing.RENEW, owing.ENDED, *sorted(WAITING))
                ),
                by=code((owing.RECORDER, owing.COORDINATOR)),
                due_at=TIME,
                late=TRUTH,
            )
        )
    ),
}
DUE = {
    "items": [
        {
            "reference": "7K3MQ-2XF8A-C",
            "code": owing.OVERRIDE,
            "by": owing.RECORDER,
            "due_at": "2026-11-24T09:00:00Z",
            "late": False,
        }
    ]
}

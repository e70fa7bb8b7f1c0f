"""The door to counts: a quarter of an area, with small numbers hidden."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response

from gateway.api.answers import as_json
from gateway.api.operations import Call, Query, op
from gateway.flows import reports
from gateway.flows.reports import Column, Report, Why
from gateway.schemas.codes import Limited, Scope

QUARTER = Query("quarter", r"20[0-9]{2}-Q[1-4]", "Such as 2026-Q4.", is_needed=True)
WHY = Query("why", "|".join(Why), "What the report is made for; it stands in the log.", True)


@op(
    "GET",
    "/reports",
    scope=Scope.CONFERENCE_READ,
    summary="Count a quarter",
    query=(QUARTER, WHY),
    takes=Limited.EXPORT,  # it looks into many cases
)
def make_report(call: Call) -> Response:
    """For who coordinates an area: the counts that the national return asks for by meeting, and how
    the area does. Numbers from 1 to 5 are null, and as few others as keep them from being worked
    out."""
    with call.work() as work:
        found = reports.make_report(work, call.query["quarter"], Why(call.query["why"]))
    return as_json(_document(found))


def _document(found: Report) -> dict[str, Any]:
    """A report as codes and numbers; null is hidden."""
    return {
        "area": found.area,
        "quarter": found.quarter,
        "hidden": found.is_hidden,
        "meetings": [[day.isoformat() for day in days] for days in found.meetings],
        "counts": [_column(each) for each in found.columns],
        "sources": [_column(each) for each in found.sources],
        "partner_share": found.partner_share,
        "measures": [
            {"code": each.code, "value": each.value, "unit": each.unit} for each in found.measures
        ],
        "tables": [
            {
                "code": each.code,
                "columns": list(each.columns),
                "rows": [{"code": row.code, "numbers": list(row.numbers)} for row in each.rows],
                "total": list(each.total),
            }
            for each in found.tables
        ],
        "year": asdict(found.year) if found.year else None,
    }


def _column(column: Column) -> dict[str, Any]:
    return {"code": column.code, "by_meeting": list(column.counts), "quarter": column.total}

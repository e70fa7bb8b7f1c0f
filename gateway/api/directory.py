"""The door to the directory of partners."""

from __future__ import annotations

from flask import Response

from gateway.api.answers import as_json
from gateway.api.operations import Call, op
from gateway.flows import directory
from gateway.schemas.codes import Scope


@op(
    "GET",
    "/directory",
    scope=Scope.DIRECTORY_READ,
    summary="List the partner agencies",
)
def list_directory(call: Call) -> Response:
    """Every registered agency: kind, area, who holds its private key (custody), and the keys to
    seal to."""
    with call.work() as work:
        found = directory.list_agencies(work)
    return as_json(
        {
            "agencies": [
                {
                    "agency": row.agency_id,
                    "name": row.name,
                    "kind": str(row.kind),
                    "area": row.area,
                    "custody": str(row.custody),
                    "is_suspended": row.is_suspended,
                    "keys": [dict(key) for key in row.keys],
                }
                for row in found
            ]
        }
    )

"""Owns what is answered about research: a request, and an agency's own return."""

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
from gateway.schemas.codes import AgencyKind, ListingKind

Json = dict[str, Any]

_ADDRESSES = each(ANYTHING, "Lines, town, postcode: where to search")
_PEOPLE = members(
    "Names and dates of birth as they were referred. What is not there is not for you.",
    optional={
        "victim": members(optional={"addresses": _ADDRESSES}),
        "perpetrators": each(
            members(optional={"ref": TEXT, "addresses": _ADDRESSES, "relationship": TEXT})
        ),
        "children": each(members(optional={"ref": TEXT})),
    },
)
_MEMBERS: Json = {
    "reference": REFERENCE,
    "starts_at": said(TIME, "When the conference is"),
    "kind": code(ListingKind, "Why it is heard"),
    "referrer": code(AgencyKind, "What kind of agency referred"),
    "due_at": TIME,
    "version": said(NUMBER, "Of your newest return; 0 if none has come"),
    "returned_at": or_null(said(TIME, "Of your first return")),
    "late": TRUTH,
    "people": _PEOPLE,
}
REQUEST = members("One case.", **_MEMBERS)
OWN = members(
    "One case, with what your agency returned.",
    **_MEMBERS,
    versions=each(
        members(version=NUMBER, at=TIME, worker=or_null(said(TEXT, "Who returned it for you")))
    ),
    research=said(ANYTHING, "research/1, the newest version as it was sent; null if none has come"),
)

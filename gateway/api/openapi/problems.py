"""Owns what is said about errors: every code of a problem document, and which answer has which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.api.operations import Operation
from gateway.api.problem import MEDIA_TYPE

# Code -> status, and what it means and what to do. A test compares it with the code of the service.
REQUESTS: Mapping[str, tuple[int, str]] = {
    "bad_request": (400, "The request is not well formed."),
    "bad_agency": (400, "The agency in the query is not an agency id."),
    "bad_commit": (400, "The commitment in the query is not one."),
    "bad_cursor": (400, "The cursor is not one that this operation gave you."),
    "bad_format": (400, "The format in the query is not json, html or pdf."),
    "bad_new": (400, "The later size in the query is not a number."),
    "bad_old": (400, "The earlier size in the query is not a number."),
    "bad_purpose": (400, "The purpose in the query is not one that this operation takes."),
    "agency_missing": (400, "Say in the query which agency you ask about."),
    "idempotency_key_missing": (400, "Send an Idempotency-Key: a UUID in its usual spelling."),
    "purpose_missing": (400, "Say in the query why you read: P1 to P11."),
    "purpose_not_allowed": (400, "An agency of your kind does not read for this purpose."),
    "replayed_jti": (400, "The document was used before. Sign it again with a new jti."),
    "undecipherable": (
        400,
        "The envelope could not be opened, or is not by your agency, for this gateway, now.",
    ),
    "unknown_form": (400, "There is no such form, or not in this version."),
    "unknown_parameter": (400, "The operation has no such query parameter."),
    "invalid_dpop_proof": (401, "The proof of possession does not hold. Sign a fresh one."),
    "invalid_token": (401, "The access token does not hold. Get a new one."),
    "missing_token": (401, "Send an access token: Authorization: DPoP …"),
    "use_dpop_nonce": (401, "Repeat with the nonce of the DPoP-Nonce header in the proof."),
    "insufficient_scope": (403, "The token lacks the scope of this operation."),
    "mismatch": (403, "The document names another worker than the token does."),
    "not_found": (
        404,
        "There is nothing there for you. What does not exist and what is not yours look the same.",
    ),
    "method_not_allowed": (405, "This address does not take this method."),
    "already_listed": (409, "The case is on this list already."),
    "conflict": (409, "The request contradicts what already stands."),
    "idempotency_key_reused": (409, "The Idempotency-Key was used for other content."),
    "illegal_state": (409, "The case does not go there from where it stands."),
    "in_progress": (409, "The first request under this Idempotency-Key is still at work. Wait."),
    "too_large": (413, "The body is larger than 4 MB."),
    "unsupported_media_type": (415, "Send the media type that the operation takes."),
    "invalid": (422, "The document is not of its form. Each fault has a code and a pointer."),
    "not_sealed": (422, "A section that must be sealed is not sealed to all its recipients."),
    "unknown_instrument": (422, "The area has no such risk instrument, or not in this version."),
    "unknown_item": (422, "The risk instrument has no such item."),
    "error": (500, "A fault of ours. Nothing was disclosed; try again later."),
    "unavailable": (
        503,
        "A part that must work is down. Nothing was disclosed or changed; try again later.",
    ),
}

_RESPONSES: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "The request is not well formed."),
    401: ("Unauthorized", "The token or its proof does not hold."),
    403: ("Forbidden", "The token lacks the scope, or names another worker."),
    404: ("NotFound", "There is nothing there for you."),
    409: ("Conflict", "The request contradicts what already stands."),
    413: ("TooLarge", "The body is too large."),
    415: ("WrongMediaType", "The body is of another media type."),
    422: ("Invalid", "The document is not of its form; each fault has a code and a pointer."),
    500: ("Fault", "A fault of ours."),
    503: ("Unavailable", "A part that must work is down; nothing was disclosed or changed."),
}


def listed() -> list[dict[str, Any]]:
    """Return every code with its status and its words, as they are published."""
    return [
        {"code": code, "status": status, "says": says} for code, (status, says) in REQUESTS.items()
    ]


def responses() -> dict[str, Any]:
    """Return the answers that several operations share, each with its codes."""
    return {name: _response(status, says) for status, (name, says) in _RESPONSES.items()}


def of(declared: Operation) -> dict[str, Any]:
    """Return the errors that an operation can answer with."""
    statuses = {400, 401, 403, 404, 500, 503}
    if declared.is_once:
        statuses |= {409}
    if declared.form is not None:
        statuses |= {413, 415, 422}
    return {
        str(status): {"$ref": f"#/components/responses/{_RESPONSES[status][0]}"}
        for status in sorted(statuses)
    }


def _response(status: int, says: str) -> dict[str, Any]:
    codes = [code for code, (each, _) in REQUESTS.items() if each == status]
    found: dict[str, Any] = {
        "description": f"{says} Codes: {', '.join(codes)}.",
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/problem-1"}},
        },
    }
    if status in (401, 403):
        header = {"description": "The scheme DPoP and the error.", "schema": {"type": "string"}}
        found["headers"] = {"WWW-Authenticate": header}
    if status == 503:
        header = {"description": "Seconds to wait.", "schema": {"type": "string"}}
        found["headers"] = {"Retry-After": header}
    return found

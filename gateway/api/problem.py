"""Owns how an error is answered: problem+json (RFC 9457), mapped once, nothing sent repeated."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from gateway.api.access import challenge, current_nonce
from gateway.api.house import house
from gateway.errors import (
    Conflict,
    GatewayError,
    Invalid,
    Mismatch,
    NotFound,
    OutOfScope,
    TooMany,
    Unauthenticated,
    Unavailable,
    place_of,
)
from gateway.schemas.chance import new_uuid
from gateway.schemas.problem import PROBLEM_TEXTS

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[GatewayError], HTTPStatus], ...] = (
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (OutOfScope, HTTPStatus.FORBIDDEN),
    (Mismatch, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)
# The form was read and says something it may not; everything else malformed is a bad request.
_FORM_FAULTS = frozenset({"invalid", "not_sealed"})
_NAMES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}


class WrongMediaType(GatewayError):
    """The body is of another media type than the operation takes."""

    code = "unsupported_media_type"


def register(app: Flask) -> None:
    """Answer every error of an application as a problem document."""
    app.register_error_handler(GatewayError, answer_expected)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(SQLAlchemyError, answer_broken_database)
    app.register_error_handler(Exception, answer_unexpected)


def answer_expected(error: GatewayError) -> Response:
    """Answer one of our own errors."""
    status = _status(error)
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = challenge(error.code)
        if error.code == "use_dpop_nonce":
            headers["DPoP-Nonce"] = current_nonce()
    if isinstance(error, OutOfScope):
        headers["WWW-Authenticate"] = challenge(error.code)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.wait)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    # A refusal and an absence are the same bytes: neither has a detail of its own.
    code = "not_found" if isinstance(error, NotFound) else error.code
    detail = "" if isinstance(error, NotFound) else error.message
    problems = error.problems if isinstance(error, Invalid) else ()
    errors = [
        {"code": p.code, "pointer": p.pointer, "detail": PROBLEM_TEXTS.get(p.code, "")}
        for p in problems
    ]
    return _answer(status, code, detail, errors, headers)


def answer_http(error: HTTPException) -> Response:
    """Answer an error of the framework: no such route, method, size or type."""
    status = error.code or 500
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    }
    return _answer(HTTPStatus(status), _NAMES.get(status, "error"), "", [], headers)


def answer_unexpected(error: Exception) -> Response:
    """Answer a fault of ours. What went wrong is logged by type and place, never by value."""
    _note(error)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "error", "", [], {})


def answer_broken_database(error: SQLAlchemyError) -> Response:
    """Answer that the database cannot be used: nothing was committed, so nothing is disclosed."""
    _note(error)
    return answer_expected(Unavailable("The database could not be used."))


def _note(error: Exception) -> None:
    log.error("unexpected %s at %s", type(error).__name__, place_of(error))


def _status(error: GatewayError) -> HTTPStatus:
    if isinstance(error, WrongMediaType):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if isinstance(error, Invalid):
        codes = {problem.code for problem in error.problems}
        is_form_fault = error.code in _FORM_FAULTS or bool(codes & _FORM_FAULTS)
        return HTTPStatus.UNPROCESSABLE_ENTITY if is_form_fault else HTTPStatus.BAD_REQUEST
    return next(
        (status for kind, status in _STATUS if isinstance(error, kind)),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def _answer(
    status: HTTPStatus,
    code: str,
    detail: str,
    errors: list[dict[str, str]],
    headers: dict[str, str],
) -> Response:
    body: dict[str, Any] = {
        "type": f"{house().settings.base_url}/problems#{code}",
        "title": TITLES.get(int(status), status.phrase),
        "status": int(status),
        "code": code,
        "instance": f"urn:uuid:{new_uuid(house().chance)}",
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, int(status), headers, content_type=MEDIA_TYPE)


# http.HTTPStatus changed some of its phrases between Python versions; ours stay.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

"""Owns how an error is told on a page: what happened, and what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Response, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Answer

from gateway.desk.guard import SignedOut, Visit, desk, written
from gateway.desk.place import ROOT, house
from gateway.desk.render import show
from gateway.desk.users import signed_in
from gateway.errors import (
    Conflict,
    GatewayError,
    Invalid,
    Mismatch,
    NotFound,
    TooMany,
    Unavailable,
    place_of,
)

log = logging.getLogger(__name__)

UNSIGNED = "declaration_missing"

_SAYS: tuple[tuple[type[GatewayError], HTTPStatus, str, str], ...] = (
    (
        NotFound,
        HTTPStatus.NOT_FOUND,
        "Page not found",
        "If you typed the address, check it. There may be nothing here for you.",
    ),
    (Mismatch, HTTPStatus.FORBIDDEN, "That did not work", ""),
    (Conflict, HTTPStatus.CONFLICT, "Somebody was quicker", ""),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS, "Too often", "Wait a minute and try again."),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY, "Check what you entered", ""),
    (
        Unavailable,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The service is not available",
        "Nothing was shown or changed. Try again in a minute.",
    ),
)


@desk.errorhandler(SignedOut)
def signed_out_meanwhile(error: SignedOut) -> Response:
    """Give back what somebody wrote, for nothing keeps it."""
    return show("expired", status=HTTPStatus.UNAUTHORIZED, texts=written(), sign="")


@desk.errorhandler(GatewayError)
def expected(error: GatewayError) -> Answer:
    """Tell one of our own errors; lead who has not signed for a conference to what is signed."""
    conference_id = (request.view_args or {}).get("conference_id")
    if error.code == UNSIGNED and conference_id:
        return _to_declaration(conference_id)
    for kind, status, title, text in _SAYS:
        if isinstance(error, kind):
            code = "not_found" if kind is NotFound else error.code
            answer = _page(status, title, text or error.message, code)
            if isinstance(error, TooMany):
                answer.headers["Retry-After"] = str(error.wait)
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                answer.headers["Retry-After"] = "5"
            return answer
    return _page(HTTPStatus.FORBIDDEN, "That did not work", error.message, error.code)


@desk.errorhandler(HTTPException)
def of_framework(error: HTTPException) -> Answer:
    """Tell that there is no such page, or that too much was sent."""
    status = HTTPStatus(error.code or 500)
    if status is HTTPStatus.NOT_FOUND:
        return expected(NotFound())
    return _page(status, "That did not work", "Open the page again.")


@desk.errorhandler(SQLAlchemyError)
def broken_database(error: SQLAlchemyError) -> Answer:
    """Tell that the database cannot be used."""
    log.error("unexpected %s at %s", type(error).__name__, place_of(error))
    return expected(Unavailable())


@desk.errorhandler(Exception)
def unexpected(error: Exception) -> Response:
    """Tell a fault of ours; what went wrong is logged by type and place, never by value."""
    log.error("unexpected %s at %s", type(error).__name__, place_of(error))
    return _page(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something went wrong with us",
        "Nothing was changed. If it happens again, tell whoever runs the service.",
    )


def _to_declaration(conference_id: str) -> Answer:
    """Lead there; what somebody wrote meanwhile is given back first."""
    place = f"{ROOT}/conferences/{conference_id}/declaration"
    if request.method == "POST" and (texts := written()):
        return show("expired", _visit(HTTPStatus.CONFLICT), status=409, texts=texts, sign=place)
    return redirect(place, 303)


def _page(status: HTTPStatus, title: str, text: str, code: str = "error") -> Response:
    return show("problem", _visit(status), status=int(status), title=title, text=text, code=code)


def _visit(status: HTTPStatus) -> Visit | None:
    """Who is signed in, for the heading of the page; nobody, where not even that can be told."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    here = house()
    try:
        return Visit(here, here.clock(), signed_in())
    except GatewayError:
        return None

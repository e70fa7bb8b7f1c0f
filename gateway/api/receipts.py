"""The door to receipts: what an agency was given of a case, and who looked at one's own."""

from __future__ import annotations

from datetime import datetime

from flask import Response

from gateway.agencies import cursors
from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_sealed
from gateway.api.operations import CURSOR, P10, Call, Query, op, read_reference
from gateway.errors import Invalid, Problem
from gateway.flows import cases
from gateway.ledger import sequence
from gateway.schemas import moments
from gateway.schemas.codes import Scope

GIVEN_TO = Query(
    "agency", r"[a-z0-9][a-z0-9-]{1,63}", "Whose receipts; without it, your own agency's."
)
UNTIL = Query(
    "until",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "What was given up to then (RFC 3339, UTC); without it, up to now.",
)
AFTER = Query("after", r"\d{1,7}", "How many receipts were on earlier pages.")


@op(
    "GET",
    "/cases/<reference>/receipts",
    scope=Scope.LOG_READ,
    summary="See what an agency was given of a case",
    query=(P10, GIVEN_TO, UNTIL, AFTER),
    answers=JOSE_TYPE,
)
def list_receipts(call: Call, reference: str) -> Response:
    """The receipts of what one agency was given of a case up to a moment, and what it knew by then:
    each section at its highest level, since when and last. Your own agency's with signatures, to be
    checked offline by gateway-verify; any agency's for the case's coordinator, and for the auditor
    with what was withheld and why."""
    until = _until(call)
    with call.work() as work:
        sealed = cases.replay(
            work,
            read_reference(reference),
            call.query.get("agency", call.caller.agency_id),
            until,
            after=int(call.query.get("after", "0")),
            issuer=call.base_url,
        )
    return as_sealed(call, sealed)


@op(
    "GET",
    "/looks",
    scope=Scope.LOG_READ,
    summary="See who looked at what you contributed",
    query=(P10, CURSOR),
    answers=JOSE_TYPE,
)
def list_looks(call: Call) -> Response:
    """Which agencies were given what yours contributed, in any case and since the cursor, oldest
    first: when, and which sections. Keep `next` for the next call: nothing is skipped and nothing
    comes twice."""
    sequence(call.house.sessions, call.house.keys, now=call.now)
    with call.work() as work:
        sealed = cases.list_looks(
            work,
            cursors.unseal(work, call.query.get("cursor"), "looks"),
            issuer=call.base_url,
            seal_place=lambda place: cursors.seal(work, place, "looks"),
        )
    return as_sealed(call, sealed)


@op(
    "GET",
    "/cases/<reference>/access-statement",
    scope=Scope.CASES_READ,
    summary="Make a survivor's access statement",
    answers=JOSE_TYPE,
)
def make_statement(call: Call, reference: str) -> Response:
    """For a named worker of the victim's adviser: who looked at what is kept about her, what for
    and on what ground, in plain words that name no agency, worker or place, and nothing about him.
    Refused unless her newest dated position says that it is safe to tell her. Nothing is sent:
    hand it over only where nobody else finds it."""
    with call.work() as work:
        sealed = cases.make_statement(work, read_reference(reference), issuer=call.base_url)
    return as_sealed(call, sealed)


def _until(call: Call) -> datetime:
    """The moment asked about.

    :raises Invalid: code bad_until, if there is no such moment.
    """
    if "until" not in call.query:
        return call.now
    try:
        return moments.read(call.query["until"])
    except ValueError:
        raise Invalid(
            "There is no such moment.", Problem("bad_format", "/until"), code="bad_until"
        ) from None

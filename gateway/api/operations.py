"""Owns the declaration of an operation: one place for its guard, its inputs and its description.

Whatever has no declaration is not reachable. The guard is outermost: who lacks a scope learns
nothing about validation. The same declarations give the published OpenAPI.
"""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec

from flask import Blueprint, Response, request

from gateway.agencies.inbox import JOSE_TYPE, JSON_TYPE
from gateway.api import rates
from gateway.api.access import authenticate, current_nonce, require_scope
from gateway.api.house import House, house
from gateway.api.problem import WrongMediaType
from gateway.disclosure import ways
from gateway.errors import Invalid, Problem
from gateway.ledger import Work, begin, look
from gateway.rules.facts import Caller
from gateway.schemas import forms, strict_json
from gateway.schemas import reference as references
from gateway.schemas.codes import Limited, Purpose, Scope

P = ParamSpec("P")

v1 = Blueprint("v1", __name__, url_prefix="/v1")


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter: codes and ids only, never anything personal."""

    name: str
    pattern: str
    says: str
    is_needed: bool = False


PURPOSE = Query("purpose", r"P([1-9]|1[01])", "Why you read: P1 to P11.", is_needed=True)
P10 = Query("purpose", r"P10", "Reading the log is audit: P10.", is_needed=True)
CURSOR = Query("cursor", r"[A-Za-z0-9_-]{1,200}", "Where the last page ended.")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API as it is declared, enforced and published."""

    name: str
    method: str
    rule: str
    scope: Scope
    limit: Limited
    summary: str
    says: str
    form: str | None  # published form of the body
    is_sealed: bool  # the body is a signed and encrypted document
    is_once: bool  # Idempotency-Key is mandatory
    query: tuple[Query, ...]
    status: int
    answers: str  # media type of the answer
    example: Mapping[str, Any] | None

    @property
    def is_write(self) -> bool:
        """Whether it does more than look, so that its proof must carry a nonce of ours."""
        return self.method not in ("GET", "HEAD")


OPERATIONS: list[Operation] = []


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated, checked call."""

    house: House
    caller: Caller
    now: datetime
    query: Mapping[str, str]
    body: str = field(default="", repr=False)  # the sealed document
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)  # the checked plain body
    key: str = ""

    def work(self) -> AbstractContextManager[Work]:
        """Open the Work of this call."""
        house = self.house
        return begin(
            house.sessions,
            house.keys,
            self.caller,
            self.now,
            profiles=house.profiles,
            chance=house.chance,
        )

    def look(self) -> AbstractContextManager[Work] | None:
        """Open a look, if somebody is there to write what it counts; otherwise it is a Work."""
        house, tally = self.house, self.house.sequencer.tally
        if tally is None:
            return None
        return look(
            house.sessions,
            house.keys,
            self.caller,
            self.now,
            profiles=house.profiles,
            tally=tally,
        )

    @property
    def purpose(self) -> Purpose:
        """The stated purpose."""
        return Purpose(self.query["purpose"])

    @property
    def base_url(self) -> str:
        """Issuer and audience."""
        return self.house.settings.base_url


View = Callable[Concatenate[Call, P], Response]


def op(
    method: str,
    rule: str,
    *,
    scope: Scope,
    summary: str,
    form: str | None = None,
    sealed: bool = False,
    once: bool = False,
    query: tuple[Query, ...] = (),
    status: int = 200,
    answers: str = JSON_TYPE,
    example: Mapping[str, Any] | None = None,
    takes: Limited | None = None,
) -> Callable[[View[P]], Callable[P, Response]]:
    """Declare a view as an operation of version 1; it counts as what it `takes`, if said."""

    def declare(view: View[P]) -> Callable[P, Response]:
        if view.__name__ not in ways.OPERATIONS:
            raise ValueError("an operation that is not a registered way out")
        declared = Operation(
            name=view.__name__,
            method=method,
            rule=rule,
            scope=scope,
            limit=takes or _limit(method, form, answers),
            summary=summary,
            says=" ".join((view.__doc__ or "").split()),
            form=form,
            is_sealed=sealed,
            is_once=once,
            query=query,
            status=status,
            answers=answers,
            example=example,
        )
        OPERATIONS.append(declared)

        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            here = house()
            caller = authenticate(request, needs_nonce=declared.is_write)
            require_scope(caller, declared.scope)
            rates.require(here, caller, declared.limit, here.clock())
            here.pressure.require(here.clock(), is_write=declared.is_write)
            response = view(_read(declared, here, caller), *args, **kwargs)
            response.headers["DPoP-Nonce"] = current_nonce()
            return response

        guarded.gateway_scope = scope  # type: ignore[attr-defined]  # walked by a test and at start
        v1.add_url_rule(rule, view.__name__, guarded, methods=[method])
        return guarded

    return declare


def _limit(method: str, form: str | None, answers: str) -> Limited:
    """What an operation counts as: a referral is matched, a sealed answer hands something out."""
    if form == "referral/1":
        return Limited.MATCH
    if method != "GET":
        return Limited.WRITE
    return Limited.EXPORT if answers == JOSE_TYPE else Limited.READ


def read_reference(written: str) -> str:
    """The stored form of a reference in a path.

    What is no reference takes the way of one that does not exist, and is answered the same.
    """
    return references.read(written) or "-"


def _read(declared: Operation, here: House, caller: Caller) -> Call:
    call = Call(
        house=here,
        caller=caller,
        now=here.clock(),
        query=_query(declared),
        key=_key() if declared.is_once else "",
    )
    if declared.form is None:
        return call
    wanted = JOSE_TYPE if declared.is_sealed else JSON_TYPE
    if request.mimetype != wanted:
        raise WrongMediaType("The body is of another media type than this operation takes.")
    raw = request.get_data(cache=False)
    if declared.is_sealed:
        return _with(call, body=_ascii(raw))
    return _with(call, data=forms.load_body(forms.BODIES[declared.form], strict_json.parse(raw)))


def _with(call: Call, **changes: Any) -> Call:
    kept = {name: getattr(call, name) for name in ("house", "caller", "now", "query", "key")}
    return Call(**{**kept, **changes})


def _ascii(raw: bytes) -> str:
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise Invalid("The body is not a compact envelope.", code="undecipherable") from None


def _query(declared: Operation) -> dict[str, str]:
    """Check the query string: known names, each once, each of its pattern.

    :raises Invalid: naming the parameter by pointer.
    """
    known = {each.name: each for each in declared.query}
    given: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in known:
            raise Invalid(
                "There is no such query parameter.",
                Problem("unknown_field", ""),
                code="unknown_parameter",
            )
        if len(values) > 1 or not re.fullmatch(known[name].pattern, values[0], re.ASCII):
            raise Invalid(
                "A query parameter is not of its form.",
                Problem("bad_format", f"/{name}"),
                code=f"bad_{name}",
            )
        given[name] = values[0]
    for each in declared.query:
        if each.is_needed and each.name not in given:
            raise Invalid(
                "A query parameter is missing.",
                Problem("missing", f"/{each.name}"),
                code=f"{each.name}_missing",
            )
    return given


def _key() -> str:
    """The Idempotency-Key: a UUID in its usual spelling.

    :raises Invalid: if it is missing or another thing.
    """
    sent = request.headers.get("Idempotency-Key", "")
    try:
        found = str(uuid.UUID(sent))
    except ValueError:
        found = ""
    if not found or found != sent.lower():
        raise Invalid("An Idempotency-Key (UUID) is needed.", code="idempotency_key_missing")
    return found

"""Owns who may open a page: each declares its roles, and what has no declaration is not reachable.

The guard is outermost. A page that somebody may not open looks like one that does not exist.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, cast

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response as Answer

from gateway.agencies.people import Person, SignedIn
from gateway.desk import cookies, users
from gateway.desk.cookies import Held
from gateway.desk.place import ROOT, house
from gateway.disclosure import ways
from gateway.errors import Denied, GatewayError, Mismatch, NotFound, TooMany
from gateway.flows import people as flows
from gateway.house import House
from gateway.ledger import Work, begin
from gateway.rules.breakglass import is_fresh
from gateway.rules.facts import Caller
from gateway.schemas.codes import Limited, PersonRole

P = ParamSpec("P")

desk = Blueprint("desk", __name__, url_prefix=ROOT, static_folder="static")
PUBLIC_ENDPOINTS = {"desk.static"}  # and every page that is declared `public`
ANYBODY = frozenset(PersonRole)
_CHOSEN = re.compile(r"[A-Z][A-Z0-9_]*(@[0-9]+)?", re.ASCII)
_NOTE_AFTER = 60  # seconds
_WRITTEN = (  # long texts; of several of a kind, each has its number behind a dash
    *("reason", "alternative_route", "quality_note", "note", "account"),
    *(
        "text",
        "evidence",
        "words",
        "item",
        "action",
        "staff_safety_warning",
        "info_if_absent",
        "private_note",
    ),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One page that somebody opens, or sends; of a public page nobody is known."""

    house: House
    now: datetime
    signed_in: SignedIn | None

    @property
    def person(self) -> Person:
        """Who is signed in."""
        if self.signed_in is None:
            raise LookupError("a public page knows nobody")
        return self.signed_in.person

    def work(self, caller: Caller | None = None) -> AbstractContextManager[Work]:
        """Open the Work of this page: of who is signed in, or of who is about to be."""
        here = self.house
        who = caller or self.person.caller
        return begin(here.sessions, here.keys, who, self.now, profiles=here.profiles)


class SignedOut(GatewayError):
    """The session ended while somebody wrote; the form was that session's own."""

    code = "signed_out"


View = Callable[Concatenate[Visit, P], Answer]


def page(
    rule: str,
    *,
    roles: Collection[PersonRole],
    method: str = "GET",
    is_dangerous: bool = False,
    takes: Limited | None = None,
) -> Callable[[View[P]], Callable[P, Answer]]:
    """Declare a page for people with one of these roles.

    One that `is_dangerous` wants a proof of who it is that is at most five minutes old.
    """

    def declare(view: View[P]) -> Callable[P, Answer]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
            here = house()
            now = here.clock()
            _require_own_page()
            found = users.signed_in()
            if found is None:
                return _signed_out()
            limit = takes or (Limited.READ if method == "GET" else Limited.WRITE)
            require_rate(here, limit, found.person.agency_id, now)
            if not found.person.roles & frozenset(roles):
                _refuse(here, found.person.caller, "no-role", now)
            here.pressure.require(now, is_write=method != "GET")
            _note_use(here, found, now)
            if is_dangerous and not is_fresh(found.person.caller, now):
                return redirect(f"{ROOT}/prove?for={view.__name__}", 303)
            return view(Visit(here, now, found), *args, **kwargs)

        guarded.gateway_roles = frozenset(roles)  # type: ignore[attr-defined]
        _add(rule, view, guarded, method)
        return guarded

    return declare


def public(rule: str, *, method: str = "GET") -> Callable[[View[P]], Callable[P, Answer]]:
    """Declare a page for whoever has not signed in yet; it knows nobody and shows no case."""

    def declare(view: View[P]) -> Callable[P, Answer]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
            here = house()
            _require_own_page()
            return view(Visit(here, here.clock(), None), *args, **kwargs)

        PUBLIC_ENDPOINTS.add(f"desk.{view.__name__}")
        _add(rule, view, guarded, method)
        return guarded

    return declare


def require_rate(here: House, what: Limited, whose: str, now: datetime) -> None:
    """Take one from a bucket of the database, which all workers of the service share.

    :raises TooMany: if it is empty.
    """
    rate = here.profiles.rates[what]
    empty = here.replay.take(
        f"{what}|{whose}", burst=rate.burst, per_second=rate.per_minute / 60, now=now
    )
    if empty is not None:
        here.replay.count_failure(f"too-many-{what}", now)
        raise TooMany("This was done too often.", wait=max(1, math.ceil(empty.wait)))


def held() -> Held:
    """What the browser holds."""
    return cast(Any, session)._get_current_object()  # type: ignore[no-any-return]


def _add(rule: str, view: Any, guarded: Any, method: str) -> None:
    if view.__name__ not in ways.PAGES:
        raise ValueError("a page that is not a registered way out")
    desk.add_url_rule(rule, view.__name__, guarded, methods=[method])


def _require_own_page() -> None:
    """Refuse what another site made this browser send (Fetch Metadata; a token in every form).

    :raises Mismatch: if so, or if it cannot be told.
    """
    if request.method in ("GET", "HEAD"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    is_ours = site == "same-origin" if site else origin == house().settings.base_url
    if not is_ours or not cookies.holds(held(), request.form.get("token", "")):
        raise Mismatch("The form was not ours, or is too old. Open the page again.")


def written() -> list[str]:
    """The long texts of the form that was sent: nobody should have to write them twice."""
    texts = [
        text
        for name, value in request.form.items()
        if name.split("-")[0] in _WRITTEN and (text := value.strip())
    ]
    return texts + [text for name in request.form if name.startswith("/") for text in _typed(name)]


def _typed(name: str) -> list[str]:
    """What was typed into a field of a referral; a choice is quickly made again."""
    found = (text.strip() for text in request.form.getlist(name))
    return [text for text in found if len(text) > 3 and not _CHOSEN.fullmatch(text)]


def _signed_out() -> Answer:
    """Lead to the sign-in.

    :raises SignedOut: if that would lose what somebody wrote.
    """
    if request.method == "POST" and written():
        raise SignedOut("The session has ended.")
    return redirect(f"{ROOT}/sign-in", 303)


def _note_use(here: House, found: SignedIn, now: datetime) -> None:
    if (now - found.seen_at).total_seconds() < _NOTE_AFTER:
        return
    with begin(here.sessions, here.keys, found.person.caller, now) as work:
        flows.note_use(work, found.digest)


def _refuse(here: House, caller: Caller, because: str, now: datetime) -> None:
    """Record that a page was refused, and let it look absent.

    :raises NotFound: always.
    """
    with suppress(NotFound), begin(here.sessions, here.keys, caller, now) as work:
        work.attempt("page.opened")
        raise Denied(because)
    raise NotFound

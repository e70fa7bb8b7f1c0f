"""Owns signing in and out: passkey first, password with code second, links that are used once."""

from __future__ import annotations

import re

from flask import Response, redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import passkeys, passwords, people
from gateway.agencies.people import Held, Person
from gateway.desk import users
from gateway.desk.guard import ANYBODY, Visit, page, public, require_rate
from gateway.desk.place import ROOT, house, site
from gateway.desk.render import show
from gateway.errors import GatewayError, Mismatch, NotFound
from gateway.flows import people as flows
from gateway.schemas.codes import Limited, OneTime

_NAME = re.compile(r"([a-z0-9][a-z0-9_-]{0,63})/([a-z0-9][a-z0-9_-]{0,63})", re.ASCII)
_EVERYBODY = "@desk"  # whose bucket is used before anybody is known
_WRONG = "That did not work. Check what you entered and try again."
_HERE = frozenset({"localhost", "127.0.0.1"})
_CLEAR = '"cache", "storage"'


@public("/sign-in")
def sign_in(visit: Visit) -> Answer:
    """Ask who somebody is."""
    return _form()


@public("/sign-in/passkey/options", method="POST")
def passkey_options(visit: Visit) -> Answer:
    """What the browser is asked to sign."""
    require_rate(visit.house, Limited.PUBLIC, _EVERYBODY, visit.now)
    return _json(passkeys.options_to_sign_in(site(), now=visit.now))


@public("/sign-in/passkey", method="POST")
def sign_in_with_passkey(visit: Visit) -> Answer:
    """Sign in whoever's key signed it."""
    answer = request.form.get("answer", "")
    try:
        row = people.find_key(visit.house.sessions, answer)
        if row is None:
            raise Mismatch("The passkey is not known.")
        person = _known(visit, row.agency_id, row.worker_id)
        with visit.work(person.caller) as work:
            secret = flows.sign_in_with_passkey(work, site(), answer, row)
    except GatewayError as error:
        return _refused(visit, error, "passkey")
    return _go(secret)


@public("/sign-in/password", method="POST")
def sign_in_with_password(visit: Visit) -> Answer:
    """Sign in who knows a password and reads its code."""
    password, code = request.form.get("password", ""), request.form.get("code", "")
    try:
        person = _named(visit)
    except Mismatch as error:
        passwords.spend(password)  # an unknown name is answered no sooner than a wrong password
        return _refused(visit, error, "password")
    try:
        with visit.work(person.caller) as work:
            secret = flows.sign_in_with_password(work, password, code)
    except GatewayError as error:
        return _refused(visit, error, "password")
    return _go(secret)


@public("/sign-in/recovery", method="POST")
def sign_in_with_recovery(visit: Visit) -> Answer:
    """Sign in with a code that was kept for a lost device."""
    try:
        person = _named(visit)
        held = people.recovery(person.agency_id, person.worker_id, request.form.get("code", ""))
        with visit.work(person.caller) as work:
            secret = flows.sign_in_with_recovery(work, held)
    except GatewayError as error:
        return _refused(visit, error, "recovery")
    return _go(secret, f"{ROOT}/account")


@public("/link/<text>")
def link(visit: Visit, text: str) -> Answer:
    """Show where a one-time link leads; only the button uses it up, so no preview does."""
    held, kind, person = _linked(visit, text)
    return show("link", text=text, kind=str(kind), whose=person, held=held.agency_id)


@public("/link/<text>", method="POST")
def follow_link(visit: Visit, text: str) -> Answer:
    """Use a link up and sign in."""
    held, kind, person = _linked(visit, text)
    require_rate(visit.house, Limited.SIGN_IN, f"link|{held.digest.hex()}", visit.now)
    with visit.work(person.caller) as work:
        secret = flows.sign_in_with_link(work, held, kind)
    return _go(secret, ROOT if kind is OneTime.DEMONSTRATION else f"{ROOT}/account")


@page("/sign-out", roles=ANYBODY, method="POST")
def sign_out(visit: Visit) -> Answer:
    """End this session, and let the browser forget what it saw."""
    with visit.work() as work:
        flows.sign_out(work, visit.signed_in.digest if visit.signed_in else b"")
    return _leave()


@page("/sign-out-everywhere", roles=ANYBODY, method="POST")
def sign_out_everywhere(visit: Visit) -> Answer:
    """End all of a person's sessions."""
    with visit.work() as work:
        flows.sign_out_everywhere(work)
    return _leave()


@public("/signed-out")
def signed_out(visit: Visit) -> Answer:
    """Say that it is over."""
    answer = show("signed_out")
    answer.headers["Clear-Site-Data"] = _CLEAR
    return answer


@public("/<path:rest>")
def missing(visit: Visit, rest: str) -> Answer:
    """Say that there is no such page, as for one that somebody may not open."""
    raise NotFound


def _leave() -> Answer:
    users.end()
    answer = redirect(f"{ROOT}/signed-out", 303)
    answer.headers["Clear-Site-Data"] = _CLEAR
    return answer


def _form(said: str = "", *, tried: str = "", status: int = 200) -> Response:
    return show(
        "sign_in",
        status=status,
        has_script=True,
        said=said,
        tried=tried,
        typed=request.form.get("name", "")[:140] if tried else "",
    )


def _refused(visit: Visit, error: GatewayError, tried: str) -> Answer:
    """One answer for whatever was wrong: who is known here is nobody's to find out."""
    if not isinstance(error, Mismatch | NotFound):
        raise error
    visit.house.replay.count_failure(f"desk-{tried}", visit.now)
    return _form(_WRONG, tried=tried, status=403)


def _named(visit: Visit) -> Person:
    """The person of a sign-in name, within what may be tried for it.

    :raises Mismatch: if there is none.
    """
    found = _NAME.fullmatch(request.form.get("name", "").strip().lower())
    require_rate(visit.house, Limited.PUBLIC, _EVERYBODY, visit.now)
    if found is None:
        raise Mismatch(_WRONG)
    require_rate(visit.house, Limited.SIGN_IN, f"{found[1]}/{found[2]}", visit.now)
    return _known(visit, found[1], found[2])


def _known(visit: Visit, agency_id: str, worker_id: str) -> Person:
    person = people.find(visit.house.sessions, agency_id, worker_id, visit.now)
    if person is None:
        raise Mismatch(_WRONG)
    return person


def _linked(visit: Visit, text: str) -> tuple[Held, OneTime, Person]:
    """What a link leads to. One of a demonstration exists nowhere else.

    :raises NotFound: if nothing.
    """
    held = people.read_secret(text)
    require_rate(visit.house, Limited.PUBLIC, _EVERYBODY, visit.now)
    if held is None:
        raise NotFound
    found = people.find_link(visit.house.sessions, held, visit.now)
    settings = house().settings
    is_demo = settings.mode == "demo" and site().host in _HERE
    if found is None or (found[0] is OneTime.DEMONSTRATION and not is_demo):
        raise NotFound
    return held, found[0], found[1]


def _go(secret: str, to: str = ROOT) -> Answer:
    users.begin(secret)
    return redirect(to, 303)


def _json(text: str) -> Response:
    return Response(text, content_type="application/json")

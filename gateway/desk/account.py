"""Owns a person's own page: with what it proves who it is, and where it is signed in."""

from __future__ import annotations

import hmac
import ipaddress

from flask import Response, redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import passkeys
from gateway.desk import users
from gateway.desk.guard import ANYBODY, Visit, page, require_rate
from gateway.desk.place import ROOT, site
from gateway.desk.render import show
from gateway.errors import Invalid, Mismatch
from gateway.flows import people as flows
from gateway.schemas.codes import Limited

# Where a proof of just now leads back to; nothing that was sent is ever an address.
AFTER = {
    "account": f"{ROOT}/account",
    "begin_password": f"{ROOT}/account/password",
    "colleagues": f"{ROOT}/people",
    "invite": f"{ROOT}/people",
    "end_colleague": f"{ROOT}/people",
}


@page("/account", roles=ANYBODY)
def account(visit: Visit) -> Answer:
    """Show what a person has to prove who it is."""
    return _account(visit)


@page("/account/passkey/options", roles=ANYBODY, method="POST", is_dangerous=True)
def new_passkey_options(visit: Visit) -> Answer:
    """What the browser is asked, to make a passkey."""
    with visit.work() as work:
        return _json(flows.ask_for_passkey(work, site()))


@page("/account/passkey", roles=ANYBODY, method="POST", is_dangerous=True)
def add_passkey(visit: Visit) -> Answer:
    """Keep the passkey that it made."""
    with visit.work() as work:
        flows.add_passkey(work, site(), request.form.get("answer", ""))
    return redirect(f"{ROOT}/account", 303)


@page("/account/password", roles=ANYBODY, is_dangerous=True)
def begin_password(visit: Visit) -> Answer:
    """Show the seed of the codes once, and ask for a first one."""
    return _password(visit)


@page("/account/password", roles=ANYBODY, method="POST", is_dangerous=True)
def set_password(visit: Visit) -> Answer:
    """Keep a password once the first code is right."""
    password = request.form.get("password", "")
    try:
        if not hmac.compare_digest(password.encode(), request.form.get("again", "").encode()):
            raise Invalid("The two passwords are not the same.")
        with visit.work() as work:
            flows.set_password(
                work, password, request.form.get("seed", ""), request.form.get("code", "")
            )
    except Invalid as error:
        return _password(visit, said=error.message, status=422)
    return redirect(f"{ROOT}/account", 303)


@page("/account/codes", roles=ANYBODY, method="POST", is_dangerous=True)
def recovery_codes(visit: Visit) -> Answer:
    """Make codes for a lost device, and show them once."""
    with visit.work() as work:
        codes = flows.new_recovery_codes(work)
    return show("codes", visit, codes=codes)


@page("/prove", roles=ANYBODY)
def prove(visit: Visit) -> Answer:
    """Ask a signed-in person to prove anew who it is."""
    return _prove(visit, request.args.get("for", ""))


@page("/prove/options", roles=ANYBODY, method="POST")
def prove_again_options(visit: Visit) -> Answer:
    """What the browser is asked to sign."""
    user = f"{visit.person.agency_id}/{visit.person.worker_id}"
    return _json(passkeys.options_to_sign_in(site(), now=visit.now, user=user))


@page("/prove", roles=ANYBODY, method="POST", takes=Limited.WRITE)
def prove_again(visit: Visit) -> Answer:
    """Check the proof, and go on with a new session."""
    person, now_in = visit.person, visit.signed_in
    require_rate(visit.house, Limited.SIGN_IN, f"{person.agency_id}/{person.worker_id}", visit.now)
    if now_in is None:
        raise Mismatch
    asked = request.form.get("for", "")
    try:
        with visit.work() as work:
            secret = flows.prove_again(
                work,
                site(),
                now_in,
                answer=request.form.get("answer", ""),
                password=request.form.get("password", ""),
                code=request.form.get("code", ""),
            )
    except Mismatch:
        return _prove(visit, asked, said="That did not work. Try again.", status=403)
    users.begin(secret)
    return redirect(AFTER.get(asked, f"{ROOT}/account"), 303)


def _account(visit: Visit) -> Response:
    with visit.work() as work:
        proofs = flows.list_proofs(work)
    return show(
        "account",
        visit,
        has_script=True,
        proofs=proofs,
        signed_in=visit.signed_in,
        can_have_passkey=_is_named(site().host),
    )


def _password(visit: Visit, *, said: str = "", status: int = 200) -> Response:
    with visit.work() as work:
        address, typed, seed = flows.begin_password(work, host=site().host)
    return show(
        "password", visit, status=status, address=address, typed=typed, seed=seed, said=said
    )


def _prove(visit: Visit, asked: str, *, said: str = "", status: int = 200) -> Response:
    with visit.work() as work:
        proofs = flows.list_proofs(work)
    known = asked if asked in AFTER else ""
    return show(
        "prove", visit, status=status, has_script=True, asked=known, said=said, proofs=proofs
    )


def _is_named(host: str) -> bool:
    """Whether passkeys hold here at all: for a name, never for a number (WebAuthn 5.1.2)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def _json(text: str) -> Response:
    return Response(text, content_type="application/json")

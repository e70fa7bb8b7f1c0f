"""Owns client authentication by a signed assertion (RFC 7523, FAPI 2.0 section 5.3.2.1).

Every failure has the same answer, so that nobody learns which agencies exist, are suspended, or
have which workers. The true reason is counted; once the signature held it is an entry of the log.
"""

# Authlib has no types.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NoReturn

from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, OAuth2Request
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion

from gateway.agencies import clients, workers
from gateway.agencies.clients import Client
from gateway.api.house import House, house
from gateway.api.refusals import record_refusal
from gateway.errors import Invalid
from gateway.ledger import reading_as, reading_registry
from gateway.rules.facts import Caller
from gateway.schemas.strict_json import parse
from gateway.sealing import jose

METHOD = "private_key_jwt"
MAX_ASSERTION = 8192
LIFE, AHEAD = 300, 10  # seconds
FRESH = 300  # seconds for which a worker's sign-in counts
MAX_METHODS, METHODS = 5, re.compile(r"[a-z0-9]{2,12}")
TYPES = (None, "JWT", "client-authentication+jwt")


@dataclass
class Applicant(ClientMixin):
    """An agency that proved its key, and the worker that its assertion names."""

    caller: Caller
    kid: str  # of the key that it proved
    jkt: str = ""  # of the proof of possession that came with the request

    def get_client_id(self) -> str:
        """Return the agency's id."""
        return self.caller.agency_id

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope as asked for if the agency has all of it, else None: never less."""
        asked = (scope or "").split(" ")
        if len(set(asked)) != len(asked) or not self.caller.scopes.issuperset(asked):
            return None
        return scope

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether the client may authenticate like this: only by its key."""
        return method == METHOD

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use this grant."""
        return grant_type == "client_credentials"


class Rejected(Exception):
    """The client is not let in; `because` goes to the log or the counters, never outside."""

    def __init__(self, because: str, caller: Caller | None = None) -> None:
        super().__init__(because)
        self.because = because
        self.caller = caller


class PrivateKeyJwt(JWTBearerClientAssertion):
    """Authlib's method with its own reading of the assertion replaced by ours."""

    CLIENT_AUTH_METHOD = METHOD

    def __call__(self, query_client: object, request: OAuth2Request) -> Applicant:
        """Return who sent the request.

        :raises InvalidClientError: for every failure alike.
        """
        here = house()
        now = here.clock()
        try:
            return authenticate_client(request.form, here, now)
        except Rejected as rejected:
            if rejected.caller is None:
                here.replay.count_failure(rejected.because, now)
            else:
                record_refusal(here, rejected.caller, "token.requested", rejected.because, now)
            raise InvalidClientError from None


def authenticate_client(form: Mapping[str, str], here: House, now: datetime) -> Applicant:
    """Check the assertion of a token, introspection or revocation request.

    :raises Rejected: with the true reason, and the caller once its signature held.
    """
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != PrivateKeyJwt.CLIENT_ASSERTION_TYPE:
        _reject("assertion-missing")
    client, kid, claims = _verified(assertion, here, now)
    if form.get("client_id", client.agency_id) != client.agency_id:
        _reject("assertion-claims")
    _check_claims(claims, here.settings.base_url, int(now.timestamp()))
    _use(claims, here, now)
    if client.is_suspended:
        raise Rejected("agency-suspended", client.caller())
    return Applicant(_worker(client, claims, here, now), kid)


def _verified(assertion: str, here: House, now: datetime) -> tuple[Client, str, dict[str, Any]]:
    """The client whose registered key made the signature, that key's id, and what it signed.

    For an agency or a key that is not there the same statements are sent, and a signature is
    checked all the same: the time of an answer does not tell who is registered.
    """
    kid, alg, claims = _stated(assertion)
    client = _find(here, claims["sub"], now)
    key = client.keys.get(kid) if client else None
    if key is not None and jose.alg_of(key) != alg:
        key = None
    try:
        jose.verify_with(
            assertion,
            key or jose.decoy(alg),
            typ=None,
            header_keys={"alg", "kid"},
            optional_keys={"typ"},
        )
    except Invalid:
        _reject("assertion-signature" if key else "assertion-key")
    if client is None or key is None:
        _reject("assertion-key")
    return client, kid, claims


def _stated(assertion: str) -> tuple[str, str, dict[str, Any]]:
    """Key id, algorithm and claims as the assertion says them; nothing is verified yet."""
    if len(assertion) > MAX_ASSERTION:
        _reject("assertion-malformed")
    try:
        header = jose.peek(assertion)
        claims = parse(jose.b64u_decode(assertion.split(".")[1]))
    except Invalid:
        _reject("assertion-malformed")
    kid, alg = header.get("kid"), header.get("alg")
    if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
        _reject("assertion-malformed")
    if not workers.is_id(claims["sub"]) or claims.get("iss") != claims["sub"]:
        _reject("assertion-claims")
    if not isinstance(kid, str) or alg not in jose.SIGNATURES or header.get("typ") not in TYPES:
        _reject("assertion-key")
    return kid, str(alg), claims


def _find(here: House, agency_id: str, now: datetime) -> Client | None:
    with reading_registry(here.sessions) as session:
        return clients.find(session, agency_id, now)


def _check_claims(claims: Mapping[str, Any], issuer: str, now: int) -> None:
    """Refuse an assertion for another server, of another time, or that lives too long.

    `aud` is the issuer as one string: an assertion for the address of an endpoint, or for several
    servers at once, could be used elsewhere. `iat` is required, for the replay store.
    """
    iat, exp = _time(claims.get("iat")), _time(claims.get("exp"))
    nbf = _time(claims.get("nbf", 0))
    if claims.get("aud") != issuer:
        _reject("assertion-audience")
    if not (now - LIFE <= iat <= now + AHEAD and nbf <= now + AHEAD and now < exp <= now + LIFE):
        _reject("assertion-time")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 16 <= len(jti) <= 128:
        _reject("assertion-claims")


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _reject("assertion-claims")
    return value


def _use(claims: Mapping[str, Any], here: House, now: datetime) -> None:
    is_first = here.replay.first_use(
        "assertion",
        htu="",
        jkt=claims["sub"],
        jti=claims["jti"],
        issued_at=claims["iat"],
        expires_at=int(claims["exp"]) + 1,
        now=now,
    )
    if not is_first:
        _reject("assertion-replayed")


def _worker(client: Client, claims: Mapping[str, Any], here: House, now: datetime) -> Caller:
    """The caller with its worker (F7): registered, of this very agency, and not suspended."""
    if "worker" not in claims:
        return client.caller()
    with reading_as(here.sessions, client.agency_id) as session:
        found = workers.find(session, agency_id=client.agency_id, worker_id=claims["worker"])
    if found is None:
        raise Rejected("worker-unknown", client.caller())
    if found.suspended_at is not None:
        raise Rejected("worker-suspended", client.caller(found.id))
    caller = replace(client.caller(found.id), is_chair=found.is_chair)
    return _signed_in(caller, claims, now)


def _signed_in(caller: Caller, claims: Mapping[str, Any], now: datetime) -> Caller:
    """The caller with when and how its worker last proved who it is, if that was just now.

    As OpenID Connect says it: `auth_time` in seconds, `amr` a list of methods (RFC 8176). What is
    older is not carried on, and opens nothing that needs it fresh.
    """
    if "auth_time" not in claims and "amr" not in claims:
        return caller
    at, methods = _time(claims.get("auth_time")), claims.get("amr")
    if not isinstance(methods, list) or not 1 <= len(methods) <= MAX_METHODS:
        raise Rejected("assertion-claims", caller)
    if not all(isinstance(each, str) and METHODS.fullmatch(each) for each in methods):
        raise Rejected("assertion-claims", caller)
    if at > now.timestamp() + AHEAD:
        raise Rejected("assertion-time", caller)
    if at < now.timestamp() - FRESH:
        return caller
    moment = min(datetime.fromtimestamp(int(at), UTC), now)
    return replace(caller, authenticated_at=moment, method=" ".join(methods))


def _reject(because: str) -> NoReturn:
    raise Rejected(because)

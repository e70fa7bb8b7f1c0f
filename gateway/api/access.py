"""Owns who a request is from: the access token, its proof, and whether either was stopped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from flask import Request

from gateway.agencies import callers
from gateway.api import dpop
from gateway.api.house import House, house
from gateway.api.refusals import record_refusal
from gateway.errors import Invalid, OutOfScope, Unauthenticated
from gateway.rules.facts import Caller
from gateway.schemas.codes import Scope
from gateway.schemas.strict_json import parse
from gateway.sealing import jose

TYPE = "at+jwt"
MAX_TOKEN = 4096
CLAIMS = {"iss", "sub", "client_id", "aud", "iat", "exp", "jti", "scope", "cnf", "key"}
METADATA_PATH = "/.well-known/oauth-protected-resource"
_ERRORS = {"invalid_token", "invalid_dpop_proof", "use_dpop_nonce", "insufficient_scope"}


def authenticate(request: Request, *, needs_nonce: bool = False) -> Caller:
    """Return who sent the request: a token of ours under the scheme DPoP, with a fresh proof.

    Suspension of the agency or worker, the end of its key and revocation of the token hold at
    once. A failure before the client is known is counted; one after it is an entry of the access
    log. With `needs_nonce` the proof carries a nonce of ours, so that none can be made ahead of
    its use.

    :raises Unauthenticated: otherwise; `code` is the error of RFC 6750 or RFC 9449.
    """
    here = house()
    now = here.clock()
    try:
        claims = _proven(request, here, now, needs_nonce)
        standing = callers.standing(here.sessions, claims, now)
        if standing is None:
            _refuse()
    except Unauthenticated as refusal:
        here.replay.count_failure(refusal.code.replace("_", "-"), now)
        raise
    if standing.refused is not None:
        record_refusal(here, standing.caller, "token.used", standing.refused, now)
        _refuse()
    return standing.caller


def require_scope(caller: Caller, scope: Scope) -> None:
    """Refuse a caller whose token lacks the scope of an operation, and record it.

    :raises OutOfScope: answered 403 with `challenge`.
    """
    if scope not in caller.scopes:
        here = house()
        record_refusal(here, caller, "token.used", f"no-scope-{scope}", here.clock())
        raise OutOfScope("The token lacks the scope of this operation.")


def challenge(code: str | None = None, *, scope: Scope | None = None) -> str:
    """Return the WWW-Authenticate header of a 401 or 403 (RFC 9449 section 7.1, RFC 9728)."""
    parts = {
        "error": code if code in _ERRORS else None,
        "scope": scope,
        "algs": " ".join(jose.SIGNATURES),
        "resource_metadata": house().settings.base_url + METADATA_PATH,
    }
    return "DPoP " + ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)


def current_nonce() -> str:
    """Return the value of the DPoP-Nonce header: of a demand for it, and of every good answer.

    On a resource no other 401 carries it: there are clients that take any nonce for a demand.
    """
    here = house()
    return dpop.nonce(dpop.nonce_key(here.keys.cursor), here.clock())


def read_token(token: str, here: House) -> Mapping[str, Any]:
    """Return the claims of an access token that this gateway signed for itself.

    Its expiry and revocation are not looked at.

    :raises Unauthenticated: for anything else.
    """
    try:
        kid = _kid(token) if len(token) <= MAX_TOKEN else None
        own = next((jwk for jwk in here.keys.token.public if jwk["kid"] == kid), None)
        if own is None:
            _refuse()
        claims = _signed(token, tuple(own.items()))
    except Invalid:
        _refuse()
    base_url = here.settings.base_url
    if claims["iss"] != base_url or claims["aud"] != base_url:
        _refuse()
    return claims


@lru_cache(maxsize=1024)
def _kid(token: str) -> Any:
    """The key that a token says it is signed with."""
    return jose.peek(token).get("kid")


@lru_cache(maxsize=1024)  # some 3 KB each
def _signed(token: str, own: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
    """Verify once for all requests that carry the same token; failures are not remembered."""
    key = jose.import_public(dict(own), "sig")
    payload = jose.verify_with(token, key, typ=TYPE, algs=("ES256",))
    claims = parse(payload)
    if not isinstance(claims, dict) or not claims.keys() >= CLAIMS:
        _refuse()
    return claims


def _proven(request: Request, here: House, now: datetime, needs_nonce: bool) -> Mapping[str, Any]:
    """The claims of a live token whose key signed a fresh proof for this very request."""
    token = _presented(request)
    claims = read_token(token, here)
    if not claims["exp"] > now.timestamp():
        _refuse()
    proof = dpop.check(
        request,
        base_url=here.settings.base_url,
        now=now,
        access_token=token,
        nonce_key=dpop.nonce_key(here.keys.cursor) if needs_nonce else None,
    )
    if not dpop.same(proof.jkt, claims["cnf"]["jkt"]):
        _refuse()
    dpop.use(proof, here.replay, now)
    return claims


def _presented(request: Request) -> str:
    """The token of the Authorization header, under the scheme DPoP alone."""
    header = request.headers.get("Authorization")
    if header is None:
        raise Unauthenticated("An access token is needed.", code="missing_token")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "dpop" or "," in token:  # a header that was sent twice comes joined
        _refuse()
    return token


def _refuse() -> NoReturn:
    raise Unauthenticated("The access token does not hold.")

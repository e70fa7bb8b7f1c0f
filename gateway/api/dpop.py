"""Owns proof of possession: that whoever sends a request holds the key of its token (RFC 9449)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from flask import Request

from gateway.agencies.replay import Replay
from gateway.errors import Invalid, Unauthenticated
from gateway.schemas.strict_json import parse
from gateway.sealing import jose

MAX_PROOF = 8192
PAST, AHEAD = 60, 10  # seconds that a client's clock may be slow or fast
HEADER = frozenset({"typ", "alg", "jwk"})
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds for this request; not yet known to be used for the first time."""

    jkt: str  # RFC 7638 thumbprint of its key
    jti: str
    htu: str
    issued_at: float


def check(
    request: Request,
    *,
    base_url: str,
    now: datetime,
    access_token: str | None = None,
    nonce_key: bytes | None = None,
) -> Proof:
    """Check everything in RFC 9449 section 4.3 but first use; with `nonce_key` the nonce too.

    The address is compared with the configured `base_url`, never with what the request claims
    to have been sent to.

    :raises Unauthenticated: with code `invalid_dpop_proof` or `use_dpop_nonce`.
    """
    token = request.headers.get("DPoP", "")
    # A header that was sent twice comes joined by a comma (RFC 3875 section 4.1.18).
    if not token or len(token) > MAX_PROOF or "," in token:
        _refuse()
    jwk, claims = _signed(token)
    htu = base_url + request.path
    _check_claims(claims, method=request.method, htu=htu, now=now.timestamp())
    if nonce_key is not None and not _is_current(nonce_key, claims.get("nonce"), now):
        raise Unauthenticated("The proof lacks the server's nonce.", code="use_dpop_nonce")
    if access_token is not None and not _is_for(claims.get("ath"), access_token):
        _refuse()
    return Proof(jose.thumbprint(jwk), claims["jti"], htu, claims["iat"])


def use(proof: Proof, replay: Replay, now: datetime) -> None:
    """Record the proof's first use, for all workers of the service.

    :raises Unauthenticated: if it was used before.
    """
    is_first = replay.first_use(
        "dpop",
        htu=proof.htu,
        jkt=proof.jkt,
        jti=proof.jti,
        issued_at=proof.issued_at,
        expires_at=int(proof.issued_at) + PAST + 1,
        now=now,
    )
    if not is_first:
        _refuse()


def nonce(key: bytes, now: datetime) -> str:
    """Return the nonce of this minute: a counter and its HMAC, so that none is ever stored."""
    return _nonce(key, int(now.timestamp()) // 60)


@lru_cache(maxsize=4)  # the current one and the one before, while it is exchanged
def nonce_key(secret: bytes) -> bytes:
    """Derive the key of the nonces from a secret that all workers hold."""
    return hmac.digest(secret, b"dpop-nonce|v1", "sha256")


def _signed(token: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The proof's own key, and the claims that it signed."""
    try:
        stated = jose.read_signed(token)
        jwk = stated.header.get("jwk")
        if not isinstance(jwk, dict):
            _refuse()
        key = jose.import_public(jwk, "sig")  # private members are refused there
        claims = parse(jose.verify_with(stated, key, typ="dpop+jwt", header_keys=HEADER))
    except Invalid:
        _refuse()
    if not isinstance(claims, dict):
        _refuse()
    return jwk, claims


def _check_claims(claims: Mapping[str, Any], *, method: str, htu: str, now: float) -> None:
    iat, jti = claims.get("iat"), claims.get("jti")
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        _refuse()
    if not now - PAST <= iat <= now + AHEAD:
        _refuse()
    if not isinstance(jti, str) or not 16 <= len(jti) <= 128:
        _refuse()
    if claims.get("htm") != method or not _is_address(claims.get("htu"), htu):
        _refuse()


def _is_address(claimed: object, htu: str) -> bool:
    """Compare after syntax-based and scheme-based normalisation (RFC 3986 section 6.2)."""
    if claimed == htu:
        return True
    try:
        ours, theirs = urlsplit(htu), urlsplit(claimed if isinstance(claimed, str) else "")
        ports = [part.port or _PORTS.get(part.scheme) for part in (ours, theirs)]
    except ValueError:
        return False
    return (
        "@" not in theirs.netloc
        and (ours.scheme, ours.hostname) == (theirs.scheme, theirs.hostname)
        and ports[0] == ports[1]
        and ours.path == unquote(theirs.path)
    )


def _is_for(ath: object, access_token: str) -> bool:
    digest = hashlib.sha256(access_token.encode()).digest()
    return isinstance(ath, str) and same(ath, jose.b64u(digest))


def _is_current(key: bytes, claimed: object, now: datetime) -> bool:
    minute = int(now.timestamp()) // 60
    return isinstance(claimed, str) and any(
        same(claimed, _nonce(key, counter)) for counter in (minute, minute - 1)
    )


@lru_cache(maxsize=8)  # of the minutes that count now
def _nonce(key: bytes, counter: int) -> str:
    mac = hmac.digest(key, counter.to_bytes(8, "big"), "sha256")
    return f"{counter}.{jose.b64u(mac[:16])}"


def same(one: str, other: str) -> bool:
    """Compare in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _refuse() -> NoReturn:
    raise Unauthenticated("The proof of possession does not hold.", code="invalid_dpop_proof")

"""Owns single sign-on: the way of a person to the partnership's own provider, and back.

OpenID Connect Core 1.0, code flow with PKCE (RFC 7636), `private_key_jwt` (RFC 7523) and the
answer's issuer (RFC 9207). Whoever comes back is known by the issuer's subject that this very
person linked; never by an e-mail address, and nobody is made. What a library leaves open is asked
here: which algorithms sign, how old the proof is, and that there were two factors.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from urllib.parse import urlsplit

from gateway.agencies.replay import Replay
from gateway.config import SignOn
from gateway.errors import Mismatch, Unavailable, Undecipherable
from gateway.sealing import cells, jose

ROUND_FOR = timedelta(minutes=10)  # from leaving to coming back
SIGNED_BY = ("ES256", "PS256", "RS256")  # what may sign an ID token, whatever the provider lists
LONGEST = 4096  # characters of what comes back
_CONTEXT = "single-sign-on|v1"
_PATIENCE = (3, 5)  # seconds: to connect, to be answered
_LARGEST = 200_000  # bytes of what a provider publishes
_KNOWN_FOR = timedelta(hours=1)
_SKEW = timedelta(seconds=60)
_HERE = frozenset({"localhost", "127.0.0.1"})
_PLACES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Why(StrEnum):
    """What a person went to the provider for."""

    SIGN_IN = "sign-in"
    PROVE = "prove"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Round:
    """One way there and back, as the browser keeps it, sealed.

    `whose` and `session` are empty where nobody is signed in yet; `then` names where it goes on.
    """

    why: Why
    state: str
    nonce: str
    verifier: str
    began: int  # seconds since 1970
    whose: str = ""
    session: str = ""
    then: str = ""


@dataclass(frozen=True, slots=True)
class Proven:
    """Whom the provider named, by a digest, and when that person proved it there."""

    subject: bytes
    at: datetime


class Provider:
    """The partnership's provider; what it publishes is fetched when it is needed, and kept an hour.

    Nothing that a browser sent is ever fetched: addresses come from the settings, and from what
    the address of the settings publishes.
    """

    def __init__(self, settings: SignOn, redirect_uri: str) -> None:
        self.name = settings.name
        self._settings, self._redirect_uri = settings, redirect_uri
        self._places: dict[str, Any] = {}
        self._fetched_at: datetime | None = None

    def begin(
        self,
        key: bytes,
        why: Why,
        now: datetime,
        *,
        whose: str = "",
        session: str = "",
        then: str = "",
    ) -> tuple[str, str]:
        """The address to go to, and the sealed round for the browser to keep meanwhile.

        :raises Unavailable: if the provider cannot be reached or publishes something else.
        """
        from authlib.integrations.requests_client import OAuth2Session  # late: few services need it

        places = self._published(now)
        going = Round(
            why,
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(48),
            int(now.timestamp()),
            whose,
            session,
            then,
        )
        with cast(Any, OAuth2Session)(
            self._settings.client_id,
            redirect_uri=self._redirect_uri,
            scope="openid",
            code_challenge_method="S256",
        ) as session_there:
            asked = {"max_age": str(int(_fresh(why).total_seconds())), "nonce": going.nonce}
            if why is not Why.SIGN_IN:
                asked["prompt"] = "login"
            address, _ = session_there.create_authorization_url(
                places["authorization_endpoint"],
                state=going.state,
                code_verifier=going.verifier,
                **asked,
            )
        sealed = cells.wrap_key(key, json.dumps(asdict(going)).encode(), _CONTEXT)
        return str(address), jose.b64u(sealed)

    def finish(
        self, round_: Round, answer: Mapping[str, str], replay: Replay, now: datetime
    ) -> Proven:
        """Whom the provider named in answer to this round.

        :raises Mismatch: if anything about the answer does not hold.
        :raises Unavailable: if the provider cannot be reached.
        """
        code = self._code(round_, answer, replay, now)
        token = self._exchange(round_, code, now)
        claims = self._claims(token, now)
        return self._proven(round_, claims, now)

    def _code(self, round_: Round, answer: Mapping[str, str], replay: Replay, now: datetime) -> str:
        if any(len(value) > LONGEST for value in answer.values()):
            raise Mismatch("The answer is too long.")
        if not hmac.compare_digest(answer.get("state", "").encode(), round_.state.encode()):
            raise Mismatch("The answer is to another question.")
        issuer = answer.get("iss")
        if issuer is None:
            must = self._published(now).get("authorization_response_iss_parameter_supported")
            issuer = None if must else self._settings.issuer
        if issuer != self._settings.issuer:  # RFC 9207 section 2.4
            raise Mismatch("The answer is another provider's.")
        if not 0 <= now.timestamp() - round_.began <= ROUND_FOR.total_seconds():
            raise Mismatch("The answer comes too late.")
        is_first = replay.first_use(
            "single-sign-on",
            htu=self._redirect_uri,
            jkt="",
            jti=round_.state,
            issued_at=round_.began,
            expires_at=round_.began + int(ROUND_FOR.total_seconds()) + 1,
            now=now,
        )
        if not is_first or not answer.get("code"):
            raise Mismatch("The answer came before, or refuses.")
        return answer["code"]

    def _exchange(self, round_: Round, code: str, now: datetime) -> str:
        from authlib.integrations.base_client import OAuthError
        from authlib.integrations.requests_client import OAuth2Session
        from authlib.oauth2.rfc7523 import PrivateKeyJWT
        from joserfc.jwk import ECKey
        from requests import RequestException

        place = self._published(now)["token_endpoint"]
        key = ECKey.import_key(json.loads(self._settings.key_file.read_text("utf-8")))
        header = {"kid": key.kid} if key.kid else None
        proof = cast(Any, PrivateKeyJWT)(self._settings.issuer, headers=header, alg="ES256")
        with cast(Any, OAuth2Session)(
            self._settings.client_id, key, redirect_uri=self._redirect_uri
        ) as session:
            session.trust_env = False
            session.token_endpoint_auth_method = proof
            try:
                told = session.fetch_token(
                    place,
                    code=code,
                    code_verifier=round_.verifier,
                    timeout=_PATIENCE,
                    allow_redirects=False,
                )
            except (OAuthError, ValueError):
                raise Mismatch("The provider does not know the code.") from None
            except RequestException:
                raise Unavailable("The provider cannot be reached.") from None
        return str(told.get("id_token", ""))

    def _claims(self, token: str, now: datetime) -> Mapping[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        published = self._published(now)["jwks_uri"]
        try:
            keys = KeySet.import_key_set(cast(Any, self._fetch(published)))
            listed = JWSRegistry(algorithms=list(SIGNED_BY))
            return jwt.decode(token, keys, registry=listed).claims
        except (JoseError, ValueError, KeyError, TypeError):
            raise Mismatch("The ID token is not signed as it should be.") from None

    def _proven(self, round_: Round, claims: Mapping[str, Any], now: datetime) -> Proven:
        """Whom an ID token names (OpenID Connect Core 1.0, section 3.1.3.7).

        :raises Mismatch: if it is not for us, not of now, or of one factor alone.
        """
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        times = [claims.get(name) for name in ("iat", "exp", "auth_time")]
        if any(type(each) is not int for each in times):
            raise Mismatch("The ID token has not all its times.")
        issued, expires, proven = (_moment(each) for each in times)
        factors = claims.get("amr") if isinstance(claims.get("amr"), list) else []
        subject = claims.get("sub")
        holds = (
            claims.get("iss") == self._settings.issuer
            and audiences == [self._settings.client_id]
            and claims.get("azp", self._settings.client_id) == self._settings.client_id
            and hmac.compare_digest(str(claims.get("nonce", "")).encode(), round_.nonce.encode())
            and issued <= now + _SKEW
            and now - _SKEW < expires
            and now - _fresh(round_.why) - _SKEW <= proven <= now + _SKEW
            and bool({claims.get("acr"), *map(str, factors or [])} & self._settings.factors)
            and isinstance(subject, str)
            and 0 < len(subject) <= 255
        )
        if not holds:
            raise Mismatch("The ID token does not hold.")
        named = f"{_CONTEXT}\0{self._settings.issuer}\0{subject}"
        return Proven(hashlib.sha256(named.encode()).digest(), min(proven, now))

    def _published(self, now: datetime) -> Mapping[str, Any]:
        """What the provider publishes of itself (OpenID Connect Discovery 1.0).

        :raises Unavailable: if it is not there, another's, or names places without TLS.
        """
        if self._fetched_at and timedelta() <= now - self._fetched_at < _KNOWN_FOR:
            return self._places
        issuer = self._settings.issuer
        found = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        is_own = found.get("issuer") == issuer
        if not is_own or not all(_is_safe(str(found.get(name, ""))) for name in _PLACES):
            raise Unavailable("The provider does not publish what it should.")
        self._places, self._fetched_at = found, now
        return found

    def _fetch(self, address: str) -> dict[str, Any]:
        """A JSON object from the provider.

        :raises Unavailable: if it is not to be had.
        """
        import requests

        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.get(
                    address, timeout=_PATIENCE, allow_redirects=False, stream=True
                ) as answer:
                    answer.raise_for_status()
                    body = answer.raw.read(_LARGEST + 1, decode_content=True)
            found = (
                json.loads(body) if answer.status_code == 200 and len(body) <= _LARGEST else None
            )
        except (requests.RequestException, ValueError, RecursionError, OSError):
            found = None
        if not isinstance(found, dict):
            raise Unavailable("The provider cannot be reached.")
        return found


def read_round(key: bytes, sealed: str) -> Round:
    """The round that a browser kept.

    :raises Mismatch: if it kept none, or it was not sealed here.
    """
    try:
        told = json.loads(cells.unwrap_key(key, jose.b64u_decode(sealed[:LONGEST]), _CONTEXT))
        return Round(**{**told, "why": Why(told["why"])})
    except (Undecipherable, ValueError):
        raise Mismatch("No round was begun at this browser.") from None


def _fresh(why: Why) -> timedelta:
    """How old the person's proof at the provider may be: a day's session, or five minutes."""
    return timedelta(hours=8) if why is Why.SIGN_IN else timedelta(minutes=5)


def _moment(seconds: object) -> datetime:
    """:raises Mismatch: for a number that is no moment."""
    try:
        return datetime.fromtimestamp(cast(int, seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise Mismatch("The ID token has a time that is none.") from None


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)

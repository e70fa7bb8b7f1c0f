"""Owns the client's side of OAuth: discovery, tokens, and a proof of possession for each call."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from gateway.client.http import Response, Send
from gateway.errors import GatewayError, Unavailable
from gateway.sealing import jose

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE, SPARE = 60, 30  # seconds: of an assertion; before a token's end a new one is fetched


class ProblemError(GatewayError):
    """The gateway refused. `problems` has (code, JSON pointer) pairs; no sent value is in it.

    `wait` is the seconds after which it may be asked again, if it said so.
    """

    code = "refused"

    def __init__(
        self,
        status: int,
        code: str,
        problems: tuple[tuple[str, str], ...] = (),
        wait: int | None = None,
    ) -> None:
        super().__init__("The gateway refused the request.", code=code)
        self.status = status
        self.problems = problems
        self.wait = wait

    def __str__(self) -> str:
        where = "".join(f"\n  {code} at {pointer or '/'}" for code, pointer in self.problems)
        return f"{self.status} {self.code}{where}"


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    good_until: float


class Access:
    """Sends requests that carry a token of one scope, bound to a key made for this session."""

    def __init__(
        self,
        send: Send,
        *,
        base_url: str,
        agency_id: str,
        signing_key: jose.Key,
        signing_kid: str,
        worker: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._send, self._clock = send, clock
        self.base_url, self.agency_id, self.worker = base_url, agency_id, worker
        self._key, self._kid = signing_key, signing_kid
        made = jose.new_private("sig")
        self._proof_key = jose.import_private(made, "sig")
        self._proof_jwk = {name: made[name] for name in ("kty", "crv", "x", "y")}
        self._nonce: str | None = None
        self._tokens: dict[str, _Token] = {}
        self._endpoints: dict[str, str] | None = None

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._clock().timestamp())

    def read_public(self, name: str) -> Any:
        """Return a public JSON document that discovery names, such as "jwks_uri"."""
        answer = self._send("GET", self._endpoint(name), {"Accept": "application/json"}, None)
        return _json(_checked(answer))

    def fetch(self, path: str) -> bytes:
        """Return what lies at a path that is open to everyone.

        :raises ProblemError: if the gateway refuses. :raises Unavailable: if it does not answer.
        """
        return _checked(self._send("GET", f"{self.base_url}{path}", {}, None)).body

    def call(
        self,
        scope: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Response:
        """Send one request.

        :raises ProblemError: if the gateway refuses. :raises Unavailable: if it does not answer.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self.base_url}{path}"
        for is_last in (False, False, True):
            token = self._token(scope)
            sent = {**(headers or {}), "Authorization": f"DPoP {token}"}
            answer = self._prove(method, url, sent, body, urlencode(given), token)
            if is_last or not self._is_worth_another_try(answer, scope):
                return _checked(answer)
        raise Unavailable("The gateway does not accept a fresh token.")

    # --- within ---------------------------------------------------------------------------------

    def _endpoint(self, name: str) -> str:
        if self._endpoints is None:
            url = f"{self.base_url}/.well-known/oauth-authorization-server"
            found = _json(_checked(self._send("GET", url, {"Accept": "application/json"}, None)))
            if not isinstance(found, dict) or found.get("issuer") != self.base_url:
                raise Unavailable("The address belongs to another gateway than configured.")
            self._endpoints = {n: v for n, v in found.items() if isinstance(v, str)}
        endpoint = self._endpoints.get(name, "")
        if not endpoint.startswith(f"{self.base_url}/"):
            raise Unavailable("The gateway names an address elsewhere.")
        return endpoint

    def _token(self, scope: str) -> str:
        held = self._tokens.get(scope)
        if held and self.now() < held.good_until:
            return held.value
        answer = self._ask_token(scope)
        if _is_nonce_wanted(answer):
            answer = self._ask_token(scope)
        given = _json(_checked(answer))
        if given.get("token_type") != "DPoP" or not isinstance(given.get("access_token"), str):
            raise Unavailable("The gateway gave no bound token.")
        life = given.get("expires_in", 0)
        made = _Token(given["access_token"], self.now() + int(life) - SPARE)
        self._tokens[scope] = made
        return made.value

    def _ask_token(self, scope: str) -> Response:
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION,
            "client_assertion": self._assertion(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url = self._endpoint("token_endpoint")
        return self._prove("POST", url, headers, urlencode(form).encode(), "", None)

    def _assertion(self) -> str:
        now = self.now()
        claims = {
            "iss": self.agency_id,
            "sub": self.agency_id,
            "aud": self.base_url,
            "iat": now,
            "exp": now + LIFE,
            "jti": secrets.token_urlsafe(16),
        }
        if self.worker is not None:
            claims["worker"] = self.worker
        return jose.sign(json.dumps(claims).encode(), self._key, self._kid, "JWT")

    def _prove(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        query: str,
        token: str | None,
    ) -> Response:
        """Send with a fresh DPoP proof (RFC 9449), and keep the nonce that comes back."""
        claims: dict[str, Any] = {
            "htm": method,
            "htu": url,
            "iat": self.now(),
            "jti": secrets.token_urlsafe(16),
        }
        if token is not None:
            claims["ath"] = jose.b64u(hashlib.sha256(token.encode()).digest())
        if self._nonce is not None:
            claims["nonce"] = self._nonce
        header = {"typ": "dpop+jwt", "jwk": self._proof_jwk}
        proof = jose.sign_with(json.dumps(claims).encode(), self._proof_key, header)
        target = f"{url}?{query}" if query else url
        answer = self._send(method, target, {**headers, "DPoP": proof}, body)
        self._nonce = answer.headers.get("dpop-nonce", self._nonce)
        return answer

    def _is_worth_another_try(self, answer: Response, scope: str) -> bool:
        if _is_nonce_wanted(answer):
            return True
        if answer.status == 401 and scope in self._tokens:
            del self._tokens[scope]  # revoked, or the gateway's key was changed
            return True
        return False


def _is_nonce_wanted(answer: Response) -> bool:
    stated = answer.headers.get("www-authenticate", "").encode() + answer.body
    return answer.status in (400, 401) and b"use_dpop_nonce" in stated


def _checked(answer: Response) -> Response:
    if 200 <= answer.status < 300:
        return answer
    if answer.status in (502, 503, 504):
        raise Unavailable("The gateway is not available now; nothing was changed or disclosed.")
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    code = told.get("code") or told.get("error") or "refused"
    listed = told.get("errors")
    problems = tuple(
        (str(item.get("code")), str(item.get("pointer")))
        for item in (listed if isinstance(listed, list) else ())
        if isinstance(item, dict)
    )
    stated = answer.headers.get("retry-after", "")
    raise ProblemError(
        answer.status, str(code), problems, int(stated) if stated.isdecimal() else None
    )


def _json(answer: Response) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Unavailable("The gateway's answer cannot be read.") from None

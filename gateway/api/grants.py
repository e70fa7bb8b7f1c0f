"""Owns the one grant and the tokens it gives: an agency, for itself, bound to a key.

An access token is a JWT (RFC 9068) of 300 seconds that needs a proof with each use (RFC 9449).
"""

# Authlib has no types.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
from typing import Any, cast

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import request

from gateway.api import access, dpop, rates
from gateway.api.assertion import METHOD, Applicant
from gateway.api.house import house
from gateway.errors import TooMany, Unauthenticated
from gateway.schemas.codes import Limited
from gateway.sealing import jose

LIFE = 300  # seconds


class Refusal(OAuth2Error):
    """An error of a token request that Authlib has no class for."""


class TooOften(OAuth2Error):
    """The client asked too often; it may again after `wait` seconds."""

    error = "too_many_requests"

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait


def require_rate(client: Applicant, what: Limited) -> None:
    """Take one from the bucket of a client that has proved who it is.

    :raises TooOften: if the bucket is empty.
    """
    here = house()
    try:
        rates.require(here, client.caller, what, here.clock())
    except TooMany as refusal:
        raise TooOften(refusal.wait) from None


class TokenGenerator(JWTBearerTokenGenerator):
    """Makes access tokens with our clock, key and header; never a refresh token."""

    def __init__(self) -> None:
        super().__init__(issuer=None, alg="ES256", expires_generator=LIFE)

    def access_token_generator(
        self, client: Applicant, grant_type: str, user: None, scope: str
    ) -> str:
        """Return the signed token."""
        here = house()
        now = int(here.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": here.settings.base_url,
            "sub": client.get_client_id(),
            "client_id": client.get_client_id(),
            "aud": here.settings.base_url,
            "iat": now,
            "exp": now + LIFE,
            "jti": jose.b64u(here.chance(24)),
            "scope": scope,
            "cnf": {"jkt": client.jkt},
            "key": client.kid,  # a token does not outlive the key that asked for it
        }
        if client.caller.worker_id is not None:
            claims["worker"] = client.caller.worker_id
        if client.caller.authenticated_at is not None:
            claims["auth_time"] = int(client.caller.authenticated_at.timestamp())
            claims["method"] = client.caller.method
        key = here.keys.token
        return jose.sign(json.dumps(claims).encode(), key.key, key.kid, access.TYPE)

    def generate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the members of the answer; the type says that the token needs a proof."""
        return {**super().generate(*args, **kwargs), "token_type": "DPoP"}


class ClientCredentials(ClientCredentialsGrant):
    """The one grant: an agency for itself, with the key that its requests will prove."""

    TOKEN_ENDPOINT_AUTH_METHODS = [METHOD]  # noqa: RUF012 - Authlib's own declaration

    def validate_token_request(self) -> None:
        """Check proof, client and resource; the scope follows when the token is made.

        The nonce comes first, so that the retry it asks for finds the assertion unused.
        """
        here = house()
        now = here.clock()
        key = dpop.nonce_key(here.keys.cursor)
        try:
            proof = dpop.check(request, base_url=here.settings.base_url, now=now, nonce_key=key)
            super().validate_token_request()
            dpop.use(proof, here.replay, now)
        except Unauthenticated as refusal:
            raise Refusal(error=refusal.code) from None
        require_rate(cast(Applicant, self.client), Limited.TOKENS)
        if request.form.get("resource", here.settings.base_url) != here.settings.base_url:
            raise Refusal(error="invalid_target")
        cast(Applicant, self.client).jkt = proof.jkt

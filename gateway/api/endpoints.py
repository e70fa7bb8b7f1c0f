"""Owns what an agency can ask about its own tokens (RFC 7662), and how it ends them (RFC 7009)."""

# Authlib has no types.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from gateway.agencies import callers
from gateway.api import access
from gateway.api.assertion import METHOD, Applicant
from gateway.api.grants import require_rate
from gateway.api.house import house
from gateway.errors import Unauthenticated
from gateway.ledger import begin
from gateway.schemas.codes import Limited


class Introspection(IntrospectionEndpoint):
    """Tells an agency about its own tokens, and nothing about anyone else's (RFC 7662)."""

    CLIENT_AUTH_METHODS = [METHOD]  # noqa: RUF012 - Authlib's own declaration

    def authenticate_token(
        self, asked: OAuth2Request, client: Applicant
    ) -> Mapping[str, Any] | None:
        """Return the claims of a live token of this client, else None."""
        require_rate(client, Limited.READ)
        self.check_params(asked, client)
        here = house()
        now = here.clock()
        with begin(here.sessions, here.keys, client.caller, now, chance=here.chance) as work:
            work.count("token.introspected")
        claims = _own_token(asked, client)
        if claims is None or not claims["exp"] > now.timestamp():
            return None
        standing = callers.standing(here.sessions, claims, now)
        return claims if standing and standing.refused is None else None

    def create_introspection_payload(self, token: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return `active` and, for a live token, its claims."""
        if token is None:
            return {"active": False}
        return {"active": True, "token_type": "DPoP", **token}


class Revocation(RevocationEndpoint):
    """Ends a token of the client before its time (RFC 7009)."""

    CLIENT_AUTH_METHODS = [METHOD]  # noqa: RUF012 - Authlib's own declaration

    def authenticate_token(
        self, asked: OAuth2Request, client: Applicant
    ) -> Mapping[str, Any] | None:
        """Return the claims of a token of this client; None for what is no token of ours.

        :raises InvalidGrantError: if it is another client's.
        """
        require_rate(client, Limited.WRITE)
        self.check_params(asked, client)
        try:
            claims = access.read_token(asked.form["token"], house())
        except Unauthenticated:
            return None
        if claims["sub"] != client.get_client_id():
            raise InvalidGrantError
        return claims

    def revoke_token(self, token: Mapping[str, Any], asked: OAuth2Request) -> None:
        """Put the token on the list that every request is checked against."""
        here = house()
        now = here.clock()
        client = cast(Applicant, asked.client)
        with begin(here.sessions, here.keys, client.caller, now, chance=here.chance) as work:
            expires_at = datetime.fromtimestamp(token["exp"], UTC)
            is_new = callers.revoke(work, jti=token["jti"], expires_at=expires_at)
            because = "client-asked" if is_new else "revoked-before"
            work.record("token.revoked", None, because=because, facts={"jti": token["jti"]})


def _own_token(asked: OAuth2Request, client: Applicant) -> Mapping[str, Any] | None:
    try:
        claims = access.read_token(asked.form["token"], house())
    except Unauthenticated:
        return None
    return claims if claims["sub"] == client.get_client_id() else None

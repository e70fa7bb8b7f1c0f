"""Owns the authorization server: tokens by client credentials, introspection, revocation.

Authlib does the protocol; what its defaults leave open is closed here, in api/assertion.py,
api/grants.py and api/endpoints.py, and shown in tests/doors/test_authlib_defaults.py.
"""

# Authlib has no types.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from authlib.integrations.flask_oauth2.authorization_server import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError
from flask import Blueprint, Response, request

from gateway.api import access
from gateway.api.assertion import METHOD, Applicant, PrivateKeyJwt
from gateway.api.endpoints import Introspection, Revocation
from gateway.api.grants import ClientCredentials, TokenGenerator, TooOften
from gateway.api.house import house
from gateway.api.refusals import record_refusal
from gateway.ledger import begin

FORM, MAX_FORM = "application/x-www-form-urlencoded", 32_768  # bytes
oauth = Blueprint("oauth", __name__, url_prefix="/oauth")

_STATUS = {"invalid_client": 401, "too_many_requests": 429}
_SAYS = {
    "invalid_client": "The client could not be authenticated.",
    "invalid_dpop_proof": "The proof of possession does not hold.",
    "invalid_grant": "The token was not issued to this client.",
    "invalid_request": "The request is not of the published form.",
    "invalid_scope": "The scope is missing, unknown or not the client's.",
    "invalid_target": "The resource is not this gateway.",
    "too_many_requests": "This is asked too often.",
    "unsupported_grant_type": "Only client_credentials is supported.",
    "unsupported_token_type": "Only access tokens are supported.",
    "use_dpop_nonce": "The proof must carry the nonce of the DPoP-Nonce header.",
}


class Asked(FlaskOAuth2Request):
    """A request at our public address, whatever host and scheme a proxy in front speaks to us.

    Authlib's own takes them from the request and refuses plain HTTP, which a proxy speaks here.
    """

    def __init__(self) -> None:
        uri = house().settings.base_url + request.path
        OAuth2Request.__init__(self, request.method, uri, headers=request.headers)
        self._request = request
        self.payload = cast(Any, FlaskOAuth2Payload(request))


class Server(AuthorizationServer):
    """Authlib's server without its configuration, its store of tokens and its error texts."""

    def __init__(self) -> None:
        super().__init__()
        self.register_client_auth_method(METHOD, PrivateKeyJwt())
        self.register_token_generator("default", TokenGenerator())
        self.register_grant(ClientCredentials)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)

    def create_oauth2_request(self, _request: object) -> Asked:
        """Return the request that is being answered."""
        return Asked()

    def save_token(self, token: Mapping[str, Any], asked: OAuth2Request) -> None:
        """Record that a token was issued; the token itself is kept nowhere."""
        here = house()
        now = here.clock()
        client = cast(Applicant, asked.client)
        here.pressure.require(now, is_write=False)
        with begin(here.sessions, here.keys, client.caller, now, chance=here.chance) as work:
            facts = {"scopes": token["scope"].split(" ")}
            work.record("token.issued", None, because="client-assertion", facts=facts)

    def handle_error_response(self, asked: OAuth2Request, error: OAuth2Error) -> Response:
        """Answer with a fixed text for each code; what was sent is never repeated."""
        here = house()
        client = cast("Applicant | None", asked.client)
        code = error.error if error.error in _SAYS else "invalid_request"
        if isinstance(error, TooOften):  # recorded where it was refused
            return _error(code, wait=error.wait)
        if client is not None:
            caller = client.caller
            record_refusal(here, caller, "token.requested", code.replace("_", "-"), here.clock())
        elif not isinstance(error, InvalidClientError):  # those are counted with their reason
            here.replay.count_failure(code.replace("_", "-"), here.clock())
        return _error(code)


_server = Server()


@oauth.post("/token")
def token() -> Response:
    """Answer with an access token for the scopes asked for, all of them or none."""
    return _answer(lambda: _server.create_token_response())


@oauth.post("/introspect")
def introspect() -> Response:
    """Answer whether a token of the caller is live."""
    return _answer(lambda: _server.create_endpoint_response(Introspection.ENDPOINT_NAME))


@oauth.post("/revoke")
def revoke() -> Response:
    """End a token of the caller."""
    return _answer(lambda: _server.create_endpoint_response(Revocation.ENDPOINT_NAME))


def _answer(create: Callable[[], Response]) -> Response:
    """Let through only a plain form, once per parameter, in the body (RFC 6749 section 3.2)."""
    if _is_plain_form():
        response = create()
    else:
        here = house()
        here.replay.count_failure("invalid-request", here.clock())
        response = _error("invalid_request")
    response.headers["DPoP-Nonce"] = access.current_nonce()
    return response


def _is_plain_form() -> bool:
    length = request.content_length  # of a body in chunks nobody knows it before it is read
    if request.query_string or length is None or length > MAX_FORM:
        return False
    if (
        request.mimetype != "application/x-www-form-urlencoded"
        or "Authorization" in request.headers
    ):
        return False
    values = dict(request.form.lists()).values()
    return all(len(repeated) == 1 for repeated in values) and "client_secret" not in request.form


def _error(code: str, *, wait: int | None = None) -> Response:
    body = json.dumps({"error": code, "error_description": _SAYS[code]})
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    status = _STATUS.get(code, 400)
    if status == 401:
        headers["WWW-Authenticate"] = access.challenge()
    if wait is not None:
        headers["Retry-After"] = str(wait)
    return Response(body, status, headers, mimetype="application/json")

"""Owns what is said about the routes that need no scope: tokens, discovery, documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.api.openapi import problems
from gateway.api.openapi.shapes import NUMBER, TEXT, TRUTH, code, members

Json = dict[str, Any]

# Error of RFC 6749, RFC 7009 and RFC 9449 -> what it means here.
_ERRORS: dict[str, str] = {
    "invalid_client": "The client could not be authenticated. The true reason is in the log.",
    "invalid_dpop_proof": "The proof of possession does not hold.",
    "invalid_grant": "The token was not issued to this client.",
    "invalid_request": "The request is not a plain form with each parameter once.",
    "invalid_scope": "A scope is missing, unknown or not yours.",
    "invalid_target": "The resource is not this gateway.",
    "too_many_requests": "Your agency asks this too often. Wait the seconds of Retry-After.",
    "unsupported_grant_type": "Only client_credentials is supported.",
    "unsupported_token_type": "Only access tokens are supported.",
    "use_dpop_nonce": "Repeat with the nonce of the DPoP-Nonce header in the proof.",
}
_ASSERTION: Json = {
    "client_assertion_type": {"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
    "client_assertion": {
        "type": "string",
        "description": "JWT by your signing key (ES256): iss and sub your agency, aud this gateway,"
        " exp within 300 seconds, a new jti; worker, if a person acts",
    },
}


def errors() -> list[Json]:
    """Return every error of the token endpoints, as they are published."""
    return [{"code": name, "says": says} for name, says in _ERRORS.items()]


def paths() -> Json:
    """Return the description of every route that needs no scope."""
    return {
        "/oauth/token": _post(
            "token",
            "Get an access token",
            "Client credentials with a signed assertion and a proof of possession (header DPoP)."
            " The first answer is 400 use_dpop_nonce with the nonce to use.",
            {"grant_type": {"const": "client_credentials"}, "scope": TEXT},
            members(access_token=TEXT, token_type={"const": "DPoP"}, expires_in=NUMBER, scope=TEXT),
            proof=True,
        ),
        "/oauth/introspect": _post(
            "introspect",
            "Ask whether one of your tokens is live",
            "Tells an agency about its own tokens (RFC 7662).",
            {"token": TEXT},
            members(active=TRUTH),
        ),
        "/oauth/revoke": _post(
            "revoke",
            "End one of your tokens",
            "Holds for the next request (RFC 7009).",
            {"token": TEXT},
            None,
        ),
        "/.well-known/oauth-authorization-server": _get(
            "authorization_server", "Where and how to get tokens", "RFC 8414."
        ),
        "/.well-known/oauth-protected-resource": _get(
            "protected_resource", "What the API asks of a token", "RFC 9728."
        ),
        "/.well-known/jwks.json": _get(
            "jwks", "The gateway's public keys", "To verify its signatures, and to seal to it."
        ),
        "/ready": _get(
            "ready",
            "Whether the service can do its work",
            "For whoever watches it: 204 if database, key provider and log do theirs, else 503.",
            status="204",
            fails=True,
        ),
        "/openapi.json": _get("openapi_json", "This description", "OpenAPI 3.1."),
        "/schemas/{form}/{version}.json": _get(
            "schema",
            "The JSON Schema of a form",
            "Draft 2020-12, complete in itself.",
            media_type="application/schema+json",
            parameters={
                "form": ("Name of the form.", "referral"),
                "version": ("Its version.", "1"),
            },
        ),
        "/log/checkpoint": _get(
            "checkpoint",
            "The checkpoint of this quarter of an hour",
            "Signed by the log and countersigned by partners (C2SP tlog-checkpoint, tlog-tiles).",
            media_type="text/plain",
            fails=True,
            is_limited=True,
        ),
        "/log/tile/{rest}": _get(
            "tile",
            "Hashes of the log, or its public leaves",
            "C2SP tlog-tiles: LEVEL/NUMBER, entries/NUMBER, or either with .p/WIDTH.",
            media_type="application/octet-stream",
            parameters={"rest": ("Which tile.", "0/000.p/1")},
            fails=True,
            is_limited=True,
        ),
        "/": _get("home", "The way to the documentation", "A redirection.", status="302"),
        "/docs": _get("reference", "This description for people", "", media_type="text/html"),
        "/docs/forms": _get("forms", "The forms for people", "", media_type="text/html"),
        "/problems": _get("problems", "What each error code means", "", media_type="text/html"),
        "/static/{filename}": _get(
            "static",
            "Style sheet",
            "",
            media_type="text/css",
            parameters={"filename": ("Name of the file.", "web.css")},
        ),
    }


def _post(
    name: str, summary: str, says: str, asks: Json, answers: Json | None, *, proof: bool = False
) -> Json:
    asked = members(**asks, **_ASSERTION)
    nonce = {"DPoP-Nonce": problems.HEADERS["DPoP-Nonce"]}
    good: Json = {"description": "Done.", "headers": nonce}
    if answers is not None:
        good["content"] = {"application/json": {"schema": answers}}
    error = members(error=code(_ERRORS), error_description=TEXT)
    bad = {"application/json": {"schema": error}}
    operation: Json = {
        "operationId": name,
        "tags": ["Access"],
        "summary": summary,
        "description": says,
        "security": [{"proof": []}] if proof else [],
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": asked}},
        },
        "responses": {
            "200": good,
            "400": {"description": "The request does not hold.", "headers": nonce, "content": bad},
            "401": {
                "description": "The client could not be authenticated.",
                "headers": {"WWW-Authenticate": problems.HEADERS["WWW-Authenticate"], **nonce},
                "content": bad,
            },
            "429": {
                "description": "Your agency asks this too often.",
                "headers": {"Retry-After": problems.HEADERS["Retry-After"], **nonce},
                "content": bad,
            },
            "503": {"$ref": "#/components/responses/Unavailable"},
        },
    }
    return {"post": operation}


def _get(
    name: str,
    summary: str,
    says: str,
    *,
    media_type: str = "application/json",
    status: str = "200",
    parameters: Mapping[str, tuple[str, str]] | None = None,
    fails: bool = False,
    is_limited: bool = False,
) -> Json:
    good: Json = {"description": summary + "."}
    if status == "200":
        schema: Json = {"type": "object"} if media_type.endswith("json") else TEXT
        good["content"] = {media_type: {"schema": schema}}
    operation: Json = {
        "operationId": name,
        "tags": ["Discovery"],
        "summary": summary,
        "description": says or "For people; works without script.",
        "security": [],
        "responses": {status: good},
    }
    if fails:
        operation["responses"]["503"] = {"$ref": "#/components/responses/Unavailable"}
    if parameters:
        operation["parameters"] = [
            {
                "name": each,
                "in": "path",
                "required": True,
                "description": said,
                "schema": {"type": "string"},
                "example": example,
            }
            for each, (said, example) in parameters.items()
        ]
        operation["responses"]["404"] = {"$ref": "#/components/responses/NotFound"}
    if is_limited:
        operation["responses"]["429"] = {"$ref": "#/components/responses/TooMany"}
    return {"get": operation}

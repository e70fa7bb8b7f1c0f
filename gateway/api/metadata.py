"""Owns what a client can discover: the authorization server, the resource, the public keys."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from gateway.api import access
from gateway.api.assertion import METHOD
from gateway.api.house import house
from gateway.schemas.codes import Scope
from gateway.sealing import jose, keys

metadata = Blueprint("metadata", __name__)

PUBLIC_ENDPOINTS = frozenset(
    {
        "oauth.token",
        "oauth.introspect",
        "oauth.revoke",
        "metadata.authorization_server",
        "metadata.protected_resource",
        "metadata.jwks",
    }
)
"""The endpoints of this door that need no scope: three authenticate the client themselves."""


@metadata.get("/.well-known/oauth-authorization-server")
def authorization_server() -> Response:
    """Answer with the authorization server's metadata (RFC 8414)."""
    base = house().settings.base_url
    algs = list(jose.SIGNATURES)
    by_key: dict[str, Any] = {}
    for endpoint in ("token", "introspection", "revocation"):
        by_key[f"{endpoint}_endpoint_auth_methods_supported"] = [METHOD]
        by_key[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = algs
    return jsonify(
        {
            "issuer": base,
            "token_endpoint": f"{base}/oauth/token",
            "introspection_endpoint": f"{base}/oauth/introspect",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "jwks_uri": f"{base}/.well-known/jwks.json",
            "scopes_supported": [scope.value for scope in Scope],
            # Required, yet an empty list must be left out (RFC 8414 sections 2 and 3.2).
            "response_types_supported": ["none"],
            "grant_types_supported": ["client_credentials"],
            "dpop_signing_alg_values_supported": algs,
            "protected_resources": [base],
            **by_key,
        }
    )


@metadata.get(access.METADATA_PATH)
def protected_resource() -> Response:
    """Answer with the metadata of the API as a protected resource (RFC 9728)."""
    base = house().settings.base_url
    return jsonify(
        {
            "resource": base,
            "authorization_servers": [base],
            "jwks_uri": f"{base}/.well-known/jwks.json",
            "scopes_supported": [scope.value for scope in Scope],
            "bearer_methods_supported": [],
            "resource_name": "MARAC referral gateway",
            "dpop_bound_access_tokens_required": True,
            "dpop_signing_alg_values_supported": list(jose.SIGNATURES),
        }
    )


@metadata.get("/.well-known/jwks.json")
def jwks() -> Response:
    """Answer with the gateway's public keys: for its signatures, and to seal to (RFC 7517)."""
    return jsonify(keys.jwks(house().keys))

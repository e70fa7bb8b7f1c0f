"""What a client discovers, and what stands behind each promise made there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from jwcrypto import jwk, jws

from gateway.api.metadata import PUBLIC_ENDPOINTS
from gateway.schemas.codes import AgencyKind, Scope
from tests.doors.oauth import BASE, Door, a_door

SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"
KEYS = "/.well-known/jwks.json"


@pytest.fixture
def door(sqlite_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(sqlite_url, tmp_path) as door:
        yield door


def test_the_servers_metadata_is_valid_and_closed(door: Door) -> None:
    told = door.client.get(SERVER).json
    AuthorizationServerMetadata(told).validate()
    assert told["issuer"] == BASE
    assert told["grant_types_supported"] == ["client_credentials"]
    assert told["response_types_supported"] == ["none"]
    assert "authorization_endpoint" not in told
    for endpoint in ("token", "introspection", "revocation"):
        assert told[f"{endpoint}_endpoint_auth_methods_supported"] == ["private_key_jwt"]
        algs = told[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert algs == ["ES256", "Ed25519", "PS256"]
    assert told["dpop_signing_alg_values_supported"] == ["ES256", "Ed25519", "PS256"]
    assert set(told["scopes_supported"]) == set(Scope)


def test_each_endpoint_that_is_named_is_there(door: Door) -> None:
    told = door.client.get(SERVER).json
    for name, method in (
        ("token_endpoint", "post"),
        ("introspection_endpoint", "post"),
        ("revocation_endpoint", "post"),
        ("jwks_uri", "get"),
    ):
        path = told[name].removeprefix(BASE)
        assert getattr(door.client, method)(path).status_code in (200, 400)


def test_the_resources_metadata_names_this_server(door: Door) -> None:
    told = door.client.get(RESOURCE).json
    assert told["resource"] == BASE
    assert told["authorization_servers"] == [BASE]
    assert told["dpop_bound_access_tokens_required"] is True
    assert told["bearer_methods_supported"] == []


def test_the_challenge_leads_to_the_metadata(door: Door) -> None:
    answer = door.client.get("/v1/whoami")
    assert answer.status_code == 401
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge == (f'DPoP algs="ES256 Ed25519 PS256", resource_metadata="{BASE}{RESOURCE}"')
    assert door.client.get(RESOURCE).status_code == 200


def test_the_published_keys_are_public_and_sufficient(door: Door) -> None:
    keys = door.client.get(KEYS).json["keys"]
    assert {key["use"] for key in keys} == {"sig", "enc"}
    assert len({key["kid"] for key in keys}) == len(keys) == 3
    assert all(key.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"} for key in keys)
    # A library that is not ours verifies an access token with them.
    token = door.enrol("idva", AgencyKind.IDVA).token("cases:read")
    read = jws.JWS()
    read.deserialize(token)
    by_kid = {key["kid"]: jwk.JWK(**key) for key in keys}
    read.verify(by_kid[read.jose_header["kid"]])


def test_the_list_of_public_endpoints_is_exact(door: Door) -> None:
    rules = [
        rule.endpoint
        for rule in door.client.application.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in ("oauth", "metadata")
    ]
    assert sorted(rules) == sorted(PUBLIC_ENDPOINTS)

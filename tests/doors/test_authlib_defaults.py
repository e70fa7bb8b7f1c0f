"""Unsafe defaults of the OAuth library, each shown to be closed here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from authlib.oauth2.rfc6750 import BearerTokenGenerator

from gateway.api.assertion import PrivateKeyJwt
from gateway.schemas.codes import AgencyKind
from gateway.sealing import jose
from tests.doors.oauth import BASE, Agency, Door, a_door, signed, the_keys


@pytest.fixture
def door(sqlite_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(sqlite_url, tmp_path) as door:
        yield door


@pytest.fixture
def idva(door: Door) -> Agency:
    return door.enrol("idva", AgencyKind.IDVA)


def refused(agency: Agency, assertion: str) -> tuple[int, bytes]:
    answer = agency.ask(agency.form("cases:read", client_assertion=assertion))
    return answer.status_code, answer.data


def test_authlib_default_01_a_token_lives_300_seconds_not_ten_days(idva: Agency) -> None:
    assert BearerTokenGenerator.GRANT_TYPES_EXPIRES_IN["client_credentials"] == 864_000
    answer = idva.ask(idva.form("cases:read")).json
    claims = json.loads(jose.b64u_decode(answer["access_token"].split(".")[1]))
    assert answer["expires_in"] == claims["exp"] - claims["iat"] == 300


def test_authlib_default_02_the_audience_is_one_string_and_life_is_capped(idva: Agency) -> None:
    now = int(idva.door.now.timestamp())
    assert refused(idva, idva.assertion(aud=[BASE]))[0] == 401
    assert refused(idva, idva.assertion(aud=[BASE, "https://other.example"]))[0] == 401
    assert refused(idva, idva.assertion(exp=now + 315_360_000))[0] == 401
    assert refused(idva, idva.assertion(exp=now + 301))[0] == 401
    assert refused(idva, idva.assertion(exp=now + 300))[0] == 200


def test_authlib_default_03_no_answer_tells_which_agencies_exist(door: Door, idva: Agency) -> None:
    stranger = Agency("nobody", door)
    answers = {
        refused(idva, idva.assertion(aud="x")),
        refused(idva, idva.assertion(header={"kid": "unknown"})),
        refused(idva, idva.assertion(worker="nobody")),
        refused(stranger, stranger.assertion()),
        refused(idva, stranger.assertion(iss="idva", sub="idva")),
    }
    assert [status for status, _ in answers] == [401]
    assert "nobody" not in str(answers)


@pytest.mark.parametrize(
    "make",
    [
        lambda head, body: ({**head, "alg": 'x"y'}, body),
        lambda head, body: ({**head, "alg": "x\\y"}, body),
        lambda head, body: ({**head, "kid": 'x"y'}, body),
        lambda head, body: ({**head, "kid": "x\\y"}, body),
        lambda head, body: (head, b'{"sub":' + b"[" * 2700 + b"]" * 2700 + b"}"),
        lambda head, body: ({**head, "kid": [["x"]]}, body),
    ],
)
def test_authlib_default_04_a_malformed_assertion_is_no_server_error(
    idva: Agency, make: object
) -> None:
    assert callable(make)
    head, body = make({"alg": "ES256", "kid": idva.sig["kid"]}, json.dumps(idva.claims()).encode())
    parts = (json.dumps(head).encode(), body, b"x" * 64)
    answer = refused(idva, ".".join(map(jose.b64u, parts)))
    assert answer == refused(idva, "garbage")
    assert answer[0] == 401


def test_authlib_default_05_the_algorithms_are_ours_and_follow_the_key(idva: Agency) -> None:
    told = idva.door.client.get("/.well-known/oauth-authorization-server").json
    algs = told["token_endpoint_auth_signing_alg_values_supported"]
    assert algs == ["ES256", "Ed25519", "PS256"]
    body = jose.b64u(json.dumps(idva.claims()).encode())
    for alg in ("HS256", "RS256", "none", "ES384", "EdDSA"):
        head = jose.b64u(json.dumps({"alg": alg, "kid": idva.sig["kid"]}).encode())
        assert refused(idva, f"{head}.{body}.{jose.b64u(b'x' * 64)}")[0] == 401


def test_authlib_default_06_the_method_has_its_registered_name() -> None:
    assert PrivateKeyJwt.CLIENT_AUTH_METHOD == "private_key_jwt"


@pytest.mark.parametrize("typ", [None, "JWT", "at+JWT", "dpop+jwt", "application/at+jwt"])
def test_authlib_default_07_a_token_says_that_it_is_an_access_token(
    idva: Agency, typ: str | None
) -> None:
    claims = json.loads(jose.b64u_decode(idva.token("cases:read").split(".")[1]))
    keys = the_keys()
    header = {"kid": keys.token.kid, **({"typ": typ} if typ else {})}
    assert idva.call(signed(header, claims, keys.token.key)).status_code == 401


def test_authlib_default_08_a_bound_token_is_no_bearer_token(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    answer = door.client.get("/v1/whoami", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert idva.call(token, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_authlib_default_09_parameters_come_once_and_in_the_body(idva: Agency) -> None:
    form = idva.form("cases:read")
    assert idva.ask(form, query_string={"scope": "cases:read"}).status_code == 400
    assert idva.ask(form, query_string={"x": ""}).status_code == 400
    without = {name: value for name, value in form.items() if name != "scope"}
    assert idva.ask(without, query_string={"scope": "cases:read"}).status_code == 400
    for name, value in form.items():
        twice = {**form, name: [value, value]}
        answer = idva.ask(twice)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    for endpoint in ("introspect", "revoke"):
        answer = idva.door.client.post(f"/oauth/{endpoint}?token=x", data={})
        assert answer.json["error"] == "invalid_request"


def test_authlib_default_10_tokens_are_signed_with_a_listed_algorithm(idva: Agency) -> None:
    header = jose.peek(idva.token("cases:read"))
    assert header == {"alg": "ES256", "kid": the_keys().token.kid, "typ": "at+jwt"}


def test_authlib_default_11_scopes_are_never_narrowed_in_silence(idva: Agency) -> None:
    answer = idva.ask(idva.form("cases:read conference:write"))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")
    assert "access_token" not in answer.json


def test_authlib_default_12_the_challenge_speaks_of_dpop(door: Door, idva: Agency) -> None:
    for answer in (
        door.client.get("/v1/whoami"),
        idva.call("garbage"),
        idva.call(idva.token("cases:read"), "/v1/log"),
        idva.ask(idva.form("cases:read", client_assertion="garbage")),
    ):
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith("DPoP ")
        assert 'algs="ES256 Ed25519 PS256"' in challenge
        assert f'resource_metadata="{BASE}/.well-known/oauth-protected-resource"' in challenge


def test_authlib_default_13_a_view_needs_exactly_its_one_scope(idva: Agency) -> None:
    """There is no list with its OR and AND: a view names one scope, and all others do not help."""
    others = "cases:read cases:write referrals:read referrals:write risk:write directory:read"
    assert idva.call(idva.token(others), "/v1/log").status_code == 403
    assert idva.call(idva.token("log:read"), "/v1/log").status_code == 200

"""Proof of possession: every point of RFC 9449 section 4.3, and that no failure is a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey, RSAKey

from gateway.schemas.codes import AgencyKind
from gateway.sealing import jose
from tests.doors.oauth import BASE, Agency, Door, a_door, signed


@pytest.fixture
def door(sqlite_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(sqlite_url, tmp_path) as door:
        yield door


@pytest.fixture
def idva(door: Door) -> Agency:
    return door.enrol("idva", AgencyKind.IDVA)


def wrong_proofs(agency: Agency, method: str, path: str, token: str | None) -> dict[str, str]:
    """One wrong proof for each way to be wrong."""
    now = int(agency.door.now.timestamp())
    mine = jose.import_private(agency.dpop, "sig")
    jwk = {name: agency.dpop[name] for name in ("kty", "crv", "x", "y")}
    other = {n: jose.new_private("sig")[n] for n in ("kty", "crv", "x", "y")}
    rsa = RSAKey.generate_key(2048).as_dict(private=False)
    right = agency.proof(method, path, token=token)
    head, body, signature = right.split(".")

    def proof(header: dict[str, Any] | None = None, **changes: Any) -> str:
        return agency.proof(method, path, token=token, header=header, **changes)

    def headed(**header: Any) -> str:
        return f"{jose.b64u(json.dumps(header).encode())}.{body}.{signature}"

    claims = {
        "slow by 61 s": {"iat": now - 61},
        "fast by 11 s": {"iat": now + 11},
        "no iat": {"iat": None},
        "iat true": {"iat": True},
        "iat text": {"iat": str(now)},
        "iat huge": {"iat": 10**400},
        "another method": {"htm": "PUT"},
        "method in lower case": {"htm": method.lower()},
        "no method": {"htm": None},
        "another path": {"htu": BASE + path + "/x"},
        "another host": {"htu": "https://other.example" + path},
        "another port": {"htu": BASE + ":8443" + path},
        "bad port": {"htu": BASE + ":x" + path},
        "plain http": {"htu": "http://gateway.example" + path},
        "a user in the address": {"htu": "https://a@gateway.example" + path},
        "no address": {"htu": None},
        "address in a list": {"htu": [BASE + path]},
        "no jti": {"jti": None},
        "short jti": {"jti": "x" * 15},
        "long jti": {"jti": "x" * 129},
        "jti a number": {"jti": 10**20},
    }
    if token is not None:
        claims |= {
            "no ath": {"ath": None},
            "ath of another token": {"ath": jose.b64u(b"x" * 32)},
            "ath a number": {"ath": 7},
        }
    return {
        **{name: proof(**change) for name, change in claims.items()},
        "another type": proof({"typ": "JWT"}),
        "type in capitals": proof({"typ": "DPOP+JWT"}),
        "a key id": proof({"kid": "x"}),
        "critical": headed(typ="dpop+jwt", alg="ES256", jwk=jwk, crit=["b64"], b64=False),
        "private key": headed(typ="dpop+jwt", alg="ES256", jwk=agency.dpop),
        "key of somebody else": proof({"jwk": other}),
        "weak key": headed(typ="dpop+jwt", alg="PS256", jwk=rsa),
        "symmetric key": headed(typ="dpop+jwt", alg="HS256", jwk={"kty": "oct", "k": "AA"}),
        "alg none": headed(typ="dpop+jwt", alg="none", jwk=jwk),
        "alg of another key": headed(typ="dpop+jwt", alg="Ed25519", jwk=jwk),
        "point off the curve": headed(typ="dpop+jwt", alg="ES256", jwk={**jwk, "x": jwk["y"]}),
        "no key": headed(typ="dpop+jwt", alg="ES256"),
        "key a text": headed(typ="dpop+jwt", alg="ES256", jwk="x"),
        "no signature": f"{head}.{body}.",
        "signature cut": right[:-4],
        "two proofs": f"{right}, {right}",
        "two parts": f"{head}.{body}",
        "four parts": f"{right}.x",
        "padding": right + "=",
        "garbage": "garbage",
        "not ASCII": "ä.ö.ü",
        "too large": proof(more="x" * 9000),
        "claims a list": signed({"typ": "dpop+jwt", "jwk": jwk}, [1], mine),
        "claims twice": signed({"typ": "dpop+jwt", "jwk": jwk}, b'{"iat":1,"iat":2}', mine),
        "claims nested": signed({"typ": "dpop+jwt", "jwk": jwk}, b"[" * 2500, mine),
    }


def test_no_wrong_proof_reaches_a_resource(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    before = len(door.records())
    got = {}
    for name, proof in wrong_proofs(idva, "GET", "/v1/whoami", token).items():
        answer = idva.call(token, proof=proof)
        got[name] = (answer.status_code, answer.json["code"])
    refused = (401, "invalid_dpop_proof")
    # A sound proof by another key is a token that was stolen.
    assert got.pop("key of somebody else")[0] == 401
    assert {name: answer for name, answer in got.items() if answer != refused} == {}
    assert len(door.records()) == before
    assert door.failures()["invalid-dpop-proof"] == len(got) + 1


def test_no_wrong_proof_brings_a_token(door: Door, idva: Agency) -> None:
    before = len(door.records())
    form = idva.form("cases:read")
    got = {}
    for name, proof in wrong_proofs(idva, "POST", "/oauth/token", None).items():
        answer = idva.ask(form, proof)
        got[name] = (answer.status_code, answer.json["error"])
    assert {n: g for n, g in got.items() if g != (400, "invalid_dpop_proof")} == {}
    assert idva.ask(form).status_code == 200  # the assertion was never used up
    assert len(door.records()) == before + 1


def test_a_missing_proof_is_refused(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    answer = door.client.get("/v1/whoami", headers={"Authorization": f"DPoP {token}"})
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_dpop_proof")
    answer = door.client.post("/oauth/token", data=idva.form("cases:read"))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize(
    "address",
    [
        "https://GATEWAY.example/v1/whoami",
        "https://gateway.example:443/v1/whoami",
        "HTTPS://gateway.example/v1/whoami?x=1#y",
        "https://gateway.example/v1/%77hoami",
    ],
)
def test_other_spellings_of_the_address_are_the_same(idva: Agency, address: str) -> None:
    token = idva.token("cases:read")
    proof = idva.proof("GET", "/v1/whoami", token=token, htu=address)
    assert idva.call(token, proof=proof).status_code == 200


def test_the_address_is_the_configured_one_whatever_the_host_header_says(idva: Agency) -> None:
    token = idva.token("cases:read")
    proof = idva.proof("GET", "/v1/whoami", token=token, htu="https://evil.example/v1/whoami")
    answer = idva.call(token, proof=proof, headers={"Host": "evil.example"})
    assert answer.status_code == 401


@pytest.mark.parametrize("seconds", [-60, 10])
def test_a_clock_may_be_a_little_wrong(door: Door, idva: Agency, seconds: int) -> None:
    token = idva.token("cases:read")
    iat = int(door.now.timestamp()) + seconds
    proof = idva.proof("GET", "/v1/whoami", token=token, iat=iat)
    assert idva.call(token, proof=proof).status_code == 200
    assert idva.call(token, proof=proof).status_code == 401  # used before


def test_a_proof_is_used_once_on_a_resource(idva: Agency) -> None:
    token = idva.token("cases:read")
    proof = idva.proof("GET", "/v1/whoami", token=token)
    assert idva.call(token, proof=proof).status_code == 200
    again = idva.call(token, proof=proof)
    assert (again.status_code, again.json["code"]) == (401, "invalid_dpop_proof")


def test_a_proof_is_used_once_for_a_token(door: Door, idva: Agency) -> None:
    proof = idva.proof()
    assert idva.ask(idva.form("cases:read"), proof).status_code == 200
    again = idva.ask(idva.form("cases:read"), proof)
    assert (again.status_code, again.json["error"]) == (400, "invalid_dpop_proof")
    # By now the client was known, so it is an entry and no mere count.
    assert door.records()[-1]["because"] == "invalid-dpop-proof"


def test_F4_a_stolen_token_is_of_no_use_without_its_key(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    thief = Agency("idva", door)
    answer = thief.call(token)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("alg", ["Ed25519", "PS256"])
def test_keys_of_other_good_kinds_prove_possession(idva: Agency, alg: str) -> None:
    made = OKPKey.generate_key("Ed25519") if alg == "Ed25519" else RSAKey.generate_key(3072)
    material = made.as_dict(private=False)
    jwk = {n: material[n] for n in ("kty", "crv", "x", "n", "e") if n in material}
    usual = json.loads(jose.b64u_decode(idva.proof().split(".")[1]))
    registry = jws.JWSRegistry(algorithms=[alg])
    registry.max_header_length = 4096
    header = {"typ": "dpop+jwt", "alg": alg, "jwk": jwk}
    proof = jws.serialize_compact(header, json.dumps(usual), made, registry=registry)
    assert idva.ask(idva.form("cases:read"), proof).status_code == 200


# --- nonce ----------------------------------------------------------------------------------------


def test_the_token_endpoint_asks_for_its_nonce(door: Door, idva: Agency) -> None:
    form = idva.form("cases:read")
    first = idva.ask(form, idva.proof(nonce=None))
    assert (first.status_code, first.json["error"]) == (400, "use_dpop_nonce")
    nonce = first.headers["DPoP-Nonce"]
    # The same assertion again: a client may keep its request and exchange the proof alone.
    assert idva.ask(form, idva.proof(nonce=nonce)).status_code == 200


@pytest.mark.parametrize("wrong", ["x", "", "1.x", 5, ["a"], "29923740.AAAAAAAAAAAAAAAAAAAAAA"])
def test_a_foreign_nonce_is_refused(idva: Agency, wrong: object) -> None:
    answer = idva.ask(idva.form("cases:read"), idva.proof(nonce=wrong))
    assert (answer.status_code, answer.json["error"]) == (400, "use_dpop_nonce")


def test_a_nonce_lives_for_its_minute_and_the_next(door: Door, idva: Agency) -> None:
    nonce = idva.nonce()
    door.later(119)
    assert idva.ask(idva.form("cases:read"), idva.proof(nonce=nonce)).status_code == 200
    door.later(1)
    answer = idva.ask(idva.form("cases:read"), idva.proof(nonce=nonce))
    assert answer.json["error"] == "use_dpop_nonce"
    assert answer.headers["DPoP-Nonce"] != nonce


def test_a_resource_may_ask_for_the_nonce_too(idva: Agency) -> None:
    token = idva.token("cases:read")
    bare = idva.proof("GET", "/v1/nonce", token=token, nonce=None)
    answer = idva.call(token, "/v1/nonce", proof=bare)
    assert (answer.status_code, answer.json["code"]) == (401, "use_dpop_nonce")
    assert 'error="use_dpop_nonce"' in answer.headers["WWW-Authenticate"]
    nonce = answer.headers["DPoP-Nonce"]
    proof = idva.proof("GET", "/v1/nonce", token=token, nonce=nonce)
    assert idva.call(token, "/v1/nonce", proof=proof).status_code == 200
    bare = idva.proof("GET", "/v1/whoami", token=token, nonce=None)
    assert idva.call(token, proof=bare).status_code == 200

"""A request with a token: what is refused, how it is said, what the log keeps of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.flows import agencies
from gateway.schemas.codes import AgencyKind
from gateway.sealing import jose
from tests.doors.oauth import BASE, Agency, Door, a_door, signed, the_keys
from tests.overhearing import overheard, traced


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(database_url, tmp_path) as door:
        yield door


@pytest.fixture
def idva(door: Door) -> Agency:
    return door.enrol("idva", AgencyKind.IDVA)


def wrong_tokens(agency: Agency, token: str) -> dict[str, str]:
    """One wrong access token for each way to be wrong."""
    keys = the_keys()
    head, body, signature = token.split(".")
    claims = json.loads(jose.b64u_decode(body))

    def own(header: dict[str, str] | None = None, **changes: object) -> str:
        full = {"kid": keys.token.kid, "typ": "at+jwt", **(header or {})}
        made = {name: v for name, v in {**claims, **changes}.items() if v is not None}
        return signed(full, made, keys.token.key)

    none = jose.b64u(json.dumps({"alg": "none", "typ": "at+jwt", "kid": keys.token.kid}).encode())
    by_receipt_key = {"kid": keys.signing.kid, "typ": "at+jwt"}
    untyped = signed({"kid": keys.token.kid}, claims, keys.token.key)
    return {
        "expired": own(exp=claims["iat"]),
        "another issuer": own(iss="https://other.example"),
        "another audience": own(aud="https://other.example"),
        "an audience in a list": own(aud=[BASE]),
        "no binding": own(cnf=None),
        "no scope": own(scope=None),
        "no jti": own(jti=None),
        "another agency that is not": own(sub="nobody"),
        "another type": own({"typ": "JWT"}),
        "no type": untyped,
        "unknown kid": own({"kid": "unknown"}),
        "the key of receipts": signed(by_receipt_key, claims, keys.signing.key),
        "its own key": signed(by_receipt_key, claims, jose.import_private(agency.sig, "sig")),
        "an assertion": agency.assertion(),
        "alg none": f"{none}.{body}.",
        "no signature": f"{head}.{body}.",
        "signature cut": f"{head}.{body}.{signature[:-4]}",
        "padding": token + "=",
        "empty": "",
        "blank": " ",
        "two": f"{token}, DPoP {token}",
        "garbage": "ä.ö.ü",
        "huge": "x" * 10_000,
    }


def test_no_wrong_token_is_accepted(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    before = len(door.records())
    got = {}
    for name, wrong in wrong_tokens(idva, token).items():
        answer = idva.call(wrong)
        got[name] = (answer.status_code, answer.json["code"])
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert {n: g for n, g in got.items() if g != (401, "invalid_token")} == {}
    assert len(door.records()) == before
    assert door.failures()["invalid-token"] == len(got)
    assert idva.call(token).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "DPoPX", ""])
def test_only_the_scheme_dpop_is_read(idva: Agency, scheme: str) -> None:
    token = idva.token("cases:read")
    answer = idva.call(token, headers={"Authorization": f"{scheme} {token}"})
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")


def test_the_scheme_is_read_in_any_case(idva: Agency) -> None:
    token = idva.token("cases:read")
    assert idva.call(token, headers={"Authorization": f"dpop {token}"}).status_code == 200


def test_a_token_in_address_or_form_is_not_read(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    proof = {"DPoP": idva.proof("POST", "/v1/whoami", token=token)}
    answer = door.client.post(
        f"/v1/whoami?access_token={token}", data={"access_token": token}, headers=proof
    )
    assert (answer.status_code, answer.json["code"]) == (401, "missing_token")


def test_a_token_ends_after_300_seconds(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    door.later(299)
    assert idva.call(token).status_code == 200
    door.later(1)
    assert idva.call(token).status_code == 401


def test_F5_suspension_bites_on_the_next_request(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    assert idva.call(token).status_code == 200
    with door.work() as work:
        agencies.suspend(work, agency_id="idva")
    answer = idva.call(token)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    assert idva.ask(idva.form("cases:read")).json["error"] == "invalid_client"
    assert [(e["event"], e["because"]) for e in door.records()[-2:]] == [
        ("token.used", "agency-suspended"),
        ("token.requested", "agency-suspended"),
    ]
    with door.work() as work:
        agencies.resume(work, agency_id="idva")
    assert idva.call(token).status_code == 200


def test_F5_a_suspended_agency_looks_like_an_unknown_one(door: Door, idva: Agency) -> None:
    with door.work() as work:
        agencies.suspend(work, agency_id="idva")
    suspended = idva.ask(idva.form("cases:read"))
    unknown = Agency("nobody", door)
    assert unknown.ask(unknown.form("cases:read")).data == suspended.data


def test_F7_a_suspended_worker_is_refused_with_the_next_request(door: Door, idva: Agency) -> None:
    with door.work() as work:
        agencies.add_worker(work, agency_id="idva", worker_id="w-1")
    token = idva.token("cases:read", worker="w-1")
    unattended = idva.token("cases:read")
    assert idva.call(token).json["worker"] == "w-1"
    with door.work() as work:
        agencies.suspend_worker(work, agency_id="idva", worker_id="w-1")
    assert idva.call(token).status_code == 401
    assert door.records()[-1]["because"] == "worker-suspended"
    assert idva.call(unattended).json["worker"] == "unattended"


def test_F2_a_missing_scope_is_said_and_recorded(door: Door, idva: Agency) -> None:
    token = idva.token("cases:read")
    answer = idva.call(token, "/v1/log")
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    entry = door.records()[-1]
    assert (entry["outcome"], entry["because"]) == ("denied", "no-scope-log:read")
    assert idva.call(idva.token("cases:read log:read"), "/v1/log").status_code == 200


def test_a_request_asks_the_database_once(door: Door, idva: Agency, tmp_path: Path) -> None:
    """One statement that SQLite runs, and one time of waiting for PostgreSQL."""
    token = idva.token("cases:read")
    idva.call(token, proof=idva.proof("GET", "/v1/whoami", token=token))
    proof = idva.proof("GET", "/v1/whoami", token=token)
    engine = door.house.sessions.kw["bind"]
    asked: list[str] = []
    is_sqlite = engine.dialect.name == "sqlite"
    with traced(engine, asked.append) if is_sqlite else overheard(engine, tmp_path) as said:
        assert idva.call(token, proof=proof).status_code == 200
    asked += ["; ".join(each.statements) for each in said or ()]
    asked = [each for each in asked if re.search("SELECT|INSERT|UPDATE|DELETE", each)]
    assert len(asked) == 1, asked

"""The token endpoint: who gets a token, for what, and that every wrong request is told so."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey, RSAKey

from gateway.agencies import callers
from gateway.agencies.scopes import SCOPES
from gateway.flows import agencies
from gateway.ledger import Work, begin
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, Scope
from gateway.sealing import jose
from tests.doors.oauth import BASE, Agency, Door, a_door, signed


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(database_url, tmp_path) as door:
        yield door


@pytest.fixture
def landlord(door: Door) -> Agency:
    return door.enrol("landlord")


def claims_of(token: str) -> dict[str, object]:
    return dict(json.loads(jose.b64u_decode(token.split(".")[1])))


def test_F1_F3_F4_an_agency_gets_a_bound_token_by_its_own_key(landlord: Agency) -> None:
    answer = landlord.ask()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    told = dict(answer.json)
    token = told.pop("access_token")
    assert told == {"token_type": "DPoP", "expires_in": 300, "scope": "referrals:read"}
    claims = claims_of(token)
    jti = claims.pop("jti")
    assert isinstance(jti, str)
    assert len(jti) >= 22  # 128 bits
    assert claims == {
        "iss": BASE,
        "sub": "landlord",
        "client_id": "landlord",
        "aud": BASE,
        "iat": 1795424400,
        "exp": 1795424700,
        "scope": "referrals:read",
        "cnf": {"jkt": jose.thumbprint(landlord.dpop)},
        "key": landlord.sig["kid"],
    }
    assert jose.peek(token)["typ"] == "at+jwt"
    assert landlord.call(token).json == {
        "agency": "landlord",
        "worker": "unattended",
        "is_chair": False,
    }


def test_an_issued_token_is_an_entry_of_the_log(door: Door, landlord: Agency) -> None:
    landlord.token("referrals:read risk:write")
    entry = door.records()[-1]
    assert (entry["event"], entry["agency"], entry["worker"]) == (
        "token.issued",
        "landlord",
        "unattended",
    )
    assert entry["facts"] == {"scopes": ["referrals:read", "risk:write"]}


def test_F7_a_worker_is_named_inside_the_signed_assertion(door: Door, landlord: Agency) -> None:
    with door.work() as work:
        agencies.add_worker(work, agency_id="landlord", worker_id="w-17", is_chair=True)
    token = landlord.token(worker="w-17")
    assert claims_of(token)["worker"] == "w-17"
    told = landlord.call(token, headers={"X-Worker": "w-18"}).json
    assert told == {"agency": "landlord", "worker": "w-17", "is_chair": True}
    assert door.records()[-1]["worker"] == "w-17"


def test_F7_an_unknown_suspended_or_foreign_worker_is_refused_alike(
    door: Door, landlord: Agency
) -> None:
    door.enrol("idva", AgencyKind.IDVA)
    with door.work() as work:
        agencies.add_worker(work, agency_id="landlord", worker_id="gone")
        agencies.add_worker(work, agency_id="idva", worker_id="theirs")
        agencies.suspend_worker(work, agency_id="landlord", worker_id="gone")
    seen = set()
    for worker in ("never-heard-of", "gone", "theirs", "", 7, ["gone"], "x" * 100):
        answer = landlord.ask(landlord.form(client_assertion=landlord.assertion(worker=worker)))
        seen.add((answer.status_code, answer.data))
    assert len(seen) == 1
    assert seen.pop()[0] == 401
    refused = [entry["because"] for entry in door.records() if entry["outcome"] == "denied"]
    assert refused == ["worker-unknown", "worker-suspended", *["worker-unknown"] * 5]


# --- scopes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", AgencyKind)
def test_F2_each_kind_has_its_scopes_and_no_other(
    sqlite_url: str, tmp_path: Path, kind: AgencyKind
) -> None:
    with a_door(sqlite_url, tmp_path) as door:
        agency = door.enrol("some", kind)
        for scope in Scope:
            answer = agency.ask(agency.form(scope.value))
            assert (answer.status_code == 200) is (scope in SCOPES[kind])
        assert agency.ask(agency.form(" ".join(sorted(SCOPES[kind])))).status_code == 200


@pytest.mark.parametrize(
    "scope",
    [
        None,
        "",
        "everything",
        "referrals:read everything",
        "conference:write",  # a coordinator's
        "referrals:read conference:write",
        "referrals:read  referrals:write",
        "referrals:read referrals:read",
        "REFERRALS:READ",
        "referrals:*",
        'referrals:read"\\',
        "x" * 20_000,
    ],
)
def test_an_unknown_scope_gives_no_token_at_all(
    door: Door, landlord: Agency, scope: str | None
) -> None:
    answer = landlord.ask(landlord.form(scope))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")
    assert door.records()[-1]["because"] == "invalid-scope"


# --- assertions ---------------------------------------------------------------------------------


def wrong_assertions(agency: Agency) -> dict[str, str]:
    """One wrong assertion for each way to be wrong."""
    now = int(agency.door.now.timestamp())
    right = agency.assertion()
    head, body, signature = right.split(".")
    none = jose.b64u(b'{"alg":"none","kid":"k"}')
    stranger = jose.import_private(jose.new_private("sig"), "sig")
    hs = jose.b64u(json.dumps({"alg": "HS256", "kid": agency.sig["kid"]}).encode())
    changed = {
        "expired": {"exp": now - 1, "iat": now - 60},
        "expires now": {"exp": now},
        "lives too long": {"exp": now + 301},
        "ten years": {"exp": now + 315_360_000},
        "not yet": {"nbf": now + 11},
        "issued ahead": {"iat": now + 11},
        "issued long ago": {"iat": now - 301},
        "before all time": {"iat": -(10**30)},
        "no iat": {"iat": None},
        "no exp": {"exp": None},
        "no jti": {"jti": None},
        "short jti": {"jti": "x" * 15},
        "long jti": {"jti": "x" * 129},
        "jti of another type": {"jti": 1234567890123456},
        "exp true": {"exp": True},
        "exp text": {"exp": str(now + 60)},
        "no audience": {"aud": None},
        "audience in a list": {"aud": [BASE]},
        "another's audience": {"aud": "https://other.example"},
        "the endpoint as audience": {"aud": BASE + "/oauth/token"},
        "no issuer": {"iss": None},
        "another issuer": {"iss": "other"},
        "no subject": {"sub": None},
        "unknown agency": {"iss": "nobody", "sub": "nobody"},
        "subject of another type": {"sub": ["landlord"]},
        "an id that no agency has": {"iss": "@operator", "sub": "@operator"},
    }
    return {
        **{name: agency.assertion(**change) for name, change in changed.items()},
        "unknown kid": agency.assertion(header={"kid": "unknown"}),
        "kid of another type": agency.assertion(header={"kid": "a/../../b"}),
        "an encryption key": agency.assertion(header={"kid": agency.enc["kid"]}),
        "another type of token": agency.assertion(header={"typ": "at+jwt"}),
        "extra header": agency.assertion(header={"cty": "JWT"}),
        "alg none": f"{none}.{body}.",
        "alg HS256": f"{hs}.{body}.{signature}",
        "a stranger's signature": signed({"kid": agency.sig["kid"]}, agency.claims(), stranger),
        "signature cut": right[:-4],
        "no signature": f"{head}.{body}.",
        "padding": right + "=",
        "two parts": f"{head}.{body}",
        "empty": "",
        "not base64": "ä.b.c",
        "claims are a list": agency.sign([1]),
        "claims are no JSON": agency.sign(b"{"),
        "claims twice": agency.sign(b'{"sub":"landlord","sub":"x"}'),
        "claims not UTF-8": agency.sign(b'{"sub":"\xff"}'),
        "claims nested": agency.sign(b'{"a":' + b"[" * 2500 + b"]" * 2500 + b"}"),
        "NUL": agency.assertion(jti="x" * 20 + "\0"),
        "too large": agency.assertion(jti="x" * 100, more="x" * 9000),
    }


def test_every_wrong_assertion_has_one_answer(door: Door, landlord: Agency) -> None:
    before = len(door.records())
    seen = {}
    for name, assertion in wrong_assertions(landlord).items():
        answer = landlord.ask(landlord.form(client_assertion=assertion))
        seen[name] = (answer.status_code, answer.data)
    wrong = (401, seen["empty"][1])
    assert {name: got for name, got in seen.items() if got != wrong} == {}
    assert json.loads(wrong[1])["error"] == "invalid_client"
    assert len(door.records()) == before  # counted, and nothing else
    assert sum(door.failures().values()) >= len(seen)


def test_an_assertion_is_used_once(landlord: Agency) -> None:
    form = landlord.form()
    assert landlord.ask(form).status_code == 200
    again = landlord.ask(form)
    assert (again.status_code, again.json["error"]) == (401, "invalid_client")


def test_a_clock_ten_seconds_fast_is_accepted(door: Door, landlord: Agency) -> None:
    now = int(door.now.timestamp())
    ahead = landlord.assertion(iat=now + 10, nbf=now + 10, exp=now + 300)
    assert landlord.ask(landlord.form(client_assertion=ahead)).status_code == 200


def test_a_foreign_client_id_is_refused(landlord: Agency) -> None:
    assert landlord.ask(landlord.form(client_id="landlord")).status_code == 200
    answer = landlord.ask(landlord.form(client_id="idva"))
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("alg", ["Ed25519", "PS256"])
def test_other_good_algorithms_work(door: Door, alg: str) -> None:
    made = OKPKey.generate_key("Ed25519") if alg == "Ed25519" else RSAKey.generate_key(3072)
    agency = Agency("clinic", door)
    public = {**made.as_dict(private=False), "use": "sig", "alg": alg, "kid": "other-kind"}
    door.register("clinic", jwks={"keys": [public, jose.public_part(agency.enc)]})
    assertion = jws.serialize_compact(
        {"alg": alg, "kid": "other-kind"}, json.dumps(agency.claims()), made, algorithms=[alg]
    )
    assert agency.ask(agency.form(client_assertion=assertion)).status_code == 200


# --- the request itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": 'x"\\'}, "unsupported_grant_type"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"client_secret": "s"}, "invalid_request"),
    ],
)
def test_a_wrong_parameter_is_named(landlord: Agency, changes: dict[str, str], code: str) -> None:
    answer = landlord.ask(landlord.form(**changes))
    assert (answer.status_code, answer.json["error"]) == (400, code)
    assert all(value not in answer.text for value in changes.values() if value and len(value) > 1)


def test_our_own_resource_may_be_named(landlord: Agency) -> None:
    assert landlord.ask(landlord.form(resource=BASE)).status_code == 200


def test_only_a_plain_form_is_read(landlord: Agency) -> None:
    form = landlord.form()
    asks = [
        {"headers": {"Content-Type": "application/json"}, "form": json.dumps(form)},
        {"headers": {"Content-Type": "text/plain"}, "form": "grant_type=client_credentials"},
        {"headers": {"Content-Type": "multipart/form-data"}, "form": {}},
        {"headers": {"Authorization": "Basic bGFuZGxvcmQ6"}, "form": form},
        {"form": {**form, "client_assertion": "x" * 40_000}},
    ]
    for ask in asks:
        answer = landlord.ask(**ask)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert landlord.ask(form).status_code == 200  # the assertion was never used up


@pytest.mark.parametrize("host", ["gateway.example", "10.1.2.3:8000", "x"])
def test_a_proxy_may_speak_plain_HTTP_to_us_and_name_any_host(
    door: Door, landlord: Agency, host: str
) -> None:
    """Addresses are compared with the configured one alone, never with what a request claims."""
    spoken = {"base_url": f"http://{host}"}
    answer = landlord.ask(**spoken)
    assert answer.status_code == 200
    for endpoint in ("introspect", "revoke"):
        assert landlord.send(endpoint, answer.json["access_token"], **spoken).status_code == 200
        assert (
            door.client.post(f"/oauth/{endpoint}", data={"token": "x"}, **spoken).status_code == 401
        )


def test_a_form_of_unknown_length_is_not_even_read(door: Door) -> None:
    """Or four megabytes of parameters would be taken apart for whoever sends them."""
    body = io.BytesIO(b"a=1&" * 100)
    answer = door.client.post(
        "/oauth/token",
        input_stream=body,
        content_type="application/x-www-form-urlencoded",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert body.tell() == 0


def test_other_methods_are_refused(door: Door) -> None:
    for path in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
        assert door.client.get(path).status_code == 405


# --- introspection and revocation -----------------------------------------------------------------


def test_an_agency_sees_its_own_live_token(landlord: Agency) -> None:
    token = landlord.token()
    told = landlord.send("introspect", token).json
    assert told == {"active": True, "token_type": "DPoP", **claims_of(token)}


def test_a_revoked_token_is_dead_at_once(door: Door, landlord: Agency) -> None:
    token = landlord.token()
    assert landlord.call(token).status_code == 200
    assert landlord.send("revoke", token).status_code == 200
    assert landlord.call(token).json["code"] == "invalid_token"
    assert landlord.send("introspect", token).json == {"active": False}
    assert landlord.send("revoke", token).status_code == 200  # once more changes nothing
    events = [(entry["event"], entry["because"]) for entry in door.records()[-3:]]
    assert events == [
        ("token.revoked", "client-asked"),
        ("token.used", "token-revoked"),
        ("token.revoked", "revoked-before"),
    ]
    assert landlord.call(landlord.token()).status_code == 200  # a new one is not


def test_two_requests_may_revoke_one_token_at_the_same_moment(door: Door, landlord: Agency) -> None:
    until = door.now + timedelta(seconds=300)
    caller = Caller("landlord", AgencyKind.LANDLORD, "MARLBURY")
    answers: list[bool] = []

    def revoke(work: Work) -> None:
        answers.append(callers.revoke(work, jti="j" * 32, expires_at=until))
        work.record("token.revoked", None, because="client-asked")

    def revoke_too() -> None:
        with begin(door.house.sessions, door.house.keys, caller, door.now) as work:
            revoke(work)

    with begin(door.house.sessions, door.house.keys, caller, door.now) as work:
        first = Thread(target=revoke_too)
        revoke(work)
        first.start()
        first.join(0.5)  # it waits for us
    first.join()
    assert answers == [True, False]


def test_an_expired_token_is_not_active(door: Door, landlord: Agency) -> None:
    token = landlord.token()
    door.later(300)
    assert landlord.send("introspect", token).json == {"active": False}


def test_another_agencys_token_is_neither_shown_nor_ended(door: Door, landlord: Agency) -> None:
    idva = door.enrol("idva", AgencyKind.IDVA)
    token = idva.token("cases:read")
    assert landlord.send("introspect", token).json == {"active": False}
    answer = landlord.send("revoke", token)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert idva.call(token).status_code == 200


@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
def test_what_is_no_token_of_ours_is_no_error(landlord: Agency, endpoint: str) -> None:
    for wrong in ("", "x", "a.b.c", landlord.assertion(), "ä" * 10, "x" * 5000):
        assert landlord.send(endpoint, wrong).status_code == 200
    assert landlord.send(endpoint, "x", token_type_hint="refresh_token").status_code == 200


@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
def test_both_endpoints_want_the_client_and_a_token(landlord: Agency, endpoint: str) -> None:
    token = landlord.token()
    answer = landlord.send(endpoint, token, client_assertion=landlord.assertion(aud="x"))
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    answer = landlord.send(endpoint, token, token=None)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    answer = landlord.send(endpoint, token, token_type_hint="id_token")
    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_token_type")
    assert landlord.call(token).status_code == 200

"""What is wrong is refused with a status and a code, is no server error, and changes nothing."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from gateway.api.operations import OPERATIONS
from gateway.sealing import jose
from gateway.store import tables as t
from tests.doors.oauth import signed
from tests.doors.spoilt import (
    enveloped,
    flipped,
    header_changed,
    jws_changed,
    minimal,
    payload,
    spliced,
    unsigned,
)
from tests.journeys.asking import BY_NAME, JOSE, JSON, PLAIN, asking, told
from tests.journeys.world import BASE, Wire, World, example

LANDLORD, OTHER_LANDLORD, COORDINATOR = "harbourgate-homes", "tidewell-housing", "marlbury-marac"
REFER = BY_NAME["submit_referral"]
CANARY = "Zebedee-Quillfeather"  # nobody's name: if it comes back, something repeated a value


@dataclass(frozen=True)
class Place:
    """A world in which one referral was sent."""

    world: World
    reference: str

    def wire(self, agency: str = LANDLORD) -> Wire:
        return self.world.wire(agency)

    def refer(self, body: bytes, **more: Any) -> TestResponse:
        """Send a body as a referral."""
        return asking(REFER, self.wire()).but(body=body).send(self.wire(), **more)


@pytest.fixture(scope="module")
def place(shared_world: World) -> Place:
    receipt = shared_world.client(LANDLORD).refer(example("minimal"))
    return Place(shared_world, receipt.reference)


Refusal = tuple[int, dict[str, str], dict[str, Any]]


def refused(place: Place, send: Callable[[Place], TestResponse]) -> Refusal:
    """Send something wrong, and see that it changed nothing but the log and repeats nothing."""
    world = place.world
    before = world.counts()
    answer = send(place)
    assert world.counts() == before
    assert answer.content_type == "application/problem+json"
    assert CANARY not in answer.text
    status, headers, body = told(answer)
    assert status == body["status"]
    assert body["type"] == f"{BASE}/problems#{body['code']}"
    return status, headers, body


# --- who asks -----------------------------------------------------------------------------------


def prove(place: Place, **claims: Any) -> TestResponse:
    """A referral whose proof of possession is wrong."""
    wire = place.wire()
    token = wire.token("referrals:write")
    proof = wire.agency.proof("POST", "/v1/referrals", token=token, **claims)
    return place.refer(wire.envelope("referral/1", minimal()), headers={"DPoP": proof})


def replay(place: Place) -> TestResponse:
    wire = place.wire()
    token = wire.token("directory:read")
    proof = wire.agency.proof("GET", "/v1/directory", token=token)
    for _ in range(2):
        answer = wire.ask("GET", "/v1/directory", "directory:read", headers={"DPoP": proof})
    return answer


def by_another_key(place: Place) -> TestResponse:
    wire, thief = place.wire(), Wire(place.world, LANDLORD)
    token = wire.token("referrals:write")
    proof = thief.agency.proof("POST", "/v1/referrals", token=token)
    return place.refer(wire.envelope("referral/1", minimal()), headers={"DPoP": proof})


def with_token(place: Place, token: str) -> TestResponse:
    wire = place.wire()
    proof = wire.agency.proof("POST", "/v1/referrals", token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    return place.refer(wire.envelope("referral/1", minimal()), headers=headers)


def forged_token(place: Place, alg: str) -> TestResponse:
    """A token that says of itself how it is signed."""
    _, payload, signature = place.wire().token("referrals:write").split(".")
    kid = place.world.keys.token.public[0]["kid"]
    header = jose.b64u(json.dumps({"alg": alg, "kid": kid, "typ": "at+jwt"}).encode())
    return with_token(place, f"{header}.{payload}.{'' if alg == 'none' else signature}")


def own_token(place: Place) -> TestResponse:
    """A token that the agency signed for itself."""
    wire = place.wire()
    now = int(place.world.now.timestamp())
    claims = {
        "iss": BASE,
        "sub": LANDLORD,
        "client_id": LANDLORD,
        "aud": BASE,
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid.uuid4()),
        "scope": "referrals:write",
        "cnf": {"jkt": jose.thumbprint(wire.agency.dpop)},
    }
    header = {"alg": "ES256", "kid": place.world.keys.token.public[0]["kid"], "typ": "at+jwt"}
    key = jose.import_private(wire.agency.sig, "sig")
    return with_token(place, signed(header, claims, key))


def expired_token(place: Place) -> TestResponse:
    token = place.wire().token("referrals:write")
    place.world.later(seconds=301)
    return with_token(place, token)


def as_bearer(place: Place) -> TestResponse:
    wire = place.wire()
    token = wire.token("referrals:write")
    headers = {"Authorization": f"Bearer {token}"}
    return place.refer(wire.envelope("referral/1", minimal()), headers=headers)


PROOF, TOKEN = "invalid_dpop_proof", "invalid_token"
CALLERS: dict[str, tuple[Callable[[Place], TestResponse], str]] = {
    "proof for another method": (lambda p: prove(p, htm="GET"), PROOF),
    "proof for another address": (lambda p: prove(p, htu=f"{BASE}/v1/cases"), PROOF),
    "proof for another token": (lambda p: prove(p, ath="A" * 43), PROOF),
    "proof that is old": (lambda p: prove(p, iat=int(p.world.now.timestamp()) - 120), PROOF),
    "proof from the future": (lambda p: prove(p, iat=int(p.world.now.timestamp()) + 60), PROOF),
    "proof used before": (replay, PROOF),
    "proof by another key": (by_another_key, TOKEN),
    "no proof": (lambda p: p.refer(b"x", headers={"DPoP": ""}), PROOF),
    "proof that is none": (lambda p: p.refer(b"x", headers={"DPoP": "a.b.c"}), PROOF),
    "token with alg none": (lambda p: forged_token(p, "none"), TOKEN),
    "token with a foreign alg": (lambda p: forged_token(p, "HS256"), TOKEN),
    "token by the agency itself": (own_token, TOKEN),
    "token that is none": (lambda p: with_token(p, "a.b.c"), TOKEN),
    "token past its time": (expired_token, TOKEN),
    "token as bearer": (as_bearer, TOKEN),
}


@pytest.mark.parametrize("name", CALLERS)
def test_F4_a_caller_that_does_not_hold_is_refused(place: Place, name: str) -> None:
    send, code = CALLERS[name]
    status, headers, body = refused(place, send)
    assert (status, body["code"]) == (401, code)
    assert f'error="{code}"' in headers["WWW-Authenticate"]


APPLICANTS: dict[str, tuple[dict[str, Any], str | None, int, str]] = {
    "expired": ({"exp": -1}, None, 401, "invalid_client"),
    "too long": ({"exp": 86_400}, None, 401, "invalid_client"),
    "for another gateway": ({"aud": "https://elsewhere.example"}, None, 401, "invalid_client"),
    "for another agency": ({"sub": OTHER_LANDLORD}, None, 401, "invalid_client"),
    "by another agency": (
        {"iss": OTHER_LANDLORD, "sub": OTHER_LANDLORD},
        None,
        401,
        "invalid_client",
    ),
    "by nobody": ({"iss": "nobody", "sub": "nobody"}, None, 401, "invalid_client"),
    "foreign worker": ({"worker": "idva-01"}, None, 401, "invalid_client"),
    "unknown worker": ({"worker": "nobody-01"}, None, 401, "invalid_client"),
    "unknown scope": ({}, "everything:read", 400, "invalid_scope"),
    "a scope of others": ({}, "conference:write", 400, "invalid_scope"),
    "one of two unknown": ({}, "referrals:read everything:read", 400, "invalid_scope"),
}


@pytest.mark.parametrize("name", APPLICANTS)
def test_F3_an_assertion_that_does_not_hold_gives_no_token(place: Place, name: str) -> None:
    changes, scope, status, error = APPLICANTS[name]
    agency, before = place.wire().agency, place.world.counts()
    if "exp" in changes:
        changes = {"exp": int(place.world.now.timestamp()) + changes["exp"]}
    assertion = agency.assertion(**changes)
    answer = agency.ask(agency.form(scope or "referrals:read", client_assertion=assertion))
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert "access_token" not in answer.text
    assert place.world.counts() == before


# --- the envelope -------------------------------------------------------------------------------


def by_another(wire: Wire) -> bytes:
    """A document by another agency, sent with this one's token."""
    return wire.world.wire(OTHER_LANDLORD).envelope("referral/1", minimal())


def at(wire: Wire, seconds: int) -> int:
    return int(wire.world.now.timestamp()) + seconds


NAME = '"given_names": "Robin"'
ENVELOPES: dict[str, tuple[Callable[[Wire], bytes], int, str]] = {
    "nothing": (lambda w: b"", 400, "undecipherable"),
    "words": (lambda w: b"Zebedee-Quillfeather", 400, "undecipherable"),
    "bytes that are no text": (lambda w: b"\xff\xfe\x00", 400, "undecipherable"),
    "plain JSON": (lambda w: json.dumps(minimal()).encode(), 400, "undecipherable"),
    "signed only": (
        lambda w: w.sign(w.claims("referral/1", minimal())).encode(),
        400,
        "undecipherable",
    ),
    "alg none outside": (lambda w: header_changed(enveloped(w), alg="none"), 400, "undecipherable"),
    "alg dir outside": (lambda w: header_changed(enveloped(w), alg="dir"), 400, "undecipherable"),
    "foreign enc": (
        lambda w: header_changed(enveloped(w), enc="A128CBC-HS256"),
        400,
        "undecipherable",
    ),
    "compressed": (lambda w: header_changed(enveloped(w), zip="DEF"), 400, "undecipherable"),
    "crit": (lambda w: header_changed(enveloped(w), crit=["b64"]), 400, "undecipherable"),
    "unknown kid outside": (
        lambda w: header_changed(enveloped(w), kid="unknown"),
        400,
        "undecipherable",
    ),
    "kid that is a path": (
        lambda w: header_changed(enveloped(w), kid="../../keys/signing.jwk"),
        400,
        "undecipherable",
    ),
    "no kid": (lambda w: header_changed(enveloped(w), kid=None), 400, "undecipherable"),
    "foreign typ outside": (
        lambda w: header_changed(enveloped(w), typ="JWT"),
        400,
        "undecipherable",
    ),
    "flipped tag": (lambda w: flipped(enveloped(w)), 400, "undecipherable"),
    "a part too many": (lambda w: enveloped(w) + b".AA", 400, "undecipherable"),
    "padded base64": (lambda w: enveloped(w) + b"=", 400, "undecipherable"),
    "alg none inside": (lambda w: unsigned(w, "none"), 400, "undecipherable"),
    "alg HS256 inside": (lambda w: unsigned(w, "HS256"), 400, "undecipherable"),
    "header changed after signing": (
        lambda w: jws_changed(w, minimal(), typ="JWT"),
        400,
        "undecipherable",
    ),
    "key of its own inside": (
        lambda w: jws_changed(w, minimal(), jwk=jose.public_part(w.agency.sig)),
        400,
        "undecipherable",
    ),
    "address of a key inside": (
        lambda w: jws_changed(w, minimal(), jku="https://elsewhere.example/keys"),
        400,
        "undecipherable",
    ),
    "unknown kid inside": (
        lambda w: jws_changed(w, minimal(), kid="unknown"),
        400,
        "undecipherable",
    ),
    "signed by another agency": (by_another, 400, "undecipherable"),
    "another agency's name": (lambda w: enveloped(w, iss=OTHER_LANDLORD), 400, "undecipherable"),
    "for another gateway": (
        lambda w: enveloped(w, aud="https://elsewhere.example"),
        400,
        "wrong_audience",
    ),
    "past its time": (
        lambda w: enveloped(w, iat=at(w, -600), exp=at(w, -1)),
        400,
        "expired",
    ),
    "of tomorrow": (
        lambda w: enveloped(w, iat=at(w, 600), exp=at(w, 900)),
        400,
        "issued_in_future",
    ),
    "of too long a life": (lambda w: enveloped(w, exp=at(w, 86_400)), 422, "invalid"),
    "without jti": (lambda w: enveloped(w, jti=None), 422, "invalid"),
    "a claim too many": (lambda w: enveloped(w, is_chair=True), 422, "invalid"),
    "audience as a list": (lambda w: enveloped(w, aud=[BASE]), 422, "invalid"),
    "another worker": (lambda w: enveloped(w, worker="homes-01"), 403, "mismatch"),
    "another form": (lambda w: w.envelope("position/1", minimal()), 422, "invalid"),
    "no form": (lambda w: w.envelope("referral/9", minimal()), 422, "invalid"),
    # --- JSON ---
    "bad UTF-8": (lambda w: spliced(w, NAME, b'"given_names": "\xff"'), 400, "bad_utf8"),
    "byte order mark": (
        lambda w: payload(
            w, b"\xef\xbb\xbf" + json.dumps(w.claims("referral/1", minimal())).encode()
        ),
        400,
        "bad_utf8",
    ),
    "NUL": (lambda w: spliced(w, NAME, b'"given_names": "a\x00b"'), 400, "bad_json"),
    "NUL as an escape": (lambda w: spliced(w, NAME, rb'"given_names": "\u0000"'), 400, "bad_text"),
    "lone surrogate": (lambda w: spliced(w, NAME, rb'"given_names": "\ud800"'), 400, "bad_text"),
    "duplicate member": (
        lambda w: spliced(w, NAME, b'"given_names": "Robin", "given_names": "Ruby"'),
        400,
        "duplicate_member",
    ),
    "duplicate member by escape": (
        lambda w: spliced(w, NAME, rb'"given_names": "Robin", "given\u005fnames": "Ruby"'),
        400,
        "duplicate_member",
    ),
    "nested deeply": (
        lambda w: spliced(w, NAME, b'"given_names": ' + b"[" * 5000 + b"]" * 5000),
        400,
        "too_deep",
    ),
    "nested very deeply": (lambda w: payload(w, b"[" * 200_000), 400, "too_deep"),
    "nested objects": (
        lambda w: spliced(w, NAME, b'"given_names": ' + b'{"a":' * 40 + b"1" + b"}" * 40),
        400,
        "too_deep",
    ),
    "not a number": (lambda w: spliced(w, NAME, b'"given_names": NaN'), 400, "bad_number"),
    "a huge number": (lambda w: spliced(w, NAME, b'"given_names": 1e999'), 400, "bad_number"),
    "an integer of 10,000 digits": (
        lambda w: spliced(w, NAME, b'"given_names": ' + b"9" * 10_000),
        400,
        "bad_number",
    ),
    "a number beyond what JSON carries exactly": (
        lambda w: spliced(w, NAME, b'"given_names": 9007199254740993'),
        400,
        "bad_number",
    ),
    "no object": (lambda w: payload(w, b"[]"), 400, "undecipherable"),
    "half an object": (lambda w: payload(w, b'{"iss": "a"'), 400, "bad_json"),
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_document_that_does_not_hold_is_refused(place: Place, name: str) -> None:
    make, expected, code = ENVELOPES[name]
    status, _, body = refused(place, lambda p: p.refer(make(p.wire())))
    assert (status, body["code"]) == (expected, code)


def test_a_body_of_five_megabytes_is_refused_before_it_is_read(place: Place) -> None:
    status, _, body = refused(place, lambda p: p.refer(b"A" * 5_000_000))
    assert (status, body["code"]) == (413, "too_large")


def test_a_document_of_three_megabytes_is_refused(place: Place) -> None:
    status, _, body = refused(place, lambda p: p.refer(b"A" * 3_000_000))
    assert (status, body["code"]) == (400, "undecipherable")


# --- the form -----------------------------------------------------------------------------------

FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown field": (
        {"victim__favourite_colour": CANARY},
        "unknown_field",
        "/victim/favourite_colour",
    ),
    "unknown field on top": ({"is_admin": True}, "unknown_field", "/is_admin"),
    "a model column": ({"referral__state": "ACCEPTED"}, "unknown_field", "/referral/state"),
    "another agency's id": (
        {"referrer__agency_id": OTHER_LANDLORD},
        "unknown_field",
        "/referrer/agency_id",
    ),
    "a text for a number": (
        {"incidents__0__kinds": CANARY},
        "wrong_type",
        "/incidents/0/kinds",
    ),
    "a number for a text": ({"victim__given_names": 5}, "wrong_type", "/victim/given_names"),
    "true for a text": ({"victim__given_names": True}, "wrong_type", "/victim/given_names"),
    "a text for a truth": (
        {"perpetrators__0__aware_of_referral": "true"},
        "wrong_type",
        "/perpetrators/0/aware_of_referral",
    ),
    "one for a truth": (
        {"perpetrators__0__aware_of_referral": 1},
        "wrong_type",
        "/perpetrators/0/aware_of_referral",
    ),
    "a list for an object": ({"victim": []}, "wrong_type", "/victim"),
    "unknown code": ({"victim__position": CANARY}, "unknown_code", "/victim/position"),
    "code in lower case": ({"victim__position": "given"}, "unknown_code", "/victim/position"),
    "code with a blank": ({"victim__position": "GIVEN "}, "unknown_code", "/victim/position"),
    "missing": ({"victim__position": None}, "missing", "/victim/position"),
    "neither value nor reason": (
        {"victim__dob": {}},
        "value_or_absent",
        "/victim/dob/value",
    ),
    "both value and reason": (
        {
            "victim__dob": {"value": "1990-01-01", "absent": "UNKNOWN"},
            "victim__dob_precision": "DAY",
        },
        "not_both",
        "/victim/dob/absent",
    ),
    "no day of the calendar": (
        {"victim__dob": {"value": "1990-02-30"}},
        "bad_date",
        "/victim/dob/value",
    ),
    "too long": ({"referral__rationale": "x" * 4001}, "too_long", "/referral/rationale"),
    "blank": ({"referral__rationale": "   "}, "too_short", "/referral/rationale"),
    "wrong check digit": (
        {"victim__nhs_number": "9990001023"},
        "bad_check_digit",
        "/victim/nhs_number",
    ),
}


@pytest.mark.parametrize("name", FIELDS)
def test_F14_each_fault_has_a_code_and_a_pointer(place: Place, name: str) -> None:
    changes, code, pointer = FIELDS[name]
    sent = place.wire().envelope("referral/1", minimal(**changes))
    status, _, body = refused(place, lambda p: p.refer(sent))
    assert (status, body["code"]) == (422, "invalid")
    assert (code, pointer) in [(each["code"], each["pointer"]) for each in body["errors"]]


COLUMNS = sorted({column.name for table in t.metadata.sorted_tables for column in table.c})
KNOWN = {
    "address",
    "reference",
    "name",
    "area",
    "role",
    "danger",
    "needs",
    "criteria",
    "children",
    "position",
}


@pytest.mark.parametrize("part", ["", "referrer", "referral", "victim", "consent_record"])
def test_V3_no_column_of_ours_can_be_set_by_sending_it(place: Place, part: str) -> None:
    """Mass assignment: every stored column, sent as a member, is refused by name."""
    names = sorted(set(COLUMNS) - set(KNOWN) - set(minimal()[part] if part else minimal()))
    assert len(names) > 50
    prefix = f"/{part}" if part else ""
    for first in range(0, len(names), 100):  # more faults than an answer lists are not all named
        added = names[first : first + 100]
        document = minimal()
        (document[part] if part else document).update(dict.fromkeys(added, "x"))
        sent = place.wire().envelope("referral/1", document)
        status, _, body = refused(place, lambda p, sent=sent: p.refer(sent))
        assert status == 422
        unknown = {e["pointer"] for e in body["errors"] if e["code"] == "unknown_field"}
        assert {f"{prefix}/{name}" for name in added} <= unknown


def test_F14_every_fault_is_named_at_once(place: Place) -> None:
    document = minimal(victim__position="X", referral__urgency="X", children_concern=None)
    _, _, body = refused(place, lambda p: p.refer(p.wire().envelope("referral/1", document)))
    assert {each["pointer"] for each in body["errors"]} >= {
        "/victim/position",
        "/referral/urgency",
        "/children_concern",
    }


@pytest.mark.parametrize("value", ["plain text", {"channels": []}, "a.b.c.d.e", "a" * 50, None, 7])
def test_V10_a_sealed_section_must_be_sealed(place: Place, value: Any) -> None:
    wire = place.wire()
    kid = "x" * 43
    item = {
        "section": "safe_contact",
        "digest": "A" * 43,
        "recipients": [{"agency": "marlbury-idva", "kid": kid, "jwe": value}],
    }
    document = minimal(victim__contact={"value": "SEALED"})
    body_sent = wire.envelope("referral/1", document, sealed=[item])
    status, _, body = refused(place, lambda p: p.refer(body_sent))
    assert status == 422
    assert any(e["pointer"].startswith("/sealed/0/recipients/0/jwe") for e in body["errors"])


def test_a_contact_said_to_be_sealed_must_be_there(place: Place) -> None:
    document = minimal(victim__contact={"value": "SEALED"})
    status, _, body = refused(place, lambda p: p.refer(p.wire().envelope("referral/1", document)))
    assert (status, body["errors"][0]["pointer"]) == (422, "/sealed")


# --- the request around it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.form], ids=lambda each: each.name
)
@pytest.mark.parametrize("media", ["text/plain", "application/xml", "multipart/form-data", None])
def test_another_content_type_is_refused(place: Place, operation: Any, media: str | None) -> None:
    wire = place.wire(COORDINATOR if "conference" in operation.scope else LANDLORD)
    if operation.scope == "risk:write":
        wire = place.wire(LANDLORD)
    request = asking(operation, wire, reference=place.reference)
    status, _, body = refused(place, lambda p: request.but(media=media).send(wire))
    assert (status, body["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "key", ["", "1", "not-a-uuid", "0" * 36, "{4f2f7cde-33f0-4d2e-8b6c-2f1b7f6f5a10}"]
)
@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.is_once], ids=lambda each: each.name
)
def test_F16_an_act_needs_a_key(place: Place, operation: Any, key: str) -> None:
    wire = place.wire(COORDINATOR if "conference" in operation.scope else LANDLORD)
    request = asking(operation, wire, reference=place.reference)
    status, _, body = refused(place, lambda p: request.send(wire, headers={"Idempotency-Key": key}))
    assert (status, body["code"]) == (400, "idempotency_key_missing")


QUERIES = {
    "/v1/cases?cursor=": "bad_cursor",
    "/v1/cases?cursor=a&cursor=b": "bad_cursor",
    "/v1/cases?cursor=%00": "bad_cursor",
    "/v1/cases?limit=1000000": "unknown_parameter",
    "/v1/cases?cursor=" + "A" * 201: "bad_cursor",
    "/v1/cases?Zebedee-Quillfeather=1": "unknown_parameter",
}


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_knows_its_parameters(place: Place, path: str) -> None:
    wire = place.wire("marlbury-idva")
    status, _, body = refused(place, lambda p: wire.ask("GET", path, "cases:read"))
    assert (status, body["code"]) == (400, QUERIES[path])


PLAIN_BODIES = {
    b"": (400, "bad_json"),
    b"{": (400, "bad_json"),
    b"\xff": (400, "bad_utf8"),
    b"\xef\xbb\xbf{}": (400, "bad_utf8"),
    b'{"a":"\\u0000"}': (400, "bad_text"),
    b'{"reason":1,"reason":2}': (400, "duplicate_member"),
    b"[" * 100_000: (400, "too_deep"),
    b'{"a":' * 40 + b"1" + b"}" * 40: (400, "too_deep"),
    b"[]": (422, "invalid"),
    b"null": (422, "invalid"),
    b'"Zebedee-Quillfeather"': (422, "invalid"),
    b'{"Zebedee-Quillfeather":"Zebedee-Quillfeather"}': (422, "invalid"),
    b"Infinity": (400, "bad_number"),
    b"9" * 10_000: (400, "bad_number"),
}


@pytest.mark.parametrize("body", PLAIN_BODIES, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("form", PLAIN)
def test_a_plain_body_that_does_not_hold_is_refused(place: Place, form: str, body: bytes) -> None:
    operation = next(each for each in OPERATIONS if each.form == form)
    wire = place.wire(COORDINATOR if "conference" in operation.scope else LANDLORD)
    request = asking(operation, wire, reference=place.reference)
    status, _, answer = refused(place, lambda p: request.but(body=body).send(wire))
    assert (status, answer["code"]) == PLAIN_BODIES[body]


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/cases/",
        "/v1//cases",
        "/v1/cases/../../keys/signing.jwk",
        "/v1/cases/..%2f..%2fkeys",
        "/v1/cases/%00",
        "/v1/cases/a/b/c",
        "/v2/cases",
        "/static/../keys",
        "/static/%2e%2e/app.py",
        "/schemas/../../keys/1.json",
        "/schemas/nothing/1.json",
        "/.env",
        "/admin",
    ],
)
def test_a_path_that_is_none_is_not_found(place: Place, path: str) -> None:
    wire = place.wire(COORDINATOR)
    answer = wire.ask("GET", path, "cases:read")
    assert answer.status_code in (308, 400, 404)
    if answer.status_code != 308:
        assert answer.content_type == "application/problem+json"


# --- anything at all ----------------------------------------------------------------------------

SETTINGS = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | st.sampled_from(["GIVEN", "UNKNOWN", "2026-11-20", "XX1 2AB", "p1", "😀", "\u202e"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "absent", "answer", "ref"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in inner:
        yield (*path, name)
        if isinstance(item, (dict, list)):
            yield from places(item, (*path, name))


WHOLE = example("c1")["document"] | {
    "override_record": example("c2")["document"]["override_record"]
}
PATHS = sorted(places(WHOLE), key=repr)


@SETTINGS
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_V6_anything_anywhere_in_a_referral_is_no_server_error(
    shared_sqlite_world: World, path: tuple[Any, ...], value: Any
) -> None:
    document = copy.deepcopy(WHOLE)
    document["victim"]["contact"] = {"absent": "UNKNOWN"}
    *above, last = path
    place: Any = document
    for name in above:
        place = place[name]
    place[last] = value
    wire = shared_sqlite_world.wire(LANDLORD)
    try:
        body = wire.envelope("referral/1", document)
    except UnicodeEncodeError:
        return
    answer = asking(REFER, wire).but(body=body).send(wire)
    assert answer.status_code in (201, 400, 422)


@SETTINGS
@given(body=st.binary(max_size=300), media=st.sampled_from([JOSE, JSON]))
def test_any_bytes_to_any_route_are_no_server_error(
    shared_sqlite_world: World, body: bytes, media: str
) -> None:
    wire = shared_sqlite_world.wire(LANDLORD)
    for operation in OPERATIONS:
        if operation.form is None or "conference" in operation.scope:
            continue
        request = asking(operation, wire)
        answer = request.but(body=body, media=media).send(wire)
        assert 400 <= answer.status_code < 500


@SETTINGS
@given(reference=st.text(min_size=1, max_size=30))
def test_any_reference_is_found_or_not(shared_sqlite_world: World, reference: str) -> None:
    from urllib.parse import quote

    wire = shared_sqlite_world.wire(COORDINATOR)
    path = f"/v1/cases/{quote(reference, safe='')}"
    answer = wire.ask("GET", f"{path}?purpose=P9", "cases:read")
    assert answer.status_code in (308, 401, 404)

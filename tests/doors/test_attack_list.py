"""The attacks on envelopes, one row each: refused at the door, nothing changed, nothing fetched.

Every test here sends to the running application what an agency with a registered key could send.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc import jwe, jws
from joserfc.jwk import OctKey

from gateway.sealing import envelopes, jose
from tests.doors.spoilt import (
    enveloped,
    flipped,
    header_changed,
    jws_changed,
    minimal,
    payload,
    signed_as,
    spliced,
    unsigned,
)
from tests.journeys.asking import BY_NAME, asking, told
from tests.journeys.world import Wire, World

LANDLORD, OTHER = "harbourgate-homes", "tidewell-housing"
REFER = BY_NAME["submit_referral"]
UNREADABLE = (400, "undecipherable")


@pytest.fixture
def wire(shared_sqlite_world: World) -> Wire:
    return shared_sqlite_world.wire(LANDLORD)


def answered(wire: Wire, body: bytes, **more: Any) -> tuple[int, str]:
    """Status and code of a body sent as a referral, which must change nothing but the log."""
    before = wire.world.counts()
    answer = asking(REFER, wire).but(body=body).send(wire, **more)
    assert wire.world.counts() == before
    return answer.status_code, told(answer)[2]["code"]


def test_the_same_envelope_unspoilt_is_taken(wire: Wire) -> None:
    """Without this the refusals below would say nothing."""
    answer = asking(REFER, wire).but(body=enveloped(wire)).send(wire)
    assert answer.status_code == 201
    assert signed_as(wire, {}).count(b".") == 4
    answer = asking(REFER, wire).but(body=signed_as(wire, {})).send(wire)
    assert answer.status_code == 201


# --- 1: another algorithm, or none ----------------------------------------------------------------


def with_public_key_as_secret(wire: Wire) -> bytes:
    """HS256 under the public key that verifies: alg confusion as it was first found."""
    secret = OctKey.import_key(wire.agency.sig["x"])
    header = {"alg": "HS256", "kid": wire.agency.sig["kid"], "typ": envelopes.DOCUMENT}
    claims = json.dumps(wire.claims("referral/1", minimal())).encode()
    return wire.enclose(jws.serialize_compact(header, claims, secret, ["HS256"]))


CONFUSED: dict[str, Callable[[Wire], bytes]] = {
    "none": lambda w: unsigned(w, "none"),
    "None": lambda w: unsigned(w, "None"),
    "HS256 without a signature": lambda w: unsigned(w, "HS256"),
    "HS256 under the public key": with_public_key_as_secret,
    **{
        f"says {alg}, signed as ES256": lambda w, alg=alg: signed_as(w, {"alg": alg})  # type: ignore[misc]
        for alg in ("ES384", "RS256", "PS256", "Ed25519", "EdDSA", "", "es256")
    },
    "alg is a list": lambda w: signed_as(w, {"alg": ["ES256"]}),
    "typ of a receipt": lambda w: signed_as(w, {"typ": envelopes.RECEIPT}),
    "typ of a token": lambda w: signed_as(w, {"typ": "at+jwt"}),
    "outside: none": lambda w: header_changed(enveloped(w), alg="none"),
    "outside: dir": lambda w: header_changed(enveloped(w), alg="dir"),
    "outside: RSA1_5": lambda w: header_changed(enveloped(w), alg="RSA1_5"),
    "outside: without key wrap": lambda w: header_changed(enveloped(w), alg="ECDH-ES"),
    "outside: A128CBC-HS256": lambda w: header_changed(enveloped(w), enc="A128CBC-HS256"),
}


@pytest.mark.parametrize("name", CONFUSED)
def test_attack_01_algorithm_confusion_and_none(wire: Wire, name: str) -> None:
    assert answered(wire, CONFUSED[name](wire)) == UNREADABLE


# --- 2: a point off its curve ---------------------------------------------------------------------

POINTS: dict[str, Any] = {
    "off the curve": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
    "at infinity": {"kty": "EC", "crv": "P-256", "x": "", "y": ""},
    "on another curve": {
        "kty": "EC",
        "crv": "P-256",
        **{n: jose.b64u(bytes([value]).rjust(32, b"\0")) for n, value in (("x", 1), ("y", 1))},
    },
    "longer than its field": {"kty": "EC", "crv": "P-256", "x": "A" * 44, "y": "A" * 44},
    "of P-384": {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64},
    "of X25519": {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
}


@pytest.mark.parametrize("name", POINTS)
def test_attack_02_an_invalid_curve_point(wire: Wire, name: str) -> None:
    assert answered(wire, header_changed(enveloped(wire), epk=POINTS[name])) == UNREADABLE


# --- 3: a key derivation that costs the reader ----------------------------------------------------


@pytest.mark.parametrize("rounds", [1, 300_000, 2_000_000_000])
def test_attack_03_PBES2_with_a_costly_count(wire: Wire, rounds: int) -> None:
    body = header_changed(
        enveloped(wire), alg="PBES2-HS512+A256KW", p2c=rounds, p2s="AAAAAAAAAAAAAAAA"
    )
    assert answered(wire, body) == UNREADABLE


# --- 4: compression -------------------------------------------------------------------------------


def compressed(wire: Wire) -> bytes:
    """A real one: ten megabytes of blanks in some kilobytes, encrypted to the gateway."""
    jwk = wire.world.keys.encryption.public[0]
    header = {
        "alg": "ECDH-ES+A256KW",
        "enc": "A256GCM",
        "zip": "DEF",
        "kid": jwk["kid"],
        "typ": envelopes.ENVELOPE,
        "cty": "JWT",
    }
    key = jose.import_public(jwk, "enc")
    allowed = ["ECDH-ES+A256KW", "A256GCM", "DEF"]
    return jwe.encrypt_compact(header, b" " * 10_000_000, key, allowed).encode()


def test_attack_04_a_zip_bomb(wire: Wire) -> None:
    bomb = compressed(wire)
    assert len(bomb) < 100_000
    assert answered(wire, bomb) == UNREADABLE
    assert answered(wire, header_changed(enveloped(wire), zip="DEF")) == UNREADABLE


# --- 5: members that claim to be critical ---------------------------------------------------------

CRITICAL: dict[str, dict[str, Any]] = {
    "b64": {"b64": False, "crit": ["b64"]},
    "b64 alone": {"b64": False},
    "b64 true": {"b64": True, "crit": ["b64"]},
    "crit of a known member": {"crit": ["exp"]},
    "crit of an unknown one": {"crit": ["unheard-of"], "unheard-of": 1},
    "crit empty": {"crit": []},
}


@pytest.mark.parametrize("name", CRITICAL)
def test_attack_05_b64_and_crit(wire: Wire, name: str) -> None:
    assert answered(wire, signed_as(wire, CRITICAL[name])) == UNREADABLE
    assert answered(wire, header_changed(enveloped(wire), **CRITICAL[name])) == UNREADABLE


# --- 6: key ids that are something else -----------------------------------------------------------

KIDS: tuple[Any, ...] = (
    "../../keys/signing.jwk",
    "/etc/passwd",
    "' or 1=1 --",
    "*",
    "",
    "a" * 65,
    "unknown",
    "kid\x00",
    "ki\u0301d",
    7,
    None,
    ["a"],
    {"$ne": ""},
    True,
)


@pytest.mark.parametrize("kid", KIDS, ids=repr)
def test_attack_06_key_id_injection(wire: Wire, kid: Any) -> None:
    assert answered(wire, signed_as(wire, {"kid": kid})) == UNREADABLE
    outside = json.loads(jose.b64u_decode(enveloped(wire).decode().split(".")[0])) | {"kid": kid}
    rest = enveloped(wire).decode().partition(".")[2]
    body = f"{jose.b64u(json.dumps(outside).encode())}.{rest}".encode()
    assert answered(wire, body) == UNREADABLE


def test_attack_06_the_kid_of_another_agency_opens_nothing(wire: Wire) -> None:
    other = wire.world.wire(OTHER).agency.sig["kid"]
    assert answered(wire, signed_as(wire, {"kid": other})) == UNREADABLE


# --- 7: keys that a token brings along ------------------------------------------------------------


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256", "url", "nonce"])
def test_attack_07_a_key_of_its_own(
    wire: Wire, member: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is fetched: any look-up of a name or a connection would fail the test."""
    thief = jose.new_private("sig")
    brought = {
        "jwk": jose.public_part(thief),
        "x5c": ["AAAA"],
        "jku": "https://elsewhere.example/keys",
        "x5u": "file:///etc/passwd",
    }

    def never(*_: Any) -> None:
        raise AssertionError("something was looked for outside")

    monkeypatch.setattr("socket.getaddrinfo", never)
    value = brought.get(member, "AAAA")
    assert answered(wire, signed_as(wire, {member: value})) == UNREADABLE
    assert answered(wire, jws_changed(wire, minimal(), **{member: value})) == UNREADABLE
    assert answered(wire, header_changed(enveloped(wire), **{member: value})) == UNREADABLE


# --- 8: what was sent before ----------------------------------------------------------------------


def test_attack_08_replay(wire: Wire) -> None:
    world, key = wire.world, str(uuid.uuid4())
    claims = wire.claims("referral/1", minimal())
    body = wire.enclose(wire.sign(claims))
    first = asking(REFER, wire).but(body=body).send(wire, key=key)
    assert first.status_code == 201
    # Under a new key, whether byte for byte, or sealed, signed or dated anew: the jti is used up.
    for again in (
        body,
        wire.enclose(wire.sign(claims)),
        wire.enclose(wire.sign({**claims, "exp": claims["exp"] + 60})),
        wire.enclose(wire.sign({**claims, "document": minimal(victim__position="WITHHELD")})),
    ):
        assert answered(wire, again) == (400, "replayed_jti")
    # Under its own key it is a retry, and answered as it was.
    retry = asking(REFER, wire).but(body=body).send(wire, key=key)
    assert (retry.status_code, retry.data) == (201, first.data)
    # Later its time is over, whatever is remembered of it.
    world.later(seconds=301)
    assert answered(wire, body)[1] in ("expired", "replayed_jti")


def test_attack_08_another_agencys_envelope_is_of_no_use(wire: Wire) -> None:
    theirs = wire.world.wire(OTHER)
    assert answered(wire, theirs.envelope("referral/1", minimal())) == UNREADABLE


# --- 9: size --------------------------------------------------------------------------------------


def test_attack_09_oversize(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a key was touched")

    monkeypatch.setattr("gateway.sealing.jose.jwe.decrypt_compact", never)
    assert answered(wire, b"A" * 5_000_000) == (413, "too_large")
    assert (
        answered(wire, b"A" * 3_000_000) == UNREADABLE
    )  # under the body's limit, over the token's
    long_header = b"A" * 4097 + b"." + b".".join([b"A" * 54, b"A" * 16, b"A" * 100, b"A" * 22])
    assert answered(wire, long_header) == UNREADABLE
    assert answered(wire, b"." * 100_000) == UNREADABLE


def test_attack_09_a_plaintext_over_the_limit(wire: Wire) -> None:
    assert answered(wire, wire.enclose("A" * 2_700_000))[0] in (400, 413)


# --- 10: another spelling of the same bytes -------------------------------------------------------


def respelt(token: bytes) -> Iterator[bytes]:
    """The same bytes in other words: padding, stray bits, blanks, foreign characters, parts."""
    parts = token.split(b".")
    for index, part in enumerate(parts):
        for other in (part + b"=", part + b"==", part + b"\n", b" " + part, part + b"A"):
            yield b".".join([*parts[:index], other, *parts[index + 1 :]])
        if len(part) % 4:  # the last character has bits that no byte uses
            stray = part[:-1] + bytes([part[-1] + 1])
            yield b".".join([*parts[:index], stray, *parts[index + 1 :]])
        standard = part.replace(b"-", b"+").replace(b"_", b"/")
        if standard != part:
            yield b".".join([*parts[:index], standard, *parts[index + 1 :]])
    yield from (token + b".", token + b".AA", b"." + token, token + b"\n", b"\xef\xbb\xbf" + token)


def test_attack_10_base64_malleability(wire: Wire) -> None:
    tried = 0
    for other in respelt(enveloped(wire)):
        status, code = answered(wire, other)
        assert (status, code) == UNREADABLE
        tried += 1
    signed = wire.sign(wire.claims("referral/1", minimal())).encode()
    for other in respelt(signed):
        if other.isascii():
            assert answered(wire, wire.enclose(other.decode()))[0] == 400
            tried += 1
    assert tried >= 40


def test_attack_10_a_flipped_bit_is_no_other_spelling(wire: Wire) -> None:
    assert answered(wire, flipped(enveloped(wire))) == UNREADABLE


# --- what else must hold of any document ----------------------------------------------------------

NAME = '"given_names": "Robin"'


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"[" * 5000 + b"]" * 5000, "too_deep"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "too_deep"),
        (b"[" * 33 + b"]" * 33, "too_deep"),
        (b"1e999", "bad_number"),
        (b"-1e999", "bad_number"),
        (b"9" * 10_000, "bad_number"),
        (b"9007199254740993", "bad_number"),
        (b"-9007199254740993", "bad_number"),
        (b"NaN", "bad_number"),
        (b"1e-999", ""),  # zero: a number, and no name
        (b"9007199254740991", ""),
    ],
)
def test_V6_deep_nesting_and_huge_numbers(wire: Wire, value: bytes, code: str) -> None:
    body = spliced(wire, NAME, b'"given_names": ' + value)
    assert answered(wire, body) == ((400, code) if code else (422, "invalid"))


@pytest.mark.parametrize("claim", ["iat", "exp", "jti", "document", "sealed", "pad"])
@pytest.mark.parametrize("value", [b"9" * 400, b"[" * 200 + b"]" * 200, b"1e400", b"-1", b"1.5"])
def test_V6_huge_claims_around_a_document(wire: Wire, claim: str, value: bytes) -> None:
    claims = {**wire.claims("referral/1", minimal()), claim: "HERE"}
    text = json.dumps(claims).encode().replace(b'"HERE"', value)
    assert answered(wire, payload(wire, text))[0] in (400, 422)


@pytest.mark.parametrize("flag", ["encrypted", "is_sealed", "already_encrypted", "verified"])
def test_V10_nothing_that_says_it_is_encrypted_is_believed(wire: Wire, flag: str) -> None:
    """Whether something is sealed is looked at; there is no member to say so."""
    contact = {"value": "07700 900123", flag: True}
    assert answered(wire, enveloped(wire, **{flag: True}))[0] == 422
    document = minimal(victim__contact=contact)
    assert answered(wire, wire.envelope("referral/1", document))[0] == 422
    item = {
        "section": "safe_contact",
        "digest": "A" * 43,
        flag: True,
        "recipients": [{"agency": "marlbury-idva", "kid": "k" * 43, "jwe": "07700 900123"}],
    }
    said = wire.envelope("referral/1", minimal(victim__contact={"value": "SEALED"}), sealed=[item])
    assert answered(wire, said)[0] == 422


def test_V10_a_document_in_the_clear_is_refused_however_it_is_labelled(wire: Wire) -> None:
    plain = json.dumps(minimal()).encode()
    assert answered(wire, plain) == UNREADABLE
    assert answered(wire, wire.sign(wire.claims("referral/1", minimal())).encode()) == UNREADABLE
    assert answered(wire, plain, media="application/json")[0] == 415

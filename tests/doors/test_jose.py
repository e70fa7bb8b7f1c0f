"""Signing and encrypting: closed lists, one spelling, one exception (attack list of the design)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from gateway.errors import Undecipherable
from gateway.sealing import jose
from gateway.sealing.jwk import is_canonical

SIG = jose.new_private("sig")
ENC = jose.new_private("enc")
SIGNER = jose.import_private(SIG, "sig")
OPENER = jose.import_private(ENC, "enc")
READERS = {ENC["kid"]: OPENER}
SEALER = jose.import_public(jose.public_part(ENC), "enc")
VERIFIERS = {SIG["kid"]: jose.import_public(jose.public_part(SIG), "sig")}
OTHER = jose.import_public(jose.public_part(jose.new_private("sig")), "sig")


def a_jws(payload: bytes = b"{}", **header: Any) -> str:
    full = {"alg": "ES256", "kid": SIG["kid"], "typ": "t+jws", **header}
    return handmade({name: value for name, value in full.items() if value is not ...}, payload)


def handmade(header: dict[str, Any] | str, payload: bytes) -> str:
    """Sign any header at all, as an attacker who owns a registered key could."""
    text = header if isinstance(header, str) else json.dumps(header)
    start = f"{jose.b64u(text.encode())}.{jose.b64u(payload)}"
    signed = jws.serialize_compact({"alg": "ES256"}, b"x", SIGNER)
    assert signed
    algorithm = jws.default_registry.get_alg("ES256")
    return f"{start}.{jose.b64u(algorithm.sign(start.encode(), SIGNER))}"


def a_jwe(plain: bytes = b"text") -> str:
    return jose.encrypt(plain, SEALER, ENC["kid"], "t+jwe", "JWT")


def reheaded(token: str, **changes: Any) -> str:
    parts = token.split(".")
    header = {**json.loads(jose.b64u_decode(parts[0])), **changes}
    parts[0] = jose.b64u(json.dumps({n: v for n, v in header.items() if v is not ...}).encode())
    return ".".join(parts)


def test_what_was_signed_comes_back() -> None:
    assert jose.verify(jose.sign(b"\x00\xff", SIGNER, SIG["kid"], "t+jws"), VERIFIERS, "t+jws") == (
        b"\x00\xff",
        SIG["kid"],
    )


def test_what_was_encrypted_comes_back_and_never_looks_the_same() -> None:
    assert jose.decrypt(a_jwe(), READERS, typ="t+jwe", cty="JWT") == (b"text", ENC["kid"])
    assert a_jwe() != a_jwe()


def test_the_handmade_token_is_good_as_long_as_nothing_is_changed() -> None:
    assert jose.verify(a_jws(), VERIFIERS, "t+jws").payload == b"{}"


def test_a_token_that_was_only_read_is_verified_like_any_other() -> None:
    stated = jose.read_signed(a_jws(b'{"a":1}'))
    assert (stated.payload, stated.header["kid"]) == (b'{"a":1}', SIG["kid"])
    assert jose.verify(stated, VERIFIERS, "t+jws") == (b'{"a":1}', SIG["kid"])
    for keys, typ in ((VERIFIERS, "u+jws"), ({}, "t+jws"), ({SIG["kid"]: OTHER}, "t+jws")):
        with pytest.raises(Undecipherable):
            jose.verify(stated, keys, typ)


@pytest.mark.parametrize("index", range(3))
def test_what_was_read_of_a_changed_token_is_refused(index: int) -> None:
    parts = a_jws(b'{"a":1}').split(".")
    raw = jose.b64u_decode(parts[index])
    changes = (b'{"a":1}', b'{"a":2}') if index == 1 else (raw[-2:], bytes((raw[-2] ^ 1, raw[-1])))
    parts[index] = jose.b64u(raw.replace(*changes))
    with pytest.raises(Undecipherable):
        jose.verify(jose.read_signed(".".join(parts)), VERIFIERS, "t+jws")


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", a_jwe(), "e30.e30", "e30..e30.e30", "W10.e30.AA"]
)
def test_what_is_no_signed_token_cannot_be_read_as_one(token: str) -> None:
    with pytest.raises(Undecipherable):
        jose.read_signed(token)


BAD_JWS_HEADERS: dict[str, dict[str, Any]] = {
    "alg none": {"alg": "none"},
    "alg HS256 with the public key": {"alg": "HS256"},
    "alg RS256": {"alg": "RS256"},
    "alg ES384": {"alg": "ES384"},
    "alg of another accepted kind": {"alg": "PS256"},
    "alg not a string": {"alg": ["ES256"]},
    "no alg": {"alg": ...},
    "no kid": {"kid": ...},
    "no typ": {"typ": ...},
    "other typ": {"typ": "marac-receipt+jws"},
    "unknown kid": {"kid": "other"},
    "kid as a path": {"kid": "../keys/a"},
    "kid as a statement": {"kid": "' or 1=1 --"},
    "kid too long": {"kid": "a" * 65},
    "kid not a string": {"kid": 7},
    "crit": {"crit": ["exp"]},
    "b64": {"b64": False},
    "b64 made critical": {"b64": False, "crit": ["b64"]},
    "zip": {"zip": "DEF"},
    "jku": {"jku": "https://example.org/keys"},
    "x5u": {"x5u": "https://example.org/cert"},
    "jwk": {"jwk": jose.public_part(SIG)},
    "x5c": {"x5c": ["AAAA"]},
    "cty": {"cty": "JWT"},
    "unknown member": {"foo": "bar"},
}


@pytest.mark.parametrize("name", BAD_JWS_HEADERS)
def test_a_signed_token_with_another_header_is_refused(name: str) -> None:
    with pytest.raises(Undecipherable):
        jose.verify(a_jws(**BAD_JWS_HEADERS[name]), VERIFIERS, "t+jws")


BAD_JWE_HEADERS: dict[str, dict[str, Any]] = {
    **{
        name: change for name, change in BAD_JWS_HEADERS.items() if name not in ("cty", "other typ")
    },
    "other typ": {"typ": "t+jws"},
    "alg dir": {"alg": "dir"},
    "alg RSA1_5": {"alg": "RSA1_5"},
    "alg PBES2": {"alg": "PBES2-HS256+A128KW", "p2c": 10**9, "p2s": "AAAA"},
    "alg ECDH-ES without wrapping": {"alg": "ECDH-ES"},
    "enc A128CBC-HS256": {"enc": "A128CBC-HS256"},
    "enc A128GCM": {"enc": "A128GCM"},
    "other cty": {"cty": "json"},
    "no cty": {"cty": ...},
    "no epk": {"epk": ...},
    "epk not an object": {"epk": "x"},
    "epk with a private member": {"epk": {n: ENC[n] for n in ("kty", "crv", "x", "y", "d")}},
    "epk on another curve": {"epk": {"kty": "EC", "crv": "P-384", "x": "A", "y": "A"}},
    "epk off its curve": {"epk": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}},
    "apu": {"apu": "AAAA"},
}


LOOKED_UP = {"unknown kid", "epk off its curve"}  # of the right form; refused when opened


@pytest.mark.parametrize("name", sorted(BAD_JWE_HEADERS.keys() - LOOKED_UP))
def test_the_structure_is_checked_before_any_key_is_touched(name: str) -> None:
    with pytest.raises(Undecipherable):
        jose.check_encrypted(reheaded(a_jwe(), **BAD_JWE_HEADERS[name]), typ="t+jwe", cty="JWT")


@pytest.mark.parametrize("name", BAD_JWE_HEADERS)
def test_an_envelope_with_another_header_is_refused(name: str) -> None:
    with pytest.raises(Undecipherable):
        jose.decrypt(reheaded(a_jwe(), **BAD_JWE_HEADERS[name]), READERS, typ="t+jwe", cty="JWT")


def test_a_header_with_one_member_twice_is_refused() -> None:
    text = f'{{"alg":"ES256","kid":"x","kid":"{SIG["kid"]}","typ":"t+jws"}}'
    with pytest.raises(Undecipherable):
        jose.verify(handmade(text, b"{}"), VERIFIERS, "t+jws")


@pytest.mark.parametrize(
    "header",
    [
        "[]",
        '"x"',
        "null",
        "{",
        "",
        "\ufeff{}",
        '{"alg":NaN}' + " ",
        '{"kid":' + "[" * 1500 + "]" * 1500 + "}",
    ],
)
def test_a_header_that_is_no_object_is_refused(header: str) -> None:
    with pytest.raises(Undecipherable):
        jose.verify(handmade(header, b"{}"), VERIFIERS, "t+jws")


@pytest.mark.parametrize("index", range(5))
def test_no_part_of_an_envelope_can_be_changed(index: int) -> None:
    parts = a_jwe(b"some text").split(".")
    raw = bytearray(jose.b64u_decode(parts[index]))
    raw[-1] ^= 1
    parts[index] = jose.b64u(bytes(raw))
    with pytest.raises(Undecipherable):
        jose.decrypt(".".join(parts), READERS, typ="t+jwe", cty="JWT")


@pytest.mark.parametrize("index", range(3))
def test_no_part_of_a_signed_token_can_be_changed(index: int) -> None:
    parts = a_jws(b'{"a":1}').split(".")
    raw = bytearray(jose.b64u_decode(parts[index]))
    raw[-2] ^= 1
    parts[index] = jose.b64u(bytes(raw))
    with pytest.raises(Undecipherable):
        jose.verify(".".join(parts), VERIFIERS, "t+jws")


def spellings(token: str) -> Iterator[str]:
    for index, part in enumerate(token.split(".")):
        for other in (part + "=", part + "A", part[:-1], " " + part, part + "\n", part + "é"):
            parts = token.split(".")
            parts[index] = other
            yield ".".join(parts)
    yield from (token + ".", "." + token, token.replace(".", "..", 1), token + ".a.b", "", ".", "a")


def test_there_is_one_spelling_of_a_token() -> None:
    for token in spellings(a_jws(b'{"a":12}')):
        with pytest.raises(Undecipherable):
            jose.verify(token, VERIFIERS, "t+jws")
    good = a_jws()
    for part, other in product(good.split("."), ("=", "A===", "+", "/", "\n", "é", "AB")):
        with pytest.raises(Undecipherable):
            jose.peek(good.replace(part, part[: len(part) // 4 * 4] + other))
    for token in spellings(a_jwe(b"four")):
        with pytest.raises(Undecipherable):
            jose.decrypt(token, READERS, typ="t+jwe", cty="JWT")


@given(st.text(alphabet="AQgwEIMcB-_+/= \n9é", max_size=9))
def test_canonical_means_that_decoding_and_encoding_give_the_same(text: str) -> None:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        same = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text
    except ValueError:
        same = False
    assert is_canonical(text) is same


@given(st.text(max_size=60) | st.text(alphabet="eyJ.A-_ab", max_size=60))
def test_whatever_comes_in_there_is_one_exception(token: str) -> None:
    with pytest.raises(Undecipherable):
        jose.verify(token, VERIFIERS, "t+jws")
    with pytest.raises(Undecipherable):
        jose.decrypt(token, READERS, typ="t+jwe", cty="JWT")


def test_an_exception_does_not_carry_its_cause() -> None:
    with pytest.raises(Undecipherable) as caught:
        jose.verify(a_jws()[:-4] + "AAAA", VERIFIERS, "t+jws")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_referral_of_a_megabyte_passes_and_one_beyond_the_limit_does_not() -> None:
    large = b"x" * 1_400_000
    signed = jose.sign(large, SIGNER, SIG["kid"], "t+jws")
    sealed = jose.encrypt(signed.encode(), SEALER, ENC["kid"], "t+jwe", "JWT")
    opened = jose.decrypt(sealed, READERS, typ="t+jwe", cty="JWT").plaintext.decode()
    assert jose.verify(opened, VERIFIERS, "t+jws").payload == large
    too_large = jose.sign(b"x" * 1_500_001, SIGNER, SIG["kid"], "t+jws")
    with pytest.raises(Undecipherable):
        jose.verify(too_large, VERIFIERS, "t+jws")


def test_an_envelope_for_a_key_that_is_not_held_is_refused() -> None:
    other = jose.new_private("enc")
    with pytest.raises(Undecipherable):
        jose.decrypt(a_jwe(), {other["kid"]: OPENER}, typ="t+jwe", cty="JWT")
    held = {ENC["kid"]: jose.import_private(other, "enc")}
    with pytest.raises(Undecipherable):
        jose.decrypt(a_jwe(), held, typ="t+jwe", cty="JWT")


def test_a_signature_is_not_taken_for_an_envelope_nor_the_other_way() -> None:
    with pytest.raises(Undecipherable):
        jose.verify(a_jwe(), VERIFIERS, "t+jwe")
    with pytest.raises(Undecipherable):
        jose.decrypt(a_jws(), READERS, typ="t+jws", cty="JWT")


def test_a_proof_carries_its_own_key_only_where_that_is_asked_for() -> None:
    header = {"typ": "dpop+jwt", "jwk": {n: SIG[n] for n in ("kty", "crv", "x", "y")}}
    proof = jose.sign_with(b"{}", SIGNER, header)
    key = jose.import_public(jose.peek(proof)["jwk"], "sig")
    agreed = {"alg", "typ", "jwk"}
    assert jose.verify_with(proof, key, typ="dpop+jwt", header_keys=agreed) == b"{}"
    with pytest.raises(Undecipherable):
        jose.verify_with(proof, key, typ="dpop+jwt")
    with pytest.raises(Undecipherable):
        jose.verify_with(proof, key, typ="dpop+jwt", header_keys=agreed, algs=("Ed25519",))


@pytest.mark.parametrize("typ", [{}, {"typ": "JWT"}])
def test_an_optional_member_may_be_there_or_not(typ: dict[str, str]) -> None:
    token = jose.sign_with(b"{}", SIGNER, {"kid": SIG["kid"], **typ})
    wanted, optional = {"alg", "kid"}, {"typ"}
    key = VERIFIERS[SIG["kid"]]
    assert jose.verify_with(token, key, typ=None, header_keys=wanted, optional_keys=optional)


# --- keys -------------------------------------------------------------------------------------

ED = OKPKey.generate_key("Ed25519")
RSA = {bits: RSAKey.import_key(generate_private_key(65537, bits)) for bits in (2048, 3072)}


def public(key: ECKey | OKPKey | RSAKey | OctKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


ACCEPTED = {
    ("P-256", "sig"): jose.public_part(SIG),
    ("P-256", "enc"): jose.public_part(ENC),
    ("Ed25519", "sig"): public(ED),
    ("RSA-3072", "sig"): public(RSA[3072]),
}


@pytest.mark.parametrize("kind", ACCEPTED)
def test_the_short_list_of_keys_is_accepted(kind: tuple[str, str]) -> None:
    jwk = ACCEPTED[kind]
    jose.check_key(jwk, kind[1])
    assert jose.import_public(jwk, kind[1]) is jose.import_public(dict(jwk), kind[1])
    assert jose.thumbprint(jwk) == jose.import_public(jwk, kind[1]).thumbprint()


@pytest.mark.parametrize(("key", "alg"), [(ED, "Ed25519"), (RSA[3072], "PS256")])
def test_other_agencies_may_sign_with_ed25519_or_ps256(key: OKPKey | RSAKey, alg: str) -> None:
    token = jws.serialize_compact({"alg": alg, "kid": "a", "typ": "t"}, b"{}", key, [alg])
    held = {"a": jose.import_public(public(key), "sig")}
    assert jose.verify(token, held, "t").payload == b"{}"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "sig"),
    "symmetric": (public(OctKey.generate_key(256)), "sig"),
    "P-384": (public(ECKey.generate_key("P-384")), "sig"),
    "P-521": (public(ECKey.generate_key("P-521")), "enc"),
    "secp256k1": (public(ECKey.generate_key("secp256k1")), "sig"),
    "X25519": (public(OKPKey.generate_key("X25519")), "enc"),
    "Ed448": (public(OKPKey.generate_key("Ed448")), "sig"),
    "Ed25519 for encryption": (public(ED), "enc"),
    "RSA for encryption": (public(RSA[3072]), "enc"),
    "RSA of 2048 bits": (public(RSA[2048]), "sig"),
    "RSA with a curve": ({**public(RSA[3072]), "crv": "P-256"}, "sig"),
    "another use": (jose.public_part(ENC), "sig"),
    "another alg": ({**jose.public_part(SIG), "alg": "ES384"}, "sig"),
    "private": (SIG, "sig"),
    "x5u": ({**jose.public_part(SIG), "x5u": "https://example.org"}, "sig"),
    "key_ops": ({**jose.public_part(SIG), "key_ops": ["sign"]}, "sig"),
    "kid of another form": ({**jose.public_part(SIG), "kid": "a b"}, "sig"),
    "kty not a string": ({**jose.public_part(SIG), "kty": ["EC"]}, "sig"),
    "x not a string": ({**jose.public_part(SIG), "x": 1}, "sig"),
    "x too short": ({**jose.public_part(SIG), "x": "AAAA"}, "sig"),
    "x with a leading zero byte": (
        {**jose.public_part(SIG), "x": jose.b64u(b"\0" + jose.b64u_decode(SIG["x"]))},
        "sig",
    ),
    "off its curve": ({**jose.public_part(SIG), "y": SIG["x"]}, "sig"),
    "y missing": ({n: v for n, v in jose.public_part(SIG).items() if n != "y"}, "sig"),
    "unknown use": (jose.public_part(SIG), "other"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_other_key_is_refused(name: str) -> None:
    jwk, use = REFUSED[name]
    with pytest.raises(Undecipherable) as caught:
        jose.check_key(jwk, use)
    assert caught.value.problems


def test_a_private_key_needs_its_private_part() -> None:
    assert jose.import_private(SIG, "sig").is_private
    with pytest.raises(Undecipherable):
        jose.import_private(jose.public_part(SIG), "sig")
    with pytest.raises(Undecipherable):
        jose.import_private({**SIG, "d": "!"}, "sig")


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    # RFC 8037 appendix A.3: the Ed25519 key and its thumbprint
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert jose.thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

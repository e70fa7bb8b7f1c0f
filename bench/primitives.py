"""Owns the floor's share of JOSE and OAuth, written directly on `cryptography`.

Just enough for the envelopes of this run; never a library: the gateway uses one that refuses
what this code never meets.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from bench.payloads import Packet

_ES256 = ec.ECDSA(hashes.SHA256())
Shape = Any
_FAST = msgspec.json.Encoder()
_SORTED = msgspec.json.Encoder(order="sorted")


def dump(content: Any) -> bytes:
    """JSON as it is stored and signed."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def dump_fast(content: Any) -> bytes:
    """The same JSON, by the faster encoder."""
    return _FAST.encode(content)


def dump_sorted(content: Any) -> bytes:
    """JSON with its members in order: one spelling for what is hashed."""
    return _SORTED.encode(content)


def load(text: bytes | str) -> Any:
    """JSON of our own."""
    return msgspec.json.decode(text)


def strict(text: bytes) -> Any:
    """The one value that JSON from outside means; no object has a member twice."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twice")
    return found


def padded(claims: dict[str, Any]) -> bytes:
    """Claims as JSON of a size that tells little of them: the next with few binary digits."""
    text = dump_fast({**claims, "pad": ""})
    length = max(len(text), 1024)
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return text[:-2] + b"0" * ((length + mask & ~mask) - len(text)) + b'"}'


def b64(data: bytes) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def unb64(text: bytes) -> bytes:
    """What `b64` made."""
    return base64.urlsafe_b64decode(text + b"==")


def verify(token: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """The payload of a compact JWS, ES256."""
    signed, _, signature = token.rpartition(b".")
    raw = unb64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, signed, _ES256)
    return unb64(signed.partition(b".")[2])


def sign(payload: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """A compact JWS, ES256."""
    text = b64(b'{"alg":"ES256"}') + b"." + b64(payload)
    r, s = decode_dss_signature(key.sign(text, _ES256))
    return text + b"." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def public_key(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    """A P-256 key of its JWK."""
    return _public(jwk["x"], jwk["y"])


@lru_cache(maxsize=1024)
def _public(x: str, y: str) -> ec.EllipticCurvePublicKey:
    return _point(x, y)


def _point(x: str, y: str) -> ec.EllipticCurvePublicKey:
    first, second = (int.from_bytes(unb64(part.encode()), "big") for part in (x, y))
    return ec.EllipticCurvePublicNumbers(first, second, ec.SECP256R1()).public_key()


def _agreed(secret: bytes) -> bytes:
    """Concat KDF of ECDH-ES+A256KW, without party information (RFC 7518 section 4.6.2)."""
    name = b"ECDH-ES+A256KW"
    info = len(name).to_bytes(4, "big") + name + bytes(8) + (256).to_bytes(4, "big")
    return hashlib.sha256(b"\x00\x00\x00\x01" + secret + info).digest()


def decrypt(token: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Open a compact JWE, ECDH-ES+A256KW with A256GCM."""
    head, wrapped, nonce, text, tag = token.split(b".")
    epk = json.loads(unb64(head))["epk"]
    shared = key.exchange(ec.ECDH(), _point(epk["x"], epk["y"]))
    content_key = aes_key_unwrap(_agreed(shared), unb64(wrapped))
    return AESGCM(content_key).decrypt(unb64(nonce), unb64(text) + unb64(tag), head)


def encrypt(plain: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """Seal a compact JWE, ECDH-ES+A256KW with A256GCM."""
    own = ec.generate_private_key(ec.SECP256R1())
    point = own.public_key().public_numbers()
    x, y = (b64(n.to_bytes(32, "big")).decode() for n in (point.x, point.y))
    epk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    head = b64(dump({"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "epk": epk}))
    content_key, nonce = os.urandom(32), os.urandom(12)
    wrapped = aes_key_wrap(_agreed(own.exchange(ec.ECDH(), key)), content_key)
    sealed = AESGCM(content_key).encrypt(nonce, plain, head)
    return b".".join((head, b64(wrapped), b64(nonce), b64(sealed[:-16]), b64(sealed[-16:])))


def check_access(
    packet: Packet, issuer: ec.EllipticCurvePublicKey, base: str, now: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Check token and proof of possession of a request; what both claim."""
    token = packet.headers["Authorization"].removeprefix("DPoP ").encode()
    claims = json.loads(verify(token, issuer))
    proof = packet.headers["DPoP"].encode()
    jwk = json.loads(unb64(proof.partition(b".")[0]))["jwk"]
    said = json.loads(verify(proof, public_key(jwk)))
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    thumbprint = b64(hashlib.sha256(dump(members)).digest()).decode()
    if (
        claims["aud"] != base
        or claims["exp"] < now
        or claims["cnf"]["jkt"] != thumbprint
        or said["ath"] != b64(hashlib.sha256(token).digest()).decode()
        or (said["htm"], said["htu"]) != (packet.method, base + packet.path)
        or abs(said["iat"] - now) > 60
    ):
        raise ValueError("access")
    return claims, said


def shape_of(model: Any) -> Shape:
    """The shape of a document: known members, the types of leaves, one shape for all items."""
    if isinstance(model, dict):
        return {name: shape_of(value) for name, value in model.items()}
    if isinstance(model, list):
        merged: Shape = None
        for item in model:
            merged = _merged(merged, shape_of(item))
        return [merged]
    return type(model)


def _merged(one: Shape, other: Shape) -> Shape:
    if isinstance(one, dict) and isinstance(other, dict):
        names = one.keys() | other.keys()
        return {name: _merged(one.get(name), other.get(name)) for name in names}
    return other if one is None else one


def check(value: Any, shape: Shape) -> None:
    """Check that a document has known members only, each leaf of its type."""
    if type(shape) is dict:
        if type(value) is not dict:
            raise ValueError("shape")
        for name, part in value.items():
            check(part, shape[name])
    elif type(shape) is list:
        for item in value:
            check(item, shape[0])
    elif type(value) is not shape:
        raise ValueError("shape")

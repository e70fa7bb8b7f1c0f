"""Owns which keys are accepted, how they are read, and what they are called (RFC 7517, 7638)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.errors import Problem, Undecipherable
from gateway.schemas.json_text import dump_sorted

Key = ECKey | OKPKey | RSAKey

MIN_RSA_BITS = 3072
# joserfc raises plain built-in errors for much malformed input
FAULTS = (JoseError, ValueError, KeyError, TypeError, RecursionError)

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}  # no bits beyond the last byte
_PUBLIC = {
    ("EC", "P-256"): frozenset({"kty", "crv", "x", "y"}),
    ("OKP", "Ed25519"): frozenset({"kty", "crv", "x"}),
    ("RSA", None): frozenset({"kty", "n", "e"}),
}
_ALG = {
    ("EC", "P-256", "sig"): "ES256",
    ("OKP", "Ed25519", "sig"): "Ed25519",
    ("RSA", None, "sig"): "PS256",
    ("EC", "P-256", "enc"): "ECDH-ES+A256KW",
}
_DESCRIBING = frozenset({"kid", "use", "alg"})


def b64u(data: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64u_decode(text: str) -> bytes:
    """Decode the one canonical base64url form; every other spelling is refused.

    :raises Undecipherable: for padding, foreign characters or stray bits.
    """
    if not is_canonical(text):
        raise Undecipherable("The text is not canonical base64url.")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_kid(value: object) -> bool:
    """Tell whether a key id is of the published form; it is only ever looked up in a dict."""
    return isinstance(value, str) and _KID.fullmatch(value) is not None


def check_key(jwk: Mapping[str, Any], use: str) -> None:
    """Refuse every public key that is not on the short list of kinds for `use` ("sig" or "enc").

    EC P-256 and, for signatures, OKP Ed25519 and RSA from 3072 bits. Private members, unknown
    members, another `use` or `alg`, and a point off its curve are refused.

    :raises Undecipherable: with a pointer to the member.
    """
    kind = (jwk.get("kty"), jwk.get("crv"))
    if not all(isinstance(part, str | None) for part in kind) or (*kind, use) not in _ALG:
        raise _bad_key("/kty")
    material = _PUBLIC[kind]  # type: ignore[index]
    for name in sorted(jwk.keys() ^ material):
        if name in material or name not in _DESCRIBING:
            raise _bad_key(f"/{name}" if name in material else "")
    if not all(isinstance(value, str) for value in jwk.values()):
        raise _bad_key("")
    if jwk.get("use", use) != use:
        raise _bad_key("/use")
    if jwk.get("alg", _ALG[*kind, use]) != _ALG[*kind, use]:  # type: ignore[index]
        raise _bad_key("/alg")
    if not is_kid(jwk.get("kid", "k")):
        raise _bad_key("/kid")
    _import_material(tuple(sorted((name, jwk[name]) for name in material)))


def import_public(jwk: Mapping[str, Any], use: str) -> Key:
    """Return the key for verifying or encrypting; the same object for the same material.

    :raises Undecipherable: as `check_key`.
    """
    try:
        return _checked(tuple(sorted(jwk.items())), use)
    except TypeError:  # a member that is no text, and says so by its name
        check_key(jwk, use)
        raise _bad_key("") from None


def import_private(jwk: Mapping[str, Any], use: str) -> Key:
    """Return the key for signing or decrypting; EC P-256 only.

    :raises Undecipherable: if the public part fails `check_key` or the private part is missing.
    """
    check_key({name: value for name, value in jwk.items() if name != "d"}, use)
    try:
        return ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y", "d")})
    except FAULTS:
        raise _bad_key("/d") from None


def new_private(use: str) -> dict[str, str]:
    """Return a new EC P-256 private JWK whose `kid` is its RFC 7638 thumbprint."""
    made = {str(name): str(v) for name, v in ECKey.generate_key("P-256").as_dict(True).items()}
    alg = _ALG["EC", "P-256", use]
    return {**made, "use": use, "alg": alg, "kid": thumbprint(made)}


def public_part(jwk: Mapping[str, Any]) -> dict[str, str]:
    """Return the members of a key that may be published."""
    shown = _PUBLIC[jwk["kty"], jwk.get("crv")] | _DESCRIBING
    return {name: str(value) for name, value in jwk.items() if name in shown}


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the RFC 7638 SHA-256 thumbprint of the public material."""
    try:
        material = {name: jwk[name] for name in _PUBLIC[jwk["kty"], jwk.get("crv")]}
    except FAULTS:
        raise _bad_key("/kty") from None
    return b64u(hashlib.sha256(dump_sorted(material)).digest())


@lru_cache(maxsize=1024)
def _checked(members: tuple[tuple[str, Any], ...], use: str) -> Key:
    """Check and import a key once; failures are not remembered."""
    jwk = dict(members)
    check_key(jwk, use)
    material = _PUBLIC[jwk["kty"], jwk.get("crv")]
    return _import_material(tuple(sorted((name, jwk[name]) for name in material)))


@lru_cache(maxsize=1024)
def _import_material(material: tuple[tuple[str, str], ...]) -> Key:
    """Import public material once; coordinates must be canonical, so that a key has one print."""
    members = dict(material)
    if not all(is_canonical(members[n]) for n in ("x", "y", "n", "e") if n in members):
        raise _bad_key("")
    if not all(len(members[n]) == 43 for n in ("x", "y") if n in members):
        raise _bad_key("/x")
    kinds: dict[str, type[Key]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}
    try:
        key = kinds[members["kty"]].import_key(dict(members))
        if isinstance(key, RSAKey) and key.raw_value.key_size < MIN_RSA_BITS:
            raise _bad_key("/n")
    except FAULTS:
        raise _bad_key("") from None
    return key


def _bad_key(pointer: str) -> Undecipherable:
    return Undecipherable("The key is not of an accepted kind.", Problem("key", pointer))


def alg_of(key: Key) -> str:
    """Return the one signature algorithm of a key (RFC 8725 section 3.1)."""
    crv = None if isinstance(key, RSAKey) else key.curve_name
    alg = _ALG.get((key.key_type, crv, "sig"))
    if alg is None:
        raise _bad_key("/kty")
    return alg


@cache
def decoy(alg: str) -> Key:
    """Return a public key that nobody holds the private part of, to check a signature in vain."""
    made: dict[str, str]
    if alg == "Ed25519":
        x = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        made = {"kty": "OKP", "crv": "Ed25519", "x": b64u(x)}
    elif alg == "PS256":
        modulus = int.from_bytes(secrets.token_bytes(MIN_RSA_BITS // 8)) | 1 << MIN_RSA_BITS - 1 | 1
        made = {"kty": "RSA", "e": "AQAB", "n": b64u(modulus.to_bytes(MIN_RSA_BITS // 8))}
    else:
        made = public_part(new_private("sig"))
    return import_public(made, "sig")


def is_canonical(segment: object) -> bool:
    """Tell whether this is the only spelling of its bytes in base64url."""
    if not isinstance(segment, str) or not segment.isascii():
        return False
    if segment.encode().translate(None, _ALPHABET):  # quicker than a pattern on long segments
        return False
    rest = len(segment) % 4
    return rest == 0 or (rest in _LAST and segment[-1] in _LAST[rest])

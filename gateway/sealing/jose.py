"""Owns signing and encrypting in JOSE compact form: one suite, closed lists, one exception.

Suite 1: JWS ES256 (Ed25519 and PS256 are verified too), JWE ECDH-ES+A256KW on P-256 with A256GCM
(RFC 7515, 7516, 7518). Nothing in a token chooses its own key or algorithm (RFC 8725).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.errors import Problem, Undecipherable

Key = ECKey | OKPKey | RSAKey

SIGNATURES = ("ES256", "Ed25519", "PS256")
JWS_HEADER = frozenset({"alg", "kid", "typ"})
JWE_HEADER = frozenset({"alg", "enc", "kid", "typ", "cty", "epk"})
MAX_HEADER, MAX_PAYLOAD, MAX_CIPHERTEXT = 4096, 2_000_000, 2_800_000  # characters on the wire
MIN_RSA_BITS = 3072

_SEGMENT = re.compile(r"[A-Za-z0-9_-]*")
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}  # no bits beyond the last byte
_EPK = frozenset({"kty", "crv", "x", "y"})
_JWE_LENGTHS = (54, 16, 22)  # a wrapped 256-bit key, a 96-bit nonce, a 128-bit tag
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
# joserfc raises plain built-in errors for much malformed input
_FAULTS = (JoseError, ValueError, KeyError, TypeError, RecursionError, InvalidTag, InvalidUnwrap)


class _Signatures(jws.JWSRegistry):
    max_header_length = MAX_HEADER
    max_payload_length = MAX_PAYLOAD


class _Encryptions(jwe.JWERegistry):
    max_protected_header_length = MAX_HEADER
    max_ciphertext_length = MAX_CIPHERTEXT


_JWS = {alg: _Signatures(algorithms=[alg]) for alg in SIGNATURES}
_JWE = _Encryptions(algorithms=["ECDH-ES+A256KW", "A256GCM"])


class Verified(NamedTuple):
    """What was signed, and the id of the key that signed it."""

    payload: bytes
    kid: str


class Decrypted(NamedTuple):
    """What was encrypted, and the id of the key that it was encrypted to."""

    plaintext: bytes
    kid: str


def b64u(data: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64u_decode(text: str) -> bytes:
    """Decode the one canonical base64url form; every other spelling is refused.

    :raises Undecipherable: for padding, foreign characters or stray bits.
    """
    if not _is_canonical(text):
        raise Undecipherable("The text is not canonical base64url.")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_kid(value: object) -> bool:
    """Tell whether a key id is of the published form; it is only ever looked up in a dict."""
    return isinstance(value, str) and _KID.fullmatch(value) is not None


# --- keys -------------------------------------------------------------------------------------


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
    check_key(jwk, use)
    material = _PUBLIC[jwk["kty"], jwk.get("crv")]
    return _import_material(tuple(sorted((name, jwk[name]) for name in material)))


def import_private(jwk: Mapping[str, Any], use: str) -> Key:
    """Return the key for signing or decrypting; EC P-256 only.

    :raises Undecipherable: if the public part fails `check_key` or the private part is missing.
    """
    check_key({name: value for name, value in jwk.items() if name != "d"}, use)
    try:
        return ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y", "d")})
    except _FAULTS:
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
    except _FAULTS:
        raise _bad_key("/kty") from None
    text = json.dumps(material, sort_keys=True, separators=(",", ":"))
    return b64u(hashlib.sha256(text.encode()).digest())


@lru_cache(maxsize=1024)
def _import_material(material: tuple[tuple[str, str], ...]) -> Key:
    """Import public material once; coordinates must be canonical, so that a key has one print."""
    members = dict(material)
    if not all(_is_canonical(members[n]) for n in ("x", "y", "n", "e") if n in members):
        raise _bad_key("")
    if not all(len(members[n]) == 43 for n in ("x", "y") if n in members):
        raise _bad_key("/x")
    kinds: dict[str, type[Key]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}
    try:
        key = kinds[members["kty"]].import_key(dict(members))  # type: ignore[arg-type]
        if isinstance(key, RSAKey) and key.raw_value.key_size < MIN_RSA_BITS:
            raise _bad_key("/n")
    except _FAULTS:
        raise _bad_key("") from None
    return key


def _bad_key(pointer: str) -> Undecipherable:
    return Undecipherable("The key is not of an accepted kind.", Problem("key", pointer))


# --- tokens -----------------------------------------------------------------------------------


def peek(token: str) -> dict[str, Any]:
    """Return the header of a compact token after the structure check; nothing is verified yet.

    :raises Undecipherable: for other than 3 or 5 parts, a size over the limits, a second
        spelling of base64url, or a header that is not one JSON object of unique members.
    """
    parts = token.split(".", 5)
    if len(parts) not in (3, 5) or not parts[0] or len(parts[0]) > MAX_HEADER:
        raise Undecipherable("The token does not have the compact form.")
    if len(token) > MAX_CIPHERTEXT + 2 * MAX_HEADER or not all(map(_is_canonical, parts)):
        raise Undecipherable("The token is too large or not canonical base64url.")
    if len(parts) == 5 and tuple(len(parts[i]) for i in (1, 2, 4)) != _JWE_LENGTHS:
        raise Undecipherable("The token does not have the compact form.")
    try:
        header = json.loads(b64u_decode(parts[0]).decode("utf-8"), object_pairs_hook=_unique)
    except _FAULTS:
        raise Undecipherable("The token's header cannot be read.") from None
    if not isinstance(header, dict):
        raise Undecipherable("The token's header cannot be read.")
    return header


def sign(payload: bytes, key: Key, kid: str, typ: str) -> str:
    """Return a compact JWS (ES256) over exactly these bytes."""
    return sign_with(payload, key, {"kid": kid, "typ": typ})


def sign_with(payload: bytes, key: Key, header: Mapping[str, Any]) -> str:
    """Return a compact JWS (ES256) with this header, such as a proof that carries its `jwk`."""
    full = {"alg": "ES256", **header}
    return jws.serialize_compact(full, payload, key, registry=_JWS["ES256"])


def verify(token: str, keys: Mapping[str, Key], typ: str) -> Verified:
    """Return what was signed, if one of `keys` signed it for this purpose.

    :raises Undecipherable: for anything else; the reason is not told apart.
    """
    header = peek(token)
    if header.keys() != JWS_HEADER or not is_kid(header["kid"]) or header["kid"] not in keys:
        raise Undecipherable("The signature is not by a known key.")
    kid: str = header["kid"]
    return Verified(verify_with(token, keys[kid], typ=typ), kid)


def verify_with(
    token: str,
    key: Key,
    *,
    typ: str | None,
    algs: Collection[str] = SIGNATURES,
    header_keys: Collection[str] = JWS_HEADER,
    optional_keys: Collection[str] = (),
) -> bytes:
    """Return the payload of a JWS that this one key signed.

    The header must have all `header_keys` and nothing beyond `optional_keys`; `typ=None` leaves
    the type to the caller. The algorithm follows from the key and must be among `algs`.

    :raises Undecipherable: otherwise.
    """
    header = peek(token)
    if set(header) - set(optional_keys) != set(header_keys) - set(optional_keys):
        raise Undecipherable("The token's header has other members than agreed.")
    if typ is not None and header.get("typ") != typ:
        raise Undecipherable("The token is of another type.")
    alg = _alg_of(key)
    if header.get("alg") != alg or alg not in algs or token.count(".") != 2:
        raise Undecipherable("The algorithm is not the one of the key.")
    try:
        return jws.deserialize_compact(token, key, registry=_JWS[alg]).payload
    except _FAULTS:
        raise Undecipherable("The signature does not hold.") from None


def encrypt(payload: bytes, public_key: Key, kid: str, typ: str, cty: str) -> str:
    """Return a compact JWE that only the holder of the private key opens."""
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": kid, "typ": typ, "cty": cty}
    return jwe.encrypt_compact(header, payload, public_key, registry=_JWE)


def check_encrypted(token: str, *, typ: str, cty: str) -> str:
    """Return the `kid` of a JWE whose structure is exactly ours; nothing is opened.

    :raises Undecipherable: for every other header member, value or part.
    """
    header = peek(token)
    epk = header.get("epk")
    if header.keys() != JWE_HEADER or token.count(".") != 4 or not is_kid(header["kid"]):
        raise Undecipherable("The envelope's header has other members than agreed.")
    if not isinstance(epk, dict) or epk.keys() != _EPK or epk["kty"] != "EC":
        raise Undecipherable("The envelope's header has other members than agreed.")
    stated = (header["alg"], header["enc"], header["typ"], header["cty"], epk["crv"])
    if stated != ("ECDH-ES+A256KW", "A256GCM", typ, cty, "P-256"):
        raise Undecipherable("The envelope is of another kind.")
    kid: str = header["kid"]
    return kid


def decrypt(token: str, keys: Mapping[str, Key], *, typ: str, cty: str) -> Decrypted:
    """Return what was encrypted to one of `keys`.

    :raises Undecipherable: otherwise; the reason is not told apart.
    """
    kid = check_encrypted(token, typ=typ, cty=cty)
    if kid not in keys:
        raise Undecipherable("The envelope is not for a key that is held here.")
    try:
        plaintext = jwe.decrypt_compact(token, keys[kid], registry=_JWE).plaintext
    except _FAULTS:
        raise Undecipherable("The envelope could not be opened.") from None
    return Decrypted(plaintext or b"", kid)


def _alg_of(key: Key) -> str:
    crv = None if isinstance(key, RSAKey) else key.curve_name
    alg = _ALG.get((key.key_type, crv, "sig"))
    if alg is None:
        raise _bad_key("/kty")
    return alg


def _is_canonical(segment: object) -> bool:
    if not isinstance(segment, str) or not _SEGMENT.fullmatch(segment):
        return False
    rest = len(segment) % 4
    return rest == 0 or (rest in _LAST and segment[-1] in _LAST[rest])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made

"""Owns signing and encrypting in JOSE compact form: one suite, closed lists, one exception.

Suite 1: JWS ES256 (Ed25519 and PS256 are verified too), JWE ECDH-ES+A256KW on P-256 with A256GCM
(RFC 7515, 7516, 7518). Nothing in a token chooses its own key or algorithm (RFC 8725).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from joserfc import jwe, jws
from joserfc.errors import BadSignatureError

from gateway.errors import Undecipherable
from gateway.sealing.jwk import (
    FAULTS,
    Key,
    alg_of,
    b64u,
    b64u_decode,
    check_key,
    decoy,
    import_private,
    import_public,
    is_canonical,
    is_kid,
    new_private,
    public_part,
    thumbprint,
)

__all__ = [
    "Decrypted",
    "Key",
    "Stated",
    "Verified",
    "alg_of",
    "b64u",
    "b64u_decode",
    "check_encrypted",
    "check_key",
    "check_signed",
    "decoy",
    "decrypt",
    "encrypt",
    "import_private",
    "import_public",
    "is_kid",
    "new_private",
    "peek",
    "public_part",
    "read_signed",
    "sign",
    "sign_with",
    "thumbprint",
    "verify",
    "verify_with",
]

SIGNATURES = ("ES256", "Ed25519", "PS256")
JWS_HEADER = frozenset({"alg", "kid", "typ"})
JWE_HEADER = frozenset({"alg", "enc", "kid", "typ", "cty", "epk"})
MAX_HEADER, MAX_PAYLOAD, MAX_CIPHERTEXT = 4096, 2_000_000, 2_800_000  # characters on the wire

_EPK = frozenset({"kty", "crv", "x", "y"})
_JWE_LENGTHS = (54, 16, 22)  # a wrapped 256-bit key, a 96-bit nonce, a 128-bit tag
_FAULTS = (*FAULTS, InvalidTag, InvalidUnwrap)


class _Signatures(jws.JWSRegistry):
    max_header_length = MAX_HEADER
    max_payload_length = MAX_PAYLOAD


class _Encryptions(jwe.JWERegistry):
    max_protected_header_length = MAX_HEADER
    max_ciphertext_length = MAX_CIPHERTEXT


_JWS = {alg: _Signatures(algorithms=[alg]) for alg in SIGNATURES}
_ANY_JWS = _Signatures(algorithms=SIGNATURES)  # to take apart; what verifies allows one alone
_JWE = _Encryptions(algorithms=["ECDH-ES+A256KW", "A256GCM"])


class Verified(NamedTuple):
    """What was signed, and the id of the key that signed it."""

    payload: bytes
    kid: str


class Decrypted(NamedTuple):
    """What was encrypted, and the id of the key that it was encrypted to."""

    plaintext: bytes
    kid: str


class Stated(NamedTuple):
    """What a token says of itself: nothing of it is verified."""

    header: Mapping[str, Any]
    payload: bytes
    signed: jws.CompactSignature


def peek(token: str) -> dict[str, Any]:
    """Return the header of a compact token after the structure check; nothing is verified yet.

    :raises Undecipherable: for other than 3 or 5 parts, a size over the limits, a second
        spelling of base64url, or a header that is not one JSON object of unique members.
    """
    parts = token.split(".", 5)
    if len(parts) not in (3, 5) or not parts[0] or len(parts[0]) > MAX_HEADER:
        raise Undecipherable("The token does not have the compact form.")
    if len(token) > MAX_CIPHERTEXT + 2 * MAX_HEADER or not all(map(is_canonical, parts)):
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


def read_signed(token: str) -> Stated:
    """Return a token taken apart once, for a caller that must look inside to find the key.

    Use its payload for nothing else until `verify` has passed this very object.

    :raises Undecipherable: if it is no compact JWS, or as `peek` does.
    """
    header = peek(token)
    try:
        signed = jws.extract_compact(token.encode("ascii"), registry=_ANY_JWS)
    except _FAULTS:
        raise Undecipherable("The token does not have the compact form.") from None
    return Stated(header, signed.payload, signed)


def check_signed(stated: Stated, typ: str) -> str:
    """Return the `kid` of a JWS whose header is exactly ours; nothing is verified.

    :raises Undecipherable: for every other header member, type or algorithm.
    """
    header = stated.header
    kid, alg = header.get("kid"), header.get("alg")
    if header.keys() != JWS_HEADER or header["typ"] != typ or not is_kid(kid):
        raise Undecipherable("The document's header has other members than agreed.")
    if alg not in SIGNATURES:
        raise Undecipherable("The document is signed in another way than agreed.")
    return str(kid)


def verify(token: str | Stated, keys: Mapping[str, Key], typ: str) -> Verified:
    """Return what was signed, if one of `keys` signed it for this purpose.

    :raises Undecipherable: for anything else; the reason is not told apart.
    """
    stated = token if isinstance(token, Stated) else read_signed(token)
    kid = stated.header.get("kid")
    if not isinstance(kid, str) or not is_kid(kid) or kid not in keys:
        raise Undecipherable("The signature is not by a known key.")
    return Verified(_verified(stated, keys[kid], typ, SIGNATURES, JWS_HEADER), kid)


def verify_with(
    token: str | Stated,
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
    stated = token if isinstance(token, Stated) else read_signed(token)
    return _verified(stated, key, typ, algs, header_keys, optional_keys)


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


def _verified(
    stated: Stated,
    key: Key,
    typ: str | None,
    algs: Collection[str],
    header_keys: Collection[str],
    optional_keys: Collection[str] = (),
) -> bytes:
    header = stated.header
    if set(header) - set(optional_keys) != set(header_keys) - set(optional_keys):
        raise Undecipherable("The token's header has other members than agreed.")
    if typ is not None and header.get("typ") != typ:
        raise Undecipherable("The token is of another type.")
    alg = alg_of(key)
    if header.get("alg") != alg or alg not in algs:
        raise Undecipherable("The algorithm is not the one of the key.")
    try:
        if not jws.validate_compact(stated.signed, key, registry=_JWS[alg]):
            raise BadSignatureError
    except _FAULTS:
        raise Undecipherable("The signature does not hold.") from None
    return stated.payload


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made

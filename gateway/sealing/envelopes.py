"""Owns the shape of every message: a document, its sealed sections, a receipt, a disclosure.

A document is signed by its sender, bound to its recipient (`aud`) and then encrypted; without
the signed recipient an opened document could be sealed again to somebody else unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.errors import Problem, Undecipherable
from gateway.schemas.forms import load_claims
from gateway.schemas.strict_json import parse
from gateway.sealing import jose
from gateway.sealing.claims import SMALLEST, canonical, content_digest, padded, padme

__all__ = [
    "DISCLOSED",
    "DISCLOSURE",
    "DOCUMENT",
    "ENVELOPE",
    "RECEIPT",
    "SECTION",
    "SMALLEST",
    "SUITE",
    "Opened",
    "check_section",
    "content_digest",
    "open_disclosure",
    "open_document",
    "open_section",
    "padded",
    "padme",
    "reseal_section",
    "seal_disclosure",
    "seal_document",
    "seal_section",
    "sign_disclosed",
    "sign_receipt",
    "verify_receipt",
]

SUITE = "ecdh-es+a256kw/a256gcm"
ENVELOPE, DOCUMENT = "marac-envelope+jwe", "marac-document+jws"
RECEIPT, DISCLOSURE = "marac-receipt+jws", "marac-disclosure+jws"
DISCLOSED = "marac-disclosed+jws"  # what was disclosed, without it
SECTION = "marac-section+jwe"
EARLY = 10  # seconds a clock may be ahead


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that was decrypted and whose sender's signature, audience and time hold."""

    claims: Mapping[str, Any] = field(repr=False)
    jws: str = field(repr=False)  # kept sealed: the sender cannot deny it later
    kid: str
    iss: str


# --- documents --------------------------------------------------------------------------------


def seal_document(
    *,
    claims: Mapping[str, Any],
    signing_key: jose.Key,
    signing_kid: str,
    recipient_jwk: Mapping[str, Any],
    recipient_kid: str,
) -> str:
    """Return the request body: signed, padded so that its length tells little, encrypted."""
    signed = jose.sign(padded(claims), signing_key, signing_kid, DOCUMENT)
    return _encrypt(signed, recipient_jwk, recipient_kid)


def open_document(
    token: str,
    *,
    decrypt_keys: Mapping[str, jose.Key],
    find_verify_key: Callable[[str, str], jose.Key | None],
    audience: str,
    now: datetime,
) -> Opened:
    """Return a document that is by a registered sender, for this gateway and of this time.

    `find_verify_key(iss, kid)` looks up a registered key; the sender's own statement of who it
    is serves for nothing else until its signature holds.

    :raises Undecipherable: if it is not; `Invalid` if the claims are not of the published form.
    """
    signed = _decrypt(token, decrypt_keys)
    stated = jose.read_signed(signed)
    kid = jose.check_signed(stated, DOCUMENT)
    content = parse(stated.payload)
    iss = _issuer(content)
    key = find_verify_key(iss, kid)
    if key is None:
        raise Undecipherable("The signature is not by a known key.")
    jose.verify(stated, {kid: key}, DOCUMENT)
    claims = load_claims(content)
    _check_times(claims, audience, int(now.timestamp()))
    for index, item in enumerate(claims.get("sealed", ())):
        check_section(item, f"/sealed/{index}")
    return Opened(claims, signed, kid, iss)


# --- sections that the gateway cannot read ------------------------------------------------------


def seal_section(
    section: str,
    content: Mapping[str, Any],
    recipients: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    idempotency_key: str,
    secret: bytes,
) -> dict[str, Any]:
    """Return a `sealed` item: one envelope per (agency, public key) and one salted digest.

    The salt follows from the client's secret and the idempotency key, so that sealing again
    for a retry gives the same digest, and nobody guesses a short content from the digest.
    """
    text = f"{idempotency_key}|{section}".encode()
    salt = jose.b64u(hmac.new(secret, text, hashlib.sha256).digest()[:16])
    plain = canonical({**content, "salt": salt})
    return {
        "section": section,
        "digest": jose.b64u(hashlib.sha256(plain).digest()),
        "recipients": [_seal_to(plain, agency, jwk) for agency, jwk in recipients],
    }


def open_section(
    item: Mapping[str, Any], agency: str, keys: Mapping[str, jose.Key]
) -> dict[str, Any]:
    """Return the content that was sealed to this agency, checked against the signed digest.

    :raises Undecipherable: if there is none for it, or it is not what the sender signed.
    """
    opened = parse(_section_text(item, agency, keys))
    if not isinstance(opened, dict):
        raise Undecipherable("The section holds no record.")
    return {name: value for name, value in opened.items() if name != "salt"}


def reseal_section(
    item: Mapping[str, Any],
    agency: str,
    keys: Mapping[str, jose.Key],
    to_agency: str,
    jwk: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a `sealed` item with one envelope, to another agency's key, of the very same text.

    The salt stays with it, so that the digest its sender signed holds for the new reader too.

    :raises Undecipherable: if `agency` has no copy here, or it is not what the sender signed.
    """
    plain = _section_text(item, agency, keys)
    recipients = [_seal_to(plain, to_agency, jwk)]
    return {"section": item["section"], "digest": item["digest"], "recipients": recipients}


def _section_text(item: Mapping[str, Any], agency: str, keys: Mapping[str, jose.Key]) -> bytes:
    found = [r for r in item["recipients"] if r["agency"] == agency and r["kid"] in keys]
    if not found:
        raise Undecipherable("The section is not sealed to a key that is held here.")
    plain = jose.decrypt(found[0]["jwe"], keys, typ=SECTION, cty="json").plaintext
    digest = jose.b64u(hashlib.sha256(plain).digest())
    if not hmac.compare_digest(digest, item["digest"]):
        raise Undecipherable("The section is not the one that the sender signed.")
    return plain


def check_section(item: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    """Return a `sealed` item of the right form if it is really sealed; nothing is opened.

    :raises Undecipherable: with a pointer to the copy that is no envelope for its recipient.
    """
    for index, recipient in enumerate(item["recipients"]):
        here = f"{pointer}/recipients/{index}/jwe"
        try:
            kid = jose.check_encrypted(recipient["jwe"], typ=SECTION, cty="json")
        except Undecipherable as fault:
            raise Undecipherable(fault.message, Problem("not_sealed", here)) from None
        if kid != recipient["kid"]:
            raise Undecipherable("The envelope is for another key.", Problem("not_sealed", here))
    return item


# --- answers of the gateway -----------------------------------------------------------------------


def sign_receipt(claims: Mapping[str, Any], key: jose.Key, kid: str) -> str:
    """Return a receipt that the gateway cannot deny; padded like everything that leaves."""
    return jose.sign(padded(claims), key, kid, RECEIPT)


def sign_disclosed(claims: Mapping[str, Any], key: jose.Key, kid: str) -> str:
    """Return a receipt of a disclosure, which stands by itself without what was disclosed."""
    return jose.sign(padded(claims), key, kid, DISCLOSED)


def verify_receipt(
    token: str, keys: Mapping[str, jose.Key], *, audience: str, issuer: str | None = None
) -> dict[str, Any]:
    """Return the members of a receipt by the gateway, for this agency.

    :raises Undecipherable: otherwise.
    """
    return _answer(jose.verify(token, keys, RECEIPT).payload, audience, issuer)


def seal_disclosure(
    *,
    claims: Mapping[str, Any],
    signing_key: jose.Key,
    signing_kid: str,
    recipient_jwk: Mapping[str, Any],
    recipient_kid: str,
) -> str:
    """Return what one agency may know, signed by the gateway and encrypted to that agency."""
    signed = jose.sign(padded(claims), signing_key, signing_kid, DISCLOSURE)
    return _encrypt(signed, recipient_jwk, recipient_kid)


def open_disclosure(
    token: str,
    *,
    decrypt_keys: Mapping[str, jose.Key],
    verify_keys: Mapping[str, jose.Key],
    audience: str,
    issuer: str | None = None,
) -> dict[str, Any]:
    """Return a disclosure by the gateway, for this agency.

    :raises Undecipherable: otherwise.
    """
    signed = _decrypt(token, decrypt_keys)
    return _answer(jose.verify(signed, verify_keys, DISCLOSURE).payload, audience, issuer)


# --- within -----------------------------------------------------------------------------------


def _encrypt(signed: str, jwk: Mapping[str, Any], kid: str) -> str:
    return jose.encrypt(signed.encode(), jose.import_public(jwk, "enc"), kid, ENVELOPE, "JWT")


def _decrypt(token: str, keys: Mapping[str, jose.Key]) -> str:
    try:
        return jose.decrypt(token, keys, typ=ENVELOPE, cty="JWT").plaintext.decode("ascii")
    except UnicodeDecodeError:
        raise Undecipherable("The envelope holds no signed document.") from None


def _issuer(claims: object) -> str:
    iss = claims.get("iss") if isinstance(claims, dict) else None
    if not isinstance(iss, str):
        raise Undecipherable("The document does not say who it is by.", Problem("missing", "/iss"))
    return iss


def _check_times(claims: Mapping[str, Any], audience: str, now: int) -> None:
    iat, exp = claims["iat"], claims["exp"]
    faults = {
        "wrong_audience": (claims["aud"] != audience, "/aud"),
        "issued_in_future": (iat > now + EARLY, "/iat"),
        "expired": (exp <= now, "/exp"),
    }
    for code, (is_fault, pointer) in faults.items():
        if is_fault:
            text = "The document is not for this gateway at this time."
            raise Undecipherable(text, Problem(code, pointer), code=code)


def _answer(payload: bytes, audience: str, issuer: str | None) -> dict[str, Any]:
    claims = parse(payload)
    if not isinstance(claims, dict) or claims.get("aud") != audience:
        raise Undecipherable("The answer is not for this agency.")
    if issuer is not None and claims.get("iss") != issuer:
        raise Undecipherable("The answer is not by this gateway.")
    return {name: value for name, value in claims.items() if name != "pad"}


def _seal_to(plain: bytes, agency: str, jwk: Mapping[str, Any]) -> dict[str, str]:
    kid = str(jwk["kid"])
    sealed = jose.encrypt(plain, jose.import_public(jwk, "enc"), kid, SECTION, "json")
    return {"agency": agency, "kid": kid, "jwe": sealed}

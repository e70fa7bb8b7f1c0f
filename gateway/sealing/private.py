"""Owns a note that its own agency alone can read: sealed to its own key before it is sent.

Its type differs from that of a section, so that neither can be passed off as the other.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from gateway.errors import Problem, Undecipherable
from gateway.schemas.strict_json import parse
from gateway.sealing import jose
from gateway.sealing.claims import padded

NOTE = "marac-note+jwe"
_ADDED = ("salt", "pad")


def seal_note(
    content: Mapping[str, Any], jwk: Mapping[str, Any], *, idempotency_key: str, secret: bytes
) -> dict[str, str]:
    """Return {"kid", "digest", "jwe"} of a note sealed to `jwk`, padded to hide its length.

    The salt follows from the agency's secret and the idempotency key: sealed again for a retry,
    the same words have the same digest.
    """
    text = f"{idempotency_key}|private-note".encode()
    salt = jose.b64u(hmac.new(secret, text, hashlib.sha256).digest()[:16])
    plain = padded({**content, "salt": salt})
    kid = str(jwk["kid"])
    sealed = jose.encrypt(plain, jose.import_public(jwk, "enc"), kid, NOTE, "json")
    return {"kid": kid, "digest": jose.b64u(hashlib.sha256(plain).digest()), "jwe": sealed}


def open_note(note: Mapping[str, Any], keys: Mapping[str, jose.Key]) -> dict[str, Any]:
    """Return the content of a note, checked against the digest that was signed with it.

    :raises Undecipherable: if it is sealed to another key, or is not what was signed.
    """
    plain = jose.decrypt(note["jwe"], keys, typ=NOTE, cty="json").plaintext
    if not hmac.compare_digest(jose.b64u(hashlib.sha256(plain).digest()), note["digest"]):
        raise Undecipherable("The note is not the one that was signed.")
    opened = parse(plain)
    if not isinstance(opened, dict):
        raise Undecipherable("The note holds no record.")
    return {name: value for name, value in opened.items() if name not in _ADDED}


def check_note(note: Mapping[str, Any]) -> None:
    """Return if a note is really sealed, to the key that it names; nothing is opened.

    :raises Undecipherable: with a pointer to what is no envelope.
    """
    try:
        kid = jose.check_encrypted(note["jwe"], typ=NOTE, cty="json")
    except Undecipherable as fault:
        raise Undecipherable(fault.message, Problem("not_sealed", "/jwe")) from None
    if kid != note["kid"]:
        raise Undecipherable("The envelope is for another key.", Problem("not_sealed", "/jwe"))

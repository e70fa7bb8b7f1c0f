"""Owns what a public key set must be to be taken in: by value, two uses, known kinds of keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.errors import Invalid, Problem
from gateway.sealing import jose
from gateway.store.agency_keys import NewKey

MOST_KEYS = 16


@dataclass(frozen=True, slots=True)
class Thumbprints:
    """RFC 7638 thumbprints of a key set, read aloud to each other before it is trusted."""

    sig: tuple[str, ...]
    enc: tuple[str, ...]

    @classmethod
    def of(cls, keys: Iterable[NewKey]) -> Thumbprints:
        """Return those of some keys, in their order."""
        listed = tuple(keys)
        return cls(
            sig=tuple(key.thumbprint for key in listed if key.use == "sig"),
            enc=tuple(key.thumbprint for key in listed if key.use == "enc"),
        )


def check_jwks(jwks: object) -> tuple[NewKey, ...]:
    """Return the keys of a public set: at least one to sign and one to encrypt, no kid twice.

    Signing keys are ES256, Ed25519 or PS256; encryption keys are P-256. Private members and
    references to keys elsewhere are refused.

    :raises Invalid: with a pointer to the key.
    """
    listed = jwks.get("keys") if isinstance(jwks, dict) and jwks.keys() == {"keys"} else None
    if not isinstance(listed, list) or not 2 <= len(listed) <= MOST_KEYS:
        raise Invalid("The key set must have two keys or more.", Problem("jwks", "/keys"))
    keys = tuple(_checked(jwk, f"/keys/{index}") for index, jwk in enumerate(listed))
    if {key.use for key in keys} != {"sig", "enc"}:
        raise Invalid("A key to sign and a key to encrypt are needed.", Problem("jwks", "/keys"))
    if len({key.kid for key in keys}) != len(keys):
        raise Invalid("A key id stands twice.", Problem("duplicate_kid", "/keys"))
    if len({key.thumbprint for key in keys}) != len(keys):
        raise Invalid("One key cannot both sign and encrypt.", Problem("same_key", "/keys"))
    return keys


def _checked(jwk: object, pointer: str) -> NewKey:
    use = jwk.get("use") if isinstance(jwk, dict) else None
    if not isinstance(jwk, dict) or use not in ("sig", "enc"):
        raise Invalid("Each key says its use.", Problem("use", f"{pointer}/use"))
    if not jose.is_kid(jwk.get("kid")):
        raise Invalid("Each key has an id.", Problem("kid", f"{pointer}/kid"))
    try:
        jose.check_key(jwk, use)
    except Invalid as fault:
        inner = fault.problems[0].pointer if fault.problems else ""
        raise Invalid(fault.message, Problem("key", pointer + inner)) from None
    return NewKey(jwk["kid"], use, jose.public_part(jwk), jose.thumbprint(jwk))

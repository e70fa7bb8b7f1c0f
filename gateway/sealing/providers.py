"""Owns wrapping a key under an epoch key: one protocol, the keys folder and a PKCS#11 token behind.

Wherever an epoch key lies, what it wrapped is `nonce (12) | ciphertext and tag`, AES-256-GCM with
the context as additional data (NIST SP 800-38D).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Undecipherable

NONCE, TAG = 12, 16


class KeyProvider(Protocol):
    """Wraps keys under a key that need not lie in this process."""

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the id of the wrapping key and the wrapped key.

        :raises Unavailable: if the provider does not answer.
        """

    def unwrap(self, kek_id: str, blob: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped in this context.

        :raises Undecipherable: for a destroyed wrapping key, another context or a changed blob.
        :raises Unavailable: if the provider does not answer.
        """


@dataclass(frozen=True, slots=True)
class FileProvider:
    """Wraps under epoch keys of the keys folder; `current` is the one it wraps with."""

    current: str
    epochs: Mapping[str, bytes] = field(repr=False)

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the epoch's name and the wrapped key."""
        nonce = secrets.token_bytes(NONCE)
        return self.current, nonce + AESGCM(self.epochs[self.current]).encrypt(nonce, key, context)

    def unwrap(self, kek_id: str, blob: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped in this context."""
        if kek_id not in self.epochs:
            raise Undecipherable("The epoch key is no longer held.")
        try:
            return AESGCM(self.epochs[kek_id]).decrypt(blob[:NONCE], blob[NONCE:], context)
        except (InvalidTag, ValueError):
            raise Undecipherable("The wrapped key could not be opened.") from None


@dataclass(frozen=True, slots=True)
class Epochs:
    """Every epoch key by name, wherever it lies: wraps under the current one, opens with each.

    So a partnership moves from files to a token, or from one token to the next, by making a new
    epoch key there: what older ones wrapped opens until it is wrapped anew.
    """

    current: str
    held: Mapping[str, KeyProvider] = field(repr=False)

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the current epoch's name and the wrapped key."""
        return self.held[self.current].wrap(key, context)

    def unwrap(self, kek_id: str, blob: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped in this context."""
        if kek_id not in self.held:
            raise Undecipherable("The epoch key is no longer held.")
        return self.held[kek_id].unwrap(kek_id, blob, context)

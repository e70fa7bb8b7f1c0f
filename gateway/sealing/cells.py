"""Owns one encrypted value at rest: AES-256-GCM, bound to where it stands (NIST SP 800-38D).

A cell is `0x01 | generation (4) | nonce (12) | ciphertext and tag`. Table, column, row and case
are authenticated with it, so a cell moved to another place does not open there.
"""

from __future__ import annotations

from os import urandom  # what `secrets` asks, three calls further

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Undecipherable

VERSION = 1
_HEAD, _NONCE, _TAG = 5, 12, 16

Ready = AESGCM
"""A key that many others are wrapped under."""


def new_key() -> bytes:
    """Return a fresh 256-bit key."""
    return urandom(32)


def seal_cell(
    key: bytes, *, table: str, column: str, row: str, case: str, gen: int, plaintext: bytes
) -> bytes:
    """Return the cell; sealing the same text twice gives two different cells.

    `gen` is the generation of the key, kept readable so that a reader knows which key to fetch.
    """
    nonce = urandom(_NONCE)
    head = bytes([VERSION]) + gen.to_bytes(4, "big")
    bound = head + _bind("cell|v1", table, column, row, case)
    return head + nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def open_cell(key: bytes, *, table: str, column: str, row: str, case: str, cell: bytes) -> bytes:
    """Return the plaintext of a cell that stands where it was sealed.

    :raises Undecipherable: if it was moved, changed, or sealed under another key.
    """
    if len(cell) < _HEAD + _NONCE + _TAG or cell[0] != VERSION:
        raise Undecipherable("The cell is not of a known version.")
    bound = cell[:_HEAD] + _bind("cell|v1", table, column, row, case)
    return _open(key, cell[_HEAD:], bound)


def generation(cell: bytes) -> int:
    """Return the generation of the key that a cell was sealed under."""
    return int.from_bytes(cell[1:_HEAD], "big")


def ready(key: bytes) -> Ready:
    """Return a key made ready once for many others: that takes as long as to wrap one."""
    return AESGCM(key)


def wrap_key(key: bytes | Ready, inner: bytes, *context: str) -> bytes:
    """Return one key under another, openable only with the same context."""
    nonce = urandom(_NONCE)
    cipher = AESGCM(key) if isinstance(key, bytes) else key
    return nonce + cipher.encrypt(nonce, inner, _bind(*context))


def unwrap_key(key: bytes | Ready, blob: bytes, *context: str) -> bytes:
    """Return the inner key.

    :raises Undecipherable: for another key, another context or a changed blob.
    """
    return _open(key, blob, _bind(*context))


def _open(key: bytes | Ready, blob: bytes, bound: bytes) -> bytes:
    try:
        cipher = AESGCM(key) if isinstance(key, bytes) else key
        return cipher.decrypt(blob[:_NONCE], blob[_NONCE:], bound)
    except (InvalidTag, ValueError):
        raise Undecipherable("The cell could not be opened.") from None


def _bind(*parts: str) -> bytes:
    """Join with NUL, which no part may hold, so that no two contexts give the same bytes."""
    bound = "\0".join(parts)
    if bound.count("\0") != len(parts) - 1:
        raise Undecipherable("A place name holds NUL.")
    return bound.encode()

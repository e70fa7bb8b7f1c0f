"""Owns the signed checkpoint: C2SP tlog-checkpoint in a C2SP signed note, Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.errors import Undecipherable

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How large a log is, and the root of its tree at that size."""

    origin: str
    size: int
    root: bytes


def origin_of(publics: Sequence[bytes]) -> str:
    """The name of the log, which outlives a change of key: made of its first (last listed) key."""
    return f"marac-gateway/{sha256(publics[-1]).hexdigest()[:16]}"


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature line names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """The public key in the one-line form that tlog tools read: name+id+key."""
    return f"{name}+{key_id(name, public).hex()}+{_b64(_ED25519 + public)}"


def sign_checkpoint(
    checkpoint: Checkpoint, key: Ed25519PrivateKey, public: bytes | None = None
) -> str:
    """The note: origin, size, root, an empty line, and one signature line.

    `public` spares working out the public half of `key`.
    """
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{_b64(checkpoint.root)}\n"
    name, known = checkpoint.origin, public or key.public_key().public_bytes_raw()
    signature = _b64(key_id(name, known) + key.sign(text.encode()))
    return f"{text}\n{_DASH}{name} {signature}\n"


def open_checkpoint(note: str, *, origin: str, publics: Sequence[bytes]) -> Checkpoint:
    """What a checkpoint says, if one of the keys signed it; other signatures are passed over.

    :raises Undecipherable: if none did, or the text is not a checkpoint of this log.
    """
    text, mark, lines = note.rpartition("\n\n")
    if not mark or not any(_is_signed(text + "\n", lines, origin, key) for key in publics):
        raise Undecipherable("The checkpoint is not signed by the log.")
    parts = text.split("\n")
    if len(parts) < 3 or parts[0] != origin or not _is_size(parts[1]):
        raise Undecipherable("The text is not a checkpoint of this log.")
    root = _unb64(parts[2])
    if len(root) != 32:
        raise Undecipherable("The text is not a checkpoint of this log.")
    return Checkpoint(origin, int(parts[1]), root)


def _is_signed(text: str, lines: str, name: str, public: bytes) -> bool:
    wanted = key_id(name, public)
    for line in lines.splitlines():
        who, _, signature = line.removeprefix(_DASH).rpartition(" ")
        blob = _unb64(signature)
        if line.startswith(_DASH) and who == name and blob[:4] == wanted:
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], text.encode())
            except InvalidSignature:
                return False
            return True
    return False


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and str(int(text)) == text if len(text) < 20 else False


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unb64(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if base64.b64encode(found).decode() == text else b""

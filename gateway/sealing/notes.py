"""Owns the signed checkpoint and who countersigned it (C2SP signed-note, tlog-checkpoint and
tlog-cosignature), all Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.errors import Undecipherable

LOG, WITNESS = b"\x01", b"\x04"
"""What a key signs: notes as they are, or cosignatures with a time (types of signed-note)."""

MOST_SIGNATURES = 64
_DASH = "\N{EM DASH} "
_STAMPED = 8 + 64
_NAME = re.compile(r"[!-*,-~]{1,200}", re.ASCII)  # no space and no plus


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How large a log is, and the root of its tree at that size."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key as tlog tools name it."""

    name: str
    kind: bytes
    public: bytes  # 32

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    def __str__(self) -> str:
        """The one-line form, name+id+key."""
        return f"{self.name}+{self.id.hex()}+{_b64(self.kind + self.public)}"


def read_verifier(text: str) -> Verifier:
    """The key of a name+id+key line.

    :raises Undecipherable: if it is none, or its id is another key's.
    """
    parts = text.split("+", 2)
    blob = _unb64(parts[2]) if len(parts) == 3 else b""
    found = Verifier(parts[0], blob[:1], blob[1:])
    is_known = found.kind in (LOG, WITNESS) and len(found.public) == 32
    if not is_known or not _NAME.fullmatch(parts[0]) or str(found) != text:
        raise Undecipherable("This is not a key of the form name+id+key.")
    return found


def origin_of(publics: Sequence[bytes]) -> str:
    """The name of the log, which outlives a change of key: made of its first (last listed) key."""
    return f"marac-gateway/{sha256(publics[-1]).hexdigest()[:16]}"


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature line names a key of the log."""
    return Verifier(name, LOG, public).id


def verifier_key(name: str, public: bytes) -> str:
    """The log's public key in the one-line form that tlog tools read: name+id+key."""
    return str(Verifier(name, LOG, public))


def witness_name(origin: str, agency_id: str) -> str:
    """What an agency is called as a witness of a log."""
    return f"{origin}/{agency_id}"


# --- what the log signs -----------------------------------------------------------------------


def sign_checkpoint(
    checkpoint: Checkpoint, key: Ed25519PrivateKey, public: bytes | None = None
) -> str:
    """The note: origin, size, root, an empty line, and one signature line.

    `public` spares working out the public half of `key`.
    """
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{_b64(checkpoint.root)}\n"
    known = Verifier(checkpoint.origin, LOG, public or key.public_key().public_bytes_raw())
    return f"{text}\n{_line(known, key.sign(text.encode()))}"


def open_checkpoint(note: str, *, origin: str, publics: Sequence[bytes]) -> Checkpoint:
    """What a checkpoint says, if one of the keys signed it; other signatures are passed over.

    :raises Undecipherable: if none did, or the text is not a checkpoint of this log.
    """
    text, lines = _parts(note)
    if not any(_is_signed(text, lines, Verifier(origin, LOG, public)) for public in publics):
        raise Undecipherable("The checkpoint is not signed by the log.")
    parts = text.split("\n")
    if len(parts) < 4 or parts[0] != origin or not _is_size(parts[1]):
        raise Undecipherable("The text is not a checkpoint of this log.")
    root = _unb64(parts[2])
    if len(root) != 32:
        raise Undecipherable("The text is not a checkpoint of this log.")
    return Checkpoint(origin, int(parts[1]), root)


# --- what witnesses add -----------------------------------------------------------------------


def cosign(note: str, key: Ed25519PrivateKey, at: int) -> bytes:
    """The statement that, `at` this time (seconds since 1970), nothing larger had been seen.

    It is 72 bytes: the time, then the signature over time and checkpoint.
    """
    return at.to_bytes(8, "big") + key.sign(_stated(_parts(note)[0], at))


def is_cosigned(note: str, cosignature: bytes, public: bytes) -> bool:
    """Whether a witness with this key made the cosignature over this very checkpoint."""
    if len(cosignature) != _STAMPED or cosignature[0] > 127:
        return False
    stated = _stated(_parts(note)[0], int.from_bytes(cosignature[:8], "big"))
    return _verifies(public, cosignature[8:], stated)


def with_cosignatures(note: str, given: Sequence[tuple[Verifier, bytes]]) -> str:
    """The same note with one more signature line for each witness."""
    return note + "".join(_line(witness, cosignature) for witness, cosignature in given)


# --- within -----------------------------------------------------------------------------------


def _stated(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _line(who: Verifier, signature: bytes) -> str:
    return f"{_DASH}{who.name} {_b64(who.id + signature)}\n"


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The signed text with its last newline, and name and bytes of each signature.

    :raises Undecipherable: if it is no signed note.
    """
    text, mark, lines = note.rpartition("\n\n")
    is_plain = all(letter >= " " or letter == "\n" for letter in note)
    if not mark or not lines.endswith("\n") or not is_plain:
        raise Undecipherable("The text is not a signed note.")
    return text + "\n", list(_signatures(lines[:-1].split("\n")))


def _signatures(lines: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    if len(lines) > MOST_SIGNATURES:
        raise Undecipherable("The text is not a signed note.")
    for line in lines:
        name, _, signature = line.removeprefix(_DASH).partition(" ")
        blob = _unb64(signature)
        if not line.startswith(_DASH) or not name or "+" in name or len(blob) < 5:
            raise Undecipherable("The text is not a signed note.")
        yield name, blob


def _is_signed(text: str, lines: Sequence[tuple[str, bytes]], who: Verifier) -> bool:
    found = next((blob[4:] for name, blob in lines if (name, blob[:4]) == (who.name, who.id)), None)
    return found is not None and _verifies(who.public, found, text.encode())


def _verifies(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


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

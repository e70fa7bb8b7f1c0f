"""Owns the gateway's own secret keys: made, loaded with a permission check, rotated, listed.

One file per key, `<use>-<YYYY-MM>-<n>.key`, mode 0600 in a folder of mode 0700. The newest of a
use is current; older ones still verify and decrypt.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Undecipherable, UnsafeSettings
from gateway.sealing import jose

# signing: receipts and disclosures · token: access tokens · encryption: what clients seal to ·
# log: checkpoints · epoch: wraps the keys of cases · index: blind index · cursor: feed cursors
USES = ("signing", "token", "encryption", "log", "epoch", "index", "cursor")
FIXED = frozenset({"index"})  # another key means building the index anew
_NAME = re.compile(r"([a-z]+)-(\d{4}-\d{2})-(\d+)\.key")


class KeyProvider(Protocol):
    """Wraps keys under a key that need not lie in this process."""

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the id of the wrapping key and the wrapped key."""

    def unwrap(self, kek_id: str, blob: bytes, context: bytes) -> bytes:
        """Return the key, or raise `Undecipherable`."""


@dataclass(frozen=True, slots=True)
class LocalProvider:
    """Wraps under the newest epoch key of the keys folder: AES-256-GCM, context authenticated."""

    current: str
    epochs: Mapping[str, bytes] = field(repr=False)

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the epoch's name and `nonce | ciphertext and tag`."""
        nonce = secrets.token_bytes(12)
        return self.current, nonce + AESGCM(self.epochs[self.current]).encrypt(nonce, key, context)

    def unwrap(self, kek_id: str, blob: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped in this context.

        :raises Undecipherable: for a destroyed epoch, another context or a changed blob.
        """
        if kek_id not in self.epochs:
            raise Undecipherable("The epoch key is no longer held.")
        try:
            return AESGCM(self.epochs[kek_id]).decrypt(blob[:12], blob[12:], context)
        except (InvalidTag, ValueError):
            raise Undecipherable("The wrapped key could not be opened.") from None


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The current pair of one use, and every older key of it by id."""

    kid: str
    key: jose.Key = field(repr=False)
    by_kid: Mapping[str, jose.Key] = field(repr=False)  # this one too
    public: tuple[Mapping[str, str], ...]  # public JWKs, current first


@dataclass(frozen=True, slots=True)
class Keys:
    """Everything secret that the service holds; never shown by repr."""

    signing: KeyPair
    token: KeyPair
    encryption: KeyPair
    log: Ed25519PrivateKey = field(repr=False)
    log_public: tuple[bytes, ...]  # 32 bytes each, current first; older checkpoints stay checkable
    provider: KeyProvider = field(repr=False)
    index: bytes = field(repr=False)
    cursor: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What an operator may see of a key."""

    name: str
    use: str
    kid: str
    made_on: str
    is_current: bool


def case_context(case_id: str, gen: int) -> bytes:
    """Return what binds a wrapped case key to its case and generation."""
    return f"dek|v1|{case_id}|{gen}".encode()


def jwks(keys: Keys) -> dict[str, list[dict[str, str]]]:
    """Return the public set: what the gateway signs with, and what to seal to; current first."""
    shown = (*keys.signing.public, *keys.token.public, *keys.encryption.public)
    return {"keys": [dict(jwk) for jwk in shown]}


def make(folder: Path, *, on: date) -> None:
    """Make the folder and one key of each use.

    :raises UnsafeSettings: if the folder already holds a key; nothing is ever overwritten.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if any(folder.glob("*.key")):
        raise UnsafeSettings("The keys folder already holds keys; use rotate.")
    for use in USES:
        _write(folder, use, on)


def rotate(folder: Path, use: str, *, on: date) -> str:
    """Make a newer key of one use and return its file name; the older ones stay.

    :raises UnsafeSettings: for an unknown use, or one that cannot be exchanged by a new file.
    """
    if use not in USES or use in FIXED:
        raise UnsafeSettings("This use is unknown or cannot be rotated.")
    return _write(folder, use, on)


def listing(folder: Path) -> tuple[KeyInfo, ...]:
    """Return name, id and month of every key, by use, newest first; no secret is shown."""
    shown = []
    for use, files in _read(folder).items():
        for index, (name, content) in enumerate(files):
            kid = str(content["kid"])
            shown.append(KeyInfo(name, use, kid, str(content["made_on"]), index == 0))
    return tuple(shown)


def load(folder: Path) -> Keys:
    """Return all keys of the folder.

    :raises UnsafeSettings: if the folder or a file is open to others, or a use has no key.
    """
    found = _read(folder)
    try:
        epochs = {str(jwk["kid"]): jose.b64u_decode(jwk["k"]) for _, jwk in found["epoch"]}
        logs = [Ed25519PrivateKey.from_private_bytes(_secret(file)) for file in found["log"]]
        return Keys(
            signing=_pair(found["signing"], "sig"),
            token=_pair(found["token"], "sig"),
            encryption=_pair(found["encryption"], "enc"),
            log=logs[0],
            log_public=tuple(key.public_key().public_bytes_raw() for key in logs),
            provider=LocalProvider(str(found["epoch"][0][1]["kid"]), epochs),
            index=_secret(found["index"][0]),
            cursor=_secret(found["cursor"][0]),
        )
    except (Undecipherable, KeyError, ValueError):
        raise UnsafeSettings("A file of the keys folder is damaged.") from None


# --- within -----------------------------------------------------------------------------------

_Files = dict[str, list[tuple[str, dict[str, Any]]]]


def _pair(files: list[tuple[str, dict[str, Any]]], use: str) -> KeyPair:
    held = {jwk["kid"]: jose.import_private(_bare(jwk), use) for _, jwk in files}
    public = tuple(jose.public_part(jwk) for _, jwk in files)
    kid = files[0][1]["kid"]
    return KeyPair(kid, held[kid], held, public)


def _secret(file: tuple[str, dict[str, Any]]) -> bytes:
    return jose.b64u_decode(file[1]["k"])


def _bare(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name != "made_on"}


def _write(folder: Path, use: str, on: date) -> str:
    month = f"{on:%Y-%m}"
    taken = [
        int(m[3]) for m in map(_match, folder.iterdir()) if m and m[1] == use and m[2] == month
    ]
    name = f"{use}-{month}-{max(taken, default=0) + 1}"
    content: dict[str, Any]
    if use in ("signing", "token", "encryption"):
        content = dict(jose.new_private("enc" if use == "encryption" else "sig"))
    else:
        content = {"kty": "oct", "k": jose.b64u(secrets.token_bytes(32)), "kid": name}
    content["made_on"] = on.isoformat()
    write_secret(folder / f"{name}.key", json.dumps(content, indent=1))
    return f"{name}.key"


def write_secret(path: Path, text: str) -> None:
    """Write a new file that nobody else can read, not even for a moment.

    :raises FileExistsError: rather than overwrite.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def _match(path: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(path.name)


def _read(folder: Path) -> _Files:
    """Read all key files by use, newest first."""
    if not folder.is_dir():
        raise UnsafeSettings("The keys folder does not exist; make it with `gateway keys new`.")
    _check_closed(folder)
    named = [(match, path) for path in folder.iterdir() if (match := _match(path))]
    named.sort(key=lambda item: (item[0][2], int(item[0][3])), reverse=True)
    found: _Files = {use: [] for use in USES}
    for match, path in named:
        if match[1] in found:
            found[match[1]].append((path.name, _parse(path)))
    missing = [use for use, files in found.items() if not files]
    if missing:
        raise UnsafeSettings(f"The keys folder has no key for: {', '.join(missing)}.")
    return found


def _parse(path: Path) -> dict[str, Any]:
    _check_closed(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict) or not {"kid", "made_on"} <= content.keys():
        raise UnsafeSettings("A file of the keys folder is damaged.")
    return content


def _check_closed(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        text = "The keys folder and its files must be readable by the service alone (0700, 0600)."
        raise UnsafeSettings(text)

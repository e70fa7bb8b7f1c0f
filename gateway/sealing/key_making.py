"""Owns making, exchanging and destroying key files, so that each change is whole or not at all.

A new key is staged first, under a name that no reader looks at, and becomes readable in one step.
Whoever is interrupted in between runs the same command again and goes on with the same key.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.config import Token
from gateway.errors import UnsafeSettings
from gateway.sealing import jose, pkcs11
from gateway.sealing.key_files import NAME, PAIRS, STAGED, USES, KeyFile, parse
from gateway.sealing.key_lock import alone, changes

# What stays of a retired key: its public half, with which old receipts and checkpoints are checked.
_KEPT_PUBLIC = frozenset({"signing", "log"})
_SECRET = ("d", "k")
_HALF, _DESTROYED, _LEAVING = ".half-", ".destroyed-", ".leaving-"


def make(folder: Path, *, on: date, token: Token | None = None) -> None:
    """Make the folder and one key of each use; the epoch key in the token if one is given.

    Interrupted, or stopped by a token that does not answer, it goes on where it was: no key is
    there for anybody to read before all are staged.

    :raises UnsafeSettings: if the folder already holds a key; nothing is ever overwritten.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with alone(folder):
        missing = [use for use in USES if not any(folder.glob(f"{use}-*.key"))]
        staged = [use for use in missing if any(folder.glob(f"{STAGED}{use}-*.key"))]
        if len(missing) < len(USES) and (not missing or missing != staged):
            raise UnsafeSettings("The keys folder already holds keys; use rotate.")
        for name in [stage(folder, use, on=on, token=token) for use in missing]:
            activate(folder, name)
    _sync(folder.parent)


def rotate(folder: Path, use: str, *, on: date, token: Token | None = None) -> str:
    """Make a newer key of one use, current at once, and return its file name; the older ones stay.

    :raises UnsafeSettings: for an unknown use.
    """
    name = stage(folder, use, on=on, token=token)
    activate(folder, name)
    return f"{name}.key"


@changes
def stage(
    folder: Path,
    use: str,
    *,
    on: date,
    starts_at: datetime | None = None,
    token: Token | None = None,
) -> str:
    """Make a newer key of one use without anybody reading it yet, and return its name.

    One that was staged before and never activated is taken instead: somebody was interrupted.

    :raises UnsafeSettings: for an unknown use.
    """
    if use not in USES:
        raise UnsafeSettings("There is no such use of a key.")
    _sweep(folder)
    for path in folder.glob(f"{STAGED}{use}-*.key"):
        kept = parse(path)
        if kept.use == "epoch" and kept.content.get("token") != (token.label if token else None):
            path.unlink()  # the settings say another place by now; nobody ever used it
            continue
        return _write_staged(folder, kept.name, kept.content, starts_at)
    month, numbers = f"{on:%Y-%m}", [0]
    for path in folder.iterdir():
        found = NAME.fullmatch(path.name)
        if found and (found[1], found[2]) == (use, month):
            numbers.append(int(found[3]))
    number = max(numbers) + 1
    while token and use == "epoch" and pkcs11.holds(token, f"{use}-{month}-{number}"):
        number += 1
    name = f"{use}-{month}-{number}"
    content = {**_content(use, name, token), "made_on": on.isoformat()}
    return _write_staged(folder, name, content, starts_at)


def read_staged(folder: Path, name: str) -> KeyFile:
    """Return a staged key, or the same one if it has been activated.

    :raises UnsafeSettings: if it is neither, or damaged.
    """
    path = folder / f"{STAGED}{name}.key"
    return parse(path if path.exists() else folder / f"{name}.key")


@changes
def activate(folder: Path, name: str) -> None:
    """Let everybody read a staged key; done twice it is done once."""
    staged = folder / f"{STAGED}{name}.key"
    with suppress(FileNotFoundError, FileExistsError):
        os.link(staged, folder / f"{name}.key")
    _sync(folder)  # a power cut leaves the one name or the other
    staged.unlink(missing_ok=True)
    _sync(folder)


@changes
def retire(folder: Path, name: str, *, on: date) -> None:
    """Destroy the secret of a key that is current no more; the public half of some stays."""
    path = folder / f"{name}.key"
    found = parse(path)
    if found.use not in _KEPT_PUBLIC:
        destroy(folder, name)
        return
    kept = {name: value for name, value in found.content.items() if name not in _SECRET}
    if found.use == "log":
        seed = Ed25519PrivateKey.from_private_bytes(found.secret)
        kept["x"] = jose.b64u(seed.public_key().public_bytes_raw())
    kept["retired_on"] = on.isoformat()
    _sweep(folder)
    half = folder / f"{_HALF}{name}"
    write_secret(half, json.dumps(kept, indent=1))
    with path.open("r+b") as old:
        half.replace(path)
        _overwrite(old)
    _sync(folder)


@changes
def destroy(folder: Path, name: str, *, token: Token | None = None) -> None:
    """Destroy a key and its file. The file is written over first, which not every disk heeds.

    :raises UnsafeSettings: if it lies in a token and none is given.
    """
    path = folder / f"{name}.key"
    if parse(path).in_token:
        if token is None:
            raise UnsafeSettings(
                "The key lies in a token: the GATEWAY_PKCS11_ settings are needed."
            )
        path.replace(folder / f"{_LEAVING}{name}")  # no reader looks for it in the token now
        _sync(folder)
        finish(folder, token)
        return
    path.replace(folder / f"{_DESTROYED}{name}")  # away from readers before it is damaged
    _sweep(folder)


@changes
def finish(folder: Path, token: Token | None) -> None:
    """Destroy in the token what somebody began to destroy and did not finish."""
    for path in folder.glob(f"{_LEAVING}*"):
        name, label = path.name.removeprefix(_LEAVING), json.loads(path.read_bytes())["token"]
        if token is not None and token.label == label:  # else it waits for its own token
            pkcs11.destroy_key(token, name)
            path.replace(folder / f"{_DESTROYED}{name}")
    _sweep(folder)


def write_secret(path: Path, text: str) -> None:
    """Write a new file that nobody else can read, not even for a moment, down to the disk.

    :raises FileExistsError: rather than overwrite.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


# --- within -----------------------------------------------------------------------------------


def _content(use: str, name: str, token: Token | None) -> dict[str, Any]:
    if use in PAIRS:
        return dict(jose.new_private(PAIRS[use]))
    if use == "epoch" and token is not None:
        pkcs11.make_key(token, name)
        return {"kty": "pkcs11", "token": token.label, "kid": name}
    return {"kty": "oct", "k": jose.b64u(secrets.token_bytes(32)), "kid": name}


def _write_staged(
    folder: Path, name: str, content: Mapping[str, Any], starts_at: datetime | None
) -> str:
    kept = {member: value for member, value in content.items() if member != "starts_at"}
    if starts_at is not None:
        kept["starts_at"] = starts_at.astimezone(UTC).isoformat()
    half = folder / f"{_HALF}{name}"
    half.unlink(missing_ok=True)
    write_secret(half, json.dumps(kept, indent=1))
    half.replace(folder / f"{STAGED}{name}.key")
    _sync(folder)  # on the disk before anything is wrapped with it
    return name


def _sweep(folder: Path) -> None:
    """Finish what somebody who was interrupted left: files half written or half destroyed."""
    for path in folder.glob(".*"):
        if path.name.startswith(_DESTROYED):
            with path.open("r+b") as file:
                _overwrite(file)
            path.unlink()
        elif path.name.startswith(_HALF):
            path.unlink()
        elif path.name.startswith(STAGED):
            with suppress(UnsafeSettings):
                parse(path)
                continue
            path.unlink()
    _sync(folder)


def _overwrite(file: IO[bytes]) -> None:
    file.seek(0)
    file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Bring the folder's own entries down to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Owns reading the keys folder: one file per key, each read with a permission check.

A file is `<use>-<YYYY-MM>-<n>.key`, mode 0600 in a folder of mode 0700. It holds the secret, or
for an epoch key in a PKCS#11 token only says so. Files appear and change whole or not at all, so
that a running service may read the folder at any moment.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from gateway.errors import UnsafeSettings
from gateway.sealing import jose

log = logging.getLogger(__name__)

# signing: receipts and disclosures · token: access tokens · encryption: what clients seal to ·
# log: checkpoints · epoch: wraps the keys of cases · index: blind index · cursor: feed cursors
USES = ("signing", "token", "encryption", "log", "epoch", "index", "cursor")
PAIRS = {"signing": "sig", "token": "sig", "encryption": "enc"}
NAME = re.compile(r"([a-z]+)-(\d{4}-\d{2})-(\d+)\.key")
STAGED = ".staged-"
_TRIES, _PAUSE, _RECENT = 40, 0.005, 1_000_000_000  # times; seconds; nanoseconds


@dataclass(frozen=True, slots=True)
class KeyFile:
    """One key of the folder; `starts_at` is None for a key that is good at once."""

    name: str  # without ".key"
    use: str
    order: tuple[str, int]  # month and number: the newest is the greatest
    content: Mapping[str, Any] = field(repr=False)
    starts_at: datetime | None = None

    @property
    def kid(self) -> str:
        """The public id of the key."""
        return str(self.content["kid"])

    @property
    def made_on(self) -> date:
        """The day it was made."""
        return date.fromisoformat(str(self.content["made_on"]))

    @property
    def good_from(self) -> date:
        """The day from which it is used."""
        return self.made_on if self.starts_at is None else self.starts_at.date()

    @property
    def is_retired(self) -> bool:
        """Whether only its public half is left."""
        return "retired_on" in self.content

    @property
    def in_token(self) -> bool:
        """Whether the secret lies in a PKCS#11 token."""
        return self.content.get("kty") == "pkcs11"

    @property
    def secret(self) -> bytes:
        """The secret of a symmetric key or the seed of the log key."""
        return jose.b64u_decode(str(self.content["k"]))


Files = dict[str, list[KeyFile]]


def due_to_retire(files: Sequence[KeyFile], before: date) -> list[KeyFile]:
    """Return the keys of one use whose successor was good before that day; `files` as read."""
    current, *others = files
    in_turn = sorted((current, *others), key=lambda file: file.order)
    followed = pairwise(in_turn)
    return [
        file
        for file, follower in followed
        if file.order < current.order and not file.is_retired and follower.good_from < before
    ]


def read(folder: Path, now: datetime | None = None) -> Files:
    """Read all key files by use: the current one first, then the others, newest first.

    Without `now` every key counts as good at once.

    :raises UnsafeSettings: if the folder or a file is open to others or damaged, or a use has none.
    """
    if not folder.is_dir():
        raise UnsafeSettings("The keys folder does not exist; make it with `gateway keys new`.")
    check_closed(folder)
    for _ in range(_TRIES):
        before = folder.stat().st_mtime_ns
        with suppress(UnsafeSettings):
            files = _read_all(folder, now)
            if folder.stat().st_mtime_ns == before:
                return files
        if time.time_ns() - before > _RECENT:
            break
        time.sleep(_PAUSE)  # somebody changes the folder at this moment
    return _read_all(folder, now)


def _read_all(folder: Path, now: datetime | None) -> Files:
    found: Files = {use: [] for use in USES}
    for path in folder.iterdir():
        matched = NAME.fullmatch(path.name)
        if matched and matched[1] in found:
            with suppress(FileNotFoundError):  # destroyed at this moment
                found[matched[1]].append(parse(path))
    missing = [use for use, files in found.items() if not files]
    if missing:
        raise UnsafeSettings(f"The keys folder has no key for: {', '.join(missing)}.")
    return {use: _in_order(files, now) for use, files in found.items()}


def check_closed(path: Path) -> None:
    """Refuse what others can read.

    :raises UnsafeSettings: for a mode other than 0700 or 0600.
    """
    if path.stat().st_mode & 0o077:
        text = "The keys folder and its files must be readable by the service alone (0700, 0600)."
        raise UnsafeSettings(text)


# --- within -----------------------------------------------------------------------------------


def _in_order(files: list[KeyFile], now: datetime | None) -> list[KeyFile]:
    newest = sorted(files, key=lambda file: file.order, reverse=True)
    held = [file for file in newest if not file.is_retired]
    if not held:
        raise UnsafeSettings("The keys folder has only retired keys of one use.")
    current = next(
        (file for file in held if now is None or file.starts_at is None or file.starts_at <= now),
        None,
    )
    if current is None:
        # The clock is behind, or was ahead when a key was exchanged. The time at which a key starts
        # only lets every process know it before: what starts first is known by now.
        log.warning("every key of the use %s starts later: is the clock right?", held[0].use)
        current = min(held, key=lambda file: str(file.content["starts_at"]))
    return [current, *(file for file in newest if file is not current)]


def parse(path: Path) -> KeyFile:
    """Read one key file, also a staged one.

    :raises UnsafeSettings: if it is open to others or damaged.
    :raises FileNotFoundError: if there is none.
    """
    try:
        check_closed(path)
        content = json.loads(path.read_text(encoding="utf-8"))
        matched = NAME.fullmatch(path.name.removeprefix(STAGED))
        if matched is None or not isinstance(content, dict):
            raise ValueError
        date.fromisoformat(content["made_on"])
        starts = content.get("starts_at")
        return KeyFile(
            name=path.stem.removeprefix(STAGED),
            use=matched[1],
            order=(matched[2], int(matched[3])),
            content={**content, "kid": str(content["kid"])},
            starts_at=datetime.fromisoformat(starts) if starts else None,
        )
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError):
        raise UnsafeSettings("A file of the keys folder is damaged.") from None

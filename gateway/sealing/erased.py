"""Owns the list of what was erased: a file of the keys folder, beside the database and its backups.

A line holds the statements that had cases erased, signed by their own people, so that whoever puts
an older database back can have the same erased again, and nobody can have more erased by it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.errors import UnsafeSettings

NAME = "erased.list"
ASKED = "marac-erasure+jws"  # the statement by which an agency asks


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased together, why, and the statements of those who wanted it."""

    references: Sequence[str]  # as stored
    because: str
    asked: str  # a JWS of the agency
    proofs: Sequence[str]  # a JWS of each of the two operators


def keep(folder: Path, line: Erased) -> None:
    """Append a line, down to the disk; call it before the erasure is committed.

    A line that was cut short belongs to an erasure that never was, and gives way.
    """
    text = json.dumps(asdict(line), separators=(",", ":")) + "\n"
    handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+b") as file:
        whole = file.read().rpartition(b"\n")
        file.truncate(len(whole[0]) + len(whole[1]))
        file.seek(0, os.SEEK_END)
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)  # the name of a new file, too
    finally:
        os.close(handle)


def read(folder: Path) -> tuple[Erased, ...]:
    """Return every line, oldest first; none without the file.

    :raises UnsafeSettings: if it can be read by others, or is damaged.
    """
    path = folder / NAME
    if not path.exists():
        return ()
    if path.stat().st_mode & 0o077:
        raise UnsafeSettings("The list of what was erased must be the service's alone (0600).")
    try:
        lines = path.read_bytes().rpartition(b"\n")[0].splitlines()
        return tuple(Erased(**json.loads(line)) for line in lines)
    except (OSError, ValueError, TypeError):
        raise UnsafeSettings("The list of what was erased is damaged.") from None

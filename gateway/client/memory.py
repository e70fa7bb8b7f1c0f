"""Owns the small files in which an agency keeps what it saw of the log, in its own folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.errors import UnsafeSettings

LOCK, EVIDENCE = "log.lock", "evidence"


class Memory:
    """Named texts in a folder, each for its owner alone; without a folder they end with us."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._kept: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        """The text, or None if there is none yet.

        :raises UnsafeSettings: if it cannot be read: a memory that is lost is no empty one.
        """
        if self.folder is None:
            return self._kept.get(name)
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise UnsafeSettings("What is remembered of the log cannot be read.") from None

    def read_object(self, name: str) -> dict[str, Any]:
        """The JSON object of that name; {} if there is none yet.

        :raises UnsafeSettings: if it cannot be read.
        """
        try:
            found = json.loads(self.read(name) or "{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise UnsafeSettings("What is remembered of the log cannot be read.")
        return found

    def write(self, name: str, text: str) -> None:
        """Keep a text in place of an older one, wholly or not at all."""
        if self.folder is None:
            self._kept[name] = text
        else:
            _write(self.folder / name, text)

    def keep_evidence(self, kind: str, found: Mapping[str, Any]) -> Path | None:
        """Keep what shows a fault of the log in a file of its own, with the time."""
        if self.folder is None:
            return None
        mark = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]
        stated = {**found, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        path = self.folder / EVIDENCE / f"{kind}-{mark}.json"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _write(path, json.dumps(stated, indent=1) + "\n")
        return path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes of this agency out, for as long as reading and writing takes."""
        if self.folder is None:
            yield
            return
        handle = os.open(self.folder / LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner reads, wholly or not at all."""
    half = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.half")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        raise UnsafeSettings("What is remembered of the log cannot be written.") from None

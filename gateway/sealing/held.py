"""Owns when a running service reads its keys: with the next request after a file changed."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from pathlib import Path
from threading import Lock

from gateway.config import Token
from gateway.errors import Unavailable, UnsafeSettings
from gateway.sealing.key_files import read
from gateway.sealing.keys import Keys, keys_of

log = logging.getLogger(__name__)

# File systems tell times in steps: a folder changed less than this ago may change unseen.
_STEP = 50_000_000  # nanoseconds
_PAUSE = 1.0  # seconds between attempts at a folder that cannot be read


class Held:
    """The keys of a folder, read again as soon as a file comes, goes or is exchanged.

    So a running service takes up a new key with its next request, and needs no restart. If the
    folder cannot be read any more, or a token does not answer, the keys read last are kept, and
    the fault is logged.
    """

    def __init__(self, folder: Path, token: Token | None = None) -> None:
        self._folder, self._token = folder, token
        self._lock = Lock()
        self._kept: tuple[Keys, int, datetime | None] | None = None  # keys, stamp, good until
        self._again_at = 0.0

    def at(self, now: datetime) -> Keys:
        """Return the keys as the folder holds them at this moment.

        :raises UnsafeSettings: if they cannot be read and never were.
        :raises Unavailable: if a token never answered.
        """
        kept = self._kept
        if kept and self._is_good(kept, now):
            return kept[0]
        with self._lock:  # others wait: a token signed with a new key may be before them already
            if self._kept is None or not self._is_good(self._kept, now):
                self._read(now)
            assert self._kept is not None  # noqa: S101 - read, or raised
            return self._kept[0]

    def _is_good(self, kept: tuple[Keys, int, datetime | None], now: datetime) -> bool:
        _, stamp, until = kept
        if time.monotonic() < self._again_at:
            return True
        return self._stamp() == stamp and (until is None or now < until)

    def _stamp(self) -> int:
        try:
            return self._folder.stat().st_mtime_ns
        except OSError:
            return -1

    def _read(self, now: datetime) -> None:
        stamp, is_settled = self._stamp(), True
        is_settled = time.time_ns() - stamp > _STEP
        try:
            files = read(self._folder, now)
            keys = keys_of(files, self._token)
        except (UnsafeSettings, Unavailable) as fault:
            if self._kept is None:
                raise
            self._again_at = time.monotonic() + _PAUSE
            log.error("the keys folder cannot be read, older keys are kept: %s", fault.message)
            return
        later = [
            file.starts_at
            for each in files.values()
            for file in each
            if file.starts_at is not None and file.starts_at > now
        ]
        self._kept = keys, stamp if is_settled else -2, min(later, default=None)

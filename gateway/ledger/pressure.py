"""Owns that the queue of the log has an end: what happens while it is not sequenced.

A line is written with the act that it speaks of, and gets its place soon after. If it does not, the
queue would grow without anybody noticing, and promises of a place would pile up. Age is counted by
how long the oldest line has not moved, never by a clock that may be wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import Unavailable
from gateway.ledger.contexts import reading_log
from gateway.ledger.sequencer import sequence
from gateway.sealing.keys import Keys
from gateway.store import log
from gateway.store.engine import Sessions

HARD = 10  # times `lines`: from there on not even a reading is taken on
_FRESH = 1.0  # seconds for which a look at the queue is good


@dataclass(slots=True)
class Pressure:
    """How far the sequencer is behind; shared by the threads of one process."""

    sessions: Sessions
    keys_at: Callable[[datetime], Keys] = field(repr=False)
    lines: int  # that may wait
    seconds: float  # for which the oldest of them may stand still
    tick: Callable[[], float] = time.monotonic
    _lock: Lock = field(default_factory=Lock)
    _oldest: tuple[int, float] | None = None  # its number, and since when it is the oldest
    _looked: float = float("-inf")
    _waiting: int = 0

    def require(self, now: datetime, *, is_write: bool) -> None:
        """Refuse to add to a queue that is not taken up.

        Writes wait for the sequencer to catch up; readings go on, each with its line, until there
        are ten times as many.

        :raises Unavailable: code log_behind; nothing was done.
        """
        if self.is_behind(now, is_write=is_write):
            raise Unavailable("The access log is behind; ask again soon.", code="log_behind")

    def is_behind(self, now: datetime, *, is_write: bool = True) -> bool:
        """Whether more waits than may; whoever finds that lends a hand first.

        :raises Unavailable: if the queue cannot be read.
        """
        if self.tick() - self._looked >= _FRESH and self._lock.acquire(blocking=False):
            try:  # one looks, and may have to wait for a slow store; the others do not
                self._look()
                if self._is_over(is_write=True):
                    with suppress(Unavailable):
                        sequence(self.sessions, self.keys_at(now), now=now)
                    self._look()
            finally:
                self._lock.release()
        return self._is_over(is_write=is_write)

    def _is_over(self, *, is_write: bool) -> bool:
        if not is_write:
            return self._waiting > HARD * self.lines
        since = self._oldest[1] if self._oldest else self._looked
        return self._waiting > self.lines or self._looked - since > self.seconds

    def _look(self) -> None:
        try:
            with reading_log(self.sessions) as session:
                ends = log.find_ends(session)
        except SQLAlchemyError:
            raise Unavailable("The access log cannot be read.") from None
        self._looked = self.tick()
        if ends is None:
            self._oldest, self._waiting = None, 0
            return
        first, last = ends
        self._waiting = last - first + 1  # at most: numbers may have gaps
        if self._oldest is None or self._oldest[0] != first:
            self._oldest = (first, self._looked)

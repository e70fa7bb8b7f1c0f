"""Owns sequencing without being asked: a thread of each process that serves.

Correctness depends on no such thread: whoever needs a place sequences for itself. It sees to it
that a line gets one within about a second though nobody asks for anything.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime

from gateway.errors import GatewayError
from gateway.ledger.sequencer import BATCH, sequence
from gateway.ledger.tally import Tally
from gateway.sealing.keys import Keys
from gateway.store.engine import Sessions

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks: an idle one is a single read
_REMIND = 60.0  # seconds after which a fault that lasts is logged again
_PATIENCE = 5.0  # seconds that stopping waits for a batch that is being written


class Sequencer:
    """The thread of this process; made before a fork, it is started after."""

    def __init__(
        self,
        sessions: Sessions,
        keys_at: Callable[[datetime], Keys],
        clock: Callable[[], datetime],
        *,
        every: float = EVERY,
    ) -> None:
        self._sessions, self._keys_at, self._clock, self._every = sessions, keys_at, clock, every
        self._thread: threading.Thread | None = None
        self._process = 0
        self._stop = threading.Event()
        self._failed_at: float | None = None  # when it was last said that it fails
        self._tally = Tally()

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt of this process failed."""
        return self._failed_at is not None

    @property
    def is_running(self) -> bool:
        """Whether this process sequences without being asked."""
        return self._thread is not None and self._process == os.getpid() and self._thread.is_alive()

    @property
    def tally(self) -> Tally | None:
        """Where a count may be left for the thread to write; None if it does not run, or fails.

        Then each is written where it is made, and what cannot be counted is not answered.
        """
        return self._tally if self.is_running and not self.is_failing else None

    def start(self) -> None:
        """Begin in this process, unless it has; a thread of a parent does not count."""
        if self.is_running:
            return
        self._stop, self._process, self._failed_at = threading.Event(), os.getpid(), None
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after a last look, and return once it has ended or taken too long."""
        if self._thread is not None and self._process == os.getpid():
            self._stop.set()
            self._thread.join(_PATIENCE)

    # --- within -------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self._take_all()
        self._take_all()

    def _take_all(self) -> None:
        """Take what waits. Whatever goes wrong is logged by its kind: a thread has no caller."""
        try:
            self._tally.write(self._sessions)
            while self._take() == BATCH:
                pass
        except Exception as fault:
            self._say(fault)
        else:
            if self._failed_at is not None:
                log.warning("the access log is sequenced again")
            self._failed_at = None

    def _take(self) -> int:
        now = self._clock()
        return sequence(self._sessions, self._keys_at(now), now=now)

    def _say(self, fault: Exception) -> None:
        at = time.monotonic()
        if self._failed_at is None or at - self._failed_at > _REMIND:
            what = fault.message if isinstance(fault, GatewayError) else type(fault).__name__
            log.error("the access log is not sequenced: %s", what)
            self._failed_at = at

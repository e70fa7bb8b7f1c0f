"""Owns the counts of a process that wait to be written: of looks that found nothing to tell.

Written one by one, they would make an empty poll wait for the disk, and for every other writer. The
thread that sequences the log writes them, within half a second; a process that is killed loses as
much (ADR 59).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from gateway.ledger.contexts import within
from gateway.store import log_keys
from gateway.store.engine import Sessions

Place = tuple[str, date, str]  # agency, day, event


@dataclass(slots=True)
class Tally:
    """What was counted and is not written; shared by the threads of one process."""

    _counts: Counter[Place] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def add(self, agency_id: str, day: date, event: str) -> None:
        """Count one more."""
        with self._lock:
            self._counts[agency_id, day, event] += 1

    def write(self, sessions: Sessions) -> None:
        """Write what waits, each count as its agency; what cannot be written waits on.

        :raises SQLAlchemyError: if it cannot.
        """
        with self._lock:
            taken, self._counts = self._counts, Counter()
        if not taken:
            return
        try:
            with sessions() as session, session.begin():
                for (agency_id, day, event), times in sorted(taken.items()):
                    with within(session, agency_id):
                        log_keys.count(
                            session, agency_id=agency_id, day=day, event=event, times=times
                        )
        except BaseException:
            with self._lock:
                self._counts.update(taken)
            raise

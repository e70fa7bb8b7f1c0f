"""Owns the worker's rounds: look, tell, and leave word that somebody looked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from gateway import ledger
from gateway.errors import GatewayError
from gateway.flows.notices.announcing import announce
from gateway.flows.notices.climbing import UNREAD, climb
from gateway.flows.notices.overdue import OVERDUE, climb_overdue
from gateway.flows.notices.posting import send_waiting
from gateway.flows.notices.sending import Send
from gateway.ledger import NOTIFIER, Tally, Work
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.sealing.keys import Keys
from gateway.store import contacts, drafts
from gateway.store.engine import Sessions

EVERY = 30.0  # seconds
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What one look did: rungs climbed, notices sent, and those to be tried again."""

    climbed: int = 0
    sent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Rounds:
    """The worker over one database. It may run twice, and at the same moment in two places."""

    sessions: Sessions
    keys_at: Callable[[datetime], Keys]
    profiles: Profiles
    clock: Callable[[], datetime]
    send: Send | None  # None: the ladder is climbed all the same, and notices wait

    def look(self) -> Round:
        """Look once.

        :raises Unavailable: if the database or the log could not be used.
        """
        with self._work(NOTIFIER) as work:
            contacts.set_beat(work.session, work.now)
            work.count("notice.look")
            climbed = climb(work) + climb_overdue(work)
            with work.timing():
                drafts.remove_expired(work.session, now=work.now)
        if self.send is None:
            return Round(climbed)
        doors = (self._work, self._glance, self.send)
        done = [send_waiting(UNREAD, *doors), send_waiting(OVERDUE, *doors), announce(*doors)]
        return Round(climbed, sum(sent for sent, _ in done), sum(failed for _, failed in done))

    def go_on(self, ended: threading.Event, *, every: float = EVERY) -> None:
        """Look until the event is set; a fault is logged, and the next look tries again."""
        while True:
            try:
                self.look()
            except GatewayError as error:
                _log.warning("the worker could not look: %s", error.code)
            if ended.wait(every):
                return

    def _work(self, caller: Caller) -> AbstractContextManager[Work]:
        now = self.clock()
        keys = self.keys_at(now)
        return ledger.begin(self.sessions, keys, caller, now, profiles=self.profiles)

    def _glance(self, caller: Caller) -> AbstractContextManager[Work]:
        now = self.clock()
        keys, tally = self.keys_at(now), Tally()  # nothing is told, so nothing is counted
        return ledger.look(self.sessions, keys, caller, now, profiles=self.profiles, tally=tally)

"""Owns Work, one caller's transaction: it cannot commit unless it wrote to the access log."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.errors import (
    Conflict,
    Denied,
    Invalid,
    Mismatch,
    NotFound,
    Unavailable,
    Undecipherable,
)
from gateway.ledger import contexts, keyring
from gateway.ledger.records import SALT, Act, canonical, record_of, seal
from gateway.ledger.tally import Tally
from gateway.rules.facts import Caller
from gateway.schemas.chance import SYSTEM, Chance
from gateway.schemas.codes import AgencyKind, Level, Purpose
from gateway.sealing.keys import Keys
from gateway.store import context, ids, log, log_keys, rows
from gateway.store.engine import Sessions
from gateway.store.session import Look
from gateway.store.sessions import Session
from gateway.store.wall import System, kept

if TYPE_CHECKING:
    from gateway.profiles.loader import Profiles

_logger = logging.getLogger(__name__)

OPERATOR = Caller(agency_id="@operator", kind=AgencyKind.OTHER, area="-")
NOTIFIER = Caller(agency_id=System.NOTIFIER, kind=AgencyKind.OTHER, area="-")


class Unrecorded(AssertionError):
    """Something would have happened that the access log does not know of: always a bug."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the access log; `commitment` is SHA-256 of salt and canonical record."""

    id: str
    commitment: bytes
    salt: bytes = field(repr=False)
    record: Mapping[str, Any] = field(repr=False)

    @property
    def text(self) -> bytes:
        """The record as it was hashed after the salt, byte for byte."""
        return canonical(self.record)


@dataclass(slots=True)
class Work:
    """One caller, one moment, one transaction."""

    session: Session = field(repr=False)
    keys: Keys = field(repr=False)
    caller: Caller
    now: datetime
    _profiles: Profiles | None = field(default=None, repr=False)
    entries: list[Entry] = field(default_factory=list)
    _opened: set[str] = field(default_factory=set)
    _counted: bool = False
    _failed: bool = False
    _tally: Tally | None = None  # of a look: it reads alone
    is_over: bool = False  # committed or rolled back: nothing more can be recorded in it
    _attempt: Act = field(default=Act("request", None, ""))
    chance: Chance = field(default=SYSTEM, repr=False)
    _day: tuple[Caller, date] | None = field(default=None, repr=False)  # whose day, and which

    @property
    def profiles(self) -> Profiles:
        """The rule tables; a Work that decides anything is begun with them."""
        if self._profiles is None:
            raise RuntimeError("this Work was begun without rule tables")
        return self._profiles

    @property
    def today(self) -> date:
        """The day it is where the caller works; every first and last day is compared with it.

        In summer it begins an hour before UTC's.
        """
        if self._day is None or self._day[0] is not self.caller:  # asked for each case of a list
            zone = UTC if self._profiles is None else self._profiles.zone(self.caller.area)
            self._day = (self.caller, self.now.astimezone(zone).date())
        return self._day[1]

    def record(
        self,
        event: str,
        case_id: str | None,
        *,
        because: str,
        outcome: str = "allowed",
        purpose: Purpose | None = None,
        basis: tuple[str, ...] = (),
        levels: Mapping[str, Level] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Write one line to the log, in this transaction, before anything is opened.

        :raises Unavailable: if it cannot be written; then nothing of this Work will commit.
        """
        act = Act(event, case_id, because, outcome, purpose, basis, levels, facts)
        return self.record_all([act])[0]

    def record_all(self, acts: Sequence[Act]) -> list[Entry]:
        """Write several lines with one statement, in this order.

        :raises Unavailable: if they cannot be written; then nothing of this Work will commit.
        """
        if self._tally is not None:
            raise Unrecorded("a look records nothing: what tells something is a Work")
        subjects = [keyring.subject_of(act.case_id, self.now) for act in acts]
        # Sealed before the first statement, which on SQLite makes every other writer wait.
        likely = keyring.remembered(self.keys, subjects)
        made = self._lines(acts, subjects, likely) if likely else []
        try:
            found = keyring.log_keys(self.session, self.keys, subjects, opened=self._opened)
            if found != likely:
                made = self._lines(acts, subjects, found)
            log.add_pending(self.session, [pending for _, pending in made])
        except (SQLAlchemyError, Undecipherable, Unavailable):
            self._failed = True  # even if someone catches what is raised here
            raise Unavailable("The access log could not be written.") from None
        entries = [entry for entry, _ in made]
        self.entries += entries
        return entries

    def count(self, event: str) -> None:
        """Add one to the caller's count of today: for acts that disclose and change nothing."""
        agency_id, day = self.caller.agency_id, self.now.astimezone(UTC).date()
        if self._tally is not None:
            self._tally.add(agency_id, day, event)
            self._counted = True
            return
        try:
            log_keys.count(self.session, agency_id=agency_id, day=day, event=event)
        except SQLAlchemyError:
            self._failed = True
            raise Unavailable("The access log could not be written.") from None
        self._counted = True

    def opens(self, case_id: str) -> None:
        """Say that this Work opens a case: its log key is not to be looked for."""
        self._opened.add(case_id)

    def routing(self) -> AbstractContextManager[None]:
        """For the statements that follow a reference, or a name, to where it leads."""
        return contexts.within(self.session, System.ROUTING)

    def matching(self) -> AbstractContextManager[None]:
        """For the statements that look for the same people in all cases."""
        return contexts.within(self.session, System.MATCHING)

    def timing(self) -> AbstractContextManager[None]:
        """For the statements that put all cases of a conference in order, or end what is over."""
        return contexts.within(self.session, System.CLOCK)

    def keeping(self, case_id: str | None = None) -> AbstractContextManager[None]:
        """For the statements that keep keys in order; with a case, that keep or end that one."""
        who = System.KEEPER if case_id is None else kept(case_id)
        return contexts.within(self.session, who)

    def attempt(self, event: str, *, purpose: Purpose | None = None) -> None:
        """Say what is being tried, so that a refusal is recorded under its name."""
        self._attempt = Act(event, None, "", purpose=purpose)

    def may_commit(self) -> None:
        """Refuse to commit what the log does not know of.

        :raises Unrecorded: if nothing was recorded.
        :raises Unavailable: if a record was tried and failed.
        """
        if self._failed:
            raise Unavailable("The access log could not be written.")
        if not self.entries and not self._counted:
            raise Unrecorded("a Work that recorded nothing does not commit")

    def refused(self, because: str, subject: str | None, outcome: str) -> Act:
        """What is recorded of this Work when it was refused."""
        return Act(self._attempt.event, subject, because, outcome, self._attempt.purpose)

    def _lines(
        self, acts: Sequence[Act], subjects: Sequence[str], held: Mapping[str, bytes]
    ) -> list[tuple[Entry, log.Pending]]:
        versions = self._versions()
        return [
            self._line(act, subject, held[subject], versions)
            for act, subject in zip(acts, subjects, strict=True)
        ]

    def _line(
        self, act: Act, subject: str, key: bytes, versions: Mapping[str, str]
    ) -> tuple[Entry, log.Pending]:
        record = record_of(act, self.caller, self.now, versions)
        salt, text = self.chance(SALT), canonical(record)
        entry = Entry(
            ids.new(self.now, self.chance), hashlib.sha256(salt + text).digest(), salt, record
        )
        sealed = seal(key, entry.id, subject, salt + text)
        agency_id = self.caller.agency_id
        return entry, log.Pending(
            entry.id, agency_id, act.case_id, subject, entry.commitment, sealed
        )

    def _versions(self) -> Mapping[str, str]:
        if self._profiles is None:
            return {}
        try:
            return self._profiles.for_area(self.caller.area, self.today).versions
        except NotFound:
            return {}  # no area's tables decide for an operator, or before they came into force


@contextmanager
def begin(
    sessions: Sessions,
    keys: Keys,
    caller: Caller,
    now: datetime,
    *,
    profiles: Profiles | None = None,
    chance: Chance = SYSTEM,
) -> Iterator[Work]:
    """Open a Work; at the end of the block it commits, if it recorded something.

    A refusal inside the block is rolled back, recorded with its true reason in a transaction of
    its own, and raised as `NotFound`, so that it looks like absence. Absence is recorded too: who
    guesses references leaves a trace, and both answers take the same path.

    :raises Unrecorded: if the block recorded nothing (a bug).
    :raises Unavailable: if the log could not be written, or the database used; nothing changed.
    :raises Conflict: code in_progress, if another transaction wrote the same row first.
    """
    work = Work(sessions(), keys, caller, now, profiles, chance=chance)
    context.stand(work.session, caller.agency_id)
    try:
        yield work
        work.may_commit()
        _commit(work)
    except Denied as denial:
        work.session.rollback()
        _record_refusal(sessions, work, work.refused(denial.because, denial.subject, "denied"))
        raise NotFound from None
    except NotFound:
        work.session.rollback()
        _record_refusal(sessions, work, work.refused("absent", None, "absent"))
        raise
    except (Mismatch, Invalid) as refusal:
        work.session.rollback()
        if refusal.code in ("mismatch", "purpose_not_allowed"):
            _record_refusal(sessions, work, work.refused(refusal.code, None, "denied"))
        raise
    except IntegrityError as error:
        work.session.rollback()
        _logger.warning("a row contradicted what stands: %s", rows.contradicted(error))
        raise Conflict("Somebody else did this at the same moment.", code="in_progress") from None
    except SQLAlchemyError:
        work.session.rollback()
        raise Unavailable("The database could not be used.") from None
    except BaseException:
        work.session.rollback()
        raise
    finally:
        work.is_over = True
        work.session.close()


@contextmanager
def look(
    sessions: Sessions,
    keys: Keys,
    caller: Caller,
    now: datetime,
    *,
    profiles: Profiles,
    tally: Tally,
) -> Iterator[Work]:
    """Open a Work that reads, writes nothing and is no more than counted.

    For what is asked a thousand times for each time that there is something to tell: whoever finds
    something counts nothing, and begins a Work that can record it.

    :raises Unavailable: if the database could not be used.
    """
    work = Work(Look(sessions.kw["bind"]), keys, caller, now, profiles, _tally=tally)
    context.stand(work.session, caller.agency_id)
    try:
        yield work
    except SQLAlchemyError:
        raise Unavailable("The database could not be used.") from None
    finally:
        work.is_over = True
        work.session.close()


def _commit(work: Work) -> None:
    try:
        work.session.commit()
    except SQLAlchemyError:
        raise Unavailable("The access log could not be written.") from None


def _record_refusal(sessions: Sessions, work: Work, act: Act) -> None:
    """Record what was refused, apart from the transaction that was rolled back.

    The log's own machinery does it: it may be about a case that the caller's agency does not see,
    and must take the same path if it is about none.
    """
    try:
        with contexts.sequencing(sessions) as session, session.begin():
            apart = Work(
                session, work.keys, work.caller, work.now, work._profiles, chance=work.chance
            )
            apart.record_all([act])
    except SQLAlchemyError:
        raise Unavailable("The access log could not be written.") from None

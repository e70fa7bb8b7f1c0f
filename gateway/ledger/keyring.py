"""Owns the keys of the access log: one per case, one per month, one per agency.

A case's log key is not its case key: erasing a case leaves the account of who read it readable
until the log's own period ends. An agency's log key makes the tags of its leaves, so that it, and
nobody else, can tell its own entries in the public tree and notice a missing one.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from datetime import datetime

from gateway.errors import Unavailable, UnsafeSettings
from gateway.ledger.contexts import reading_as, within
from gateway.sealing import cells
from gateway.sealing.keys import KeyProvider, Keys, agency_log_context, log_context
from gateway.store import log_keys as store
from gateway.store.engine import Sessions
from gateway.store.sessions import Session
from gateway.store.wall import System

_MONTH = len("2026-11")
_LIMIT, _SECONDS = 512, 300.0
_Held = tuple[KeyProvider, bytes, float]
_held: dict[bytes, _Held] = {}
"""Unwrapped keys by their wrapped form, so that a key rolled back or destroyed is never met."""

_newest: dict[bytes, bytes] = {}
"""The place in `_held` of the key that each context was opened to last."""


def subject_of(case_id: str | None, now: datetime) -> str:
    """Whose log key seals an entry: its case's, or the month's for an entry without a case."""
    return case_id or f"{now:%Y-%m}"


def log_keys(
    session: Session, keys: Keys, subjects: Iterable[str], *, opened: Collection[str] = ()
) -> dict[str, bytes]:
    """The log key of each subject, made on first use in the caller's transaction.

    A refusal is sealed under the key of a case that the caller may not know. Its agency sees no
    such key and can make none, so the log's own machinery does it; but for the cases `opened` in
    this transaction, and for months, everybody's own.

    :raises Unavailable: if one was destroyed, because its period has ended.
    """
    wanted = set(subjects)
    found = store.find_log_keys(session, wanted)
    own = {each for each in wanted if len(each) == _MONTH or each in opened}
    found |= _made(session, keys, own - found.keys())
    if found.keys() != wanted:
        with within(session, System.SEQUENCER):
            found |= store.find_log_keys(session, wanted - found.keys())
            found |= _made(session, keys, wanted - found.keys())
    return {subject: _unwrap(keys, log_context(subject), key) for subject, key in found.items()}


def _made(session: Session, keys: Keys, missing: set[str]) -> dict[str, store.WrappedKey]:
    """New keys of these subjects; of those that another transaction made first, its own."""
    for subject in sorted(missing):
        epoch, wrapped = keys.provider.wrap(cells.new_key(), log_context(subject))
        store.add_log_key(session, subject=subject, epoch=epoch, wrapped=wrapped)
    return store.find_log_keys(session, missing) if missing else {}


def remembered(keys: Keys, subjects: Iterable[str]) -> dict[str, bytes]:
    """The log keys that this process opened last; nothing if one of them is not known.

    They may have been exchanged or destroyed since: only `log_keys` says what holds.
    """
    found = {}
    for subject in subjects:
        raw = _recall(keys, _newest.get(log_context(subject), b""))
        if raw is None:
            return {}
        found[subject] = raw
    return found


def find_log_keys(session: Session, keys: Keys, subjects: Iterable[str]) -> dict[str, bytes | None]:
    """The log keys that were ever made, by subject; None for a destroyed one."""
    return {
        subject: None if key.wrapped is None else _unwrap(keys, log_context(subject), key)
        for subject, key in store.find_log_keys(session, subjects).items()
    }


def agency_log_keys(
    session: Session, keys: Keys, agency_ids: Iterable[str]
) -> dict[str, tuple[bytes, int]]:
    """Each agency's log key, made on first use, and the last sequence number it gave."""
    wanted = set(agency_ids)
    found = store.find_agency_log_keys(session, wanted)
    for agency_id in sorted(wanted - found.keys()):
        epoch, wrapped = keys.provider.wrap(cells.new_key(), agency_log_context(agency_id))
        store.add_agency_log_key(session, agency_id=agency_id, epoch=epoch, wrapped=wrapped)
    return numbered_log_keys(session, keys, wanted)


def numbered_log_keys(
    session: Session, keys: Keys, agency_ids: Iterable[str]
) -> dict[str, tuple[bytes, int]]:
    """The log keys that exist, by agency, each with the last sequence number that it gave."""
    return {
        agency_id: (_unwrap(keys, agency_log_context(agency_id), key), seq)
        for agency_id, (key, seq) in store.find_agency_log_keys(session, agency_ids).items()
    }


def find_agency_log_keys(
    session: Session, keys: Keys, agency_ids: Iterable[str]
) -> dict[str, bytes]:
    """The log keys that exist, by agency."""
    found = store.find_agency_log_keys(session, agency_ids)
    return {
        agency_id: _unwrap(keys, agency_log_context(agency_id), key)
        for agency_id, (key, _) in found.items()
    }


def ensure_agency_log_key(session: Session, keys: Keys, agency_id: str) -> bytes:
    """The raw log key of an agency (32 bytes), made if it has none; for its enrolment answer."""
    return agency_log_keys(session, keys, [agency_id])[agency_id][0]


def check_epochs(sessions: Sessions, keys: Keys) -> None:
    """Refuse a database whose epoch keys are destroyed: a backup that is older than its window.

    Every agency's log key lies under the epoch key of its time and moves on with it, so it tells
    of the whole database.

    :raises UnsafeSettings: if one lies under an epoch key that is not held.
    """
    with reading_as(sessions, System.SEQUENCER) as session:
        needed = store.list_agency_epochs(session)
    if needed - keys.provider.held.keys():
        raise UnsafeSettings(
            "The database needs an epoch key that is not held: it is an older backup than its "
            "keys, or of another gateway."
        )


def _unwrap(keys: Keys, context: bytes, key: store.WrappedKey) -> bytes:
    if key.wrapped is None:
        raise Unavailable("The log key was destroyed.")
    place = context + b"\0" + key.wrapped
    raw = _recall(keys, place)
    if raw is None:
        raw = keys.provider.unwrap(key.epoch, key.wrapped, context)
        while len(_held) >= _LIMIT:
            _held.pop(next(iter(_held)), None)
        while len(_newest) >= _LIMIT:
            _newest.pop(next(iter(_newest)), None)
        _held[place], _newest[context] = (keys.provider, raw, time.monotonic()), place
    return raw


def _recall(keys: Keys, place: bytes) -> bytes | None:
    # Keys live here for minutes only: Python cannot wipe them, so time is what limits exposure.
    held = _held.get(place)
    if held and held[0] is keys.provider and time.monotonic() - held[2] < _SECONDS:
        return held[1]
    return None

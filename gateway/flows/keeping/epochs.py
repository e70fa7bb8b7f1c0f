"""Owns the life of an epoch key: all that it wraps is wrapped anew, it rests, it is destroyed.

What an operator sees of it is names and numbers; no section, cell or record is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table

from gateway.agencies import hosted
from gateway.agencies.operators import BECAUSE, only_operator
from gateway.errors import Conflict, Undecipherable
from gateway.ledger import Work
from gateway.sealing.keys import (
    agency_log_context,
    case_context,
    draft_context,
    interest_context,
    log_context,
)
from gateway.store import epochs
from gateway.store import tables as t
from gateway.store.sessions import Session

Damaged = tuple[str, epochs.Place]
"""Table and place of a wrapped key that cannot be opened."""

_HOSTED = t.hosted_key.name
LEAST_REST = timedelta(hours=1)
"""For which an epoch key stays even without backups: a request under way may still wrap by it."""

_CONTEXTS: Mapping[str, Callable[..., bytes]] = {
    t.case_key.name: case_context,
    t.log_key.name: log_context,
    t.agency_log_key.name: agency_log_context,
    t.interest.name: interest_context,
    t.draft.name: draft_context,
}


@dataclass(frozen=True, slots=True)
class Resting:
    """An epoch key that wraps nothing any more, and when it may be destroyed."""

    name: str
    due_at: datetime
    is_due: bool


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What one step wrapped anew, and what it could not open: table and place of each row."""

    count: int
    damaged: tuple[Damaged, ...]


def count_to_wrap(session: Session, current: str) -> int:
    """How many keys still lie under another epoch key than the current one."""
    return epochs.count_elsewhere(session, current) + hosted.count_elsewhere(session, current)


def wrap_anew(work: Work, *, limit: int, but: Collection[Damaged] = ()) -> Wrapped:
    """Put up to `limit` keys under the current epoch key, and record how many; zero is the end.

    What cannot be opened is left as it is and named; pass it as `but` from then on. An epoch key
    under which something was found after all did not rest: a backup of yesterday needs it, so its
    days are counted anew.
    """
    only_operator(work, "key.rewrapped")
    left: list[str] = []
    damaged: list[Damaged] = []
    with work.keeping():
        for table in epochs.WRAPPED:
            passed = {*but, *damaged}
            found = _wrap_anew(work, table, limit - len(left), passed)
            left += found[0]
            damaged += found[1]
        moved = hosted.wrap_anew(
            work, at_most=limit - len(left), but={place for name, place in but if name == _HOSTED}
        )
        left += moved[0]
        damaged += [(_HOSTED, place) for place in moved[1]]
        epochs.forget_retired(work.session, set(left))
    facts = {"to": work.keys.provider.current, "keys": len(left), "damaged": len(damaged)}
    work.record("key.rewrapped", None, because=BECAUSE, facts=facts)
    return Wrapped(len(left), tuple(damaged))


def rest(work: Work, held: Mapping[str, object], *, backup_days: int) -> list[Resting]:
    """Note which of the held epoch keys wrap nothing any more, and when each is due.

    The days are counted from the moment at which nothing was found under the key: a backup from
    just before may need it.
    """
    only_operator(work, "key.rested")
    with work.keeping():
        in_use = _in_use(work.session) | {work.keys.provider.current}
        resting = note_resting(work, sorted(set(held) - in_use), backup_days=backup_days)
    facts = {"resting": [each.name for each in resting]}
    work.record("key.rested", None, because=BECAUSE, facts=facts)
    return resting


def note_resting(work: Work, names: Sequence[str], *, backup_days: int) -> list[Resting]:
    """Note these keys as needed no more, unless they are noted; when each may be destroyed."""
    known = epochs.list_retired(work.session)
    resting = []
    for name in names:
        if name not in known:
            epochs.set_retired(work.session, name, work.now)
        since = known[name].retired_at if name in known else work.now
        due_at = since + max(timedelta(days=backup_days), LEAST_REST)
        resting.append(Resting(name, due_at, due_at <= work.now))
    return resting


def destroy(work: Work, name: str) -> None:
    """Record that an epoch key is being destroyed; its secret goes right afterwards.

    :raises Conflict: if anything still lies under it.
    """
    only_operator(work, "key.destroyed")
    with work.keeping():
        if name in _in_use(work.session) | {work.keys.provider.current}:
            raise Conflict("Something still lies under this epoch key.")
        epochs.set_destroyed(work.session, name, work.now)
    work.record("key.destroyed", None, because=BECAUSE, facts={"use": "epoch", "kid": name})


def _in_use(session: Session) -> frozenset[str]:
    return epochs.list_epochs_in_use(session) | hosted.epochs_in_use(session)


def _wrap_anew(
    work: Work, table: Table, limit: int, but: Collection[Damaged]
) -> tuple[list[str], list[Damaged]]:
    """Wrap keys of one table anew; the epoch keys under which they lay, and what did not open."""
    provider = work.keys.provider
    left: list[str] = []
    damaged: list[Damaged] = []
    passed = {place for name, place in but if name == table.name}
    rows = epochs.list_elsewhere(
        work.session, table, epoch=provider.current, limit=limit, but=passed
    )
    for row in rows:
        context = _CONTEXTS[table.name](*row.place)
        try:
            key = provider.unwrap(row.epoch, row.wrapped, context)
        except Undecipherable:
            damaged.append((table.name, row.place))
            continue
        epoch, wrapped = provider.wrap(key, context)
        epochs.set_wrapped(work.session, table, row, epoch=epoch, wrapped=wrapped)
        left.append(row.epoch)
    return left, damaged

"""Owns the life of an epoch key: all that it wraps is wrapped anew, it rests, it is destroyed.

What an operator sees of it is names and numbers; no section, cell or record is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table
from sqlalchemy.orm import Session

from gateway.agencies import hosted
from gateway.agencies.operators import BECAUSE, only_operator
from gateway.errors import Conflict
from gateway.ledger import Work
from gateway.sealing.keys import agency_log_context, case_context, log_context
from gateway.store import epochs
from gateway.store import tables as t

LEAST_REST = timedelta(hours=1)
"""For which an epoch key stays even without backups: a request under way may still wrap by it."""

_CONTEXTS: Mapping[str, Callable[..., bytes]] = {
    t.case_key.name: case_context,
    t.log_key.name: log_context,
    t.agency_log_key.name: agency_log_context,
}


@dataclass(frozen=True, slots=True)
class Resting:
    """An epoch key that wraps nothing any more, and when it may be destroyed."""

    name: str
    due_at: datetime
    is_due: bool


def count_to_wrap(session: Session, current: str) -> int:
    """How many keys still lie under another epoch key than the current one."""
    return epochs.count_elsewhere(session, current) + hosted.count_elsewhere(session, current)


def wrap_anew(work: Work, *, limit: int) -> int:
    """Put up to `limit` keys under the current epoch key, and record how many; zero is the end.

    An epoch key under which something was found after all did not rest: a backup of yesterday
    needs it, so its days are counted anew.
    """
    only_operator(work, "key.rewrapped")
    left: list[str] = []
    for table in epochs.WRAPPED:
        left += _wrap_anew(work, table, limit - len(left))
    left += hosted.wrap_anew(work, at_most=limit - len(left))
    epochs.forget_retired(work.session, set(left))
    facts = {"to": work.keys.provider.current, "keys": len(left)}
    work.record("key.rewrapped", None, because=BECAUSE, facts=facts)
    return len(left)


def rest(work: Work, held: Mapping[str, object], *, backup_days: int) -> list[Resting]:
    """Note which of the held epoch keys wrap nothing any more, and when each is due.

    The days are counted from the moment at which nothing was found under the key: a backup from
    just before may need it.
    """
    only_operator(work, "key.rested")
    in_use = _in_use(work.session) | {work.keys.provider.current}
    known = epochs.list_retired(work.session)
    resting = []
    for name in sorted(set(held) - in_use):
        if name not in known:
            epochs.set_retired(work.session, name, work.now)
        since = known[name].retired_at if name in known else work.now
        due_at = since + max(timedelta(days=backup_days), LEAST_REST)
        resting.append(Resting(name, due_at, due_at <= work.now))
    facts = {"resting": [each.name for each in resting]}
    work.record("key.rested", None, because=BECAUSE, facts=facts)
    return resting


def destroy(work: Work, name: str) -> None:
    """Record that an epoch key is being destroyed; its secret goes right afterwards.

    :raises Conflict: if anything still lies under it.
    """
    only_operator(work, "key.destroyed")
    if name in _in_use(work.session) | {work.keys.provider.current}:
        raise Conflict("Something still lies under this epoch key.")
    epochs.set_destroyed(work.session, name, work.now)
    work.record("key.destroyed", None, because=BECAUSE, facts={"use": "epoch", "kid": name})


def _in_use(session: Session) -> frozenset[str]:
    return epochs.list_epochs_in_use(session) | hosted.epochs_in_use(session)


def _wrap_anew(work: Work, table: Table, limit: int) -> list[str]:
    """Wrap keys of one table anew; the epoch keys under which they lay."""
    provider = work.keys.provider
    rows = epochs.list_elsewhere(work.session, table, epoch=provider.current, limit=limit)
    for row in rows:
        context = _CONTEXTS[table.name](*row.place)
        epoch, wrapped = provider.wrap(provider.unwrap(row.epoch, row.wrapped, context), context)
        epochs.set_wrapped(work.session, table, row, epoch=epoch, wrapped=wrapped)
    return [row.epoch for row in rows]

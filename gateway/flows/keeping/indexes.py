"""Owns the end of an index key: nobody is indexed with it any more, it rests, it is destroyed."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.agencies.operators import BECAUSE, only_operator
from gateway.errors import Conflict
from gateway.flows.keeping.epochs import Resting, note_resting
from gateway.ledger import Work
from gateway.store import epochs, parties


def rest_indexes(work: Work, held: Iterable[str], *, backup_days: int) -> list[Resting]:
    """Note which of these index keys made nobody's tokens any more, and when each is due.

    A database put back from a backup is searched with them, and a request under way may still
    index by one.
    """
    only_operator(work, "key.rested")
    with work.keeping():
        in_use = parties.list_index_keys(work.session) | {work.keys.index_name}
        free = sorted(set(held) - in_use)
        resting = note_resting(work, free, backup_days=backup_days)
    facts = {"resting": [each.name for each in resting]}
    work.record("key.rested", None, because=BECAUSE, facts=facts)
    return resting


def destroy_index(work: Work, name: str) -> None:
    """Record that an index key is being destroyed; its secret goes right afterwards.

    :raises Conflict: if anybody is still indexed with it.
    """
    only_operator(work, "key.destroyed")
    with work.keeping():
        if name in parties.list_index_keys(work.session) | {work.keys.index_name}:
            raise Conflict("Somebody is still indexed with this key.")
        epochs.set_destroyed(work.session, name, work.now)
    work.record("key.destroyed", None, because=BECAUSE, facts={"use": "index", "kid": name})

"""Owns the order of the log: pending lines get leaf and sequence numbers, and a signed root.

Any process may sequence; whoever gets the lock puts its batch. Nothing depends on a particular
worker being up, and the order given here is the only one (the feed's cursor is a leaf number).
A batch is made while nobody waits: keys, hashes and the signature need no lock, and it is put only
if the tree is still the one that it was made for.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import Unavailable, Undecipherable
from gateway.ledger import keyring
from gateway.ledger.contexts import reading_log, sequencing
from gateway.sealing import notes, tree
from gateway.sealing.jose import b64u
from gateway.sealing.keys import Keys
from gateway.store import log
from gateway.store.engine import Sessions
from gateway.store.sessions import Session

BATCH = 1000  # lines: some 30 ms of writing, so that nobody waits longer for it
_TRIES, _PAUSE = 500, 0.01
_AGAIN = 3  # how often a batch is made anew because another process was first

_seen: tuple[bytes, tree.Frontier] = (tree.EMPTY, tree.Frontier())
"""The root and right edge that this process signed last; used only where that root stands."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the next lines become, made for the tree of one checkpoint."""

    head: log.Signed | None  # of that tree
    numbers: Sequence[int]  # of the lines in the queue
    rows: Sequence[Mapping[str, Any]]
    last_seqs: Mapping[str, int]  # each agency's last sequence number
    nodes: Sequence[tuple[int, int, bytes]]
    signed: log.Signed
    edge: tree.Frontier


def sequence(sessions: Sessions, keys: Keys, *, limit: int = BATCH, now: datetime) -> int:
    """Take up to `limit` pending lines into the tree and sign the new root; how many it took.

    Zero if nothing waits, or another process is at it. Writes the checkpoint of the empty log if
    there is none yet.

    :raises Unavailable: if the stored tree is not the one that was signed last, or cannot be used.
    """
    try:
        for _ in range(_AGAIN):
            batch = _make(sessions, keys, limit)
            if batch is None:
                return 0
            done = _put(sessions, batch, now)
            if done is not None:
                return done
        return 0
    except (SQLAlchemyError, Undecipherable):
        raise Unavailable("The access log cannot be sequenced.") from None


def _make(sessions: Sessions, keys: Keys, limit: int) -> Batch | None:
    """Make the next batch, if any line waits or nothing was ever signed; nothing is locked."""
    with reading_log(sessions) as session:
        head = log.find_newest_checkpoint(session)  # first: what is read later is not older
        waiting = log.list_pending(session, limit=limit)
        if not waiting and head:
            return None
        held = keyring.numbered_log_keys(session, keys, {line.agency_id for _, line in waiting})
        known, at = _seen
        is_known = head is not None and (head.root, head.size) == (known, at.size)
        edge = at.copy() if is_known else checked_edge(session, keys, head)
    missing = {line.agency_id for _, line in waiting} - held.keys()
    if missing:
        with sequencing(sessions) as session, session.begin():
            held |= keyring.agency_log_keys(session, keys, missing)
    rows, last_seqs = _place([line for _, line in waiting], held, edge.size)
    nodes = [node for row in rows for node in edge.append(row["hash"])]
    root = edge.root()
    checkpoint = notes.Checkpoint(notes.origin_of(keys.log_public), edge.size, root)
    note = notes.sign_checkpoint(checkpoint, keys.log, keys.log_public[0])
    signed = log.Signed(edge.size, root, note)
    return Batch(head, [number for number, _ in waiting], rows, last_seqs, nodes, signed, edge)


def _put(sessions: Sessions, batch: Batch, now: datetime) -> int | None:
    """Write a batch; None if the tree has grown since it was made, 0 if another is at it."""
    global _seen
    with sequencing(sessions) as session, session.begin():
        # A checkpoint is handed out as soon as it is seen: it may not be lost after that.
        session.connection(execution_options={"durable": True})
        if not log.try_sequencer_lock(session):
            return 0
        if log.find_newest_checkpoint(session) != batch.head:
            return None
        if log.remove_pending(session, batch.numbers) != len(batch.numbers):
            raise Unavailable("The access log lost a line that waited for its place.")
        if batch.rows:
            log.add_entries(session, batch.rows, batch.last_seqs)
            log.add_nodes(session, batch.nodes)
        log.add_checkpoint(session, batch.signed, at=now)
    _seen = (batch.signed.root, batch.edge)
    return len(batch.rows)


def wait_for(sessions: Sessions, keys: Keys, entry_id: str, now: datetime) -> int:
    """The leaf number of a committed entry, sequencing it if nobody else does.

    :raises Unavailable: if it did not get its place within some seconds.
    """
    for _ in range(_TRIES):
        leaf = _find_leaf(sessions, entry_id)
        if leaf is not None:
            return leaf
        if sequence(sessions, keys, now=now) == 0:
            time.sleep(_PAUSE)  # another process is at it
    raise Unavailable("The access log is not being sequenced.")


def _find_leaf(sessions: Sessions, entry_id: str) -> int | None:
    try:
        with reading_log(sessions) as session:
            return log.find_leaf(session, entry_id)
    except SQLAlchemyError:
        raise Unavailable("The access log cannot be read.") from None


def leaf_bytes(log_key: bytes, seq: int, commitment: bytes) -> bytes:
    """The public leaf: RFC 8785 JSON of version, tag and commitment, and nothing else.

    The tag tells its agency, and nobody else, that the entry is its own and the `seq`-th.
    """
    tag = hmac.digest(log_key, str(seq).encode(), "sha256")
    return f'{{"commit":"{b64u(commitment)}","tag":"{b64u(tag)}","v":1}}'.encode()


def verifier_keys(keys: Keys) -> tuple[str, ...]:
    """The log's public keys in the form that tlog tools read, current first."""
    origin = notes.origin_of(keys.log_public)
    return tuple(notes.verifier_key(origin, public) for public in keys.log_public)


def tiles_of(session: Session) -> tree.Tiles:
    """The stored tree, one tile at a time."""
    return lambda level, number: log.list_tile(session, level, number)


def checked_edge(session: Session, keys: Keys, head: log.Signed | None) -> tree.Frontier:
    """The right edge of the stored tree, if it is the tree that was signed.

    :raises Unavailable: if it is not.
    """
    if head is None:
        return tree.Frontier()
    origin = notes.origin_of(keys.log_public)
    signed = notes.open_checkpoint(head.note, origin=origin, publics=keys.log_public)
    if (signed.size, signed.root) != (head.size, head.root):
        raise Unavailable("The access log does not match its last checkpoint.")
    try:
        edge = tree.frontier_of(tiles_of(session), head.size)
    except (IndexError, ValueError):
        raise Unavailable("The access log does not match its last checkpoint.") from None
    if edge.root() != head.root:
        raise Unavailable("The access log does not match its last checkpoint.")
    return edge


def _place(
    lines: Sequence[log.Pending], held: Mapping[str, tuple[bytes, int]], size: int
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Rows for the tree, and each agency's last sequence number."""
    last_seqs = {agency_id: seq for agency_id, (_, seq) in held.items()}
    rows = []
    for leaf, line in enumerate(lines, start=size):
        seq = last_seqs[line.agency_id] = last_seqs[line.agency_id] + 1
        data = leaf_bytes(held[line.agency_id][0], seq, line.commitment)
        rows.append(
            {
                "leaf": leaf,
                "id": line.id,
                "agency_id": line.agency_id,
                "agency_seq": seq,
                "case_id": line.case_id,
                "log_key": line.log_key,
                "commitment": line.commitment,
                "bytes": data,
                "hash": tree.leaf_hash(data),
                "record": line.record,
            }
        )
    return rows, last_seqs

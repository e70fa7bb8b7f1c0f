"""Owns the SQL of the access log: pending rows, entries, nodes, checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import OperationalError

from gateway.store.prepared import Prepared
from gateway.store.sessions import Session
from gateway.store.tables import (
    agency_log_key,
    checkpoint,
    feed,
    log_entry,
    log_node,
    log_pending,
)

SEQUENCER_LOCK = 0x6D61726163  # any fixed number; advisory locks are per database


@dataclass(frozen=True, slots=True)
class Pending:
    """A line of the log that has no place in the tree yet."""

    id: str
    agency_id: str
    case_id: str | None
    log_key: str
    commitment: bytes
    record: bytes  # sealed


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log with its place; `leaf`, `agency_seq` and `bytes` are None while pending."""

    id: str
    agency_id: str
    case_id: str | None
    log_key: str
    commitment: bytes
    record: bytes  # sealed
    leaf: int | None = None
    agency_seq: int | None = None
    bytes: bytes | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed checkpoint."""

    size: int
    root: bytes
    note: str


# --- pending ----------------------------------------------------------------------------------

_ADD_PENDING = Prepared(
    insert(log_pending)
    .values(
        {
            name: bindparam(name)
            for name in ("id", "agency_id", "case_id", "log_key", "commitment", "record")
        }
    )
    .inline()  # the number is not wanted back
)


def add_pending(session: Session, rows: Sequence[Pending]) -> None:
    """Queue lines of the log; they commit with the transaction that they speak of."""
    _ADD_PENDING.run(
        session,
        [
            {
                "id": row.id,
                "agency_id": row.agency_id,
                "case_id": row.case_id,
                "log_key": row.log_key,
                "commitment": row.commitment,
                "record": row.record,
            }
            for row in rows
        ],
    )


_LOCK = Prepared(select(func.pg_try_advisory_xact_lock(SEQUENCER_LOCK)))


def try_sequencer_lock(session: Session) -> bool:
    """Take the right to number lines until the transaction ends; False if another has it.

    On SQLite the transaction itself is that lock (BEGIN IMMEDIATE). On PostgreSQL it is a
    transaction lock, since a session lock breaks behind PgBouncer.
    """
    if session.get_bind().dialect.name == "sqlite":
        return True
    return bool(_LOCK.rows(session)[0][0])


_PENDING = log_pending.c
_OLDEST = Prepared(
    select(
        _PENDING.number,
        _PENDING.id,
        _PENDING.agency_id,
        _PENDING.case_id,
        _PENDING.log_key,
        _PENDING.commitment,
        _PENDING.record,
    )
    .order_by(_PENDING.number)
    .limit(bindparam("batch"))
)
_REMOVE = Prepared(delete(log_pending).where(_PENDING.number == bindparam("number")))
_NEWEST_NUMBER = select(func.max(_PENDING.number)).scalar_subquery()
_ENDS = Prepared(select(_PENDING.number, _NEWEST_NUMBER).order_by(_PENDING.number).limit(1))


def list_pending(session: Session, *, limit: int) -> list[tuple[int, Pending]]:
    """The oldest pending lines with their numbers, in order.

    Numbers are not in the order of commits: a lower one may come later.
    """
    return [(row[0], Pending(*row[1:])) for row in _OLDEST.rows(session, batch=limit)]


def remove_pending(session: Session, numbers: Sequence[int]) -> int:
    """Take lines out of the queue; how many there were."""
    return _REMOVE.run(session, [{"number": number} for number in numbers])


def find_ends(session: Session) -> tuple[int, int] | None:
    """The lowest and the highest number that waits; None if nothing does."""
    rows = _ENDS.rows(session)
    return (rows[0][0], rows[0][1]) if rows else None


# --- entries ----------------------------------------------------------------------------------

_ADD_ENTRY = Prepared(
    insert(log_entry).values({column.name: bindparam(column.name) for column in log_entry.c})
)
_SET_SEQ = Prepared(
    update(agency_log_key)
    .where(agency_log_key.c.agency_id == bindparam("agency"))
    .values(last_seq=bindparam("seq"))
)
_NEW_ENTRIES = select(log_entry.c.id).where(log_entry.c.leaf >= bindparam("first"))
_LEAF = select(log_entry.c.leaf).where(log_entry.c.id == feed.c.entry_id).scalar_subquery()
_SET_FEED = Prepared(
    update(feed).where(feed.c.entry_id.in_(_NEW_ENTRIES.scalar_subquery())).values(leaf=_LEAF)
)


def add_entries(
    session: Session, rows: Sequence[Mapping[str, Any]], last_seqs: Mapping[str, int]
) -> None:
    """Give lines their place: entries, agency counters, and the feed rows that wait for them."""
    _ADD_ENTRY.run(session, rows)
    numbers = [{"agency": agency, "seq": seq} for agency, seq in last_seqs.items()]
    if _SET_SEQ.run(session, numbers) != len(numbers):
        raise OperationalError(None, None, Exception("no such row"))
    _SET_FEED.run(session, [{"first": rows[0]["leaf"]}])


def add_nodes(session: Session, nodes: Iterable[tuple[int, int, bytes]]) -> None:
    """Keep the hashes of subtrees that became complete."""
    rows = [{"level": level, "number": n, "hash": hashed} for level, n, hashed in nodes]
    if rows:
        session.execute(insert(log_node), rows)


def add_checkpoint(session: Session, signed: Signed, *, at: datetime) -> None:
    """Keep a signed checkpoint."""
    row = {"size": signed.size, "root": signed.root, "note": signed.note, "at": at}
    session.execute(insert(checkpoint), row)


_NEWEST = Prepared(
    select(checkpoint.c.size, checkpoint.c.root, checkpoint.c.note)
    .order_by(checkpoint.c.size.desc())
    .limit(1)
)


def find_newest_checkpoint(session: Session) -> Signed | None:
    """The checkpoint of the largest tree."""
    rows = _NEWEST.rows(session)
    return Signed(*rows[0]) if rows else None


def list_checkpoints(session: Session, *, first: int, end: int) -> list[Signed]:
    """The checkpoints of sizes from `first` up to, not including, `end`."""
    size = checkpoint.c.size
    columns = select(size, checkpoint.c.root, checkpoint.c.note).order_by(size)
    rows = session.execute(columns.where(size >= first, size < end))
    return [Signed(*row) for row in rows]


_FIND_LEAF = Prepared(select(log_entry.c.leaf).where(log_entry.c.id == bindparam("entry_id")))


def find_leaf(session: Session, entry_id: str) -> int | None:
    """The place of a line in the tree, once it has one."""
    rows = _FIND_LEAF.rows(session, entry_id=entry_id)
    return rows[0][0] if rows else None


def find_by_commitment(session: Session, commitment: bytes) -> tuple[int, bytes] | None:
    """Place and bytes of the leaf with this commitment."""
    found = select(log_entry.c.leaf, log_entry.c.bytes)
    row = session.execute(found.where(log_entry.c.commitment == commitment)).first()
    return (row[0], row[1]) if row else None


def list_by_commitment(
    session: Session, commitments: Sequence[bytes]
) -> dict[bytes, tuple[int, bytes]]:
    """Place and bytes of the leaves with these commitments; those without a place are absent."""
    e = log_entry.c
    rows = session.execute(
        select(e.commitment, e.leaf, e.bytes).where(e.commitment.in_(commitments))
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def find_last_leaf(session: Session) -> int | None:
    """The highest place given."""
    leaf: int | None = session.scalar(select(func.max(log_entry.c.leaf)))
    return leaf


def list_tile(session: Session, level: int, number: int) -> list[bytes]:
    """Up to 256 stored hashes: of leaves at level 0, of complete subtrees above."""
    first = number * 256
    if level == 0:
        place, hashed = log_entry.c.leaf, log_entry.c.hash
        found = select(hashed).where(place >= first, place < first + 256).order_by(place)
    else:
        place, hashed = log_node.c.number, log_node.c.hash
        found = (
            select(hashed)
            .where(log_node.c.level == level, place >= first, place < first + 256)
            .order_by(place)
        )
    return list(session.scalars(found))


def read_leaves(session: Session, *, first: int, end: int) -> Sequence[tuple[bytes, bytes]]:
    """Bytes and hash of the leaves in order, as the driver gives them: checks read millions."""
    leaf = log_entry.c.leaf
    columns = select(log_entry.c.bytes, log_entry.c.hash)
    result = session.connection().execute(columns.where(leaf >= first, leaf < end).order_by(leaf))
    rows: Sequence[tuple[bytes, bytes]] = result.cursor.fetchall()
    result.close()
    return rows


def list_places(session: Session, *, first: int, end: int) -> set[int]:
    """Which leaf numbers of a range are taken."""
    leaf = log_entry.c.leaf
    return set(session.scalars(select(leaf).where(leaf >= first, leaf < end)))


_LINE = (
    log_entry.c.id,
    log_entry.c.agency_id,
    log_entry.c.case_id,
    log_entry.c.log_key,
    log_entry.c.commitment,
    log_entry.c.record,
    log_entry.c.leaf,
    log_entry.c.agency_seq,
    log_entry.c.bytes,
)


def list_lines(session: Session, *, first: int, end: int) -> list[Line]:
    """The lines from place `first` up to, not including, `end`."""
    leaf = log_entry.c.leaf
    rows = session.execute(select(*_LINE).where(leaf >= first, leaf < end).order_by(leaf))
    return [Line(*row) for row in rows]


def list_case_lines(session: Session, *, case_id: str) -> list[Line]:
    """The lines about one case: those with a place in its order, then those that wait."""
    placed = select(*_LINE).where(log_entry.c.case_id == case_id).order_by(log_entry.c.leaf)
    waiting = (
        select(
            _PENDING.id,
            _PENDING.agency_id,
            _PENDING.case_id,
            _PENDING.log_key,
            _PENDING.commitment,
            _PENDING.record,
        )
        .where(_PENDING.case_id == case_id)
        .order_by(_PENDING.number)
    )
    # Waiting ones first: between two reads a line may be given its place, never lose it.
    pending = [Line(*row) for row in session.execute(waiting)]
    lines = [Line(*row) for row in session.execute(placed)]
    known = {line.id for line in lines}
    return lines + [line for line in pending if line.id not in known]

"""Owns the SQL of what everyone may see of the log: older checkpoints, tiles, cosignatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.log import Signed
from gateway.store.sessions import Session
from gateway.store.tables import (
    agency,
    checkpoint,
    log_cosignature,
    log_entry,
    log_witness,
)


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """A key with which an agency countersigns; `verifier` is name+id+key."""

    id: int
    agency_id: str
    verifier: str
    statement: str = field(repr=False)
    at: datetime


_SIGNED = select(checkpoint.c.size, checkpoint.c.root, checkpoint.c.note)


def find_published(session: Session, *, before: datetime, size: int | None = None) -> Signed | None:
    """The newest checkpoint signed before a time; before there is one, the very first.

    With `size` the checkpoint of that size, if it can have been published by now.
    """
    old = _SIGNED.where(checkpoint.c.at < before).order_by(checkpoint.c.size.desc()).limit(1)
    first = _SIGNED.order_by(checkpoint.c.size).limit(1)
    if size is not None:
        old = old.where(checkpoint.c.size == size)
        first = first.where(
            checkpoint.c.size == size,
            checkpoint.c.size == select(func.min(checkpoint.c.size)).scalar_subquery(),
        )
    row = session.execute(old).first() or session.execute(first).first()
    return Signed(*row) if row else None


def find_best_witnessed(session: Session, leaf: int) -> Signed | None:
    """Of the checkpoints that cover a leaf the one most witnesses signed, the newest of those."""
    size = log_cosignature.c.size
    best = select(size).join(log_witness, log_witness.c.id == log_cosignature.c.witness_id)
    best = best.where(size > leaf).group_by(size)
    agencies = func.count(log_witness.c.agency_id.distinct())  # however many keys one has
    best = best.order_by(agencies.desc(), size.desc()).limit(1)
    row = session.execute(_SIGNED.where(checkpoint.c.size == best.scalar_subquery())).first()
    return Signed(*row) if row else None


def list_bundle(session: Session, *, first: int, width: int) -> list[bytes]:
    """The leaves from `first` on, as they were hashed."""
    leaf = log_entry.c.leaf
    found = select(log_entry.c.bytes).where(leaf >= first, leaf < first + width)
    return list(session.scalars(found.order_by(leaf)))


# --- witnesses --------------------------------------------------------------------------------


def add_witness(
    session: Session, *, agency_id: str, verifier: str, statement: str, at: datetime
) -> None:
    """Keep a key with which an agency countersigns from now on; one that is there stays."""
    row = {"agency_id": agency_id, "verifier": verifier, "statement": statement, "at": at}
    added = _dialect(session).insert(log_witness)
    keys = [log_witness.c.verifier]
    session.execute(added.on_conflict_do_nothing(index_elements=keys), row)


def list_witnesses(session: Session, *, agency_id: str | None = None) -> Sequence[WitnessRow]:
    """The keys of the agencies that are not suspended, each agency's newest last."""
    columns = select(*log_witness.c).join(agency, agency.c.id == log_witness.c.agency_id)
    query = columns.where(agency.c.suspended_at.is_(None)).order_by(log_witness.c.id)
    if agency_id is not None:
        query = query.where(log_witness.c.agency_id == agency_id)
    return [WitnessRow(*row) for row in session.execute(query)]


def add_cosignature(session: Session, *, size: int, witness_id: int, cosignature: bytes) -> None:
    """Keep a cosignature; the first of a witness over one checkpoint stays."""
    row = {"size": size, "witness_id": witness_id, "cosignature": cosignature}
    table = log_cosignature
    keys = [table.c.size, table.c.witness_id]
    added = _dialect(session).insert(table)
    session.execute(added.on_conflict_do_nothing(index_elements=keys), row)


def _dialect(session: Session) -> Any:
    return sqlite if session.get_bind().dialect.name == "sqlite" else postgresql


def list_cosignatures(session: Session, *, size: int, limit: int) -> list[tuple[str, bytes]]:
    """Key (name+id+key) and cosignature of those who countersigned a checkpoint.

    One of each agency, by the newest of its keys that signed; the first `limit` of them.
    """
    joined = log_witness.c.id == log_cosignature.c.witness_id
    newest = select(func.max(log_witness.c.id)).join(log_cosignature, joined)
    newest = newest.where(log_cosignature.c.size == size).group_by(log_witness.c.agency_id)
    columns = select(log_witness.c.verifier, log_cosignature.c.cosignature)
    query = columns.join(log_witness, joined).where(
        log_cosignature.c.size == size, log_witness.c.id.in_(newest)
    )
    rows = session.execute(query.order_by(log_witness.c.id).limit(limit))
    return [(row[0], row[1]) for row in rows]


def list_all_cosignatures(session: Session) -> list[tuple[int, str, bytes]]:
    """Size of the checkpoint, key and cosignature of every countersignature there is."""
    signed = log_cosignature.c
    columns = select(signed.size, log_witness.c.verifier, signed.cosignature)
    query = columns.join(log_witness, log_witness.c.id == signed.witness_id)
    return [(row[0], row[1], row[2]) for row in session.execute(query.order_by(signed.size))]

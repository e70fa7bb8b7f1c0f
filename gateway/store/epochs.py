"""Owns the SQL of what lies under epoch keys: which keys are wrapped by which, and since when.

That an index key is needed no more is noted beside them: names tell the uses apart.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, and_, delete, func, select, update

from gateway.store import tables as t
from gateway.store.rows import add, change
from gateway.store.sessions import Session

WRAPPED: tuple[Table, ...] = (t.case_key, t.log_key, t.agency_log_key, t.interest, t.draft)
"""The tables of keys that are wrapped by an epoch key, each with `epoch` and `wrapped`."""


Place = tuple[str | int, ...]
"""The primary key of a row."""


@dataclass(frozen=True, slots=True)
class WrappedRow:
    """A wrapped key and its place in its table."""

    place: Place
    epoch: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class EpochRow:
    """When a key stopped being needed by anything here, and when it was destroyed."""

    name: str
    retired_at: datetime
    destroyed_at: datetime | None


def count_elsewhere(session: Session, epoch: str) -> int:
    """How many keys lie under another epoch key than this one; hosted agency keys apart."""
    return sum(
        session.execute(
            select(func.count())
            .where(table.c.wrapped.is_not(None), table.c.epoch != epoch)
            .select_from(table)
        ).scalar_one()
        for table in WRAPPED
    )


def list_epochs_in_use(session: Session) -> frozenset[str]:
    """Every epoch key that wraps anything; hosted agency keys apart."""
    return frozenset(
        name
        for table in WRAPPED
        for name in session.execute(
            select(table.c.epoch).where(table.c.wrapped.is_not(None)).distinct()
        ).scalars()
    )


def list_elsewhere(
    session: Session, table: Table, *, epoch: str, limit: int, but: Collection[Place] = ()
) -> list[WrappedRow]:
    """Up to `limit` keys that lie under another epoch key, in the order of their place.

    `but` are places that are passed over.
    """
    place = [*table.primary_key.columns]
    query = select(*place, table.c.epoch, table.c.wrapped).where(
        table.c.wrapped.is_not(None), table.c.epoch != epoch
    )
    rows = session.execute(query.order_by(*place).limit(limit + len(but)))
    found = [WrappedRow(tuple(row[:-2]), row[-2], row[-1]) for row in rows]
    return [row for row in found if row.place not in but][:limit]


def set_wrapped(
    session: Session, table: Table, row: WrappedRow, *, epoch: str, wrapped: bytes
) -> None:
    """Put a key under another epoch key, unless it was destroyed or wrapped anew meanwhile."""
    place = zip(table.primary_key.columns, row.place, strict=True)
    session.execute(
        update(table)
        .where(and_(*(column == value for column, value in place)), table.c.wrapped == row.wrapped)
        .values(epoch=epoch, wrapped=wrapped)
    )


def list_retired(session: Session) -> dict[str, EpochRow]:
    """Epoch and index keys that nothing here needs any more, by name."""
    e = t.epoch
    rows = session.execute(select(e.c.name, e.c.retired_at, e.c.destroyed_at))
    return {row[0]: EpochRow(*row) for row in rows}


def set_retired(session: Session, name: str, at: datetime) -> None:
    """Note that from this moment on nothing here needs an epoch or index key."""
    add(session, t.epoch, name=name, retired_at=at, destroyed_at=None)


def forget_retired(session: Session, names: Collection[str]) -> None:
    """Take back what was noted of these keys: each was needed after all."""
    session.execute(delete(t.epoch).where(t.epoch.c.name.in_(names)))


def set_destroyed(session: Session, name: str, at: datetime) -> None:
    """Note that an epoch or index key was destroyed."""
    e = t.epoch
    change(session, update(e).where(e.c.name == name).values(destroyed_at=at))

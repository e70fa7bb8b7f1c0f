"""Owns whom workers declared to be close to: sealed words, and keyed values to compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class InterestRow:
    """A worker's declaration, sealed under a key of its own."""

    agency_id: str
    worker_id: str
    epoch: str
    wrapped: bytes
    content: bytes
    index_key: str
    declared_at: datetime


_I = t.interest.c
_ROW = (
    _I.agency_id,
    _I.worker_id,
    _I.epoch,
    _I.wrapped,
    _I.content,
    _I.index_key,
    _I.declared_at,
)
_HIT = (
    select(t.case_token.c.case_id)
    .join(t.interest_token, t.interest_token.c.token == t.case_token.c.token)
    .where(
        t.interest_token.c.agency_id == bindparam("agency"),
        t.interest_token.c.worker_id == bindparam("worker"),
    )
    .distinct()
)
_FORGET = Prepared(delete(t.case_token).where(t.case_token.c.case_id == bindparam("case")))


def find_interest(session: Session, *, agency_id: str, worker_id: str) -> InterestRow | None:
    """What a worker declared last."""
    query = select(*_ROW).where(_I.agency_id == agency_id, _I.worker_id == worker_id)
    row = session.execute(query).one_or_none()
    return InterestRow(*row) if row else None


def put_interest(session: Session, row: InterestRow, tokens: Iterable[bytes]) -> None:
    """Keep a declaration in place of the one before, of which nothing stays."""
    drop_interest(session, agency_id=row.agency_id, worker_id=row.worker_id)
    add(
        session,
        t.interest,
        agency_id=row.agency_id,
        worker_id=row.worker_id,
        epoch=row.epoch,
        wrapped=row.wrapped,
        content=row.content,
        index_key=row.index_key,
        declared_at=row.declared_at,
    )
    add_all(
        session,
        t.interest_token,
        [
            {"token": token, "agency_id": row.agency_id, "worker_id": row.worker_id}
            for token in sorted(tokens)
        ],
    )


def drop_interest(session: Session, *, agency_id: str, worker_id: str) -> None:
    """Forget a declaration."""
    for table in (t.interest_token, t.interest):
        session.execute(
            delete(table).where(table.c.agency_id == agency_id, table.c.worker_id == worker_id)
        )


def list_worker_tokens(session: Session, *, agency_id: str, worker_id: str) -> frozenset[bytes]:
    """The keyed values of what a worker declared."""
    i = t.interest_token.c
    query = select(i.token).where(i.agency_id == agency_id, i.worker_id == worker_id)
    return frozenset(session.execute(query).scalars())


def list_hit_cases(session: Session, *, agency_id: str, worker_id: str) -> list[str]:
    """The cases in which somebody shares a value with this worker's declaration."""
    rows = session.execute(_HIT, {"agency": agency_id, "worker": worker_id})
    return sorted(rows.scalars())


def drop_case_tokens(session: Session, case_id: str) -> None:
    """Forget the values of everybody in a case."""
    _FORGET.run(session, [{"case": case_id}])


def add_case_tokens(session: Session, case_id: str, tokens: Iterable[bytes]) -> None:
    """Keep the values of everybody in a case, of which none is kept."""
    rows = [{"token": token, "case_id": case_id} for token in sorted(tokens)]
    add_all(session, t.case_token, rows)


def list_indexed_otherwise(
    session: Session, index_key: str, *, limit: int
) -> Sequence[InterestRow]:
    """Declarations whose values were made with another index key than this one."""
    query = select(*_ROW).where(_I.index_key != index_key).order_by(_I.agency_id, _I.worker_id)
    return [InterestRow(*row) for row in session.execute(query.limit(limit))]


def count_indexed_otherwise(session: Session, index_key: str) -> int:
    """How many declarations have values made with another index key than this one."""
    query = select(func.count()).where(_I.index_key != index_key).select_from(t.interest)
    return session.execute(query).scalar_one()


def set_tokens(
    session: Session, row: InterestRow, tokens: Iterable[bytes], *, index_key: str
) -> None:
    """Keep other values of the same declaration."""
    k, place = t.interest_token, {"agency_id": row.agency_id, "worker_id": row.worker_id}
    session.execute(delete(k).where(k.c.agency_id == row.agency_id, k.c.worker_id == row.worker_id))
    add_all(session, k, [{"token": token, **place} for token in sorted(tokens)])
    mine = (_I.agency_id == row.agency_id, _I.worker_id == row.worker_id)
    change(session, update(t.interest).where(*mine).values(index_key=index_key))

"""Owns the delta feed: what is new for an agency, in the sequencer's order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Integer, bindparam, or_, select

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add_all
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class LookRow:
    """That somebody was given what an agency contributed; (leaf, number) is its place."""

    leaf: int
    number: int
    case_id: str
    entry_id: str


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One thing that is new for an agency; (leaf, id) is its place."""

    leaf: int
    number: int
    case_id: str
    kind: str


LOOKED = "LOOKED"  # somebody was given what the agency contributed; a list of its own tells it

# Asked some thousand times for each time it finds anything.
_ITEMS = Prepared(
    select(t.feed.c.leaf, t.feed.c.id, t.feed.c.case_id, t.feed.c.kind)
    .where(
        t.feed.c.agency_id == bindparam("agency"),
        t.feed.c.kind != LOOKED,
        t.feed.c.leaf >= bindparam("leaf"),
        or_(t.feed.c.leaf > bindparam("leaf"), t.feed.c.id > bindparam("number")),
    )
    .order_by(t.feed.c.leaf, t.feed.c.id)
    .limit(bindparam("most", type_=Integer))
)

_LOOKS = (
    select(t.feed.c.leaf, t.feed.c.id, t.feed.c.case_id, t.feed.c.entry_id)
    .where(
        t.feed.c.agency_id == bindparam("agency"),
        t.feed.c.kind == LOOKED,
        t.feed.c.leaf >= bindparam("leaf"),
        or_(t.feed.c.leaf > bindparam("leaf"), t.feed.c.id > bindparam("number")),
    )
    .order_by(t.feed.c.leaf, t.feed.c.id)
    .limit(bindparam("most", type_=Integer))
)


def add_items(
    session: Session, *, case_id: str, kinds: Iterable[tuple[str, str]], entry_id: str
) -> None:
    """Announce a case: (agency id, kind) pairs. They show once the entry is in the tree."""
    values = [
        {"agency_id": agency_id, "case_id": case_id, "kind": kind, "entry_id": entry_id}
        for agency_id, kind in kinds
    ]
    if values:
        add_all(session, t.feed, values)


def list_items(
    session: Session, *, agency_id: str, after: tuple[int, int], limit: int
) -> list[FeedRow]:
    """Items after the place `after`, oldest first. Unsequenced items are never among them."""
    leaf, number = after
    rows = _ITEMS.rows(session, agency=agency_id, leaf=leaf, number=number, most=limit)
    return [FeedRow(*row) for row in rows]


def add_looks(session: Session, looks: Iterable[tuple[str, str, str]]) -> None:
    """Tell owners that somebody looked: (owner, case id, id of the line in the log)."""
    values = [
        {"agency_id": owner, "case_id": case_id, "kind": LOOKED, "entry_id": entry_id}
        for owner, case_id, entry_id in looks
    ]
    if values:
        add_all(session, t.feed, values)


def list_looks(
    session: Session, *, agency_id: str, after: tuple[int, int], limit: int
) -> list[LookRow]:
    """Who looked at what an agency contributed, after the place `after`, oldest first."""
    leaf, number = after
    asked = {"agency": agency_id, "leaf": leaf, "number": number, "most": limit}
    return [LookRow(*row) for row in session.execute(_LOOKS, asked)]

"""Owns the flag of a case: dated acts, of which the newest counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select

from gateway.schemas.action_codes import FlagAct, FlagReason
from gateway.schemas.codes import CaseRole
from gateway.store import tables as t
from gateway.store.dated import is_newest
from gateway.store.prepared import Prepared
from gateway.store.rows import add
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One act: that a flag was placed, renewed or removed, and until when it counts."""

    case_id: str
    seq: int
    act: FlagAct
    until: date
    reason: FlagReason | None
    by_agency: str
    by_worker: str | None
    at: datetime


_NEWEST = Prepared(
    select(*(t.flag.c[name] for name in FlagRow.__slots__)).where(
        t.flag.c.case_id.in_(bindparam("ids", expanding=True)), is_newest(t.flag)
    )
)


def list_flags(session: Session, case_ids: Sequence[str]) -> dict[str, FlagRow]:
    """The newest act of each case that ever had a flag."""
    rows = _NEWEST.rows(session, ids=case_ids) if case_ids else ()
    return {row[0]: FlagRow(*row) for row in rows}


def list_ending(session: Session, *, agency_id: str, before: date) -> dict[str, FlagRow]:
    """The flags that stand and end before a day, in cases that an agency coordinates."""
    a = t.assignment
    own = select(a.c.case_id).where(
        a.c.agency_id == agency_id, a.c.role == CaseRole.COORDINATOR, a.c.until.is_(None)
    )
    rows = session.execute(
        select(*(t.flag.c[name] for name in FlagRow.__slots__)).where(
            t.flag.c.until < before,
            t.flag.c.act != FlagAct.REMOVED,
            t.flag.c.case_id.in_(own),
            is_newest(t.flag),
        )
    )
    return {row[0]: FlagRow(*row) for row in rows}


def add_act(session: Session, row: FlagRow) -> None:
    """Append what was done to a flag."""
    add(session, t.flag, **{name: getattr(row, name) for name in row.__slots__})

"""Owns the rows of research: requests that attendees are sent, and each version of what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, select, update

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all, change
from gateway.store.sessions import Session

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One agency, asked about one case for one conference; version 0 is: no return yet."""

    conference_id: str
    case_id: str
    agency_id: str
    asked_at: datetime
    due_at: datetime
    version: int = 0
    returned_at: datetime | None = None
    changed_at: datetime | None = None
    is_nil: bool | None = None


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One version of a return; `document` is what came, sealed for its case."""

    conference_id: str
    case_id: str
    agency_id: str
    version: int
    digest: bytes
    by_worker: str | None
    at: datetime
    document: bytes = field(repr=False)


_Q, _R = t.research_request.c, t.research_return.c
_REQUEST = tuple(_Q[name] for name in RequestRow.__dataclass_fields__)
_RETURN = tuple(_R[name] for name in ReturnRow.__dataclass_fields__)
_OF_CASES = Prepared(
    select(*_REQUEST)
    .where(_Q.conference_id == bindparam("conference_id"), _Q.case_id.in_(_IDS))
    .order_by(_Q.case_id, _Q.agency_id)
)
_OF_AGENCY = Prepared(
    select(*_REQUEST)
    .where(_Q.conference_id == bindparam("conference_id"), _Q.agency_id == bindparam("agency_id"))
    .order_by(_Q.asked_at, _Q.case_id)
)


def add_requests(session: Session, rows: Sequence[RequestRow]) -> None:
    """Ask agencies about a case."""
    names = RequestRow.__dataclass_fields__
    values = [{name: getattr(row, name) for name in names} for row in rows]
    if values:
        add_all(session, t.research_request, values)


def list_requests(
    session: Session, conference_id: str, case_ids: Sequence[str]
) -> list[RequestRow]:
    """Who was asked about cases of a list: for who runs it all, for others their own."""
    rows = _OF_CASES.rows(session, conference_id=conference_id, ids=case_ids) if case_ids else ()
    return [RequestRow(*row) for row in rows]


def list_asked(session: Session, conference_id: str, *, agency_id: str) -> list[RequestRow]:
    """What one agency was asked about for a conference, in the order of asking."""
    rows = _OF_AGENCY.rows(session, conference_id=conference_id, agency_id=agency_id)
    return [RequestRow(*row) for row in rows]


def find_request(
    session: Session, conference_id: str, case_id: str, *, agency_id: str
) -> RequestRow | None:
    """What one agency was asked about one case."""
    rows = list_requests(session, conference_id, [case_id])
    return next((row for row in rows if row.agency_id == agency_id), None)


def add_return(session: Session, row: ReturnRow, *, is_nil: bool, first_at: datetime) -> None:
    """Keep a version, and note beside the request that it came."""
    add(session, t.research_return, **{n: getattr(row, n) for n in ReturnRow.__dataclass_fields__})
    which = (
        _Q.conference_id == row.conference_id,
        _Q.case_id == row.case_id,
        _Q.agency_id == row.agency_id,
    )
    values = {
        "version": row.version,
        "returned_at": first_at,
        "changed_at": row.at,
        "is_nil": is_nil,
    }
    change(session, update(t.research_request).where(*which).values(**values))


def list_returns(
    session: Session, conference_id: str, case_id: str, *, agency_id: str
) -> list[ReturnRow]:
    """Every version that one agency returned of a case, the first first."""
    mine = (_R.conference_id == conference_id, _R.case_id == case_id, _R.agency_id == agency_id)
    found = session.execute(select(*_RETURN).where(*mine).order_by(_R.version))
    return [ReturnRow(*row) for row in found]


def list_sealed(session: Session, case_id: str) -> list[ReturnRow]:
    """Every version of a case, whoever's it is, to be put under another key."""
    return [
        ReturnRow(*row) for row in session.execute(select(*_RETURN).where(_R.case_id == case_id))
    ]


def set_sealed(session: Session, row: ReturnRow, document: bytes) -> None:
    """Put a version under another key."""
    which = (
        _R.conference_id == row.conference_id,
        _R.case_id == row.case_id,
        _R.agency_id == row.agency_id,
        _R.version == row.version,
    )
    change(session, update(t.research_return).where(*which).values(document=document))

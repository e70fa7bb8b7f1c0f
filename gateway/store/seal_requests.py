"""Owns the queue of sealed copies that are owed: an agency may read a section, and holds none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Update, and_, select, update

from gateway.schemas.codes import SealRequest
from gateway.store import tables as t
from gateway.store.rows import add_all, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A copy that is owed to an agency: of the same text as the copy `source_id`."""

    case_id: str
    agency_id: str
    source_id: str
    digest: bytes  # SHA-256 of the salted plaintext, as its sender signed it
    state: SealRequest


@dataclass(frozen=True, slots=True)
class AskedRow:
    """An open request, as one holder of the section is asked."""

    request: RequestRow
    name: str
    owner_id: str
    copy_id: str  # the copy that the holder can open
    asked_at: datetime


_R, _SOURCE = t.seal_request.c, t.section.alias("source")
_ROW = (_R.case_id, _R.agency_id, _R.source_id, _R.digest, _R.state)
_COPY = t.section.alias("copy")
_ASKED: Select[Any] = (
    select(*_ROW, _SOURCE.c.name, _SOURCE.c.owner_id, _COPY.c.id, _R.asked_at)
    .join(_SOURCE, _SOURCE.c.id == _R.source_id)
    .join(
        _COPY,
        and_(
            _COPY.c.case_id == _R.case_id,
            _COPY.c.name == _SOURCE.c.name,
            _COPY.c.owner_id == _SOURCE.c.owner_id,
            _COPY.c.superseded_at.is_(None),
        ),
    )
    .join(
        t.section_grant,
        and_(
            t.section_grant.c.case_id == _COPY.c.case_id,
            t.section_grant.c.section_id == _COPY.c.id,
            t.section_grant.c.agency_id == _COPY.c.audience,
        ),
    )
    .where(_R.state == SealRequest.OPEN)
    .order_by(_R.asked_at, _R.case_id, _R.source_id, _R.agency_id)
)


def list_requests(session: Session, case_id: str) -> list[RequestRow]:
    """Every request of a case, whatever became of it."""
    rows = session.execute(select(*_ROW).where(_R.case_id == case_id))
    return [RequestRow(*row) for row in rows]


def list_open(session: Session, case_id: str) -> list[tuple[str, str, datetime]]:
    """Section, agency and time of every copy that a case owes, oldest first."""
    rows = session.execute(
        select(_SOURCE.c.name, _R.agency_id, _R.asked_at)
        .join(_SOURCE, _SOURCE.c.id == _R.source_id)
        .where(_R.case_id == case_id, _R.state == SealRequest.OPEN)
        .order_by(_R.asked_at, _SOURCE.c.name, _R.agency_id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def list_asked(
    session: Session, *, holder: str, case_id: str | None = None, limit: int
) -> list[AskedRow]:
    """The open requests for sections of which `holder` was granted a copy, oldest first."""
    mine = _ASKED.where(_COPY.c.audience == holder).limit(limit)
    found = session.execute(mine if case_id is None else mine.where(_R.case_id == case_id))
    return [AskedRow(RequestRow(*row[:5]), row[5], row[6], row[7], row[8]) for row in found]


def open_requests(session: Session, rows: Sequence[RequestRow], *, at: datetime) -> None:
    """Ask for copies: new rows for those never asked for, the old ones again for the others."""
    new = [row for row in rows if not _set(session, row, state=SealRequest.OPEN, asked_at=at)]
    add_all(
        session,
        t.seal_request,
        [
            {
                "case_id": row.case_id,
                "agency_id": row.agency_id,
                "source_id": row.source_id,
                "digest": row.digest,
                "state": SealRequest.OPEN,
                "asked_at": at,
            }
            for row in new
        ],
    )


def close_requests(session: Session, rows: Sequence[RequestRow], *, at: datetime) -> None:
    """Ask no longer: the agency may not read the section any more, or the text is another."""
    for row in rows:
        change(session, _setting(row, state=SealRequest.CLOSED, ended_at=at))


def set_answered(
    session: Session,
    row: RequestRow,
    *,
    by_agency: str,
    by_worker: str | None,
    at: datetime,
    document: bytes,
) -> None:
    """Note who sealed the copy, with the sealed document in which it was signed."""
    answered = _setting(
        row,
        state=SealRequest.ANSWERED,
        ended_at=at,
        by_agency=by_agency,
        by_worker=by_worker,
        document=document,
    )
    change(session, answered)


def list_sealed(session: Session, case_id: str) -> list[tuple[str, str, bytes]]:
    """Source, agency and sealed document of every copy that was handed in."""
    rows = session.execute(
        select(_R.source_id, _R.agency_id, _R.document).where(
            _R.case_id == case_id, _R.document.is_not(None)
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def set_sealed(
    session: Session, case_id: str, *, source_id: str, agency_id: str, document: bytes
) -> None:
    """Put the document of a copy under another key."""
    place = (_R.case_id == case_id, _R.source_id == source_id, _R.agency_id == agency_id)
    change(session, update(t.seal_request).where(*place).values(document=document))


def _set(session: Session, row: RequestRow, **values: object) -> bool:
    done = session.execute(_setting(row, **values).returning(_R.source_id))
    return done.one_or_none() is not None


def _setting(row: RequestRow, **values: object) -> Update:
    place = (_R.case_id == row.case_id, _R.agency_id == row.agency_id)
    return update(t.seal_request).where(*place, _R.source_id == row.source_id).values(**values)

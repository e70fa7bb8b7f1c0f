"""Owns who is at a conference: who signed, and who was in the room for which case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, select, update

from gateway.rules.presence import Stay
from gateway.schemas.meeting_codes import Attending
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all, change
from gateway.store.sessions import Session

NOBODY = "-"  # of an agency that sent its apologies


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One person at a conference, or the apologies of an agency."""

    agency_id: str
    worker_id: str
    attending: Attending
    version: str | None = None
    digest: str | None = None
    signed_at: datetime | None = None
    admitted_by: str | None = None


_A, _P = t.attendance.c, t.presence.c
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ATTENDANCE = Prepared(
    select(
        _A.agency_id,
        _A.worker_id,
        _A.attending,
        _A.version,
        _A.digest,
        _A.signed_at,
        _A.admitted_by,
    )
    .where(_A.conference_id == bindparam("conference_id"))
    .order_by(_A.agency_id, _A.worker_id)
)
_STAYS = Prepared(
    select(
        _P.case_id,
        _P.conference_id,
        _P.agency_id,
        _P.worker_id,
        _P.attending,
        _P.arrived_at,
        _P.left_at,
        _P.to_end,
    )
    .where(_P.case_id.in_(_IDS))
    .order_by(_P.case_id, _P.arrived_at, _P.agency_id, _P.worker_id)
)


def list_attendance(session: Session, conference_id: str) -> list[AttendanceRow]:
    """Who is at a conference; an agency sees its own people, who runs it everybody."""
    return [AttendanceRow(*row) for row in _ATTENDANCE.rows(session, conference_id=conference_id)]


def set_attendance(
    session: Session, conference_id: str, row: AttendanceRow, *, is_new: bool
) -> None:
    """Keep as what somebody attends, and what it signed."""
    values = {name: getattr(row, name) for name in AttendanceRow.__slots__}
    if is_new:
        add(session, t.attendance, conference_id=conference_id, **values)
        return
    place = (
        _A.conference_id == conference_id,
        _A.agency_id == row.agency_id,
        _A.worker_id == row.worker_id,
    )
    change(session, update(t.attendance).where(*place).values(**values))


def list_stays(session: Session, case_ids: Sequence[str]) -> dict[str, list[Stay]]:
    """Who was in the room for each case, in the order in which they came."""
    found: defaultdict[str, list[Stay]] = defaultdict(list)
    for row in _STAYS.rows(session, ids=case_ids) if case_ids else ():
        found[row[0]].append(Stay(*row[1:]))
    return found


def add_stays(session: Session, case_id: str, stays: Sequence[Stay]) -> None:
    """Let people into the room for a case."""
    names = tuple(Stay.__slots__)
    rows = [{name: getattr(each, name) for name in names} for each in stays]
    add_all(session, t.presence, [{"case_id": case_id, **row} for row in rows])


def end_stay(session: Session, case_id: str, stay: Stay, *, at: datetime, to_end: bool) -> None:
    """Let somebody leave the room."""
    place = (
        _P.conference_id == stay.conference_id,
        _P.case_id == case_id,
        _P.agency_id == stay.agency_id,
        _P.worker_id == stay.worker_id,
        _P.arrived_at == stay.arrived_at,
    )
    change(session, update(t.presence).where(*place).values(left_at=at, to_end=to_end))

"""Owns conferences, who attends, and which cases are listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all
from gateway.store.types import Utc


@dataclass(frozen=True, slots=True)
class ConferenceRow:
    """A planned conference."""

    conference_id: str
    area: str
    agency_id: str  # who plans and runs it
    starts_at: datetime


_DATES = Prepared(
    select(t.conference_case.c.case_id, t.conference.c.starts_at)
    .join(t.conference, t.conference.c.id == t.conference_case.c.conference_id)
    .where(t.conference_case.c.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(t.conference_case.c.listed_at)
)
_ONE = Prepared(
    select(
        t.conference.c.id,
        t.conference.c.area,
        t.conference.c.agency_id,
        t.conference.c.starts_at,
    ).where(t.conference.c.id == bindparam("conference_id"))
)
_ATTENDEES = Prepared(
    select(t.conference_attendee.c.agency_id)
    .where(t.conference_attendee.c.conference_id == bindparam("conference_id"))
    .order_by(t.conference_attendee.c.agency_id)
)
_LISTED = Prepared(
    select(t.conference_case.c.case_id, t.conference_case.c.kind)
    .where(t.conference_case.c.conference_id == bindparam("conference_id"))
    .order_by(t.conference_case.c.listed_at, t.conference_case.c.case_id)
)


_NEXT = Prepared(
    select(
        t.conference.c.id, t.conference.c.area, t.conference.c.agency_id, t.conference.c.starts_at
    )
    .join(t.conference_attendee, t.conference_attendee.c.conference_id == t.conference.c.id)
    .where(
        t.conference_attendee.c.agency_id == bindparam("agency_id"),
        t.conference.c.starts_at >= bindparam("since", type_=Utc()),
    )
    .order_by(t.conference.c.starts_at)
    .limit(1)
)


def find_next(session: Session, *, agency_id: str, since: datetime) -> ConferenceRow | None:
    """The first conference that an agency attends, of those that start from then on."""
    rows = _NEXT.rows(session, agency_id=agency_id, since=since)
    return ConferenceRow(*rows[0]) if rows else None


def add_conference(
    session: Session, row: ConferenceRow, *, attendees: Sequence[str], planned_at: datetime
) -> None:
    """Plan a conference with its attending agencies."""
    add(
        session,
        t.conference,
        id=row.conference_id,
        area=row.area,
        agency_id=row.agency_id,
        starts_at=row.starts_at,
        planned_at=planned_at,
    )
    add_all(
        session,
        t.conference_attendee,
        [{"conference_id": row.conference_id, "agency_id": agency_id} for agency_id in attendees],
    )


def find_conference(session: Session, conference_id: str) -> ConferenceRow | None:
    """A conference by id."""
    rows = _ONE.rows(session, conference_id=conference_id)
    return ConferenceRow(*rows[0]) if rows else None


def list_attendees(session: Session, conference_id: str) -> list[str]:
    """Agencies that attend, by id."""
    return [row[0] for row in _ATTENDEES.rows(session, conference_id=conference_id)]


def list_case(
    session: Session, *, conference_id: str, case_id: str, kind: str, listed_at: datetime
) -> None:
    """Put a case on the list of a conference."""
    add(
        session,
        t.conference_case,
        conference_id=conference_id,
        case_id=case_id,
        kind=kind,
        listed_at=listed_at,
    )


def list_listed(session: Session, conference_id: str) -> list[tuple[str, str]]:
    """Listed cases with how they came to the list: (case id, kind)."""
    return [(row[0], row[1]) for row in _LISTED.rows(session, conference_id=conference_id)]


def list_dates(session: Session, case_ids: Sequence[str]) -> dict[str, datetime]:
    """When each case is heard: the start of the newest conference it is listed for."""
    rows = _DATES.rows(session, ids=case_ids) if case_ids else ()
    return {row[0]: row[1] for row in rows}

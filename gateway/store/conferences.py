"""Owns conferences, who attends, and which cases are listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam, or_, select, update

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all, change
from gateway.store.sessions import Session
from gateway.store.types import Utc


@dataclass(frozen=True, slots=True)
class ConferenceRow:
    """A planned conference."""

    conference_id: str
    area: str
    agency_id: str  # who plans and runs it
    starts_at: datetime
    locked_at: datetime | None = None  # since then only the chair adds to its list
    begun_at: datetime | None = None
    ended_at: datetime | None = None


_DATES = Prepared(
    select(t.conference_case.c.case_id, t.conference.c.starts_at)
    .join(t.conference, t.conference.c.id == t.conference_case.c.conference_id)
    .where(t.conference_case.c.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(t.conference_case.c.listed_at)
)
_ROW = (
    t.conference.c.id,
    t.conference.c.area,
    t.conference.c.agency_id,
    t.conference.c.starts_at,
    t.conference.c.locked_at,
    t.conference.c.begun_at,
    t.conference.c.ended_at,
)
_ONE = Prepared(select(*_ROW).where(t.conference.c.id == bindparam("conference_id")))
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


_COMING = Prepared(
    select(*_ROW)
    .join(t.conference_attendee, t.conference_attendee.c.conference_id == t.conference.c.id)
    .where(
        t.conference_attendee.c.agency_id == bindparam("agency_id"),
        t.conference.c.starts_at >= bindparam("since", type_=Utc()),
    )
    .order_by(t.conference.c.starts_at, t.conference.c.id)
    .limit(bindparam("most", type_=Integer()))
)
_OF_CASE = Prepared(
    select(*_ROW)
    .join(t.conference_case, t.conference_case.c.conference_id == t.conference.c.id)
    .where(
        t.conference_case.c.case_id == bindparam("case_id"),
        t.conference.c.starts_at >= bindparam("since", type_=Utc()),
    )
    .order_by(t.conference.c.starts_at, t.conference.c.id)
)
_PLACES = Prepared(
    select(t.conference_case.c.case_id, t.conference_case.c.place).where(
        t.conference_case.c.conference_id == bindparam("conference_id"),
        t.conference_case.c.place.is_not(None),
    )
)


def find_next(session: Session, *, agency_id: str, since: datetime) -> ConferenceRow | None:
    """The first conference that an agency attends, of those that start from then on; none over."""
    rows = list_coming(session, agency_id=agency_id, since=since)
    return next((row for row in rows if row.ended_at is None), None)


def list_coming(
    session: Session, *, agency_id: str, since: datetime, most: int = 50
) -> list[ConferenceRow]:
    """The conferences that an agency attends and that start from then on, the next first."""
    rows = _COMING.rows(session, agency_id=agency_id, since=since, most=most)
    return [ConferenceRow(*row) for row in rows]


def find_last(session: Session, *, agency_id: str, before: datetime) -> str | None:
    """The id of the last conference that an agency ran before a moment."""
    c = t.conference.c
    query = select(c.id).where(c.agency_id == agency_id, c.starts_at < before)
    return session.execute(query.order_by(c.starts_at.desc(), c.id).limit(1)).scalar()


def list_begun(session: Session, *, after: datetime, until: datetime) -> list[tuple[str, datetime]]:
    """Conferences that began within a time: (agency that runs it, start), the first first."""
    c = t.conference.c
    query = select(c.agency_id, c.starts_at).where(c.starts_at > after, c.starts_at <= until)
    return [(row[0], row[1]) for row in session.execute(query.order_by(c.starts_at))]


def list_of_case(session: Session, case_id: str, *, since: datetime) -> list[ConferenceRow]:
    """The conferences on whose list a case stands and that start from then on, the next first."""
    rows = _OF_CASE.rows(session, case_id=case_id, since=since)
    return [ConferenceRow(*row) for row in rows]


def list_attended(
    session: Session, case_id: str, *, agency_id: str, until: datetime
) -> list[ConferenceRow]:
    """Conferences with a case on their list that started by then, of who runs or attends them."""
    c, attendee = t.conference.c, t.conference_attendee.c
    attends = select(attendee.agency_id).where(
        attendee.conference_id == c.id, attendee.agency_id == agency_id
    )
    query = (
        select(*_ROW)
        .join(t.conference_case, t.conference_case.c.conference_id == c.id)
        .where(
            t.conference_case.c.case_id == case_id,
            c.starts_at <= until,
            or_(c.agency_id == agency_id, attends.exists()),
        )
    )
    return [ConferenceRow(*row) for row in session.execute(query.order_by(c.starts_at, c.id))]


def list_places(session: Session, conference_id: str) -> dict[str, int]:
    """Where a person put cases of a list, by case; those that nobody moved are absent."""
    rows = _PLACES.rows(session, conference_id=conference_id)
    return {row[0]: row[1] for row in rows}


def set_places(session: Session, conference_id: str, places: Mapping[str, int | None]) -> None:
    """Put cases of a list where a person wants them; None takes a case's place back."""
    of = t.conference_case
    for case_id, place in places.items():
        row = (of.c.conference_id == conference_id, of.c.case_id == case_id)
        change(session, update(of).where(*row).values(place=place))


def set_locked(session: Session, conference_id: str, at: datetime | None) -> None:
    """Let the list of a conference stand from a moment on, or open it again."""
    row = t.conference.c.id == conference_id
    change(session, update(t.conference).where(row).values(locked_at=at))


def set_begun(session: Session, conference_id: str, at: datetime) -> None:
    """Begin the meeting."""
    row = t.conference.c.id == conference_id
    change(session, update(t.conference).where(row).values(begun_at=at))


def set_ended(session: Session, conference_id: str, at: datetime) -> None:
    """End the meeting."""
    row = t.conference.c.id == conference_id
    change(session, update(t.conference).where(row).values(ended_at=at))


def hold_list(session: Session, conference_id: str) -> None:
    """Make who orders a list wait for who orders it at this moment (SQLite already does)."""
    of = select(t.conference.c.id).where(t.conference.c.id == conference_id)
    session.execute(of.with_for_update()).all()


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

"""Owns the SQL of counts: which meetings there were, what was heard, and when what followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from gateway.rules.minutes import SECTIONS
from gateway.schemas.codes import CaseState
from gateway.store import tables as t
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """A conference that began, and what was listed for it: (case, how it came to the list)."""

    conference_id: str
    starts_at: datetime
    cases: tuple[tuple[str, str], ...]


def list_meetings(
    session: Session, *, agency_id: str, since: datetime, until: datetime
) -> list[MeetingRow]:
    """The conferences that an agency ran in a time, from `since` on and before `until`."""
    c, of = t.conference.c, t.conference_case.c
    query = (
        select(c.id, c.starts_at, of.case_id, of.kind)
        .outerjoin(t.conference_case, of.conference_id == c.id)
        .where(c.agency_id == agency_id, c.starts_at >= since, c.starts_at < until)
        .order_by(c.starts_at, c.id, of.case_id)
    )
    found: dict[str, MeetingRow] = {}
    for conference_id, starts_at, case_id, kind in session.execute(query):
        before = found.get(conference_id, MeetingRow(conference_id, starts_at, ()))
        more = ((case_id, kind),) if case_id else ()
        found[conference_id] = MeetingRow(conference_id, starts_at, before.cases + more)
    return list(found.values())


def list_heard(
    session: Session, case_ids: Sequence[str], *, since: datetime, until: datetime
) -> dict[str, datetime]:
    """When each of these cases was heard last, from `since` on and before `until`.

    One that was not is absent.
    """
    s = t.state.c
    query = (
        select(s.case_id, func.max(s.at))
        .where(s.case_id.in_(case_ids), s.state == CaseState.HEARD, s.at >= since, s.at < until)
        .group_by(s.case_id)
    )
    return {row[0]: row[1] for row in session.execute(query)} if case_ids else {}


def list_returned(session: Session, case_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """The cases of which a referral was returned for more, with the coded reasons."""
    s = t.state.c
    query = select(s.case_id, s.reasons).where(
        s.case_id.in_(case_ids), s.state == CaseState.RETURNED
    )
    found: dict[str, frozenset[str]] = {}
    for case_id, reasons in session.execute(query) if case_ids else ():
        found[case_id] = found.get(case_id, frozenset()) | frozenset(reasons)
    return found


def list_minuted(session: Session, case_ids: Sequence[str]) -> dict[str, datetime]:
    """When minutes of each case first went out; one whose minutes did not is absent."""
    s = t.section.c
    query = (
        select(s.case_id, func.min(s.written_at))
        .where(s.case_id.in_(case_ids), s.name.in_(SECTIONS), s.part == "FULL")
        .group_by(s.case_id)
    )
    return {row[0]: row[1] for row in session.execute(query)} if case_ids else {}


def list_named(session: Session, case_ids: Sequence[str], name: str) -> frozenset[str]:
    """The cases in which a section of this name stands now, whoever can open it."""
    s = t.section.c
    query = select(s.case_id).where(
        s.case_id.in_(case_ids), s.name == name, s.superseded_at.is_(None)
    )
    return frozenset(session.execute(query).scalars()) if case_ids else frozenset()


def count_glasses(session: Session, case_ids: Sequence[str]) -> int:
    """How often somebody looked behind the need to know in these cases."""
    g = t.glass.c
    query = select(func.count()).where(g.case_id.in_(case_ids), g.until.is_not(None))
    return int(session.execute(query).scalar_one()) if case_ids else 0

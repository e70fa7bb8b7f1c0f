"""Owns the SQL of erasure: every row of a case goes, and a tombstone says that it was there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, delete, or_, select

from gateway.store import tables as t
from gateway.store.rows import add, change
from gateway.store.sessions import Session

# In the order in which they refer to each other; each has a `case_id`.
_OF_A_CASE: tuple[Table, ...] = (
    t.action_notice,
    t.action_step,
    t.action,
    t.flag,
    t.case_key,
    t.section_grant,
    t.seal_request,
    t.private_note,
    t.attachment,
    t.section,
    t.presence,
    t.research_return,
    t.research_request,
    t.conference_case,
    t.feed,
    t.case_token,
    t.conflict_act,
    t.held_text,
    t.release,
    t.redaction,
    t.counter_review,
    t.glass,
    t.receipt,
    t.notice,
    t.approval,
    t.feedback,
    t.acknowledgement,
    t.assignment,
    t.consent,
    t.override,
    t.recall,
    t.risk,
    t.position,
    t.state,
)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of an erased case: its number, dates, who asked, and who had it erased."""

    reference: str
    case_id: str
    area: str
    opened_at: datetime
    erased_at: datetime
    because: str
    first: str  # the operators
    second: str
    asked_by: str | None = None  # the agency; None for what was erased before this was asked for
    asked: str | None = None  # its signed statement


def erase(session: Session, case_id: str, *, at_least: Collection[tuple[str, str]] = ()) -> None:
    """Take away every row of a case; `at_least` are answers (agency, key) that tell of it."""
    for agency_id, key in at_least:  # first: the second wall shows them while they have a case
        a = t.answer.c
        session.execute(delete(t.answer).where(a.agency_id == agency_id, a.key == key))
    mine = select(t.party.c.id).where(t.party.c.case_id == case_id)
    session.execute(delete(t.party_token).where(t.party_token.c.party_id.in_(mine)))
    session.execute(delete(t.party).where(t.party.c.case_id == case_id))
    link = t.link.c
    session.execute(delete(t.link).where(or_(link.case_id == case_id, link.other_id == case_id)))
    for table in _OF_A_CASE:
        session.execute(delete(table).where(table.c.case_id == case_id))
    sent = select(t.referral.c.reference).where(t.referral.c.case_id == case_id)
    session.execute(delete(t.referral_version).where(t.referral_version.c.reference.in_(sent)))
    session.execute(delete(t.referral).where(t.referral.c.case_id == case_id))
    change(session, delete(t.case).where(t.case.c.id == case_id))


def list_joined(session: Session, case_id: str) -> set[str]:
    """The cases that were joined to this one, or to which this one was."""
    link = t.link.c
    rows = session.execute(
        select(link.case_id, link.other_id).where(
            link.kind == "MERGED", or_(link.case_id == case_id, link.other_id == case_id)
        )
    )
    return {each for row in rows for each in row} - {case_id}


def list_answers(session: Session, agencies: Sequence[str]) -> list[tuple[str, str, bytes]]:
    """What these agencies were answered: (agency, key, body)."""
    a = t.answer.c
    rows = session.execute(select(a.agency_id, a.key, a.body).where(a.agency_id.in_(agencies)))
    return [(row[0], row[1], row[2]) for row in rows]


def list_members(session: Session, case_id: str) -> list[str]:
    """Every agency that ever had a part in a case, sent one of its referrals or typed one in."""
    r = t.referral.c
    assigned = select(t.assignment.c.agency_id).where(t.assignment.c.case_id == case_id)
    sent = select(r.agency_id).where(r.case_id == case_id)
    typed = select(r.entered_agency_id).where(
        r.case_id == case_id, r.entered_agency_id.is_not(None)
    )
    return sorted(session.execute(assigned.union(sent, typed)).scalars())


def add_tombstone(session: Session, stone: Tombstone) -> None:
    """Keep a tombstone."""
    add(
        session,
        t.tombstone,
        reference=stone.reference,
        case_id=stone.case_id,
        area=stone.area,
        opened_at=stone.opened_at,
        erased_at=stone.erased_at,
        because=stone.because,
        first=stone.first,
        second=stone.second,
        asked_by=stone.asked_by,
        asked=stone.asked,
    )


def find_tombstone(session: Session, reference: str) -> Tombstone | None:
    """The tombstone behind a reference."""
    s = t.tombstone
    row = session.execute(select(s).where(s.c.reference == reference)).one_or_none()
    return Tombstone(*row) if row else None

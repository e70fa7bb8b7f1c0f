"""Owns the rows of enrolments: asked for by one operator, closed by another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from gateway.schemas.codes import Enrolling
from gateway.store import tables as t
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """An enrolment with the operators' signatures."""

    id: str
    act: Enrolling
    agency_id: str
    content: Mapping[str, Any]
    asked_by: str
    asked_at: datetime
    asked_proof: str = field(repr=False)
    expires_at: datetime
    closed_by: str | None = None
    closed_at: datetime | None = None
    approved_proof: str | None = field(default=None, repr=False)


def add_enrolment(session: Session, row: EnrolmentRow) -> None:
    """Insert what was asked for."""
    session.execute(
        insert(t.enrolment).values(
            id=row.id,
            act=row.act,
            agency_id=row.agency_id,
            content=dict(row.content),
            asked_by=row.asked_by,
            asked_at=row.asked_at,
            asked_proof=row.asked_proof,
            expires_at=row.expires_at,
        )
    )


def list_open(session: Session, *, at: datetime) -> list[EnrolmentRow]:
    """What waits for a second operator, oldest first."""
    e = t.enrolment
    rows = session.execute(
        _ALL.where(e.c.closed_at.is_(None), e.c.expires_at > at).order_by(e.c.asked_at, e.c.id)
    )
    return [EnrolmentRow(*row) for row in rows]


def list_approved(session: Session) -> list[EnrolmentRow]:
    """Everything that was ever approved, oldest first."""
    e = t.enrolment
    rows = session.execute(
        _ALL.where(e.c.approved_proof.is_not(None)).order_by(e.c.closed_at, e.c.id)
    )
    return [EnrolmentRow(*row) for row in rows]


def close(
    session: Session, enrolment_id: str, *, by: str, at: datetime, approved_proof: str | None
) -> bool:
    """Approve an open enrolment, or without a proof withdraw it; False if it is closed."""
    e = t.enrolment
    done = session.execute(
        update(e)
        .where(e.c.id == enrolment_id, e.c.closed_at.is_(None))
        .values(closed_by=by, closed_at=at, approved_proof=approved_proof)
        .returning(e.c.id)
    )
    return done.one_or_none() is not None


_ALL = select(
    t.enrolment.c.id,
    t.enrolment.c.act,
    t.enrolment.c.agency_id,
    t.enrolment.c.content,
    t.enrolment.c.asked_by,
    t.enrolment.c.asked_at,
    t.enrolment.c.asked_proof,
    t.enrolment.c.expires_at,
    t.enrolment.c.closed_by,
    t.enrolment.c.closed_at,
    t.enrolment.c.approved_proof,
)

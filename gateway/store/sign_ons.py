"""Owns whom a provider's subject is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class SignOnRow:
    """A person, by what the provider calls it."""

    subject: bytes
    agency_id: str
    worker_id: str
    linked_at: datetime
    used_at: datetime | None


_S = t.sign_on.c
_SIGN_ON = select(_S.subject, _S.agency_id, _S.worker_id, _S.linked_at, _S.used_at)
_BY_SUBJECT = Prepared(_SIGN_ON.where(_S.subject == bindparam("subject")))
_OF_PERSON = Prepared(
    _SIGN_ON.where(_S.agency_id == bindparam("agency_id"), _S.worker_id == bindparam("worker_id"))
)


def find_subject(session: Session, subject: bytes) -> SignOnRow | None:
    """Whoever linked this subject."""
    rows = _BY_SUBJECT.rows(session, subject=subject)
    return SignOnRow(*rows[0]) if rows else None


def find_of(session: Session, *, agency_id: str, worker_id: str) -> SignOnRow | None:
    """What a person linked."""
    rows = _OF_PERSON.rows(session, agency_id=agency_id, worker_id=worker_id)
    return SignOnRow(*rows[0]) if rows else None


def add_subject(
    session: Session, *, agency_id: str, worker_id: str, subject: bytes, at: datetime
) -> None:
    """Keep a link that was not there.

    :raises IntegrityError: if the subject is somebody's, or the person has one.
    """
    add(
        session,
        t.sign_on,
        agency_id=agency_id,
        worker_id=worker_id,
        subject=subject,
        linked_at=at,
    )


def set_used(session: Session, row: SignOnRow, *, at: datetime) -> None:
    """Note a use."""
    change(
        session,
        update(t.sign_on)
        .where(_S.agency_id == row.agency_id, _S.worker_id == row.worker_id)
        .values(used_at=at),
    )


def end(session: Session, *, agency_id: str, worker_id: str) -> None:
    """End a person's link, if there is one."""
    session.execute(delete(t.sign_on).where(_S.agency_id == agency_id, _S.worker_id == worker_id))

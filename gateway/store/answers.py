"""Owns what was answered under an Idempotency-Key, and which document ids were used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from gateway.store.prepared import Prepared
from gateway.store.rows import add
from gateway.store.sessions import Session
from gateway.store.tables import answer, document_jti


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it went out."""

    digest: bytes
    status: int
    content_type: str
    body: bytes


_ANSWER = Prepared(
    select(answer.c.digest, answer.c.status, answer.c.content_type, answer.c.body).where(
        answer.c.agency_id == bindparam("agency"), answer.c.key == bindparam("key")
    )
)


def find_answer(session: Session, *, agency_id: str, key: str) -> Answer | None:
    """What `agency_id` was answered under `key` before."""
    rows = _ANSWER.rows(session, agency=agency_id, key=key)
    return Answer(*rows[0]) if rows else None


def add_answer(
    session: Session, *, agency_id: str, key: str, answered_at: datetime, given: Answer
) -> bool:
    """Keep an answer. False if another request answered under the same key first."""
    try:
        add(
            session,
            answer,
            agency_id=agency_id,
            key=key,
            digest=given.digest,
            status=given.status,
            content_type=given.content_type,
            body=given.body,
            answered_at=answered_at,
        )
    except IntegrityError:
        return False
    return True


def use_jti(session: Session, *, agency_id: str, jti: str, expires_at: datetime) -> bool:
    """Mark a document id as used. False if it was used before by this agency."""
    try:
        add(session, document_jti, agency_id=agency_id, jti=jti, expires_at=expires_at)
    except IntegrityError:
        return False
    return True


_EXPIRED = Prepared(delete(document_jti).where(document_jti.c.expires_at < bindparam("now")))


def forget_jtis(session: Session, *, now: datetime) -> None:
    """Forget used document ids whose documents can no longer be accepted anyway."""
    _EXPIRED.run(session, [{"now": now}])

"""Owns references, the documents as sent, and which case a reference leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A referral: its own reference, its case and its sender; and who typed it in for that one."""

    reference: str
    case_id: str
    agency_id: str
    worker_id: str | None
    received_at: datetime
    entered_agency_id: str | None = None
    entered_worker_id: str | None = None


_COLUMNS = (
    t.referral.c.reference,
    t.referral.c.case_id,
    t.referral.c.agency_id,
    t.referral.c.worker_id,
    t.referral.c.received_at,
    t.referral.c.entered_agency_id,
    t.referral.c.entered_worker_id,
)


_BY_REFERENCE = Prepared(select(*_COLUMNS).where(t.referral.c.reference == bindparam("reference")))
_BY_CASE = Prepared(
    select(*_COLUMNS)
    .where(t.referral.c.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(t.referral.c.received_at, t.referral.c.reference)
)


def add_referral(session: Session, row: ReferralRow) -> None:
    """Keep a new referral."""
    add(
        session,
        t.referral,
        reference=row.reference,
        case_id=row.case_id,
        agency_id=row.agency_id,
        worker_id=row.worker_id,
        received_at=row.received_at,
        entered_agency_id=row.entered_agency_id,
        entered_worker_id=row.entered_worker_id,
    )


def add_version(
    session: Session,
    *,
    reference: str,
    version: int,
    received_at: datetime,
    digest: bytes,
    document: bytes,
) -> None:
    """Keep a version: the digest of its content and the sealed document as it was signed."""
    add(
        session,
        t.referral_version,
        reference=reference,
        version=version,
        received_at=received_at,
        digest=digest,
        document=document,
    )


def list_documents(session: Session, case_id: str) -> list[tuple[str, int, bytes]]:
    """Every document of a case as (reference, version, sealed), oldest first."""
    r, v = t.referral, t.referral_version
    rows = session.execute(
        select(v.c.reference, v.c.version, v.c.document)
        .join(r, r.c.reference == v.c.reference)
        .where(r.c.case_id == case_id)
        .order_by(v.c.received_at, v.c.version)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def set_document(session: Session, reference: str, version: int, document: bytes) -> None:
    """Put the same document under another key."""
    v = t.referral_version
    place = (v.c.reference == reference, v.c.version == version)
    change(session, update(v).where(*place).values(document=document))


def count_versions(session: Session, reference: str) -> int:
    """How many versions of a referral were sent."""
    v = t.referral_version
    return session.execute(
        select(func.count()).select_from(v).where(v.c.reference == reference)
    ).scalar_one()


def find_referral(session: Session, *, reference: str) -> ReferralRow | None:
    """The referral with this reference, whoever sent it: callers decide who may know."""
    rows = _BY_REFERENCE.rows(session, reference=reference)
    return ReferralRow(*rows[0]) if rows else None


def list_held(session: Session, references: Sequence[str]) -> set[str]:
    """Those of the references that lead to a case."""
    r, found = t.referral.c.reference, set[str]()
    for start in range(0, len(references), 500):  # a statement takes only so many values
        part = references[start : start + 500]
        found |= set(session.execute(select(r).where(r.in_(part))).scalars())
    return found


def list_sent(
    session: Session, *, agency_id: str, before: tuple[datetime, str] | None, limit: int
) -> list[ReferralRow]:
    """Referrals sent by an agency, newest first, after the keyset position `before`."""
    r = t.referral
    query = select(*_COLUMNS).where(r.c.agency_id == agency_id)
    if before is not None:
        at, reference = before
        # The first condition is implied, and lets the index find the place.
        query = query.where(
            r.c.received_at <= at, (r.c.received_at < at) | (r.c.reference < reference)
        )
    rows = session.execute(
        query.order_by(r.c.received_at.desc(), r.c.reference.desc()).limit(limit)
    )
    return [ReferralRow(*row) for row in rows]


def list_references(session: Session, case_ids: Sequence[str]) -> dict[str, list[ReferralRow]]:
    """Every referral of each case, oldest first."""
    found: dict[str, list[ReferralRow]] = {}
    rows = _BY_CASE.rows(session, ids=case_ids) if case_ids else ()
    for row in rows:
        found.setdefault(row[1], []).append(ReferralRow(*row))
    return found

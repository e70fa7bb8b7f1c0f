"""Owns the rows of agencies, their scopes and workers; keys are in store.agency_keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from gateway.schemas.codes import AgencyKind, Custody
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """A registered agency."""

    id: str
    name: str
    kind: AgencyKind
    area: str
    custody: Custody
    registered_at: datetime
    suspended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A registered person of an agency: an opaque id, never a name."""

    agency_id: str
    id: str
    is_chair: bool
    registered_at: datetime
    suspended_at: datetime | None


def add_agency(session: Session, agency: AgencyRow, *, scopes: Iterable[str]) -> None:
    """Insert an agency and its scopes; its keys are added apart."""
    session.execute(
        insert(t.agency).values(
            id=agency.id,
            name=agency.name,
            kind=agency.kind,
            area=agency.area,
            custody=agency.custody,
            registered_at=agency.registered_at,
        )
    )
    session.execute(
        insert(t.agency_scope), [{"agency_id": agency.id, "scope": scope} for scope in scopes]
    )


def find_agency(session: Session, agency_id: str) -> AgencyRow | None:
    """One agency, suspended or not."""
    row = session.execute(_AGENCIES.where(t.agency.c.id == agency_id)).one_or_none()
    return AgencyRow(*row) if row else None


def list_custodies(session: Session, agency_ids: Collection[str]) -> dict[str, Custody]:
    """Where the private keys of these agencies lie, by id."""
    rows = _CUSTODIES.rows(session, ids=sorted(agency_ids))
    return {row[0]: row[1] for row in rows}


def list_agencies(session: Session) -> list[AgencyRow]:
    """All agencies, by area and id."""
    return [AgencyRow(*row) for row in _ALL.rows(session)]


def list_standing(session: Session) -> list[tuple[str, AgencyKind, str, datetime | None]]:
    """Id, kind, area and end of every agency: what each referral asks of all of them."""
    return [(row[0], row[1], row[2], row[3]) for row in _STANDING.rows(session)]


def set_suspended(session: Session, agency_id: str, at: datetime | None) -> None:
    """Suspend an agency, or resume it with None."""
    change(session, update(t.agency).where(t.agency.c.id == agency_id).values(suspended_at=at))


def list_scopes(session: Session, agency_id: str) -> frozenset[str]:
    """The scopes that an agency may ask for."""
    s = t.agency_scope
    return frozenset(session.execute(select(s.c.scope).where(s.c.agency_id == agency_id)).scalars())


def add_worker(
    session: Session,
    *,
    agency_id: str,
    worker_id: str,
    is_chair: bool,
    at: datetime,
    vouched_by: str | None = None,
    team: str | None = None,
) -> None:
    """Insert a worker."""
    session.execute(
        insert(t.worker).values(
            agency_id=agency_id,
            id=worker_id,
            is_chair=is_chair,
            registered_at=at,
            vouched_by=vouched_by,
            team=team,
        )
    )


def find_worker(session: Session, *, agency_id: str, worker_id: str) -> WorkerRow | None:
    """One worker of this agency; another agency's worker is absent."""
    w = t.worker
    row = session.execute(
        _WORKERS.where(w.c.agency_id == agency_id, w.c.id == worker_id)
    ).one_or_none()
    return WorkerRow(*row) if row else None


def set_worker_suspended(
    session: Session, *, agency_id: str, worker_id: str, at: datetime | None
) -> None:
    """Suspend a worker, or resume with None."""
    w = t.worker
    mine = (w.c.agency_id == agency_id, w.c.id == worker_id)
    change(session, update(w).where(*mine).values(suspended_at=at))


_AGENCIES = select(
    t.agency.c.id,
    t.agency.c.name,
    t.agency.c.kind,
    t.agency.c.area,
    t.agency.c.custody,
    t.agency.c.registered_at,
    t.agency.c.suspended_at,
)
_ALL = Prepared(_AGENCIES.order_by(t.agency.c.area, t.agency.c.id))
_STANDING = Prepared(
    select(t.agency.c.id, t.agency.c.kind, t.agency.c.area, t.agency.c.suspended_at).order_by(
        t.agency.c.area, t.agency.c.id
    )
)
_CUSTODIES = Prepared(
    select(t.agency.c.id, t.agency.c.custody).where(
        t.agency.c.id.in_(bindparam("ids", expanding=True))
    )
)
_WORKERS = select(
    t.worker.c.agency_id,
    t.worker.c.id,
    t.worker.c.is_chair,
    t.worker.c.registered_at,
    t.worker.c.suspended_at,
)

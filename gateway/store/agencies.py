"""Owns the rows of agencies, their public keys, scopes and workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from gateway.schemas.codes import AgencyKind, Custody
from gateway.store import tables as t


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
class NewKey:
    """A public key to register; `private` is there for custody HOSTED only, and wrapped."""

    kid: str
    use: str
    jwk: Mapping[str, Any]
    private: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A public key that is valid at the time asked for."""

    agency_id: str
    kid: str
    jwk: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A registered person of an agency: an opaque id, never a name."""

    agency_id: str
    id: str
    is_chair: bool
    registered_at: datetime
    suspended_at: datetime | None


def add_agency(
    session: Session, agency: AgencyRow, *, keys: Sequence[NewKey], scopes: Iterable[str]
) -> None:
    """Insert an agency with its keys, valid from its registration, and its scopes."""
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
        insert(t.agency_key),
        [
            {
                "agency_id": agency.id,
                "kid": key.kid,
                "use": key.use,
                "jwk": dict(key.jwk),
                "private": key.private,
                "valid_from": agency.registered_at,
            }
            for key in keys
        ],
    )
    session.execute(
        insert(t.agency_scope), [{"agency_id": agency.id, "scope": scope} for scope in scopes]
    )


def find_agency(session: Session, agency_id: str) -> AgencyRow | None:
    """One agency, suspended or not."""
    row = session.execute(_AGENCIES.where(t.agency.c.id == agency_id)).one_or_none()
    return AgencyRow(*row) if row else None


def list_agencies(session: Session) -> list[AgencyRow]:
    """All agencies, by area and id."""
    rows = session.execute(_ALL)
    return [AgencyRow(*row) for row in rows]


def set_suspended(session: Session, agency_id: str, at: datetime | None) -> None:
    """Suspend an agency, or resume it with None."""
    session.execute(update(t.agency).where(t.agency.c.id == agency_id).values(suspended_at=at))


def list_scopes(session: Session, agency_id: str) -> frozenset[str]:
    """The scopes that an agency may ask for."""
    s = t.agency_scope
    return frozenset(session.execute(select(s.c.scope).where(s.c.agency_id == agency_id)).scalars())


def list_keys(
    session: Session, *, use: str, at: datetime, agency_id: str | None = None
) -> list[KeyRow]:
    """Public keys of one use that are valid at a time, newest first; of all agencies or of one."""
    k = t.agency_key
    mine = () if agency_id is None else (k.c.agency_id == agency_id,)
    rows = session.execute(
        select(k.c.agency_id, k.c.kid, k.c.jwk)
        .where(k.c.use == use, _is_valid(at), *mine)
        .order_by(k.c.agency_id, k.c.valid_from.desc(), k.c.kid)
    )
    return [KeyRow(*row) for row in rows]


def find_key(
    session: Session, *, agency_id: str, kid: str, use: str, at: datetime
) -> KeyRow | None:
    """One public key of an agency, if it is valid at a time."""
    values = {"agency": agency_id, "kid": kid, "use": use, "at": at}
    row = session.execute(_KEY, values).one_or_none()
    return KeyRow(*row) if row else None


def find_private(session: Session, *, agency_id: str, use: str, at: datetime) -> list[NewKey]:
    """The keys of an agency in custody HOSTED, newest first, each with its wrapped private part."""
    k = t.agency_key
    rows = session.execute(
        select(k.c.kid, k.c.use, k.c.jwk, k.c.private)
        .where(k.c.agency_id == agency_id, k.c.use == use, k.c.private.is_not(None), _is_valid(at))
        .order_by(k.c.valid_from.desc(), k.c.kid)
    )
    return [NewKey(*row) for row in rows]


def add_worker(
    session: Session, *, agency_id: str, worker_id: str, is_chair: bool, at: datetime
) -> None:
    """Insert a worker."""
    session.execute(
        insert(t.worker).values(
            agency_id=agency_id, id=worker_id, is_chair=is_chair, registered_at=at
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
    session.execute(
        update(w).where(w.c.agency_id == agency_id, w.c.id == worker_id).values(suspended_at=at)
    )


_AGENCIES = select(
    t.agency.c.id,
    t.agency.c.name,
    t.agency.c.kind,
    t.agency.c.area,
    t.agency.c.custody,
    t.agency.c.registered_at,
    t.agency.c.suspended_at,
)
_ALL = _AGENCIES.order_by(t.agency.c.area, t.agency.c.id)
_WORKERS = select(
    t.worker.c.agency_id,
    t.worker.c.id,
    t.worker.c.is_chair,
    t.worker.c.registered_at,
    t.worker.c.suspended_at,
)


def _is_valid(at: datetime) -> ColumnElement[bool]:
    k = t.agency_key
    return and_(k.c.valid_from <= at, or_(k.c.valid_until.is_(None), k.c.valid_until > at))


_KEY = select(t.agency_key.c.agency_id, t.agency_key.c.kid, t.agency_key.c.jwk).where(
    t.agency_key.c.agency_id == bindparam("agency"),
    t.agency_key.c.kid == bindparam("kid"),
    t.agency_key.c.use == bindparam("use"),
    t.agency_key.c.valid_from <= bindparam("at"),
    or_(t.agency_key.c.valid_until.is_(None), t.agency_key.c.valid_until > bindparam("at")),
)

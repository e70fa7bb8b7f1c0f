"""Owns people at the desk: their roles, and the sessions in which they are signed in."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, bindparam, delete, select, update

from gateway.schemas.codes import AgencyKind, Custody, PersonRole, SignedInBy
from gateway.store import context
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all, change
from gateway.store.session import Look
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A worker with its agency, as both stand now."""

    agency_id: str
    agency_name: str
    kind: AgencyKind
    area: str
    custody: Custody
    agency_suspended_at: datetime | None
    worker_id: str
    is_chair: bool
    registered_at: datetime
    worker_suspended_at: datetime | None
    vouched_by: str | None
    team: str | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Where a person is signed in."""

    digest: bytes
    worker_id: str
    method: SignedInBy
    began_at: datetime
    authenticated_at: datetime
    seen_at: datetime
    ended_at: datetime | None


_PERSON = (
    t.agency.c.id,
    t.agency.c.name,
    t.agency.c.kind,
    t.agency.c.area,
    t.agency.c.custody,
    t.agency.c.suspended_at,
    t.worker.c.id,
    t.worker.c.is_chair,
    t.worker.c.registered_at,
    t.worker.c.suspended_at,
    t.worker.c.vouched_by,
    t.worker.c.team,
)
_S = t.desk_session.c
_SESSION = (
    _S.digest,
    _S.worker_id,
    _S.method,
    _S.began_at,
    _S.authenticated_at,
    _S.seen_at,
    _S.ended_at,
)
_JOINED = t.worker.join(t.agency, t.agency.c.id == t.worker.c.agency_id)
_ONE = Prepared(
    select(*_PERSON)
    .select_from(_JOINED)
    .where(t.worker.c.agency_id == bindparam("agency_id"), t.worker.c.id == bindparam("worker_id"))
)
_ALL = Prepared(
    select(*_PERSON)
    .select_from(_JOINED)
    .where(t.worker.c.agency_id == bindparam("agency_id"))
    .order_by(t.worker.c.id)
)
_ROLES = Prepared(
    select(t.person_role.c.worker_id, t.person_role.c.role).where(
        t.person_role.c.agency_id == bindparam("agency_id")
    )
)
_SIGNED_IN = Prepared(
    select(*_PERSON, *_SESSION)
    .select_from(
        t.desk_session.join(
            t.worker, (t.worker.c.agency_id == _S.agency_id) & (t.worker.c.id == _S.worker_id)
        ).join(t.agency, t.agency.c.id == _S.agency_id)
    )
    .where(_S.digest == bindparam("digest"), _S.agency_id == bindparam("agency_id"))
)
_ROLES_OF = Prepared(
    select(t.person_role.c.role).where(
        t.person_role.c.agency_id == bindparam("agency_id"),
        t.person_role.c.worker_id == bindparam("worker_id"),
    )
)


def find_signed_in(
    engine: Engine, *, agency_id: str, digest: bytes
) -> tuple[PersonRow, SessionRow, frozenset[PersonRole]] | None:
    """Who is behind a session, with the roles that the person has now; for every page anew."""
    with closing(Look(engine)) as look:
        context.stand(look, agency_id)
        rows = _SIGNED_IN.rows(look, agency_id=agency_id, digest=digest)
        if not rows:
            return None
        person, session = PersonRow(*rows[0][: len(_PERSON)]), SessionRow(*rows[0][len(_PERSON) :])
        roles = _ROLES_OF.rows(look, agency_id=agency_id, worker_id=person.worker_id)
    return person, session, frozenset(row[0] for row in roles)


def find_person(session: Session, *, agency_id: str, worker_id: str) -> PersonRow | None:
    """A worker of this agency."""
    rows = _ONE.rows(session, agency_id=agency_id, worker_id=worker_id)
    return PersonRow(*rows[0]) if rows else None


def list_people(session: Session, *, agency_id: str) -> list[PersonRow]:
    """All workers of an agency, by id."""
    return [PersonRow(*row) for row in _ALL.rows(session, agency_id=agency_id)]


def list_roles(session: Session, *, agency_id: str) -> dict[str, frozenset[PersonRole]]:
    """Roles of an agency's people, by worker."""
    found: dict[str, set[PersonRole]] = {}
    for worker_id, role in _ROLES.rows(session, agency_id=agency_id):
        found.setdefault(worker_id, set()).add(role)
    return {worker_id: frozenset(roles) for worker_id, roles in found.items()}


def set_roles(
    session: Session,
    *,
    agency_id: str,
    worker_id: str,
    roles: Iterable[PersonRole],
    given_by: str | None,
    at: datetime,
) -> None:
    """Let a person have these roles and no others."""
    r = t.person_role
    session.execute(delete(r).where(r.c.agency_id == agency_id, r.c.worker_id == worker_id))
    add_all(
        session,
        r,
        [
            {
                "agency_id": agency_id,
                "worker_id": worker_id,
                "role": role,
                "given_by": given_by,
                "at": at,
            }
            for role in sorted(roles)
        ],
    )


def add_session(session: Session, agency_id: str, row: SessionRow) -> None:
    """Keep a new session."""
    add(
        session,
        t.desk_session,
        agency_id=agency_id,
        digest=row.digest,
        worker_id=row.worker_id,
        method=row.method,
        began_at=row.began_at,
        authenticated_at=row.authenticated_at,
        seen_at=row.seen_at,
        ended_at=None,
    )


def set_seen(session: Session, *, agency_id: str, digest: bytes, at: datetime) -> None:
    """Note that a session was used."""
    mine = (_S.agency_id == agency_id, _S.digest == digest)
    change(session, update(t.desk_session).where(*mine).values(seen_at=at))


def list_sessions(session: Session, *, agency_id: str, worker_id: str) -> list[SessionRow]:
    """Sessions of a person that nobody ended, the newest first."""
    rows = session.execute(
        select(*_SESSION)
        .where(_S.agency_id == agency_id, _S.worker_id == worker_id, _S.ended_at.is_(None))
        .order_by(_S.seen_at.desc())
    )
    return [SessionRow(*row) for row in rows]


def end_sessions(
    session: Session,
    *,
    agency_id: str,
    worker_id: str,
    at: datetime,
    digest: bytes | None = None,
) -> int:
    """End a person's sessions, or one of them; how many there were."""
    ending = update(t.desk_session).where(
        _S.agency_id == agency_id, _S.worker_id == worker_id, _S.ended_at.is_(None)
    )
    if digest is not None:
        ending = ending.where(_S.digest == digest)
    return int(session.execute(ending.values(ended_at=at)).rowcount)  # type: ignore[attr-defined]

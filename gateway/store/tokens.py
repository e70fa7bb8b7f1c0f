"""Owns what is looked up for each token on each request, and the list of revoked tokens."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.schemas.codes import AgencyKind
from gateway.store import context
from gateway.store import tables as t
from gateway.store.agency_keys import holds
from gateway.store.prepared import Prepared
from gateway.store.session import Look
from gateway.store.sessions import Session
from gateway.store.types import Utc, as_moment


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What the database says, now, about the agency, key, worker and token behind a request."""

    kind: AgencyKind
    area: str
    agency_suspended_at: datetime | None
    worker_id: str | None
    is_chair: bool | None
    worker_suspended_at: datetime | None
    worker_registered_at: datetime | None
    vouched_by: str | None
    team: str | None
    revoked_jti: str | None
    kid: str | None  # of the key that asked for the token, while it holds


_FACTS = Prepared(
    select(
        t.agency.c.kind,
        t.agency.c.area,
        t.agency.c.suspended_at,
        t.worker.c.id,
        t.worker.c.is_chair,
        t.worker.c.suspended_at,
        t.worker.c.registered_at,
        t.worker.c.vouched_by,
        t.worker.c.team,
        t.revoked_token.c.jti,
        t.agency_key.c.kid,
    )
    .select_from(t.agency)
    .outerjoin(
        t.worker,
        and_(t.worker.c.agency_id == t.agency.c.id, t.worker.c.id == bindparam("worker_id")),
    )
    .outerjoin(t.revoked_token, t.revoked_token.c.jti == bindparam("jti"))
    .outerjoin(
        t.agency_key,
        and_(
            t.agency_key.c.agency_id == t.agency.c.id,
            t.agency_key.c.kid == bindparam("kid"),
            t.agency_key.c.use == "sig",
            holds(bindparam("now", type_=Utc())),
        ),
    )
    .where(t.agency.c.id == bindparam("agency_id"))
)


# One statement: two requests may revoke the same token at the same moment.
_REVOKE = {
    kind.__name__.rpartition(".")[2]: kind.insert(t.revoked_token)
    .on_conflict_do_nothing(index_elements=["jti"])
    .returning(t.revoked_token.c.jti)
    for kind in (sqlite, postgresql)
}


def find_facts(
    engine: Engine, *, agency_id: str, worker_id: str | None, jti: str, kid: str, now: datetime
) -> TokenFacts | None:
    """Agency, key, worker and revocation in one statement; None if there is no such agency.

    It needs no session: on every request, its bookkeeping would cost more than the statement.
    """
    with closing(Look(engine)) as session:
        context.stand(session, agency_id)
        rows = _FACTS.rows(
            session, agency_id=agency_id, worker_id=worker_id, jti=jti, kid=kid, now=now
        )
    return _facts(rows[0]) if rows else None


def _facts(row: Any) -> TokenFacts:
    facts = TokenFacts(*row)
    return replace(facts, worker_registered_at=as_moment(facts.worker_registered_at))


def add_revoked(session: Session, *, jti: str, expires_at: datetime) -> bool:
    """Revoke a token; False if it was revoked before."""
    values = {"jti": jti, "expires_at": expires_at}
    revoking = _REVOKE[session.get_bind().dialect.name]
    return session.execute(revoking, values).one_or_none() is not None


def delete_expired(session: Session, *, now: datetime) -> None:
    """Forget revoked tokens that have expired by themselves."""
    r = t.revoked_token
    session.execute(delete(r).where(r.c.expires_at < now))

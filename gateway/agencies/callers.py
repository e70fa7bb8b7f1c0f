"""Owns who stands behind a token now: agency, key, worker, and whether one was stopped (F5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.facts import Caller
from gateway.store import tokens as store
from gateway.store.sessions import Session, sessionmaker
from gateway.store.tokens import TokenFacts


@dataclass(frozen=True, slots=True)
class Standing:
    """The caller, and the reason why it is refused, if it is."""

    caller: Caller
    refused: str | None


def standing(
    sessions: sessionmaker[Session], claims: Mapping[str, Any], now: datetime
) -> Standing | None:
    """Look up, in one statement, who a verified token speaks for; None if the agency is gone.

    Nothing is cached: a suspension, a revocation or the end of the key that asked for the token
    holds from the next request on.
    """
    worker_id = claims.get("worker")
    facts = store.find_facts(
        sessions.kw["bind"].engine,
        agency_id=claims["sub"],
        worker_id=worker_id,
        jti=claims["jti"],
        kid=claims["key"],
        now=now,
    )
    if facts is None:
        return None
    caller = Caller(
        agency_id=claims["sub"],
        kind=facts.kind,
        area=facts.area,
        scopes=frozenset(claims["scope"].split()),
        worker_id=worker_id,
        is_chair=bool(facts.is_chair),
        new_since=_new_since(facts, now),
        vouched_by=facts.vouched_by,
        authenticated_at=_moment(claims.get("auth_time")),
        method=claims.get("method"),
        team=facts.team or "",
    )
    return Standing(caller, _refusal(facts, worker_id))


def revoke(work: Work, *, jti: str, expires_at: datetime) -> bool:
    """Put a token on the list of revoked ones; False if it was there already."""
    with work.timing():
        store.delete_expired(work.session, now=work.now)
    return store.add_revoked(work.session, jti=jti, expires_at=expires_at)


def _new_since(facts: TokenFacts, now: datetime) -> datetime | None:
    since = facts.worker_registered_at
    return conflict.new_since(since, now) if since is not None else None


def _moment(claimed: object) -> datetime | None:
    return datetime.fromtimestamp(claimed, UTC) if isinstance(claimed, int) else None


def _refusal(facts: TokenFacts, worker_id: str | None) -> str | None:
    if facts.revoked_jti is not None:
        return "token-revoked"
    if facts.agency_suspended_at is not None:
        return "agency-suspended"
    if facts.kid is None:
        return "key-ended"
    if worker_id is not None and (facts.worker_id is None or facts.worker_suspended_at is not None):
        return "worker-suspended"
    return None

"""Owns the rows of agencies' public keys: added, planned to end, ended; never taken away.

A key holds from `valid_from` to `valid_until` as planned, or to `ended_at` if it was stopped
before. What it signed while it held stays verifiable by its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, insert, or_, select, update

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import change
from gateway.store.sessions import Session
from gateway.store.types import Utc


@dataclass(frozen=True, slots=True)
class NewKey:
    """A public key to register; `private` is there for custody HOSTED only, and wrapped."""

    kid: str
    use: str
    jwk: Mapping[str, Any]
    thumbprint: str
    private: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A public key that is valid at the time asked for."""

    agency_id: str
    kid: str
    jwk: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeyLife:
    """A public key with its dates, whether it holds or not."""

    agency_id: str
    kid: str
    use: str
    jwk: Mapping[str, Any]
    thumbprint: str
    valid_from: datetime
    valid_until: datetime | None
    ended_at: datetime | None
    enrolment_id: str | None

    def holds(self, at: datetime) -> bool:
        """Tell whether the key is valid at a time."""
        ends = [end for end in (self.valid_until, self.ended_at) if end is not None]
        return self.valid_from <= at and all(at < end for end in ends)


def holds(at: Any) -> ColumnElement[bool]:
    """The condition that a key holds at a time, or at a bound parameter."""
    k = t.agency_key
    return and_(
        k.c.valid_from <= at,
        or_(k.c.valid_until.is_(None), k.c.valid_until > at),
        or_(k.c.ended_at.is_(None), k.c.ended_at > at),
    )


def add_keys(
    session: Session,
    agency_id: str,
    keys: Sequence[NewKey],
    *,
    valid_from: datetime,
    valid_until: datetime | None = None,
    enrolment_id: str | None = None,
) -> None:
    """Insert keys of an agency."""
    rows = [
        {
            "agency_id": agency_id,
            "kid": key.kid,
            "use": key.use,
            "jwk": dict(key.jwk),
            "thumbprint": key.thumbprint,
            "valid_from": valid_from,
            "valid_until": valid_until,
            "enrolment_id": enrolment_id,
        }
        for key in keys
    ]
    held = [
        {"agency_id": agency_id, "kid": key.kid, "private": key.private}
        for key in keys
        if key.private is not None
    ]
    if rows:
        session.execute(insert(t.agency_key), rows)
    if held:
        session.execute(insert(t.hosted_key), held)


def set_valid_until(session: Session, agency_id: str, kid: str, at: datetime) -> None:
    """Plan the end of a key."""
    k = t.agency_key
    mine = (k.c.agency_id == agency_id, k.c.kid == kid)
    change(session, update(k).where(*mine).values(valid_until=at))


def set_ended(session: Session, agency_id: str, kid: str, at: datetime) -> None:
    """Stop a key before its time."""
    k = t.agency_key
    change(session, update(k).where(k.c.agency_id == agency_id, k.c.kid == kid).values(ended_at=at))


def list_keys(
    session: Session, *, use: str, at: datetime, agency_id: str | None = None
) -> list[KeyRow]:
    """Public keys of one use that are valid at a time, newest first; of all agencies or of one."""
    if agency_id is None:
        return [KeyRow(*row) for row in _ALL_KEYS.rows(session, use=use, at=at)]
    return [KeyRow(*row) for row in _ITS_KEYS.rows(session, use=use, at=at, agency=agency_id)]


def list_lives(session: Session, *, agency_id: str | None = None) -> list[KeyLife]:
    """Every key that ever was, oldest first; of all agencies or of one."""
    k = t.agency_key
    mine = () if agency_id is None else (k.c.agency_id == agency_id,)
    rows = session.execute(_LIVES.where(*mine).order_by(k.c.agency_id, k.c.valid_from, k.c.kid))
    return [KeyLife(*row) for row in rows]


def list_by_thumbprint(session: Session, thumbprints: Iterable[str]) -> list[KeyLife]:
    """The keys of these thumbprints, whoever they belong to."""
    k = t.agency_key
    rows = session.execute(_LIVES.where(k.c.thumbprint.in_(list(thumbprints))))
    return [KeyLife(*row) for row in rows]


def find_key(
    session: Session, *, agency_id: str, kid: str, use: str, at: datetime
) -> KeyRow | None:
    """One public key of an agency, if it is valid at a time."""
    rows = _KEY.rows(session, agency=agency_id, kid=kid, use=use, at=at)
    return KeyRow(*rows[0]) if rows else None


@dataclass(frozen=True, slots=True)
class HostedKey:
    """The private key of an agency in custody HOSTED, as it lies here."""

    agency_id: str
    kid: str
    private: bytes = field(repr=False)


def list_hosted(session: Session) -> list[HostedKey]:
    """Every hosted private key, also one that ended."""
    h = t.hosted_key
    rows = session.execute(
        select(h.c.agency_id, h.c.kid, h.c.private).order_by(h.c.agency_id, h.c.kid)
    )
    return [HostedKey(*row) for row in rows]


def set_private(session: Session, *, agency_id: str, kid: str, was: bytes, private: bytes) -> None:
    """Put a hosted private key under another wrapping key, unless it changed meanwhile."""
    h = t.hosted_key
    session.execute(
        update(h)
        .where(h.c.agency_id == agency_id, h.c.kid == kid, h.c.private == was)
        .values(private=private)
    )


def find_private(session: Session, *, agency_id: str, use: str, at: datetime) -> list[NewKey]:
    """The keys of an agency in custody HOSTED, newest first, each with its wrapped private part.

    A key that has ended signs nothing more; it still opens what was sealed to it.
    """
    k, h = t.agency_key, t.hosted_key
    held = holds(at) if use == "sig" else k.c.valid_from <= at
    rows = session.execute(
        select(k.c.kid, k.c.use, k.c.jwk, k.c.thumbprint, h.c.private)
        .join(h, and_(h.c.agency_id == k.c.agency_id, h.c.kid == k.c.kid))
        .where(k.c.agency_id == agency_id, k.c.use == use, held)
        .order_by(k.c.valid_from.desc(), k.c.kid)
    )
    return [NewKey(*row) for row in rows]


_LIVES = select(
    t.agency_key.c.agency_id,
    t.agency_key.c.kid,
    t.agency_key.c.use,
    t.agency_key.c.jwk,
    t.agency_key.c.thumbprint,
    t.agency_key.c.valid_from,
    t.agency_key.c.valid_until,
    t.agency_key.c.ended_at,
    t.agency_key.c.enrolment_id,
)


_COLUMNS = (t.agency_key.c.agency_id, t.agency_key.c.kid, t.agency_key.c.jwk)
_HOLDING = (
    select(*_COLUMNS)
    .where(t.agency_key.c.use == bindparam("use"), holds(bindparam("at", type_=Utc())))
    .order_by(t.agency_key.c.agency_id, t.agency_key.c.valid_from.desc(), t.agency_key.c.kid)
)
_ALL_KEYS = Prepared(_HOLDING)
_ITS_KEYS = Prepared(_HOLDING.where(t.agency_key.c.agency_id == bindparam("agency")))
_KEY = Prepared(
    select(*_COLUMNS).where(
        t.agency_key.c.agency_id == bindparam("agency"),
        t.agency_key.c.kid == bindparam("kid"),
        t.agency_key.c.use == bindparam("use"),
        holds(bindparam("at", type_=Utc())),
    )
)

"""Owns that with which people prove who they are: passkeys, passwords' seeds, one-time values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update

from gateway.schemas.codes import OneTime
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """A public key of a person."""

    id: bytes
    agency_id: str
    worker_id: str
    credential: bytes
    public_key: bytes
    sign_count: int
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PasswordRow:
    """What a password opens."""

    salt: bytes
    seed: bytes
    last_step: int


@dataclass(frozen=True, slots=True)
class OneTimeRow:
    """What is used once."""

    digest: bytes
    agency_id: str
    worker_id: str
    kind: OneTime
    made_by: str | None
    made_at: datetime
    expires_at: datetime | None


_K, _P, _O = t.passkey.c, t.password.c, t.one_time.c
_PASSKEY = select(
    _K.id,
    _K.agency_id,
    _K.worker_id,
    _K.credential,
    _K.public_key,
    _K.sign_count,
    _K.added_at,
    _K.used_at,
).where(_K.ended_at.is_(None))
_BY_ID = Prepared(_PASSKEY.where(_K.id == bindparam("id")))
_OF_PERSON = Prepared(
    _PASSKEY.where(
        _K.agency_id == bindparam("agency_id"), _K.worker_id == bindparam("worker_id")
    ).order_by(_K.added_at)
)


def find_passkey(session: Session, key_id: bytes) -> PasskeyRow | None:
    """A key that nobody ended, whoever's it is."""
    rows = _BY_ID.rows(session, id=key_id)
    return PasskeyRow(*rows[0]) if rows else None


def list_passkeys(session: Session, *, agency_id: str, worker_id: str) -> list[PasskeyRow]:
    """A person's keys, the oldest first."""
    rows = _OF_PERSON.rows(session, agency_id=agency_id, worker_id=worker_id)
    return [PasskeyRow(*row) for row in rows]


def add_passkey(session: Session, row: PasskeyRow) -> None:
    """Keep a new key.

    :raises IntegrityError: if it is known already.
    """
    add(
        session,
        t.passkey,
        id=row.id,
        agency_id=row.agency_id,
        worker_id=row.worker_id,
        credential=row.credential,
        public_key=row.public_key,
        sign_count=row.sign_count,
        added_at=row.added_at,
    )


def set_used(session: Session, row: PasskeyRow, *, sign_count: int, at: datetime) -> bool:
    """Note a use; False if another one came in between."""
    done = session.execute(
        update(t.passkey)
        .where(_K.agency_id == row.agency_id, _K.id == row.id, _K.sign_count == row.sign_count)
        .values(sign_count=sign_count, used_at=at)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def end_passkeys(session: Session, *, agency_id: str, worker_id: str, at: datetime) -> None:
    """End all keys of a person."""
    session.execute(
        update(t.passkey)
        .where(_K.agency_id == agency_id, _K.worker_id == worker_id, _K.ended_at.is_(None))
        .values(ended_at=at)
    )


def find_password(session: Session, *, agency_id: str, worker_id: str) -> PasswordRow | None:
    """What a person's password opens, if it has one."""
    row = session.execute(
        select(_P.salt, _P.seed, _P.last_step).where(
            _P.agency_id == agency_id, _P.worker_id == worker_id
        )
    ).one_or_none()
    return PasswordRow(*row) if row else None


def set_password(
    session: Session, *, agency_id: str, worker_id: str, row: PasswordRow, at: datetime
) -> None:
    """Put this in the place of what a person had."""
    delete_password(session, agency_id=agency_id, worker_id=worker_id)
    add(
        session,
        t.password,
        agency_id=agency_id,
        worker_id=worker_id,
        salt=row.salt,
        seed=row.seed,
        last_step=row.last_step,
        set_at=at,
    )


def delete_password(session: Session, *, agency_id: str, worker_id: str) -> None:
    """Forget a person's password."""
    p = t.password
    session.execute(delete(p).where(p.c.agency_id == agency_id, p.c.worker_id == worker_id))


def set_step(session: Session, *, agency_id: str, worker_id: str, step: int) -> bool:
    """Take a code of this step; False if it, or a later one, was taken before."""
    done = session.execute(
        update(t.password)
        .where(_P.agency_id == agency_id, _P.worker_id == worker_id, _P.last_step < step)
        .values(last_step=step)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def add_one_time(session: Session, rows: Sequence[OneTimeRow]) -> None:
    """Keep digests of what is used once."""
    add_all(
        session,
        t.one_time,
        [
            {
                "digest": row.digest,
                "agency_id": row.agency_id,
                "worker_id": row.worker_id,
                "kind": row.kind,
                "made_by": row.made_by,
                "made_at": row.made_at,
                "expires_at": row.expires_at,
            }
            for row in rows
        ],
    )


def find_one_time(
    session: Session, *, agency_id: str, digest: bytes, at: datetime
) -> OneTimeRow | None:
    """What is neither used nor expired."""
    row = session.execute(
        select(
            _O.digest,
            _O.agency_id,
            _O.worker_id,
            _O.kind,
            _O.made_by,
            _O.made_at,
            _O.expires_at,
        ).where(_O.agency_id == agency_id, _O.digest == digest, *_open(at))
    ).one_or_none()
    return OneTimeRow(*row) if row else None


def use(session: Session, *, agency_id: str, digest: bytes, at: datetime) -> bool:
    """Use it up; True exactly once."""
    done = session.execute(
        update(t.one_time)
        .where(_O.agency_id == agency_id, _O.digest == digest, *_open(at))
        .values(used_at=at)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def delete_one_time(session: Session, *, agency_id: str, worker_id: str, kind: OneTime) -> None:
    """Forget what a person holds of a kind: new ones take its place."""
    o = t.one_time
    session.execute(
        delete(o).where(o.c.agency_id == agency_id, o.c.worker_id == worker_id, o.c.kind == kind)
    )


def count_one_time(session: Session, *, agency_id: str, worker_id: str, kind: OneTime) -> int:
    """How many of a kind a person has left."""
    rows = session.execute(
        select(_O.digest).where(
            _O.agency_id == agency_id,
            _O.worker_id == worker_id,
            _O.kind == kind,
            _O.used_at.is_(None),
        )
    )
    return len(rows.all())


def _open(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return _O.used_at.is_(None), or_(_O.expires_at.is_(None), _O.expires_at > at)

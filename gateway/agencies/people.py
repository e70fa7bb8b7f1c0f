"""Owns who is signed in at the desk: looked up anew for every page, as a caller like any other."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from gateway.agencies import passkeys
from gateway.errors import Invalid, NotFound
from gateway.ledger import Work, reading_as, reading_registry
from gateway.rules import conflict, desk
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, Custody, OneTime, PersonRole, SignedInBy
from gateway.store import credentials, sign_ons
from gateway.store import people as store
from gateway.store.credentials import PasskeyRow
from gateway.store.people import PersonRow, SessionRow
from gateway.store.sessions import Session, sessionmaker
from gateway.store.sign_ons import SignOnRow

_SECRET = 32  # bytes
_HELD = re.compile(r"([a-z0-9][a-z0-9_-]{0,63})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Person:
    """A worker as the desk knows it; `refused` says why it may not go on, if it may not."""

    agency_id: str
    agency_name: str
    kind: AgencyKind
    area: str
    custody: Custody
    worker_id: str
    roles: frozenset[PersonRole]
    caller: Caller
    refused: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person at one browser."""

    person: Person
    digest: bytes
    seen_at: datetime
    began_at: datetime
    authenticated_at: datetime
    method: SignedInBy


@dataclass(frozen=True, slots=True)
class Held:
    """What a browser or a link holds: whose agency's it is, and the digest under which it lies.

    The agency stands in it, so that it is looked up behind that agency's wall and nowhere else.
    """

    agency_id: str
    digest: bytes


def new_secret(agency_id: str) -> tuple[str, bytes]:
    """A new secret to hand out, and its digest to keep."""
    text = f"{agency_id}.{secrets.token_urlsafe(_SECRET)}"
    return text, _digest(text)


def read_secret(text: str) -> Held | None:
    """What was handed out, as it is looked up; None for anything else."""
    found = _HELD.fullmatch(text)
    return Held(found[1], _digest(text)) if found else None


def find_key(sessions: sessionmaker[Session], answer: str) -> PasskeyRow | None:
    """The key that signed an answer, before it is known whose it is.

    :raises Mismatch: if the answer is not of its form.
    """
    key_id = passkeys.key_id(answer)
    with reading_registry(sessions) as session:
        return credentials.find_passkey(session, key_id)


def find_subject(sessions: sessionmaker[Session], subject: bytes) -> SignOnRow | None:
    """Whom a provider's subject is here, before it is known whose it is."""
    with reading_registry(sessions) as session:
        return sign_ons.find_subject(session, subject)


def find_link(
    sessions: sessionmaker[Session], held: Held, now: datetime
) -> tuple[OneTime, Person] | None:
    """What a link that nobody used leads to, and for whom; a recovery code is no link."""
    with reading_as(sessions, held.agency_id) as session:
        row = credentials.find_one_time(
            session, agency_id=held.agency_id, digest=held.digest, at=now
        )
        if row is None or row.kind is OneTime.RECOVERY:
            return None
        person = find_in(session, row.agency_id, row.worker_id, now)
    return (row.kind, person) if person else None


def recovery(agency_id: str, worker_id: str, code: str) -> Held:
    """A code that a person kept, as it is looked up: bound to the person, however it is typed."""
    plain = re.sub(r"[^a-z2-7]", "", code.lower())[:64]
    return Held(agency_id, _digest(f"recovery|v1|{agency_id}|{worker_id}|{plain}"))


def standing(sessions: sessionmaker[Session], held: Held, now: datetime) -> SignedIn | None:
    """Who is behind a session, if it is live; in two statements, and nothing is cached."""
    found = store.find_signed_in(
        sessions.kw["bind"].engine, agency_id=held.agency_id, digest=held.digest
    )
    if found is None:
        return None
    row, session, roles = found
    if not desk.is_live(
        began_at=session.began_at, seen_at=session.seen_at, ended_at=session.ended_at, now=now
    ):
        return None
    person = _person(row, roles, now, session)
    return SignedIn(
        person,
        session.digest,
        session.seen_at,
        session.began_at,
        session.authenticated_at,
        session.method,
    )


def find(
    sessions: sessionmaker[Session], agency_id: str, worker_id: str, now: datetime
) -> Person | None:
    """A person who is not signed in yet."""
    with reading_as(sessions, agency_id) as session:
        return find_in(session, agency_id, worker_id, now)


def find_in(session: Session, agency_id: str, worker_id: str, now: datetime) -> Person | None:
    """The same in an open transaction."""
    row = store.find_person(session, agency_id=agency_id, worker_id=worker_id)
    if row is None:
        return None
    roles = store.list_roles(session, agency_id=agency_id).get(worker_id, frozenset())
    return _person(row, roles, now, None)


def list_all(work: Work) -> list[Person]:
    """The people of the caller's agency."""
    roles = store.list_roles(work.session, agency_id=work.caller.agency_id)
    return [
        _person(row, roles.get(row.worker_id, frozenset()), work.now, None)
        for row in store.list_people(work.session, agency_id=work.caller.agency_id)
    ]


def begin_session(work: Work, method: SignedInBy, *, proven_at: datetime | None = None) -> str:
    """Sign the caller's worker in; returns what the browser is to hold.

    `proven_at` is when the person proved who it is, if that was elsewhere and earlier.
    """
    text, digest = new_secret(work.caller.agency_id)
    store.add_session(
        work.session,
        work.caller.agency_id,
        SessionRow(
            digest=digest,
            worker_id=work.caller.worker_id or "",
            method=method,
            began_at=work.now,
            authenticated_at=proven_at or work.now,
            seen_at=work.now,
            ended_at=None,
        ),
    )
    return text


def give_roles(
    work: Work, worker_id: str, roles: frozenset[PersonRole], *, kind: AgencyKind, agency_id: str
) -> None:
    """Let a person hold these roles and no others.

    :raises Invalid: if the agency's kind has no such role, or with the keeping of people another.
    :raises NotFound: if the agency has no such worker.
    """
    if not roles or not roles <= desk.may_hold(kind):
        raise Invalid("An agency of this kind has no such role.")
    if roles & desk.ALONE and len(roles) > 1:
        raise Invalid("Who keeps the people, or sits in the steering group, reads no case.")
    if store.find_person(work.session, agency_id=agency_id, worker_id=worker_id) is None:
        raise NotFound("There is no such worker.")
    store.set_roles(
        work.session,
        agency_id=agency_id,
        worker_id=worker_id,
        roles=roles,
        given_by=work.caller.worker_id,
        at=work.now,
    )


def _person(
    row: PersonRow, roles: frozenset[PersonRole], now: datetime, session: SessionRow | None
) -> Person:
    held = desk.holds(roles, row.kind, is_chair=row.is_chair)
    caller = Caller(
        agency_id=row.agency_id,
        kind=row.kind,
        area=row.area,
        worker_id=row.worker_id,
        is_chair=PersonRole.CHAIR in held,
        new_since=conflict.new_since(row.registered_at, now),
        vouched_by=row.vouched_by,
        team=row.team or "",
        authenticated_at=session.authenticated_at if session else None,
        method=str(session.method) if session else None,
    )
    return Person(
        agency_id=row.agency_id,
        agency_name=row.agency_name,
        kind=row.kind,
        area=row.area,
        custody=row.custody,
        worker_id=row.worker_id,
        roles=held,
        caller=caller,
        refused=_refusal(row, held),
    )


def _refusal(row: PersonRow, roles: frozenset[PersonRole]) -> str | None:
    if row.agency_suspended_at is not None:
        return "agency-suspended"
    if row.worker_suspended_at is not None:
        return "worker-suspended"
    return None if roles else "no-role"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("ascii")).digest()

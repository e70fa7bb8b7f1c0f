"""Owns what partners may know of each other: who there is, and the keys to seal to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.rules.facts import Standing
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing import jose
from gateway.store import agencies as store
from gateway.store import agency_keys, worker_keys
from gateway.store.sessions import Session
from gateway.store.worker_keys import WorkerKeyRow


@dataclass(frozen=True, slots=True)
class Listing:
    """One agency of the directory; `keys` are its public encryption keys, newest first."""

    agency_id: str
    name: str
    kind: AgencyKind
    area: str
    custody: Custody
    is_suspended: bool
    keys: tuple[Mapping[str, Any], ...]
    workers: tuple[tuple[str, Mapping[str, Any]], ...] = ()  # workers' own keys, by worker id


@dataclass(frozen=True, slots=True)
class Name:
    """What an agency is called, and what kind it is."""

    name: str
    kind: AgencyKind


def names(session: Session) -> Mapping[str, Name]:
    """Return every agency's name and kind, by id."""
    return {row.id: Name(row.name, row.kind) for row in store.list_agencies(session)}


def has_worker(session: Session, agency_id: str, worker_id: str | None) -> bool:
    """Whether an agency has this worker, and it was not stopped; for None, whether it is there."""
    if worker_id is None:
        return store.find_agency(session, agency_id) is not None
    row = store.find_worker(session, agency_id=agency_id, worker_id=worker_id)
    return row is not None and row.suspended_at is None


def standing(session: Session) -> Mapping[str, Standing]:
    """Return, by agency id, whether each agency can be routed to."""
    return {
        row[0]: Standing(row[0], row[1], row[2], is_suspended=row[3] is not None)
        for row in store.list_standing(session)
    }


def custodies(session: Session, agency_ids: Collection[str]) -> Mapping[str, Custody]:
    """Return, by agency id, who holds the private keys of these agencies."""
    return store.list_custodies(session, agency_ids)


def listings(session: Session, now: datetime) -> tuple[Listing, ...]:
    """Return all agencies with the keys that are valid now."""
    keys: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for key in agency_keys.list_keys(session, use="enc", at=now):
        keys[key.agency_id].append(_shown(key))
    own: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for each in worker_keys.list_keys(session):
        own[each.agency_id].append((each.worker_id, shown_own(each)))
    return tuple(
        Listing(
            row.id,
            row.name,
            row.kind,
            row.area,
            row.custody,
            row.suspended_at is not None,
            tuple(keys[row.id]),
            tuple(own[row.id]),
        )
        for row in store.list_agencies(session)
    )


def shown_own(row: WorkerKeyRow) -> Mapping[str, Any]:
    """A worker's own key as it is sealed to."""
    return {**row.jwk, "kid": row.kid, "use": "enc", "alg": "ECDH-ES+A256KW"}


def encryption_keys(
    session: Session, agency_id: str, now: datetime
) -> tuple[Mapping[str, Any], ...]:
    """Return the public JWKs to seal to for one agency, newest first."""
    keys = agency_keys.list_keys(session, use="enc", at=now, agency_id=agency_id)
    return tuple(_shown(key) for key in keys)


def find_signing_key(session: Session, agency_id: str, kid: str, at: datetime) -> jose.Key | None:
    """Return the key of a document's signature, if it is this agency's and held at that time.

    At the time when a document was received, this gives the key that it was checked with then,
    whatever has become of it.
    """
    key = agency_keys.find_key(session, agency_id=agency_id, kid=kid, use="sig", at=at)
    return jose.import_public(key.jwk, "sig") if key else None


def _shown(key: agency_keys.KeyRow) -> Mapping[str, Any]:
    return {**key.jwk, "kid": key.kid, "use": "enc", "alg": "ECDH-ES+A256KW"}

"""Owns an agency as an OAuth client: what it may ask for, and the keys that it signs with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind
from gateway.sealing import jose
from gateway.store import agencies as store
from gateway.store import agency_keys
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class Client:
    """A registered agency, suspended or not, with its signing keys that are valid now."""

    agency_id: str
    kind: AgencyKind
    area: str
    scopes: frozenset[str]
    is_suspended: bool
    keys: Mapping[str, jose.Key]

    def caller(self, worker_id: str | None = None) -> Caller:
        """Return the agency as a caller with all its scopes, for the access log."""
        return Caller(self.agency_id, self.kind, self.area, self.scopes, worker_id)


def find(session: Session, agency_id: str, now: datetime) -> Client | None:
    """Return the client of this id, or None; the same statements are sent for both."""
    agency = store.find_agency(session, agency_id)
    keys = agency_keys.list_keys(session, use="sig", at=now, agency_id=agency_id)
    scopes = store.list_scopes(session, agency_id)
    if agency is None:
        return None
    return Client(
        agency_id=agency.id,
        kind=agency.kind,
        area=agency.area,
        scopes=scopes,
        is_suspended=agency.suspended_at is not None,
        keys={row.kid: jose.import_public(row.jwk, "sig") for row in keys},
    )

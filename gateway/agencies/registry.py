"""Owns registering an agency: its public keys are checked and taken by value, never fetched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.agencies import hosted
from gateway.agencies.scopes import SCOPES
from gateway.agencies.workers import is_id
from gateway.errors import Conflict, Invalid, NotFound, Problem
from gateway.ledger import Work, ensure_agency_log_key
from gateway.schemas.codes import AgencyKind, Custody, Scope
from gateway.sealing import jose
from gateway.store import agencies as store
from gateway.store.agencies import AgencyRow, NewKey

ENROLMENT = "marac-enrolment+jwe"
MOST_KEYS = 16


@dataclass(frozen=True, slots=True)
class Thumbprints:
    """RFC 7638 thumbprints of a key set, read aloud to each other before it is trusted."""

    sig: tuple[str, ...]
    enc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A registered agency, and its log key in a JWE that only the agency opens."""

    agency: AgencyRow
    scopes: frozenset[str]
    thumbprints: Thumbprints
    answer: str


def register(
    work: Work,
    *,
    agency_id: str,
    name: str,
    kind: AgencyKind,
    area: str,
    custody: Custody,
    jwks: Mapping[str, Any] | None = None,
    scopes: Iterable[Scope] | None = None,
) -> Enrolment:
    """Register an agency; for custody HOSTED its keys are made here, else `jwks` is required.

    :raises Invalid: if an id or the key set is not of the published form.
    :raises Conflict: if the id is taken.
    """
    _check_words(agency_id, name, area)
    if store.find_agency(work.session, agency_id):
        raise Conflict("The agency id is taken.")
    keys = _keys(work, agency_id, custody, jwks)
    granted = SCOPES[kind] if scopes is None else frozenset(scopes)
    agency = AgencyRow(agency_id, name.strip(), kind, area, custody, work.now)
    store.add_agency(work.session, agency, keys=keys, scopes=sorted(granted))
    log_key = ensure_agency_log_key(work.session, work.keys, agency_id)
    return Enrolment(
        agency=agency,
        scopes=frozenset(granted),
        thumbprints=_thumbprints(keys),
        answer=_answer(agency_id, log_key, keys),
    )


def check_jwks(jwks: object) -> tuple[NewKey, ...]:
    """Return the keys of a public set: at least one to sign and one to encrypt, no kid twice.

    Signing keys are ES256, Ed25519 or PS256; encryption keys are P-256. Private members and
    references to keys elsewhere are refused.

    :raises Invalid: with a pointer to the key.
    """
    listed = jwks.get("keys") if isinstance(jwks, dict) and jwks.keys() == {"keys"} else None
    if not isinstance(listed, list) or not 2 <= len(listed) <= MOST_KEYS:
        raise Invalid("The key set must have two keys or more.", Problem("jwks", "/keys"))
    keys = tuple(_checked(jwk, f"/keys/{index}") for index, jwk in enumerate(listed))
    if {key.use for key in keys} != {"sig", "enc"}:
        raise Invalid("A key to sign and a key to encrypt are needed.", Problem("jwks", "/keys"))
    if len({key.kid for key in keys}) != len(keys):
        raise Invalid("A key id stands twice.", Problem("duplicate_kid", "/keys"))
    if len({jose.thumbprint(key.jwk) for key in keys}) != len(keys):
        raise Invalid("One key cannot both sign and encrypt.", Problem("same_key", "/keys"))
    return keys


def thumbprints(jwks: object) -> Thumbprints:
    """Return the thumbprints of a public set.

    :raises Invalid: as `check_jwks`.
    """
    return _thumbprints(check_jwks(jwks))


def list_agencies(session: Session) -> list[AgencyRow]:
    """Return all agencies, by area and id."""
    return store.list_agencies(session)


def suspend(session: Session, agency_id: str, at: datetime) -> AgencyRow:
    """Suspend an agency; nothing of it is accepted from the next request on (F5).

    :raises NotFound: if there is none.
    :raises Conflict: if it is suspended already.
    """
    agency = _existing(session, agency_id)
    if agency.suspended_at is not None:
        raise Conflict("The agency is suspended already.")
    store.set_suspended(session, agency_id, at)
    return agency


def resume(session: Session, agency_id: str) -> AgencyRow:
    """Let a suspended agency in again.

    :raises NotFound: if there is none.
    :raises Conflict: if it is not suspended.
    """
    agency = _existing(session, agency_id)
    if agency.suspended_at is None:
        raise Conflict("The agency is not suspended.")
    store.set_suspended(session, agency_id, None)
    return agency


def _existing(session: Session, agency_id: str) -> AgencyRow:
    agency = store.find_agency(session, agency_id)
    if agency is None:
        raise NotFound("There is no such agency.")
    return agency


def _check_words(agency_id: str, name: str, area: str) -> None:
    if not is_id(agency_id):
        raise Invalid("An agency id has lower-case letters, digits, - and _.", Problem("form", ""))
    if not 1 <= len(name.strip()) <= 200 or not name.isprintable():
        raise Invalid("The name must have 1 to 200 printable characters.", Problem("form", ""))
    if not is_id(area.lower()):
        raise Invalid("The area is not an area id.", Problem("form", ""))


def _keys(
    work: Work, agency_id: str, custody: Custody, jwks: Mapping[str, Any] | None
) -> tuple[NewKey, ...]:
    if custody is Custody.HOSTED:
        if jwks is not None:
            raise Invalid("For custody HOSTED the keys are made here.", Problem("jwks", ""))
        return hosted.make_pair(work.keys.provider, agency_id)
    return check_jwks(jwks)


def _checked(jwk: object, pointer: str) -> NewKey:
    use = jwk.get("use") if isinstance(jwk, dict) else None
    if not isinstance(jwk, dict) or use not in ("sig", "enc"):
        raise Invalid("Each key says its use.", Problem("use", f"{pointer}/use"))
    if not jose.is_kid(jwk.get("kid")):
        raise Invalid("Each key has an id.", Problem("kid", f"{pointer}/kid"))
    try:
        jose.check_key(jwk, use)
    except Invalid as fault:
        inner = fault.problems[0].pointer if fault.problems else ""
        raise Invalid(fault.message, Problem("key", pointer + inner)) from None
    return NewKey(jwk["kid"], use, jose.public_part(jwk))


def _thumbprints(keys: Iterable[NewKey]) -> Thumbprints:
    def of(use: str) -> tuple[str, ...]:
        return tuple(jose.thumbprint(key.jwk) for key in keys if key.use == use)

    return Thumbprints(sig=of("sig"), enc=of("enc"))


def _answer(agency_id: str, log_key: bytes, keys: Iterable[NewKey]) -> str:
    to = next(key for key in keys if key.use == "enc")
    told = {"agency": agency_id, "log_key": jose.b64u(log_key)}
    text = json.dumps(told, separators=(",", ":")).encode()
    return jose.encrypt(text, jose.import_public(to.jwk, "enc"), to.kid, ENROLMENT, "json")

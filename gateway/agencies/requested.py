"""Owns what an operator may ask for: an agency to be let in, or other keys of one.

What is signed is the digest of all that will be registered, public keys and all, so that a change
of the stored request between two signatures is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import rfc8785

from gateway.agencies.keysets import Thumbprints, check_jwks
from gateway.agencies.scopes import SCOPES
from gateway.agencies.workers import is_id
from gateway.errors import Invalid, Problem
from gateway.schemas.codes import AgencyKind, Custody, Enrolling, Scope
from gateway.sealing import jose
from gateway.store import ids

LONGEST_OVERLAP = 24 * 30  # hours
ASKS, APPROVES = "asks", "approves"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; `content` is JSON-plain and complete."""

    id: str
    content: Mapping[str, Any]

    @property
    def act(self) -> Enrolling:
        """Whether an agency is let in, or given other keys."""
        return Enrolling(self.content["act"])

    @property
    def agency_id(self) -> str:
        """The agency it is about."""
        return str(self.content["agency"])

    @property
    def digest(self) -> str:
        """SHA-256 of the content in canonical JSON (RFC 8785), base64url."""
        return jose.b64u(hashlib.sha256(rfc8785.dumps(dict(self.content))).digest())

    @property
    def thumbprints(self) -> Thumbprints:
        """Of its public keys, to be compared by telephone; none for custody HOSTED."""
        jwks = list(self.content["keys"])
        return Thumbprints.of(check_jwks({"keys": jwks})) if jwks else Thumbprints((), ())

    def statement(self, what: str, now: datetime) -> dict[str, Any]:
        """Return what an operator signs to ask for this, or to approve it."""
        return {
            "says": what,
            "enrolment": self.id,
            "agency": self.agency_id,
            "digest": self.digest,
            "iat": int(now.timestamp()),
        }


def registration(
    *,
    agency_id: str,
    name: str,
    kind: AgencyKind,
    area: str,
    custody: Custody,
    now: datetime,
    jwks: Mapping[str, Any] | None = None,
    scopes: Iterable[Scope] | None = None,
    until: date | None = None,
) -> Request:
    """Return the request to let an agency in; for custody OWN its public set is needed.

    :raises Invalid: if an id, a name, the key set or the date is not of the published form.
    """
    _check_words(agency_id, name, area)
    if (custody is Custody.HOSTED) == (jwks is not None):
        raise Invalid("For custody HOSTED keys are made here, else brought.", Problem("jwks", ""))
    granted = SCOPES[kind] if scopes is None else frozenset(scopes)
    return _request(
        now,
        {
            "act": Enrolling.REGISTER.value,
            "agency": agency_id,
            "name": name.strip(),
            "kind": kind.value,
            "area": area,
            "custody": custody.value,
            "scopes": sorted(scope.value for scope in granted),
            "keys": _public(jwks),
            "valid_until": _until(until, now),
        },
    )


def rekeying(
    *,
    agency_id: str,
    now: datetime,
    jwks: Mapping[str, Any] | None = None,
    overlap: int = 0,
    until: date | None = None,
) -> Request:
    """Return the request for other keys; the present ones end `overlap` hours after approval.

    :raises Invalid: if the id, the key set, the hours or the date is not of the published form.
    """
    if not is_id(agency_id):
        raise Invalid("This is no agency id.", Problem("form", ""))
    if not 0 <= overlap <= LONGEST_OVERLAP:
        raise Invalid("The overlap is from 0 to 720 hours.", Problem("form", ""))
    return _request(
        now,
        {
            "act": Enrolling.REKEY.value,
            "agency": agency_id,
            "keys": _public(jwks),
            "overlap": overlap,
            "valid_until": _until(until, now),
        },
    )


def _request(now: datetime, content: Mapping[str, Any]) -> Request:
    return Request(ids.new(now), content)


def _public(jwks: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The public keys by value, once they are known to be of accepted kinds."""
    return [] if jwks is None else [dict(key.jwk) for key in check_jwks(jwks)]


def _until(day: date | None, now: datetime) -> str | None:
    if day is None:
        return None
    if day <= now.date():
        raise Invalid("The keys would have ended already.", Problem("form", ""))
    return day.isoformat()


def _check_words(agency_id: str, name: str, area: str) -> None:
    if not is_id(agency_id):
        raise Invalid("An agency id has lower-case letters, digits, - and _.", Problem("form", ""))
    if not 1 <= len(name.strip()) <= 200 or not name.isprintable():
        raise Invalid("The name must have 1 to 200 printable characters.", Problem("form", ""))
    if not is_id(area.lower()):
        raise Invalid("The area is not an area id.", Problem("form", ""))

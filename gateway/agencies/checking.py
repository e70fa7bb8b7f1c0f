"""Owns comparing the register with what lets it be so: two signatures, and the log.

Whoever can write to the database can change the register behind everybody's back, but can sign for
no operator and take nothing back from the log. So each agency must be as two operators approved
it, and each key that holds must stand in a request by two and in the log, and hold no longer than
both say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.agencies.enrolment import covers, is_by_two
from gateway.ledger import inclusions
from gateway.schemas import moments
from gateway.schemas.codes import Enrolling, KeyEvent
from gateway.sealing import jose
from gateway.sealing.operators import Operators
from gateway.store import agencies, agency_keys, enrolments, key_events
from gateway.store.agencies import AgencyRow
from gateway.store.agency_keys import KeyLife
from gateway.store.enrolments import EnrolmentRow
from gateway.store.key_events import EventRow
from gateway.store.sessions import Session

_PAGE = 1000
_STATED = ("name", "kind", "area", "custody")


class Fault(StrEnum):
    """What does not agree."""

    KEY_NOT_APPROVED = "KEY_NOT_APPROVED"  # no two operators let it in
    KEY_NOT_IN_LOG = "KEY_NOT_IN_LOG"  # partners were never told of it
    KEY_HOLDS_LONGER = "KEY_HOLDS_LONGER"  # the log says that it has ended, or will sooner
    AGENCY_CHANGED = "AGENCY_CHANGED"  # name, kind, area or custody are not as approved
    SCOPES_CHANGED = "SCOPES_CHANGED"  # it may ask for more, or less, than approved
    STANDING_CHANGED = "STANDING_CHANGED"  # suspended or not, against what the log says
    HISTORY_CHANGED = "HISTORY_CHANGED"  # the published history itself is broken


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not agree; `kid` is set if it is about a key."""

    fault: Fault
    agency_id: str
    kid: str | None = None


@dataclass(slots=True)
class _History:
    """What the log says of every key and agency."""

    keys: dict[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    broken: list[Finding] = field(default_factory=list)


def check(session: Session, known: Operators, now: datetime) -> list[Finding]:
    """Return everything in the register that two operators and the log do not bear out.

    `known` has the keys of former operators, too. What still waits for its place in the log counts
    as missing, so the log is sequenced first.
    """
    sound = [row for row in enrolments.list_approved(session) if is_by_two(row, known)]
    history = _history(session)
    found = list(history.broken)
    let_in = {row.agency_id: row for row in sound if row.act is Enrolling.REGISTER}
    for agency in agencies.list_agencies(session):
        scopes = agencies.list_scopes(session, agency.id)
        found += _of_agency(agency, scopes, let_in.get(agency.id), history)
    by_id = {row.id: row for row in sound}
    for life in agency_keys.list_lives(session):
        if life.holds(now):
            found += _of_key(life, by_id.get(life.enrolment_id or ""), history)
    return found


def _of_agency(
    agency: AgencyRow, scopes: Collection[str], row: EnrolmentRow | None, history: _History
) -> Iterator[Finding]:
    approved: Mapping[str, Any] = row.content if row else {}
    if any(str(getattr(agency, name)) != approved.get(name) for name in _STATED):
        yield Finding(Fault.AGENCY_CHANGED, agency.id)
    if sorted(scopes) != approved.get("scopes"):
        yield Finding(Fault.SCOPES_CHANGED, agency.id)
    if (agency.suspended_at is not None) != (agency.id in history.suspended):
        yield Finding(Fault.STANDING_CHANGED, agency.id)


def _of_key(life: KeyLife, row: EnrolmentRow | None, history: _History) -> Iterator[Finding]:
    if not covers(row, life):
        yield Finding(Fault.KEY_NOT_APPROVED, life.agency_id, life.kid)
    thumbprint, until = history.keys.get((life.agency_id, life.kid), ("", None))
    if thumbprint != jose.thumbprint(life.jwk):
        yield Finding(Fault.KEY_NOT_IN_LOG, life.agency_id, life.kid)
    elif until is not None and (_end(life) is None or str(_end(life)) > until):
        yield Finding(Fault.KEY_HOLDS_LONGER, life.agency_id, life.kid)


def _end(life: KeyLife) -> str | None:
    ends = [end for end in (life.valid_until, life.ended_at) if end is not None]
    return moments.write(min(ends, default=None))


def _history(session: Session) -> _History:
    """Replay the published changes, each proven to stand in the log and to follow the last."""
    history, number, previous = _History(), 0, b""
    while rows := key_events.list_events(session, after=number, limit=_PAGE):
        places = inclusions(session, [row.commitment for row in rows])
        for row in rows:
            facts = _facts(row, previous) if row.commitment in places else None
            if facts is None or row.number != number + 1:
                history.broken.append(Finding(Fault.HISTORY_CHANGED, row.agency_id, row.kid))
            else:
                _apply(history, row, facts)
            number, previous = row.number, row.commitment
    return history


def _facts(row: EventRow, previous: bytes) -> Mapping[str, Any] | None:
    """What a change says, if it is the record behind its commitment and follows the last one."""
    if hashlib.sha256(row.salt + row.record.encode()).digest() != row.commitment:
        return None
    facts: Mapping[str, Any] = json.loads(row.record)["facts"]
    stated = (facts["number"], facts["previous"], facts["agency"], facts.get("kid"))
    is_next = stated == (row.number, jose.b64u(previous), row.agency_id, row.kid)
    return facts if is_next else None


def _apply(history: _History, row: EventRow, facts: Mapping[str, Any]) -> None:
    key = (row.agency_id, row.kid or "")
    match row.event:
        case KeyEvent.ADDED:
            history.keys[key] = (facts["thumbprint"], facts["valid_until"])
        case KeyEvent.ENDED:
            history.keys[key] = (facts["thumbprint"], facts["valid_until"])
        case KeyEvent.SUSPENDED:
            history.suspended.add(row.agency_id)
        case KeyEvent.RESUMED:
            history.suspended.discard(row.agency_id)

"""Owns key transparency: every change of an agency's keys is a line of the log that all may read.

The line's record is published whole with its salt, so that a partner can hash it, find the
commitment in the tree, and refuse a key that was never announced there. The changes are numbered
without a gap and each names the one before it: none can be left out or put in between later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.ledger import Entry, Inclusion, Work, inclusions
from gateway.schemas import moments
from gateway.schemas.codes import KeyEvent
from gateway.sealing import jose
from gateway.store import agency_keys
from gateway.store import key_events as store
from gateway.store.agencies import AgencyRow
from gateway.store.key_events import EventRow

PAGE = 100
RECORDED: Mapping[KeyEvent, str] = {
    KeyEvent.ADDED: "agency-key.added",
    KeyEvent.ENDED: "agency-key.ended",
    KeyEvent.SUSPENDED: "agency.suspended",
    KeyEvent.RESUMED: "agency.resumed",
}


class PublicKey(Protocol):
    """A key as it stands in the register; its private part plays no part here."""

    @property
    def kid(self) -> str:
        """Its id."""

    @property
    def use(self) -> str:
        """What it is for: sig or enc."""

    @property
    def jwk(self) -> Mapping[str, Any]:
        """Its public members."""


@dataclass(frozen=True, slots=True)
class Proven:
    """One published change, and why it is in the log."""

    row: EventRow
    inclusion: Inclusion


@dataclass(frozen=True, slots=True)
class _Change:
    """A change to be published."""

    event: KeyEvent
    agency_id: str
    kid: str | None
    facts: Mapping[str, Any]


def record_added(
    work: Work,
    agency: AgencyRow,
    keys: Iterable[PublicKey],
    *,
    because: str,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> None:
    """Record and publish that an agency has new keys, of what kind it is, and who keeps them."""
    about = {"kind": str(agency.kind), "custody": str(agency.custody)}
    life = {
        "valid_from": moments.write(valid_from or work.now),
        "valid_until": moments.write(valid_until),
    }
    _record(
        work,
        [
            _Change(
                KeyEvent.ADDED,
                agency.id,
                key.kid,
                {**_named(key), **about, **life},
            )
            for key in keys
        ],
        because,
    )


def record_ended(
    work: Work, agency_id: str, keys: Iterable[PublicKey], *, because: str, valid_until: datetime
) -> None:
    """Record and publish that keys of an agency hold no longer than until then."""
    until = moments.write(valid_until)
    _record(
        work,
        [
            _Change(KeyEvent.ENDED, agency_id, key.kid, {**_named(key), "valid_until": until})
            for key in keys
        ],
        because,
    )


def record_standing(work: Work, agency_id: str, event: KeyEvent, *, because: str) -> None:
    """Record and publish that an agency was suspended or resumed: none of its keys, or all."""
    _record(work, [_Change(event, agency_id, None, {})], because)


def list_proven(work: Work, *, after: int) -> tuple[Sequence[Proven], bool]:
    """The changes after a number that have their place in the log, and whether more follow."""
    rows = store.list_events(work.session, after=after, limit=PAGE + 1)
    found = inclusions(work.session, [row.commitment for row in rows[:PAGE]])
    proven: list[Proven] = []
    for row in rows[:PAGE]:
        if row.commitment not in found:
            break  # in the order of the log: what waits for its place holds up what follows
        proven.append(Proven(row, found[row.commitment]))
    return proven, len(proven) == PAGE < len(rows)


def find_added(work: Work, agency_id: str, kid: str) -> Proven | None:
    """The announcement of one key; None if there is none, or it has no place in the log yet."""
    row = store.find_added(work.session, agency_id=agency_id, kid=kid)
    found = inclusions(work.session, [row.commitment]) if row else {}
    return Proven(row, found[row.commitment]) if row and found else None


def announce(work: Work, agencies: Iterable[AgencyRow]) -> int:
    """Publish every key that was never announced, and what became of it; how many."""
    announced = store.list_announced(work.session)
    count = 0
    for agency in agencies:
        lives = agency_keys.list_lives(work.session, agency_id=agency.id)
        missing = [life for life in lives if (agency.id, life.kid) not in announced]
        for life in missing:
            record_added(
                work,
                agency,
                [life],
                because=life.enrolment_id or "before",
                valid_from=life.valid_from,
                valid_until=life.valid_until,
            )
            if life.ended_at is not None:
                record_ended(work, agency.id, [life], because="before", valid_until=life.ended_at)
        if missing and agency.suspended_at is not None:
            record_standing(work, agency.id, KeyEvent.SUSPENDED, because="before")
        count += len(missing)
    return count


def _record(work: Work, changes: Sequence[_Change], because: str) -> None:
    """Record each as a line of the log and keep the line's text; numbers follow the log's order."""
    last = store.find_last(work.session)
    number, previous = last or (0, b"")
    rows = []
    for change in changes:
        number += 1
        entry = _entry(work, change, number, previous, because)
        previous = entry.commitment
        text = entry.text.decode()
        rows.append(
            EventRow(number, change.agency_id, change.kid, change.event, previous, entry.salt, text)
        )
    store.add_events(work.session, rows, at=work.now)


def _entry(work: Work, change: _Change, number: int, previous: bytes, because: str) -> Entry:
    facts = {
        "number": number,
        "previous": jose.b64u(previous),
        "agency": change.agency_id,
        **change.facts,
    }
    return work.record(RECORDED[change.event], None, because=because, facts=facts)


def _named(key: PublicKey) -> dict[str, str]:
    return {"kid": key.kid, "use": key.use, "thumbprint": jose.thumbprint(key.jwk)}

"""Owns private notes (class OWNER): kept for one agency and handed back to that agency alone.

What is in a note is sealed to the agency's own key; nothing here can open it. No rule reads it, no
grant leads to it, and no other answer has a place for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.disclosure.boxes import open_case_key, open_value, seal_value
from gateway.disclosure.deciding import basis_of
from gateway.disclosure.facts import list_facts
from gateway.errors import Denied
from gateway.ledger import Entry, Work
from gateway.rules import disclosure as rule
from gateway.rules.facts import CaseFacts
from gateway.schemas.codes import NoteKind, Purpose
from gateway.sealing import jose
from gateway.store import dated, ids
from gateway.store import private_notes as store
from gateway.store.private_notes import NoteRow

PAGE = 10  # notes at a time: together they fit into one sealed answer
_PLACE: Mapping[str, str] = {"table": "private_note", "column": "document"}
_SEALED = ("kid", "digest", "jwe")


@dataclass(frozen=True, slots=True)
class Note:
    """A note as its owner gets it back: ciphertext, and what its signature says of it."""

    id: str
    number: int
    kind: NoteKind
    by_worker: str | None
    at: datetime
    sealed: Mapping[str, str] = field(repr=False)  # kid, digest, jwe


@dataclass(frozen=True, slots=True)
class Notes:
    """One page of an agency's notes in a case, and the log entry it rests on."""

    notes: tuple[Note, ...]
    more: bool
    entry: Entry
    facts: CaseFacts = field(repr=False)  # to whose key the page is sealed follows from them


def last_number(work: Work, case_id: str) -> int:
    """The number of the newest note of the caller's agency in a case; 0 if there is none."""
    return store.last_number(work.session, case_id, agency_id=work.caller.agency_id)


def keep_note(work: Work, case_id: str, kind: NoteKind, digest: str, document: str) -> str:
    """Keep a note of the caller's agency; gives its id. `document` is the JWS in which it came.

    The case is locked by who asks: numbers have no gap and none comes twice.
    """
    note_id, key = ids.new(work.now, work.chance), open_case_key(work, case_id)
    row = NoteRow(
        id=note_id,
        case_id=case_id,
        agency_id=work.caller.agency_id,
        number=last_number(work, case_id) + 1,
        kind=kind,
        digest=jose.b64u_decode(digest),
        by_worker=work.caller.worker_id,
        at=work.now,
        document=seal_value(key, **_PLACE, row=note_id, value=document.encode()),
    )
    store.add_note(work.session, row)
    return note_id


def list_notes(
    work: Work,
    case_id: str,
    purpose: Purpose,
    *,
    after: int = 0,
    kind: NoteKind | None = None,
    most: int = PAGE,
) -> Notes:
    """The notes of the caller's agency in a case, oldest first, after a number; recorded first.

    With `kind`, those of it alone.

    :raises Denied: if it has no part in the case, or stands behind its wall.
    """
    facts = list_facts(work.session, [case_id], on=work.today)
    if case_id not in facts:  # the second wall did not show it
        raise Denied("not-assigned", subject=case_id)
    if (because := rule.kept_out(facts[case_id], work.caller)) is not None:
        raise Denied(because, subject=case_id)
    risk = dated.list_risks(work.session, [case_id])[case_id]
    rows = store.list_notes(
        work.session,
        case_id,
        agency_id=work.caller.agency_id,
        after=after,
        limit=most + 1,
        kind=kind,
    )
    shown = rows[:most]
    entry = work.record(
        "note.read",
        case_id,
        because="own",
        purpose=purpose,
        basis=basis_of(work, facts[case_id], risk),
        facts={"notes": [row.id for row in shown], "owners": [work.caller.agency_id]},
    )
    return Notes(_opened(work, case_id, shown), len(rows) > most, entry, facts[case_id])


def _opened(work: Work, case_id: str, rows: list[NoteRow]) -> tuple[Note, ...]:
    """Take the sealed notes out of the signed documents in which they came."""
    if not rows:
        return ()
    key = open_case_key(work, case_id)
    found = []
    for row in rows:
        signed = open_value(key, **_PLACE, row=row.id, cell=row.document).decode()
        claims: dict[str, Any] = json.loads(jose.read_signed(signed).payload)
        sealed = {name: claims["document"][name] for name in _SEALED}
        found.append(Note(row.id, row.number, row.kind, row.by_worker, row.at, sealed))
    return tuple(found)

"""Owns opening what is sealed to an agency whose keys are hosted here, for a worker of that agency.

Two steps, each a Work of its own. The first decides and records; the second opens, and only once
the line of the first stands in the tree of the access log. We do not claim that the host cannot
read: we claim that this way nobody reads unrecorded.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.agencies import hosted
from gateway.disclosure.opening import Disclosed, disclose
from gateway.disclosure.private import PAGE, Note, list_notes
from gateway.errors import Denied, NotFound, Unavailable, Undecipherable
from gateway.ledger import Entry, Work, inclusion
from gateway.schemas.codes import Level, NoteKind, Purpose
from gateway.schemas.contacting import safe_view
from gateway.schemas.protected import Protected, shield_section
from gateway.sealing import envelopes, jose, private

ASKED = "sealed.asked"
FRESH = timedelta(minutes=2)  # from what was recorded to what is opened: one request


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A private note as its agency's worker reads it."""

    note: Note
    content: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What a worker of a hosted agency reads: the case, and what is sealed to the agency.

    `shut` names the sections and notes that its keys did not open.
    """

    disclosed: Disclosed = field(repr=False)
    sections: Mapping[str, Protected] = field(repr=False)
    notes: tuple[OpenedNote, ...] = field(repr=False)
    more_notes: bool
    shut: tuple[str, ...]
    entry: Entry


def ask_unsealed(work: Work, case_id: str, purpose: Purpose) -> Entry:
    """Decide and record that a worker will read what is sealed to its agency; opens nothing.

    :raises Denied: if it may see nothing of the case.
    """
    return disclose(work, case_id, purpose, event=ASKED, opens=()).entry


def unseal(
    work: Work,
    case_id: str,
    purpose: Purpose,
    asked: Entry,
    *,
    notes_after: int = 0,
    opens: Collection[str] | None = None,
    kind: NoteKind | None = None,
    most: int = PAGE,
) -> Unsealed:
    """Open a case with what is sealed to the caller's agency. All is decided anew.

    `opens` names the sections that are opened, without it all; `kind` the only notes, and `most`
    how many of them.

    :raises Denied: as `ask_unsealed`; if `asked` is not the line of this very request; or if no
        registered worker of a hosted agency asks.
    :raises Unavailable: if that line does not stand in the tree yet; nothing was opened.
    """
    _require_line(work, case_id, purpose, asked)
    found = disclose(work, case_id, purpose, opens=opens)
    kept = list_notes(work, case_id, purpose, after=notes_after, kind=kind, most=most)
    keys = hosted.open_keys(work, "enc")
    sections, shut = _sections(work, found, keys)
    notes = []
    for note in kept.notes:
        try:
            notes.append(OpenedNote(note, private.open_note(note.sealed, keys)))
        except Undecipherable:
            shut.append(note.id)
    return Unsealed(found, sections, tuple(notes), kept.more, tuple(shut), found.entry)


def _require_line(work: Work, case_id: str, purpose: Purpose, asked: Entry) -> None:
    """Refuse any other line than the one that says: this caller, this case, this purpose, now."""
    caller, record = work.caller, asked.record
    said = (record["event"], record["agency"], record["worker"], record["case"], record["purpose"])
    committed = hashlib.sha256(asked.salt + asked.text).digest()
    age = work.now - datetime.fromisoformat(str(record["t"]))
    if (
        said != (ASKED, caller.agency_id, caller.actor, case_id, purpose)
        or not hmac.compare_digest(committed, asked.commitment)
        or not timedelta(0) <= age <= FRESH
    ):
        raise Denied("not-recorded", subject=case_id)
    try:
        inclusion(work.session, asked.commitment)
    except NotFound:
        text = "The access log has not taken this reading in yet."
        raise Unavailable(text) from None


def _sections(
    work: Work, found: Disclosed, keys: Mapping[str, jose.Key]
) -> tuple[dict[str, Protected], list[str]]:
    """The sealed sections of which the agency holds a copy, opened; and those that stay shut."""
    opened: dict[str, Protected] = {}
    shut: list[str] = []
    for piece in found.pieces:
        if piece.section in found.profile.matrix.exclusive and piece.level is Level.FULL:
            try:
                plain = envelopes.open_section(piece.content, work.caller.agency_id, keys)
                if piece.section == "safe_contact":  # nobody is to ring what must not be rung
                    plain = safe_view(plain, work.now.date())
                opened[piece.section] = shield_section(piece.section, plain)
            except Undecipherable:
                shut.append(piece.section)
    return opened, shut

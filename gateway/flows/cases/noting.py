"""Owns an agency's private notes about a case: deposited by it, and given back to it alone.

Research that stays with an agency and an adviser's casework are sealed to the agency's own key. For
every other agency they are not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.agencies import directory
from gateway.agencies.inbox import JOSE_TYPE, Answer, Received, keep_answer, receive
from gateway.disclosure import (
    Note,
    Sealed,
    keep_note,
    last_number,
    list_notes,
    load,
    may_know,
    require_purpose,
    seal_answer,
    sign_receipt,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.finding import find_case, find_locked
from gateway.ledger import Entry, Work
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import NoteKind, Purpose
from gateway.sealing import private

FORM = "private-note/1"
MOST = 500  # notes of one agency in one case


@dataclass(frozen=True, slots=True)
class Kept:
    """A note that was kept, and the log entry that says so."""

    note_id: str
    entry: Entry


def keep_private_note(work: Work, reference: str, body: str, *, audience: str, key: str) -> Answer:
    """Keep a note that the caller sealed to its own key (201, receipt with the note's id).

    :raises Denied: if it may not act in the case: the answer is that of an unknown one.
    :raises Invalid: if the note is not sealed, or to another key than a current one of its own.
    :raises Conflict: if it keeps as many notes in the case as there may be.
    """
    work.attempt("note.keep")
    case_id = find_part(work, reference)
    received = receive(
        work, body, form=FORM, audience=audience, key=key, about=reference, resealed=("jwe",)
    )
    if received.answered:
        return received.answered
    _check(work, received)
    kept = add_note(work, case_id, received.loaded, received.jws)
    claims = {"note": kept.note_id, **{n: str(received.loaded[n]) for n in ("kind", "digest")}}
    receipt = sign_receipt(
        work, issuer=audience, reference=reference, claims=claims, entry=kept.entry
    )
    return keep_answer(work, key, Answer(received.digest, 201, JOSE_TYPE, receipt.encode()))


def find_part(work: Work, reference: str) -> str:
    """The case, locked, if the caller has a part in it that is open to it for some purpose.

    :raises Denied: otherwise.
    """
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    # Asked of what is loaded: one more statement would tell a refusal from an absence.
    if facts is None or work.caller.agency_id not in facts.members or not may_know(work, facts):
        raise Denied("not-open", subject=case_id)
    return case_id


def add_note(work: Work, case_id: str, form: Mapping[str, Any], document: str) -> Kept:
    """Record and keep a note that was checked; `document` is the JWS in which it stands.

    The case is locked by who asks.

    :raises Conflict: if the agency keeps as many notes in the case as there may be.
    """
    if last_number(work, case_id) >= MOST:
        raise Conflict("So many notes of one agency in one case are too many.")
    kind, digest = NoteKind(form["kind"]), str(form["digest"])
    entry = work.record(
        "note.kept",
        case_id,
        because="own",
        facts={"kind": str(kind), "digest": digest, "owners": [work.caller.agency_id]},
    )
    return Kept(keep_note(work, case_id, kind, digest, document), entry)


def list_private_notes(
    work: Work, reference: str, purpose: Purpose, *, after: int, issuer: str
) -> Sealed:
    """The notes that the caller's own agency keeps in a case, one page, sealed as they came.

    :raises Denied: if it has no part in the case: the answer is that of an unknown one.
    :raises Invalid: if its kind of agency may not state this purpose.
    """
    work.attempt("note.read", purpose=purpose)
    require_purpose(work, purpose)
    case_id = find_case(work, reference, then=lambda ids: load(work, ids))
    found = list_notes(work, case_id, purpose, after=after)
    document = {
        "reference": references.write(reference),
        "notes": [_shown(note) for note in found.notes],
        "more": found.more,
    }
    return seal_answer(
        work,
        issuer=issuer,
        form="private-notes/1",
        document=document,
        purpose=purpose,
        entry=found.entry,
        cases=[found.facts],
    )


def _check(work: Work, received: Received) -> None:
    """Refuse what is not sealed to the agency's own key: an open note, another's, the gateway's."""
    if received.sealed:
        raise Invalid("A private note is sealed in its document.", Problem("not_both", "/sealed"))
    private.check_note(received.document)
    keys = directory.encryption_keys(work.session, work.caller.agency_id, work.now)
    known = {jwk["kid"] for jwk in keys} - work.keys.encryption.by_kid.keys()
    if received.document["kid"] not in known:
        raise Invalid("The note is sealed to another key.", Problem("not_sealed", "/kid"))


def _shown(note: Note) -> dict[str, Any]:
    return {
        "note": note.id,
        "number": note.number,
        "kind": str(note.kind),
        "worker": note.by_worker,
        "at": moments.write(note.at),
        **note.sealed,
    }

"""Owns what a worker does whose agency's keys are hosted here: read what is sealed, write notes.

A door opens a Work for `ask_to_read`, lets it commit, waits until its line is in the log
(`ledger.wait_for`), and opens another Work for `read_for_worker`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gateway.agencies import directory, hosted
from gateway.disclosure import Unsealed, ask_unsealed, load, require_purpose, unseal
from gateway.errors import Unavailable
from gateway.flows.cases.finding import find_case
from gateway.flows.cases.noting import FORM, add_note, find_part
from gateway.ledger import Entry, Work
from gateway.schemas import forms
from gateway.schemas.codes import NoteKind, Purpose
from gateway.sealing import envelopes, jose, private
from gateway.sealing.claims import padded

LIFE = timedelta(minutes=5)


def ask_to_read(work: Work, reference: str, purpose: Purpose) -> Entry:
    """Decide and record that a worker reads what is sealed to its hosted agency; opens nothing.

    :raises Denied: if it may not: the answer is that of an unknown case.
    :raises Invalid: if its kind of agency may not state this purpose.
    """
    work.attempt("sealed.read", purpose=purpose)
    require_purpose(work, purpose)
    hosted.require_worker(work)
    return ask_unsealed(work, find_case(work, reference, then=lambda ids: load(work, ids)), purpose)


def read_for_worker(
    work: Work, reference: str, purpose: Purpose, asked: Entry, *, notes_after: int = 0
) -> Unsealed:
    """Open a case, the sections sealed to the worker's agency and its private notes.

    :raises Denied: as `ask_to_read`; also if `asked` is another's, or of another day.
    :raises Unavailable: if the line `asked` is not in the tree of the access log yet.
    """
    work.attempt("sealed.read", purpose=purpose)
    require_purpose(work, purpose)
    hosted.require_worker(work)
    case_id = find_case(work, reference, then=lambda ids: load(work, ids))
    return unseal(work, case_id, purpose, asked, notes_after=notes_after)


def write_for_worker(
    work: Work, reference: str, kind: NoteKind, text: str, *, audience: str
) -> str:
    """Keep a private note that a worker of a hosted agency wrote; gives the note's id.

    It is signed and sealed with the agency's own hosted keys, as its software would do.

    :raises Denied: if it may not: the answer is that of an unknown case.
    :raises Invalid: if the text is not of the published form.
    """
    work.attempt("note.keep")
    hosted.require_worker(work)
    case_id = find_part(work, reference)
    return write_own(work, case_id, kind, {"text": text}, audience=audience)


def write_own(
    work: Work, case_id: str, kind: NoteKind, content: Mapping[str, Any], *, audience: str
) -> str:
    """Seal a note to the agency's own hosted key, sign it and keep it; gives its id.

    Who may, the caller has decided. What stands beside the text is the agency's own.

    :raises Invalid: if the text is not of the published form.
    """
    agency_id = work.caller.agency_id
    keys = directory.encryption_keys(work.session, agency_id, work.now)
    signing = hosted.open_keys(work, "sig")
    if not keys or not signing:
        raise Unavailable("The agency has no valid key.")
    forms.load_body(forms.NOTE_TEXT, {"text": content["text"]})
    sealed = private.seal_note(
        content,
        keys[0],
        idempotency_key=secrets.token_urlsafe(16),
        secret=secrets.token_bytes(32),
    )
    document = {"kind": str(kind), **sealed}
    kid, key = next(iter(signing.items()))
    claims: dict[str, Any] = {
        "iss": agency_id,
        "aud": audience,
        "iat": int(work.now.timestamp()),
        "exp": int((work.now + LIFE).timestamp()),
        "jti": secrets.token_urlsafe(16),
        "worker": work.caller.worker_id,
        "form": FORM,
        "document": document,
    }
    return add_note(
        work,
        case_id,
        forms.load(FORM, document),
        jose.sign(padded(claims), key, kid, envelopes.DOCUMENT),
    ).note_id

"""Owns the originals of a draft: sealed with it, and only once they were cleaned.

Cleaning belongs between two Works, never into one (ADR 0072).
"""

from __future__ import annotations

from gateway.disclosure.drafts import open_draft_key
from gateway.errors import Conflict, Denied
from gateway.flows.referrals.drafts import find_row, read_again
from gateway.ledger import Work
from gateway.schemas.originals import MOST, Original
from gateway.schemas.people_codes import AttachmentKind
from gateway.store import drafts as store
from gateway.store.drafts import FileRow


def require_room(work: Work, draft_id: str) -> None:
    """Ask whether a file may be added, before it is read: that takes seconds and holds no row.

    :raises Denied: if there is no such draft.
    :raises Conflict: code too_many, if it has as many as a referral may have.
    """
    work.attempt("draft.file.add")
    row = find_row(work, draft_id)
    work.record("draft.read", None, because="own")
    read_again(work, draft_id, open_draft_key(work, row))
    _require_few(work, draft_id)


def add_file(work: Work, draft_id: str, kind: AttachmentKind, found: Original) -> None:
    """Keep what is left of a file once it was looked at.

    :raises Denied: if there is no such draft.
    :raises Conflict: code too_many, if it has as many as a referral may have.
    """
    work.attempt("draft.file.add")
    row = find_row(work, draft_id, is_locked=True)
    number = store.next_number(work.session, draft_id)
    _require_few(work, draft_id)
    facts = {"type": found.media_type, "size": len(found.content)}
    work.record("draft.file.add", None, because="own", facts=facts)
    key = open_draft_key(work, row)
    read_again(work, draft_id, key)
    store.add_file(
        work.session,
        draft_id,
        FileRow(
            number=number,
            kind=kind,
            media_type=found.media_type,
            size=len(found.content),
            added_by=work.caller.worker_id or "",
            added_at=work.now,
        ),
        key.seal(f"file/{number}", found.content),
    )


def remove_file(work: Work, draft_id: str, number: int) -> None:
    """Take a file out of a draft.

    :raises Denied: if there is none.
    """
    work.attempt("draft.file.remove")
    row = find_row(work, draft_id, is_locked=True)
    work.record("draft.file.remove", None, because="own")
    read_again(work, draft_id, open_draft_key(work, row))
    if number not in {each.number for each in store.list_files(work.session, draft_id)}:
        raise Denied("absent")
    store.remove_file(work.session, draft_id, number)


def _require_few(work: Work, draft_id: str) -> None:
    if len(store.list_files(work.session, draft_id)) >= MOST:
        raise Conflict("Take one of the files out first.", code="too_many")

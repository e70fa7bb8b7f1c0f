"""Owns the originals of a case as a person meets them: which there are, and one of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.disclosure import originals as disclosure
from gateway.flows.cases.showing import find_shown
from gateway.ledger import Work
from gateway.schemas.codes import Purpose
from gateway.schemas.originals import ENDINGS
from gateway.store import attachments
from gateway.store.attachments import AttachmentRow


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """An original with a name that tells nothing."""

    media_type: str
    name: str
    content: bytes = field(repr=False)


def list_originals(work: Work, reference: str, purpose: Purpose) -> list[AttachmentRow]:
    """The originals that the caller may read on a page; names and texts of none.

    :raises Denied: if it may see nothing of the case, or no page shows it.
    """
    work.attempt("original.listed", purpose=purpose)
    case_id = find_shown(work, reference)
    if not attachments.list_attachments(work.session, [case_id]):
        work.count("original.listed.none")
        return []
    return disclosure.list_originals(work, case_id, purpose)


def read_original(
    work: Work, reference: str, sent: str, number: int, purpose: Purpose
) -> OriginalFile:
    """One original, reached through the case alone; `sent` is the referral with which it came.

    :raises Denied: if the caller may not read it, or there is none: both look alike.
    """
    work.attempt(disclosure.EVENT, purpose=purpose)
    case_id = find_shown(work, reference)
    row, content = disclosure.open_original(work, case_id, sent, number, purpose)
    name = f"original-{number}.{ENDINGS.get(row.media_type, 'bin')}"
    return OriginalFile(row.media_type, name, content)

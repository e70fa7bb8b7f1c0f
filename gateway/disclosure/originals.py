"""Owns who reads an original: whoever it came from, and who may read all that can be in it.

Nobody can look through a picture for what a reader may not know. So the decision is that of the
whole case: one section at less than its full text, and the file is not there.
"""

from __future__ import annotations

from gateway.disclosure.boxes import open_value, read_case_key
from gateway.disclosure.opening import Disclosed, disclose
from gateway.errors import Denied, NotFound
from gateway.ledger import Work
from gateway.schemas.codes import Level, Purpose
from gateway.store import attachments
from gateway.store.attachments import AttachmentRow

EVENT = "original.read"


def list_originals(work: Work, case_id: str, purpose: Purpose) -> list[AttachmentRow]:
    """The originals of a case that the caller may read for this purpose; opens none.

    :raises Denied: if it may see nothing of the case.
    """
    found = disclose(work, case_id, purpose, event="original.listed", opens=())
    rows = attachments.list_attachments(work.session, [case_id])
    return [row for row in rows if _may_read(work, found, row)]


def open_original(
    work: Work, case_id: str, reference: str, number: int, purpose: Purpose
) -> tuple[AttachmentRow, bytes]:
    """One original of a referral of this case; decided, recorded, opened.

    :raises Denied: if the caller may not read it, or there is none.
    """
    found = disclose(work, case_id, purpose, event=EVENT, opens=())
    rows = attachments.list_attachments(work.session, [case_id])
    place = (reference, number)
    row = next((each for each in rows if (each.reference, each.number) == place), None)
    if row is None or not _may_read(work, found, row):
        raise Denied("original", subject=case_id)
    content = attachments.find_content(work.session, row.id)
    if content is None:
        raise NotFound
    key = read_case_key(work, case_id)
    plain = open_value(key, table="attachment", column="content", row=row.id, cell=content)
    return row, plain


def _may_read(work: Work, found: Disclosed, row: AttachmentRow) -> bool:
    me, decision = work.caller.agency_id, found.decision
    if me in (row.owner_id, row.by_agency):
        return True
    return all(
        decision.level(each.name, is_own=each.owner == me) is Level.FULL
        for each in found.facts.sections
    )

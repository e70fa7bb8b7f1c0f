"""Owns sending a referral that was typed in: the same way in as by the API, and once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gateway.agencies.inbox import JOSE_TYPE, Written
from gateway.disclosure import (
    find_referral,
    open_case_key,
    require_no_wall,
    require_not_close,
    seal_value,
)
from gateway.disclosure.drafts import open_draft_key
from gateway.errors import Conflict, Denied
from gateway.flows.referrals import drafts as flow
from gateway.flows.referrals.mending import send_mended
from gateway.flows.referrals.own import preview
from gateway.flows.referrals.sending import find_sender, of_caller
from gateway.flows.referrals.submitting import find_own, submit
from gateway.ledger import Work
from gateway.schemas import forms
from gateway.schemas import reference as references
from gateway.schemas.codes import Need
from gateway.sealing import jose, outgoing
from gateway.store import answers, attachments, drafts, ids, referrals
from gateway.store.answers import Answer
from gateway.store.attachments import AttachmentRow

Protected = Mapping[str, Mapping[str, Any]]


def send_draft(
    work: Work,
    draft_id: str,
    document: Mapping[str, Any],
    protected: Protected,
    *,
    seen: int,
    audience: str,
) -> Answer:
    """Send what was typed in, seal what nobody here may read, and destroy the draft (201).

    The draft's id is the key under which the answer is kept: who sends it twice is answered with
    the same receipt. `seen` is the version of the draft that the document was made from.

    :raises Denied: if there is no such draft, or a wall stands before what became of it.
    :raises Conflict: code changed_meanwhile, if the draft was saved since; it stays as it is.
    :raises Invalid: with a pointer for each fault; the draft stays as it is.
    """
    work.attempt("referral.submit")
    if earlier := _find_receipt(work, draft_id):
        case_id = _require_shown(work, earlier)
        work.record("answer.repeated", case_id, because="idempotency-key")
        return earlier
    row = flow.find_row(work, draft_id, is_locked=True)
    work.count("draft.sent")  # what is recorded of it is the referral
    key = open_draft_key(work, row)
    draft = flow.read_again(work, draft_id, key)
    if draft.version != seen:  # it would be destroyed unsent
        raise Conflict("Somebody saved something of it since it was read.", code=flow.CHANGED)
    if draft.mends:
        find_own(work, draft.mends)  # first: nothing is sealed for who may not send it
    sender = of_caller(work) if draft.mends else find_sender(work, draft.agency_id)
    forms.load("referral/1", dict(document))  # first of all: nothing is sealed for a faulty one
    sealed = _seal(work, document, protected)
    files = [
        (each, key.open(f"file/{each.number}", content))
        for each in draft.files
        for content in [drafts.find_file(work.session, draft_id, each.number)]
        if content is not None
    ]
    if draft.mends:
        answer = send_mended(work, draft, document, sealed, audience=audience)
    else:
        written = Written(document, sealed=sealed)
        answer = submit(work, written, audience=audience, key=draft_id, sender=sender)
    _keep_files(work, answer, sender.agency_id, files)
    drafts.remove_draft(work.session, draft_id)
    return answer


def find_sent(work: Work, draft_id: str) -> Answer | None:
    """The receipt of a draft that was sent before, recorded as a look at its case; None if none is.

    :raises Denied: if a wall stands between the caller and that case.
    """
    work.attempt("draft.sent.read")
    found = _find_receipt(work, draft_id)
    if found is None:
        work.count("draft.listed")
        return None
    work.record("draft.sent.read", _require_shown(work, found), because="own")
    return found


def _find_receipt(work: Work, draft_id: str) -> Answer | None:
    """What sending a draft was answered with; no other receipt that lies under such a key."""
    found = answers.find_answer(work.session, agency_id=work.caller.agency_id, key=draft_id)
    if found is None or (found.status, found.content_type) != (201, JOSE_TYPE):
        return None
    claims = json.loads(jose.read_signed(found.body.decode()).payload)
    return found if "level" in claims else None


def _require_shown(work: Work, receipt: Answer) -> str:
    """The case of a referral that the caller's agency sent or typed in.

    Whoever is close to somebody in it could have known the draft before anybody was named. Who
    sent it, and is not, reads what it was answered: a colleague's tie may have shut the agency out
    by that, but the receipt rests on nothing but what was typed, and may say to ring 999.

    :raises Denied: if it is another's, or a wall stands before the case.
    """
    row = find_referral(work, reference_of(receipt))
    if row is None:
        raise Denied("absent")
    me = (work.caller.agency_id, work.caller.worker_id)
    senders = {(row.agency_id, row.worker_id), (row.entered_agency_id, row.entered_worker_id)}
    if me[0] not in {agency_id for agency_id, _ in senders}:
        raise Denied("not-the-sender", subject=row.case_id)
    if me in senders:
        require_not_close(work, row.case_id)
    else:
        require_no_wall(work, row.case_id)
    return row.case_id


def _seal(
    work: Work, document: Mapping[str, Any], protected: Protected
) -> tuple[Mapping[str, Any], ...]:
    """Seal what was typed of her contact and address to those who may hold it, and forget it."""
    if not protected:
        return ()
    for section, content in protected.items():
        forms.load_sealed(section, dict(content))
    asked = outgoing.preview_question(document)
    needs = frozenset(Need(code) for code in asked.get("needs", ()))
    offered = {
        "recipients": [
            {"agency": e.agency_id, "kind": e.kind, "sections": e.sections, "key": e.key}
            for e in preview(work, asked.get("area"), asked.get("outward"), needs)
        ]
    }
    key, secret = ids.new(work.now, work.chance), work.chance(32)
    made = outgoing.seal_sections(
        document, protected, offered, key=key, secret=secret, check=_in_directory
    )
    return tuple(made)


def _in_directory(agency: str, key: Mapping[str, Any], kind: str) -> None:
    """The directory's own keys need no proof from the directory."""


def _keep_files(
    work: Work, answer: Answer, owner_id: str, files: list[tuple[drafts.FileRow, bytes]]
) -> None:
    """Put the originals under the key of the case that came of it."""
    if not files:
        return
    reference = reference_of(answer)
    row = referrals.find_referral(work.session, reference=reference)
    if row is None:
        raise Denied("absent")
    case_key = open_case_key(work, row.case_id)
    before = attachments.list_attachments(work.session, [row.case_id])
    last = max((each.number for each in before if each.reference == reference), default=0)
    for each, content in files:
        attachment_id = ids.new(work.now, work.chance)
        attachments.add_attachment(
            work.session,
            AttachmentRow(
                id=attachment_id,
                case_id=row.case_id,
                reference=reference,
                number=last + each.number,
                owner_id=owner_id,
                kind=each.kind,
                media_type=each.media_type,
                size=each.size,
                digest=hashlib.sha256(content).digest(),
                by_agency=work.caller.agency_id,
                by_worker=work.caller.worker_id,
                at=work.now,
            ),
            seal_value(
                case_key, table="attachment", column="content", row=attachment_id, value=content
            ),
        )


def reference_of(answer: Answer) -> str:
    """The reference of the receipt of a referral, as it is stored."""
    claims = json.loads(jose.read_signed(answer.body.decode()).payload)
    found = references.read(claims["sub"])
    if found is None:
        raise ValueError("a receipt without a reference")
    return found

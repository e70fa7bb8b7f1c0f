"""Owns the originals at the desk: attached to a draft, and handed out of a case."""

from __future__ import annotations

import re

from flask import Response, redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.desk.entering.drafts import agency_name, document_of, faults_of, standing
from gateway.desk.entering.labels import FILE_FAULTS
from gateway.desk.entering.pages import SEND
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import read_reference
from gateway.errors import Conflict, Invalid, NotFound
from gateway.flows import cases, referrals
from gateway.rules.desk import CASEWORK, ENTERS
from gateway.schemas.codes import Limited, Purpose
from gateway.schemas.originals import LARGEST, MOST, clean
from gateway.schemas.people_codes import AttachmentKind

_PURPOSE = re.compile(r"P([1-9])", re.ASCII)


@page("/drafts/<draft_id>/files", roles=ENTERS)
def draft_files(visit: Visit, draft_id: str) -> Answer:
    """Show which originals are attached, and attach another."""
    return _show(visit, draft_id)


@page("/drafts/<draft_id>/files", roles=ENTERS, method="POST")
def change_files(visit: Visit, draft_id: str) -> Answer:
    """Attach an original, or take one out."""
    do = request.form.get("do", "")
    if do.startswith("remove:"):
        number = do.removeprefix("remove:")
        if not (number.isascii() and number.isdigit() and len(number) < 4):
            raise NotFound
        with visit.work() as work:
            referrals.remove_file(work, draft_id, int(number))
        return redirect(f"{ROOT}/drafts/{draft_id}/files", 303)
    sent, kind = request.files.get("file"), request.form.get("kind", "")
    if sent is None or not sent.filename or kind not in list(AttachmentKind):
        return _show(visit, draft_id, "Choose a file, and say what it is.")
    content = sent.stream.read(LARGEST + 1)
    try:
        with visit.work() as work:
            referrals.require_room(work, draft_id)
        kept = clean(sent.filename, content)  # between two Works: it may take seconds
        with visit.work() as work:
            referrals.add_file(work, draft_id, AttachmentKind(kind), kept)
    except Invalid as error:
        return _show(visit, draft_id, FILE_FAULTS[error.problems[0].code])
    except Conflict:
        return _show(visit, draft_id, f"A referral takes {MOST} files. Take one out first.")
    return redirect(f"{ROOT}/drafts/{draft_id}/files", 303)


@page("/cases/<reference>/originals", roles=CASEWORK, method="POST", takes=Limited.EXPORT)
def original(visit: Visit, reference: str) -> Answer:
    """Hand out one original for the purpose for which the case was opened."""
    purpose, number = request.form.get("purpose", ""), request.form.get("number", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 4
    if not _PURPOSE.fullmatch(purpose) or not is_number:
        raise NotFound
    written = read_reference(reference)
    sent = read_reference(request.form.get("sent", ""))
    with visit.work() as work:
        found = cases.read_original(work, written, sent, int(number), Purpose(purpose))
    answer = Response(found.content, mimetype=found.media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _show(visit: Visit, draft_id: str, fault: str = "") -> Answer:
    with visit.work() as work:
        draft = referrals.read_draft(work, draft_id)
    return show(
        "draft_files",
        visit,
        status=422 if fault else 200,
        draft=draft,
        fault=fault,
        kinds=list(AttachmentKind),
        megabytes=LARGEST // 1_000_000,
        most=MOST,
        agency=agency_name(visit, draft.agency_id),
        states=standing(draft, faults_of(document_of(visit, draft.typed))),
        send=SEND,
    )

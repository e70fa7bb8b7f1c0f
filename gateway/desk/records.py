"""Owns the records of a case on a page: what was given to whom, what left, and who looked.

Looking at them is looking at the log, for which the purpose is always the same and is recorded.
"""

from __future__ import annotations

import json
import re
from datetime import datetime

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from gateway.desk import record_words
from gateway.desk.guard import Visit, page
from gateway.desk.render import show
from gateway.desk.triage import read_reference
from gateway.errors import NotFound
from gateway.flows import cases, directory, log
from gateway.ledger import sequence
from gateway.rules.desk import CASEWORK
from gateway.schemas.codes import Limited, PersonRole

MOST = 100  # lines on a page
_ID = re.compile(r"[0-9a-f-]{16,64}", re.ASCII)
_FROM = re.compile(r"[0-9]{1,6}", re.ASCII)
_WHO = CASEWORK | {PersonRole.DPO_AUDITOR}


@page("/cases/<reference>/records", roles=_WHO, takes=Limited.EXPORT)
def case_records(visit: Visit, reference: str) -> Answer:
    """Show who was given what of a case, what left it, and who looked, as the reader may see."""
    written = read_reference(reference)
    asked = request.args.get("from", "0")
    first = int(asked) if _FROM.fullmatch(asked) else 0
    with visit.work() as work:
        found = cases.show_records(work, written)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    return show(
        "records",
        visit,
        found=found,
        lines=found.lines[first : first + MOST],
        first=first,
        next=first + MOST if len(found.lines) > first + MOST else None,
        names=names,
        said=record_words,
        at=datetime.fromisoformat,
        is_auditor=PersonRole.DPO_AUDITOR in visit.person.roles,
    )


@page("/cases/<reference>/records", roles=CASEWORK, method="POST", takes=Limited.EXPORT)
def take_receipt(visit: Visit, reference: str) -> Answer:
    """Hand out a receipt of the person's own agency, or the proof of its line in the log."""
    written, receipt_id = read_reference(reference), request.form.get("receipt", "")
    if not _ID.fullmatch(receipt_id):
        raise NotFound
    here = visit.house
    with visit.work() as work:
        found = cases.take_receipt(work, written, receipt_id)
    if request.form.get("what") != "proof":
        return _file(json.dumps(found, ensure_ascii=False, indent=1), "receipt.json")
    sequence(here.sessions, here.keys, now=visit.now)  # a receipt of just now has its place then
    commitment = str(found["receipts"][0]["part"]["log"]["commitment"])
    with visit.work() as work:
        proof = log.read_receipt(work, commitment)
    return _file(proof, "receipt.tlog-proof")


def _file(text: str, name: str) -> Response:
    answer = Response(text, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer

"""Owns mending a returned referral at the desk: why it came back, and its pages once more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.desk import terms
from gateway.desk.entering.drafts import names_of, nodes_of, zone_of
from gateway.desk.entering.pages import ASSESSMENT, PAGES, PLACES, REFERRAL, TITLES
from gateway.desk.entering.questions import Asking
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import read_reference
from gateway.errors import Conflict
from gateway.flows import cases, referrals
from gateway.rules.desk import ENTERS
from gateway.schemas import reference as references
from gateway.schemas.codes import Purpose
from gateway.schemas.typed import Typed, from_document, to_document

_PURPOSE = re.compile(r"P([1-9])", re.ASCII)
_SOFTWARE = "It was sent by software, or says what no page asks. Mend it where it was made."
_GONE = "It does not wait for you any more: somebody has mended it, or it was settled."


@page("/cases/<reference>/mend", roles=ENTERS)
def returned(visit: Visit, reference: str) -> Answer:
    """Show why a referral came back, and where each reason is mended."""
    return _show(visit, read_reference(reference))


@page("/cases/<reference>/mend", roles=ENTERS, method="POST")
def mend(visit: Visit, reference: str) -> Answer:
    """Write what was sent into the pages of a draft, and open the first that has to be mended."""
    written, purpose = read_reference(reference), request.form.get("purpose", "")
    if not _PURPOSE.fullmatch(purpose):
        return _show(visit, written, said="Choose why you open it.", status=422)
    try:
        with visit.work() as work:
            cases.require_shown(work, written, "referral.read")
            found = referrals.read_returned(work, written, Purpose(purpose))
        made = pages_of(visit, found.document)
        if found.has_more or made is None:
            return _show(visit, written, said=_SOFTWARE, status=409)
        with visit.work() as work:
            draft_id = referrals.begin_mending(work, written, made)
    except Conflict as error:
        said = {"illegal_state": _GONE, "too_many": "Send or drop some of what you began first."}
        return _show(visit, written, said=said.get(error.code, _SOFTWARE), status=409)
    return redirect(f"{ROOT}/drafts/{draft_id}/{PAGES[0].name}", 303)


def pages_of(visit: Visit, document: Mapping[str, Any]) -> dict[str, Typed] | None:
    """What was sent, as it is typed on each page; None if the pages cannot say all of it."""
    typed = from_document(document)
    made = {each.name: _on(each.name, typed) for each in PAGES}
    again = {name: texts for page in made.values() for name, texts in page.items()}
    whole = dict(document)
    whole["victim"] = {n: v for n, v in document["victim"].items() if n != "contact"}
    return made if to_document(REFERRAL, again, zone_of(visit)) == whole else None


def _on(name: str, typed: Typed) -> Typed:
    nodes = [n for _, block in nodes_of(name, Asking(typed, {})) for n in block]
    names = set(names_of(nodes))
    if name == "risk":
        names |= {n for n in typed if n.startswith(ASSESSMENT)} | {"/risk_assessments/absent"}
    return {n: texts for n, texts in typed.items() if n in names}


def _show(visit: Visit, written: str, *, said: str = "", status: int = 200) -> Answer:
    try:
        with visit.work() as work:
            cases.require_shown(work, written, "referral.returned")
            found = referrals.find_returned(work, written)
    except Conflict as error:
        reasons: tuple[str, ...] = ()
        draft, can_mend = "", False
        said = said or (_GONE if error.code == "illegal_state" else _SOFTWARE)
        status = 409
    else:
        reasons, draft, can_mend = found.reasons, found.draft_id, True
    with visit.work() as work:
        known = cases.purposes_of(work, visit.person.caller)
    return show(
        "mend",
        visit,
        status=status,
        reference=references.write(written),
        reasons=reasons,
        draft=draft,
        can_mend=can_mend,
        purposes=known,
        said=said,
        places=PLACES,
        titles=TITLES,
        first_page=PAGES[0].name,
        terms=terms,
    )

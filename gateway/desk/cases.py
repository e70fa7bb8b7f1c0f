"""Owns the page of one case: why it is opened is asked first, and stands in the access log."""

from __future__ import annotations

import re
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.errors import Invalid, NotFound
from gateway.flows import cases, directory
from gateway.ledger import wait_for
from gateway.rules.desk import CASEWORK
from gateway.rules.minutes import SECTIONS
from gateway.schemas import reference as references
from gateway.schemas.codes import (
    Acknowledgement,
    Custody,
    DeclineReason,
    Limited,
    PersonRole,
    Purpose,
)

PURPOSE = re.compile(r"P([1-9])", re.ASCII)
PLAN = "actions"  # has a page of its own
# The order in which a case is read: who she is and how to reach her, then what is at stake.
_FIRST = (
    "safe_contact",
    "protected_address",
    "victim_identity",
    "victim_address",
    "staff_safety",
    "referral",
    "incidents",
    "risk_answers",
    "children",
    "perpetrators",
)


@page("/cases/<reference>", roles=CASEWORK)
def why(visit: Visit, reference: str) -> Answer:
    """Ask why a case is opened; of the case itself nothing is looked at."""
    written = references.read(reference)
    if written is None:
        raise NotFound
    return ask_why(visit, references.write(written))


@page("/cases/<reference>", roles=CASEWORK, method="POST", takes=Limited.EXPORT)
def case(visit: Visit, reference: str) -> Answer:
    """Show a case as the person may see it, for the purpose that it stated."""
    purpose = request.form.get("purpose", "")
    written = references.read(reference) or "-"
    if not PURPOSE.fullmatch(purpose):
        return ask_why(visit, references.write(written), said="Choose why you open this case.")
    asked, here = None, visit.house
    if visit.person.custody is Custody.HOSTED:
        with visit.work() as work:
            asked = cases.ask_to_show(work, written, Purpose(purpose))
        wait_for(here.sessions, here.keys, asked.id, visit.now)
    with visit.work() as work:
        shown = cases.show(work, written, Purpose(purpose), asked, issuer=here.settings.base_url)
    with visit.work() as work:
        originals = cases.list_originals(work, written, Purpose(purpose))
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    document = shown.document
    every = document.get("sections", [])
    return show(
        "case",
        visit,
        reference=document["reference"],
        document=document,
        shown=shown,
        sections=_ordered([e for e in every if e["section"] not in {*SECTIONS, PLAN}]),
        has_minutes=any(each["section"] in SECTIONS for each in every),
        has_plan=any(each["section"] == PLAN for each in every),
        originals=originals,
        withheld=[each for each in document.get("withheld", []) if each not in shown.sealed],
        purpose=purpose,
        custody=str(visit.person.custody),
        names=names,
        reasons=[str(each) for each in DeclineReason],
        labels=labels_of(visit),
        reaches_her=PersonRole.IDVA in visit.person.roles,
    )


@page(
    "/cases/<reference>/answer",
    roles={PersonRole.IDVA, PersonRole.AGENCY_REP},
    method="POST",
)
def answer_case(visit: Visit, reference: str) -> Answer:
    """Take a case on for the agency, or decline it with a reason; the coordinator sees it."""
    written = references.read(reference) or "-"
    try:
        outcome = Acknowledgement(request.form.get("outcome", ""))
        reason = request.form.get("reason", "")
        is_declined = outcome is Acknowledgement.DECLINED
        why = str(DeclineReason(reason)) if is_declined else None
    except ValueError:
        raise Invalid("Choose whether you take it on, and if not, why.") from None
    with visit.work() as work:
        cases.answer(work, written, outcome, why)
    return redirect(f"{ROOT}/cases", 303)


def ask_why(
    visit: Visit, reference: str, *, said: str = "", part: str = "", method: str = "post"
) -> Answer:
    """Ask for which purpose a case, or a part of it, is opened."""
    with visit.work() as work:
        known = cases.purposes_of(work, visit.person.caller)
    return show(
        "why",
        visit,
        status=422 if said else 200,
        reference=reference,
        purposes=known,
        said=said,
        target=f"{ROOT}/cases/{reference}{part}",
        method=method,
    )


def labels_of(visit: Visit) -> dict[str, str]:
    """The questions of risk instruments in words, by item."""
    profile = visit.house.profiles.for_area(visit.person.area, visit.now.date())
    return {
        item.id: item.label
        for instrument in profile.instruments.values()
        for item in instrument.items
    }


def _ordered(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rank = {name: place for place, name in enumerate(_FIRST)}
    return sorted(sections, key=lambda each: (rank.get(each["section"], 99), each["section"]))

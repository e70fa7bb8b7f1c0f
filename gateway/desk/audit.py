"""Owns the auditor's page: who looked at a case, each line proved again, and each broken glass.

It shows no content, and an auditor opens none here.
"""

from __future__ import annotations

from datetime import date

from flask import request
from werkzeug.wrappers import Response as Answer

from gateway.desk.guard import Visit, page
from gateway.desk.render import show
from gateway.desk.triage import read_reference
from gateway.errors import Denied, Invalid, NotFound
from gateway.flows import cases, directory
from gateway.flows.cases import Audited, Filter
from gateway.rules.desk import AUDITS
from gateway.schemas import reference as references
from gateway.schemas.codes import Limited

OUTCOMES = {
    "allowed": "Allowed",
    "denied": "Refused",
    "walled": "Refused, behind the wall",
    "absent": "Not found",
}
STANDING = {
    "PROVED": ("Proved", "green"),
    "WAITS": ("Waits for its place", "yellow"),
    "BROKEN": ("Does not fit the log", "red"),
}
FINDINGS = {"JUSTIFIED": "Justified", "NOT_JUSTIFIED": "Not justified"}


@page("/audit", roles=AUDITS)
def audit(visit: Visit) -> Answer:
    """Ask which case's log is looked at, and list every look behind the need to know."""
    return _show(visit)


@page("/audit", roles=AUDITS, method="POST", takes=Limited.EXPORT)
def audit_case(visit: Visit) -> Answer:
    """Show the lines of a case's log that fit the filters, the newest first."""
    try:
        wanted = _wanted()
    except Invalid as error:
        return _show(visit, said=error.message or "", status=422)
    try:
        written = read_reference(request.form.get("reference", "").strip())
        with visit.work() as work:
            found = cases.audit_case(work, written, wanted)
    except (Denied, NotFound):
        return _show(visit, said="There is no such case in your area.", status=404)
    return _show(visit, found=found, reference=references.write(written))


def _wanted() -> Filter:
    """The filters of the form. :raises Invalid: if the day is none."""
    form = request.form
    day = form.get("since", "").strip()
    try:
        since = date.fromisoformat(day) if day else None
    except ValueError:
        raise Invalid("Give a day, or none.") from None
    return Filter(form.get("agency", ""), form.get("outcome", ""), form.get("event", ""), since)


def _show(
    visit: Visit,
    *,
    found: Audited | None = None,
    reference: str = "",
    said: str = "",
    status: int = 200,
) -> Answer:
    with visit.work() as work:
        glasses = cases.list_glasses(work)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    return show(
        "audit",
        visit,
        status=status,
        found=found,
        reference=reference,
        sent=request.form if found else {},
        agencies=[(each, names.get(each, each)) for each in found.agencies] if found else [],
        events=[(each, each) for each in found.events] if found else [],
        glasses=glasses,
        names=names,
        outcomes=OUTCOMES,
        standing=STANDING,
        findings=FINDINGS,
        said=said,
    )

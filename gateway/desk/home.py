"""Owns the first page: what needs a person now, and the lists behind its numbers."""

from __future__ import annotations

from flask import redirect
from werkzeug.wrappers import Response as Answer

from gateway.desk import needs as said
from gateway.desk.guard import ANYBODY, Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.errors import NotFound
from gateway.flows import cases, directory, notices, referrals
from gateway.flows.cases import Need
from gateway.rules.desk import ANSWERS, CASEWORK, DECIDES, ENTERS
from gateway.schemas.codes import PersonRole


@page("", roles=ANYBODY)
def home(visit: Visit) -> Answer:
    """Show what needs somebody now, in order of danger and clock; each number leads to its list."""
    roles = visit.person.roles
    if PersonRole.AGENCY_ADMIN in roles:
        return redirect(f"{ROOT}/people", 303)
    if PersonRole.GOVERNANCE in roles:
        return redirect(f"{ROOT}/reports", 303)
    if PersonRole.DPO_AUDITOR in roles:
        return redirect(f"{ROOT}/audit", 303)
    if not roles & CASEWORK:
        return show("no_desk", visit)
    with visit.work() as work:
        found = cases.oversee(work)
        silence = notices.silent_since(work)
    begun = None
    if roles & ENTERS:
        with visit.work() as work:
            begun = referrals.count_own(work)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    return show(
        "home",
        visit,
        found=found,
        silence=silence,
        begun=begun,
        groups=said.grouped(found.counts),
        said=said.SAID,
        names=names,
        answers=bool(roles & ANSWERS),
        is_coordinator=PersonRole.COORDINATOR in roles or PersonRole.CHAIR in roles,
    )


@page("/needs/<code>", roles=CASEWORK)
def needs(visit: Visit, code: str) -> Answer:
    """List the cases behind one number, the most urgent first."""
    need = said.READ.get(code)
    if need is None:
        raise NotFound
    return _list(visit, need)


@page("/cases", roles=CASEWORK)
def my_cases(visit: Visit) -> Answer:
    """List the cases in which the agency has a part."""
    return _list(visit, None)


def _list(visit: Visit, need: Need | None) -> Answer:
    with visit.work() as work:
        lines = cases.list_lines(work, need)
    decides = bool(visit.person.roles & DECIDES)
    return show("cases", visit, lines=lines, need=need, said=said.SAID, decides=decides)

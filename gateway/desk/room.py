"""Owns the page of the meeting itself: who is there, its running order with times, begun, ended."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.desk import terms
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key
from gateway.errors import Conflict, Invalid
from gateway.flows import conferences, directory
from gateway.rules.desk import DECIDES
from gateway.schemas.codes import Limited

_DOES = ("begin", "end", "admit", "apologies")
_NOT_SIGNED = "declaration_missing"


@page("/conferences/<conference_id>/room", roles=DECIDES, takes=Limited.EXPORT)
def room(visit: Visit, conference_id: str) -> Answer:
    """Show the meeting: its running order, and who has signed. Whoever has not, signs first."""
    return show_room(visit, conference_id)


@page("/conferences/<conference_id>/room", roles=DECIDES, method="POST", takes=Limited.EXPORT)
def run_room(visit: Visit, conference_id: str) -> Answer:
    """Begin or end the meeting, let an observer in, or note an agency's apologies."""
    do, agency = request.form.get("do", ""), request.form.get("agency", "")
    if do not in _DOES:
        raise Invalid("Choose what to do.")
    try:
        with visit.work() as work:
            match do:
                case "begin":
                    conferences.begin_meeting(work, conference_id)
                case "end":
                    conferences.end_meeting(work, conference_id)
                case "admit":
                    worker, reason = request.form.get("worker", ""), request.form.get("reason", "")
                    conferences.admit(work, conference_id, agency, worker, reason.strip())
                case _:
                    conferences.apologise(work, conference_id, agency)
    except Conflict as error:
        if error.code == _NOT_SIGNED:
            return to_declaration(conference_id)
        return show_room(visit, conference_id, said=terms.conflict(error.code), status=409)
    except Invalid as error:
        return show_room(visit, conference_id, said=error.message or "", status=422)
    return redirect(f"{ROOT}/conferences/{conference_id}/room#{do}", 303)


def to_declaration(conference_id: str) -> Answer:
    """Lead somebody who has not signed to what is to be signed."""
    return redirect(f"{ROOT}/conferences/{conference_id}/declaration", 303)


def show_room(visit: Visit, conference_id: str, *, said: str = "", status: int = 200) -> Answer:
    """The page of the meeting."""
    with visit.work() as work:
        found = conferences.show_room(work, conference_id, issuer=visit.house.settings.base_url)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    return show(
        "room",
        visit,
        status=status,
        conference_id=conference_id,
        found=found,
        names=names,
        said=said,
        key=new_key(),
        is_chair=visit.person.caller.is_chair,
    )

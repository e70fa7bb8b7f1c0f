"""Owns the page of the declaration of confidentiality, which each attendee signs by name."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.desk import terms
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.errors import Conflict, Invalid
from gateway.flows import conferences
from gateway.rules.desk import ANSWERS, CASEWORK
from gateway.schemas.meeting_codes import Attending


@page("/conferences/<conference_id>/declaration", roles=CASEWORK)
def declaration(visit: Visit, conference_id: str) -> Answer:
    """Show the declaration of a conference, and whether it is signed."""
    return _declaration(visit, conference_id)


@page("/conferences/<conference_id>/declaration", roles=CASEWORK, method="POST")
def sign_declaration(visit: Visit, conference_id: str) -> Answer:
    """Sign it: the name, the time and the text's own digest stand in the log."""
    digest = request.form.get("digest", "")
    try:
        attending = Attending(request.form.get("attending", ""))
        with visit.work() as work:
            conferences.sign(work, conference_id, attending, digest)
    except (Invalid, ValueError):
        said = "Choose as what you attend."
        return _declaration(visit, conference_id, said=said, status=422)
    except Conflict as error:
        said = terms.conflict(error.code)
        return _declaration(visit, conference_id, said=said, status=409)
    return redirect(f"{ROOT}/conferences/{conference_id}/declaration", 303)


def _declaration(visit: Visit, conference_id: str, *, said: str = "", status: int = 200) -> Answer:
    with visit.work() as work:
        found = conferences.show_declaration(work, conference_id)
    return show(
        "declaration",
        visit,
        status=status,
        found=found,
        said=said,
        runs=found.conference.agency_id == visit.person.agency_id,
        conference_id=conference_id,
        answers=bool(visit.person.roles & ANSWERS),
    )

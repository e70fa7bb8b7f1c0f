"""Owns putting actions down while a case is heard: once, with owner, theme and day."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import inbox
from gateway.desk import terms
from gateway.desk.guard import Visit, page
from gateway.desk.hearing import show_case
from gateway.desk.place import ROOT
from gateway.desk.triage import read_reference, sent_key
from gateway.errors import Conflict, Invalid, Problem
from gateway.flows import conferences
from gateway.flows.conferences import Proposal
from gateway.rules.desk import DECIDES
from gateway.schemas import reference as references
from gateway.schemas.action_codes import ActionTheme, ActionUrgency
from gateway.schemas.codes import Limited
from gateway.schemas.paragraphs import read_text

_LONGEST = 500  # characters
_FIELDS = ("text", "theme", "owner", "urgency", "due_on", "volunteered", "offered_by")


@page(
    "/conferences/<conference_id>/cases/<reference>/actions",
    roles=DECIDES,
    method="POST",
    takes=Limited.EXPORT,
)
def add_action(visit: Visit, conference_id: str, reference: str) -> Answer:
    """Put an action down once, as it is agreed; its owner in the room has accepted it.

    Or fill the form with what an agency offered in its research, for somebody to look at.
    """
    written = read_reference(reference)
    if request.form.get("what") == "fill":
        chosen = (request.form.get("agency", ""), request.form.get("number", ""))
        return show_case(visit, conference_id, written, offer=chosen)

    def act() -> dict[str, Any]:
        is_here = bool(request.form.get("volunteered"))
        made = conferences.put_down(
            work,
            written,
            _action(),
            conference_id=conference_id,
            is_volunteered=is_here,
            offered_by=request.form.get("offered_by", ""),
        )
        return {"number": made.number, "status": str(made.status)}

    asked = {"action": written, **{name: request.form.get(name, "") for name in _FIELDS}}
    try:
        with visit.work() as work:
            inbox.once(work, sent_key(), asked, act, status=201)
    except Conflict as error:
        said = terms.conflict(error.code)
        return show_case(visit, conference_id, written, said=said, status=409, action=request.form)
    except Invalid as error:
        said = _lacks(error)
        return show_case(visit, conference_id, written, said=said, status=422, action=request.form)
    place = f"{ROOT}/conferences/{conference_id}/cases/{references.write(written)}"
    return redirect(f"{place}#plan", 303)


def _action() -> Proposal:
    """The action of the form. :raises Invalid: if its theme, owner or day is none."""
    form = request.form
    day, text = (
        form.get("due_on", "").strip(),
        read_text(form.get("text", ""), _LONGEST, lines=False),
    )
    if text is None:
        raise Invalid("Write what is to be done.", Problem("missing", "/text"))
    try:
        theme = ActionTheme(form.get("theme", ""))
        urgency = ActionUrgency(form.get("urgency", "ROUTINE"))
        due_on = date.fromisoformat(day) if day else None
    except ValueError:
        raise Invalid("Choose a theme, and a day if you give one.") from None
    return Proposal(theme, text, form.get("owner", ""), urgency=urgency, due_on=due_on)


def _lacks(error: Invalid) -> str:
    """What an action lacks, in words."""
    fields = {each.pointer.split("/")[-1] for each in error.problems if each.pointer}
    if "owner" in fields:
        return "Choose whose action it is: an agency that may know of the case."
    if "due_on" in fields:
        return "Give a day from today on, within a year."
    return error.message or "Check the action."

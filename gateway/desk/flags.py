"""Owns flags at the desk: those that end, and taking one off with a reason."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import inbox
from gateway.desk import plan_words
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid
from gateway.flows import cases, conferences
from gateway.rules.desk import DECIDES
from gateway.schemas.action_codes import FlagReason


@page("/flags", roles=DECIDES)
def flags(visit: Visit) -> Answer:
    """List the flags that end within four weeks or have ended."""
    return _flags(visit)


@page("/flags", roles=DECIDES, method="POST")
def take_flag_off(visit: Visit) -> Answer:
    """Take the flag of one case off, with a reason."""
    written = read_reference(request.form.get("reference", ""))
    try:
        reason = FlagReason(request.form.get("why", ""))
    except ValueError:
        return _flags(visit, said="Choose why it is taken off.", status=422)

    def act() -> dict[str, str]:
        conferences.take_off(work, written, reason)
        return {"flag": "REMOVED"}

    try:
        with visit.work() as work:
            cases.require_shown(work, written, "flag.settled")
            asked = {"flag": written, "reason": str(reason)}
            inbox.once(work, sent_key(), asked, act, status=201)
    except Invalid:
        return _flags(visit, said="The form is too old. Try again.", status=422)
    except Conflict as error:
        said = plan_words.STOPPED.get(error.code, "It was settled before.")
        return _flags(visit, said=said, status=409)
    return redirect(f"{ROOT}/flags", 303)


def _flags(visit: Visit, *, said: str = "", status: int = 200) -> Answer:
    with visit.work() as work:
        found = conferences.list_flags(work)
    return show(
        "flags",
        visit,
        status=status,
        over=[each for each in found if each.is_over],
        soon=[each for each in found if not each.is_over],
        said=said,
        key=new_key,
        reasons=plan_words.FLAG_REASONS,
        chosen=request.form.get("reference", "") if said else "",
    )

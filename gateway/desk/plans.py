"""Owns plans at the desk: a case's actions and what is done to them, and everybody's own list.

A plan is opened to coordinate the case and for nothing else, so the purpose is not asked for; it is
recorded like any other reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import inbox
from gateway.desk import plan_words
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid, Problem
from gateway.flows import cases, conferences, directory
from gateway.flows.conferences import Proposal
from gateway.ledger import Work
from gateway.rules.desk import CASEWORK, DECIDES
from gateway.schemas import reference as references
from gateway.schemas.action_codes import (
    ActionAbout,
    ActionAct,
    ActionTheme,
    ActionUrgency,
    NotPossible,
)
from gateway.schemas.codes import AgencyKind, Limited

MOST = 2000  # characters of one text


@page("/actions", roles=CASEWORK)
def actions(visit: Visit) -> Answer:
    """List one's own actions, and to who coordinates those of all its cases; late ones first."""
    with visit.work() as work:
        tasks = conferences.list_tasks(work, on_page=True)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    is_coordinator = bool(visit.person.roles & DECIDES)
    shown = [each for each in tasks if each.is_open or each.is_recent]
    return show(
        "actions",
        visit,
        late=[each for each in shown if each.is_overdue],
        coming=[each for each in shown if each.is_open and not each.is_overdue],
        closed=[each for each in shown if not each.is_open],
        is_coordinator=is_coordinator,
        names=names,
        said=plan_words,
    )


@page("/cases/<reference>/actions", roles=CASEWORK, takes=Limited.EXPORT)
def case_plan(visit: Visit, reference: str) -> Answer:
    """Show the actions of a case as the person's agency may know them, with what can be done."""
    return _plan(visit, read_reference(reference))


@page("/cases/<reference>/actions", roles=CASEWORK, method="POST", takes=Limited.EXPORT)
def change_plan(visit: Visit, reference: str) -> Answer:
    """Put an action down, do the next step of one, or close the plan; what was typed stays."""
    written = read_reference(reference)
    acts: Mapping[str, Callable[[Work, str], Mapping[str, Any]]] = {
        "propose": _propose,
        "step": _step,
        "close": _close,
    }
    act = acts.get(request.form.get("what", ""))
    if act is None:
        raise Invalid("Choose what to do.")
    asked = {name: text for name, text in request.form.items() if name not in ("token", "key")}
    try:
        with visit.work() as work:
            cases.require_shown(work, written, "action.settled")
            asked |= {"plan": written}
            inbox.once(work, sent_key(), asked, lambda: act(work, written), status=201)
    except Invalid as error:
        fields = [each.pointer.strip("/") for each in error.problems]
        return _plan(visit, written, said=plan_words.wrong(fields), status=422)
    except Conflict as error:
        said = plan_words.STOPPED.get(error.code, "It was settled before.")
        return _plan(visit, written, said=said, status=409)
    return redirect(f"{ROOT}/cases/{references.write(written)}/actions", 303)


@page("/conferences/<conference_id>/plan", roles=DECIDES, method="POST")
def send_plan(visit: Visit, conference_id: str) -> Answer:
    """Send out the plan of a conference: each owner is told of what it is to do."""

    def act() -> Mapping[str, Any]:
        sent = conferences.send_plan(work, conference_id)
        return {"cases": sent.cases, "actions": sent.actions}

    place = f"{ROOT}/conferences/{conference_id}"
    try:
        with visit.work() as work:
            inbox.once(work, sent_key(), {"plan_of": conference_id}, act, status=201)
    except Conflict:  # everything went out before: the page says so
        return redirect(f"{place}#plan", 303)
    return redirect(f"{place}#plan", 303)


def _propose(work: Work, reference: str) -> Mapping[str, Any]:
    form = request.form
    try:
        new = Proposal(
            theme=ActionTheme(form.get("theme", "")),
            text=_text("text"),
            owner=form.get("owner", ""),
            about=ActionAbout(form.get("about", "VICTIM")),
            urgency=ActionUrgency(form.get("urgency", "ROUTINE")),
            due_on=_day(form.get("due_on", "")),
            evidence=_text("evidence"),
        )
    except ValueError:
        raise Invalid("Choose what it is about.") from None
    return {"number": conferences.propose(work, reference, new).number}


def _step(work: Work, reference: str) -> Mapping[str, Any]:
    form = request.form
    number = form.get("number", "")
    try:
        act = ActionAct(form.get("act", ""))
        reason = NotPossible(form["reason"]) if form.get("reason") else None
        asked = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
    except ValueError:
        raise Invalid("Choose what to do.") from None
    status = conferences.settle(work, reference, asked, act, reason=reason, note=_text("note"))
    return {"status": str(status)}


def _close(work: Work, reference: str) -> Mapping[str, Any]:
    return {"state": str(conferences.close_plan(work, reference))}


def _text(name: str) -> str:
    """A text that was typed. :raises Invalid: if it is too long, or holds what is no text."""
    text = request.form.get(name, "").replace("\r\n", "\n").strip()
    if len(text) > MOST or any(ord(each) < 32 and each not in "\n\t" for each in text):
        raise Invalid("This cannot be kept.", Problem("too_long", f"/{name}"))
    return text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("There is no such day.", Problem("bad_date", "/due_on")) from None


def _plan(visit: Visit, written: str, *, said: str = "", status: int = 200) -> Answer:
    with visit.work() as work:
        found = conferences.show_actions(work, written, issuer=visit.house.settings.base_url)
    with visit.work() as work:
        partners = [
            each
            for each in directory.list_agencies(work)
            if each.kind is not AgencyKind.AUDITOR
            and (found.coordinates or each.agency_id == visit.person.agency_id)
        ]
    document = found.document
    return show(
        "plan",
        visit,
        status=status,
        reference=document["reference"],
        found=found,
        document=document,
        owners=sorted(((each.agency_id, each.name) for each in partners), key=lambda each: each[1]),
        at=datetime.fromisoformat,
        said=said,
        sent=request.form if said else {},
        key=new_key,
        plan=plan_words,
    )

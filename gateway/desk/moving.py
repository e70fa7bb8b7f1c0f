"""Owns the page on which a case leaves its way: withdrawn, closed, handed to another area.

It shows codes and days alone; what is in the case is read on its own page, for a purpose.
"""

from __future__ import annotations

import json
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies.inbox import Written
from gateway.desk import moving_words
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid
from gateway.flows import cases, directory, referrals
from gateway.rules.desk import DECIDES
from gateway.schemas import reference as references
from gateway.schemas.move_codes import REASONS, MoveAct

_LOST = frozenset({MoveAct.DECLINE})  # who did it sees the case no more


@page("/cases/<reference>/moves", roles=DECIDES)
def moves(visit: Visit, reference: str) -> Answer:
    """Show how a case can leave its way, and whose answer it waits for."""
    done = request.args.get("done", "")
    return _show(visit, read_reference(reference), done=done if done in list(MoveAct) else "")


@page("/cases/<reference>/moves", roles=DECIDES, method="POST")
def move_case(visit: Visit, reference: str) -> Answer:
    """Do what was chosen; what was written stays in the page if that cannot be done."""
    written = read_reference(reference)
    act = request.form.get("act", "")
    try:
        with visit.work() as work:
            cases.require_shown(work, written, "case.moved")
            answer = referrals.move_case(
                work,
                written,
                Written(_document(act)),
                audience=visit.house.settings.base_url,
                key=sent_key(),
            )
    except Invalid as error:
        names = [each.pointer.strip("/") for each in error.problems] or [""]
        said = " ".join(dict.fromkeys(moving_words.fault(name) for name in sorted(names)))
        return _show(visit, written, said=said, tried=act, status=422)
    except Conflict as error:
        said = moving_words.STOPPED.get(error.code, moving_words.SETTLED)
        return _show(visit, written, said=said, tried=act, status=409)
    made = json.loads(answer.body)
    if "reference" in made:  # the new area's own case, read like every other
        return redirect(f"{ROOT}/cases/{made['reference']}/triage", 303)
    if act in _LOST and request.form.get("from") == "elsewhere":
        return redirect(ROOT, 303)
    return redirect(f"{ROOT}/cases/{references.write(written)}/moves?done={act}", 303)


def _document(act: str) -> dict[str, Any]:
    """The form of a move as the API takes it; what was left empty is not there."""
    document: dict[str, Any] = {"act": act}
    if reason := request.form.get("why"):
        document["reason"] = reason
    if note := request.form.get("note", "").replace("\r\n", "\n").strip():
        document["note"] = note
    if act == MoveAct.TRANSFER:
        to = request.form.get("area", "")
        document |= {"outside": True} if to == moving_words.OUTSIDE else {"area": to} if to else {}
        document |= {"agreed": True} if request.form.get("agreed") else {}
    return document


def _show(
    visit: Visit,
    written: str,
    *,
    said: str = "",
    tried: str = "",
    done: str = "",
    status: int = 200,
) -> Answer:
    with visit.work() as work:
        found = referrals.look_at_moves(work, written)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    return show(
        "moves",
        visit,
        status=status,
        found=found,
        reference=found.reference,
        said=said,
        tried=tried,
        done=done,
        sent=request.form,
        key=new_key(),
        names=names,
        moving=moving_words,
        reasons={act: REASONS[act] for act in MoveAct},
    )

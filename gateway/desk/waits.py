"""Owns what waits for a decision in one case besides its triage, each with its own small form.

Matches, conflicts of interest, looks behind the glass, teams that serve both sides, sections that
are asked for, words that are to go, two who accuse each other. Every act is the flow of the API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import inbox
from gateway.agencies.inbox import Written
from gateway.desk import terms
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid
from gateway.flows import cases, directory
from gateway.ledger import Work
from gateway.rules.breakglass import is_fresh
from gateway.rules.desk import DECIDES
from gateway.schemas import reference as references
from gateway.schemas.codes import ApprovalAct, ConflictAct, Limited, ReleaseAct

Form = Mapping[str, Any]
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_ACTS = (ConflictAct.DEPUTY, ConflictAct.CONFIRM, ConflictAct.EXCLUDE, ConflictAct.END_DEPUTY)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of decision: which members its form has, and the flow that it goes to."""

    event: str
    members: tuple[str, ...]
    flow: Callable[..., Any]


KINDS: Mapping[str, Kind] = {
    "conflict": Kind(
        "conflict.settled", ("act", "agency", "worker", "reason"), cases.settle_conflict
    ),
    "glass": Kind("glass.reviewed", ("number", "finding", "approve", "note"), cases.review_glass),
    "release": Kind("release.settled", ("act", "agency", "team"), cases.settle_release),
    "redaction": Kind("redaction.settled", ("act", "number"), cases.settle_redaction),
    "counter": Kind("counter.reviewed", ("outcome", "account"), cases.review_primary_victim),
    "approval": Kind(
        "approval.settled", ("act", "number", "reason", "until"), cases.settle_approval
    ),
}
# What opens something to somebody is done by a person who proved just now who it is.
_PROVEN = {("release", ReleaseAct.APPROVE), ("approval", ApprovalAct.APPROVE)}


@page("/cases/<reference>/waits", roles=DECIDES, takes=Limited.EXPORT)
def waits(visit: Visit, reference: str) -> Answer:
    """Show what waits in a case, with what it takes to decide it and what follows."""
    done = request.args.get("done", "")
    return _show(visit, read_reference(reference), done=done if done in terms.SETTLED else "")


@page("/cases/<reference>/waits", roles=DECIDES, method="POST", takes=Limited.EXPORT)
def settle(visit: Visit, reference: str) -> Answer:
    """Settle one thing; what was written stays in the page if that cannot be done."""
    written, what = read_reference(reference), request.form.get("what", "")
    if what not in KINDS and what != "match":
        raise Invalid("Choose what to settle.")
    if (what, request.form.get("act")) in _PROVEN and not is_fresh(visit.person.caller, visit.now):
        return _show(visit, written, said=terms.PROVE, status=403)
    try:
        with visit.work() as work:
            _settle(visit, work, written, what)
    except Invalid as error:
        said = terms.lacks(what, *(each.pointer.strip("/") for each in error.problems))
        return _show(visit, written, said=said, status=422)
    except Conflict as error:
        return _show(visit, written, said=terms.conflict(error.code), status=409)
    return redirect(f"{ROOT}/cases/{references.write(written)}/waits?done={what}", 303)


def _settle(visit: Visit, work: Work, written: str, what: str) -> None:
    if what == "match":
        cases.require_shown(work, written, "match.settled")
        mark, is_same = request.form.get("mark", ""), request.form.get("same") == "yes"
        if request.form.get("same") not in ("yes", "no"):
            raise Invalid("Choose one.")
        asked = {"match": written, "mark": mark, "same": is_same}
        inbox.once(
            work,
            sent_key(),
            asked,
            lambda: cases.settle_match(work, written, mark, is_same=is_same),
        )
        return
    kind = KINDS[what]
    cases.require_shown(work, written, kind.event)
    kind.flow(
        work,
        written,
        Written(_document(kind.members)),
        audience=visit.house.settings.base_url,
        key=sent_key(),
    )


def _document(members: tuple[str, ...]) -> dict[str, Any]:
    """The form of an act as the API takes it; what was left empty is not there."""
    found: dict[str, Any] = {}
    for name in members:
        text = request.form.get(name, "").replace("\r\n", "\n").strip()
        if not text:
            continue
        is_number = name == "number" and _NUMBER.fullmatch(text)
        found[name] = int(text) if is_number else True if name == "approve" else text
    if found.get("act") != ApprovalAct.APPROVE:
        found.pop("until", None)  # a day that was typed before it was refused
    return found


def _show(
    visit: Visit, written: str, *, said: str = "", status: int = 200, done: str = ""
) -> Answer:
    with visit.work() as work:
        found = cases.show_waiting(work, written, issuer=visit.house.settings.base_url)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    document = found.shown.document
    triage = document["triage"]
    return show(
        "waits",
        visit,
        status=status,
        reference=document["reference"],
        document=document,
        triage=triage,
        matches=[each for each in triage["links"] if each["status"] == "PROPOSED"],
        waiting=found,
        releases=[each for each in document.get("releases", ()) if each["state"] == "WAITING"],
        words_at=lambda draft: _words_at(document["sections"], draft),
        act_options=[
            (str(act), terms.CONFLICT_ACTS[act])
            for act in (*_ACTS, *((ConflictAct.LIFT,) if found.is_chair else ()))
        ],
        names=names,
        categories=visit.house.profiles.matrix(visit.now.date()).titles,
        said=said,
        done=done,
        sent=request.form if said else {},
        key=new_key,
        terms=terms,
    )


def _words_at(sections: list[dict[str, Any]], draft: Any) -> list[str]:
    """The texts that a draft wants taken out, as they stand in the section now."""
    own = [each for each in sections if each["section"] == draft.section]
    content = own[-1]["content"] if own else {}
    return [_text_at(content, place) for place in draft.places]


def _text_at(content: Any, place: str) -> str:
    path, _, paragraph = place.partition("#")
    for step in path.strip("/").split("/"):
        if isinstance(content, list) and step.isdigit() and int(step) < len(content):
            content = content[int(step)]
        elif isinstance(content, Mapping) and step in content:
            content = content[step]
        else:
            return "This stands there no longer, or is not shown to you."
    parts = str(content).split("\n")
    n = int(paragraph) if paragraph else 0
    return parts[n - 1] if 0 < n <= len(parts) else str(content)

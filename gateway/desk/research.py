"""Owns research at the desk: what an agency is asked about one case, and the return of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies.inbox import Written
from gateway.desk import research_form as form
from gateway.desk import research_words as said
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid
from gateway.flows import cases, conferences
from gateway.flows.conferences import Own
from gateway.rules import research as rule
from gateway.rules.desk import ANSWERS
from gateway.schemas import forms
from gateway.schemas import reference as references
from gateway.schemas.codes import Custody, Limited, NoteKind, Purpose

_RULE = "/my-conferences/<conference_id>/cases/<reference>"
_FORM = "research/1"


@dataclass(frozen=True, slots=True)
class Tried:
    """What was typed and did not go out, or not yet: what is wrong with it, what it would give."""

    typed: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    preview: Mapping[str, Any] | None = None
    meanwhile: bool = False
    more: bool = False
    status: int = 422


@page(_RULE, roles=ANSWERS, takes=Limited.EXPORT)
def research(visit: Visit, conference_id: str, reference: str) -> Answer:
    """Show what the agency is asked about one case, and its return, to be written or corrected."""
    return _show(visit, conference_id, read_reference(reference))


@page(_RULE, roles=ANSWERS, method="POST", takes=Limited.EXPORT)
def return_research(visit: Visit, conference_id: str, reference: str) -> Answer:
    """Return research: nothing in one click, or what was written, once the page was looked at."""
    written, do = read_reference(reference), request.form.get("do", "")
    typed = request.form.to_dict()
    if do == "more":
        return _show(visit, conference_id, written, Tried(typed, more=True, status=200))
    own = _own(visit, conference_id, written)
    people = form.people_of(own.request.people)
    document = form.nothing(people) if do == "nil" else form.read(typed, people)
    version = typed.get("replaces", "")
    if version.isascii() and version.isdigit() and 0 < int(version) < 10_000:
        document["replaces"] = int(version)
    try:
        if do == "check":
            forms.load(_FORM, document)
            preview = rule.lay(document)
            return _show(visit, conference_id, written, Tried(typed, preview=preview, status=200))
        _send(visit, conference_id, written, document, typed.get("private_note", "").strip())
    except Invalid as error:
        found = form.faults(error.problems, people, typed)
        tried = Tried(typed, found or {"known-v-1": "Choose again what you want to send."})
        return _show(visit, conference_id, written, tried)
    except Conflict as error:
        if error.code not in said.CONFLICTS:
            raise
        faults = {"known-v-1": said.CONFLICTS[error.code]}
        tried = Tried(typed, faults, meanwhile=True, status=409)
        return _show(visit, conference_id, written, tried)
    return redirect(f"{ROOT}/my-conferences/{conference_id}#c-{references.write(written)}", 303)


def _send(
    visit: Visit, conference_id: str, written: str, document: Mapping[str, Any], note: str
) -> None:
    """Return it; a private note that was written beside it is kept in the same step."""
    base = visit.house.settings.base_url
    with visit.work() as work:
        _, is_new = conferences.return_research(
            work, conference_id, written, Written(document), audience=base, key=sent_key()
        )
        if note and is_new and visit.person.custody is Custody.HOSTED:
            cases.write_for_worker(work, written, NoteKind.RESEARCH, note, audience=base)


def _own(visit: Visit, conference_id: str, written: str) -> Own:
    with visit.work() as work:
        return conferences.show_own(
            work, conference_id, written, Purpose.P9, issuer=visit.house.settings.base_url
        )


def _show(visit: Visit, conference_id: str, written: str, tried: Tried | None = None) -> Answer:
    own = _own(visit, conference_id, written)
    people = form.people_of(own.request.people)
    typed = tried.typed if tried else form.typed_of(own.document) if own.document else {}
    return show(
        "research",
        visit,
        status=tried.status if tried else 200,
        conference_id=conference_id,
        own=own,
        asked=own.request,
        is_late=own.request.is_late(visit.now),
        people=people,
        called={each.key: each.name for each in people},
        about=form.shown(own.request.people),
        typed=typed,
        tried=tried,
        room=form.room(typed, more=bool(tried and tried.more)),
        proposals=form.PROPOSALS,
        withheld=form.WITHHELD,
        is_hosted=visit.person.custody is Custody.HOSTED,
        key=new_key,
        said=said,
    )

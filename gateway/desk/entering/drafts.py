"""Owns drafts at the desk: what was begun and not sent, and its pages, saved as they were typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies.directory import Listing
from gateway.desk import terms
from gateway.desk.entering import pages
from gateway.desk.entering.pages import ASSESSMENT, BY_NAME, PAGES, PLACES, SEND, TITLES
from gateway.desk.entering.questions import Asking, Node, asked, said
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.errors import Conflict, Invalid, NotFound
from gateway.flows import directory, referrals
from gateway.flows.referrals import Draft
from gateway.rules.desk import ENTERS
from gateway.schemas import forms
from gateway.schemas.codes import AbsenceReason, AgencyKind
from gateway.schemas.typed import Typed, first, place_of, to_document, without

CONTROLS = ("do", "rest", "source", "seen", "token", "key")
# What is only not there yet is told on the last page; until then nobody is interrupted by it.
NOT_YET = frozenset({"missing", "value_or_absent", "needed_here", "too_short"})


@dataclass(frozen=True, slots=True)
class Tried:
    """A page that could not be saved, or is shown with what is wrong on it."""

    typed: Typed = field(repr=False)
    theirs: Typed | None = field(default=None, repr=False)  # what somebody else saved meanwhile
    is_strict: bool = False
    more: Sequence[str] = ()


@page("/drafts", roles=ENTERS)
def drafts(visit: Visit) -> Answer:
    """List what was begun and not sent, and begin another."""
    return show_drafts(visit)


@page("/drafts", roles=ENTERS, method="POST")
def begin_draft(visit: Visit) -> Answer:
    """Begin to type in a referral: one's own agency's, or for a partner of the area."""
    agency_id = request.form.get("agency", "")
    try:
        with visit.work() as work:
            draft_id = referrals.begin_draft(work, agency_id)
    except Invalid:
        return show_drafts(visit, "Choose whose referral it is.", 422)
    except Conflict:
        return show_drafts(visit, "Send or drop some of what you began first.", 409)
    return redirect(f"{ROOT}/drafts/{draft_id}/{PAGES[0].name}", 303)


@page("/drafts/<draft_id>/drop", roles=ENTERS, method="POST")
def drop_draft(visit: Visit, draft_id: str) -> Answer:
    """Destroy what was typed and is not to be sent."""
    with visit.work() as work:
        referrals.drop_draft(work, draft_id)
    return redirect(f"{ROOT}/drafts", 303)


@page("/drafts/<draft_id>/<name>", roles=ENTERS)
def draft_page(visit: Visit, draft_id: str, name: str) -> Answer:
    """Show one page of a draft; with `check` also what is still missing on it."""
    if name not in BY_NAME:
        raise NotFound
    with visit.work() as work:
        draft = referrals.read_draft(work, draft_id)
    is_strict = request.args.get("check") == "1"
    return _show(visit, draft, name, Tried(draft.page(name).typed, is_strict=is_strict))


@page("/drafts/<draft_id>/<name>", roles=ENTERS, method="POST")
def save_draft(visit: Visit, draft_id: str, name: str) -> Answer:
    """Keep one page as it was typed, whatever is wrong with it, and go where its button says."""
    if name not in BY_NAME:
        raise NotFound
    do = request.form.get("do", "save")
    typed = read_typed(name)
    if do.startswith("remove:"):
        typed = _removed(typed, do.removeprefix("remove:"))
    if (why := request.form.get("rest", "")) in list(AbsenceReason):
        nodes = [node for _, block in nodes_of(name, Asking(typed, {})) for node in block]
        fill_rest(typed, nodes, why)
    try:
        with visit.work() as work:
            draft = referrals.save_page(work, draft_id, name, typed, seen_version())
    except Conflict:
        with visit.work() as work:
            draft = referrals.read_draft(work, draft_id)
        return _show(visit, draft, name, Tried(typed, draft.page(name).typed), status=409)
    more = [do.removeprefix("add:")] if do.startswith("add:") else []
    tried = Tried(typed, more=more, is_strict=do == "check")
    if do == "next" and not _wrong(visit, draft, name, tried):
        return redirect(f"{ROOT}/drafts/{draft_id}/{pages.after(name)}", 303)
    return _show(visit, draft, name, tried)


def seen_version() -> int:
    """Which version a form was opened with; -1, which is none, if it does not say."""
    seen = request.form.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1


def read_typed(name: str) -> dict[str, list[str]]:
    """What was typed into a page: by the pointers of the form, nothing else."""
    typed = {
        each: texts
        for each in request.form
        if each.startswith("/") and len(each) < 200
        for texts in [[t for t in request.form.getlist(each) if t.strip()]]
        if texts
    }
    if name == "risk":
        typed = _of_assessment(typed, request.form.get("source", ""))
    return typed


def fill_rest(typed: dict[str, list[str]], nodes: Sequence[Node], why: str) -> None:
    """Give one reason for everything on a page that was left blank and takes a reason."""
    for each in asked(nodes):
        if each.absent and not first(typed, each.name) and not first(typed, each.absent.name):
            typed[each.absent.name] = [why]


def document_of(visit: Visit, typed: Typed) -> dict[str, Any]:
    """The document that was typed so far."""
    return to_document(pages.REFERRAL, typed, zone_of(visit))


def zone_of(visit: Visit) -> ZoneInfo:
    """By whose clock times are typed."""
    profile = visit.house.profiles.for_area(visit.person.area, visit.now.date())
    return ZoneInfo(str(profile.zone))


def faults_of(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a document: (code, pointer)."""
    try:
        forms.load("referral/1", dict(document))
    except Invalid as error:
        return [(each.code, each.pointer) for each in error.problems]
    return []


def names_of(nodes: Sequence[Node]) -> list[str]:
    """The names of all fields of a page."""
    return [each.name for each in asked(nodes)]


def nodes_of(name: str, asking: Asking) -> list[tuple[str, list[Node]]]:
    """The questions of a page under their headings."""
    return [
        (block.title, asking.of_form(block.form, block.at, block.names))
        for block in BY_NAME[name].blocks
    ]


def standing(draft: Draft, faults: Sequence[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """Each page with how much is missing or wrong on it: name, title, number."""
    found = []
    for each in PAGES:
        nodes = [n for _, block in nodes_of(each.name, Asking(draft.typed, {})) for n in block]
        names = names_of(nodes)
        number = sum(1 for _, pointer in faults if _is_on(pointer, names))
        found.append((each.name, each.title, number))
    return found


def _is_on(pointer: str, names: Sequence[str]) -> bool:
    return any(n == pointer or n.startswith(f"{pointer}/") for n in names) or any(
        pointer.startswith(f"{n}/") for n in names
    )


def show_drafts(visit: Visit, fault: str = "", status: int = 200) -> Answer:
    """The page of what was begun."""
    with visit.work() as work:
        begun = referrals.list_drafts(work)
    names = _agencies(visit)
    own = visit.person.agency_id
    is_coordinator = visit.person.kind is AgencyKind.COORDINATOR
    return show(
        "drafts",
        visit,
        status=status,
        begun=begun,
        names={each.agency_id: each.name for each in names},
        partners=partners_of(visit, names) if is_coordinator else (),
        own=own,
        fault=fault,
        first_page=PAGES[0].name,
    )


def partners_of(visit: Visit, names: Sequence[Listing]) -> list[Listing]:
    """For whom a coordinator types in."""
    nobody = (AgencyKind.COORDINATOR, AgencyKind.AUDITOR)
    found = [e for e in names if e.area == visit.person.area and e.kind not in nobody]
    return sorted(found, key=lambda each: each.name)


def agency_name(visit: Visit, agency_id: str) -> str:
    """What an agency is called."""
    return next((e.name for e in _agencies(visit) if e.agency_id == agency_id), agency_id)


def _agencies(visit: Visit) -> Sequence[Listing]:
    with visit.work() as work:
        return list(directory.list_agencies(work))


def _of_assessment(typed: dict[str, list[str]], source: str) -> dict[str, list[str]]:
    """Every answer with its source; an assessment in which nothing was answered is none."""
    answers = f"{ASSESSMENT}/answers/"
    if not any(n.startswith(answers) and n.endswith("/value") for n in typed):
        kept = {n: texts for n, texts in typed.items() if not n.startswith(answers)}
        return {n: texts for n, texts in kept.items() if n != f"{ASSESSMENT}/instrument"}
    for name in [n for n in typed if n.startswith(answers) and n.endswith("/item_id")]:
        if source:
            typed[name.replace("/item_id", "/source")] = [source]
    return typed


def _removed(typed: dict[str, list[str]], what: str) -> dict[str, list[str]]:
    at, _, number = what.rpartition("#")
    if not number.isascii() or not number.isdigit():
        return typed
    return {n: list(texts) for n, texts in without(typed, at, int(number)).items()}


def _wrong(visit: Visit, draft: Draft, name: str, tried: Tried) -> dict[str, str]:
    """What is wrong on a page, beside which field; what is only missing, if that is asked for."""
    nodes = [n for _, block in nodes_of(name, Asking(tried.typed, {}, tried.more)) for n in block]
    names = names_of(nodes)
    blankable = {each.name for each in asked(nodes) if each.absent}
    typed = {**draft.typed, **tried.typed}
    found: dict[str, str] = {}
    for code, pointer in faults_of(document_of(visit, typed)):
        if (tried.is_strict or code not in NOT_YET) and _is_on(pointer, names):
            place = place_of(pointer, names)
            is_blankable = code == "missing" and place in blankable
            found.setdefault(place, said("value_or_absent" if is_blankable else code))
    return found


def _show(visit: Visit, draft: Draft, name: str, tried: Tried, *, status: int = 200) -> Answer:
    wrong = _wrong(visit, draft, name, tried)
    asking = Asking(tried.typed, wrong, tried.more, draft.typed)
    every = [name for _, nodes in nodes_of(name, asking) for name in names_of(nodes)]
    profile = visit.house.profiles.for_area(visit.person.area, visit.now.date())
    kept = draft.page(name)
    theirs = tried.theirs
    others = [n for n in every if theirs is not None and theirs.get(n) != tried.typed.get(n)]
    return show(
        "draft",
        visit,
        status=status if status != 200 else 422 if wrong else 200,
        draft=draft,
        page=BY_NAME[name],
        blocks=nodes_of(name, asking),
        wrong=[(n, wrong[n]) for n in every if n in wrong],
        seen=kept.version,
        theirs=theirs,
        others=[(n, theirs.get(n, ())) for n in others] if theirs is not None else [],
        saved_by=kept.by,
        states=standing(draft, faults_of(document_of(visit, draft.typed))),
        agency=agency_name(visit, draft.agency_id),
        instruments=profile.instruments,
        typed=tried.typed,
        assessment=ASSESSMENT,
        send=SEND,
        places=PLACES,
        titles=TITLES,
        terms=terms,
        first=first,
    )

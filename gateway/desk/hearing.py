"""Owns meeting mode: one case as it is heard, in its running order, on one page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.desk import judging, terms, words
from gateway.desk.cases import labels_of
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.room import to_declaration
from gateway.desk.triage import new_key, read_reference
from gateway.errors import Conflict, Invalid
from gateway.flows import cases, conferences, directory
from gateway.ledger import Work
from gateway.rules import meeting, research
from gateway.rules.desk import DECIDES
from gateway.rules.facts import Worker
from gateway.rules.minutes import SECTIONS
from gateway.schemas import reference as references
from gateway.schemas.action_codes import ActionTheme
from gateway.schemas.codes import CaseState, Level, Limited, Purpose
from gateway.schemas.consent_codes import Feedback
from gateway.schemas.meeting_codes import Deferral

Code = TypeVar("Code", Feedback, Deferral)
_DOES = ("open", "enter", "leave", "heard", "defer")
_NOT_SIGNED = "declaration_missing"


@page("/conferences/<conference_id>/cases/<reference>", roles=DECIDES, takes=Limited.EXPORT)
def hearing(visit: Visit, conference_id: str, reference: str) -> Answer:
    """Show one case as it is heard: the clock, her voice first, what agencies know, decisions."""
    return show_case(visit, conference_id, read_reference(reference))


@page(
    "/conferences/<conference_id>/cases/<reference>",
    roles=DECIDES,
    method="POST",
    takes=Limited.EXPORT,
)
def run_case(visit: Visit, conference_id: str, reference: str) -> Answer:
    """Open a case to who is in the room, let people in and out, close it, or put it off."""
    do, written = request.form.get("do", ""), read_reference(reference)
    if do not in _DOES:
        raise Invalid("Choose what to do.")
    try:
        with visit.work() as work:
            _act(work, do, conference_id, written)
    except Conflict as error:
        if error.code == _NOT_SIGNED:
            return to_declaration(conference_id)
        said = terms.conflict(error.code)
        return show_case(visit, conference_id, written, said=said, status=409)
    except Invalid as error:
        return show_case(visit, conference_id, written, said=error.message or "", status=422)
    if do == "defer":
        return redirect(f"{ROOT}/conferences/{conference_id}/room", 303)
    place = f"{ROOT}/conferences/{conference_id}/cases/{references.write(written)}"
    return redirect(f"{place}#{do}", 303)


def _act(work: Work, do: str, conference_id: str, written: str) -> None:
    match do:
        case "open":
            conferences.open_case(work, conference_id, written, _present())
        case "enter":
            conferences.enter_room(work, conference_id, written, _one())
        case "leave":
            conferences.leave_room(work, conference_id, written, _one())
        case "heard":
            feedback = _code(Feedback, "feedback", "Choose what the referrer is told.")
            conferences.close_case(work, conference_id, written, feedback)
        case _:
            reason = _code(Deferral, "reason", "Choose why it is put off.")
            conferences.defer_case(work, conference_id, written, reason)


def show_case(
    visit: Visit,
    conference_id: str,
    written: str,
    *,
    said: str = "",
    status: int = 200,
    kept: Mapping[str, str] | None = None,
    action: Mapping[str, str] | None = None,
    offer: tuple[str, str] | None = None,
) -> Answer:
    """The page of one case in a meeting.

    `action` is what was typed of one that could not be put down; `offer` says which agency's, and
    which of its own, fills the form.
    """
    try:
        with visit.work() as work:
            found = conferences.show_hearing(work, conference_id, written)
        with visit.work() as work:
            paragraphs = conferences.list_paragraphs(work, conference_id, written)
    except Conflict as error:
        if error.code != _NOT_SIGNED:
            raise
        return to_declaration(conference_id)
    with visit.work() as work:
        weighed = cases.weigh(work, written, Purpose.P9, issuer=visit.house.settings.base_url)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    with visit.work() as work:
        given = conferences.read_extracts(work, found.case_id, Purpose.P9)
    with visit.work() as work:
        plan = conferences.show_actions(work, written, issuer=visit.house.settings.base_url)
    document = weighed.shown.document
    offers = conferences.offers_of(given, plan.document["actions"])
    filled = _filled(offers, offer, visit) if offer else dict(action or {})
    referrer = _referrer(document)
    here = [each for each in found.stays if each.left_at is None]
    inside = {(each.agency_id, each.worker_id) for each in here}
    return show(
        "hearing",
        visit,
        status=status,
        has_script=True,
        script="meeting",
        conference_id=conference_id,
        reference=document["reference"],
        document=document,
        found=found,
        steps=meeting.steps(found.opened_at or visit.now, found.minutes),
        present=here,
        outside=[e for e in found.may_stay if (e.agency_id, e.worker_id) not in inside],
        can_open=meeting.path_to_hearing(found.state) is not None and not found.is_open,
        can_defer=found.state is not CaseState.EMERGENCY,
        is_chair=visit.person.caller.is_chair,
        referrer=referrer,
        voice=judging.views(weighed)[2],
        views=judging.views(weighed)[:2],
        differs=judging.differs(weighed),
        critical=judging.critical(weighed),
        story=judging.story(weighed),
        warnings=judging.warnings(weighed),
        given=given,
        knows=_by_agency(document, {referrer, visit.person.agency_id}),
        names=names,
        labels=labels_of(visit),
        terms=terms,
        said=said,
        kept=kept or {},
        offers=offers,
        action=filled,
        paragraphs=paragraphs,
        actions=plan.document["actions"],
        can_plan=plan.is_open and found.conference.begun_at is not None,
        themes=[(str(each), words.theme(each)) for each in ActionTheme],
        agencies=_agencies(document, names),
        is_writable=found.is_open or found.state is CaseState.HEARD,
        page=new_key(),
        key=new_key,
    )


def _filled(
    offers: Sequence[conferences.Offer], which: tuple[str, str], visit: Visit
) -> dict[str, str]:
    """What an offer puts into the form; nothing if it is not there any more."""
    found = next((o for o in offers if (o.agency_id, str(o.number)) == which), None)
    if found is None:
        return {}
    is_ahead = found.by_on is not None and found.by_on >= visit.now.date()
    return {
        "text": " ".join(found.text.split()),
        "owner": found.agency_id,
        "offered_by": found.agency_id,
        "theme": str(found.theme or ""),
        "due_on": found.by_on.isoformat() if found.by_on and is_ahead else "",
    }


def _agencies(document: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Whose a paragraph can be: everybody with a part in the case, by name."""
    ids = {str(each["agency"]) for each in document["triage"]["members"]}
    return sorted(((each, names.get(each, each)) for each in ids), key=lambda each: each[1])


def _present() -> list[Worker]:
    """Who was ticked: "agency/worker" each. :raises Invalid: if one is none of that shape."""
    found = []
    for each in request.form.getlist("present"):
        agency_id, slash, worker_id = each.partition("/")
        if not slash:
            raise Invalid("Choose who is in the room.")
        found.append((agency_id, worker_id))
    return list(dict.fromkeys(found))


def _one() -> Worker:
    """Who comes or goes. :raises Invalid: if that is not one person."""
    if len(found := _present()) != 1:
        raise Invalid("Choose who it is.")
    return found[0]


def _code(codes: type[Code], name: str, said: str) -> Code:
    try:
        return codes(request.form.get(name, ""))
    except ValueError:
        raise Invalid(said) from None


def _referrer(document: Mapping[str, Any]) -> str:
    members = document["triage"]["members"]
    return next(str(each["agency"]) for each in members if each["role"] == "REFERRER")


def _is_elsewhere(section: Mapping[str, Any]) -> bool:
    """Whether a section stands in another place of the page: minutes, and extracts of research."""
    return section["section"] in SECTIONS or section["section"] in research.SHARED


def _by_agency(
    document: Mapping[str, Any], but: Collection[str]
) -> dict[str, list[Mapping[str, Any]]]:
    """What other agencies contributed, by agency: their extracts, as far as they may be shown."""
    found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for each in document["sections"]:
        owner = each.get("owner")
        if owner and owner not in but and each["level"] == Level.FULL and not _is_elsewhere(each):
            found[owner].append(each)
    return dict(found)

"""Owns the triage of one referral: all that a coordinator decides on, and the decision itself.

Why it is opened is asked first, as for every reading, and goes with each form of the page.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies.inbox import Written
from gateway.desk import judging, people, terms
from gateway.desk.cases import labels_of
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.errors import Conflict, Invalid, NotFound
from gateway.flows import cases, conferences, directory
from gateway.flows.conferences import Planned
from gateway.rules.desk import DECIDES
from gateway.schemas import reference as references
from gateway.schemas.codes import AreaDecision, Limited, Purpose, ReturnReason

_PURPOSE = re.compile(r"P([1-9])", re.ASCII)
KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
UNSAID = "Choose why you open this referral."
_TEXTS = ("reason", "alternative_route", "quality_note")
# Which reasons make sense for which decision; the form of a decision allows all of them.
REASONS: Mapping[AreaDecision, tuple[ReturnReason, ...]] = {
    AreaDecision.RETURN: tuple(ReturnReason),
    AreaDecision.REJECT: (
        ReturnReason.CRITERIA_NOT_EVIDENCED,
        ReturnReason.NOT_DOMESTIC_ABUSE,
        ReturnReason.DUPLICATE,
        ReturnReason.QUALITY_OTHER,
    ),
    AreaDecision.REDIRECT: (
        ReturnReason.WRONG_AREA,
        ReturnReason.UNDER_AGE,
        ReturnReason.NOT_DOMESTIC_ABUSE,
    ),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A decision that did not come about: what was written, and why not."""

    decision: str
    said: str
    faults: Mapping[str, str] = field(default_factory=dict)  # field, what is wrong with it
    status: int = 422


@page("/cases/<reference>/triage", roles=DECIDES, takes=Limited.EXPORT)
def triage(visit: Visit, reference: str) -> Answer:
    """Ask why a referral is opened; then show it as it is weighed, and what can be decided."""
    written, asked = read_reference(reference), request.args.get("purpose")
    purpose = _purpose(asked)
    if purpose is None:
        return _why(visit, written, said="" if asked is None else UNSAID)
    done = request.args.get("done", "")
    return _show(visit, written, purpose, done=done if done in list(AreaDecision) else "")


@page("/cases/<reference>/triage", roles=DECIDES, method="POST", takes=Limited.EXPORT)
def decide_case(visit: Visit, reference: str) -> Answer:
    """Decide about a referral; what was written stays in the page if that cannot be done."""
    written = read_reference(reference)
    decision, purpose = request.form.get("decision", ""), _purpose(request.form.get("purpose"))
    if purpose is None:
        return _why(visit, written, said=UNSAID)
    try:
        with visit.work() as work:
            cases.require_shown(work, written, "case.decide")
            cases.decide(
                work,
                written,
                Written(_document(decision), request.form.get("seen", "")),
                audience=visit.house.settings.base_url,
                key=sent_key(),
            )
    except Invalid as error:
        faults = {
            name: terms.fault(decision, name)
            for name in (
                each.pointer.split("/")[1] if each.pointer else "" for each in error.problems
            )
        }
        said = next(iter(faults.values()), error.message)
        return _show(visit, written, purpose, Tried(decision, said, faults))
    except Conflict as error:
        return _show(
            visit, written, purpose, Tried(decision, terms.conflict(error.code), status=409)
        )
    here = f"{ROOT}/cases/{references.write(written)}/triage"
    return redirect(f"{here}?purpose={purpose}&done={decision}", 303)


def _purpose(text: str | None) -> Purpose | None:
    return Purpose(text) if text and _PURPOSE.fullmatch(text) else None


def _why(visit: Visit, written: str, *, said: str) -> Answer:
    """Ask why it is opened; of the referral nothing is looked at."""
    with visit.work() as work:
        known = cases.purposes_of(work, visit.person.caller)
    reference = references.write(written)
    return show(
        "why",
        visit,
        status=422 if said else 200,
        reference=reference,
        purposes=known,
        said=said,
        target=f"{ROOT}/cases/{reference}/triage",
        method="get",
    )


def sent_key() -> str:
    """The key that a page gave its form, so that a form which is sent twice acts once.

    :raises Invalid: if it has none of ours.
    """
    key = request.form.get("key", "")
    if not KEY.fullmatch(key):
        raise Invalid("The form was not ours, or is too old. Open the page again.")
    return key


def new_key() -> str:
    """A key for one form of one page."""
    return str(uuid.uuid4())


def read_reference(reference: str) -> str:
    """A reference as it is stored. :raises NotFound: if it is none."""
    written = references.read(reference)
    if written is None:
        raise NotFound
    return written


def _document(decision: str) -> dict[str, Any]:
    """The form of a decision as the API takes it; what was left empty is not there."""
    document: dict[str, Any] = {"decision": decision}
    if reasons := request.form.getlist("reasons"):
        document["reasons"] = reasons
    for name in _TEXTS:
        if text := request.form.get(name, "").replace("\r\n", "\n").strip():
            document[name] = text
    if feedback := request.form.get("feedback"):
        document["feedback"] = feedback
    if decision == AreaDecision.MERGE:
        typed = request.form.get("other", "").strip()
        document |= {"merge_with": typed or request.form.get("merge_with", "")}
        document |= {"release": True} if request.form.get("release") else {}
        if not document["merge_with"]:
            del document["merge_with"]
    return document


def _show(
    visit: Visit, written: str, purpose: Purpose, tried: Tried | None = None, *, done: str = ""
) -> Answer:
    with visit.work() as work:
        weighed = cases.weigh(work, written, purpose, issuer=visit.house.settings.base_url)
    with visit.work() as work:
        originals = cases.list_originals(work, written, purpose)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    meetings: tuple[Planned, ...] = ()
    if weighed.is_listable:
        with visit.work() as work:
            meetings = tuple(
                each for each in conferences.list_planned(work) if each.is_own and not each.is_over
            )
    profile = visit.house.profiles.for_area(visit.person.area, visit.now.date())
    known = people.humans(weighed.parts, on=visit.now.astimezone(profile.zone).date())
    document = weighed.shown.document
    return show(
        "triage",
        visit,
        status=tried.status if tried else 200,
        reference=document["reference"],
        document=document,
        found=document["triage"],
        weighed=weighed,
        originals=originals,
        people=known,
        picture=people.picture(known),
        in_words=people.in_words(known) if known else "",
        purpose=purpose,
        tried=tried,
        done=done,
        sent=request.form,
        key=new_key(),
        meetings=meetings,
        names=names,
        labels=labels_of(visit),
        terms=terms,
        reasons=REASONS,
        suggested={each.reason for each in weighed.gaps or ()},
        views=judging.views(weighed),
        differs=judging.differs(weighed),
        critical=judging.critical(weighed),
        story=judging.story(weighed),
        warnings=judging.warnings(weighed),
        challenges=judging.challenges(weighed),
        referrer=next(
            each["agency"] for each in document["triage"]["members"] if each["role"] == "REFERRER"
        ),
    )

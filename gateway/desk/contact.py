"""Owns reaching her on a page: first how it is safe, then what was tried, then a try to write down.

The gateway sends her nothing, here or anywhere. What is written down is her adviser's casework,
which nobody else reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import inbox
from gateway.desk import contact_words
from gateway.desk.cases import PURPOSE, ask_why, labels_of
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid, Problem
from gateway.flows import cases
from gateway.flows.cases import Tried
from gateway.ledger import Entry, wait_for
from gateway.schemas import reference as references
from gateway.schemas.codes import Custody, Limited, PersonRole, Purpose
from gateway.schemas.contact_codes import ContactOutcome, ContactWay

_WHO = {PersonRole.IDVA}
PART = "/contact"


@page("/cases/<reference>/contact", roles=_WHO, takes=Limited.EXPORT)
def contact(visit: Visit, reference: str) -> Answer:
    """Show how she is reached safely and what was tried, for the purpose that is stated."""
    written, asked = read_reference(reference), request.args.get("purpose")
    if asked is None or not PURPOSE.fullmatch(asked):
        said = "" if asked is None else "Choose why you open this case."
        return ask_why(visit, references.write(written), said=said, part=PART, method="get")
    return _show(visit, written, Purpose(asked), done=request.args.get("done") == "kept")


@page("/cases/<reference>/contact", roles=_WHO, method="POST", takes=Limited.EXPORT)
def keep_attempt(visit: Visit, reference: str) -> Answer:
    """Write down an attempt; what was typed stays in the page if that cannot be done."""
    written, stated = read_reference(reference), request.form.get("purpose", "")
    if not PURPOSE.fullmatch(stated):
        return ask_why(visit, references.write(written), part=PART, method="get")
    purpose, key = Purpose(stated), sent_key()
    try:
        tried = _tried(_zone(visit))
        asked = _ask(visit, written, purpose)
        if asked is None:
            raise Conflict("The agency holds its own keys.", code="own_keys")
        _keep(visit, written, purpose, tried, asked, key)
    except Invalid as error:
        fields = [each.pointer.strip("/") for each in error.problems]
        return _show(visit, written, purpose, said=contact_words.wrong(fields), status=422)
    except Conflict as error:
        said = contact_words.STOPPED.get(error.code, contact_words.STOPPED["in_progress"])
        return _show(visit, written, purpose, said=said, status=409)
    place = f"{ROOT}/cases/{references.write(written)}{PART}"
    return redirect(f"{place}?purpose={purpose}&done=kept", 303)


def _keep(
    visit: Visit, written: str, purpose: Purpose, tried: Tried, asked: Entry, key: str
) -> None:
    audience = visit.house.settings.base_url

    def act() -> Mapping[str, str]:
        return {"note": cases.keep_attempt(work, written, purpose, tried, asked, audience=audience)}

    content = {name: text for name, text in request.form.items() if name not in ("token", "key")}
    with visit.work() as work:
        inbox.once(work, key, {"contact": written, **content}, act, status=201)


def _ask(visit: Visit, written: str, purpose: Purpose) -> Entry | None:
    """Record that what is sealed will be read, and wait for its line; None: it cannot be here."""
    if visit.person.custody is not Custody.HOSTED:
        with visit.work() as work:
            cases.require_contact(work, written, purpose)
        return None
    here = visit.house
    with visit.work() as work:
        asked = cases.ask_to_show(work, written, purpose)
    wait_for(here.sessions, here.keys, asked.id, visit.now)
    return asked


def _show(
    visit: Visit,
    written: str,
    purpose: Purpose,
    *,
    said: str = "",
    status: int = 200,
    done: bool = False,
) -> Answer:
    asked, found = _ask(visit, written, purpose), None
    if asked is not None:
        issuer = visit.house.settings.base_url
        with visit.work() as work:
            found = cases.show_contact(work, written, purpose, asked, issuer=issuer)
    now = visit.now.astimezone(_zone(visit))
    return show(
        "contact",
        visit,
        status=status,
        reference=found.reference if found else references.write(written),
        found=found,
        purpose=purpose,
        said=said,
        done=done,
        sent=request.form if said else {},
        terms=contact_words,
        labels=labels_of(visit),
        key=new_key(),
        today=f"{now:%Y-%m-%d}",
        time=f"{now:%H:%M}",
        ways=[
            (str(way), text + ("" if contact_words.is_open(way, found) else ": not safe"))
            for way, text in contact_words.WAYS.items()
        ],
    )


def _tried(zone: tzinfo) -> Tried:
    """The attempt of the form. :raises Invalid: naming what is missing."""
    form = request.form
    try:
        at = datetime.fromisoformat(f"{form.get('on', '')}T{form.get('time', '')}")
    except ValueError:
        raise Invalid("Say when it was.", Problem("needed_here", "/on")) from None
    try:
        way = ContactWay(form.get("way", ""))
    except ValueError:
        raise Invalid("Choose the way.", Problem("needed_here", "/way")) from None
    try:
        outcome = ContactOutcome(form.get("outcome", ""))
    except ValueError:
        raise Invalid("Choose what came of it.", Problem("needed_here", "/outcome")) from None
    remark = form.get("note", "").replace("\r\n", "\n").strip()
    local = at.replace(tzinfo=zone) if at.tzinfo is None else at
    return Tried(local, way, outcome, remark, form.get("although") == "yes")


def _zone(visit: Visit) -> tzinfo:
    profile = visit.house.profiles.for_area(visit.person.area, visit.now.date())
    return profile.zone

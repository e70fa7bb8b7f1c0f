"""Owns minutes on pages: saved paragraph by paragraph, sent out, read as an extract, corrected.

A page sends a paragraph by its own button, or its script every few seconds; both are one act. What
could not be kept is shown again, and nothing is ever written to the device.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import inbox
from gateway.desk import cookies, terms
from gateway.desk.guard import Visit, held, page
from gateway.desk.hearing import show_case
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.room import show_room
from gateway.desk.triage import KEY, new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid
from gateway.flows import conferences, directory
from gateway.flows.conferences import Saved
from gateway.rules.desk import CASEWORK, DECIDES
from gateway.rules.minutes import Sent
from gateway.schemas import reference as references
from gateway.schemas.codes import Limited
from gateway.schemas.meeting_codes import MinuteKind, Said

_JSON = "application/json"


@page("/conferences/<conference_id>/cases/<reference>/minutes", roles=DECIDES, method="POST")
def save_minute(visit: Visit, conference_id: str, reference: str) -> Answer:
    """Keep one paragraph; who wrote second is told, and both texts are kept."""
    written = read_reference(reference)
    try:
        _require_same_person(visit)
        with visit.work() as work:
            saved = conferences.save_paragraph(work, conference_id, written, _sent())
    except (Conflict, Invalid) as error:
        is_late = isinstance(error, Conflict)
        said = terms.conflict(error.code) if is_late else error.message or ""
        status = 409 if is_late else 422
        if _wants_json():
            return _json({"said": said, "code": error.code}, status)
        return show_case(visit, conference_id, written, said=said, status=status, kept=_typed())
    if _wants_json():
        return _json(_said(saved), 200)
    if saved.theirs is not None:
        said = (
            f"Somebody else changed paragraph {saved.theirs.number} while you wrote. Both are kept:"
            f" theirs stands there, yours beside it as paragraph {saved.paragraph.number}."
        )
        return show_case(visit, conference_id, written, said=said, status=409)
    place = f"{ROOT}/conferences/{conference_id}/cases/{references.write(written)}"
    return redirect(f"{place}#p-{saved.paragraph.number}", 303)


@page("/token", roles=DECIDES)
def fresh_token(visit: Visit) -> Answer:
    """Give the token of the forms of this session: a page outlives the session that made it."""
    with visit.work() as work:
        work.count("token.read")
    return _json({"token": cookies.form_token(held()), "as": visit.person.worker_id}, 200)


@page("/conferences/<conference_id>/minutes", roles=DECIDES, method="POST", takes=Limited.EXPORT)
def send_minutes(visit: Visit, conference_id: str) -> Answer:
    """Send the plan and the minutes of all cases that were heard out, in one act."""

    def act() -> dict[str, int]:
        return {"cases": conferences.send_out(work, conference_id)}

    try:
        with visit.work() as work:
            inbox.once(work, sent_key(), {"send_out": conference_id}, act)
    except Conflict as error:
        return show_room(visit, conference_id, said=terms.conflict(error.code), status=409)
    return redirect(f"{ROOT}/conferences/{conference_id}/room#begin", 303)


@page("/cases/<reference>/minutes", roles=CASEWORK, takes=Limited.EXPORT)
def minutes(visit: Visit, reference: str) -> Answer:
    """Show the extract of a case's minutes that the person's agency may read."""
    return _extract(visit, read_reference(reference))


@page("/cases/<reference>/minutes", roles=CASEWORK, method="POST", takes=Limited.EXPORT)
def correct_minute(visit: Visit, reference: str) -> Answer:
    """Append a correction to a paragraph; what stood there stays."""
    written = read_reference(reference)
    number, text = request.form.get("number", ""), request.form.get("text", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 8):
        raise Invalid("Choose the paragraph.")

    def act() -> dict[str, int]:
        said = _code(request.form.get("said", ""))
        return {"number": conferences.correct_minute(work, written, int(number), text, said)}

    asked = {"correct": written, "number": number, "text": text}
    try:
        with visit.work() as work:
            inbox.once(work, sent_key(), asked, act, status=201)
    except Invalid as error:
        return _extract(visit, written, said=error.message or "", status=422, kept=_typed())
    except Conflict as error:
        return _extract(visit, written, said=terms.conflict(error.code), status=409, kept=_typed())
    return redirect(f"{ROOT}/cases/{references.write(written)}/minutes#p-{number}", 303)


def _extract(
    visit: Visit,
    written: str,
    *,
    said: str = "",
    status: int = 200,
    kept: dict[str, str] | None = None,
) -> Answer:
    with visit.work() as work:
        found = conferences.read_minutes(work, written, issuer=visit.house.settings.base_url)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    return show(
        "minutes",
        visit,
        status=status,
        found=found,
        names=names,
        said=said,
        kept=kept or {},
        mine=visit.person.agency_id,
        key=new_key,
    )


def _sent() -> Sent:
    """The paragraph of the form. :raises Invalid: if it is none of ours."""
    form = request.form
    key, from_page, version = form.get("key", ""), form.get("page", ""), form.get("version", "")
    is_ours = KEY.fullmatch(key) and KEY.fullmatch(from_page)
    if not is_ours or not (version.isascii() and version.isdecimal() and len(version) < 8):
        raise Invalid("The form was not ours, or is too old. Open the page again.")
    try:
        kind, said = MinuteKind(form.get("kind", "")), Said(form.get("said", ""))
    except ValueError:
        raise Invalid("Choose what the paragraph is.") from None
    section, owner = form.get("class", ""), form.get("owner", "")
    return Sent(key, from_page, int(version), kind, said, section, owner, form.get("text", ""))


def _code(written: str) -> Said:
    try:
        return Said(written)
    except ValueError:
        raise Invalid("Choose whether it is fact or opinion.") from None


def _require_same_person(visit: Visit) -> None:
    """Refuse what somebody else wrote on a page that is still open.

    :raises Conflict: code another_person.
    """
    if request.form.get("as", "") != visit.person.worker_id:
        raise Conflict("Somebody else has signed in.", code="another_person")


def _said(saved: Saved) -> dict[str, Any]:
    own, theirs = saved.paragraph, saved.theirs
    found: dict[str, Any] = {"key": own.key, "number": own.number, "version": own.version}
    if theirs is not None:
        found |= {"beside": theirs.number, "theirs": theirs.text, "by": theirs.by}
    return found


def _typed() -> dict[str, str]:
    """What was written, to be shown again."""
    return {name: request.form.get(name, "") for name in ("text", "kind", "said", "class", "owner")}


def _wants_json() -> bool:
    return request.headers.get("Accept", "") == _JSON


def _json(content: dict[str, Any], status: int) -> Response:
    answer = Response(json.dumps(content, ensure_ascii=False), status, content_type=_JSON)
    answer.headers["Vary"] = "Cookie, Accept"
    return answer

"""Owns what a referrer sees at the desk of what it sent: how it stands, and a challenge, once."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies.inbox import Written
from gateway.desk import terms
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid
from gateway.flows import cases, referrals
from gateway.schemas import reference as references
from gateway.schemas.codes import Limited, PersonRole

_PLACE = re.compile(r"([0-9T:.-]{19,30}\+00:00)_([0-9A-Z]{4,20})", re.ASCII)
_WHO = {PersonRole.REFERRER}
STATUSES = {
    "RECEIVED": "Received",
    "RETURNED": "Returned to you",
    "REJECTED": "Not accepted",
    "REDIRECTED": "Redirected",
    "ACCEPTED": "Accepted",
    "LISTED": "On the list of a conference",
    "IN_PROGRESS": "Under way",
    "ABANDONED": "Taken back",
    "WITHDRAWN": "Withdrawn",
    "CLOSED": "Closed",
}


@page("/referrals", roles=_WHO)
def own_referrals(visit: Visit) -> Answer:
    """List what the person's agency referred, with what it may know of each."""
    done = request.args.get("done") == "challenged"
    return _show(visit, after=request.args.get("after"), done=done)


@page("/referrals/<reference>/challenge", roles=_WHO, method="POST", takes=Limited.WRITE)
def challenge(visit: Visit, reference: str) -> Answer:
    """Challenge that a referral was not accepted; the chair decides on it, once."""
    written, reason = read_reference(reference), request.form.get("reason", "")
    try:
        with visit.work() as work:
            cases.require_shown(work, written, "referral.challenge")
            referrals.challenge(
                work,
                written,
                Written({"reason": reason.replace("\r\n", "\n").strip()}),
                audience=visit.house.settings.base_url,
                key=sent_key(),
            )
    except Invalid:
        said = "Say why it should have been accepted, in up to 4,000 characters."
        return _show(visit, said=said, about=written, status=422)
    except Conflict as error:
        said = {
            "challenged_before": "It was challenged before, and the chair decided.",
            "illegal_state": "It is not refused any more. Look at how it stands now.",
        }.get(error.code, terms.conflict(error.code))
        return _show(visit, said=said, about=written, status=409)
    return redirect(f"{ROOT}/referrals?done=challenged", 303)


def _show(
    visit: Visit,
    *,
    after: str | None = None,
    said: str = "",
    about: str = "",
    status: int = 200,
    done: bool = False,
) -> Answer:
    with visit.work() as work:
        found = referrals.list_sent(work, _before(after), on_page=True)
    return show(
        "own_referrals",
        visit,
        status=status,
        found=found,
        next=_place(found.next) if found.next else "",
        statuses=STATUSES,
        terms=terms,
        said=said,
        about=references.write(about) if about else "",
        kept=request.form.get("reason", "") if said else "",
        done=done,
        key=new_key,
    )


def _place(following: tuple[datetime, str]) -> str:
    at, reference = following
    return f"{at.astimezone(UTC).isoformat()}_{reference}"


def _before(after: str | None) -> tuple[datetime, str] | None:
    """From where the list goes on; from its beginning for what no page of ours wrote."""
    found = _PLACE.fullmatch(after or "")
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1]), found[2]
    except ValueError:
        return None

"""The door to conferences: plan, list cases, and the agenda as each attendee may know it."""

from __future__ import annotations

from base64 import b64encode

from flask import Response

from gateway.agencies import inbox
from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_kept, as_sealed, time
from gateway.api.operations import PURPOSE, Call, Query, op
from gateway.disclosure import Sealed
from gateway.flows import conferences
from gateway.ledger import Work
from gateway.papers import agenda as papers
from gateway.papers import invitation
from gateway.schemas import reference as references
from gateway.schemas.codes import Scope

FORMAT = Query(
    "format",
    r"json|html|pdf|docx|ics",
    "As data, as a page, as a tagged PDF or a Word file; ics: when it is, for a calendar.",
)


@op(
    "POST",
    "/conferences",
    scope=Scope.CONFERENCE_WRITE,
    summary="Plan a conference",
    form="conference/1",
    once=True,
    status=201,
    example={
        "area": "MARLBURY",
        "starts_at": "2026-12-03T09:30:00Z",
        "attendees": ["marlbury-police", "marlbury-idva"],
    },
)
def plan_conference(call: Call) -> Response:
    """By the coordinator of the area. `attendees` are agencies."""
    data = call.data

    def act() -> dict[str, str]:
        found = conferences.plan(
            work, area=data["area"], starts_at=data["starts_at"], attendees=data["attendees"]
        )
        return {"conference": found}

    asked = {
        "conference": data["area"],
        "starts_at": time(data["starts_at"]),
        "attendees": list(data["attendees"]),
        "place": data.get("place"),
    }
    with call.work() as work:
        answer = inbox.once(work, call.key, asked, act, status=201)
    return as_kept(answer)


@op(
    "POST",
    "/conferences/<conference_id>/cases",
    scope=Scope.CONFERENCE_WRITE,
    summary="Put a case on the list",
    form="listing/1",
    once=True,
    status=201,
    example={"reference": "7K3MQ-2XF8A-C"},
)
def list_conference_case(call: Call, conference_id: str) -> Response:
    """Lists an accepted case and asks the attendees to look in their own records; an agency that
    the victim's conditions leave out is not asked."""
    stored = references.read(call.data["reference"]) or "-"

    def act() -> dict[str, object]:
        listed = conferences.list_case(work, conference_id, stored)
        return {"kind": str(listed.kind), "state": str(listed.state), "asked": list(listed.asked)}

    with call.work() as work:
        answer = inbox.once(
            work, call.key, {"listing": conference_id, "case": stored}, act, status=201
        )
    return as_kept(answer)


@op(
    "POST",
    "/conferences/<conference_id>/hearings",
    scope=Scope.CONFERENCE_WRITE,
    summary="Hear a case in a meeting",
    form="hearing/1",
    once=True,
    status=201,
    example={"reference": "7K3MQ-2XF8A-C", "act": "HEARD", "feedback": "PLAN_AGREED"},
)
def hear_case(call: Call, conference_id: str) -> Response:
    """Opens a case to who is in the room, lets people in and out, notes it as heard, or puts it
    off. For a worker of the coordinating agency who has signed the declaration; also where pages
    show nothing of the case, because only a deputy reads it."""
    data = call.data
    stored = references.read(data["reference"]) or "-"
    present = [(each["agency"], each["worker"]) for each in data.get("present", ())]
    asked = {
        "hearing": conference_id,
        "case": stored,
        "act": str(data["act"]),
        "present": [list(each) for each in present],
        "feedback": str(data.get("feedback", "")),
        "reason": str(data.get("reason", "")),
    }

    def act() -> dict[str, str]:
        state = conferences.run_hearing(
            work,
            conference_id,
            stored,
            data["act"],
            present=present,
            feedback=data.get("feedback"),
            reason=data.get("reason"),
        )
        return {"state": str(state)}

    with call.work() as work:
        answer = inbox.once(work, call.key, asked, act, status=201)
    return as_kept(answer)


@op(
    "GET",
    "/conferences/<conference_id>/agenda",
    scope=Scope.CONFERENCE_READ,
    summary="Get your agenda",
    query=(PURPOSE, FORMAT),
    answers=JOSE_TYPE,
)
def read_agenda(call: Call, conference_id: str) -> Response:
    """The agenda of a conference as your agency may know it: order, times, and per case what your
    need to know opens. As data, as a printable page, a tagged PDF or a Word file; always sealed.
    An entry for a calendar says when the meeting is, and nothing of what it is for."""
    form = call.query.get("format", "json")
    with call.work() as work:
        if form == "ics":
            return as_sealed(call, _invitation(call, work, conference_id))
        agenda, entry = conferences.build_agenda(
            work, conference_id, call.purpose, has_research=papers.shows_research(form)
        )
        document = papers.render(agenda, form, agenda.labels)
        sealed = conferences.seal_agenda(
            work,
            document,
            entry,
            call.purpose,
            issuer=call.base_url,
            about=agenda.about,
            told=agenda.told,
        )
    return as_sealed(call, sealed)


def _invitation(call: Call, work: Work, conference_id: str) -> Sealed:
    """The calendar entry, sealed like an agenda; it rests on no case."""
    found, entry = conferences.invite(work, conference_id, purpose=call.purpose)
    document = {
        "media_type": invitation.MEDIA_TYPE,
        "base64": b64encode(invitation.calendar(found)).decode(),
        "file_name": invitation.file_name(found.starts_at, found.zone),
    }
    return conferences.seal_agenda(
        work, document, entry, call.purpose, issuer=call.base_url, about=()
    )

"""Owns the files that somebody takes along from a conference: agenda, request, calendar entry."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from gateway.desk.guard import Visit, page
from gateway.errors import Invalid
from gateway.flows import conferences
from gateway.papers import agenda as agendas
from gateway.papers import invitation
from gateway.papers import request as requests
from gateway.rules.desk import ANSWERS, DECIDES
from gateway.schemas.codes import Limited

_AGENDAS = ("pdf", "docx")  # of the agenda's formats, those that are files for people


@page(
    "/conferences/<conference_id>/papers",
    roles=ANSWERS | DECIDES,
    method="POST",
    takes=Limited.EXPORT,
)
def take_papers(visit: Visit, conference_id: str) -> Answer:
    """Give the person's own agenda, its agency's request, or the time of the meeting, as a file."""
    what, form = request.form.get("what", ""), request.form.get("format", "")
    issuer = visit.house.settings.base_url
    if what == "time":
        with visit.work() as work:
            when, _ = conferences.invite(work, conference_id)
        named = invitation.file_name(when.starts_at, when.zone)
        return attached(invitation.calendar(when), invitation.MEDIA_TYPE, named)
    if what == "agenda" and form in _AGENDAS:
        with visit.work() as work:
            found = conferences.take_agenda(work, conference_id, form, issuer=issuer)
            made = agendas.as_file(found, form, found.labels)
        return attached(made, agendas.TYPES[form], agendas.file_name(found, form))
    if what == "request" and form in requests.FORMATS:
        with visit.work() as work:
            asked = conferences.take_request(work, conference_id, form, issuer=issuer)
            made = requests.as_file(asked, form)
        named = requests.file_name(asked.agenda.starts_at, asked.agenda.zone, form)
        return attached(made, agendas.TYPES[form], named)
    raise Invalid("Choose what to take along.")


def attached(content: bytes, media_type: str, named: str) -> Answer:
    """A file that is saved and never shown inside a page of ours."""
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{named}"'
    return answer

"""Owns a partner's own part of conferences: which it attends, and the cases on them for it."""

from __future__ import annotations

from werkzeug.wrappers import Response as Answer

from gateway.desk.guard import Visit, page
from gateway.desk.render import show
from gateway.flows import conferences
from gateway.papers import words as papers
from gateway.rules.desk import ANSWERS
from gateway.schemas.codes import Limited


@page("/my-conferences", roles=ANSWERS)
def own_meetings(visit: Visit) -> Answer:
    """List the conferences that the person's agency attends."""
    with visit.work() as work:
        planned = conferences.list_planned(work)
    return show("own_meetings", visit, planned=planned)


@page("/my-conferences/<conference_id>", roles=ANSWERS, takes=Limited.EXPORT)
def own_agenda(visit: Visit, conference_id: str) -> Answer:
    """Show the cases of a conference that are for this agency, and what it is asked to look for."""
    with visit.work() as work:
        found = conferences.show_agenda(work, conference_id, issuer=visit.house.settings.base_url)
    asked = [line for line in found.lines if line.own is not None]
    return show(
        "own_agenda",
        visit,
        conference_id=conference_id,
        found=found,
        asked=asked,
        open=[line for line in asked if line.own is not None and line.own.version == 0],
        papers=papers,
        signs={name: sign.text for name, sign in papers.MARKERS.items()},
    )

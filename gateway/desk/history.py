"""Owns a case over time on a page: what happened when, told by whom, and how risk was seen.

It is opened for a purpose like the case itself, and shows nothing that the case does not.
"""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as Answer

from gateway.desk import history_words, timeline
from gateway.desk.cases import PURPOSE, ask_why, labels_of
from gateway.desk.guard import Visit, page
from gateway.desk.render import show
from gateway.desk.triage import read_reference
from gateway.flows import cases, directory
from gateway.rules.desk import CASEWORK
from gateway.schemas import reference as references
from gateway.schemas.codes import Limited, Purpose

PART = "/history"


@page("/cases/<reference>/history", roles=CASEWORK)
def why_history(visit: Visit, reference: str) -> Answer:
    """Ask why a case is opened over time; of the case itself nothing is looked at."""
    return ask_why(visit, references.write(read_reference(reference)), part=PART)


@page("/cases/<reference>/history", roles=CASEWORK, method="POST", takes=Limited.EXPORT)
def history(visit: Visit, reference: str) -> Answer:
    """Show a case over time as the person may see it, for the purpose that it stated."""
    written = read_reference(reference)
    purpose = request.form.get("purpose", "")
    if not PURPOSE.fullmatch(purpose):
        named = references.write(written)
        return ask_why(visit, named, said="Choose why you open this case.", part=PART)
    issuer = visit.house.settings.base_url
    with visit.work() as work:
        found = cases.show_history(work, written, Purpose(purpose), issuer=issuer)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    lanes = {**names, "": "The case, and others"}
    return show(
        "history",
        visit,
        reference=found.shown.document["reference"],
        document=found.shown.document,
        found=found,
        purpose=purpose,
        names=names,
        labels=labels_of(visit),
        said=history_words,
        chart=timeline.chart(found.events, lanes),
        scores=timeline.scores(found.assessed),
    )

"""Owns reports at the desk: a quarter's counts as a page with charts, and as a file.

What a report is for is asked first, and stands in the access log with the quarter.
"""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from gateway.desk.guard import Visit, page
from gateway.desk.render import show
from gateway.errors import Invalid
from gateway.flows import reports as flow
from gateway.flows.reports import Why
from gateway.papers import return_words, returns
from gateway.rules.desk import COUNTS, DECIDES
from gateway.schemas.codes import Limited

_STEERING = returns.REASONS[Why.STEERING_GROUP]
_WRONG = {True: "Choose a quarter that has begun.", False: "Choose a quarter that has ended."}
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@page("/reports", roles=COUNTS)
def reports(visit: Visit) -> Answer:
    """Ask for which quarter a report is made, and what for; nothing is counted yet."""
    return _ask(visit)


@page("/reports", roles=COUNTS, method="POST", takes=Limited.EXPORT)
def make_report(visit: Visit) -> Answer:
    """Count a quarter, and show it or give it as a file."""
    form = request.form.get("format", "page")
    try:
        why = Why(request.form.get("why", ""))
        if why is not Why.STEERING_GROUP and not _decides(visit):
            raise ValueError
    except ValueError:
        return _ask(visit, said="Choose what it is for.", status=422)
    if form != "page" and form not in returns.FORMATS:
        raise Invalid("There is no such format.")
    try:
        with visit.work() as work:
            found = flow.make_report(
                work, request.form.get("quarter", ""), why, has_ended=not _decides(visit)
            )
    except Invalid:
        return _ask(visit, said=_WRONG[_decides(visit)], status=422)
    if form == "page":
        return show("report", visit, found=found, papers=returns, called=return_words)
    answer = Response(returns.render(found, form), content_type=_TYPES[form])
    named = returns.file_name(found, form)
    answer.headers["Content-Disposition"] = f'attachment; filename="{named}"'
    return answer


def _decides(visit: Visit) -> bool:
    """Whether somebody who coordinates asks, and not the steering group."""
    return bool(visit.person.roles & DECIDES)


def _ask(visit: Visit, *, said: str = "", status: int = 200) -> Answer:
    with visit.work() as work:
        known = flow.list_quarters(work, has_ended=not _decides(visit))
    return show(
        "reports",
        visit,
        status=status,
        quarters=known,
        reasons=returns.REASONS if _decides(visit) else {Why.STEERING_GROUP: _STEERING},
        said=said,
        sent=request.form if said else {},
    )

"""Owns the page on which an agency's administrator keeps its people; no case is in reach of it."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT, house
from gateway.desk.render import show
from gateway.errors import Invalid, NotFound
from gateway.flows import people as flows
from gateway.rules.desk import may_hold
from gateway.schemas.codes import PersonRole

_ADMIN = frozenset({PersonRole.AGENCY_ADMIN})


@page("/people", roles=_ADMIN)
def colleagues(visit: Visit) -> Answer:
    """List the people of the agency, with their roles and what they sign in with."""
    return _list(visit)


@page("/people/invitations", roles=_ADMIN, method="POST", is_dangerous=True)
def invite(visit: Visit) -> Answer:
    """Give a worker roles and a link that is used once; shown now and never again."""
    worker_id = request.form.get("worker", "")
    try:
        roles = frozenset(map(PersonRole, request.form.getlist("role")))
        with visit.work() as work:
            text = flows.invite(work, worker_id, roles)
    except (ValueError, Invalid):
        return _list(visit, said="Choose at least one role.", status=422)
    except NotFound:
        return _list(visit, said="There is no such worker in your agency.", status=422)
    return show(
        "invited", visit, worker=worker_id, link=f"{house().settings.base_url}{ROOT}/link/{text}"
    )


@page("/people/ends", roles=_ADMIN, method="POST", is_dangerous=True)
def end_colleague(visit: Visit) -> Answer:
    """End all that a worker is signed in with."""
    with visit.work() as work:
        flows.end_all_of(work, request.form.get("worker", ""))
    return _list(visit)


def _list(visit: Visit, *, said: str = "", status: int = 200) -> Response:
    with visit.work() as work:
        found = flows.list_colleagues(work)
    return show(
        "colleagues",
        visit,
        status=status,
        people=found,
        said=said,
        may_hold=[each for each in PersonRole if each in may_hold(visit.person.kind)],
    )

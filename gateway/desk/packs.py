"""Owns making the pack of an agency that has no sign-in: locked, and its passphrase shown once."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from flask import request
from werkzeug.wrappers import Response as Answer

from gateway.desk.guard import Visit, page
from gateway.desk.render import show
from gateway.errors import Conflict, Invalid
from gateway.flows import conferences, directory
from gateway.papers import pack as papers
from gateway.rules.desk import DECIDES
from gateway.schemas.codes import Limited

_RULE = "/conferences/<conference_id>/packs"
_FAULTS = {
    "/agency": ("agency-1", "Choose the agency."),
    "/recipient": ("recipient", "Write who of it you ring, in up to 100 characters."),
    "/reason": ("reason", "Write why it gets its papers this way, in up to 500 characters."),
}
_SIGNS_IN = "Somebody of that agency signs in at the desk. Its papers are there, and in no pack."


@page(_RULE, roles=DECIDES)
def packs(visit: Visit, conference_id: str) -> Answer:
    """Ask for which agency a pack is, who is rung, and why."""
    return _ask(visit, conference_id)


@page(_RULE, roles=DECIDES, method="POST", takes=Limited.EXPORT)
def make_pack(visit: Visit, conference_id: str) -> Answer:
    """Make it; the page that answers has the file and its passphrase, and nothing keeps either."""
    form, issuer = request.form, visit.house.settings.base_url
    try:
        with visit.work() as work:
            order = conferences.order_pack(
                work,
                conference_id,
                form.get("agency", ""),
                recipient=form.get("recipient", ""),
                reason=form.get("reason", ""),
                issuer=issuer,
            )
        with visit.work(order.reader) as work:
            pack = conferences.build_pack(work, order, issuer=issuer)
    except Invalid as error:
        faults = dict(_FAULTS[each.pointer] for each in error.problems if each.pointer in _FAULTS)
        return _ask(visit, conference_id, faults, status=422)
    except Conflict as error:
        if error.code != "signs_in":
            raise
        return _ask(visit, conference_id, {"agency-1": _SIGNS_IN}, status=409)
    locked, passphrase = papers.lock(pack, visit.house.chance)
    with visit.work() as work:
        conferences.note_pack(work, order, pack)
    agenda = pack.papers.agenda
    return show(
        "pack",
        visit,
        conference_id=conference_id,
        words_of=passphrase.split(),
        content=b64encode(locked).decode(),
        named=papers.file_name(agenda.starts_at, agenda.zone),
        mark=agenda.reader,
        cases=len(pack.case_ids),
        recipient=order.recipient,
    )


def _ask(
    visit: Visit,
    conference_id: str,
    faults: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> Answer:
    with visit.work() as work:
        offered = conferences.list_without_software(work, conference_id)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    return show(
        "packs",
        visit,
        status=status,
        conference_id=conference_id,
        offered=[(each, names.get(each, each)) for each in offered],
        faults=faults or {},
        typed=request.form if faults else {},
    )

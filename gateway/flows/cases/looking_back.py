"""Owns the honest list of what was already read of a case, which nothing takes back."""

from __future__ import annotations

from typing import Any

from gateway.disclosure import Sealed, disclose, seal_answer
from gateway.errors import Denied
from gateway.flows.cases.accessed import concerns, line, unnamed
from gateway.flows.cases.finding import find_case, find_roles
from gateway.ledger import Recorded, Work, case_records
from gateway.rules.states import owner
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseRole, Position, Purpose
from gateway.store import dated

READINGS = frozenset({"case.read", "agenda.read", "referral.read"})
OBJECTING = (Position.WITHHELD, Position.WITHDRAWN)


def list_readings(work: Work, reference: str, *, issuer: str) -> Sealed:
    """Who read which sections of a case, when and for what: what a withdrawal cannot undo.

    For its coordinator all readings; for whoever referred it and owns it still, those of its own
    part. Looking is itself recorded first, for purpose P10.

    :raises Denied: for everybody else.
    """
    purpose = Purpose.P10
    work.attempt("readings.read", purpose=purpose)
    case_id = find_case(work, reference)
    roles = {row.role for row in find_roles(work, case_id)}
    found = disclose(work, case_id, purpose, event="readings.read")
    is_all = CaseRole.COORDINATOR in roles
    if not is_all and CaseRole.REFERRER not in roles & {owner(found.facts.state)}:
        raise Denied("not-the-owner", subject=case_id)
    own = {s.name for s in found.facts.sections if s.owner == work.caller.agency_id}
    position = dated.list_positions(work.session, [case_id])[case_id]
    is_told = is_all or position.by_agency == work.caller.agency_id
    objected = position.at if is_told and position.position in OBJECTING else None
    hidden = frozenset() if is_all else unnamed(work, found.facts)
    lines = [
        line(each, None if is_all else frozenset(own), hidden)
        for each in case_records(work, case_id)
        if _is_reading(each) and (is_all or concerns(each, work.caller.agency_id))
    ]
    document: dict[str, Any] = {"reference": references.write(reference), "readings": lines}
    if objected is not None:
        document["objected_at"] = moments.write(objected)
    return seal_answer(
        work,
        issuer=issuer,
        form="readings/1",
        document=document,
        purpose=purpose,
        entry=found.entry,
        cases=[found.facts],
    )


def _is_reading(each: Recorded) -> bool:
    record = each.record
    return record["event"] in READINGS and record["outcome"] == "allowed" and bool(record["levels"])

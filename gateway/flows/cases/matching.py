"""Owns what a person says of a suggested match: the same people, or somebody else."""

from __future__ import annotations

from typing import Any

from gateway.disclosure import get_facts, may_know, renew_flag
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.finding import find_case, find_roles
from gateway.flows.cases.triaging import mark_of
from gateway.ledger import Work
from gateway.schemas.codes import CaseRole
from gateway.store import cases, parties

PROPOSED, CONFIRMED, REJECTED = "PROPOSED", "CONFIRMED", "REJECTED"
REVERSED, SAME_PEOPLE = "REVERSED", "SAME_PEOPLE"


def settle_match(work: Work, reference: str, mark: str, *, is_same: bool) -> dict[str, Any]:
    """Confirm a suggested match, or reject it; either is said once, and stands in the log.

    That two accuse each other is not settled here: what keeps their records apart falls with no
    coordinator's word, and a chair's review says who is the victim.

    :raises Denied: for who does not coordinate the case: the answer is that of an unknown case.
    :raises Invalid: if nothing of that mark was suggested.
    :raises Conflict: code counter; or match_settled, if it was settled before.
    """
    work.attempt("match.settled")
    case_id = find_case(work, reference)
    if CaseRole.COORDINATOR not in {row.role for row in find_roles(work, case_id)}:
        raise Denied("not-the-coordinator", subject=case_id)
    if not may_know(work, get_facts(work, case_id)):
        raise Denied("not-open", subject=case_id)
    cases.lock_case(work.session, case_id)
    rows = parties.list_links(work.session, [case_id])
    row = next((each for each in rows if mark_of(each) == mark), None)
    if row is None:
        raise Invalid("Nothing of that mark was suggested.", Problem("unknown_code", "/mark"))
    if row.kind == REVERSED:
        raise Conflict("A chair reviews who accuses whom.", code="counter")
    if row.status != PROPOSED:
        raise Conflict("This was settled before.", code="match_settled")
    status = CONFIRMED if is_same else REJECTED
    parties.set_link(work.session, row, status)
    if is_same and row.kind == SAME_PEOPLE:
        renew_flag(work, row.other_id, case_id)
    work.record("match.settled", case_id, because=status, facts={"mark": mark, "kind": row.kind})
    return {"mark": mark, "status": status}

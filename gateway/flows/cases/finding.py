"""Owns finding the case behind a reference, and how a case is called for one agency."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.disclosure import find_referral
from gateway.errors import Denied
from gateway.ledger import Work
from gateway.schemas import reference as references
from gateway.store import members, referrals
from gateway.store.members import AssignmentRow
from gateway.store.referrals import ReferralRow

_NO_CASE = "-"


def find_case(
    work: Work,
    reference: str,
    *,
    then: Callable[[Sequence[str]], object] | None = None,
) -> str:
    """The case that a reference leads to; who may know what of it is decided later.

    `then` is what the caller loads of it next, before it can refuse. For a reference that leads
    nowhere it is loaded, too: the time that an answer takes must not tell absence from refusal.

    :raises Denied: if there is no such reference. The answer is that of a refusal.
    """
    row = find_referral(work, reference)
    if row is None:
        if then is None:
            members.list_assignments(work.session, [_NO_CASE])
        else:
            then([_NO_CASE])
        raise Denied("absent")
    return row.case_id


def find_roles(work: Work, case_id: str) -> list[AssignmentRow]:
    """The caller's standing roles in a case.

    :raises Denied: if it has none.
    """
    mine = [
        row
        for row in members.list_assignments(work.session, [case_id])
        if row.agency_id == work.caller.agency_id
    ]
    if not mine:
        raise Denied("not-assigned", subject=case_id)
    return mine


def names_of(work: Work, case_ids: Sequence[str]) -> dict[str, str]:
    """The reference by which the caller knows each case: its own, else the first."""
    return {
        case_id: references.write(_known(rows, work.caller.agency_id).reference)
        for case_id, rows in referrals.list_references(work.session, case_ids).items()
    }


def _known(rows: Sequence[ReferralRow], agency_id: str) -> ReferralRow:
    own = [row for row in rows if row.agency_id == agency_id]
    return (own or list(rows))[0]

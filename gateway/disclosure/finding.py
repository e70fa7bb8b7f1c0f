"""Owns following a reference to its case, also where the caller has no part in that case.

And how a case is called for one agency.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.disclosure.opening import load
from gateway.disclosure.ties import list_ties
from gateway.errors import Denied
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.facts import CaseFacts, Worker
from gateway.schemas import reference as references
from gateway.store import cases, members, referrals
from gateway.store.referrals import ReferralRow

_NO_CASE = "-"


def find_referral(work: Work, reference: str) -> ReferralRow | None:
    """The referral with this reference, whoever sent it: callers decide who may know.

    One that the caller's agency does not see is looked for again as an address, so that its
    refusal is recorded under the case it was about. None and another's take the same two steps.
    """
    found = referrals.find_referral(work.session, reference=reference)
    if found is None:
        with work.routing():
            found = referrals.find_referral(work.session, reference=reference)
    return found


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
    case_id = row.case_id if row else _NO_CASE
    # Before all else: who is tied is refused for that, whether it has a part in the case or not.
    ties = list_ties(work.session, [case_id])[case_id]
    is_tied = conflict.is_tied(ties, _me(work))
    if row is None or is_tied:
        if then is None:
            members.list_assignments(work.session, [case_id])
        else:
            then([case_id])
        raise Denied(conflict.CONFLICT, subject=case_id) if row else Denied("absent")
    return case_id


def find_loaded(work: Work, reference: str) -> tuple[str, dict[str, CaseFacts]]:
    """The case that a reference leads to, and its facts, loaded once to be read at once.

    The same is loaded for a reference that leads nowhere, and for whoever is tied.

    :raises Denied: as `find_case`.
    """
    return _loaded(work, find_referral(work, reference))


def find_locked(work: Work, reference: str) -> tuple[str, dict[str, CaseFacts]]:
    """As `find_loaded`, of a case about to be changed: nobody else changes it from then on.

    It is locked before anything is loaded. Whoever loaded first would decide by what another has
    changed meanwhile, or wait for a reader that waits for the same lock.

    :raises Denied: as `find_case`.
    """
    row = find_referral(work, reference)
    cases.hold_case(work.session, row.case_id if row else _NO_CASE)
    return _loaded(work, row)


def _loaded(work: Work, row: ReferralRow | None) -> tuple[str, dict[str, CaseFacts]]:
    case_id = row.case_id if row else _NO_CASE
    facts, ties = load(work, [case_id])
    if row is None:
        raise Denied("absent")
    if conflict.is_tied(ties[case_id], _me(work)):
        raise Denied(conflict.CONFLICT, subject=case_id)
    return case_id, facts


def names_of(work: Work, case_ids: Sequence[str]) -> dict[str, str]:
    """The reference by which the caller knows each case: its own, else the first."""
    return {
        case_id: references.write(_known(rows, work.caller.agency_id).reference)
        for case_id, rows in referrals.list_references(work.session, case_ids).items()
    }


def _me(work: Work) -> Worker:
    return work.caller.agency_id, work.caller.worker_id or ""


def _known(rows: Sequence[ReferralRow], agency_id: str) -> ReferralRow:
    own = [row for row in rows if row.agency_id == agency_id]
    return (own or list(rows))[0]

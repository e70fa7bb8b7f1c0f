"""Owns following a reference to its case, also where the caller has no part in that case."""

from __future__ import annotations

from gateway.ledger import Work
from gateway.store import referrals
from gateway.store.referrals import ReferralRow


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

"""Owns whose referral it is: the caller's, or that of an agency for which somebody typed it in."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.agencies import directory
from gateway.errors import Denied, Invalid, Problem
from gateway.ledger import Work
from gateway.schemas.codes import AgencyKind
from gateway.store.referrals import ReferralRow

NOT_SENDERS = frozenset({AgencyKind.COORDINATOR, AgencyKind.AUDITOR})


@dataclass(frozen=True, slots=True)
class Sender:
    """Who refers. `is_entered` says that the caller typed it in for this agency."""

    agency_id: str
    kind: AgencyKind
    worker_id: str | None
    is_entered: bool = False

    def row(self, work: Work, reference: str, case_id: str) -> ReferralRow:
        """The referral as it is kept: who sent it stays apart from who typed it in."""
        by = (work.caller.agency_id, work.caller.worker_id) if self.is_entered else (None, None)
        return ReferralRow(reference, case_id, self.agency_id, self.worker_id, work.now, *by)


def of_caller(work: Work) -> Sender:
    """Who refers when somebody sends a referral of its own."""
    return Sender(work.caller.agency_id, work.caller.kind, work.caller.worker_id)


def find_sender(work: Work, agency_id: str) -> Sender:
    """Who refers when a person types in what `agency_id` told: its own agency, or another.

    Only who coordinates an area types in for others, and only for partners of that area.

    :raises Denied: if the caller may not type in for another agency.
    :raises Invalid: if there is no such partner, or it cannot be told of its own referral.
    """
    if agency_id == work.caller.agency_id and work.caller.kind not in NOT_SENDERS:
        return of_caller(work)
    if work.caller.kind is not AgencyKind.COORDINATOR:
        raise Denied("not-the-coordinator")
    found = directory.standing(work.session).get(agency_id)
    is_partner = (
        found is not None
        and not found.is_suspended
        and found.area == work.caller.area
        and found.kind not in NOT_SENDERS
    )
    if found is None or not is_partner:
        raise Invalid("There is no such partner.", Problem("unknown_code", "/agency"))
    return Sender(agency_id, found.kind, None, is_entered=True)

"""Owns who hears that something of a case is new: never who only referred her."""

from __future__ import annotations

from gateway.ledger import Work
from gateway.rules.facts import CaseFacts
from gateway.schemas.codes import CaseRole
from gateway.store import feed


def announce(work: Work, facts: CaseFacts, entry_id: str) -> None:
    """Tell everybody else who has a part in a case that something of it is new."""
    told = sorted(
        member.agency_id
        for member in facts.members.values()
        # Who only referred her is told by the feedback: more would say that she is back.
        if member.roles - {CaseRole.REFERRER} and member.agency_id != work.caller.agency_id
    )
    kinds = [(agency_id, "CHANGED") for agency_id in told]
    feed.add_items(work.session, case_id=facts.case_id, kinds=kinds, entry_id=entry_id)

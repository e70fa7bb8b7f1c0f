"""Owns the entries about the recovery key: who holds it, when it was tried, when it was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.agencies import directory
from gateway.agencies.operators import BECAUSE, only_operator
from gateway.errors import Invalid, NotFound
from gateway.ledger import Work
from gateway.schemas.codes import Custody


def holders_keys(work: Work, agency_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The encryption key of each agency that is to hold a share.

    :raises NotFound: if there is no such agency, or it has no key.
    :raises Invalid: if this gateway holds the agency's keys itself.
    """
    only_operator(work, "recovery.split")
    found = {row.agency_id: row for row in directory.listings(work.session, work.now)}
    for agency_id in agency_ids:
        if agency_id not in found or not found[agency_id].keys:
            raise NotFound("There is no such agency, or it has no key.")
        if found[agency_id].custody is Custody.HOSTED:
            raise Invalid("A holder keeps its keys itself, not here.")
    return {agency_id: found[agency_id].keys[0] for agency_id in agency_ids}


def record_recovery(work: Work, event: str, facts: Mapping[str, Any]) -> None:
    """Record what is done with the recovery key."""
    only_operator(work, event)
    work.record(event, None, because=BECAUSE, facts=facts)

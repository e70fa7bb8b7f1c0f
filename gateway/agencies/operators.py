"""Owns that what an operator does is done by the operator: no door for agencies leads there."""

from __future__ import annotations

from gateway.errors import Denied
from gateway.ledger import OPERATOR, Work

BECAUSE = "operator"


def only_operator(work: Work, event: str) -> None:
    """Refuse, and record under `event`, whoever is no operator at the gateway's own machine.

    :raises Denied: for everybody else.
    """
    work.attempt(event)
    if work.caller.agency_id != OPERATOR.agency_id:
        raise Denied("not-operator")

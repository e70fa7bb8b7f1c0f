"""Owns what waits for a decision in one case, besides its triage: all of it, with what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.disclosure import open_looks
from gateway.errors import Denied
from gateway.flows.cases.approving import read_questions
from gateway.flows.cases.finding import facts_of, find_case
from gateway.flows.cases.showing import Shown, show
from gateway.ledger import Work
from gateway.schemas.codes import Purpose, RedactionState
from gateway.store import glasses, redactions
from gateway.store.redactions import RedactionRow


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a case waits for, as its coordinator may see it."""

    shown: Shown = field(repr=False)
    questions: tuple[Mapping[str, Any], ...] = field(repr=False)  # approvals that are asked for
    drafts: tuple[RedactionRow, ...]  # words of the caller's own agency that are to go
    looks: Mapping[int, str] = field(repr=False)  # why somebody looked, for the chair alone
    is_chair: bool


def show_waiting(work: Work, reference: str, *, issuer: str) -> Waiting:
    """Return what waits for a decision in a case, as a page may show it.

    :raises Denied: for who does not coordinate it: the answer is that of an unknown case.
    """
    shown = show(work, reference, Purpose.P9, issuer=issuer)
    case_id = find_case(work, reference)
    if "triage" not in shown.document:
        raise Denied("not-the-coordinator", subject=case_id)
    facts = facts_of(work, [case_id])[case_id]
    work.record("approvals.read", case_id, because="coordinates", purpose=Purpose.P9)
    rows = glasses.list_unreviewed(work.session, [case_id]) if work.caller.is_chair else []
    if rows:
        numbers = {"numbers": [row.seq for row in rows]}
        work.record("glass.reasons", case_id, because="chair", purpose=Purpose.P9, facts=numbers)
    return Waiting(
        shown,
        tuple(read_questions(work, facts)),
        tuple(
            row
            for row in redactions.list_redactions(work.session, [case_id])
            if row.state is RedactionState.DRAFTED and row.owner_id == work.caller.agency_id
        ),
        open_looks(work, facts, rows) if rows else {},
        work.caller.is_chair,
    )

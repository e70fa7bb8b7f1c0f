"""Owns what lies before a coordinator who decides about a referral: read once, for a purpose.

It is the reading of a page, and beside it what the rules make of it: what is missing, by when it is
to be decided, and which decisions its state and its guards leave open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.errors import Denied
from gateway.flows.cases.deciding import guards_of, open_to, standing_of
from gateway.flows.cases.finding import find_case
from gateway.flows.cases.showing import Shown, show
from gateway.ledger import Work
from gateway.rules import moving, owing
from gateway.rules.clocks import due
from gateway.rules.completeness import Gap, Known, blanks, gaps
from gateway.rules.states import came_back, can_list
from gateway.schemas.codes import AreaDecision, CaseState, Level, Outcome, Purpose
from gateway.store import cases

_TRIAGE = "CLK_TRIAGE"
# Only to coordinate is all of it read that a referral may lack; what is not shown is not missing.
WHOLE = Purpose.P9


@dataclass(frozen=True, slots=True)
class Weighed:
    """A referral as its coordinator weighs it."""

    shown: Shown = field(repr=False)
    parts: Mapping[str, Mapping[str, Any]] = field(repr=False)  # sections shown in full, by name
    seen: str  # how it stands; sent back with the decision
    opened_at: datetime
    state_at: datetime
    state_because: str
    reasons: tuple[str, ...]  # coded, of the last decision
    due_at: datetime | None
    is_listable: bool  # on the list of a conference
    open_to: tuple[AreaDecision, ...]
    may_move: bool  # be withdrawn, closed or handed over, or such an offer stands
    gaps: tuple[Gap, ...] | None  # None: not told for this purpose
    blanks: tuple[tuple[str, str, str], ...]  # section, field, reason


def weigh(work: Work, reference: str, purpose: Purpose, *, issuer: str) -> Weighed:
    """Return a referral as its coordinator may see it on a page, with what the rules say of it.

    A receipt of it is kept like that of a pull.

    :raises Denied: for who does not coordinate it: the answer is that of an unknown case.
    :raises Invalid: if the agency's kind may not state this purpose.
    """
    shown = show(work, reference, purpose, issuer=issuer)
    case_id = find_case(work, reference)
    triage = shown.document.get("triage")
    if triage is None:
        raise Denied("not-the-coordinator", subject=case_id)
    case = cases.list_cases(work.session, [case_id])[case_id]
    profile = work.profiles.for_area(case.area, work.today)
    guards = guards_of(work, case_id)
    listed = shown.document["sections"]
    # Of a section that was sent more than once, the newest counts.
    parts = {each["section"]: each["content"] for each in listed if each["level"] == Level.FULL}
    known = Known(
        criteria=triage["criteria"],
        assessments=triage["assessments"],
        has_safe_contact=any(each["section"] == "safe_contact" for each in listed),
        lacks_record=triage["outcome"] == Outcome.HOLD_RECORD
        or any(each["code"] == owing.OVERRIDE for each in triage["due"]),
        is_under_16=guards.is_under_16,
    )
    waits = case.state is CaseState.TRIAGE
    is_listed = case.state is CaseState.LISTED
    past = [each.because for each in cases.list_states(work.session, case_id) if is_listed]
    return Weighed(
        shown=shown,
        parts=parts,
        seen=standing_of(case),
        opened_at=case.opened_at,
        state_at=case.state_at,
        state_because=case.because,
        reasons=case.reasons,
        due_at=due(profile.clocks[_TRIAGE], case.state_at, profile.working_days) if waits else None,
        is_listable=can_list(case.state, is_back=came_back(past)),
        open_to=open_to(case.state, guards),
        may_move=bool(moving.open_to(case.state, is_receiver=False, is_outside=False)),
        gaps=gaps(parts, known) if purpose is WHOLE else None,
        blanks=blanks(parts),
    )

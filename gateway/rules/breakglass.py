"""Owns breaking the glass: one worker, one category, one hour, and what it costs afterwards.

Friction is the point: who breaks it proves afresh who it is, writes down why, and is looked at by
the owner, the chair and the data protection officer. Source: domain rules for audit (break-glass).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.rules import conflict
from gateway.rules.facts import Allowed, Caller, CaseFacts, Decision, Refused
from gateway.rules.matrix import Matrix
from gateway.schemas.codes import AgencyKind, CaseState, Category, Level, Purpose, RiskLevel

OPEN_FOR = timedelta(minutes=60)
FRESH = timedelta(minutes=5)  # since the worker proved who it is
REVIEW_DAYS = 2  # working days

BROKEN = "break-glass"
DUTIES = frozenset({"step-up", "reason", "tell-owner", "tell-chair", "tell-dpo"})

# Nothing of a case is there yet, or any more.
_GONE = frozenset({CaseState.DRAFT, CaseState.ABANDONED, CaseState.DESTROYED})
# Whose life no longer hangs on it; a sample of such a case may still be looked at.
_OVER = frozenset(
    {
        CaseState.CLOSED,
        CaseState.RETAINED,
        CaseState.LEGAL_HOLD,
        CaseState.TRANSFERRED_OUT,
        CaseState.WITHDRAWN,
    }
)
# Behind the firewall whatever else is broken: section and the kind that never reads it.
_NEVER: Mapping[AgencyKind, frozenset[str]] = {AgencyKind.POLICE: frozenset({"immigration"})}


@dataclass(frozen=True, slots=True)
class Glass:
    """What is asked for, and what stands against it."""

    category: Category
    purpose: Purpose
    unreviewed: int = 0  # earlier ones of this worker that nobody has looked at
    is_sample_approved: bool = False  # by the chair, for this very auditor, case and category
    open_until: datetime | None = None  # it was broken before, and this is another look


def decide(
    case: CaseFacts,
    risk: RiskLevel,
    caller: Caller,
    glass: Glass,
    matrix: Matrix,
    *,
    now: datetime,
) -> Decision:
    """Return whether a worker may look behind the glass: at one category, in full.

    Membership, stage and consent are what is broken. A tie to somebody in the case, a bar, the
    victim's own condition, and what only its recipients can open are not.
    """
    refused = (
        _about_the_worker(case, caller, glass, matrix)
        or _about_the_case(case, risk, caller)
        or _about_the_moment(caller, glass, now)
    )
    if refused is not None:
        return Refused(refused)
    shown = sections(case, caller.kind, glass.category, matrix)
    if not shown:
        return Refused("nothing-behind-it")
    levels = dict.fromkeys(sorted(shown), Level.FULL)
    return Allowed(levels, BROKEN, own=levels, duties=DUTIES)


def sections(
    case: CaseFacts, kind: AgencyKind, category: Category, matrix: Matrix
) -> frozenset[str]:
    """Return the sections of a category that a broken glass shows a kind of agency.

    Not what is sealed to its recipients or to its owner alone, nor the log, which has doors of
    its own, nor what never crosses to this kind.
    """
    if category is Category.D27:
        return frozenset()
    never = matrix.exclusive | matrix.owned | _NEVER.get(kind, frozenset())
    stored = {each.name for each in case.sections}
    return frozenset(
        name
        for name, of in matrix.section_category.items()
        if of is category and name in stored and name not in never
    )


def _about_the_worker(case: CaseFacts, caller: Caller, glass: Glass, matrix: Matrix) -> str | None:
    if caller.worker_id is None:
        return "unattended"
    if not has_column(caller.kind, matrix):
        return "no-column"
    walled = conflict.refusal(case, caller)
    # A staff case keeps out whoever is not called; breaking the glass is being called.
    if walled is not None and walled != conflict.RESTRICTED:
        return walled
    if not _may_state(caller.kind, glass.purpose, matrix):
        return "purpose-not-allowed"
    return _condition(case, caller)


def _about_the_case(case: CaseFacts, risk: RiskLevel, caller: Caller) -> str | None:
    if case.state in _GONE:
        return f"state:{case.state}"
    if caller.kind is AgencyKind.AUDITOR:
        return None  # a sample is drawn from all cases
    if case.state in _OVER:
        return f"state:{case.state}"
    return None if risk is RiskLevel.HIGH else "not-high"


def _about_the_moment(caller: Caller, glass: Glass, now: datetime) -> str | None:
    if caller.kind is AgencyKind.AUDITOR and not glass.is_sample_approved:
        return "sample-not-approved"
    if glass.open_until is not None:
        return None if now < glass.open_until else "glass-closed"
    if not is_fresh(caller, now):
        return "step-up"
    return "unreviewed" if glass.unreviewed else None


def is_fresh(caller: Caller, now: datetime) -> bool:
    """Whether the worker proved who it is a moment ago; what is not known was not."""
    at = caller.authenticated_at
    return at is not None and caller.method is not None and timedelta() <= now - at <= FRESH


def has_column(kind: AgencyKind, matrix: Matrix) -> bool:
    """Whether a kind of agency stands in the need-to-know matrix at all."""
    return any(of is kind for _, of in matrix.cells)


def _may_state(kind: AgencyKind, purpose: Purpose, matrix: Matrix) -> bool:
    """Audit is for auditors, and statistics open nothing for anybody."""
    if purpose is Purpose.P11 or (purpose is Purpose.P10 and kind is not AgencyKind.AUDITOR):
        return False
    return matrix.may_state(kind, purpose)


def _condition(case: CaseFacts, caller: Caller) -> str | None:
    if caller.kind in case.barred_kinds:
        return "barred"
    if caller.agency_id in case.excluded_agencies:
        return "victims-condition"
    if caller.kind in case.excluded_kinds - case.overridden_kinds:
        return "victims-condition"
    return None

"""Owns the pull of one case, and what an assigned agency answers to it."""

from __future__ import annotations

from typing import Any

from gateway.disclosure import (
    Disclosed,
    Piece,
    Sealed,
    disclose,
    get_facts,
    may_know,
    require_purpose,
    seal_answer,
)
from gateway.errors import Denied
from gateway.flows.cases.finding import find_case, find_loaded, find_roles, names_of
from gateway.flows.cases.triaging import triage
from gateway.ledger import Work
from gateway.rules.disclosure import ALERT
from gateway.rules.releasing import may_decide
from gateway.schemas import moments
from gateway.schemas.codes import Acknowledgement, CaseRole, Level, Purpose
from gateway.store import (
    cases,
    feed,
    members,
    releases,
)

TAKERS = frozenset({CaseRole.IDVA, CaseRole.NAMED, CaseRole.RESEARCH})


def pull(work: Work, reference: str, purpose: Purpose, *, issuer: str) -> Sealed:
    """Return a case, sealed for the caller's agency and no one else.

    :raises Denied: if the caller has no need to know.
    :raises Invalid: if its kind of agency may not state this purpose.
    """
    work.attempt("case.read", purpose=purpose)
    require_purpose(work, purpose)
    case_id, facts = find_loaded(work, reference)
    found = disclose(work, case_id, purpose, facts=facts)
    exclusive = found.profile.matrix.exclusive
    document = document_of(work, found)
    return seal_answer(
        work,
        issuer=issuer,
        form="disclosure/1",
        document=document,
        purpose=purpose,
        entry=found.entry,
        cases=[found.facts],
        told=[found.told(document["reference"])],
        has_exclusive=any(
            piece.section in exclusive and piece.level is Level.FULL for piece in found.pieces
        ),
    )


def acknowledge(work: Work, reference: str, outcome: Acknowledgement, reason: str | None) -> None:
    """Note that the caller's agency took a case on, or why not; the coordinator sees it.

    :raises Denied: if the case is not assigned to it.
    """
    work.attempt("case.acknowledge")
    case_id = find_case(work, reference)
    if not TAKERS & {row.role for row in find_roles(work, case_id)}:
        raise Denied("not-assigned", subject=case_id)
    if not may_know(work, get_facts(work, case_id)):
        raise Denied("not-open", subject=case_id)
    cases.lock_case(work.session, case_id)
    members.add_acknowledgement(
        work.session,
        case_id=case_id,
        agency_id=work.caller.agency_id,
        outcome=outcome,
        reason=reason,
        worker_id=work.caller.worker_id,
        at=work.now,
    )
    entry = work.record("case.acknowledge", case_id, because=reason or "taken", outcome=outcome)
    told = {
        row.agency_id
        for row in members.list_assignments(work.session, [case_id])
        if row.role is CaseRole.COORDINATOR and row.agency_id != work.caller.agency_id
    }
    kinds = [(agency_id, "CHANGED") for agency_id in sorted(told)]
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)


def document_of(work: Work, found: Disclosed) -> dict[str, Any]:
    """What is handed over of a case, as its readers know it."""
    case_id, decision = found.case_id, found.decision
    document: dict[str, Any] = {"reference": names_of(work, [case_id])[case_id]}
    if decision.because == ALERT:
        alert = [piece.content for piece in found.pieces]
        return document | {"level": str(found.risk.level), "alert": alert}
    # The level is D08: shown as the section of the referral itself is.
    if decision.level("referral", is_own=False) in (Level.FULL, Level.SUMMARY):
        document["level"] = str(found.risk.level)
    # A referrer that sees only its own is told how its case stands by another door, with care;
    # and who looks for a purpose that does not open the referral is not told either.
    is_open = "referral" in decision.shown
    if decision.because != "own" and is_open:
        document |= {"state": str(found.facts.state), "stage": str(found.stage)}
    exclusive, me = found.profile.matrix.exclusive, work.caller.agency_id
    sealed = [p for p in found.pieces if p.section in exclusive and p.level is Level.FULL]
    document |= {
        "sections": [_shown(piece, me) for piece in found.pieces if piece not in sealed],
        "sealed": [piece.content for piece in sealed],
        "withheld": list(found.withheld),
    }
    if may_decide(found.facts, me):
        waiting = releases.list_releases(work.session, [case_id])
        document |= {"releases": [_release(row) for row in waiting]} if waiting else {}
    is_coordinator = CaseRole.COORDINATOR in found.facts.members[me].roles
    if is_coordinator and is_open:
        document["triage"] = triage(work, found)
    return document


def _shown(piece: Piece, me: str) -> dict[str, Any]:
    """A section as it is handed over; who contributed it is told with its full text only."""
    shown = {"section": piece.section, "level": str(piece.level), "content": piece.content}
    if piece.level is Level.FULL or piece.owner_id == me:
        shown["owner"] = piece.owner_id
    return shown


def _release(row: releases.ReleaseRow) -> dict[str, Any]:
    """A team that serves both sides, and whether it may know where she is."""
    return {
        "agency": row.agency_id,
        "team": row.team or None,
        "state": str(row.state),
        "went_first": row.given_at is not None,
        "asked_at": moments.write(row.asked_at),
        "due_at": moments.write(row.due_at),
    }

"""Owns the pull of one case, and what an assigned agency answers to it."""

from __future__ import annotations

from typing import Any

from gateway.disclosure import (
    Disclosed,
    Sealed,
    disclose,
    list_facts,
    may_know,
    require_purpose,
    seal_answer,
)
from gateway.errors import Denied
from gateway.flows.cases.finding import find_case, find_roles, names_of
from gateway.ledger import Work
from gateway.rules.disclosure import ALERT
from gateway.schemas.codes import Acknowledgement, CaseRole, Level, Purpose
from gateway.store import cases, feed, members, parties

TAKERS = frozenset({CaseRole.IDVA, CaseRole.NAMED, CaseRole.RESEARCH})


def pull(work: Work, reference: str, purpose: Purpose, *, issuer: str) -> Sealed:
    """Return a case, sealed for the caller's agency and no one else.

    :raises Denied: if the caller has no need to know.
    :raises Invalid: if its kind of agency may not state this purpose.
    """
    work.attempt("case.read", purpose=purpose)
    require_purpose(work, purpose)
    found = disclose(work, find_case(work, reference), purpose)
    exclusive = found.profile.matrix.exclusive
    return seal_answer(
        work,
        issuer=issuer,
        form="disclosure/1",
        document=_document(work, found),
        purpose=purpose,
        entry=found.entry,
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
    if not may_know(work, list_facts(work.session, [case_id])[case_id]):
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


def _document(work: Work, found: Disclosed) -> dict[str, Any]:
    case_id = found.case_id
    document: dict[str, Any] = {
        "reference": names_of(work, [case_id])[case_id],
        "level": str(found.risk.level),
    }
    if found.decision.because == ALERT:
        return document | {"alert": [piece.content for piece in found.pieces]}
    exclusive = found.profile.matrix.exclusive
    sealed = [p for p in found.pieces if p.section in exclusive and p.level is Level.FULL]
    document |= {
        "state": str(found.facts.state),
        "stage": str(found.stage),
        "sections": [
            {
                "section": piece.section,
                "level": str(piece.level),
                "owner": piece.owner_id,
                "content": piece.content,
            }
            for piece in found.pieces
            if piece not in sealed
        ],
        "sealed": [piece.content for piece in sealed],
        "withheld": list(found.withheld),
    }
    if CaseRole.COORDINATOR in found.facts.members[work.caller.agency_id].roles:
        document["triage"] = _triage(work, found)
    return document


def _triage(work: Work, found: Disclosed) -> dict[str, Any]:
    """What the gateway itself found out and decided; for the coordinator alone."""
    case_id = found.case_id
    consent = cases.list_consents(work.session, [case_id])[case_id]
    links = parties.list_links(work.session, [case_id])
    names = names_of(work, [row.other_id for row in links])
    answers = members.list_acknowledgements(work.session, [case_id])
    return {
        "rule": consent.rule,
        "outcome": str(consent.outcome),
        "duties": list(consent.duties),
        "must_record": list(consent.must_record),
        "versions": dict(consent.versions),
        "criteria": list(found.risk.criteria),
        "assessments": [dict(grade) for grade in found.risk.grades],
        "links": [
            {
                "reference": names[row.other_id],
                "kind": row.kind,
                "status": row.status,
                "repeats": list(row.repeats),
            }
            for row in links
        ],
        "members": [
            {
                "agency": row.agency_id,
                "kind": str(row.kind),
                "role": str(row.role),
                "because": row.because,
                "answer": str(answers[place][0]) if place in answers else None,
            }
            for row in members.list_assignments(work.session, [case_id])
            for place in [(case_id, row.agency_id)]
        ],
    }

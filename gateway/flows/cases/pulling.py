"""Owns the pull of one case, and what an assigned agency answers to it."""

from __future__ import annotations

from datetime import datetime
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
from gateway.flows.cases.owing import list_owed
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.disclosure import ALERT
from gateway.rules.facts import CaseFacts
from gateway.rules.positions import Said
from gateway.rules.releasing import may_decide
from gateway.schemas.codes import Acknowledgement, CaseRole, Level, Purpose
from gateway.store import (
    cases,
    dated,
    feed,
    glasses,
    held,
    members,
    overrides,
    parties,
    releases,
    seal_requests,
)
from gateway.store.parties import LinkRow

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
        document["triage"] = _triage(work, found)
    return document


def _shown(piece: Piece, me: str) -> dict[str, Any]:
    """A section as it is handed over; who contributed it is told with its full text only."""
    shown = {"section": piece.section, "level": str(piece.level), "content": piece.content}
    if piece.level is Level.FULL or piece.owner_id == me:
        shown["owner"] = piece.owner_id
    return shown


def _triage(work: Work, found: Disclosed) -> dict[str, Any]:
    """What the gateway itself found out and decided; for the coordinator alone."""
    case_id = found.case_id
    consent = dated.list_consents(work.session, [case_id])[case_id]
    links = _links(work, case_id)
    other_ids = [row.other_id for row in links]
    with work.matching():  # a linked case may be another area's
        names, others = names_of(work, other_ids), cases.list_cases(work.session, other_ids)
    links = [row for row in links if row.other_id in names and row.other_id in others]  # erased
    answers = members.list_acknowledgements(work.session, [case_id])
    recall = overrides.find_recall(work.session, case_id)
    return {
        "position": _position(work, found),
        "due": _due(work, found),
        # A referrer that wants its referral back: accepting waits until this was read.
        "recall": recall and {"reason": recall.reason, "at": _time(recall.at)},
        "rule": consent.rule,
        "outcome": str(consent.outcome),
        "duties": list(consent.duties),
        "must_record": list(consent.must_record),
        "versions": dict(consent.versions),
        "criteria": list(found.risk.criteria),
        "assessments": [dict(grade) for grade in found.risk.grades],
        "links": [
            {
                **_other(names[row.other_id], others[row.other_id].area, found.facts.area),
                "kind": row.kind,
                "status": row.status,
                "repeats": list(row.repeats),
            }
            for row in links
        ],
        # Who may read a sealed section and holds no copy: if nobody's client answers, ring them.
        "owed_copies": [
            {"section": section, "agency": agency, "asked_at": _time(at)}
            for section, agency, at in seal_requests.list_open(work.session, case_id)
        ],
        # Which paragraphs were held back from whom, for the chair to say how they may be told.
        "held": [_held(row) for row in held.list_held(work.session, case_id)],
        "conflicts": _conflicts(work, found.facts),
        "counter_allegation": found.facts.ties.is_counter,
        "restricted_staff": found.facts.ties.is_restricted,
        "primary_victim": _primary_victim(work, case_id),
        "glass": [_glass(row) for row in glasses.list_unreviewed(work.session, [case_id])],
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


def _links(work: Work, case_id: str) -> list[LinkRow]:
    """Cases that may belong together, but for those that are now shared with nobody."""
    links = parties.list_links(work.session, [case_id])
    with work.matching():
        others = [row.other_id for row in links]
        unshared = cases.list_unshared(work.session, others, on=work.today)
    return [row for row in links if row.kind == "MERGED" or row.other_id not in unshared]


def _due(work: Work, found: Disclosed) -> list[dict[str, Any]]:
    owed = list_owed(work, {found.case_id: found.facts})[found.case_id]
    return [
        {
            "code": each.code,
            "by": each.by,
            "due_at": _time(each.due_at),
            "late": each.is_overdue,
        }
        for each in owed
    ]


def _position(work: Work, found: Disclosed) -> dict[str, Any]:
    """What she said last, by codes and days, and what it counts as today."""
    row = dated.list_positions(work.session, [found.case_id])[found.case_id]
    prompt = Said(row.position, expires_on=row.expires_on).renew_from(
        found.profile.consent.prompt_days
    )
    return {
        "position": str(row.position),
        "counts_as": str(found.facts.position),
        "capacity": str(row.capacity),
        "by": row.by_agency,
        "at": _time(row.at),
        "scope": list(row.scope),
        "starts_on": row.starts_on and row.starts_on.isoformat(),
        "expires_on": row.expires_on and row.expires_on.isoformat(),
        "renew_from": prompt and prompt.isoformat(),
        "limits": [
            *({"kind": kind} for kind in row.excluded_kinds),
            *({"agency": agency} for agency in row.excluded_agencies),
            *(dict(each) for each in row.narrowed),
        ],
        "broken": [
            *({"kind": kind} for kind in row.overridden_kinds),
            *(dict(each) for each in row.broken),
        ],
    }


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _primary_victim(work: Work, case_id: str) -> str | None:
    found = cases.list_primary_victims(work.session, [case_id]).get(case_id)
    return str(found) if found else None


def _glass(row: glasses.GlassRow) -> dict[str, Any]:
    """A look that waits for the chair."""
    return {
        "number": row.seq,
        "agency": row.agency_id,
        "category": str(row.category),
        "state": "TO_REVIEW" if row.until else "TO_APPROVE",
        "due_at": row.due_at.strftime("%Y-%m-%dT%H:%M:%SZ") if row.due_at else None,
    }


def _release(row: releases.ReleaseRow) -> dict[str, Any]:
    """A team that serves both sides, and whether it may know where she is."""
    return {
        "agency": row.agency_id,
        "team": row.team or None,
        "state": str(row.state),
        "went_first": row.given_at is not None,
        "asked_at": _time(row.asked_at),
        "due_at": _time(row.due_at),
    }


def _held(row: held.HeldRow) -> dict[str, str]:
    return {
        "agency": row.agency_id,
        "section": row.section,
        "owner": row.owner_id,
        "place": row.place,
        "at": _time(row.at),
    }


def _conflicts(work: Work, facts: CaseFacts) -> list[dict[str, Any]]:
    """Which agencies only a deputy reads for; which of their workers is tied, for the chair."""
    concerned = {agency for agency, _ in conflict.tied(facts.ties)}
    shut = concerned | facts.conflicted | facts.ties.employers
    return [
        {
            "agency": agency_id,
            "state": "SUBSTITUTED" if deputies else "DEPUTY_NEEDED",
            "deputies": sorted(deputies),
            **({"tied": sorted(_tied(facts, agency_id))} if work.caller.is_chair else {}),
        }
        for agency_id in sorted(shut)
        for deputies in [conflict.readers(facts, agency_id) or frozenset()]
    ]


def _tied(facts: CaseFacts, agency_id: str) -> list[str]:
    return [worker for agency, worker in conflict.tied(facts.ties) if agency == agency_id]


def _other(reference: str, area: str, here: str) -> dict[str, str]:
    """A linked case: by reference at home, elsewhere only that there is one and where to ask."""
    return {"area": area, "reference": reference} if area == here else {"area": area}

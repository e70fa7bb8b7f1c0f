"""Owns what the coordinator is told of a case besides its text: what was found out and decided."""

from __future__ import annotations

import hashlib
from typing import Any

from gateway.disclosure import Disclosed
from gateway.flows.cases.finding import names_of
from gateway.flows.cases.owing import list_owed
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.facts import CaseFacts
from gateway.rules.positions import Said
from gateway.schemas import moments
from gateway.store import (
    cases,
    dated,
    glasses,
    held,
    members,
    overrides,
    parties,
    referrals,
    seal_requests,
)


def triage(work: Work, found: Disclosed) -> dict[str, Any]:
    """What the gateway itself found out and decided; for the coordinator alone."""
    case_id = found.case_id
    consent = dated.list_consents(work.session, [case_id])[case_id]
    recall = overrides.find_recall(work.session, case_id)
    return {
        "position": _position(work, found),
        "due": _due(work, found),
        # A referrer that wants its referral back: accepting waits until this was read.
        "recall": recall and {"reason": recall.reason, "at": moments.write(recall.at)},
        "rule": consent.rule,
        "outcome": str(consent.outcome),
        "duties": list(consent.duties),
        "must_record": list(consent.must_record),
        "versions": dict(consent.versions),
        "criteria": list(found.risk.criteria),
        "assessments": [dict(grade) for grade in found.risk.grades],
        "links": _links(work, found.facts),
        # Who may read a sealed section and holds no copy: if nobody's client answers, ring them.
        "owed_copies": [
            {"section": section, "agency": agency, "asked_at": moments.write(at)}
            for section, agency, at in seal_requests.list_open(work.session, case_id)
        ],
        # Which paragraphs were held back from whom, for the chair to say how they may be told.
        "held": [_held(row) for row in held.list_held(work.session, case_id)],
        "conflicts": _conflicts(work, found.facts),
        "counter_allegation": found.facts.ties.is_counter,
        "restricted_staff": found.facts.ties.is_restricted,
        "primary_victim": _primary_victim(work, case_id),
        "glass": [_glass(row) for row in glasses.list_unreviewed(work.session, [case_id])],
        "members": _members(work, case_id),
        # Whose each referral is, and who typed it in, if that was somebody else.
        "sources": [
            {"agency": row.agency_id, "entered_by": row.entered_agency_id}
            for row in referrals.list_references(work.session, [case_id])[case_id]
        ],
    }


def _members(work: Work, case_id: str) -> list[dict[str, Any]]:
    """Who has a part in the case, why, and what it answered."""
    answers = members.list_acknowledgements(work.session, [case_id])
    return [
        {
            "agency": row.agency_id,
            "kind": str(row.kind),
            "role": str(row.role),
            "because": row.because,
            "answer": str(answers[place][0]) if place in answers else None,
        }
        for row in members.list_assignments(work.session, [case_id])
        for place in [(case_id, row.agency_id)]
    ]


def _links(work: Work, facts: CaseFacts) -> list[dict[str, Any]]:
    """Cases that may belong together, but for those that are now shared with nobody, or erased."""
    links = parties.list_links(work.session, [facts.case_id])
    ids = [row.other_id for row in links]
    with work.matching():  # a linked case may be another area's
        unshared = cases.list_unshared(work.session, ids, on=work.today)
        links = [row for row in links if row.kind == "MERGED" or row.other_id not in unshared]
        ids = [row.other_id for row in links]
        names, others = names_of(work, ids), cases.list_cases(work.session, ids)
    return [
        {
            **_other(names[row.other_id], others[row.other_id].area, facts.area),
            "mark": mark_of(row),
            "kind": row.kind,
            "status": row.status,
            "repeats": list(row.repeats),
        }
        for row in links
        if row.other_id in names and row.other_id in others
    ]


def _due(work: Work, found: Disclosed) -> list[dict[str, Any]]:
    owed = list_owed(work, {found.case_id: found.facts})[found.case_id]
    return [
        {
            "code": each.code,
            "by": each.by,
            "due_at": moments.write(each.due_at),
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
        "at": moments.write(row.at),
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
        "due_at": moments.write(row.due_at),
    }


def _held(row: held.HeldRow) -> dict[str, str]:
    return {
        "agency": row.agency_id,
        "section": row.section,
        "owner": row.owner_id,
        "place": row.place,
        "at": moments.write(row.at),
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


def mark_of(link: parties.LinkRow) -> str:
    """By what a suggested link is called: nothing of the other case can be told from it."""
    text = f"{link.case_id}|{link.other_id}|{link.kind}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _other(reference: str, area: str, here: str) -> dict[str, str]:
    """A linked case: by reference at home, elsewhere only that there is one and where to ask."""
    return {"area": area, "reference": reference} if area == here else {"area": area}

"""Owns breaking the glass: asking with a reason, looking for an hour, being reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.agencies import directory
from gateway.agencies.inbox import Answer, Sent, answer_once, receive
from gateway.disclosure import (
    Behind,
    Sealed,
    Told,
    decide_glass,
    load_behind,
    open_behind,
    open_case_key,
    require_purpose,
    seal_answer,
    seal_value,
    stand_before,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.finding import find_as_chair, find_case
from gateway.ledger import Entry, Work
from gateway.rules import breakglass
from gateway.rules.breakglass import OPEN_FOR, REVIEW_DAYS, Glass
from gateway.rules.clocks import add_working_days
from gateway.rules.states import owner
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, CaseRole, GlassFinding
from gateway.store import cases, feed, glasses, ids
from gateway.store.glasses import GlassRow

FORM, REVIEW_FORM = "break-glass/1", "glass-review/1"
GLASS = "GLASS"  # in the feed of owner, chair and data protection officer


def break_glass(work: Work, reference: str, body: str, *, audience: str, key: str) -> Answer:
    """Let a worker look at one category of a case for an hour; the owner, the chair and the data
    protection officer are told with the same commit (201).

    An auditor only asks: the chair approves each sample.

    :raises Conflict: code step_up_needed or glass_unreviewed, whatever the case; before it is
        looked for.
    :raises Invalid: for a purpose that the agency may not state.
    :raises Denied: without a worker, or if the case may not be broken into: the answer is that of
        an unknown case.
    """
    work.attempt("glass.broken")
    if work.caller.worker_id is None:
        case_id = find_case(work, reference, then=lambda ids: load_behind(work, ids[0]))
        load_behind(work, case_id)
        raise Denied("unattended", subject=case_id)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    _require_ready(work, work.caller.worker_id)
    form = received.loaded
    require_purpose(work, form["purpose"])
    is_sample = work.caller.kind is AgencyKind.AUDITOR
    found = find_case(work, reference, then=lambda ids: load_behind(work, ids[0]))
    behind = stand_before(work, found)
    glass = Glass(form["category"], form["purpose"], is_sample_approved=is_sample)
    decision = decide_glass(work, behind, glass)
    row = _kept(work, behind, work.caller.worker_id, form, is_sample=is_sample)
    entry = work.record(
        "glass.asked" if is_sample else "glass.broken",
        row.case_id,
        because=decision.because,
        purpose=row.purpose,
        levels={} if is_sample else decision.levels,
        facts={
            "number": row.seq,
            "category": str(row.category),
            "method": row.method,
            "duties": sorted(decision.duties),
        },
    )
    with work.keeping(row.case_id):
        _tell(work, behind, entry)
    return answer_once(work, key, received, _shown(row), status=201)


def _kept(
    work: Work, behind: Behind, worker_id: str, form: Mapping[str, Any], *, is_sample: bool
) -> GlassRow:
    """Keep the look, its reason sealed under the key of a case that the caller may not see."""
    case_id = behind.facts.case_id
    place = {"table": "glass", "column": "account", "row": case_id}
    with work.keeping(case_id):
        case_key = open_case_key(work, case_id)
        row = GlassRow(
            case_id=case_id,
            seq=ids.number(work.chance),
            agency_id=work.caller.agency_id,
            worker_id=worker_id,
            category=form["category"],
            purpose=form["purpose"],
            account=seal_value(case_key, **place, value=form["reason"].encode()),
            method=work.caller.method or "",
            authenticated_at=work.caller.authenticated_at or work.now,
            asked_at=work.now,
            until=None if is_sample else work.now + OPEN_FOR,
            due_at=None if is_sample else _due(work, behind),
        )
        glasses.add_glass(work.session, row)
    return row


def look_behind(work: Work, reference: str, *, issuer: str) -> Sealed:
    """Return what lies behind the glass that the caller's worker broke, while it is open.

    :raises Denied: if it broke none, the hour is over, or it is behind the wall by now.
    """
    work.attempt("glass.read")
    case_id = find_case(work, reference, then=lambda ids: _open(work, ids[0]))
    row = _open(work, case_id)
    if row is None:
        raise Denied("no-glass", subject=case_id)
    behind = stand_before(work, case_id, reads=True)
    glass = Glass(
        row.category,
        row.purpose,
        is_sample_approved=row.approved_by is not None,
        open_until=row.until,
    )
    decision = decide_glass(work, behind, glass)
    pieces, entry = open_behind(work, behind, decision, glass)
    document = {
        **_shown(row),
        "reference": references.write(reference),
        "category": str(row.category),
        "sections": [
            {"section": p.section, "level": str(p.level), "content": p.content, "owner": p.owner_id}
            for p in pieces
        ],
    }
    told = Told(document["reference"], behind.facts, decision, (), entry, is_behind=True)
    return seal_answer(
        work,
        issuer=issuer,
        form="glass/1",
        document=document,
        purpose=row.purpose,
        entry=entry,
        cases=[behind.facts],
        told=[told],
    )


def review_glass(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Approve an auditor's sample, or say of a look whether it was justified (201).

    By a chair of the coordinating agency who is not tied, and is not who looked.

    :raises Denied: for everybody else. :raises Conflict: if it was reviewed or approved before.
    :raises Invalid: if there is no look of that number.
    """
    work.attempt("glass.reviewed")
    facts = find_as_chair(work, reference)
    case_id = facts.case_id
    received = receive(work, body, form=REVIEW_FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    form = received.loaded
    cases.lock_case(work.session, case_id)
    row = glasses.find_glass(work.session, case_id=case_id, seq=form["number"])
    if row is None:
        raise Invalid("There is no such look.", Problem("unknown_reference", "/number"))
    if (row.agency_id, row.worker_id) == (work.caller.agency_id, work.caller.worker_id):
        raise Conflict("Somebody else reviews a look.", code="same_person")
    said = _review(work, row, stand_before(work, case_id), form)
    work.record("glass.reviewed", case_id, because=said, facts={"number": row.seq})
    content = {"number": row.seq, "outcome": said}
    return answer_once(work, key, received, content, status=201)


def _review(work: Work, row: GlassRow, behind: Behind, form: Mapping[str, Any]) -> str:
    by = work.caller.worker_id or ""
    if "approve" in form:
        if row.until is not None:
            raise Conflict("This look does not wait for approval.")
        until = work.now + OPEN_FOR
        glasses.set_approved(work.session, row, by=by, until=until, due_at=_due(work, behind))
        return "APPROVED"
    if row.reviewed_at is not None or row.until is None:
        raise Conflict("This look does not wait for a review.")
    finding: GlassFinding = form["finding"]
    case_key = open_case_key(work, row.case_id)
    place = {"table": "glass", "column": "review", "row": row.case_id}
    glasses.set_reviewed(
        work.session,
        row,
        finding=finding,
        review=seal_value(case_key, **place, value=form["note"].encode()),
        by=by,
        at=work.now,
    )
    return str(finding)


def _open(work: Work, case_id: str) -> GlassRow | None:
    return glasses.find_open(
        work.session,
        case_id=case_id,
        agency_id=work.caller.agency_id,
        worker_id=work.caller.worker_id or "",
        at=work.now,
    )


def _require_ready(work: Work, worker_id: str) -> None:
    """Refuse who may not ask at all: whatever the case, so that this tells of none."""
    if not breakglass.is_fresh(work.caller, work.now):
        raise Conflict("Prove afresh who you are.", code="step_up_needed")
    who = {"agency_id": work.caller.agency_id, "worker_id": worker_id}
    glasses.wait_for_turn(work.session, **who)  # or several at once would all be the first
    if glasses.count_unreviewed(work.session, **who):
        raise Conflict("Your last look was not reviewed yet.", code="glass_unreviewed")


def _due(work: Work, behind: Behind) -> Any:
    return add_working_days(work.now, REVIEW_DAYS, behind.profile.working_days)


def _tell(work: Work, behind: Behind, entry: Entry) -> None:
    """Owner, chair and data protection officer; the reader's own agency knows."""
    facts = behind.facts
    owners = owner(facts.state)
    told = {
        each.agency_id
        for each in facts.members.values()
        if each.roles & {owners, CaseRole.COORDINATOR}
    }
    told |= {
        each.agency_id
        for each in directory.standing(work.session).values()
        if each.kind is AgencyKind.AUDITOR and each.area == facts.area
    }
    kinds = [(agency_id, GLASS) for agency_id in sorted(told - {work.caller.agency_id})]
    feed.add_items(work.session, case_id=facts.case_id, kinds=kinds, entry_id=entry.id)


def _shown(row: GlassRow) -> dict[str, Any]:
    state = "OPEN" if row.until else "ASKED"
    return {"number": row.seq, "state": state, "until": moments.write(row.until)}

"""Owns taking words out of a section: drafted by who sees the need, settled by its owner (F64)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.agencies.inbox import Answer, Sent, answer_once, receive
from gateway.disclosure import (
    Sealed,
    open_case_key,
    open_removed,
    redact,
    require_purpose,
    seal_answer,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.finding import find_loaded, find_locked, names_of
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.disclosure import kept_out
from gateway.rules.facts import CaseFacts
from gateway.schemas import moments
from gateway.schemas.codes import DataClass, Purpose, RedactionAct, RedactionState
from gateway.store import feed, ids, redactions
from gateway.store.redactions import RedactionRow

FORM = "redaction/1"


def settle_redaction(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Draft which words are to go, or as the section's owner confirm or reject a draft (201).

    A draft is held from every other reader at once, and nothing of it is final. The owner's
    confirming takes the words out for good: what stood there is kept sealed, both with a digest.

    :raises Denied: for who is neither the owner nor coordinates the case, without a worker, or
        behind the wall: the answer is that of an unknown case.
    :raises Conflict: code same_person; or if the draft was settled before, or nothing is there.
    :raises Invalid: if there is no such section of that owner, or no such draft.
    """
    work.attempt("redaction.settled")
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    if facts is None:
        raise Denied("not-assigned", subject=case_id)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    act = RedactionAct(received.document["act"])  # of a repeated document nothing is loaded again
    worker = work.caller.worker_id
    if worker is None or conflict.refusal(facts, work.caller) is not None:
        raise Denied("unattended" if worker is None else "conflict", subject=case_id)
    owned = {each.name for each in facts.sections if each.owner == work.caller.agency_id}
    if not owned and not conflict.may_settle(facts, work.caller):
        raise Denied("not-the-owner", subject=case_id)
    if received.answered:
        return received.answered
    row = (
        _draft(work, facts, received.loaded, worker)
        if act is RedactionAct.DRAFT
        else _settle(work, facts, act, received.loaded["number"], worker)
    )
    content = {"number": row.seq, "state": str(row.state)}
    return answer_once(work, key, received, content, status=201)


def read_removed(work: Work, reference: str, purpose: Purpose, *, issuer: str) -> Sealed:
    """Return what was taken, or is to be taken, out of the sections of the caller's agency.

    For a worker of the agency that contributed them, and nobody else: whoever coordinates the case
    may draft, and is not given back what an owner took out. With the digests that the log has, so
    that both texts can be proved.

    :raises Denied: for everybody else: the answer is that of an unknown case.
    :raises Invalid: if its kind of agency may not state this purpose.
    """
    work.attempt("redaction.read", purpose=purpose)
    require_purpose(work, purpose)
    case_id, loaded = find_loaded(work, reference)
    facts, me = loaded.get(case_id), work.caller.agency_id
    because = "not-assigned" if facts is None else kept_out(facts, work.caller)
    if facts is None or because is not None:
        raise Denied(because or "not-assigned", subject=case_id)
    if work.caller.worker_id is None:
        raise Denied("unattended", subject=case_id)
    if me not in {each.owner for each in facts.sections}:
        raise Denied("not-the-owner", subject=case_id)
    every = redactions.list_redactions(work.session, [case_id])
    rows = [row for row in every if row.owner_id == me]
    known_as = names_of(work, [case_id])[case_id]
    texts, told = open_removed(work, facts, rows, purpose, known_as)
    document = {
        "reference": known_as,
        "redactions": [{**_shown(row), "before": texts[row.seq]} for row in rows],
    }
    return seal_answer(
        work,
        issuer=issuer,
        form="removed/1",
        document=document,
        purpose=purpose,
        entry=told.entry,
        cases=[facts],
        told=[told],
    )


def _shown(row: RedactionRow) -> dict[str, Any]:
    return {
        "number": row.seq,
        "section": row.section,
        "state": str(row.state),
        "places": list(row.places),
        "agency": row.by_agency,
        "worker": row.by_worker,
        "at": moments.write(row.at),
    }


def _draft(work: Work, facts: CaseFacts, form: Mapping[str, Any], worker: str) -> RedactionRow:
    me, place = work.caller.agency_id, (form["section"], form["owner"])
    fields = work.profiles.for_area(facts.area, work.today).fields
    is_there = place in {(each.name, each.owner) for each in facts.sections}
    if not is_there or fields.data_class(place[0]) is not DataClass.GATEWAY:
        raise Invalid("There is no such section.", Problem("unknown_code", "/section"))
    if me != place[1] and not conflict.may_settle(facts, work.caller):
        raise Denied("not-the-owner", subject=facts.case_id)
    row = RedactionRow(
        facts.case_id,
        ids.number(work.chance),
        *place,
        tuple(form["places"]),
        RedactionState.DRAFTED,
        me,
        worker,
        work.now,
    )
    redactions.add_redaction(work.session, row)
    _tell(work, row, row.owner_id, because=RedactionAct.DRAFT, digests=[])
    return row


def _settle(
    work: Work, facts: CaseFacts, act: RedactionAct, number: int, worker: str
) -> RedactionRow:
    rows = redactions.list_redactions(work.session, [facts.case_id])
    row = next((each for each in rows if each.seq == number), None)
    if row is None or row.owner_id != work.caller.agency_id:
        raise Invalid("There is no such draft of yours.", Problem("unknown_reference", "/number"))
    if row.state is not RedactionState.DRAFTED:
        raise Conflict("This draft was settled before.")
    if (row.by_agency, row.by_worker) == (work.caller.agency_id, worker):
        raise Conflict("Somebody else confirms a draft.", code="same_person")
    state, digests = RedactionState.REJECTED, []
    if act is RedactionAct.CONFIRM:
        state = RedactionState.CONFIRMED
        profile = work.profiles.for_area(facts.area, work.today)
        digests = redact(work, open_case_key(work, facts.case_id), profile, row)
        if not digests:
            raise Conflict("Nothing stands at these places.")
    redactions.set_settled(work.session, row, state, digests=digests, by=worker, at=work.now)
    _tell(work, row, row.by_agency, because=act, digests=digests)
    return replace(row, state=state)


def _tell(
    work: Work,
    row: RedactionRow,
    other: str,
    *,
    because: RedactionAct,
    digests: list[dict[str, str]],
) -> None:
    facts = {
        "number": row.seq,
        "section": row.section,
        "owners": [row.owner_id],
        "digests": digests,
    }
    entry = work.record("redaction.settled", row.case_id, because=str(because), facts=facts)
    kinds = [(other, "CHANGED")] if other != work.caller.agency_id else []
    feed.add_items(work.session, case_id=row.case_id, kinds=kinds, entry_id=entry.id)

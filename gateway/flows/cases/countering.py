"""Owns the review of two who accuse each other: who is found to be the primary victim."""

from __future__ import annotations

from gateway.agencies.inbox import Answer, Sent, answer_once, receive
from gateway.disclosure import open_case_key, seal_value
from gateway.errors import Conflict
from gateway.flows.cases.finding import find_as_chair
from gateway.ledger import Work
from gateway.schemas.codes import PrimaryVictim
from gateway.store import cases, dated, parties
from gateway.store import tables as t

FORM = "primary-victim/1"
MIRRORED = {
    PrimaryVictim.PRIMARY_VICTIM_A: PrimaryVictim.PRIMARY_VICTIM_B,
    PrimaryVictim.PRIMARY_VICTIM_B: PrimaryVictim.PRIMARY_VICTIM_A,
    PrimaryVictim.BIDIRECTIONAL_UNCLEAR: PrimaryVictim.BIDIRECTIONAL_UNCLEAR,
    PrimaryVictim.INSUFFICIENT: PrimaryVictim.INSUFFICIENT,
}


def review_primary_victim(
    work: Work, reference: str, body: Sent, *, audience: str, key: str
) -> Answer:
    """Keep what the review found, signed by the chair; in the other record its mirror (201).

    The account stays in the record in which it was written: nothing of one is shown in the other.
    Neither record's wall falls with it, and both keep what is being done for safety.

    :raises Denied: for anybody but a chair of the coordinating agency who is not tied.
    :raises Conflict: if no record is the reverse of this one.
    """
    work.attempt("counter.reviewed")
    facts = find_as_chair(work, reference)
    case_id = facts.case_id
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    if not facts.ties.is_counter:
        raise Conflict("Nobody of this case is accused the other way round.", code="no_counter")
    found: PrimaryVictim = received.loaded["outcome"]
    with work.matching():
        others = parties.list_reversed(work.session, case_id)
    _lock(work, case_id, *others)
    place = {"table": "counter_review", "column": "account", "row": case_id}
    case_key = open_case_key(work, case_id)
    account = seal_value(case_key, **place, value=received.loaded["account"].encode())
    _write(work, case_id, found, account)
    work.record("counter.reviewed", case_id, because=str(found))
    for other_id in others:
        with work.keeping(other_id):
            _write(work, other_id, MIRRORED[found], None)
        work.record("counter.reviewed", other_id, because=str(MIRRORED[found]))
    return answer_once(work, key, received, {"outcome": str(found)}, status=201)


def _lock(work: Work, *case_ids: str) -> None:
    """Keep others from these cases; in one order, so that two reviews never wait in a ring."""
    for case_id in sorted(case_ids):
        with work.keeping(case_id):
            cases.lock_case(work.session, case_id)


def _write(work: Work, case_id: str, found: PrimaryVictim, account: bytes | None) -> None:
    dated.add_dated(
        work.session,
        t.counter_review,
        case_id=case_id,
        outcome=found,
        account=account,
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
    )

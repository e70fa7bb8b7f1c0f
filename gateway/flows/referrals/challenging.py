"""Owns how a referrer challenges that its referral was not accepted: once, and before the chair."""

from __future__ import annotations

from gateway.agencies.inbox import JOSE_TYPE, Sent, keep_answer, receive
from gateway.disclosure import (
    Box,
    Contribution,
    contribute,
    open_case_key,
    regrant,
    sign_receipt,
)
from gateway.flows.referrals import telling, writing
from gateway.flows.referrals.submitting import find_own
from gateway.ledger import Work
from gateway.rules.states import Guards, move
from gateway.schemas.codes import CaseState
from gateway.store import cases
from gateway.store.answers import Answer

FORM = "challenge/1"


def challenge(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Take a refused referral back into triage (201, signed receipt); the chair decides on it.

    Why, is kept as minutes, sealed.

    :raises Denied: if the caller did not send it.
    :raises Conflict: code illegal_state, if it is not refused; challenged_before, if it was
        challenged once.
    """
    work.attempt("referral.challenge")
    row = find_own(work, reference)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    cases.lock_case(work.session, row.case_id)
    case = cases.list_cases(work.session, [row.case_id])[row.case_id]
    # It was refused more than once only where it was challenged in between.
    before = cases.count_states(work.session, row.case_id, CaseState.REJECTED) - 1
    state = move(case.state, CaseState.TRIAGE, guards=Guards(challenges=max(before, 0)))
    cases.add_states(
        work.session,
        case_id=row.case_id,
        states=[state],
        because="challenge",
        by=writing.by(work),
    )
    case_key = open_case_key(work, row.case_id)
    boxes = [Box("minutes", "FULL", {"challenges": [received.document]})]
    known = contribute(work, case_key, Contribution(work.caller.agency_id, work.now, boxes))
    profile = work.profiles.for_area(case.area, work.today)
    regrant(work, case_key, profile, known=known)
    entry = work.record(
        "referral.challenge", row.case_id, because="challenge", facts={"state": str(state)}
    )
    telling.announce_change(work, row.case_id, entry)
    claims = {"state": str(state)}
    receipt = sign_receipt(work, issuer=audience, reference=reference, claims=claims, entry=entry)
    return keep_answer(work, key, Answer(received.digest, 201, JOSE_TYPE, receipt.encode()))

"""Owns taking in by software what becomes of an action: accepted, begun, done, or why it cannot."""

from __future__ import annotations

from gateway.agencies.inbox import JOSE_TYPE, Answer, keep_answer, receive
from gateway.disclosure import sign_receipt
from gateway.flows.conferences.actions import of_case, take_step
from gateway.ledger import Work
from gateway.sealing import jose

FORM = "action-step/1"


def settle_sent(work: Work, reference: str, body: str, *, audience: str, key: str) -> Answer:
    """Do the next step of an action as its agency sent it, sealed (201, with a receipt).

    The same sent twice is one act.

    :raises Denied: for who neither has nor coordinates it: the answer is that of an unknown case.
    :raises Conflict: code not_yours or illegal_state.
    """
    work.attempt("action.settled")
    facts = of_case(work, reference)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    said = received.loaded
    status, entry = take_step(
        work,
        facts,
        said["number"],
        said["act"],
        reason=said.get("reason"),
        note=said.get("note", ""),
    )
    claims = {
        "number": said["number"],
        "status": str(status),
        "digest": jose.b64u(received.digest),
    }
    receipt = sign_receipt(work, issuer=audience, reference=reference, claims=claims, entry=entry)
    return keep_answer(work, key, Answer(received.digest, 201, JOSE_TYPE, receipt.encode()))

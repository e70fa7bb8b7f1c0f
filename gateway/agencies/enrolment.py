"""Owns that it takes two to let in: what one operator asks for, another approves, both sign."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.agencies import registry
from gateway.agencies.registry import Enrolment
from gateway.agencies.requested import APPROVES, ASKS, Request
from gateway.errors import Conflict, Invalid, Mismatch, NotFound, Problem, Undecipherable
from gateway.ledger import OPERATOR, Work
from gateway.rules.facts import Caller
from gateway.schemas.codes import Custody, Enrolling
from gateway.sealing import jose, operators
from gateway.sealing.operators import Operators
from gateway.store import agency_keys, enrolments
from gateway.store.enrolments import EnrolmentRow
from gateway.store.sessions import Session

LIFE = timedelta(days=7)  # in which the second operator approves, or it is asked for anew
FRESH = 300  # seconds that a statement may be old


def acting(operator_id: str | None) -> Caller:
    """Return the operators' caller, with the person who proves to be one."""
    return replace(OPERATOR, worker_id=operator_id)


def ask(work: Work, asked: Request, *, proof: str, known: Operators) -> None:
    """Keep a request for a second operator.

    :raises Mismatch: if the statement is not by an operator, for this request, now.
    :raises Conflict: if it could not be approved, or the agency has an open request.
    """
    by = _by_caller(work, proof, known, asked, ASKS)
    _check_custody(work.session, asked)
    registry.check_free(work.session, asked.content, work.now)
    if _find_open(work.session, asked.agency_id, work.now) is not None:
        raise Conflict("A request for this agency is open; approve or withdraw it first.")
    enrolments.add_enrolment(
        work.session,
        EnrolmentRow(
            id=asked.id,
            act=asked.act,
            agency_id=asked.agency_id,
            content=asked.content,
            asked_by=by,
            asked_at=work.now,
            asked_proof=proof,
            expires_at=work.now + LIFE,
        ),
    )


def approve(work: Work, agency_id: str, *, proof: str, known: Operators) -> Enrolment:
    """Carry out an agency's open request, by another operator than the one who asked.

    :raises NotFound: if there is no open request.
    :raises Mismatch: if a statement does not hold, or both are by one operator.
    :raises Conflict: if somebody closed it meanwhile, or it cannot be carried out any more.
    """
    row = _open(work.session, agency_id, work.now)
    asked = Request(row.id, row.content)
    first = _proven(row.asked_proof, known, asked, ASKS, row.asked_at)
    second = _by_caller(work, proof, known, asked, APPROVES)
    if first == second or first != row.asked_by:
        raise Mismatch("Another operator than the one who asked approves.")
    if not enrolments.close(work.session, row.id, by=second, at=work.now, approved_proof=proof):
        raise Conflict("The request was closed meanwhile.")
    carry_out = registry.register if asked.act is Enrolling.REGISTER else registry.rekey
    return carry_out(work, asked.content, row.id)


def withdraw(work: Work, agency_id: str) -> EnrolmentRow:
    """Close an agency's open request without carrying it out.

    :raises NotFound: if there is none.
    :raises Conflict: if somebody closed it meanwhile.
    """
    row = _open(work.session, agency_id, work.now)
    by = work.caller.actor
    if not enrolments.close(work.session, row.id, by=by, at=work.now, approved_proof=None):
        raise Conflict("The request was closed meanwhile.")
    return row


def find_open(session: Session, agency_id: str, now: datetime) -> Request:
    """Return an agency's open request, for the operator who may approve it.

    :raises NotFound: if there is none.
    """
    row = _open(session, agency_id, now)
    return Request(row.id, row.content)


def list_open(session: Session, now: datetime) -> list[EnrolmentRow]:
    """Return what waits for a second operator, oldest first."""
    return enrolments.list_open(session, at=now)


def is_by_two(row: EnrolmentRow, known: Operators) -> bool:
    """Whether both statements hold, each at its own time, by two operators."""
    asked = Request(row.id, row.content)
    if row.approved_proof is None or row.closed_at is None:
        return False
    try:
        first = _proven(row.asked_proof, known, asked, ASKS, row.asked_at)
        second = _proven(row.approved_proof, known, asked, APPROVES, row.closed_at)
    except Mismatch:
        return False
    return first != second


def covers(row: EnrolmentRow | None, life: agency_keys.KeyLife) -> bool:
    """Whether what two operators signed names this key, or lets the gateway make it here."""
    if row is None or row.content["agency"] != life.agency_id:
        return False
    prints = {jose.thumbprint(jwk) for jwk in row.content["keys"]}
    return not prints or jose.thumbprint(life.jwk) in prints


def _check_custody(session: Session, asked: Request) -> None:
    """Refuse a set for an agency whose keys lie here, and no set for another."""
    if asked.act is Enrolling.REGISTER:
        return
    agency = next((a for a in registry.list_agencies(session) if a.id == asked.agency_id), None)
    if agency is None:
        raise NotFound("There is no such agency.")
    if (agency.custody is Custody.HOSTED) == bool(asked.content["keys"]):
        raise Invalid("For custody HOSTED keys are made here, else brought.", Problem("jwks", ""))


def _proven(proof: str, known: Operators, asked: Request, what: str, at: datetime) -> str:
    """The operator who signed this statement about this very request, at that time."""
    try:
        by, claims = operators.check(proof, known)
    except Undecipherable:
        raise Mismatch("The statement is not by an operator.") from None
    iat = claims.get("iat")
    if not isinstance(iat, int) or abs(at.timestamp() - iat) > FRESH:
        raise Mismatch("The statement is not of this hour.")
    if claims != {**asked.statement(what, at), "iat": iat}:
        raise Mismatch("The statement is about another request.")
    return by


def _by_caller(work: Work, proof: str, known: Operators, asked: Request, what: str) -> str:
    """The same, by the very person under whose name this Work is recorded."""
    by = _proven(proof, known, asked, what, work.now)
    if by != work.caller.actor:
        raise Mismatch("The statement is by another operator.")
    return by


def _open(session: Session, agency_id: str, now: datetime) -> EnrolmentRow:
    row = _find_open(session, agency_id, now)
    if row is None:
        raise NotFound("No request for this agency is open.")
    return row


def _find_open(session: Session, agency_id: str, now: datetime) -> EnrolmentRow | None:
    found = enrolments.list_open(session, at=now)
    return next((row for row in found if row.agency_id == agency_id), None)

"""Owns what an operator does to agencies and their workers; each act stands in the access log."""

from __future__ import annotations

from typing import Any

from gateway.agencies import checking, enrolment, key_events, registry, workers
from gateway.agencies.checking import Finding
from gateway.agencies.operators import BECAUSE, only_operator
from gateway.agencies.registry import Enrolment
from gateway.agencies.requested import Request
from gateway.ledger import Work
from gateway.schemas.codes import Enrolling, KeyEvent
from gateway.sealing.operators import Operators
from gateway.store.agencies import AgencyRow, WorkerRow
from gateway.store.agency_keys import KeyLife
from gateway.store.enrolments import EnrolmentRow


def ask(work: Work, asked: Request, *, proof: str, known: Operators) -> None:
    """Ask for an agency to be let in, or for other keys of one; a second operator approves.

    :raises Mismatch: if the proof is not an operator's statement about this request.
    :raises Conflict: if it could not be approved, or the agency has an open request.
    :raises NotFound: for other keys of an agency that is not there.
    """
    only_operator(work, "enrolment.asked")
    enrolment.ask(work, asked, proof=proof, known=known)
    work.record("enrolment.asked", None, because=BECAUSE, facts=_asked(asked))


def approve(work: Work, *, agency_id: str, proof: str, known: Operators) -> Enrolment:
    """Approve an agency's open request, and record its keys' thumbprints (key transparency).

    :raises NotFound: if no request is open.
    :raises Mismatch: if the proof is not another operator's statement about this request.
    :raises Conflict: if it cannot be carried out any more.
    """
    only_operator(work, "enrolment.approved")
    asked = enrolment.find_open(work.session, agency_id, work.now)
    made = enrolment.approve(work, agency_id, proof=proof, known=known)
    agency = made.agency
    is_new = asked.act is Enrolling.REGISTER
    work.record(
        "agency.registered" if is_new else "agency.rekeyed",
        None,
        because=BECAUSE,
        facts={
            "enrolment": asked.id,
            "agency": agency_id,
            "kind": agency.kind,
            "area": agency.area,
            "custody": agency.custody,
            "scopes": sorted(made.scopes),
            "sig": made.thumbprints.sig,
            "enc": made.thumbprints.enc,
            "ended": made.ended,
        },
    )
    return made


def withdraw(work: Work, *, agency_id: str) -> None:
    """Close an agency's open request; nobody is let in.

    :raises NotFound: if there is none.
    """
    only_operator(work, "enrolment.withdrawn")
    row = enrolment.withdraw(work, agency_id)
    facts = {"enrolment": row.id, "agency": agency_id}
    work.record("enrolment.withdrawn", None, because=BECAUSE, facts=facts)


def read_request(work: Work, *, agency_id: str) -> Request:
    """Return an agency's open request, to be compared and approved.

    :raises NotFound: if there is none.
    """
    only_operator(work, "enrolment.read")
    work.record("enrolment.read", None, because=BECAUSE, facts={"agency": agency_id})
    return enrolment.find_open(work.session, agency_id, work.now)


def list_requests(work: Work) -> tuple[EnrolmentRow, ...]:
    """Return what waits for a second operator, oldest first."""
    only_operator(work, "enrolment.listed")
    work.record("enrolment.listed", None, because=BECAUSE)
    return tuple(enrolment.list_open(work.session, work.now))


def list_keys(work: Work, *, agency_id: str) -> tuple[KeyLife, ...]:
    """Return every key that an agency ever had, oldest first.

    :raises NotFound: if there is no such agency.
    """
    only_operator(work, "agency-key.listed")
    work.record("agency-key.listed", None, because=BECAUSE, facts={"agency": agency_id})
    return tuple(registry.list_lives(work.session, agency_id))


def end_key(work: Work, *, agency_id: str, kid: str) -> None:
    """Stop a key of an agency, and all tokens that it asked for, with the next request.

    :raises NotFound: if there is none.
    :raises Conflict: if it has ended already.
    """
    only_operator(work, "agency-key.ended")
    life = registry.end_key(work.session, agency_id, kid, work.now)
    key_events.record_ended(work, agency_id, [life], because=BECAUSE, valid_until=work.now)


def announce(work: Work) -> int:
    """Publish the keys that were registered before partners could follow them; how many."""
    only_operator(work, "agency-key.announced")
    count = key_events.announce(work, registry.list_agencies(work.session))
    work.record("agency-key.announced", None, because=BECAUSE, facts={"keys": count})
    return count


def check_register(work: Work, *, known: Operators) -> tuple[Finding, ...]:
    """Return what in the register two operators and the log do not bear out; should be nothing."""
    only_operator(work, "register.checked")
    found = tuple(checking.check(work.session, known, work.now))
    work.record("register.checked", None, because=BECAUSE, facts={"findings": len(found)})
    return found


def record_operator(work: Work, *, event: str, operator_id: str, thumbprint: str) -> None:
    """Record that an operator is added, before it is one, or ended, after it was."""
    only_operator(work, event)
    facts = {"operator": operator_id, "thumbprint": thumbprint}
    work.record(event, None, because=BECAUSE, facts=facts)


def suspend(work: Work, *, agency_id: str) -> None:
    """Stop an agency; its tokens stop working with the next request (F5). All partners see it.

    :raises NotFound: if there is none.
    :raises Conflict: if it is suspended already.
    """
    only_operator(work, "agency.suspended")
    registry.suspend(work.session, agency_id, work.now)
    key_events.record_standing(work, agency_id, KeyEvent.SUSPENDED, because=BECAUSE)


def resume(work: Work, *, agency_id: str) -> None:
    """Let a suspended agency in again.

    :raises NotFound: if there is none.
    :raises Conflict: if it is not suspended.
    """
    only_operator(work, "agency.resumed")
    registry.resume(work.session, agency_id)
    key_events.record_standing(work, agency_id, KeyEvent.RESUMED, because=BECAUSE)


def list_agencies(work: Work) -> tuple[AgencyRow, ...]:
    """Return all agencies, by area and id."""
    only_operator(work, "agency.listed")
    work.record("agency.listed", None, because=BECAUSE)
    return tuple(registry.list_agencies(work.session))


def add_worker(
    work: Work,
    *,
    agency_id: str,
    worker_id: str,
    is_chair: bool = False,
    vouched_by: str | None = None,
    team: str | None = None,
) -> WorkerRow:
    """Register a person of an agency by an opaque id (F7); `vouched_by` of it asked for this.

    :raises Invalid: if the id is not of the published form.
    :raises NotFound: if there is no such agency.
    :raises Conflict: if the agency has this worker already.
    """
    only_operator(work, "worker.added")
    made = workers.add(
        work.session,
        agency_id=agency_id,
        worker_id=worker_id,
        is_chair=is_chair,
        at=work.now,
        vouched_by=vouched_by,
        team=team,
    )
    facts = {
        "agency": agency_id,
        "worker": worker_id,
        "is_chair": is_chair,
        "vouched_by": vouched_by,
        "team": team,
    }
    work.record("worker.added", None, because=BECAUSE, facts=facts)
    return made


def suspend_worker(work: Work, *, agency_id: str, worker_id: str) -> None:
    """Stop a worker; its tokens stop working with the next request.

    :raises NotFound: if this agency has no such worker.
    """
    only_operator(work, "worker.suspended")
    workers.suspend(work.session, agency_id=agency_id, worker_id=worker_id, at=work.now)
    facts = {"agency": agency_id, "worker": worker_id}
    work.record("worker.suspended", None, because=BECAUSE, facts=facts)


def _asked(asked: Request) -> dict[str, Any]:
    prints = asked.thumbprints
    return {
        "enrolment": asked.id,
        "act": asked.act,
        "agency": asked.agency_id,
        "digest": asked.digest,
        "sig": prints.sig,
        "enc": prints.enc,
    }

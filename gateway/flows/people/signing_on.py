"""Owns signing in with the partnership's provider: who links it, and who is known by it."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from gateway.agencies import people
from gateway.agencies.people import SignedIn
from gateway.agencies.single_sign_on import Proven
from gateway.errors import Mismatch
from gateway.flows.people.signing_in import end, require_standing
from gateway.ledger import Work
from gateway.schemas.codes import SignedInBy
from gateway.store import sign_ons


def sign_in_with_provider(work: Work, proven: Proven) -> str:
    """Sign in whom the provider named; returns what the browser is to hold.

    The session counts as proven when the person proved it at the provider, not now.

    :raises Mismatch: if the caller's worker is not whom it named.
    :raises Denied: if the person is stopped or has no role.
    """
    work.attempt("desk.signed_in")
    require_standing(work)
    return _begin(work, proven, "desk.signed_in")


def prove_with_provider(work: Work, now_in: SignedIn, proven: Proven) -> str:
    """Let a signed-in person prove anew who it is; a new session.

    :raises Mismatch: if the provider named somebody else.
    """
    work.attempt("desk.proved_again")
    text = _begin(work, proven, "desk.proved_again")
    end(work, now_in.digest)
    return text


def link_provider(work: Work, proven: Proven) -> None:
    """Let the caller's worker sign in with the provider from now on, as whom it named.

    :raises Mismatch: if that is somebody else's here already.
    """
    work.attempt("desk.provider_linked")
    agency_id, worker_id = work.caller.agency_id, work.caller.worker_id or ""
    sign_ons.end(work.session, agency_id=agency_id, worker_id=worker_id)
    try:
        sign_ons.add_subject(
            work.session,
            agency_id=agency_id,
            worker_id=worker_id,
            subject=proven.subject,
            at=work.now,
        )
    except IntegrityError:
        raise Mismatch("Somebody is known by that already.") from None
    work.record("desk.provider_linked", None, because="asked")


def _begin(work: Work, proven: Proven, event: str) -> str:
    row = sign_ons.find_of(
        work.session,
        agency_id=work.caller.agency_id,
        worker_id=work.caller.worker_id or "",
    )
    if row is None or row.subject != proven.subject:
        raise Mismatch("The provider named somebody else.")
    sign_ons.set_used(work.session, row, at=work.now)
    method = SignedInBy.SINGLE_SIGN_ON
    text = people.begin_session(work, method, proven_at=proven.at)
    work.record(event, None, because="proved", facts={"method": str(method)})
    return text

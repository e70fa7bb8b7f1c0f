"""Owns signing in and out: each proof is checked, recorded, and gives a new session."""

from __future__ import annotations

from gateway.agencies import passkeys, passwords, people
from gateway.agencies.passkeys import Site
from gateway.agencies.people import Held, SignedIn
from gateway.errors import Denied, Invalid, Mismatch, Undecipherable
from gateway.ledger import Work
from gateway.schemas.codes import OneTime, SignedInBy
from gateway.store import credentials
from gateway.store import people as store
from gateway.store.credentials import PasskeyRow

_BY_LINK = {
    OneTime.INVITATION: SignedInBy.INVITATION,
    OneTime.DEMONSTRATION: SignedInBy.DEMONSTRATION,
}


def sign_in_with_passkey(work: Work, site: Site, answer: str, row: PasskeyRow) -> str:
    """Sign in whoever's key signed our challenge; returns what the browser is to hold.

    :raises Mismatch: if it did not.
    :raises Denied: if the person is stopped or has no role.
    """
    work.attempt("desk.signed_in")
    require_standing(work)
    count = passkeys.check(site, answer, row, now=work.now)
    if not credentials.set_used(work.session, row, sign_count=count, at=work.now):
        raise Mismatch("The passkey was used at the same moment.")
    return _begin(work, SignedInBy.PASSKEY)


def sign_in_with_password(work: Work, password: str, code: str) -> str:
    """Sign in who knows the password and reads the code that it protects.

    Which of the two was wrong is told to nobody.

    :raises Mismatch: if one was, or the code was used before.
    :raises Denied: if the person is stopped or has no role.
    """
    work.attempt("desk.signed_in")
    _check_password(work, password, code)
    require_standing(work)
    return _begin(work, SignedInBy.PASSWORD_AND_CODE)


def sign_in_with_recovery(work: Work, held: Held) -> str:
    """Sign in with a code that was kept for a lost device; it is used up.

    :raises Mismatch: if it is none of the person's.
    """
    work.attempt("desk.signed_in")
    require_standing(work)
    row = credentials.find_one_time(
        work.session, agency_id=held.agency_id, digest=held.digest, at=work.now
    )
    if row is None or row.kind is not OneTime.RECOVERY:  # its digest is that person's alone
        raise Mismatch("The code is not known.")
    _use(work, held)
    return _begin(work, SignedInBy.RECOVERY_CODE)


def sign_in_with_link(work: Work, held: Held, kind: OneTime) -> str:
    """Sign in with a one-time link of this kind; it is used up.

    :raises Denied: if it is not for this worker, of another kind, used or too old.
    """
    work.attempt("desk.signed_in")
    require_standing(work)
    row = credentials.find_one_time(
        work.session, agency_id=held.agency_id, digest=held.digest, at=work.now
    )
    if row is None or row.kind is not kind or row.worker_id != work.caller.worker_id:
        raise Denied("link-not-valid")
    _use(work, held)
    return _begin(work, _BY_LINK[kind])


def prove_again(
    work: Work, site: Site, now_in: SignedIn, *, answer: str, password: str, code: str
) -> str:
    """Let a signed-in person prove anew who it is, before a dangerous act; a new session.

    :raises Mismatch: if the proof does not hold, or the passkey is somebody else's.
    """
    work.attempt("desk.proved_again")
    user = f"{work.caller.agency_id}/{work.caller.worker_id}"
    if answer:
        found = {
            row.id: row
            for row in credentials.list_passkeys(
                work.session,
                agency_id=work.caller.agency_id,
                worker_id=work.caller.worker_id or "",
            )
        }.get(passkeys.key_id(answer))
        if found is None:
            raise Mismatch("The passkey is not this person's.")
        count = passkeys.check(site, answer, found, now=work.now, user=user)
        if not credentials.set_used(work.session, found, sign_count=count, at=work.now):
            raise Mismatch("The passkey was used at the same moment.")
        method = SignedInBy.PASSKEY
    else:
        _check_password(work, password, code)
        method = SignedInBy.PASSWORD_AND_CODE
    end(work, now_in.digest)
    return _begin(work, method, "desk.proved_again")


def note_use(work: Work, digest: bytes) -> None:
    """Note that a session is used; counted and not a line, for it discloses nothing."""
    store.set_seen(work.session, agency_id=work.caller.agency_id, digest=digest, at=work.now)
    work.count("desk.used")


def sign_out(work: Work, digest: bytes) -> None:
    """End one session of the caller's worker."""
    work.attempt("desk.signed_out")
    end(work, digest)
    work.record("desk.signed_out", None, because="asked")


def sign_out_everywhere(work: Work) -> int:
    """End all sessions of the caller's worker; how many there were."""
    work.attempt("desk.signed_out")
    ended = end(work, None)
    work.record("desk.signed_out", None, because="asked-everywhere", facts={"sessions": ended})
    return ended


def require_standing(work: Work) -> None:
    """Refuse whom nothing opens.

    :raises Denied: if the person is stopped or has no role.
    """
    person = people.find_in(
        work.session, work.caller.agency_id, work.caller.worker_id or "", work.now
    )
    if person is None or person.refused is not None:
        raise Denied(person.refused or "no-role" if person else "no-worker")


def _check_password(work: Work, password: str, code: str) -> None:
    agency_id, worker_id = work.caller.agency_id, work.caller.worker_id or ""
    row = credentials.find_password(work.session, agency_id=agency_id, worker_id=worker_id)
    try:
        seed = passwords.open_seed(password, row, agency_id=agency_id, worker_id=worker_id)
    except (Undecipherable, Invalid):
        raise Mismatch("Password and code do not hold.") from None
    step = passwords.step_of(seed, code, work.now)
    if step is None or not credentials.set_step(
        work.session, agency_id=agency_id, worker_id=worker_id, step=step
    ):
        raise Mismatch("Password and code do not hold.")


def _use(work: Work, held: Held) -> None:
    if not credentials.use(work.session, agency_id=held.agency_id, digest=held.digest, at=work.now):
        raise Denied("link-not-valid")


def _begin(work: Work, method: SignedInBy, event: str = "desk.signed_in") -> str:
    text = people.begin_session(work, method)
    work.record(event, None, because="proved", facts={"method": str(method)})
    return text


def end(work: Work, digest: bytes | None) -> int:
    """End one session of the caller's worker, or all; how many there were."""
    return store.end_sessions(
        work.session,
        agency_id=work.caller.agency_id,
        worker_id=work.caller.worker_id or "",
        at=work.now,
        digest=digest,
    )

"""Owns workers' own keys: one asks, a colleague approves, and what is sealed to it no other opens.

As with agencies' keys two persons let one in, and one alone stops it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.errors import Conflict, NotFound
from gateway.ledger import Work
from gateway.sealing import jose
from gateway.store import agency_keys
from gateway.store import worker_keys as store
from gateway.store.sessions import Session
from gateway.store.worker_keys import WorkerKeyRow


def register(work: Work, worker_id: str, jwk: Mapping[str, Any]) -> str:
    """Ask for a key of the caller's worker; gives its id, which is its thumbprint.

    :raises Conflict: if anybody had this key before.
    """
    public = {**jwk, "use": "enc"}
    jose.check_key(public, "enc")
    kid = jose.thumbprint(public)
    is_taken = agency_keys.list_by_thumbprint(work.session, [kid])
    if is_taken or store.is_known(work.session, kid):
        raise Conflict("The key was registered before; make a new one.")
    store.add_key(
        work.session,
        WorkerKeyRow(
            work.caller.agency_id, kid, worker_id, jose.public_part(public), kid, work.now,
            None, None, None,
        ),
    )  # fmt: skip
    return kid


def approve(work: Work, worker_id: str, kid: str) -> WorkerKeyRow:
    """Let a colleague's key hold.

    :raises NotFound: if the caller's agency has no such key.
    :raises Conflict: if it is the caller's own, was approved, or has ended.
    """
    row = _existing(work, kid)
    if row.worker_id == worker_id:
        raise Conflict("A colleague approves a worker's key.", code="same_person")
    if row.approved_at is not None or row.ended_at is not None:
        raise Conflict("The key does not wait for approval.")
    store.set_approved(
        work.session, agency_id=row.agency_id, kid=kid, approved_by=worker_id, at=work.now
    )
    return row


def end(work: Work, kid: str) -> WorkerKeyRow:
    """Stop a key of the caller's agency; nothing is sealed to it from now on.

    :raises NotFound: if there is none. :raises Conflict: if it has ended.
    """
    row = _existing(work, kid)
    if row.ended_at is not None:
        raise Conflict("The key has ended already.")
    store.set_ended(work.session, agency_id=row.agency_id, kid=kid, at=work.now)
    return row


def list_own(session: Session, agency_id: str, worker_id: str) -> list[WorkerKeyRow]:
    """The keys of one worker that may be sealed to, newest first."""
    return store.list_keys(session, agency_id=agency_id, worker_id=worker_id)


def _existing(work: Work, kid: str) -> WorkerKeyRow:
    row = store.find_key(work.session, agency_id=work.caller.agency_id, kid=kid)
    if row is None:
        raise NotFound("There is no such key.")
    return row

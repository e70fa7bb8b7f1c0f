"""Owns to which key an answer is sealed: the agency's, or where it is shut, the worker's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gateway.agencies import directory, own_keys
from gateway.disclosure.deciding import decision_for
from gateway.errors import Denied, Unavailable
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.facts import Allowed, CaseFacts, Worker
from gateway.schemas.codes import ConflictAct
from gateway.store import conflicts
from gateway.store.worker_keys import WorkerKeyRow

NO_KEY = "no-own-key"
_SETTLING = frozenset({ConflictAct.CONFIRM, ConflictAct.DEPUTY})


def recipient(work: Work, cases: Iterable[CaseFacts]) -> Mapping[str, Any]:
    """The public key to which an answer about these cases is sealed.

    One case that only a deputy reads is enough: then nobody else of the agency may open any of it.

    :raises Denied: if the worker has no key of its own that counts in each of these cases.
    :raises Unavailable: if the caller's agency has no valid encryption key.
    """
    agency_id, worker_id = work.caller.agency_id, work.caller.worker_id
    shut = [case for case in cases if conflict.needs_own_key(case, agency_id)]
    if not shut:
        keys = directory.encryption_keys(work.session, agency_id, work.now)
        if not keys:
            raise Unavailable("The agency has no valid encryption key.")
        return keys[0]
    held = own_keys.list_own(work.session, agency_id, worker_id) if worker_id else []
    for case in shut:
        since = _settled_at(work, case.case_id, (agency_id, worker_id or ""))
        held = [key for key in held if _counts(case, key, since, work)]
        if not held:
            raise Denied(NO_KEY, subject=case.case_id)
    return directory.shown_own(held[0])


def shown_on_pages(work: Work, case: CaseFacts) -> Allowed | None:
    """The most that the caller may know of a case on a page, if anything.

    A page is for a person of whom the agency's administrator can take the place. So it shows
    nothing of a case whose answers go to a worker's own key alone.
    """
    if conflict.needs_own_key(case, work.caller.agency_id):
        return None
    return decision_for(work, case)


def require_page(work: Work, case: CaseFacts) -> None:
    """Refuse to show on a page what would be sealed to a worker's own key.

    :raises Denied: if it would.
    """
    if conflict.needs_own_key(case, work.caller.agency_id):
        raise Denied(NO_KEY, subject=case.case_id)


def _counts(case: CaseFacts, key: WorkerKeyRow, settled: datetime | None, work: Work) -> bool:
    """Whether a key opens anything in a case: an old one, or one the coordinator knows of."""
    if key.approved_at is None or key.approved_by is None:
        return False
    if settled is not None and settled >= key.approved_at:
        return True
    new_since = conflict.new_since(key.approved_at, work.now)
    return not conflict.is_unsettled(case, key.agency_id, new_since, key.approved_by)


def _settled_at(work: Work, case_id: str, worker: Worker) -> datetime | None:
    acts = conflicts.list_acts(work.session, [case_id])
    times = [a.at for a in acts if a.act in _SETTLING and (a.agency_id, a.worker_id) == worker]
    return max(times, default=None)

"""Owns the people behind an agency: opaque registered ids, their suspension, who is chair."""

from __future__ import annotations

import re
from datetime import datetime

from gateway.errors import Conflict, Invalid, NotFound, Problem
from gateway.store import agencies as store
from gateway.store.agencies import WorkerRow
from gateway.store.sessions import Session

# An id, not a name: it stands in tokens, documents and the access log.
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def is_id(value: object) -> bool:
    """Tell whether a value has the form of an agency's or worker's id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def add(
    session: Session,
    *,
    agency_id: str,
    worker_id: str,
    is_chair: bool,
    at: datetime,
    vouched_by: str | None = None,
    team: str | None = None,
) -> WorkerRow:
    """Register a worker of an agency; `vouched_by` is the worker there who asked for it.

    `team` tells apart who works with victims from who works with perpetrators; an id, no name.

    :raises Invalid: if the id is not of the published form.
    :raises NotFound: if there is no such agency.
    :raises Conflict: if the agency has this worker already.
    """
    if not is_id(worker_id) or not (team is None or is_id(team)):
        raise Invalid("A worker id has lower-case letters, digits, - and _.", Problem("form", ""))
    if store.find_agency(session, agency_id) is None:
        raise NotFound("There is no such agency.")
    if store.find_worker(session, agency_id=agency_id, worker_id=worker_id):
        raise Conflict("The agency has this worker already.")
    if vouched_by is not None and not find(session, agency_id=agency_id, worker_id=vouched_by):
        raise NotFound("There is no such worker to ask for another.")
    store.add_worker(
        session,
        agency_id=agency_id,
        worker_id=worker_id,
        is_chair=is_chair,
        at=at,
        vouched_by=vouched_by,
        team=team,
    )
    return WorkerRow(agency_id, worker_id, is_chair, at, None)


def find(session: Session, *, agency_id: str, worker_id: object) -> WorkerRow | None:
    """Return a worker of this agency; another agency's worker is absent."""
    if not isinstance(worker_id, str) or not is_id(worker_id):
        return None
    return store.find_worker(session, agency_id=agency_id, worker_id=worker_id)


def suspend(session: Session, *, agency_id: str, worker_id: str, at: datetime) -> None:
    """Suspend a worker; its tokens stop working with the next request.

    :raises NotFound: if this agency has no such worker.
    """
    if find(session, agency_id=agency_id, worker_id=worker_id) is None:
        raise NotFound("There is no such worker.")
    store.set_worker_suspended(session, agency_id=agency_id, worker_id=worker_id, at=at)

"""Owns what an operator does to agencies and their workers; each act stands in the access log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.agencies import registry, workers
from gateway.agencies.operators import BECAUSE, only_operator
from gateway.agencies.registry import Enrolment
from gateway.ledger import Work
from gateway.schemas.codes import AgencyKind, Custody, Scope
from gateway.store.agencies import AgencyRow, WorkerRow


def register(
    work: Work,
    *,
    agency_id: str,
    name: str,
    kind: AgencyKind,
    area: str,
    custody: Custody,
    jwks: Mapping[str, Any] | None = None,
    scopes: Iterable[Scope] | None = None,
) -> Enrolment:
    """Register an agency and record its keys' thumbprints (key transparency).

    :raises Invalid: if an id or the key set is not of the published form.
    :raises Conflict: if the id is taken.
    """
    only_operator(work, "agency.registered")
    made = registry.register(
        work,
        agency_id=agency_id,
        name=name,
        kind=kind,
        area=area,
        custody=custody,
        jwks=jwks,
        scopes=scopes,
    )
    work.record(
        "agency.registered",
        None,
        because=BECAUSE,
        facts={
            "agency": agency_id,
            "kind": kind,
            "area": area,
            "custody": custody,
            "scopes": sorted(made.scopes),
            "sig": made.thumbprints.sig,
            "enc": made.thumbprints.enc,
        },
    )
    return made


def suspend(work: Work, *, agency_id: str) -> None:
    """Stop an agency; its tokens stop working with the next request (F5).

    :raises NotFound: if there is none.
    :raises Conflict: if it is suspended already.
    """
    only_operator(work, "agency.suspended")
    registry.suspend(work.session, agency_id, work.now)
    work.record("agency.suspended", None, because=BECAUSE, facts={"agency": agency_id})


def resume(work: Work, *, agency_id: str) -> None:
    """Let a suspended agency in again.

    :raises NotFound: if there is none.
    :raises Conflict: if it is not suspended.
    """
    only_operator(work, "agency.resumed")
    registry.resume(work.session, agency_id)
    work.record("agency.resumed", None, because=BECAUSE, facts={"agency": agency_id})


def list_agencies(work: Work) -> tuple[AgencyRow, ...]:
    """Return all agencies, by area and id."""
    only_operator(work, "agency.listed")
    work.record("agency.listed", None, because=BECAUSE)
    return tuple(registry.list_agencies(work.session))


def add_worker(work: Work, *, agency_id: str, worker_id: str, is_chair: bool = False) -> WorkerRow:
    """Register a person of an agency by an opaque id (F7).

    :raises Invalid: if the id is not of the published form.
    :raises NotFound: if there is no such agency.
    :raises Conflict: if the agency has this worker already.
    """
    only_operator(work, "worker.added")
    made = workers.add(
        work.session, agency_id=agency_id, worker_id=worker_id, is_chair=is_chair, at=work.now
    )
    facts = {"agency": agency_id, "worker": worker_id, "is_chair": is_chair}
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

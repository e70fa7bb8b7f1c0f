"""Owns what a worker does for itself: say whom it is close to, and register a key of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.agencies import interests, own_keys
from gateway.agencies.inbox import Answer, Received, answer_once, receive
from gateway.disclosure import open_case_key, regrant
from gateway.errors import Invalid, NotFound, Problem
from gateway.ledger import Work
from gateway.schemas.codes import CaseRole, WorkerKeyAct
from gateway.store import cases, feed, members

KEY_FORM = "worker-key/1"
CONFLICT = "CONFLICT"  # in the feed of who coordinates: somebody is kept out, or is no longer


def declare(work: Work, body: str, *, audience: str, key: str) -> Answer:
    """Take in whom the caller's worker is close to (201); the wall stands with the same commit.

    The answer, and what is in the agency's part of the log, tell nothing of any case.

    :raises Invalid: if no worker stands behind the request.
    """
    work.attempt("interest.declared")
    worker_id = _worker(work)
    received = receive(work, body, form=interests.FORM, audience=audience, key=key)
    if received.answered:
        return received.answered
    changed = interests.keep(work, worker_id, received.document)
    people = len(received.loaded["people"])
    work.record("interest.declared", None, because="declared", facts={"people": people})
    _wall_in(work, worker_id, changed)
    return answer_once(work, key, received, {"people": people}, status=201)


def settle_key(work: Work, body: str, *, audience: str, key: str) -> Answer:
    """Register a key of the caller's worker, approve a colleague's, or stop one.

    :raises Invalid: if no worker stands behind the request.
    :raises Conflict: if the act contradicts what stands.
    :raises NotFound: if the agency has no such key.
    """
    work.attempt("worker-key.settled")
    worker_id = _worker(work)
    received = receive(work, body, form=KEY_FORM, audience=audience, key=key)
    if received.answered:
        return received.answered
    act, kid = _settle(work, worker_id, received)
    work.record("worker-key.settled", None, because=str(act), facts={"kid": kid})
    return answer_once(work, key, received, {"act": str(act), "kid": kid}, status=201)


def _settle(work: Work, worker_id: str, received: Received) -> tuple[WorkerKeyAct, str]:
    form: Mapping[str, Any] = received.loaded
    act: WorkerKeyAct = form["act"]
    match act:
        case WorkerKeyAct.REGISTER:
            return act, own_keys.register(work, worker_id, received.document["key"])
        case WorkerKeyAct.APPROVE:
            return act, own_keys.approve(work, worker_id, received.document["kid"]).kid
        case WorkerKeyAct.END:
            return act, own_keys.end(work, received.document["kid"]).kid


def _worker(work: Work) -> str:
    if work.caller.worker_id is None:
        fault = Problem("needed_here", "/worker")
        raise Invalid("Only a registered worker does this, named in the token.", fault)
    return work.caller.worker_id


def _wall_in(work: Work, worker_id: str, case_ids: Iterable[str]) -> None:
    """Derive the grants anew of each case of the agency that is concerned, and tell the chair."""
    me = work.caller.agency_id
    rows = members.list_assignments(work.session, sorted(case_ids))
    for case_id in sorted({row.case_id for row in rows if row.agency_id == me}):
        try:
            cases.lock_case(work.session, case_id)
        except NotFound:  # erased since: the declaration stands all the same
            continue
        area = cases.list_cases(work.session, [case_id])[case_id].area
        key = open_case_key(work, case_id)
        regrant(work, key, work.profiles.for_area(area, work.today))
        entry = work.record(
            "conflict.found",
            case_id,
            because="interest",
            outcome="walled",
            facts={"agency": me, "worker": worker_id},
        )
        told = {r.agency_id for r in rows if r.case_id == case_id and _coordinates(r.role)}
        kinds = [(agency_id, CONFLICT) for agency_id in sorted(told)]
        feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)


def _coordinates(role: CaseRole) -> bool:
    return role is CaseRole.COORDINATOR

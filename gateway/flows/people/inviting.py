"""Owns how people come to an agency's desk: its administrator invites them, with their roles."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.agencies import operators, people
from gateway.errors import Denied, NotFound
from gateway.ledger import Work
from gateway.rules import desk
from gateway.schemas.codes import OneTime, PersonRole
from gateway.sealing.operators import Operators
from gateway.store import agencies, credentials, sign_ons
from gateway.store import people as store
from gateway.store.credentials import OneTimeRow


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person of the agency, for who keeps its people; of no case anything."""

    worker_id: str
    roles: frozenset[PersonRole]
    is_stopped: bool
    passkeys: int
    has_password: bool
    sessions: int


def list_colleagues(work: Work) -> list[Colleague]:
    """The people of the caller's agency."""
    agency_id = work.caller.agency_id
    found = [
        Colleague(
            worker_id=each.worker_id,
            roles=each.roles,
            is_stopped=each.refused not in (None, "no-role"),
            passkeys=len(
                credentials.list_passkeys(
                    work.session, agency_id=agency_id, worker_id=each.worker_id
                )
            ),
            has_password=credentials.find_password(
                work.session, agency_id=agency_id, worker_id=each.worker_id
            )
            is not None,
            sessions=len(
                store.list_sessions(work.session, agency_id=agency_id, worker_id=each.worker_id)
            ),
        )
        for each in people.list_all(work)
    ]
    work.record("desk.people_listed", None, because="administrator")
    return found


def invite(work: Work, worker_id: str, roles: Collection[PersonRole]) -> str:
    """Give a registered worker of the caller's agency roles, and a one-time link to begin with.

    Whatever the worker proved itself with before ends: else the old device would go on.

    :raises NotFound: if the agency has no such worker.
    :raises Invalid: for roles that its kind of agency has not.
    """
    work.attempt("desk.invited")
    agency_id = work.caller.agency_id
    if worker_id == work.caller.worker_id:
        raise Denied("invited-itself")
    people.give_roles(work, worker_id, frozenset(roles), kind=work.caller.kind, agency_id=agency_id)
    _end_all(work, worker_id)
    text = _link(work, agency_id, worker_id, OneTime.INVITATION)
    work.record(
        "desk.invited",
        None,
        because="administrator",
        facts={"worker": worker_id, "roles": sorted(roles)},
    )
    return text


def end_all_of(work: Work, worker_id: str) -> None:
    """End all that a worker of the caller's agency is signed in with, at once.

    :raises NotFound: if the agency has no such worker.
    """
    work.attempt("desk.ended")
    if (
        store.find_person(work.session, agency_id=work.caller.agency_id, worker_id=worker_id)
        is None
    ):
        raise NotFound("There is no such worker.")
    _end_all(work, worker_id)
    work.record("desk.ended", None, because="administrator", facts={"worker": worker_id})


def asked_for(agency_id: str, worker_id: str, at: datetime) -> Mapping[str, Any]:
    """Return what both operators sign who let somebody keep an agency's people."""
    return {
        "act": "desk.invite",
        "agency": agency_id,
        "worker": worker_id,
        "iat": int(at.timestamp()),
    }


def invite_administrator(
    work: Work, agency_id: str, worker_id: str, *, proofs: tuple[str, str], known: Operators
) -> str:
    """Two operators' link for whoever keeps the people of an agency, and gives them their roles.

    One alone would let himself in under the agency's name.

    :raises Mismatch: if two different operators did not sign it, now.
    :raises NotFound: if there is no such agency or worker.
    """
    operators.only_operator(work, "desk.invited")
    said = asked_for(agency_id, worker_id, work.now)
    first, second = operators.signers(proofs, known, said, now=work.now)
    roles = {PersonRole.AGENCY_ADMIN}
    by = {"first": first, "second": second}
    return invite_first(work, agency_id, worker_id, roles, OneTime.INVITATION, facts=by)


def invite_first(
    work: Work,
    agency_id: str,
    worker_id: str,
    roles: Collection[PersonRole],
    kind: OneTime,
    *,
    facts: Mapping[str, Any] | None = None,
) -> str:
    """A link for an agency's first person: its administrator, or an invented one.

    `facts` say by whom.

    :raises NotFound: if there is no such agency or worker.
    """
    operators.only_operator(work, "desk.invited")
    agency = agencies.find_agency(work.session, agency_id)
    if agency is None:
        raise NotFound("There is no such agency.")
    people.give_roles(work, worker_id, frozenset(roles), kind=agency.kind, agency_id=agency_id)
    text = _link(work, agency_id, worker_id, kind)
    work.record(
        "desk.invited",
        None,
        because="operator",
        facts={
            "agency": agency_id,
            "worker": worker_id,
            "roles": sorted(roles),
            **(facts or {}),
        },
    )
    return text


def _link(work: Work, agency_id: str, worker_id: str, kind: OneTime) -> str:
    text, digest = people.new_secret(agency_id)
    row = OneTimeRow(
        digest,
        agency_id,
        worker_id,
        kind,
        work.caller.worker_id,
        work.now,
        work.now + desk.INVITED_FOR,
    )
    credentials.add_one_time(work.session, [row])
    return text


def _end_all(work: Work, worker_id: str) -> None:
    agency_id, now = work.caller.agency_id, work.now
    store.end_sessions(work.session, agency_id=agency_id, worker_id=worker_id, at=now)
    credentials.end_passkeys(work.session, agency_id=agency_id, worker_id=worker_id, at=now)
    credentials.delete_password(work.session, agency_id=agency_id, worker_id=worker_id)
    sign_ons.end(work.session, agency_id=agency_id, worker_id=worker_id)
    for kind in (OneTime.RECOVERY, OneTime.INVITATION):
        credentials.delete_one_time(
            work.session, agency_id=agency_id, worker_id=worker_id, kind=kind
        )

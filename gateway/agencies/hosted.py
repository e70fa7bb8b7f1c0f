"""Owns keys of agencies without software: wrapped by the key provider, opened for a person.

For custody HOSTED we never claim that the host cannot read; what holds is that every opening is
by a worker of that agency and stands in the access log.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from gateway.agencies import workers
from gateway.errors import Denied, NotFound, Undecipherable
from gateway.ledger import Unrecorded, Work
from gateway.schemas.codes import Custody
from gateway.sealing import jose
from gateway.sealing.keys import KeyProvider, hosted_context
from gateway.store import agencies
from gateway.store import agency_keys as store
from gateway.store.agency_keys import NewKey
from gateway.store.epochs import Place
from gateway.store.sessions import Session

_UNKNOWN = "-"


def make_pair(provider: KeyProvider, agency_id: str) -> tuple[NewKey, NewKey]:
    """Return a new signing and a new encryption key, each with its private part wrapped."""
    return _make(provider, agency_id, "sig"), _make(provider, agency_id, "enc")


def require_worker(work: Work) -> None:
    """Return if a registered worker of a hosted agency stands behind a request that is recorded.

    :raises Denied: if not, or if the worker or the agency was suspended.
    :raises Unrecorded: outside a Work: what cannot be recorded is not opened.
    """
    caller = work.caller
    if work.is_over:
        raise Unrecorded("a hosted key opens only inside the request that is recorded")
    if caller.worker_id is None:
        raise Denied("hosted-key-unattended")
    agency = agencies.find_agency(work.session, caller.agency_id)
    worker = workers.find(work.session, agency_id=caller.agency_id, worker_id=caller.worker_id)
    if agency is None or agency.suspended_at is not None:
        raise Denied("hosted-key-agency")
    if worker is None or worker.suspended_at is not None:
        raise Denied("hosted-key-worker")
    if agency.custody is not Custody.HOSTED:
        raise Denied("own-custody")


def open_keys(work: Work, use: str) -> Mapping[str, jose.Key]:
    """Return the caller's own hosted private keys of one use, by key id; recorded first.

    :raises Denied: if no registered worker of the agency stands behind the request, or one of
        them was suspended.
    :raises Unrecorded: outside a Work: what cannot be recorded is not opened.
    :raises NotFound: if the agency has no key of that use here.
    """
    require_worker(work)
    caller = work.caller
    rows = store.find_private(work.session, agency_id=caller.agency_id, use=use, at=work.now)
    if not rows:
        raise NotFound("The agency has no such key here.")
    work.record("agency-key.opened", None, because="hosted", facts={"kids": [r.kid for r in rows]})
    return {row.kid: _unwrap(work.keys.provider, caller.agency_id, row) for row in rows}


def _make(provider: KeyProvider, agency_id: str, use: str) -> NewKey:
    private = jose.new_private(use)
    kid = private["kid"]
    scalar = jose.b64u_decode(private["d"])
    kek_id, blob = provider.wrap(scalar, hosted_context(agency_id, kid))
    wrapped = json.dumps({"kek": kek_id, "blob": jose.b64u(blob)}).encode()
    return NewKey(kid, use, jose.public_part(private), jose.thumbprint(private), wrapped)


def _unwrap(provider: KeyProvider, agency_id: str, row: NewKey) -> jose.Key:
    if row.private is None:
        raise Undecipherable("There is no private part.")
    stored = _stored(row.private)
    blob = jose.b64u_decode(str(stored.get("blob", "")))
    scalar = provider.unwrap(_kek(row.private), blob, hosted_context(agency_id, row.kid))
    return jose.import_private({**row.jwk, "d": jose.b64u(scalar)}, row.use)


def wrap_anew(
    work: Work, *, at_most: int, but: Collection[Place] = ()
) -> tuple[list[str], list[Place]]:
    """Put hosted keys under the current epoch key; `but` are passed over.

    Gives the epoch keys under which they lay, and the place of each that cannot be opened.
    """
    provider, left, damaged = work.keys.provider, list[str](), list[Place]()
    for row in store.list_hosted(work.session):
        kek = _kek(row.private)
        place = (row.agency_id, row.kid)
        if kek == provider.current or len(left) == at_most or place in but:
            continue
        context = hosted_context(row.agency_id, row.kid)
        try:
            scalar = provider.unwrap(kek, jose.b64u_decode(_stored(row.private)["blob"]), context)
        except (Undecipherable, KeyError, TypeError):
            damaged.append(place)
            continue
        kek_id, blob = provider.wrap(scalar, context)
        wrapped = json.dumps({"kek": kek_id, "blob": jose.b64u(blob)}).encode()
        store.set_private(
            work.session, agency_id=row.agency_id, kid=row.kid, was=row.private, private=wrapped
        )
        left.append(kek)
    return left, damaged


def count_elsewhere(session: Session, epoch: str) -> int:
    """How many hosted keys lie under another epoch key than this one."""
    rows = store.list_hosted(session)
    return sum(_kek(row.private) != epoch for row in rows)


def epochs_in_use(session: Session) -> frozenset[str]:
    """Every epoch key under which a hosted key lies; of a damaged row it cannot be told."""
    return frozenset(_kek(row.private) for row in store.list_hosted(session)) - {_UNKNOWN}


def _kek(private: bytes) -> str:
    return str(_stored(private).get("kek", _UNKNOWN))


def _stored(private: bytes) -> dict[str, Any]:
    try:
        found = json.loads(private)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}

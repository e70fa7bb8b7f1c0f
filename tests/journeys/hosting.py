"""What the tests of hosted custody share: an agency whose keys the gateway holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from gateway import ledger
from gateway.agencies import directory
from gateway.client import config
from gateway.ledger import Work
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.schemas.codes import Custody
from gateway.sealing import jose
from gateway.sealing.keys import hosted_context
from gateway.store import tables as t
from tests.journeys.world import World

PROFILES = Profiles.load()


def host(world: World, agency_id: str) -> None:
    """Make a partner one without software: its keys lie with the key provider from now on.

    A partner's custody is for good, so this goes behind the service's back. Only who routing names
    is sealed to, and the partners of the tests are registered with keys of their own.
    """
    provider, folder = world.keys.provider, world.folder / agency_id
    with world.engine.begin() as connection:
        connection.execute(
            update(t.agency).where(t.agency.c.id == agency_id).values(custody=Custody.HOSTED)
        )
        for name in (config.SIGNING, config.ENCRYPTION):
            jwk = json.loads((folder / name).read_text("utf-8"))
            scalar = jose.b64u_decode(jwk["d"])
            kek, blob = provider.wrap(scalar, hosted_context(agency_id, jwk["kid"]))
            wrapped = json.dumps({"kek": kek, "blob": jose.b64u(blob)}).encode()
            row = {"agency_id": agency_id, "kid": jwk["kid"], "private": wrapped}
            connection.execute(insert(t.hosted_key).values(row))


@contextmanager
def desk(world: World, agency_id: str, worker: str | None) -> Iterator[Work]:
    """A request of a signed-in worker, as a page would open it."""
    with Session(world.engine) as session:
        found = directory.standing(session)[agency_id]
    caller = Caller(agency_id, found.kind, found.area, worker_id=worker)
    with ledger.begin(world.sessions, world.keys, caller, world.now, profiles=PROFILES) as work:
        yield work

"""Steps around the conflict wall that several stories take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.client import own_key
from gateway.client.gateway import Gateway
from gateway.demo import world as demo
from gateway.flows import agencies
from gateway.ledger import OPERATOR, begin
from tests.journeys.world import BASE, CHAIR, World

COORDINATOR = "marlbury-marac"
OFFICE, KAMAL, DEPUTY, ADMIN = "marlbury-council-housing", "options-07", "options-08", "options-09"

# The brother of C2, as he declares himself: another spelling, the whole day of his birth.
HIMSELF: Mapping[str, Any] = {
    "people": [
        {
            "closeness": "SELF",
            "given_names": "Kámal",
            "family_name": "RENN",
            "dob": "1999-05-17",
            "dob_precision": "DAY",
        }
    ]
}
SOMEBODY: Mapping[str, Any] = {
    "people": [
        {
            "closeness": "SELF",
            "given_names": "Ottilie",
            "family_name": "Quarrington",
            "dob": "1981-02-03",
            "dob_precision": "DAY",
            "addresses": [
                {"lines": ["9 Ferry Lane"], "town": "Marlbury", "postcode": {"value": "XX2 9ZZ"}}
            ],
            "phones": ["07700 900555"],
        }
    ],
    "employers": ["Marlbury swimming club"],
}


def add_worker(world: World, agency_id: str, worker: str, **more: Any) -> None:
    """Let an operator register a worker of an agency."""
    with begin(world.sessions, world.keys, OPERATOR, world.now) as work:
        agencies.add_worker(work, agency_id=agency_id, worker_id=worker, **more)


def with_own_key(world: World, agency_id: str, worker: str, approver: str) -> Gateway:
    """Make, register and approve a worker's own key; its client, which opens with it."""
    folder = Path(world.folder) / agency_id
    public = own_key.make(folder, worker)
    kid = world.client(agency_id, worker).walls.register_key(public)
    world.client(agency_id, approver).walls.approve_key(kid)
    return client_with_key(world, agency_id, worker)


def client_with_key(world: World, agency_id: str, worker: str) -> Gateway:
    """A client that has the worker's own key."""
    folder = Path(world.folder) / agency_id
    keys = own_key.with_own(demo.config.load_keys(folder), folder, worker)
    return Gateway(
        world.send,
        base_url=BASE,
        agency_id=agency_id,
        keys=keys,
        worker=worker,
        clock=lambda: world.now,
    )


def chair(world: World) -> Gateway:
    """The chair of the coordinating agency."""
    return world.client(COORDINATOR, CHAIR)

"""A meeting that several stories come to: signed for, and begun."""

from __future__ import annotations

import json

from gateway.flows import conferences
from gateway.ledger import begin
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind
from gateway.schemas.meeting_codes import Attending
from tests.journeys.world import World

COORDINATOR = "marlbury-marac"
_PROFILES = Profiles.load()


def begin_meeting(world: World, conference: str, *workers: str) -> None:
    """Let workers of the coordinating agency sign; the first of them begins the meeting."""
    for number, worker in enumerate(workers):
        caller = Caller(COORDINATOR, AgencyKind.COORDINATOR, "MARLBURY", worker_id=worker)
        digest = _PROFILES.declaration.digest
        with begin(world.sessions, world.keys, caller, world.now, profiles=_PROFILES) as work:
            conferences.sign(work, conference, Attending.REPRESENTATIVE, digest)
            if not number:
                conferences.begin_meeting(work, conference)


def opening(reference: str, *workers: str) -> bytes:
    """The body that opens a case to workers of the coordinating agency."""
    present = [{"agency": COORDINATOR, "worker": worker} for worker in workers]
    return json.dumps({"reference": reference, "act": "OPEN", "present": present}).encode()

"""Requests around the conflict wall and broken glass that would succeed, and what they need."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.schemas import reference as references
from gateway.sealing import jose
from gateway.store import tables as t
from tests.journeys.asking import BY_NAME, DATED, DOCUMENTS, JOSE, Asked, asking
from tests.journeys.test_breakglass import Worker
from tests.journeys.test_counter_allegation import against_him
from tests.journeys.world import CHAIR, World, example

COLLEGE, COORDINATOR, IDVA = "marlbury-college", "marlbury-marac", "marlbury-idva"

# Operation -> the agency and the worker who asks it.
BY_WORKER: Mapping[str, tuple[str, str]] = {
    "declare_interests": (IDVA, "idva-01"),
    "settle_worker_key": (IDVA, "idva-01"),
    "settle_conflict": (COORDINATOR, "marac-01"),
    "settle_release": (COORDINATOR, "marac-01"),
    "move_case": (COORDINATOR, "marac-01"),
    "hear_case": (COORDINATOR, "marac-01"),
    "settle_redaction": (COORDINATOR, "marac-01"),
    "read_removed": ("harbourgate-homes", "homes-01"),
    "settle_approval": (IDVA, "idva-01"),
    "make_statement": (IDVA, "idva-01"),
    "break_glass": (COLLEGE, "college-01"),
    "look_behind_glass": (COLLEGE, "college-01"),
    "review_glass": (COORDINATOR, CHAIR),
    "review_primary_victim": (COORDINATOR, CHAIR),
}


def alone(world: World, name: str) -> Asked:
    """About no case at all."""
    return asking(BY_NAME[name], world.wire(*BY_WORKER[name]))


def own_key(world: World, name: str) -> Asked:
    """A key that nobody had before."""
    wire = world.wire(*BY_WORKER[name])
    private = jose.new_private("enc")
    public = {each: private[each] for each in ("kty", "crv", "x", "y")}
    body = wire.envelope("worker-key/1", {"act": "REGISTER", "key": public})
    return alone(world, name).but(body=body, media=JOSE)


def about(world: World, name: str) -> Asked:
    """About a case that is on its way."""
    return _asking(world, name, _referred(world))


def fresh(world: World, name: str) -> Asked:
    """By a worker who just proved who it is."""
    _reviewed(world)
    found = about(world, name)
    worker = Worker(world, *BY_WORKER[name])
    worker.wire._tokens["cases:read", world.now] = worker.token(
        "cases:read", {"auth_time": 0, "amr": ["otp"]}
    )
    return found


def broken(world: World, name: str) -> Asked:
    """Where the glass was broken a moment ago."""
    reference = _referred(world)
    _reviewed(world)
    answer = Worker(world, COLLEGE, "college-01").breaks(reference)
    assert answer.status_code == 201, answer.text
    asked = _asking(world, name, reference)
    if name != "review_glass":
        return asked
    document = {**DOCUMENTS["glass-review/1"], "number": answer.json["number"]}
    return asked.but(body=world.wire(*BY_WORKER[name]).envelope("glass-review/1", document))


def accepted(world: World, name: str) -> Asked:
    """Where the case was accepted, so that it can leave its way."""
    reference = _referred(world)
    world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
    return _asking(world, name, reference)


def told(world: World, name: str) -> Asked:
    """Where it was recorded that it is safe to tell her."""
    reference = _referred(world)
    document = {**DATED, "safe_to_tell": "YES"}
    world.client("harbourgate-homes").record_consent(reference, document)
    return _asking(world, name, reference)


def accused(world: World, name: str) -> Asked:
    """Where two accuse each other."""
    reference = world.client("tidewell-housing").refer(example("c4")).reference
    world.client("harbourgate-homes").refer(against_him())
    return _asking(world, name, reference)


def _asking(world: World, name: str, reference: str) -> Asked:
    return asking(BY_NAME[name], world.wire(*BY_WORKER[name]), reference=reference)


def _referred(world: World) -> str:
    return world.client("harbourgate-homes").refer(example("c1")).reference


def _reviewed(world: World) -> None:
    """Let no earlier look of the world's stand in the way of the next."""
    waiting = [row for row in world.rows(t.glass) if row["reviewed_at"] is None]
    chair = Worker(world, COORDINATOR, CHAIR)
    for row in waiting:
        document = {"number": row["seq"], "finding": "JUSTIFIED", "note": "Seen."}
        (sent,) = [r for r in world.rows(t.referral) if r["case_id"] == row["case_id"]]
        reference = references.write(sent["reference"])
        chair.ask("POST", reference, "glass-review/1", document, rest="/glass/reviews")


MAKE = {
    "declare_interests": alone,
    "settle_worker_key": own_key,
    "settle_conflict": about,
    "settle_release": about,
    "move_case": accepted,
    "settle_redaction": about,
    "read_removed": about,
    "settle_approval": about,
    "make_statement": told,
    "break_glass": fresh,
    "look_behind_glass": broken,
    "review_glass": broken,
    "review_primary_victim": accused,
}

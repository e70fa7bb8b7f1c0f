"""Every route of the service with a request that would succeed, about a case of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from werkzeug.test import TestResponse

from gateway.client import config
from gateway.client.agent import answer_once
from gateway.client.http import Response
from gateway.demo import world as demo
from gateway.flows import agencies
from gateway.sealing import jose, notes, private
from gateway.sealing.jose import b64u
from gateway.store import tables as t
from tests.faults import walled_routes
from tests.journeys import acting
from tests.journeys.asking import BY_NAME, JOSE, Asked, asking, witness_statement
from tests.journeys.meeting import begin_meeting, opening
from tests.journeys.world import BASE, World, example, position

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
HOLDER, POLICE = "aster-women", "marlbury-police"

KEPT_BACK = b'{"type": "about:blank", "title": "-", "status": 422, "code": "kept_back"}'

Send = Callable[[], TestResponse]

# Operation -> who asks it.
BY: Mapping[str, str] = {
    "list_cases": IDVA,
    "pull_case": IDVA,
    "acknowledge_case": IDVA,
    "list_seal_requests": IDVA,
    "add_sealed_copy": HOLDER,
    "keep_private_note": IDVA,
    "list_private_notes": IDVA,
    "decide_case": COORDINATOR,
    "explain_case": COORDINATOR,
    "explain_change": COORDINATOR,
    "list_access": COORDINATOR,
    "list_readings": COORDINATOR,
    "list_receipts": COORDINATOR,
    "list_approvals": COORDINATOR,
    "plan_conference": COORDINATOR,
    "list_conference_case": COORDINATOR,
    "settle_match": COORDINATOR,
    "read_agenda": POLICE,
    "list_research": POLICE,
    "read_research": POLICE,
    "return_research": POLICE,
    **dict.fromkeys(("list_actions", "read_actions", "settle_action"), LANDLORD),
    **dict.fromkeys(("list_flags", "take_flag_off", "make_report"), COORDINATOR),
    "prove": IDVA,
    "read_log_proof": IDVA,
    "cosign_checkpoint": IDVA,
    "register_witness": POLICE,
}
PUBLIC: Mapping[str, str] = {
    "GET /schemas/<form>/<version>.json": "/schemas/referral/1.json",
    "GET /static/<path:filename>": "/static/web.css",
    "GET /log/tile/<path:rest>": "/log/tile/entries/000.p/1",
}


def every_route(world: World) -> list[str]:
    """Method and rule of every route of the service; of pages for people see tests/desk."""
    return sorted(
        f"{method} {rule.rule}"
        for rule in world.app.url_map.iter_rules()
        if not rule.endpoint.startswith("desk.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


@dataclass(frozen=True)
class Ready:
    """A request that only waits to be sent; sent again it is the same one, key and all."""

    send: Send
    status: int  # of its answer when all is well
    is_write: bool


def ready(world: World, route: str) -> Ready:
    """A request for a route, with all that must be there before it."""
    operation = next(
        (each for each in BY_NAME.values() if route == f"{each.method} /v1{each.rule}"), None
    )
    if operation is not None:
        return _operation(world, operation.name)
    if route.startswith("POST /oauth/"):
        return _oauth(world, route.rpartition("/")[2])
    path = PUBLIC.get(route, route.removeprefix("GET "))
    client = world.app.test_client()
    _referred(world)  # something waits for its place

    def send() -> TestResponse:
        world.app.extensions.pop("gateway.ready", None)  # more than a second has passed
        return client.get(path, buffered=True)

    return Ready(send, {"/": 302, "/ready": 204}.get(path, 200), False)


def _oauth(world: World, endpoint: str) -> Ready:
    agency = world.wire(LANDLORD).agency
    if endpoint == "token":
        return Ready(lambda: agency.ask(), 200, False)
    about = agency.token()
    return Ready(lambda: agency.send(endpoint, about), 200, endpoint == "revoke")


def _operation(world: World, name: str) -> Ready:
    operation = BY_NAME[name]
    by = walled_routes.BY_WORKER.get(name)
    wire = world.wire(*by) if by else world.wire(BY.get(name, LANDLORD))
    request = _MAKE.get(name, _usual)(world, name)
    wire.token(request.scope)
    key = str(uuid.uuid4())
    return Ready(lambda: request.send(wire, key=key), operation.status, operation.is_write)


# --- what must be there before a request can succeed ------------------------------------------


def _usual(world: World, name: str) -> Asked:
    wire = world.wire(BY.get(name, LANDLORD))
    return asking(BY_NAME[name], wire, reference=_referred(world))


def _referred(world: World) -> str:
    return world.client(LANDLORD).refer(example("c1")).reference


def _alone(world: World, name: str) -> Asked:
    """About no case at all."""
    return asking(BY_NAME[name], world.wire(BY.get(name, LANDLORD)))


def _exclusive(world: World, name: str) -> Asked:
    """A pull that hands out a sealed copy."""
    return _usual(world, name).but(query={"purpose": "P2"})


def _refused(world: World, name: str) -> Asked:
    reference = _referred(world)
    world.client(COORDINATOR).decide(
        reference,
        {
            "decision": "REJECT",
            "reasons": ["CRITERIA_NOT_EVIDENCED"],
            "reason": "Too little.",
            "alternative_route": "The IDVA service.",
        },
    )
    return asking(BY_NAME[name], world.wire(LANDLORD), reference=reference)


def _returned(world: World, name: str) -> Asked:
    reference = _referred(world)
    world.client(COORDINATOR).decide(
        reference, {"decision": "RETURN", "reasons": ["QUALITY_OTHER"]}
    )
    return asking(BY_NAME[name], world.wire(LANDLORD), reference=reference)


def _conference(world: World) -> str:
    body = {
        "area": "MARLBURY",
        "starts_at": "2026-12-08T09:30:00Z",
        "attendees": [POLICE, IDVA],
    }
    return str(world.client(COORDINATOR).create_conference(body)["conference"])


def _listing(world: World, name: str) -> Asked:
    reference = _referred(world)
    world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
    return asking(
        BY_NAME[name],
        world.wire(COORDINATOR),
        reference=reference,
        conference=_conference(world),
    )


def _hearing(world: World, name: str) -> Asked:
    """A case that is opened in a meeting to who signed for it."""
    reference, conference = _referred(world), _conference(world)
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    coordinator.list_case(conference, reference)
    begin_meeting(world, conference, "marac-01")
    wire = world.wire(COORDINATOR, "marac-01")
    return asking(BY_NAME[name], wire, reference=reference, conference=conference).but(
        body=opening(reference, "marac-01")
    )


def _match(world: World, name: str) -> Asked:
    """Of a case that looks like an earlier one."""
    _referred(world)
    reference = _referred(world)
    links = world.client(COORDINATOR).pull(reference, "P9").document["triage"]["links"]
    body = json.dumps({"mark": links[0]["mark"], "same": False}).encode()
    return asking(BY_NAME[name], world.wire(COORDINATOR), reference=reference).but(body=body)


def _agenda(world: World, name: str) -> Asked:
    reference, conference = _referred(world), _conference(world)
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    coordinator.list_case(conference, reference)
    return asking(BY_NAME[name], world.wire(POLICE), conference=conference)


def asked_for_research(world: World, name: str) -> Asked:
    """About a listed case for which police are asked to look in their records."""
    reference, conference = _referred(world), _conference(world)
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    coordinator.list_case(conference, reference)
    wire = world.wire(POLICE)
    return asking(BY_NAME[name], wire, reference=reference, conference=conference)


def _sequenced(world: World, name: str) -> Asked:
    """A proof of an entry that has its place."""
    world.sequence()
    commitment = b64u(world.rows(t.log_entry)[-1]["commitment"])
    return _alone(world, name).but(query={"commit": commitment})


def _cosigned(world: World, name: str) -> Asked:
    idva = world.client(IDVA)
    idva.list_cases()
    world.later(hours=1)
    world.sequence()
    note = world.app.test_client().get("/log/checkpoint").text
    return _alone(world, name).but(body=_signature(world, note))


def _signature(world: World, note: str) -> bytes:
    key = config.load_keys(world.folder / IDVA).witness
    assert key is not None
    signed = notes.cosign(note, key, int(world.now.timestamp()))
    return json.dumps({"size": int(note.split("\n")[1]), "cosignature": b64u(signed)}).encode()


def _witness(world: World, name: str) -> Asked:
    wire = world.wire(POLICE)
    body = json.dumps({"statement": witness_statement(wire)}).encode()
    return _alone(world, name).but(body=body)


def _owed_copy(world: World, name: str) -> Asked:
    """The copy that a holder's own client would hand in, kept back on its way."""
    with world.operator() as work:
        agencies.suspend(work, agency_id=IDVA)
    reference = _referred(world)
    with world.operator() as work:
        agencies.resume(work, agency_id=IDVA)
    world.client(LANDLORD).record_position(reference, position("GIVEN"))
    bodies: dict[str, bytes] = {}

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        if url.endswith("/sealed-copies"):
            bodies[url.removeprefix(BASE)] = body or b""
            return Response(422, {"content-type": "application/problem+json"}, KEPT_BACK)
        return world.send(method, url, headers, body)

    holder = demo.connect(
        HOLDER, send, base_url=BASE, folder=world.folder, clock=lambda: world.now, worker=None
    )
    answer_once(holder)
    path = f"/v1/cases/{reference}/sealed-copies"
    return _alone(world, name).but(path=path, body=bodies[path], media=JOSE)


def _note(world: World, name: str) -> Asked:
    """A note that the agency's own client would seal to its own key."""
    wire = world.wire(IDVA)
    sealed = private.seal_note(
        {"text": "Meet at the library."},
        jose.public_part(wire.agency.enc),
        idempotency_key="k",
        secret=b"s" * 32,
    )
    body = wire.envelope("private-note/1", {"kind": "CASEWORK", **sealed})
    return _usual(world, name).but(body=body)


def _objected(world: World, name: str) -> Asked:
    """About a case that is shared against her word, so that a record of it is owed."""
    reference = _referred(world)
    world.client(LANDLORD).record_position(reference, position("WITHDRAWN"))
    return asking(BY_NAME[name], world.wire(LANDLORD), reference=reference)


def _planned(world: World, name: str) -> Asked:
    """About a case with an action of the landlord's, which has not accepted it."""
    reference = acting.listed(world, acting.a_conference(world))
    number = acting.proposed(world, reference, LANDLORD, "Fit new locks.")
    wire = world.wire(LANDLORD)
    found = asking(BY_NAME[name], wire, reference=reference)
    if name != "settle_action":
        return found
    return found.but(body=wire.envelope("action-step/1", {"number": number, "act": "ACCEPT"}))


def _flagged(world: World, name: str) -> Asked:
    """About a case whose flag has ended."""
    reference = acting.flagged(world, acting.a_conference(world), days=3)
    return asking(BY_NAME[name], world.wire(COORDINATOR), reference=reference)


_MAKE: Mapping[str, Callable[[World, str], Asked]] = {
    "record_override": _objected,
    "list_due": _objected,
    "submit_referral": _alone,
    "list_referrals": _alone,
    "preview_routing": _alone,
    "list_cases": _alone,
    "list_seal_requests": _alone,
    "list_looks": _alone,
    "plan_conference": _alone,
    "list_witnesses": _alone,
    "list_directory": _alone,
    "list_key_events": _alone,
    "read_checkpoint": _alone,
    "pull_case": _exclusive,
    "resubmit_referral": _returned,
    "challenge_referral": _refused,
    "list_conference_case": _listing,
    "hear_case": _hearing,
    "settle_match": _match,
    "read_agenda": _agenda,
    "list_research": asked_for_research,
    "read_research": asked_for_research,
    "return_research": asked_for_research,
    **dict.fromkeys(("list_actions", "read_actions", "settle_action"), _planned),
    **dict.fromkeys(("list_flags", "take_flag_off"), _flagged),
    "make_report": _alone,
    "prove": _sequenced,
    "read_log_proof": _sequenced,
    "cosign_checkpoint": _cosigned,
    "register_witness": _witness,
    "add_sealed_copy": _owed_copy,
    "keep_private_note": _note,
    **walled_routes.MAKE,
}

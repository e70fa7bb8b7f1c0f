"""Nonces of the server's own: no proof for a write can be made ahead of its use (RFC 9449 8, 9)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.api import dpop
from gateway.api.operations import OPERATIONS, Operation
from gateway.client.access import ProblemError
from gateway.client.http import Response
from gateway.demo import world as demo
from tests.journeys.asking import Asked, asking, told
from tests.journeys.world import BASE, World, example

LANDLORD, COORDINATOR = "harbourgate-homes", "marlbury-marac"
CALLERS = {"add_risk_assessment": LANDLORD, "submit_referral": LANDLORD}
EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


@dataclass(frozen=True)
class Prepared:
    """A world with one case and one conference."""

    world: World
    reference: str
    conference: str

    def ask(self, operation: Operation, **claims: Any) -> tuple[Asked, TestResponse]:
        """Send an operation's request with a proof in which some claims differ."""
        wire = self.world.wire(CALLERS.get(operation.name, COORDINATOR))
        asked = asking(operation, wire, reference=self.reference, conference=self.conference)
        token = wire.token(asked.scope)
        proof = wire.agency.proof(asked.method, asked.path, token=token, **claims)
        return asked, asked.send(wire, headers={"DPoP": proof})


@pytest.fixture(scope="module")
def prepared(shared_sqlite_world: World) -> Prepared:
    world = shared_sqlite_world
    receipt = world.client(LANDLORD).refer(example("c1"))
    coordinator = world.client(COORDINATOR)
    coordinator.decide(receipt.reference, {"decision": "ACCEPT"})
    plan = {
        "area": "MARLBURY",
        "starts_at": "2026-12-08T09:30:00Z",
        "attendees": ["marlbury-police"],
    }
    return Prepared(world, receipt.reference, coordinator.create_conference(plan)["conference"])


@EACH
def test_F4_every_write_needs_a_nonce_and_no_read_does(
    prepared: Prepared, operation: Operation
) -> None:
    before = prepared.world.counts()
    asked, answer = prepared.ask(operation, nonce=None)
    if asked.method == "GET":
        assert answer.status_code != 401
        return
    status, headers, body = told(answer)
    assert (status, body["code"]) == (401, "use_dpop_nonce")
    assert headers["WWW-Authenticate"].startswith('DPoP error="use_dpop_nonce", ')
    assert prepared.world.counts() == before
    # With the nonce that came along, the same request passes the guard.
    _, again = prepared.ask(operation, nonce=headers["DPoP-Nonce"])
    assert again.status_code != 401


@pytest.mark.parametrize("nonce", ["", "x", 7, ["a"], "29923740.AAAAAAAAAAAAAAAAAAAAAA"])
def test_F4_a_nonce_that_is_not_ours_is_no_nonce(prepared: Prepared, nonce: object) -> None:
    for operation in OPERATIONS:
        if operation.is_write:
            _, answer = prepared.ask(operation, nonce=nonce)
            assert told(answer)[2]["code"] == "use_dpop_nonce"


def test_F4_every_good_answer_brings_the_nonce_of_its_minute(prepared: Prepared) -> None:
    world = prepared.world
    house = world.app.extensions["gateway"]
    right = dpop.nonce(dpop.nonce_key(house.keys.cursor), world.now)
    seen = set()
    for operation in OPERATIONS:
        asked, answer = prepared.ask(operation)
        if answer.status_code < 400:
            seen.add(operation.is_write)
            assert answer.headers["DPoP-Nonce"] == right, asked.path
            assert answer.headers["Cache-Control"] == "no-store"
        elif answer.status_code == 401:
            raise AssertionError(asked.path)
    assert seen == {True, False}


def test_no_other_401_brings_a_nonce(prepared: Prepared) -> None:
    """There are clients that take any nonce on a 401 for a demand, and would try for ever."""
    [submit] = [each for each in OPERATIONS if each.name == "submit_referral"]
    for claims in ({"htm": "PUT"}, {"jti": "short"}, {"ath": None}):
        _, answer = prepared.ask(submit, **claims)
        assert told(answer)[2]["code"] == "invalid_dpop_proof"
        assert "DPoP-Nonce" not in answer.headers


def test_a_refused_write_did_not_use_up_its_proof(prepared: Prepared) -> None:
    [submit] = [each for each in OPERATIONS if each.name == "submit_referral"]
    jti = f"the-same-{uuid.uuid4()}"
    _, first = prepared.ask(submit, nonce=None, jti=jti)
    _, second = prepared.ask(submit, jti=jti)
    assert (first.status_code, second.status_code) == (401, 201)
    _, third = prepared.ask(submit, jti=jti)
    assert told(third)[2]["code"] == "invalid_dpop_proof"


def test_the_clients_own_nonce_grows_old_and_it_asks_once_more(sqlite_world: World) -> None:
    landlord = sqlite_world.client(LANDLORD)
    assert landlord.refer(example("c1")).reference
    sqlite_world.later(seconds=200)  # the token still lives, the nonce does not
    sqlite_world.asked.clear()
    sqlite_world.answers.clear()
    assert landlord.refer(example("c2")).reference
    statuses = [answer.status for answer in sqlite_world.answers]
    assert statuses.count(401) == 1
    assert ("POST", "/oauth/token") not in sqlite_world.asked


def test_the_client_does_not_ask_for_ever(sqlite_world: World) -> None:
    """A gateway that never accepts the nonce that it gave is not asked again and again."""
    world = sqlite_world

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        answer = world.send(method, url, headers, body)
        if "/v1/" in url:
            return Response(answer.status, {**answer.headers, "dpop-nonce": "0.x"}, answer.body)
        return answer

    landlord = demo.connect(
        LANDLORD, send, base_url=BASE, folder=world.folder, clock=lambda: world.now
    )
    assert landlord.refer(example("minimal")).reference
    world.answers.clear()
    with pytest.raises(ProblemError, match="use_dpop_nonce"):
        landlord.refer(example("minimal"))
    assert len(world.answers) == 3

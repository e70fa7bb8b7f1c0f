"""What was recorded of an exchange is of no use a second time, whole or in parts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest

from gateway.client.http import Response
from gateway.demo import world as demo
from gateway.sealing import jose
from tests.journeys.world import BASE, World, example

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"
DELAYS = (0, 1, 30, 59, 61, 119, 300, 3600)  # seconds


@dataclass
class Recorder:
    """Somebody who can see everything that is sent, in the clear."""

    world: World
    sent: list[tuple[str, str, dict[str, str], bytes | None]] = field(default_factory=list)
    got: list[int] = field(default_factory=list)

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        answer = self.world.send(method, url, headers, body)
        self.sent.append((method, url, dict(headers), body))
        self.got.append(answer.status)
        return answer

    def proven(self) -> list[tuple[str, str, dict[str, str], bytes | None]]:
        """The requests that carried a proof."""
        return [each for each in self.sent if "DPoP" in each[2]]


@pytest.fixture
def recorded(world: World) -> Recorder:
    """A referral, a list and a pull, as they went over the wire."""
    recorder = Recorder(world)
    for agency in (LANDLORD, IDVA):
        client = demo.connect(
            agency, recorder, base_url=BASE, folder=world.folder, clock=lambda: world.now
        )
        if agency == LANDLORD:
            reference = client.refer(example("c1")).reference
        else:
            assert client.list_cases()["items"]
            assert client.pull(reference, "P2").document
    return recorder


@pytest.mark.parametrize("seconds", DELAYS)
def test_V31_a_recorded_exchange_gets_nothing_when_it_is_played_again(
    recorded: Recorder, seconds: int
) -> None:
    world = recorded.world
    world.later(seconds=seconds)
    before = world.counts()
    played = recorded.proven()
    assert {method for method, *_ in played} == {"GET", "POST"}
    for method, url, headers, body in played:
        answer = world.send(method, url, headers, body)
        assert answer.status in (400, 401), url
        told = json.loads(answer.body)
        code = told.get("code", told.get("error"))
        assert code in ("invalid_dpop_proof", "use_dpop_nonce", "invalid_client", "invalid_token")
    assert world.counts() == before


def test_V31_an_assertion_that_got_a_token_gets_no_other(recorded: Recorder) -> None:
    """The thief's own key, a fresh nonce, the agency's recorded assertion.

    One that was answered with a demand for a nonce got no token; it lives for its minute, and
    whoever could read it on the way could use it. That is why it never travels but under TLS.
    """
    world = recorded.world
    thief = world.wire(LANDLORD).agency
    forms = [
        {name: values[0] for name, values in parse_qs((body or b"").decode()).items()}
        for (_, url, _, body), status in zip(recorded.sent, recorded.got, strict=True)
        if url.endswith("/oauth/token") and status == 200
    ]
    assert len(forms) > 2
    for form in forms:
        answer = thief.ask(form)
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_V31_a_document_is_taken_once_whoever_brings_it(recorded: Recorder) -> None:
    """A fresh token and proof do not make an old document new."""
    world = recorded.world
    _, url, headers, body = [each for each in recorded.proven() if "/v1/referrals" in each[1]][-1]
    path = url.removeprefix(BASE)
    wire = world.wire(LANDLORD)
    again = wire.ask("POST", path, "referrals:write", body=body or b"", media="application/jose")
    assert (again.status_code, again.get_json()["code"]) == (400, "replayed_jti")
    key = headers["Idempotency-Key"]
    same = wire.ask(
        "POST", path, "referrals:write", body=body or b"", media="application/jose", key=key
    )
    assert same.status_code == 201  # the stored answer, for its own agency
    other = world.wire("tidewell-housing")
    stolen = other.ask(
        "POST", path, "referrals:write", body=body or b"", media="application/jose", key=key
    )
    assert stolen.get_json()["code"] == "undecipherable"


def test_V31_a_token_is_of_no_use_with_a_proof_of_another_request(recorded: Recorder) -> None:
    """Proofs are made for one method, one address and one token, and cannot be exchanged."""
    world = recorded.world
    wire = world.wire(IDVA)
    token, other = wire.token("cases:read"), wire.token("log:read")
    agency = wire.agency
    for method, path, about in (
        ("GET", "/v1/directory", token),
        ("POST", "/v1/cases", token),
        ("GET", "/v1/cases", other),
    ):
        proof = agency.proof(method, path, token=about)
        answer = agency.call(token, "/v1/cases", proof=proof)
        assert answer.get_json()["code"] == "invalid_dpop_proof"
    assert agency.call(token, "/v1/cases").status_code == 200


def test_V31_a_proof_of_tomorrow_is_not_taken_today(recorded: Recorder) -> None:
    """Skew is bounded both ways, and a nonce is of its minute."""
    world = recorded.world
    world.later(seconds=120)  # the store of used proofs takes nothing from before its birth
    wire = world.wire(IDVA)
    token, agency = wire.token("cases:read"), wire.agency
    now = int(world.now.timestamp())
    for iat, status in ((now + 10, 200), (now + 11, 401), (now - 60, 200), (now - 61, 401)):
        proof = agency.proof("GET", "/v1/cases", token=token, iat=iat)
        assert agency.call(token, "/v1/cases", proof=proof).status_code == status
    jti = str(uuid.uuid4())
    first, second = (
        agency.proof("GET", "/v1/cases", token=token, jti=jti, iat=now + shift) for shift in (0, 1)
    )
    assert agency.call(token, "/v1/cases", proof=first).status_code == 200
    assert agency.call(token, "/v1/cases", proof=second).status_code == 401  # the id, not the bytes
    assert jose.peek(first)["typ"] == "dpop+jwt"

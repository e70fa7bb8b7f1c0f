"""Passkeys as a device answers them that keeps no count: each part of an answer is looked at."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.agencies import passkeys
from gateway.agencies.passkeys import Site
from gateway.errors import Mismatch
from gateway.store.credentials import PasskeyRow
from tests.journeys.world import World

ORIGIN, HOST = "https://gateway.example", "gateway.example"
PRESENT, VERIFIED = 1, 4


def b64u(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Device:
    """A passkey whose count is always zero, as those are that a maker of phones keeps in step."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def row(self, world: World) -> PasskeyRow:
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        return PasskeyRow(
            b"i" * 32, "a", "w", b"credential", cbor2.dumps(public), 0, world.now, None
        )

    def answer(
        self, options: str, *, origin: str = ORIGIN, host: str = HOST, flags: int = 5
    ) -> str:
        asked: dict[str, Any] = json.loads(options)
        told = {"type": "webauthn.get", "challenge": asked["challenge"], "origin": origin}
        data = json.dumps(told).encode()
        about = hashlib.sha256(host.encode()).digest() + bytes([flags]) + bytes(4)
        signed = self.key.sign(about + hashlib.sha256(data).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": b64u(data),
            "authenticatorData": b64u(about),
            "signature": b64u(signed),
        }
        named = b64u(b"credential")
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": response})


@pytest.fixture
def site(sqlite_world: World) -> Site:
    house = sqlite_world.app.extensions["gateway"]
    return Site(HOST, ORIGIN, b"k" * 32, house.replay)


def holds(site: Site, world: World, device: Device, answer: str, user: str = "") -> bool:
    try:
        passkeys.check(site, answer, device.row(world), now=world.now, user=user)
    except Mismatch:
        return False
    return True


def test_F12_a_challenge_is_answered_once(sqlite_world: World, site: Site) -> None:
    device = Device()
    answer = device.answer(passkeys.options_to_sign_in(site, now=sqlite_world.now))
    assert holds(site, sqlite_world, device, answer)
    assert not holds(site, sqlite_world, device, answer)


def test_F12_an_old_challenge_and_one_of_tomorrow_do_not_hold(
    sqlite_world: World, site: Site
) -> None:
    device = Device()
    for by in (-passkeys.LIFE - timedelta(seconds=1), timedelta(seconds=5)):
        options = passkeys.options_to_sign_in(site, now=sqlite_world.now + by)
        assert not holds(site, sqlite_world, device, device.answer(options))


def test_F12_a_challenge_is_ours_and_for_what_it_was_made(sqlite_world: World, site: Site) -> None:
    device, now = Device(), sqlite_world.now
    foreign = Site(HOST, ORIGIN, b"x" * 32, site.replay)
    options = passkeys.options_to_sign_in(foreign, now=now)
    assert not holds(site, sqlite_world, device, device.answer(options))
    options = passkeys.options_to_sign_in(site, now=now, user="a/w")
    assert not holds(site, sqlite_world, device, device.answer(options))
    assert holds(site, sqlite_world, device, device.answer(options), user="a/w")


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://elsewhere.example"},
        {"host": "elsewhere.example"},
        {"flags": PRESENT},  # nobody's finger, face or PIN
        {"flags": VERIFIED},
    ],
)
def test_F12_another_site_or_nobody_there_does_not_hold(
    sqlite_world: World, site: Site, change: dict[str, Any]
) -> None:
    device = Device()
    options = passkeys.options_to_sign_in(site, now=sqlite_world.now)
    assert not holds(site, sqlite_world, device, device.answer(options, **change))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"response": 1}', "{" * 9000, "x" * 20_000])
def test_F12_what_is_no_answer_is_refused_and_breaks_nothing(
    sqlite_world: World, site: Site, text: str
) -> None:
    assert not holds(site, sqlite_world, Device(), text)


def test_F12_another_devices_signature_does_not_hold(sqlite_world: World, site: Site) -> None:
    options = passkeys.options_to_sign_in(site, now=sqlite_world.now)
    assert not holds(site, sqlite_world, Device(), Device().answer(options))

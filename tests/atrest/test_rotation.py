"""Rotation rehearsed: keys are exchanged while agencies work, and no request fails."""

from __future__ import annotations

import time

from gateway.cli.keys import ALONE
from gateway.sealing import jose
from tests.atrest.load import IDVA, LANDLORD, Load
from tests.journeys.world import example
from tests.live import Service

LEAD = 1.0


def test_F38_every_key_is_exchanged_under_load_without_a_failed_request(
    service: Service,
) -> None:
    with Load(service) as load:
        for use in ALONE:
            done = service.command("keys", "rotate", use, "--lead", "1")
            assert done.returncode == 0, done.stderr
            assert done.stdout.split("\t")[:2] == [use, "later"]
            time.sleep(LEAD)
            load.wait_for(3)
    assert load.faults == []


def test_F38_the_new_key_signs_and_a_client_of_before_understands(service: Service) -> None:
    landlord, idva = service.client(LANDLORD), service.client(IDVA)
    before = landlord.refer(example("c1"))
    idva.pull(before.reference, "P2")
    kid = service.command("keys", "rotate", "signing", "--lead", "0").stdout.split("\t")[3]
    receipt = landlord.refer(example("c1"))
    assert kid_of(receipt.token) == kid != kid_of(before.token)
    assert idva.pull(receipt.reference, "P2").sealed


def kid_of(token: str) -> str:
    return str(jose.peek(token)["kid"])

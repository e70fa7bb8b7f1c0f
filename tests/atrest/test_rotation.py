"""Rotation rehearsed: keys are exchanged while agencies work, and no request fails."""

from __future__ import annotations

import time

from sqlalchemy import select

from gateway import ledger
from gateway.cli.keys import ALONE
from gateway.schemas import reference as references
from gateway.sealing import jose, keys
from gateway.store import epochs
from gateway.store import tables as t
from tests.atrest.load import IDVA, LANDLORD, Load
from tests.journeys.world import example
from tests.live import Service, killed

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


def test_F38_a_new_epoch_under_load_killed_half_way_and_run_again(service: Service) -> None:
    landlord = service.client(LANDLORD)
    first = [landlord.refer(example("c1")).reference for _ in range(6)]
    with Load(service) as load:
        words = ("keys", "epoch", "--new", "--lead", "1", "--batch", "2")
        killed(service, *words, after="wrapped anew")
        assert len(epochs_in_use(service)) == 2, "it was killed half way"
        load.wait_for(3)
        done = service.command(*words)
        assert done.returncode == 0, done.stderr
        assert "wrapped anew" in done.stdout
        assert "later" not in done.stdout, "no second key"
        load.wait_for(3)
    assert load.faults == []
    (current,) = epochs_in_use(service)
    assert current != "epoch-2025-01-1"
    idva = service.client(IDVA)
    for reference in (first[0], first[-1], load.sent[0], load.sent[-1]):
        assert idva.pull(reference, "P2").sealed
    service.keys = keys.load(service.folder / "keys")
    assert ledger.verify(service.sessions, service.keys, deep=True)


def test_F38_case_keys_and_index_keys_under_load_killed_and_run_again(service: Service) -> None:
    landlord = service.client(LANDLORD)
    first = [landlord.refer(example("c1")).reference for _ in range(4)]
    with Load(service) as load:
        for words, after in (
            (("keys", "cases", "--batch", "4"), "cases:"),
            (("keys", "index", "--lead", "1", "--batch", "4"), "indexed anew"),
        ):
            killed(service, *words, after=after)
            load.wait_for(2)
            done = service.command(*words)
            assert done.returncode == 0, done.stderr
            load.wait_for(2)
    assert load.faults == []
    with service.behind() as session:
        old = session.execute(
            select(t.case_key.c.case_id)
            .join(t.referral, t.referral.c.case_id == t.case_key.c.case_id)
            .where(t.referral.c.reference == references.read(first[0]))
        ).all()
        keys_named = set(session.execute(select(t.party.c.index_key)).scalars())
    assert len(old) == 2, "a second generation, and no third"
    assert len(keys_named) == 1
    idva = service.client(IDVA)
    for reference in (first[0], first[-1], load.sent[0], load.sent[-1]):
        assert idva.pull(reference, "P2").sealed
    service.keys = keys.load(service.folder / "keys")
    assert ledger.verify(service.sessions, service.keys, deep=True)


def epochs_in_use(service: Service) -> set[str]:
    with service.behind() as session:
        return set(epochs.list_epochs_in_use(session))


def kid_of(token: str) -> str:
    return str(jose.peek(token)["kid"])

"""Partners watch the log: they countersign, refuse a second history, miss what is left out."""

from __future__ import annotations

import json
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from gateway import ledger
from gateway.client import Disproved, Forked, Gateway, Omitted, config, verify
from gateway.client.memory import EVIDENCE
from gateway.client.own import PROMISED
from gateway.client.witness import HELD
from gateway.ledger.sequencer import leaf_bytes
from gateway.sealing import notes, tree
from gateway.sealing.jose import b64u
from gateway.store import tables as t
from tests.journeys.asking import BY_NAME, asking, witness_statement
from tests.journeys.world import World, example

LANDLORD, IDVA, POLICE = "harbourgate-homes", "marlbury-idva", "marlbury-police"
COORDINATOR = "marlbury-marac"


def published(world: World) -> str:
    return world.app.test_client().get("/log/checkpoint").text


def keys_of(world: World) -> list[str]:
    return list(ledger.verifier_keys(world.keys))


def witness_keys(client: Gateway) -> dict[str, str]:
    return {each["agency"]: each["verifier"] for each in client.witnesses()["witnesses"]}


def referred(world: World) -> str:
    return world.client(LANDLORD).refer(example("c1")).reference


# --- countersigning ---------------------------------------------------------------------------


def test_F80_two_partners_countersign_what_they_were_shown(world: World, tmp_path: Path) -> None:
    reference = referred(world)
    world.client(IDVA).pull(reference, "P2")
    world.client(COORDINATOR).list_cases()
    note = published(world)
    witnesses = witness_keys(world.client(LANDLORD))
    assert witnesses.keys() == {IDVA, COORDINATOR}
    both = verify.Quorum(list(witnesses.values()), 2)
    assert verify.open_checkpoint(note, keys_of(world), both).size > 0
    times = verify.cosigned(note, both.witnesses).values()
    assert set(times) == {int(world.now.timestamp())}  # the round began as they looked
    (tmp_path / "note").write_text(note, encoding="utf-8")
    given = ["checkpoint", "--key", keys_of(world)[0], str(tmp_path / "note")]
    asked = [part for key in both.witnesses for part in ("--witness", key)]
    assert verify.main([*given, *asked]) == verify.VERIFIED
    stranger = str(notes.Verifier("else/where", notes.WITNESS, bytes(31) + b"\x01"))
    assert verify.main([*given, *asked, "--witness", stranger]) == verify.REFUTED
    assert verify.main([*given, *asked, "--witness", stranger, "--quorum", "2"]) == verify.VERIFIED
    assert verify.main([*given, "--witness", asked[1], "--quorum", "2"]) == verify.REFUTED


def test_F80_each_key_is_named_by_a_statement_of_the_agency_itself(world: World) -> None:
    """No partner has to believe the gateway about who countersigned."""
    world.client(IDVA).list_cases()
    (row,) = world.client(LANDLORD).witnesses()["witnesses"]
    from jwcrypto import jwk, jws

    public = json.loads((world.folder / IDVA / config.PUBLIC).read_text("utf-8"))["keys"]
    key = next(jwk.JWK(**each) for each in public if each["use"] == "sig")
    made = jws.JWS()
    made.deserialize(row["statement"], key)
    claims = json.loads(made.payload)
    assert (claims["iss"], claims["witness"]) == (IDVA, row["verifier"])
    assert row["verifier"].startswith(f"{notes.origin_of(world.keys.log_public)}/{IDVA}+")


def test_T16_a_partner_signs_once_in_a_round_and_before_it_asks(world: World) -> None:
    """Else its signature would tell which entries it just caused, or when it is at work."""
    reference = referred(world)
    idva = world.client(IDVA)
    for _ in range(3):
        idva.pull(reference, "P2")
    asked = [path for _, path in world.asked]
    assert asked.count("/v1/log/cosignatures") == 1
    assert asked.index("/log/checkpoint") < asked.index(f"/v1/cases/{reference}?purpose=P2")
    (signed,) = world.rows(t.log_cosignature)
    world.sequence()
    world.later(hours=1, minutes=7, seconds=13)
    idva.pull(reference, "P2")
    first, second = world.rows(t.log_cosignature)
    assert first == signed
    assert second["size"] > first["size"]
    at = int.from_bytes(second["cosignature"][:8], "big")
    assert at == int(world.now.timestamp()) // 900 * 900
    names = {each["event"] for each in world.log(agency=IDVA)}
    assert "witness.registered" in names
    assert not any("cosign" in name for name in names)  # counted, never a leaf


def test_a_cosignature_is_refused_unless_it_is_by_the_agency_over_a_published_checkpoint(
    world: World,
) -> None:
    wire, note = world.wire(IDVA), published(world)
    size = int(note.split("\n")[1])
    at = int(world.now.timestamp())

    def send(cosignature: bytes, size: int = size) -> int:
        body = {"size": size, "cosignature": b64u(cosignature)}
        request = asking(BY_NAME["cosign_checkpoint"], wire)
        return request.but(body=json.dumps(body).encode()).send(wire).status_code

    key = config.load_keys(world.folder / IDVA).witness
    other = config.load_keys(world.folder / POLICE).witness
    assert key is not None
    assert other is not None
    assert send(notes.cosign(note, key, at)) == 404  # no key is registered yet
    world.client(POLICE).list_cases()
    name = notes.witness_name(notes.origin_of(world.keys.log_public), IDVA)
    public = key.public_key().public_bytes_raw()
    stated = witness_statement(wire, witness=str(notes.Verifier(name, notes.WITNESS, public)))
    request = asking(BY_NAME["register_witness"], wire)
    assert (
        request.but(body=json.dumps({"statement": stated}).encode()).send(wire).status_code == 201
    )
    assert send(notes.cosign(note, other, at)) == 400
    assert send(notes.cosign(note, key, at + 3600)) == 400
    assert send(notes.cosign(note.replace(f"\n{size}\n", f"\n{size + 1}\n"), key, at)) == 400
    assert send(bytes(72)) == 400
    assert send(b"\xff" * 72) == 400
    assert send(notes.cosign(note, key, at), size + 1) == 404
    before = len(world.rows(t.log_cosignature))
    assert send(notes.cosign(note, key, at)) == 200
    assert send(notes.cosign(note, key, at - 5)) == 200  # the first stays
    assert len(world.rows(t.log_cosignature)) == before + 1


STATEMENTS = {
    "another issuer": {"iss": POLICE},
    "another gateway": {"aud": "https://elsewhere.example"},
    "too old": {"iat": 1},
    "ahead": {"iat": 4_000_000_000},
    "no number": {"iat": True},
    "no key": {"witness": "x"},
    "more": {"more": 1},
}


@pytest.mark.parametrize("changes", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_a_statement_about_a_key_is_by_the_agency_for_this_gateway_now(
    shared_world: World, changes: dict[str, object]
) -> None:
    wire = shared_world.wire(IDVA)
    body = json.dumps({"statement": witness_statement(wire, **changes)}).encode()
    answer = asking(BY_NAME["register_witness"], wire).but(body=body).send(wire)
    assert (answer.status_code, answer.json["code"]) == (400, "undecipherable")


def test_a_key_of_the_log_kind_or_of_another_name_is_no_witness_key(shared_world: World) -> None:
    wire = shared_world.wire(IDVA)
    origin = notes.origin_of(shared_world.keys.log_public)
    for name, kind in ((f"{origin}/{POLICE}", notes.WITNESS), (f"{origin}/{IDVA}", notes.LOG)):
        key = str(notes.Verifier(name, kind, bytes(31) + b"\x02"))
        body = json.dumps({"statement": witness_statement(wire, witness=key)}).encode()
        answer = asking(BY_NAME["register_witness"], wire).but(body=body).send(wire)
        assert answer.status_code == 400


def test_an_agency_exchanges_its_key_and_only_the_newest_counts(world: World) -> None:
    idva = world.client(IDVA)
    idva.list_cases()
    old = witness_keys(idva)[IDVA]
    folder = world.folder / IDVA
    (folder / config.WITNESS).write_text(b64u(bytes(31) + b"\x07") + "\n")
    (folder / "log-watch").unlink()
    world.sequence()
    world.later(hours=1)
    fresh = world.new_client(IDVA)
    fresh.list_cases()
    new = witness_keys(fresh)[IDVA]
    assert new != old
    assert list(verify.cosigned(published(world), [new, old]).values())
    assert not verify.cosigned(published(world), [old])
    # Its older key again is not somebody else's: the reason is the true one.
    wire = world.wire(IDVA)
    body = json.dumps({"statement": witness_statement(wire, witness=old)}).encode()
    answer = asking(BY_NAME["register_witness"], wire).but(body=body).send(wire)
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_two_clients_of_an_agency_register_and_sign_at_the_same_moment(world: World) -> None:
    """None is refused and none has to try again: the first stays, and the other is the same."""
    world.client(LANDLORD).refer(example("c1"))
    world.sequence()
    world.later(hours=1)
    note, count = published(world), 6
    size, at = int(note.split("\n")[1]), int(world.now.timestamp())
    key = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    name = notes.witness_name(notes.origin_of(world.keys.log_public), IDVA)
    mine = notes.Verifier(name, notes.WITNESS, key.public_key().public_bytes_raw())
    wire, gate = world.wire(IDVA), threading.Barrier(count)
    acts = (
        ("register_witness", {"statement": witness_statement(wire, witness=str(mine))}, 201),
        (
            "cosign_checkpoint",
            {"size": size, "cosignature": b64u(notes.cosign(note, key, at))},
            200,
        ),
    )
    for act, body, status in acts:
        request = asking(BY_NAME[act], wire).but(body=json.dumps(body).encode())

        def send(request: Any = request) -> int:
            gate.wait()
            return int(request.send(wire).status_code)

        with ThreadPoolExecutor(count) as threads:
            got = [each.result() for each in [threads.submit(send) for _ in range(count)]]
        assert got == [status] * count, act
    assert len(world.rows(t.log_witness, agency_id=IDVA)) == 1
    assert list(verify.cosigned(published(world), [str(mine)])) == [name]


def test_an_agency_with_many_keys_signs_once_and_does_not_make_the_log_unreadable(
    world: World,
) -> None:
    """A reader refuses a note with more than 64 signatures: nobody may bring it to that."""
    wire, note = world.wire(IDVA), published(world)
    size, at = int(note.split("\n")[1]), int(world.now.timestamp())
    name = notes.witness_name(notes.origin_of(world.keys.log_public), IDVA)
    for number in range(3):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        mine = notes.Verifier(name, notes.WITNESS, key.public_key().public_bytes_raw())
        cosignature = b64u(notes.cosign(note, key, at))
        for act, body in (
            ("register_witness", {"statement": witness_statement(wire, witness=str(mine))}),
            ("cosign_checkpoint", {"size": size, "cosignature": cosignature}),
        ):
            request = asking(BY_NAME[act], wire).but(body=json.dumps(body).encode())
            assert request.send(wire).status_code < 300
    assert published(world).count(f"{name} ") == 1
    assert list(verify.cosigned(published(world), [str(mine)])) == [name]


# --- a second history -------------------------------------------------------------------------


def rewrite(world: World) -> None:
    """Another history, whole and properly signed: what an operator with every key can do."""
    rows = world.rows(t.log_entry)
    edge = tree.Frontier()
    origin = notes.origin_of(world.keys.log_public)
    world.execute("DELETE FROM log_node")
    with world.engine.begin() as connection:
        for row in rows:
            data = leaf_bytes(b"another key", row["agency_seq"], row["commitment"])
            hashed = tree.leaf_hash(data)
            edge.append(hashed)
            change = update(t.log_entry).where(t.log_entry.c.leaf == row["leaf"])
            connection.execute(change.values(bytes=data, hash=hashed))
        connection.execute(t.checkpoint.delete())
        hashes = edge.copy()
        signed = notes.Checkpoint(origin, hashes.size, hashes.root())
        note = notes.sign_checkpoint(signed, world.keys.log)
        row = {"size": signed.size, "root": signed.root, "note": note, "at": world.now}
        connection.execute(t.checkpoint.insert(), row)


def test_T06_a_rewritten_history_is_caught_by_the_checkpoint_that_a_partner_holds(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = referred(world)
    idva = world.client(IDVA)
    idva.pull(reference, "P2")
    idva.pull(reference, "P2")
    before = (world.folder / IDVA / HELD).read_text("utf-8")
    assert stat.S_IMODE((world.folder / IDVA / HELD).stat().st_mode) == 0o600
    rewrite(world)
    with pytest.raises(Forked) as caught:
        idva.pull(reference, "P2")
    assert "safe_contact" in caught.value.pulled.sealed  # a life may hang on it
    evidence = caught.value.evidence
    assert evidence is not None
    assert evidence.parent == world.folder / IDVA / EVIDENCE
    assert (world.folder / IDVA / HELD).read_text("utf-8") == before
    key = keys_of(world)[0]
    assert verify.main(["fork", "--key", key, str(evidence)]) == verify.VERIFIED
    assert "TWO HISTORIES" in capsys.readouterr().out
    for name in ("held", "seen"):
        (tmp_path / name).write_text(json.loads(evidence.read_text("utf-8"))[name], "utf-8")
    (tmp_path / "proof").write_text(evidence.read_text("utf-8"), "utf-8")
    sizes = {
        name: verify.open_checkpoint((tmp_path / name).read_text("utf-8"), [key]).size
        for name in ("held", "seen")
    }
    old, new = sorted(sizes, key=lambda name: sizes[name])
    named = [str(tmp_path / name) for name in (old, new, "proof")]
    assert verify.main(["consistency", "--key", key, *named]) == verify.REFUTED


def test_T06_who_joins_after_the_rewriting_is_warned_by_the_partners_signatures(
    world: World,
) -> None:
    """The newcomer holds nothing; the countersignatures of the others are not on the new one."""
    world.client(IDVA).list_cases()
    witness = witness_keys(world.client(IDVA))[IDVA]
    assert verify.cosigned(published(world), [witness])
    rewrite(world)
    newcomer = published(world)
    assert verify.open_checkpoint(newcomer, keys_of(world))
    assert not verify.cosigned(newcomer, [witness])
    with pytest.raises(verify.NotVerified):
        verify.open_checkpoint(newcomer, keys_of(world), verify.Quorum([witness], 1))


def test_F80_every_other_partner_refuses_too_and_none_of_them_signs(world: World) -> None:
    for agency in (IDVA, COORDINATOR):
        world.client(agency).list_cases()
    signed = len(world.rows(t.log_cosignature))
    rewrite(world)
    world.later(hours=1)
    for agency in (IDVA, COORDINATOR):
        with pytest.raises(Disproved):
            world.client(agency).list_cases()
    assert len(world.rows(t.log_cosignature)) == signed


# --- what is left out ---------------------------------------------------------------------------


def attend(world: World, client: Gateway) -> None:
    """The client's next look at the log, a round later."""
    world.sequence()
    world.later(minutes=15)
    client.list_cases()


def test_F72_nothing_is_missing_in_an_honest_log(world: World) -> None:
    reference = referred(world)
    idva = world.client(IDVA)
    for _ in range(6):
        idva.pull(reference, "P2")
        attend(world, idva)
    attend(world, idva)
    assert json.loads((world.folder / IDVA / PROMISED).read_text("utf-8")) == {}
    assert not (world.folder / IDVA / EVIDENCE).exists()


def test_T06_an_own_entry_that_was_left_out_shows_by_its_number(world: World) -> None:
    """The operator drops a reading before it gets its place, and gives the next one its number."""
    reference = referred(world)
    idva = world.client(IDVA)
    idva.pull(reference, "P2")
    attend(world, idva)
    world.execute(
        "UPDATE agency_log_key SET last_seq = last_seq + 2 WHERE agency_id = :agency", agency=IDVA
    )
    idva.pull(reference, "P2")
    world.sequence()
    world.later(minutes=15)
    with pytest.raises(Omitted) as caught:
        idva.list_cases()
    assert caught.value.evidence is not None
    found = json.loads(caught.value.evidence.read_text("utf-8"))
    assert len(found["numbers"]) == 2
    attend(world, idva)  # told once; the evidence stays


def test_T22_a_promised_entry_that_never_comes_shows_by_its_commitment(world: World) -> None:
    """A line that was taken out of the queue: its commitment stands in a signed receipt."""
    receipt = world.client(LANDLORD).refer(example("c1"))
    promised = receipt.claims["log"]["commitment"]
    world.execute("DELETE FROM log_pending")
    landlord = world.client(LANDLORD)
    attend(world, landlord)
    attend(world, landlord)
    world.sequence()
    world.later(minutes=15)
    with pytest.raises(Omitted) as caught:
        landlord.list_cases()
    assert caught.value.evidence is not None
    found = json.loads(caught.value.evidence.read_text("utf-8"))
    assert (found["numbers"], found["commitments"]) == ([], [promised])


def test_a_gateway_whose_leaves_are_not_below_its_checkpoint_is_not_believed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    idva = world.client(IDVA)
    world.execute("UPDATE log_entry SET bytes = :new WHERE leaf = 3", new=leaf_bytes(b"k", 1, b"c"))
    idva.list_cases()
    assert "did not show its access log" in caplog.text
    assert not world.rows(t.log_cosignature)


def test_keys_of_a_witness_are_the_agencys_own(world: World) -> None:
    keys = config.load_keys(world.folder / IDVA)
    assert isinstance(keys.witness, Ed25519PrivateKey)
    assert keys.log_key is not None
    assert repr(keys.log_key) not in repr(keys)

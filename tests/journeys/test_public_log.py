"""The log that everyone may read: tiles, checkpoints in rounds, receipts that verify themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway import ledger
from gateway.client import verify
from gateway.ledger import OPERATOR, Act
from gateway.sealing import tlog, tree
from gateway.sealing.jose import b64u_decode
from gateway.store import tables as t
from tests.journeys.world import World, example

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"


def fill(world: World, size: int) -> None:
    """Bring the log to this size."""
    missing = size - len(world.rows(t.log_entry)) - len(world.rows(t.log_pending))
    acts = [Act("case.read", None, "assigned") for _ in range(missing)]
    with ledger.begin(world.sessions, world.keys, OPERATOR, world.now) as work:
        work.record_all(acts)
    world.sequence()


def anyone(world: World) -> FlaskClient:
    return world.app.test_client()


def keys_of(world: World) -> list[str]:
    return list(ledger.verifier_keys(world.keys))


def test_F80_everyone_gets_the_checkpoint_and_the_whole_tree_below_it(world: World) -> None:
    fill(world, 600)
    world.later(minutes=15)
    asking = anyone(world)
    answer = asking.get("/log/checkpoint")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert "max-age=5" in answer.headers["Cache-Control"]
    found = verify.open_checkpoint(answer.text, keys_of(world))
    assert found.size == 600
    leaves: list[bytes] = []
    for path in ("entries/000", "entries/001", "entries/002.p/88"):
        got = asking.get(f"/log/tile/{path}")
        assert got.content_type == "application/octet-stream"
        assert "immutable" in got.headers["Cache-Control"]
        leaves += tlog.unbundle(got.data)
    hashes = [tree.leaf_hash(leaf) for leaf in leaves]
    assert tree.root(hashes) == found.root
    tiles = [asking.get(f"/log/tile/0/{path}").data for path in ("000", "001", "002.p/88")]
    assert b"".join(tiles) == b"".join(hashes)
    tops = b"".join(tree.root(hashes[n : n + 256]) for n in (0, 256))
    assert asking.get("/log/tile/1/000.p/2").data == tops


def test_a_smaller_part_of_a_tile_stays_what_it_was(world: World) -> None:
    fill(world, 300)
    world.later(minutes=15)
    whole = anyone(world).get("/log/checkpoint") and anyone(world).get("/log/tile/0/000").data
    for width in (1, 17, 255):
        assert anyone(world).get(f"/log/tile/0/000.p/{width}").data == whole[: width * 32]


WRONG = [
    *("0/001.p/45", "0/001", "0/002.p/1", "1/000", "1/000.p/2", "1/001.p/1", "2/000.p/1"),
    *("0/000.p/256", "0/000.p/0", "0/000.p/01", "0/00", "0/0", "0/x000/000", "00/000", "64/000"),
    *("0/000/", "entries/x000/000", "entry/000", "0/-01", "0/000.p/1/", "0/000.p", "-1/000"),
    *("0/x999/x999/x999/x999/x999/999", "0/٠٠٠", "63/000", "../checkpoint", "0/000%00"),
]


@pytest.mark.parametrize("path", WRONG)
def test_V30_what_is_no_tile_of_the_published_tree_is_not_there(
    shared_sqlite_world: World, path: str
) -> None:
    world = shared_sqlite_world
    if anyone(world).get("/log/checkpoint").text.split("\n")[1] != "300":
        fill(world, 300)
        world.later(minutes=15)
    assert anyone(world).get(f"/log/tile/{path}").status_code == 404


def test_T16_within_a_round_the_public_sees_one_checkpoint(world: World) -> None:
    """Who knows when a partner pulled must not find its leaf by watching the log grow."""
    world.later(hours=1)
    first = anyone(world).get("/log/checkpoint").text
    reference = world.client(LANDLORD).refer(example("c1")).reference
    world.client(IDVA).pull(reference, "P2")
    world.later(minutes=14)
    world.sequence()
    again = anyone(world).get("/log/checkpoint").text
    assert again.split("\n")[:3] == first.split("\n")[:3]
    size = int(first.split("\n")[1])
    assert len(world.rows(t.log_entry)) > size
    assert anyone(world).get(f"/log/tile/entries/000.p/{size}").status_code == 200
    assert anyone(world).get(f"/log/tile/entries/000.p/{size + 1}").status_code == 404
    world.later(minutes=1)
    later = anyone(world).get("/log/checkpoint").text
    assert int(later.split("\n")[1]) == len(world.rows(t.log_entry))


def test_T16_the_first_act_of_a_quiet_day_is_not_shown_at_its_moment(world: World) -> None:
    world.later(hours=5)
    before = anyone(world).get("/log/checkpoint").text
    assert world.client(LANDLORD).refer(example("c1")).reference
    world.sequence()
    assert anyone(world).get("/log/checkpoint").text == before
    world.later(minutes=15)
    assert anyone(world).get("/log/checkpoint").text != before


# --- receipts ---------------------------------------------------------------------------------


def test_F73_a_receipt_is_one_file_that_verifies_itself(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.later(hours=1)
    landlord = world.client(LANDLORD)
    commitment = landlord.refer(example("c1")).claims["log"]["commitment"]
    proof = landlord.log_proof(commitment)
    assert proof.startswith("c2sp.org/tlog-proof@v1\nextra ")
    (tmp_path / "entry.tlog-proof").write_text(proof, encoding="utf-8")
    (tmp_path / "key").write_text("\n".join(keys_of(world)), encoding="utf-8")
    given = ["proof", "--key", str(tmp_path / "key"), str(tmp_path / "entry.tlog-proof")]
    assert verify.main([*given, "--commitment", commitment]) == verify.VERIFIED
    assert "is in: marac-gateway/" in capsys.readouterr().out
    assert verify.main([*given, "--commitment", "A" * 43]) == verify.REFUTED


def test_every_changed_character_of_a_receipt_is_refuted_or_unreadable(
    sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    landlord = world.client(LANDLORD)
    commitment = landlord.refer(example("c1")).claims["log"]["commitment"]
    proof, file = landlord.log_proof(commitment), tmp_path / "entry.tlog-proof"
    for place in range(len(proof)):
        other = "A" if proof[place] != "A" else "B"
        file.write_text(proof[:place] + other + proof[place + 1 :], encoding="utf-8")
        given = ["proof", "--key", keys_of(world)[0], str(file), "--commitment", commitment]
        assert verify.main(given) in (verify.REFUTED, verify.UNREADABLE), place
    for place in range(0, len(proof), 7):
        file.write_text(proof[:place], encoding="utf-8")
        given = ["proof", "--key", keys_of(world)[0], str(file), "--commitment", commitment]
        assert verify.main(given) in (verify.REFUTED, verify.UNREADABLE), place


def test_an_unknown_commitment_has_no_receipt(world: World) -> None:
    wire = world.wire(LANDLORD)
    answer = wire.ask("GET", f"/v1/log/proof?commit={'A' * 43}", "log:read")
    assert answer.status_code == 404


def test_a_receipt_leads_to_the_checkpoint_that_most_partners_signed(world: World) -> None:
    """A later checkpoint that nobody has signed yet is the weaker evidence."""
    reference = world.client(LANDLORD).refer(example("c1"))
    commitment = reference.claims["log"]["commitment"]
    world.sequence()
    world.later(hours=1)
    world.client(IDVA).list_cases()
    signed = int(world.client(IDVA).log_proof(commitment).split("\n\n")[1].split("\n")[1])
    assert world.rows(t.log_cosignature)[-1]["size"] == signed
    world.client(LANDLORD).refer(example("c2"))
    world.later(hours=1)
    assert anyone(world).get("/log/checkpoint").text.count("\u2014") == 1
    proof = world.client(LANDLORD).log_proof(commitment)
    assert proof.count("\u2014") == 2
    assert int(proof.split("\n\n")[1].split("\n")[1]) == signed


def test_the_tree_of_a_receipt_holds_the_very_commitment(world: World) -> None:
    landlord = world.client(LANDLORD)
    commitment = landlord.refer(example("c1")).claims["log"]["commitment"]
    answer = verify.read_receipt(landlord.log_proof(commitment))
    verify.check_inclusion(answer, keys_of(world), b64u_decode(commitment))

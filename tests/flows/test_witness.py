"""What an agency remembers of the log: it accepts one history, and keeps what shows a second."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.client import verify
from gateway.client.memory import EVIDENCE
from gateway.client.watch import Errands, Watch
from gateway.client.witness import HELD, LOG_KEYS, Forked, Witness
from gateway.errors import Unavailable, Undecipherable, UnsafeSettings
from gateway.sealing import notes, tree

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NEXT = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
PUBLIC = [KEY.public_key().public_bytes_raw()]
ORIGIN = notes.origin_of(PUBLIC)


class Told:
    """A log as an operator tells it: it signs whatever history it likes."""

    def __init__(self, *leaves: str) -> None:
        self.hashes = [tree.leaf_hash(leaf.encode()) for leaf in leaves]
        self.keys, self.publics = [KEY], list(PUBLIC)
        self.asked: list[tuple[int, int]] = []

    def note(self, size: int | None = None) -> str:
        hashes = self.hashes[:size]
        signed = notes.Checkpoint(ORIGIN, len(hashes), tree.root(hashes))
        return notes.sign_checkpoint(signed, self.keys[-1])

    def prove(self, old: int, new: int) -> Sequence[bytes]:
        self.asked.append((old, new))
        return tree.consistency_proof(lambda level, n: self.hashes if not level else [], old, new)

    def verifiers(self) -> Sequence[str]:
        return [notes.verifier_key(ORIGIN, public) for public in self.publics]

    def witness(self, folder: Path | None) -> Witness:
        return Witness(folder, verifiers=self.verifiers, prove=self.prove)


def numbered(count: int, mark: str = "") -> Told:
    return Told(*(f"{mark}{number}" for number in range(count)))


@pytest.fixture(params=["folder", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path if request.param == "folder" else None


def test_F80_what_grew_is_accepted_and_the_newer_one_kept(folder: Path | None) -> None:
    told = numbered(20)
    witness = told.witness(folder)
    assert witness.held() is None
    for size in (0, 3, 3, 8, 20):
        assert witness.accept(told.note(size)).size == size
        held = witness.held()
        assert held is not None
        assert held.size == size
    assert told.asked == [(3, 8), (8, 20)]


def test_F80_an_older_checkpoint_is_compared_too_and_the_newer_one_stays(
    folder: Path | None,
) -> None:
    told = numbered(20)
    witness = told.witness(folder)
    witness.accept(told.note(20))
    assert witness.accept(told.note(8)).size == 8
    held = witness.held()
    assert held is not None
    assert held.size == 20
    with pytest.raises(Forked):
        witness.accept(numbered(8, "other").note())


@pytest.mark.parametrize("size", [5, 8, 12, 1])
def test_T06_another_history_is_refused_whatever_its_size(folder: Path | None, size: int) -> None:
    """Rebuilt as a whole and signed with the true key: shorter, as long, longer."""
    told, other = numbered(8), numbered(20, "other")
    witness = told.witness(folder)
    witness.accept(told.note())
    told.hashes = other.hashes
    with pytest.raises(Forked):
        witness.accept(told.note(size))
    held = witness.held()
    assert held is not None
    assert held.root == tree.root(numbered(8).hashes)


def test_T06_the_evidence_is_kept_and_shows_both_signed_checkpoints(tmp_path: Path) -> None:
    told = numbered(8)
    witness = told.witness(tmp_path)
    witness.accept(told.note())
    told.hashes = numbered(12, "other").hashes
    with pytest.raises(Forked) as caught:
        witness.accept(told.note())
    path = caught.value.evidence
    assert path is not None
    assert path.parent == tmp_path / EVIDENCE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = json.loads(path.read_text())
    held, seen = (verify.open_checkpoint(found[name], found["keys"]) for name in ("held", "seen"))
    assert (held.size, seen.size, held.origin) == (8, 12, seen.origin)
    with pytest.raises(verify.NotVerified):
        verify.check_consistency(held, seen, [verify.base64url(step) for step in found["proof"]])


def test_what_is_held_outlives_the_process_and_is_for_the_agency_alone(tmp_path: Path) -> None:
    told = numbered(8)
    told.witness(tmp_path).accept(told.note())
    assert stat.S_IMODE((tmp_path / HELD).stat().st_mode) == 0o600
    told.hashes = numbered(12, "other").hashes
    with pytest.raises(Forked):
        told.witness(tmp_path).accept(told.note())


def test_a_gateway_that_gives_no_proof_changes_nothing(folder: Path | None) -> None:
    told = numbered(12)
    witness = told.witness(folder)
    witness.accept(told.note(8))

    def refuse(old: int, new: int) -> Sequence[bytes]:
        raise Unavailable

    held = witness.held()
    silent = Witness(folder, verifiers=told.verifiers, prove=refuse)
    if folder is not None:
        with pytest.raises(Unavailable):
            silent.accept(told.note(12))
    assert witness.held() == held


def test_what_the_log_did_not_sign_is_no_checkpoint(folder: Path | None) -> None:
    told = numbered(8)
    witness = told.witness(folder)
    witness.accept(told.note())
    forged = notes.Checkpoint(ORIGIN, 9, bytes(32))
    for note in (
        notes.sign_checkpoint(forged, NEXT),
        told.note().replace("\n8\n", "\n9\n"),
        "",
        "nonsense\n\nmore",
    ):
        with pytest.raises(Undecipherable):
            witness.accept(note)


def test_a_new_key_of_the_log_counts_beside_the_pinned_one_and_never_without(
    tmp_path: Path,
) -> None:
    told = numbered(8)
    witness = told.witness(tmp_path)
    witness.accept(told.note())
    told.keys, other = [NEXT], NEXT.public_key().public_bytes_raw()
    told.publics = [other]
    with pytest.raises(Undecipherable):
        witness.accept(told.note())
    told.publics = [other, *PUBLIC]
    assert witness.accept(told.note()).size == 8
    assert (tmp_path / LOG_KEYS).read_text().split() == list(told.verifiers())


def test_two_processes_of_an_agency_never_lose_what_one_of_them_saw(tmp_path: Path) -> None:
    """Both hold 1; while one asks for its proof, the other has already accepted a later one."""
    told = numbered(20)
    told.witness(tmp_path).accept(told.note(1))
    slow, gate = told.witness(tmp_path), threading.Event()
    plain = told.prove

    def prove(old: int, new: int) -> Sequence[bytes]:
        if (old, new) == (1, 8):
            told.witness(tmp_path).accept(told.note(20))
            gate.set()
        return plain(old, new)

    slow._prove = prove
    assert slow.accept(told.note(8)).size == 8
    assert gate.is_set()
    held = slow.held()
    assert held is not None
    assert held.size == 20


def test_a_memory_that_cannot_be_read_is_no_empty_memory(tmp_path: Path) -> None:
    told = numbered(8)
    told.witness(tmp_path).accept(told.note())
    (tmp_path / HELD).unlink()
    (tmp_path / HELD).mkdir()
    with pytest.raises(UnsafeSettings):
        told.witness(tmp_path).accept(told.note())


def test_keys_that_opened_nothing_are_not_pinned(folder: Path | None) -> None:
    """One bad answer to the very first question would else shut the agency out for ever."""
    told = numbered(3)
    answers = [["nonsense"], [], told.verifiers()]
    witness = Witness(folder, verifiers=lambda: answers.pop(0), prove=told.prove)
    with pytest.raises(Undecipherable):
        witness.accept(told.note())
    answers.insert(1, [])  # asked for twice: none of them signed
    with pytest.raises(Undecipherable):
        witness.accept(told.note())
    assert witness.memory.read(LOG_KEYS) is None
    assert witness.accept(told.note()).size == 3
    assert witness.memory.read(LOG_KEYS) == "".join(f"{key}\n" for key in told.verifiers())


def test_an_answer_to_a_countersignature_that_cannot_be_read_stops_nothing() -> None:
    """The same call pulls a case afterwards: a life may hang on it."""
    told, sent = numbered(0), list[str]()

    def post(path: str, body: Mapping[str, Any]) -> Any:
        sent.append(path)
        raise Undecipherable("a page of some proxy")

    errands = Errands(
        fetch=lambda path: told.note().encode(),
        post=post,
        state=lambda claims: "statement",
        now=lambda: 1_800_000_000,
    )
    watch = Watch(
        told.witness(None), errands, agency_id="idva", base_url="x", key=NEXT, log_key=None
    )
    watch.attend()
    watch.attend()
    assert sent == ["/v1/log/witnesses"], "and once in a round is enough"

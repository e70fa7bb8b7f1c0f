"""`gateway-verify`: an outsider's check, with nothing of ours but one file."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from sqlalchemy.orm import Session

from gateway import ledger
from gateway.client import verify
from gateway.errors import Undecipherable
from gateway.sealing import keys as key_files
from gateway.sealing import notes
from gateway.sealing.jose import b64u
from tests.flows.a_log import LANDLORD, Log, a_log

FILE = Path(verify.__file__)


class Outsider:
    """A folder with what the API once answered, and the public key of the log."""

    def __init__(self, log: Log, folder: Path) -> None:
        self.log, self.folder = log, folder
        self.entries = log.read_many(40)
        self.old = self.checkpoint()
        self.entries += log.read_many(30, LANDLORD)
        self.entries += log.read_many(7)
        self.new = self.checkpoint()
        self.key = ledger.verifier_keys(log.keys)[0]
        self.write("old", self.old)
        self.write("new", json.dumps({"checkpoint": self.new}))
        self.write("key", self.key + "\n")
        self.write("proof", json.dumps({"proof": self.proof(40, 77)}))
        self.write("entry", json.dumps(self.entry(50)))

    def checkpoint(self) -> str:
        with Session(self.log.engine) as session:
            return ledger.newest_checkpoint(session)

    def proof(self, old: int, new: int) -> list[str]:
        with Session(self.log.engine) as session:
            return [b64u(step) for step in ledger.consistency(session, old, new)]

    def entry(self, number: int) -> dict[str, Any]:
        with Session(self.log.engine) as session:
            return ledger.inclusion(session, self.entries[number].commitment).as_json()

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def run(self, *arguments: str) -> int:
        command, *rest = arguments
        return verify.main([command, "--key", self.path("key"), *rest])


@pytest.fixture
def outsider(sqlite_url: str, tmp_path: Path) -> Iterator[Outsider]:
    with a_log(sqlite_url, tmp_path) as log:
        yield Outsider(log, tmp_path)


# --- alone ------------------------------------------------------------------------------------


def test_F73_the_verifier_imports_only_python_and_cryptography() -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
        )
    }
    assert imported <= sys.stdlib_module_names | {"cryptography"}
    assert not any(isinstance(n, ast.ImportFrom) and n.level for n in ast.walk(tree))


def test_F73_the_verifier_runs_as_a_copied_file_without_the_gateway(outsider: Outsider) -> None:
    alone = outsider.write("alone.py", FILE.read_text(encoding="utf-8"))
    # -I: neither the current folder nor PYTHONPATH, so that nothing of ours is in reach
    check = "import sys; sys.modules['gateway'] = None; import runpy; sys.argv[:1] = []; "
    program = check + "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-c", program, alone, "inclusion", "--key", outsider.key]
    done = subprocess.run(
        [*command, outsider.path("entry")], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("entry 50 is in: marac-gateway/")


# --- what holds --------------------------------------------------------------------------------


def test_what_the_gateway_gave_is_verified(
    outsider: Outsider, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outsider.run("checkpoint", outsider.path("old")) == verify.VERIFIED
    assert outsider.run("checkpoint", outsider.path("new")) == verify.VERIFIED
    assert outsider.run("inclusion", outsider.path("entry")) == verify.VERIFIED
    names = [outsider.path(name) for name in ("old", "new", "proof")]
    assert outsider.run("consistency", *names) == verify.VERIFIED
    assert "from 40 entries on, only added to" in capsys.readouterr().out


def test_F73_every_entry_and_every_pair_of_sizes_is_verified(outsider: Outsider) -> None:
    for number in range(77):
        entry = outsider.entry(number)
        commitment = outsider.entries[number].commitment
        assert verify.check_inclusion(entry, [outsider.key], commitment).size == 77
    old = verify.open_checkpoint(outsider.old, [outsider.key])
    new = verify.open_checkpoint(outsider.new, [outsider.key])
    empty = verify.Checkpoint(new.origin, 0, bytes(32))
    proof = [verify.base64url(step) for step in outsider.proof(40, 77)]
    verify.check_consistency(old, new, proof)
    verify.check_consistency(new, new, [])
    verify.check_consistency(empty, new, [])


def test_a_receipts_commitment_and_record_are_verified(outsider: Outsider) -> None:
    entry = outsider.entries[50]
    record = outsider.write("record", rfc8785.dumps(dict(entry.record)).decode())
    given = [outsider.path("entry"), "--commitment", b64u(entry.commitment)]
    salted = ["--salt", b64u(entry.salt), "--record", record]
    assert outsider.run("inclusion", *given) == verify.VERIFIED
    assert outsider.run("inclusion", *given, *salted) == verify.VERIFIED
    assert outsider.run("inclusion", given[0], *salted) == verify.VERIFIED
    outsider.write("record", "{}")
    assert outsider.run("inclusion", *given, *salted) == verify.REFUTED
    assert outsider.run("inclusion", given[0], *salted) == verify.REFUTED


def test_a_salt_and_a_commitment_may_begin_with_a_hyphen(
    outsider: Outsider, capsys: pytest.CaptureFixture[str]
) -> None:
    salt, number = b"\xf8" + bytes(31), 0
    while (made := hashlib.sha256(salt + b"%d" % number).digest())[0] >> 2 != 0b111110:
        number += 1
    record = outsider.write("record", str(number))
    given = ["--salt", b64u(salt), "--record", record, "--commitment"]
    assert outsider.run("inclusion", outsider.path("entry"), *given, b64u(made)) == verify.REFUTED
    assert "holds another commitment" in capsys.readouterr().err
    other = b64u(b"\xf8" * 32)
    assert outsider.run("inclusion", outsider.path("entry"), *given, other) == verify.REFUTED
    assert "another record" in capsys.readouterr().err


def test_a_checkpoint_signed_before_the_keys_changed_still_holds(
    outsider: Outsider, tmp_path: Path
) -> None:
    key_files.rotate(tmp_path / "keys", "log", on=date(2026, 12, 1))
    rotated = key_files.load(tmp_path / "keys")
    keys = ledger.verifier_keys(rotated)
    assert len(keys) == 2
    origin = notes.origin_of(rotated.log_public)
    later = notes.sign_checkpoint(notes.Checkpoint(origin, 77, bytes(32)), rotated.log)
    assert verify.open_checkpoint(outsider.old, keys).origin == origin
    assert verify.open_checkpoint(later, keys).origin == origin
    with pytest.raises(verify.NotVerified):
        verify.open_checkpoint(later, keys[1:])


def test_another_witness_line_is_passed_over(outsider: Outsider) -> None:
    witness = f"\u2014 witness.example {base64.b64encode(bytes(76)).decode()}\n"
    assert verify.open_checkpoint(outsider.old + witness, [outsider.key]).size == 40
    first, _, last = outsider.old.rpartition("\n\n")
    assert verify.open_checkpoint(first + "\n\n" + witness + last, [outsider.key]).size == 40


def test_an_agency_finds_its_own_entries_and_notices_a_missing_one(
    outsider: Outsider, capsys: pytest.CaptureFixture[str]
) -> None:
    with Session(outsider.log.engine) as session:
        own = ledger.ensure_agency_log_key(session, outsider.log.keys, "oak")
        other = ledger.ensure_agency_log_key(session, outsider.log.keys, "larch")
    given = ["--log-key", outsider.write("own", b64u(own) + "\n")]
    files = [
        outsider.write(f"entry-{number}", json.dumps(outsider.entry(number)))
        for number in range(35, 77)
    ]
    assert outsider.run("own", *given, *files) == verify.VERIFIED
    assert "from 1 to 30" in capsys.readouterr().out
    assert outsider.run("own", *given, *files[:20], *files[21:]) == verify.REFUTED
    assert "[16]" in capsys.readouterr().err
    given = ["--log-key", outsider.write("other", b64u(other))]
    assert outsider.run("own", *given, *files) == verify.REFUTED


# --- what does not ------------------------------------------------------------------------------


def flip(text: str, place: int) -> str:
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another leaf": lambda e: e.update(leaf=flip(e["leaf"], 20)),
    "another place": lambda e: e.update(index=e["index"] ^ 1),
    "a place beyond": lambda e: e.update(index=77),
    "another size": lambda e: e.update(size=76),
    "another step": lambda e: e["proof"].__setitem__(2, flip(e["proof"][2], 3)),
    "a step less": lambda e: e["proof"].pop(),
    "a step more": lambda e: e["proof"].append(e["proof"][0]),
    "steps exchanged": lambda e: e["proof"].reverse(),
    "another root": lambda e: e.update(checkpoint=e["checkpoint"].replace("\n77\n", "\n78\n")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_inclusion_is_refuted(
    outsider: Outsider, change: Callable[[dict[str, Any]], object]
) -> None:
    entry = outsider.entry(50)
    change(entry)
    assert outsider.run("inclusion", outsider.write("entry", json.dumps(entry))) == verify.REFUTED


def test_another_commitment_is_refuted(outsider: Outsider) -> None:
    other = b64u(outsider.entries[51].commitment)
    given = [outsider.path("entry"), "--commitment", other]
    assert outsider.run("inclusion", *given) == verify.REFUTED


def test_every_changed_character_of_a_checkpoint_is_refuted_or_unreadable(
    outsider: Outsider,
) -> None:
    for place in range(len(outsider.old)):
        file = outsider.write("changed", flip(outsider.old, place))
        assert outsider.run("checkpoint", file) in (verify.REFUTED, verify.UNREADABLE), place


def test_a_checkpoint_of_another_log_is_refuted(outsider: Outsider, tmp_path: Path) -> None:
    key_files.make(tmp_path / "others", on=date(2026, 11, 1))
    others = key_files.load(tmp_path / "others")
    origin = notes.origin_of(others.log_public)
    file = outsider.write(
        "other", notes.sign_checkpoint(notes.Checkpoint(origin, 1, bytes(32)), others.log)
    )
    assert outsider.run("checkpoint", file) == verify.REFUTED
    impostor = notes.Checkpoint(notes.origin_of(outsider.log.keys.log_public), 1, bytes(32))
    file = outsider.write("other", notes.sign_checkpoint(impostor, others.log))
    assert outsider.run("checkpoint", file) == verify.REFUTED


def test_a_text_that_is_signed_for_another_origin_is_refuted(outsider: Outsider) -> None:
    """The signature is by the right key; the text is not a checkpoint of that log."""
    key, publics = outsider.log.keys.log, outsider.log.keys.log_public
    origin = notes.origin_of(publics)
    text = f"elsewhere\n1\n{base64.b64encode(bytes(32)).decode()}\n"
    signature = notes.key_id(origin, publics[0]) + key.sign(text.encode())
    note = f"{text}\n\u2014 {origin} {base64.b64encode(signature).decode()}\n"
    assert outsider.run("checkpoint", outsider.write("note", note)) == verify.REFUTED


def test_a_log_that_was_rewritten_is_refuted(outsider: Outsider) -> None:
    origin = notes.origin_of(outsider.log.keys.log_public)
    for size in (40, 77, 90):
        other = notes.Checkpoint(origin, size, bytes(32))
        file = outsider.write("other", notes.sign_checkpoint(other, outsider.log.keys.log))
        given = [outsider.path("old"), file, outsider.path("proof")]
        assert outsider.run("consistency", *given) == verify.REFUTED
    backwards = [outsider.path("new"), outsider.path("old"), outsider.path("proof")]
    assert outsider.run("consistency", *backwards) == verify.REFUTED


BROKEN = [
    "",
    "[]",
    "{",
    "{}",
    "[" * 100_000,
    '{"index": true, "leaf": "", "size": 1, "proof": [], "checkpoint": ""}',
    '{"index": -1, "leaf": "", "size": 1, "proof": [], "checkpoint": ""}',
    '{"index": 1e400, "leaf": "", "size": 1, "proof": [], "checkpoint": ""}',
    '{"index": 0, "leaf": "=", "size": 1, "proof": [], "checkpoint": ""}',
    '{"index": 0, "leaf": "\\u00e9", "size": 1, "proof": [], "checkpoint": ""}',
    '{"index": 0, "leaf": "AB", "size": 1, "proof": [], "checkpoint": ""}',
    '{"index": 0, "leaf": "", "size": 1, "proof": [], "checkpoint": "x"}',
]


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("command", ["checkpoint", "inclusion"])
def test_what_is_not_of_the_form_is_called_unreadable(
    outsider: Outsider, text: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outsider.run(command, outsider.write("broken", text)) == verify.UNREADABLE
    assert "cannot be read" in capsys.readouterr().err


def test_bytes_that_are_no_text_and_files_that_are_not_there(outsider: Outsider) -> None:
    (outsider.folder / "binary").write_bytes(b"\xff\xfe")
    assert outsider.run("checkpoint", outsider.path("binary")) == verify.UNREADABLE
    assert outsider.run("checkpoint", outsider.path("nowhere")) == verify.UNREADABLE


@pytest.mark.parametrize("proof", ['{"proof": 1}', '{"proof": ["AA"]}', '{"proof": [1]}', "{}"])
def test_a_malformed_consistency_proof_is_unreadable(outsider: Outsider, proof: str) -> None:
    file = outsider.write("broken", proof)
    given = [outsider.path("old"), outsider.path("new"), file]
    assert outsider.run("consistency", *given) == verify.UNREADABLE


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key.replace("+", "-"),
        lambda key: flip(key, key.index("+") + 1),
        lambda key: key[:-4],
        lambda key: key.rpartition("+")[0] + "+" + base64.b64encode(b"\x04" + bytes(32)).decode(),
    ],
)
def test_a_malformed_key_is_unreadable(outsider: Outsider, change: Callable[[str], str]) -> None:
    outsider.write("key", change(outsider.key))
    assert outsider.run("checkpoint", outsider.path("old")) == verify.UNREADABLE


def test_our_own_reader_refuses_what_the_verifier_refuses(outsider: Outsider) -> None:
    """Two readers of checkpoints, written apart, agree on every changed character."""
    publics = outsider.log.keys.log_public
    origin = notes.origin_of(publics)

    def ours(note: str) -> bool:
        try:
            notes.open_checkpoint(note, origin=origin, publics=publics)
        except Undecipherable:
            return False
        return True

    def theirs(note: str) -> bool:
        try:
            verify.open_checkpoint(note, [outsider.key])
        except (verify.NotVerified, verify.Unreadable):
            return False
        return True

    assert ours(outsider.old)
    assert theirs(outsider.old)
    for place in range(len(outsider.old)):
        changed = flip(outsider.old, place)
        assert not ours(changed)
        assert not theirs(changed)

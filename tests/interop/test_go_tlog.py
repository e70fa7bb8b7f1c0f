"""The log as Go reads it: note and tlog of its x/mod/sumdb, from Debian, over HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from gateway import ledger
from gateway.client import config, verify
from gateway.client.http import Sender
from gateway.demo import world
from gateway.demo.service import Place
from gateway.ledger import OPERATOR, Act
from gateway.sealing import keys as key_files
from gateway.sealing import notes
from gateway.sealing.jose import b64u
from gateway.store.engine import make_engine, make_sessions
from tests.database import fresh
from tests.interop.served import a_service
from tests.needs import go_sumdb

pytestmark = pytest.mark.needs("go")

ENTRIES = 10_000
IDVA = "marlbury-idva"
SOURCE = Path(__file__).with_name("tlog") / "main.go"


@dataclass(frozen=True)
class Reader:
    """The Go program, and what it is told of a log of 10,000 entries."""

    program: Path
    folder: Path
    partner: Path  # that countersigned it
    url: str
    key: str
    witness: str

    def run(self, *options: str, url: str = "", key: str = "") -> tuple[int, str]:
        """The exit code, and what was printed."""
        command = [self.program, *options, f"{url or self.url}/log", key or self.key]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def path(self, name: str) -> str:
        """A file that was kept beside the program."""
        return str(self.folder / name)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built without modules and without a way out."""
    folder = tmp_path_factory.mktemp("go")
    (folder / "src").mkdir()
    (folder / "src" / "sumdb").symlink_to(go_sumdb())
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(folder),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "GOPROXY": "off",
    }
    command = ["go", "build", "-o", str(folder / "tlog"), str(SOURCE)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=240)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    return folder / "tlog"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def reader(
    request: pytest.FixtureRequest, program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    """A log of 10,000 entries, some of them of a partner that countersigned it and kept proofs."""
    folder = tmp_path_factory.mktemp("kept")
    with ExitStack() as stack:
        url = stack.enter_context(fresh(request, folder))
        filled: list[bytes] = []
        place = stack.enter_context(
            a_service(url, folder, lambda place: filled.append(_fill(place, folder)))
        )
        keys, base = key_files.load(place.settings.keys), place.settings.base_url
        sender = Sender(base)
        client = world.connect(
            IDVA, sender, base_url=base, folder=place.agencies, clock=lambda: datetime.now(UTC)
        )
        client.list_cases()
        (witness,) = client.witnesses()["witnesses"]
        (folder / "entry.tlog-proof").write_text(client.log_proof(b64u(filled[0])), "utf-8")
        forged = notes.Checkpoint(notes.origin_of(keys.log_public), 5000, bytes(32))
        (folder / "forged").write_text(notes.sign_checkpoint(forged, keys.log), encoding="utf-8")
        sender.close()
        key, partner = ledger.verifier_keys(keys)[0], place.agencies / IDVA
        yield Reader(program, folder, partner, base, key, witness["verifier"])


def _fill(place: Place, folder: Path) -> bytes:
    """Record and sequence 10,000 entries two hours ago; the commitment of one of them.

    The checkpoint of some half of them is kept as `old`. Done before the service runs: what its own
    sequencer signs now is published a quarter of an hour later.
    """
    engine = make_engine(place.settings.database_url)
    sessions, keys = make_sessions(engine), key_files.load(place.settings.keys)
    earlier = datetime.now(UTC) - timedelta(hours=2)
    with ledger.begin(sessions, keys, OPERATOR, earlier) as work:
        mine = work.record("case.read", None, because="assigned")
        work.record_all([Act("case.read", None, "assigned") for _ in range(ENTRIES // 2)])
    _sequence(sessions, keys, earlier)
    with ledger.reading_log(sessions) as session:
        old = ledger.newest_checkpoint(session)
    (folder / "old").write_text(old, encoding="utf-8")
    size = verify.open_checkpoint(old, ledger.verifier_keys(keys)).size
    with ledger.begin(sessions, keys, OPERATOR, earlier) as work:
        work.record_all([Act("case.read", None, "assigned") for _ in range(ENTRIES - size)])
    _sequence(sessions, keys, earlier)
    engine.dispose()
    return mine.commitment


def _sequence(sessions: ledger.Sessions, keys: key_files.Keys, now: datetime) -> None:
    while ledger.sequence(sessions, keys, now=now):
        pass


def test_M5_go_verifies_ten_thousand_entries(reader: Reader) -> None:
    """Signature, root from all entries, 200 inclusions and a growth proved from tiles alone."""
    kept = ["-old", reader.path("old"), "-proof", reader.path("entry.tlog-proof")]
    code, said = reader.run(*kept, "-witness", reader.witness)
    assert (code, said) == (0, f"verified {ENTRIES} entries\n")


def test_go_passes_over_the_signatures_of_witnesses_it_does_not_know(reader: Reader) -> None:
    assert requests.get(f"{reader.url}/log/checkpoint", timeout=10).text.count("\u2014") == 2
    assert reader.run()[0] == 0


# --- forged -----------------------------------------------------------------------------------

Spoil = Callable[[str, bytes], bytes]


def flipped(path: str, place: int) -> Spoil:
    """One byte of one file is another."""

    def spoil(asked: str, data: bytes) -> bytes:
        if asked != path:
            return data
        at = place % len(data)
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return spoil


def cut(path: str) -> Spoil:
    """One file ends one byte early."""
    return lambda asked, data: data[:-1] if asked == path else data


FORGED: dict[str, Spoil] = {
    "a flipped leaf": flipped("/log/tile/entries/017", 100),
    "a flipped leaf at the end": flipped("/log/tile/entries/039.p/16", -1),
    "a flipped length": flipped("/log/tile/entries/000", 1),
    "a flipped hash": flipped("/log/tile/0/020", 3),
    "a flipped node": flipped("/log/tile/1/000.p/39", 32 * 20),
    "a flipped root": flipped("/log/checkpoint", 40),
    "a cut bundle": cut("/log/tile/entries/021"),
    "a cut tile": cut("/log/tile/0/000"),
    "a cut checkpoint": cut("/log/checkpoint"),
}


@contextmanager
def between(url: str, spoil: Spoil) -> Iterator[str]:
    """Somebody between the log and its reader."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            got = requests.get(url + self.path, timeout=10)
            data = spoil(self.path, got.content)
            self.send_response(got.status_code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_go_verifies_through_somebody_who_changes_nothing(reader: Reader) -> None:
    with between(reader.url, lambda _, data: data) as url:
        assert reader.run(url=url)[0] == 0


@pytest.mark.parametrize("spoil", FORGED.values(), ids=FORGED.keys())
def test_M5_go_refuses_what_was_changed_on_the_way(reader: Reader, spoil: Spoil) -> None:
    with between(reader.url, spoil) as url:
        code, said = reader.run(url=url)
    assert code == 1, said
    assert said.startswith("NOT VERIFIED: ")


def test_M5_go_refuses_a_log_that_contradicts_a_checkpoint_that_was_kept(reader: Reader) -> None:
    code, said = reader.run("-old", reader.path("forged"))
    assert (code, said.split(":")[:2]) == (1, ["NOT VERIFIED", " growth"])


def test_go_refuses_another_key_and_a_witness_that_did_not_sign(reader: Reader) -> None:
    other = notes.verifier_key(reader.key.split("+")[0], bytes(31) + b"\x01")
    assert reader.run(key=other)[0] == 1
    name = reader.witness.split("+")[0]
    nobody = str(notes.Verifier(name, notes.WITNESS, bytes(31) + b"\x01"))
    code, said = reader.run("-witness", nobody)
    assert (code, said) == (1, "NOT VERIFIED: the witness did not sign\n")


def test_go_refuses_a_changed_receipt(reader: Reader) -> None:
    text = Path(reader.path("entry.tlog-proof")).read_text("utf-8")
    number = text.split("index ")[1].split("\n")[0]
    moved = text.replace(f"index {number}", f"index {int(number) + 1}")
    Path(reader.path("moved")).write_text(moved, "utf-8")
    code, said = reader.run("-proof", reader.path("moved"))
    assert (code, said.split(":")[:2]) == (1, ["NOT VERIFIED", " receipt"])


def test_the_keys_folder_of_the_witness_holds_what_it_signed(
    reader: Reader,
) -> None:
    held = (reader.partner / "log-checkpoint").read_text("utf-8")
    assert verify.open_checkpoint(held, [reader.key]).size >= ENTRIES
    assert config.load_keys(reader.partner).witness is not None

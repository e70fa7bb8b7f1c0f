"""A stolen disk tells nothing: no plain text in database, log, temporary files or core dumps.

A whole case is lived through against the real service, on a machine that would write down whatever
crashes; then everything that was written is searched.
"""

from __future__ import annotations

import base64
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.store import tables as t
from tests.database import RUN, behind, fresh
from tests.host.planted import WORDS, a_form, live, readable
from tests.host.running import ROOT, Running, a_port, running

# Notes which files the service's own Python opened for writing; read by its interpreter at start.
WATCH = """
import os, sys
_out = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def _watch(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & 3:
        os.write(_out, f"{arguments[0]}\\n".encode())
sys.addaudithook(_watch)
"""


@dataclass(frozen=True)
class Lived:
    """A service in which a case was lived through, and where it keeps what."""

    service: Running
    database: str
    reference: str

    def files(self) -> list[Path]:
        """Every file that the service wrote, and those of a PostgreSQL that these tests started."""
        folders = [self.service.folder]
        data = Path(os.environ[RUN]) / "data"
        if self.database.startswith("postgresql") and data.is_dir():
            folders.append(data)
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lived]:
    folder: Path = tmp_path_factory.mktemp("silence")
    with fresh(request, folder) as url, living(url, folder) as made:
        yield made


@contextmanager
def living(url: str, folder: Path) -> Iterator[Lived]:
    for name in ("tmp", "site"):
        (folder / name).mkdir()
    (folder / "site" / "sitecustomize.py").write_text(WATCH)
    port = a_port()
    environment = {
        "TMPDIR": str(folder / "tmp"),
        "SQLITE_TMPDIR": str(folder / "tmp"),
        "WATCHED": str(folder / "opened"),
        "PYTHONPATH": os.pathsep.join([str(folder / "site"), str(ROOT)]),
    }
    with running(
        url,
        folder,
        base_url=f"http://127.0.0.1:{port}",
        bind=f"127.0.0.1:{port}",
        environment=environment,
        prepare=allow_core_dumps,
    ) as service:
        service.wait()
        yield Lived(service, url, live(service))


def allow_core_dumps() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


# --- the search itself ------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_the_search_finds_each_word_in_each_spelling(before: str) -> None:
    for word in WORDS:
        text = f"{before}{word}, and more".encode()
        for written in (
            text,
            text.decode().encode("utf-16-le"),
            text.hex().encode(),
            base64.b64encode(text),
            base64.urlsafe_b64encode(text),
        ):
            assert word in readable(b"\0x" + written + b"x\0")


def test_every_word_is_told_in_the_form() -> None:
    assert readable(str(a_form()).encode()) == set(WORDS)


# --- what was written -------------------------------------------------------------------------


def test_T05_F66_nothing_planted_is_in_any_table(lived: Lived) -> None:
    heap = bytearray()
    engine = behind(lived.database)
    with engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                for value in row:
                    heap += (value if isinstance(value, bytes) else str(value).encode()) + b"\0"
    engine.dispose()
    assert len(heap) > 20_000
    assert readable(bytes(heap)) == set()


def test_T05_nothing_planted_is_in_any_file(lived: Lived) -> None:
    """Database, its log and index, the store of used proofs, keys, output, temporary files."""
    files = lived.files()
    names = {path.name for path in files}
    assert {"service.log", "opened"} <= names
    if lived.database.startswith("sqlite"):
        assert {"gateway.db", "gateway.db-wal", "gateway.db-shm"} <= names
        assert any(name.startswith("gateway.db.replay.") for name in names)
    for path in files:
        with suppress(FileNotFoundError):  # PostgreSQL goes on working
            assert readable(path.read_bytes()) == set(), path.name


def test_T05_no_temporary_file_holds_a_request(lived: Lived) -> None:
    """gunicorn's heartbeats are the only ones, and empty; nothing is spooled, however large."""
    temporary = lived.service.folder / "tmp"
    opened = (lived.service.folder / "opened").read_text().splitlines()
    made = [path for path in opened if path.startswith(str(temporary))]
    assert made
    # The eight letters are Python's own trial whether the folder can be written.
    assert [p for p in made if not re.fullmatch(r"wgunicorn-\w+|[a-z0-9_]{8}", Path(p).name)] == []
    assert list(temporary.iterdir()) == []


def test_T16_V18_what_the_service_prints_names_no_case_and_no_path(lived: Lived) -> None:
    said = lived.service.output.read_text()
    for word in (lived.reference, "/v1/", "/oauth/", *WORDS):
        assert word not in said


def test_T05_what_is_open_but_deleted_tells_nothing(lived: Lived) -> None:
    for pid in (lived.service.process.pid, *lived.service.workers()):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            if os.readlink(entry).endswith("(deleted)"):
                assert readable(entry.read_bytes()) == set()


# --- what a crash would write -----------------------------------------------------------------


def test_T05_a_worker_that_crashes_leaves_no_core_dump(lived: Lived) -> None:
    service = lived.service
    for crash in (signal.SIGABRT, signal.SIGSEGV):
        pid = service.workers()[0]
        (limit,) = (
            line.split()[4:6]
            for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
            if line.startswith("Max core file size")
        )
        assert limit == ["0", "0"]
        os.kill(pid, crash)
        until = time.monotonic() + 30
        while pid in service.workers() and time.monotonic() < until:
            time.sleep(0.05)
        assert pid not in service.workers()
        service.wait()
    left = [path.name for path in service.folder.rglob("core*")]
    assert left == []
    assert "core dumped" not in service.output.read_text()


CRASHING = """
import ctypes, os, resource, signal
from gateway import host
host.close()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
assert os.umask(0) == 0o077
os.kill(os.getpid(), signal.SIGSEGV)
"""


def test_T05_a_process_that_closed_itself_is_never_written_down(tmp_path: Path) -> None:
    """Neither to a file nor through a pipe to whatever collects crashes."""
    died = subprocess.Popen(
        [sys.executable, "-c", CRASHING],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=allow_core_dumps,
    )
    _, status = os.waitpid(died.pid, 0)
    died.returncode = status
    assert os.WTERMSIG(status) == signal.SIGSEGV
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []

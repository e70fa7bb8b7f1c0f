"""A service as an operator runs it, with its own environment, its partners enrolled."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.client.gateway import Gateway
from gateway.client.http import Sender
from gateway.demo import world
from gateway.errors import Unavailable
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions
from tests.journeys.world import LONG_AGO

PUBLIC = "/.well-known/jwks.json"
ROOT = Path(__file__).resolve().parents[2]


def a_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@dataclass
class Running:
    """A running service; `senders` are its partners' connections."""

    base_url: str
    folder: Path
    process: subprocess.Popen[bytes]
    ca: Path | None = None
    senders: list[Sender] = field(default_factory=list)

    @property
    def output(self) -> Path:
        """All that it wrote to its terminal."""
        return self.folder / "service.log"

    def sender(self) -> Sender:
        """A connection of its own."""
        self.senders.append(Sender(self.base_url, ca=self.ca))
        return self.senders[-1]

    def client(self, agency_id: str) -> Gateway:
        """The client of a partner."""
        return world.connect(
            agency_id,
            self.sender(),
            base_url=self.base_url,
            folder=self.folder / "agencies",
            clock=lambda: datetime.now(UTC),
            worker=world.worker_of(agency_id),
        )

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def wait(self) -> None:
        """Wait until it answers."""
        sender = Sender(self.base_url, ca=self.ca)
        for _ in range(400):
            assert self.process.poll() is None, self.output.read_text()
            with suppress(Unavailable):
                if sender("GET", f"{self.base_url}{PUBLIC}", {}, None).status == 200:
                    break
            time.sleep(0.1)
        sender.close()


@contextmanager
def running(
    database_url: str,
    folder: Path,
    *,
    base_url: str,
    bind: str,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    ca: Path | None = None,
    prepare: Callable[[], None] | None = None,
) -> Iterator[Running]:
    """Run `gateway serve` in `folder`; `prepare` runs in the new process, before anything else."""
    keys.make(folder / "keys", on=LONG_AGO)
    engine = make_engine(database_url)
    held = keys.load(folder / "keys")
    world.enrol(make_sessions(engine), held, folder / "agencies", datetime.now(UTC))
    engine.dispose()
    command = [sys.executable, "-c", "from gateway.main import main; main()", "serve"]
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--bind", bind, *arguments],
            cwd=folder,
            env={
                **_inherited(),
                "GATEWAY_MODE": "production" if base_url.startswith("https:") else "demo",
                "GATEWAY_BASE_URL": base_url,
                "GATEWAY_DATABASE_URL": database_url,
                "GATEWAY_KEYS": str(folder / "keys"),
                "PYTHONPATH": str(ROOT),
                **(environment or {}),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=prepare,
        )
    made = Running(base_url, folder, process, ca)
    try:
        yield made
    finally:
        for sender in made.senders:
            sender.close()
        process.terminate()
        process.wait(60)


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}

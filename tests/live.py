"""The service as it is run: gunicorn with two workers, over HTTP on loopback, partners enrolled."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from gateway.cli.serve import options
from gateway.client.gateway import Gateway
from gateway.client.http import Sender
from gateway.config import Token
from gateway.demo import world as demo
from gateway.errors import Unavailable
from gateway.sealing import keys as key_files
from gateway.sealing.keys import Keys
from gateway.store.engine import Sessions, make_engine, make_sessions
from tests.database import behind
from tests.journeys.world import LONG_AGO, ROOT


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Service:
    """A running service, and its partners' clients."""

    base_url: str
    folder: Path
    sessions: Sessions
    keys: Keys
    process: subprocess.Popen[bytes]
    environment: Mapping[str, str] = field(repr=False)
    _senders: list[Sender] = field(default_factory=list)

    def client(self, agency_id: str, worker: str | None = None) -> Gateway:
        """A client with a connection of its own."""
        sender = Sender(self.base_url)
        self._senders.append(sender)
        return self.speak(agency_id, sender, worker)

    def speak(self, agency_id: str, send: Any, worker: str | None = None) -> Gateway:
        return demo.connect(
            agency_id,
            send,
            base_url=self.base_url,
            folder=self.folder / "agencies",
            clock=now,
            worker=worker,
        )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands beside the running service."""
        return subprocess.run(
            self.line(*words),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    @staticmethod
    def line(*words: str) -> list[str]:
        """The words of an operator's command."""
        return [sys.executable, "-m", "gateway.main", *words]

    @contextlib.contextmanager
    def behind(self) -> Iterator[Session]:
        """A session behind the second wall."""
        engine = behind(self.environment["GATEWAY_DATABASE_URL"])
        with Session(engine) as session:
            yield session
        engine.dispose()

    def close(self) -> None:
        for sender in self._senders:
            sender.close()


@contextlib.contextmanager
def running(url: str, folder: Path, token: Token | None = None) -> Iterator[Service]:
    """Enrol the partners, start gunicorn, stop it by its own process id.

    With a `token` the epoch keys lie there.
    """
    key_files.make(folder / "keys", on=LONG_AGO, token=token)
    engine = make_engine(url)
    sessions, keys = make_sessions(engine), key_files.load(folder / "keys", token)
    demo.enrol(sessions, keys, folder / "agencies", now())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "GATEWAY_MODE": "demo",
        "GATEWAY_BASE_URL": f"http://127.0.0.1:{port}",
        "GATEWAY_DATABASE_URL": url,
        "GATEWAY_KEYS": str(folder / "keys"),
        "PYTHONPATH": str(ROOT),
        **(settings_of(token) if token else {}),
    }
    command = [sys.executable, "-m", "gunicorn", *options(f"127.0.0.1:{port}", 2), "wsgi:app"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        base_url = environment["GATEWAY_BASE_URL"]
        made = Service(base_url, folder, sessions, keys, process, environment)
        try:
            answering(made)
            yield made
        finally:
            made.close()
            process.terminate()
            process.wait(20)
            engine.dispose()


def settings_of(token: Token) -> dict[str, str]:
    """The settings by which a service keeps its epoch keys in a token."""
    return {
        "GATEWAY_KEY_PROVIDER": "pkcs11",
        "GATEWAY_PKCS11_MODULE": str(token.module),
        "GATEWAY_PKCS11_TOKEN": token.label,
        "GATEWAY_PKCS11_PIN_FILE": str(token.pin_file),
    }


def answering(service: Service) -> None:
    """Wait until it answers."""
    sender = Sender(service.base_url)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert service.process.poll() is None, (service.folder / "log").read_text()
        with contextlib.suppress(Unavailable):
            sender("GET", f"{service.base_url}/.well-known/jwks.json", {}, None)
            break
        time.sleep(0.1)
    sender.close()


def killed(service: Service, *words: str, after: str) -> None:
    """Start an operator's command and kill it as soon as it printed a line that begins so."""
    command = subprocess.Popen(
        service.line(*words),
        cwd=ROOT,
        env={**service.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert command.stdout is not None
    printed = []
    for line in command.stdout:
        printed.append(line)
        if line.startswith(after):
            break
    else:
        raise AssertionError(f"it ended by itself: {printed}")
    command.kill()
    command.stdout.close()
    assert command.wait(20) != 0

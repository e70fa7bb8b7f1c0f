"""Owns what gunicorn serves in a run: the gateway as shipped, and the floor in bare Flask."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, Response, request

from bench import pairs, pattern, payloads
from bench.floor import Floor
from bench.floor_submit import submit as take_in
from bench.payloads import KEY, Packet
from bench.service import FOLDER
from bench.stage import open_stage
from gateway.cli.serve import options

WORKERS = 2
FACTORIES = {"ours": "bench.service:ours()", "floor": "bench.servers:floor()"}
FIRST_PORT = 21_080  # below the range of which the system gives ports to clients


def floor() -> Flask:
    """The floor as an application: one route that takes referrals, one that says hello."""
    folder = Path(os.environ[FOLDER])
    stage = open_stage(folder)
    material, model = pairs.material(stage), next(payloads.documents(0))
    learned = pattern.load(folder)
    own = threading.local()
    app = Flask("floor", static_folder=None, template_folder=None)

    @app.post("/v1/referrals")
    def submit() -> Response:
        if not hasattr(own, "floor"):
            own.floor = Floor(folder / "floor.db", material, model, learned)
        headers = {name: request.headers[name] for name in ("Authorization", "DPoP", KEY)}
        packet = Packet("POST", request.path, headers, request.get_data(cache=False))
        receipt = take_in(own.floor, packet, is_limited=True)
        return Response(receipt, 201, content_type="application/jose")

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    return app


class Server:
    """A gunicorn with two workers."""

    def __init__(self, name: str, folder: Path, port: int) -> None:
        self.port = port
        command = [sys.executable, "-m", "gunicorn", *options(f"127.0.0.1:{port}", WORKERS)]
        self._process = subprocess.Popen(
            [*command, FACTORIES[name]],
            env={**os.environ, FOLDER: str(folder)},
            cwd=Path(__file__).parent.parent,
        )

    def wait(self) -> None:
        """Wait until it answers.

        :raises TimeoutError: after half a minute.
        """
        for _ in range(300):
            if len(self.workers()) == WORKERS and _answers(self.port):
                return
            time.sleep(0.1)
        raise TimeoutError("a server did not start")

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        pid = self._process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(each) for each in listed.split()]

    def cpu(self) -> float:
        """Seconds of CPU that its workers' threads have used, as the scheduler counts them."""
        total = 0
        for pid in self.workers():
            for task in Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
        return total / 1e9

    def memory(self) -> list[float]:
        """Proportional set size of each worker, in MiB."""
        found = []
        for pid in self.workers():
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            (pss,) = (line for line in lines if line.startswith("Pss:"))
            found.append(round(int(pss.split()[1]) / 1024, 1))
        return found

    def stop(self) -> None:
        """End it and its workers."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def serving(folder: Path) -> Iterator[dict[str, Server]]:
    """Run both until the block ends."""
    started: dict[str, Server] = {}
    try:
        for name in ("ours", "floor"):
            started[name] = Server(name, folder, _free_port(FIRST_PORT + len(started) * 50))
        for server in started.values():
            server.wait()
        yield started
    finally:
        for server in started.values():
            server.stop()


def _free_port(first: int) -> int:
    return next(port for port in range(first, first + 50) if not _answers(port))


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0

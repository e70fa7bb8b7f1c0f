"""Owns the stage of a run: a gateway of its own in a folder, with its agencies and its clock."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask

from bench.payloads import BASE_URL, NOW, Packet, Sender
from bench.service import settings
from gateway.api.house import House
from gateway.app import create_app
from gateway.client import config, http
from gateway.client.gateway import Gateway
from gateway.demo import world
from gateway.migrations import upgrade
from gateway.profiles.loader import HERE
from gateway.sealing import keys


@dataclass(frozen=True, slots=True)
class Stage:
    """A gateway in this process, on SQLite; what it answers is on the disk, as it is shipped."""

    folder: Path
    app: Flask
    house: House

    def sender(self, agency_id: str) -> Sender:
        """A client of one of its agencies."""
        partner = next(each for each in world.PARTNERS if each.agency_id == agency_id)
        held = config.load_keys(self.folder / "agencies" / agency_id)
        return Sender(agency_id, held, self.house.keys, partner.workers[0])

    def close(self) -> None:
        """Let go of its database."""
        self.house.replay.close()
        self.house.sessions.kw["bind"].dispose()

    def send(self, packet: Packet) -> tuple[int, bytes]:
        """Let the application answer one request, without a server between."""
        status, _, body = self.answer(packet)
        return status, body

    def answer(self, packet: Packet) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and body of the answer to one request."""
        begun: list[Any] = []

        def start(*line: Any) -> Any:
            begun.extend(line)

        body = b"".join(self.app.wsgi_app(environ(packet), start))
        headers = {name.lower(): value for name, value in begun[1]}
        return int(begun[0][:3]), headers, body


def open_stage(folder: Path, at: datetime = NOW) -> Stage:
    """Open the gateway of a folder; its clock stands still."""
    app = create_app(settings(folder), clock=lambda: at)
    return Stage(folder, app, app.extensions["gateway"])


def build(folder: Path, since: datetime = NOW) -> Stage:
    """Make keys, database and agencies, as they are from a moment on, and open the gateway."""
    upgrade(settings(folder).database_url)
    _raise_rates(folder / "profiles")
    keys.make(folder / "keys", on=since.date())
    stage = open_stage(folder, since)  # the store of used proofs is as old as the agencies
    world.enrol(stage.house.sessions, stage.house.keys, folder / "agencies", since)
    return stage


def _raise_rates(folder: Path) -> None:
    """Copy the tables as shipped, with buckets that one agency cannot empty in a run."""
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    rates = folder / "rates.toml"
    lines = rates.read_text(encoding="utf-8").replace("burst = ", "burst = 1_000_00")
    rates.write_text(lines, encoding="utf-8")


def environ(packet: Packet) -> dict[str, Any]:
    """What a WSGI server makes of a request."""
    made: dict[str, Any] = {
        "REQUEST_METHOD": packet.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": packet.path,
        "QUERY_STRING": packet.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": BASE_URL.rsplit(":", 1)[1],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(packet.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(packet.body)),
    }
    for name, value in packet.headers.items():
        upper = name.upper().replace("-", "_")
        made["CONTENT_TYPE" if upper == "CONTENT_TYPE" else f"HTTP_{upper}"] = value
    return made


def client(stage: Stage, agency_id: str) -> Gateway:
    """The project's own client of an agency, for all that only prepares a run."""

    def send(
        method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> http.Response:
        path, _, query = url.removeprefix(BASE_URL).partition("?")
        status, given, data = stage.answer(Packet(method, path, headers, body or b"", query))
        return http.Response(status, given, data)

    return world.connect(
        agency_id, send, base_url=BASE_URL, folder=stage.folder / "agencies", clock=lambda: NOW
    )

"""Owns the demonstration's own service: its folder, its keys, its database, gunicorn."""

from __future__ import annotations

import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from gateway import host
from gateway.cli.serve import options
from gateway.client import config
from gateway.config import Settings
from gateway.demo import tables, world
from gateway.errors import Unavailable, UnsafeSettings
from gateway.migrations import upgrade
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions

DATABASE = "gateway.db"
HOST = "127.0.0.1"
_PORTS = (8000, 8100)  # below any range that the system gives to outgoing connections
_PATIENCE = 30.0  # seconds until the service must answer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a demonstration keeps everything."""

    folder: Path
    settings: Settings
    listener: socket.socket  # ours from the first moment: two demonstrations never share a port

    @property
    def agencies(self) -> Path:
        """Each agency's own folder with its keys."""
        return self.folder / "agencies"

    @property
    def output(self) -> Path:
        """What the service prints."""
        return self.folder / "service.log"

    @contextmanager
    def copied(self) -> Iterator[Settings]:
        """The settings of a copy of the service, taken now and thrown away afterwards."""
        with tempfile.TemporaryDirectory(prefix="copy-", dir=self.folder) as folder:
            copy = Path(folder) / DATABASE
            with (
                closing(sqlite3.connect(self.folder / DATABASE)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
            yield replace(self.settings, database_url=f"sqlite:///{copy}")


def prepare(folder: Path, port: int | None, *, on: date, enrolled_at: datetime) -> Place:
    """Make the folder with keys and database, and register every agency.

    An earlier demonstration in the same place is replaced; anything else is left alone.

    :raises UnsafeSettings: if the folder holds something that is not a demonstration.
    """
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / host.DEMONSTRATION).exists():
        raise UnsafeSettings("The folder holds something else; name another one with --folder.")
    if (folder / host.DEMONSTRATION).exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / host.DEMONSTRATION).write_text("Made by `gateway demo`, which replaces it at will.\n")
    listener = listen(port)
    database_url = f"sqlite:///{folder / DATABASE}"
    settings = Settings(
        "demo",
        url_of(listener),
        database_url,
        folder / "keys",
        profiles=tables.lay_out(folder, since=enrolled_at.date()),
    )
    place = Place(folder, settings, listener)
    upgrade(database_url)
    keys.make(place.settings.keys, on=on)
    engine = make_engine(database_url)
    sessions = make_sessions(engine)
    world.enrol(sessions, keys.load(place.settings.keys), place.agencies, enrolled_at)
    engine.dispose()
    for partner in world.PARTNERS:
        _configure(place, partner)
    return place


def listen(port: int | None = None) -> socket.socket:
    """Listen on the port, or on one that is free, before anything is built on its number.

    :raises UnsafeSettings: if the port asked for is taken.
    """
    some = [*range(*_PORTS), *random.sample(range(10_000, 30_000), 200)]
    for each in [port] if port else some:
        with suppress(OSError):
            return socket.create_server((HOST, each))
    raise UnsafeSettings("The port is taken; name another one with --port.")


def url_of(listener: socket.socket) -> str:
    """The address at which the service behind this socket is reached."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def start(place: Place) -> subprocess.Popen[bytes]:
    """Start gunicorn and return once it answers.

    :raises Unavailable: if it does not.
    """
    settings = place.settings
    bind = f"fd://{place.listener.fileno()}"
    command = [sys.executable, "-m", "gunicorn", *options(bind, 2), "gateway.app:service()"]
    with place.output.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
            command,
            env=_environment(settings),
            pass_fds=[place.listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us; we stop it in order
        )
    place.listener.close()  # it is the service's now, and ends with it
    try:
        _wait(process, settings.base_url)
    except BaseException:
        stop(process)
        raise
    return process


def start_worker(place: Place) -> subprocess.Popen[bytes]:
    """Start who climbs the ladder of what nobody has read, and return once it has looked.

    There is no mail server here, so nothing is sent.
    """
    worker = [sys.executable, "-m", "gateway.main", "worker"]
    environment = _environment(place.settings)
    with place.output.open("ab") as out:
        first = [*worker, "--once"]
        subprocess.run(first, env=environment, stdout=out, stderr=out, check=True)  # noqa: S603
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
            worker, env=environment, stdout=out, stderr=out, start_new_session=True
        )


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")},
        "GATEWAY_MODE": settings.mode,
        "GATEWAY_BASE_URL": settings.base_url,
        "GATEWAY_DATABASE_URL": settings.database_url,
        "GATEWAY_KEYS": str(settings.keys),
        **({"GATEWAY_PROFILES": str(settings.profiles)} if settings.profiles else {}),
    }


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let the service finish what it is at, and end."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _configure(place: Place, partner: world.Partner) -> None:
    """Write the settings with which an agency's own command finds this service."""
    _write_settings(place, partner, place.agencies / partner.agency_id, ".")
    if partner is world.PARTNERS[0]:
        _write_settings(place, partner, place.folder, f"agencies/{partner.agency_id}")


def _write_settings(place: Place, partner: world.Partner, folder: Path, keys_in: str) -> None:
    (folder / config.DEFAULT).write_text(
        f'base_url = "{place.settings.base_url}"\n'
        f'agency = "{partner.agency_id}"\n'
        f'worker = "{partner.workers[0]}"\n'
        f'keys = "{keys_in}"\n',
        encoding="utf-8",
    )


def _wait(process: subprocess.Popen[bytes], base_url: str) -> None:
    url = f"{base_url}/.well-known/oauth-authorization-server"
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(URLError, OSError), urlopen(url, timeout=2) as answer:  # noqa: S310 - ours # nosec B310
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise Unavailable("The service did not start; see service.log in its folder.")

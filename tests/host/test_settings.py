"""A production service does not start when it is unsafe, whichever command starts it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from gateway import host
from gateway.config import Settings
from gateway.errors import UnsafeSettings
from gateway.sealing import keys
from tests.host.running import a_port
from tests.journeys.world import LONG_AGO

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = "/.well-known/jwks.json"
Change = Callable[[dict[str, str], Path], object]
COMMANDS = {
    "serve": [sys.executable, "-c", "from gateway.main import main; main()", "serve"],
    "gunicorn": [sys.executable, "-m", "gunicorn", "wsgi:app"],
}


@pytest.fixture
def good(sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a service that may start."""
    keys.make(tmp_path / "keys", on=LONG_AGO)
    (tmp_path / "tls.key").touch(mode=0o644)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")},
        "GATEWAY_BASE_URL": "https://gateway.example",
        "GATEWAY_DATABASE_URL": sqlite_url,
        "GATEWAY_KEYS": str(tmp_path / "keys"),
    }


@contextmanager
def started(
    command: str, environment: dict[str, str], port: int
) -> Iterator[subprocess.Popen[str]]:
    """A service on this port; in the folder of the project, as an operator starts it."""
    process = subprocess.Popen(
        [*COMMANDS[command], "--bind", environment.get("BIND", f"127.0.0.1:{port}")],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def sets(**values: str) -> Change:
    return lambda environment, _: environment.update(values)


def opens(name: str, mode: int) -> Change:
    return lambda _, folder: (folder / name).chmod(mode)


# What the settings and the machine can have wrong, and what is said of it.
UNSAFE: dict[str, tuple[Change, str]] = {
    "plain http": (sets(GATEWAY_BASE_URL="http://gateway.example"), "must start with https://"),
    "a path in the address": (sets(GATEWAY_BASE_URL="https://a.example/x"), "scheme and host only"),
    "no address": (lambda environment, _: environment.pop("GATEWAY_BASE_URL"), "BASE_URL"),
    "no such mode": (sets(GATEWAY_MODE="debug"), "demo or production"),
    "a demo for the world": (
        sets(GATEWAY_MODE="demo", GATEWAY_BASE_URL="http://gateway.example"),
        "on this machine alone",
    ),
    "keys folder open to the group": (opens("keys", 0o750), "0700"),
    "a key open to everybody": (opens("keys/epoch-2025-01-1.key", 0o604), "0600"),
    "keys of a demonstration": (
        lambda _, folder: (folder / host.DEMONSTRATION).touch(),
        "demonstration",
    ),
    "database open to everybody": (opens("gateway.db", 0o644), "readable by the service alone"),
    "database folder that others write": (opens(".", 0o770), "writable by the service alone"),
    "database in memory": (sets(GATEWAY_DATABASE_URL="sqlite://"), "must name a file"),
    "another machine's database without TLS": (
        sets(GATEWAY_DATABASE_URL="postgresql+psycopg://g@db.example/g"),
        "sslmode=verify-full",
    ),
    "a password that everybody knows": (
        sets(GATEWAY_DATABASE_URL="postgresql+psycopg://g:postgres@localhost/g"),
        "common or a short one",
    ),
    "debugging": (sets(FLASK_DEBUG="1"), "FLASK_DEBUG"),
    "keys of connections written down": (sets(SSLKEYLOGFILE="keys.log"), "SSLKEYLOGFILE"),
    "the database moved by the environment": (sets(PGHOST="db.example"), "PGHOST"),
    "a root of trust from the environment": (sets(PGSSLROOTCERT="ca.pem"), "PGSSLROOTCERT"),
}

# As an operator meets them: each of these beside all that can be wrong at the same time.
STARTED: dict[str, tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]] = {
    "an address": (("plain http",), {}, ()),
    "a mode": (("no such mode",), {}, ()),
    "the machine": (
        (
            "keys folder open to the group",
            "a key open to everybody",
            "keys of a demonstration",
            "database open to everybody",
            "database folder that others write",
            "debugging",
            "keys of connections written down",
            "the database moved by the environment",
            "a root of trust from the environment",
        ),
        {},
        (),
    ),
    "a database": (("another machine's database without TLS",), {}, ()),
    "flags": (
        (),
        {
            "GUNICORN_CMD_ARGS": "--header-map=dangerous --permit-unconventional-http-method"
            " --access-logfile=- --reload --log-level=debug --forwarded-allow-ips=*"
        },
        (
            "header_map is fixed",
            "permit_unconventional_http_method is fixed",
            "accesslog is fixed",
            "reload is fixed",
            "must not be debug",
            "forwarded_allow_ips is fixed",
        ),
    ),
    "no TLS towards the network": ((), {"BIND": "0.0.0.0:0"}, ("listens to this machine alone",)),
    "a TLS key open to everybody": (
        (),
        {"GUNICORN_CMD_ARGS": "--certfile=TLS --keyfile=TLS"},
        ("--keyfile is readable by everybody",),
    ),
}
# `serve` ends as the same gunicorn does, or before it.
BY_SERVE = ("the machine", "flags")
STARTS = [(fault, "gunicorn") for fault in STARTED] + [(fault, "serve") for fault in BY_SERVE]


@pytest.mark.parametrize(("faults", "command"), STARTS)
def test_an_unsafe_service_does_not_start(
    faults: str, command: str, good: dict[str, str], tmp_path: Path
) -> None:
    named, flags, words = STARTED[faults]
    for name in named:
        UNSAFE[name][0](good, tmp_path)
        words += (UNSAFE[name][1],)
    key = str(tmp_path / "tls.key")
    good |= {name: value.replace("TLS", key) for name, value in flags.items()}
    with started(command, good, a_port()) as process:
        said, _ = process.communicate(timeout=30)
    assert process.returncode not in (0, None)
    assert [each for each in words if each not in said] == []
    assert str(tmp_path) not in said.splitlines()[-1]


@pytest.mark.parametrize("fault", UNSAFE)
def test_unsafe_settings_are_refused_by_what_every_start_asks(
    fault: str, good: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, words = UNSAFE[fault]
    change(good, tmp_path)
    for name in [*os.environ]:
        monkeypatch.delenv(name)
    for name, value in good.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UnsafeSettings, match=re.escape(words)):
        host.check(Settings.from_env(), os.environ)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_safe_service_starts(command: str, good: dict[str, str]) -> None:
    port = a_port()
    good["GUNICORN_CMD_ARGS"] = "--graceful-timeout=2"  # a worker that only just starts is deaf
    with started(command, good, port) as process:
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}{PUBLIC}") as answer:
                assert answer.status == 200
                break
            time.sleep(0.1)
        assert process.poll() is None


# --- the same rules, more closely ---------------------------------------------------------------


def faults(settings: Settings, **environment: str) -> str:
    with pytest.raises(UnsafeSettings) as caught:
        host.check(settings, environment)
    return caught.value.message


def settings(folder: Path, **changes: str) -> Settings:
    found = {"database_url": f"sqlite:///{folder}/gateway.db", **changes}
    return Settings("production", "https://gateway.example", keys=folder / "keys", **found)


LOCAL = [
    "postgresql+psycopg://gateway@/gateway",
    "postgresql+psycopg://gateway@/gateway?host=/run/postgresql",
    "postgresql+psycopg://gateway:Wq8-long-enough-4711@127.0.0.1:5432/gateway",
    "postgresql+psycopg://gateway@localhost/gateway",
    "postgresql+psycopg://gateway@[::1]/gateway",
    "postgresql+psycopg://gateway@db.example/gateway?sslmode=verify-full",
    "postgresql+psycopg://g@a.example,b.example/g?sslmode=verify-full&sslrootcert=/srv/ca.pem",
]
REMOTE = [
    "postgresql+psycopg://gateway@db.example/gateway",
    "postgresql+psycopg://gateway@10.0.0.7/gateway?sslmode=prefer",
    "postgresql+psycopg://gateway@db.example/gateway?sslmode=require",
    "postgresql+psycopg://gateway@db.example/gateway?sslmode=verify-ca",
    "postgresql+psycopg://gateway@/gateway?host=db.example",
    "postgresql+psycopg://gateway@/gateway?host=/run/postgresql&hostaddr=10.0.0.7",
    "postgresql+psycopg://gateway@/gateway?host=/run/postgresql,db.example",
    "postgresql+psycopg://gateway@/gateway?host=localhost&host=db.example",
]


@pytest.mark.parametrize("url", LOCAL)
def test_a_database_here_or_behind_checked_tls_is_taken(url: str, tmp_path: Path) -> None:
    host.check(settings(tmp_path, database_url=url), {})


@pytest.mark.parametrize("url", REMOTE)
@pytest.mark.parametrize("name", ["database_url", "replay_url"])
def test_a_database_elsewhere_needs_checked_tls(url: str, name: str, tmp_path: Path) -> None:
    assert "sslmode=verify-full" in faults(settings(tmp_path, **{name: url}))


@pytest.mark.parametrize(
    "password", ["postgres", "tooshort", "Gateway-123456789!", "password12345678", "a" * 15]
)
def test_a_common_or_short_password_is_refused_and_not_repeated(
    password: str, tmp_path: Path
) -> None:
    said = faults(settings(tmp_path, database_url=f"postgresql+psycopg://g:{password}@localhost/g"))
    assert "common or a short one" in said
    assert password not in said


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "no address"),
        ("mysql://db/x", "neither SQLite nor PostgreSQL"),
        ("postgresql+psycopg2://g@localhost/g", "must start with postgresql+psycopg"),
        ("postgresql+psycopg://g@/g?service=prod", "name its server itself"),
        ("sqlite:////srv/gateway.db?mode=memory", "must name a file"),
    ],
)
def test_an_address_that_cannot_be_judged_is_refused(url: str, words: str, tmp_path: Path) -> None:
    assert words in faults(settings(tmp_path, database_url=url))


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", ".replay.0"])
def test_each_file_of_the_database_is_for_the_service_alone(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"gateway.db{suffix}").touch(mode=0o600)
    host.check(settings(tmp_path), {})
    (tmp_path / f"gateway.db{suffix}").chmod(0o640)
    assert "0600" in faults(settings(tmp_path))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    keys.make(tmp_path / "keys", on=LONG_AGO)
    (tmp_path / "keys").chmod(0o755)
    said = faults(settings(tmp_path, database_url=REMOTE[0]), FLASK_DEBUG="1", PGSERVICE="prod")
    for words in ("0700", "verify-full", "FLASK_DEBUG", "PGSERVICE"):
        assert words in said


def test_a_demonstration_may_have_less(tmp_path: Path) -> None:
    shutil.copy(ROOT / "wsgi.py", tmp_path / "gateway.db")
    (tmp_path / "gateway.db").chmod(0o644)
    demo = Settings("demo", "http://127.0.0.1:8000", f"sqlite:///{tmp_path}/gateway.db", tmp_path)
    host.check(demo, {"FLASK_DEBUG": "1"})


@pytest.mark.parametrize(
    "name", ["PGOPTIONS", "PGPASSFILE", "PGSSLROOTCERT", "PGSSLMODE", "PGUSER", "PGPORT"]
)
def test_nothing_but_its_address_says_how_the_database_is_reached(
    name: str, tmp_path: Path
) -> None:
    assert name in faults(settings(tmp_path), **{name: "x"})
    host.check(settings(tmp_path), {name: "", "PGDATA": "/srv"})


OWNED = [
    "keys",
    "keys/epoch-2025-01-1.key",
    "keys/operators/alex.json",
    "gateway.db",
    "gateway.db-wal",
]


@pytest.mark.parametrize("name", OWNED)
def test_every_file_that_matters_is_the_services_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys" / "operators").mkdir(parents=True, mode=0o700)
    (tmp_path / "keys").chmod(0o700)
    for each in OWNED[1:]:
        (tmp_path / each).touch(mode=0o600)
    host.check(settings(tmp_path), {})
    user = os.geteuid()
    if user == 0:
        os.chown(tmp_path / name, 65534, 65534)
    else:  # who is not root gives nothing away: let it be looked at by somebody else
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert "belongs to another user" in faults(settings(tmp_path))


def test_keys_of_another_user_are_refused(tmp_path: Path) -> None:
    user = os.geteuid()
    if user == 0:  # what belongs to root is nobody else's, so give it away
        os.chown(tmp_path, 65534, 65534)
    assert host.is_of_another(tmp_path, user or 1)
    assert host.is_of_another(tmp_path, user + 1)
    assert not host.is_of_another(tmp_path, tmp_path.stat().st_uid)
    assert not host.is_of_another(Path("/"), user)

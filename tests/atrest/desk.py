"""The operator's commands on the world of a test, at the world's own time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner

from gateway.api.house import House
from gateway.app import create_app
from gateway.cli.key_jobs import keys as key_commands
from gateway.cli.office import Office
from gateway.sealing import keys, operators
from gateway.store.engine import make_engine, make_sessions
from tests.database import Postgres, behind
from tests.journeys.world import World


def house_of(world: World) -> House:
    """What the service of this world holds."""
    return cast(House, world.app.extensions["gateway"])


def office(world: World, **settings: object) -> Office:
    """The operator's desk; `settings` are other settings than the service has."""
    held = replace(house_of(world).settings, **settings)  # type: ignore[arg-type]
    return Office(
        held,
        lambda: world.sessions,
        lambda: keys.load(held.keys, held.token, now=world.now),
        lambda: world.now,
    )


def two_operators(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The private files of two registered operators, whose passphrase is at hand."""
    phrase = "four words at hand"
    monkeypatch.setenv("GATEWAY_OPERATOR_PASSPHRASE", phrase)
    files = []
    for name in ("op-a", "op-b"):
        secret, public = operators.make(name, phrase)
        files.append(folder / f"{name}.json")
        files[-1].write_text(secret)
        operators.add(house_of(world).settings.keys, public, on=world.now.date())
    return files


def run(world: World, *words: str, fails: bool = False, **settings: object) -> str:
    """What a `gateway keys` command printed; afterwards the world knows the keys of then."""
    done = CliRunner().invoke(key_commands, list(words), obj=office(world, **settings))
    assert (done.exit_code != 0) is fails, (done.output, done.exception)
    if not fails:
        world.keys = keys.load(house_of(world).settings.keys, now=world.now)
    return done.output


def epoch(world: World, **settings: object) -> str:
    """Begin a new epoch at once."""
    return run(world, "epoch", "--new", "--lead", "0", **settings)


@contextmanager
def put_back(world: World, backup: str) -> Iterator[World]:
    """A world on a database that was put back, with the keys of now; not yet a service."""
    old = replace(
        world,
        engine=behind(backup),
        sessions=make_sessions(make_engine(backup)),
        url=backup,
        _clients={},
        _wires={},
    )
    try:
        yield old
    finally:
        old.let_go()


@contextmanager
def restored(world: World, backup: str) -> Iterator[World]:
    """The service on a database that was put back, with the keys of now.

    :raises UnsafeSettings: if it does not start.
    """
    with put_back(world, backup) as old:
        settings = replace(house_of(world).settings, mode="demo", database_url=backup)
        old.app = create_app(settings, sessions=old.sessions, clock=lambda: world.now)
        try:
            yield old
        finally:
            house_of(old).replay.close()


Backup = Callable[[World], AbstractContextManager[str]]


def backup_of(postgres: Callable[[], Postgres], folder: Path) -> Backup:
    """How a backup of a world's database is taken: the file copied, or the database."""

    @contextmanager
    def take(world: World) -> Iterator[str]:
        world.let_go()
        house_of(world).replay.close()
        if world.url.startswith("sqlite"):
            target = folder / f"backup-{world.now:%Y%m%d%H%M}.db"
            shutil.copy(world.url.removeprefix("sqlite:///"), target)
            target.chmod(0o600)
            yield f"sqlite:///{target}"
            return
        with postgres().database(str(world.engine.url.database)) as url:
            yield url

    return take

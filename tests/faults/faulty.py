"""Real faults: each is there while a block lasts, and gone afterwards."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

from gateway.ledger import keyring
from gateway.sealing import pkcs11
from gateway.store import tables as t
from tests.journeys.world import World

Fault = Callable[[World], AbstractContextManager[None]]

LOG = ("log_pending", "counter", "log_key", "agency_log_key")
TREE = ("log_entry", "log_node", "checkpoint")
HOUR = timedelta(hours=1)

_REFUSE = """
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION USING ERRCODE = ''{code}'', MESSAGE = ''no''; END'
"""


@contextmanager
def refusing(world: World, tables: tuple[str, ...], *, code: str, acts: str) -> Iterator[None]:
    """Tables that take no more rows; `code` is how PostgreSQL says so."""
    is_sqlite = world.engine.dialect.name == "sqlite"
    if not is_sqlite:
        world.execute(_REFUSE.format(code=code))
    for table in tables:
        for act in acts.split():
            when = f'CREATE TRIGGER fault_{act}_{table} BEFORE {act} ON "{table}"'
            world.execute(
                f"{when} BEGIN SELECT RAISE(ABORT, 'no'); END"
                if is_sqlite
                else f"{when} EXECUTE FUNCTION fault()"
            )
    try:
        yield
    finally:
        for table in tables:
            for act in acts.split():
                on = "" if is_sqlite else f' ON "{table}"'
                world.execute(f"DROP TRIGGER fault_{act}_{table}{on}")
        if not is_sqlite:
            world.execute("DROP FUNCTION fault()")


def log_down(world: World) -> AbstractContextManager[None]:
    """Nothing can be written to the access log, neither a line nor a count."""
    return refusing(world, (*LOG, *TREE), code="55000", acts="INSERT")


def tree_down(world: World) -> AbstractContextManager[None]:
    """Lines can be written, and get no place in the tree."""
    return refusing(world, TREE, code="55000", acts="INSERT")


@contextmanager
def token_gone(world: World) -> Iterator[None]:
    """The PKCS#11 token is not there any more, and nothing that it opened is remembered."""
    settings = world.app.extensions["gateway"].settings
    assert settings.token is not None
    tokens = Path(settings.token.pin_file).parent / "tokens"
    away = tokens.with_name("away")
    tokens.rename(away)
    tokens.mkdir()
    pkcs11.release()
    keyring._held.clear()  # five minutes pass
    try:
        yield
    finally:
        tokens.rmdir()
        away.rename(tokens)
        pkcs11.release()


@contextmanager
def disk_full(world: World) -> Iterator[None]:
    """Nothing more can be written to any disk: the system refuses it to this process.

    On PostgreSQL the server has the disk, and says what it says when its own is full.
    """
    if world.engine.dialect.name != "sqlite":
        every = tuple(table.name for table in t.metadata.sorted_tables)
        with refusing(world, every, code="53100", acts="INSERT UPDATE DELETE"):
            yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def clock_behind(world: World) -> AbstractContextManager[None]:
    """The gateway's clock is an hour behind everybody else's."""
    return world.clock_off(-HOUR)


def clock_ahead(world: World) -> AbstractContextManager[None]:
    """The gateway's clock is an hour ahead of everybody else's."""
    return world.clock_off(HOUR)


FAULTS: Mapping[str, Fault] = {
    "log": log_down,
    "tree": tree_down,
    "keys": token_gone,
    "behind": clock_behind,
    "ahead": clock_ahead,
    "disk": disk_full,
    "disks": disk_full,
}

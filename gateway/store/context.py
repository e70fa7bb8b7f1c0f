"""Owns for whom a transaction is: the agency, or the named context, whose rows it may see.

It holds until the transaction ends. Each connection of the service has a guard that knows it: of
gateway.store.wall_postgres, or of gateway.store.wall_sqlite. A transaction for nobody sees nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import OperationalError

from gateway.store.sessions import Session
from gateway.store.wall import Act
from gateway.store.walls import WALLS

KEY = "gateway.context"


def stand(session: Session, agency: str | None) -> None:
    """Let this session's transactions, the one that is open too, be for `agency` alone."""
    session.info[KEY] = agency if agency is None else str(agency)
    if session.in_transaction():
        _apply(session.connection(), of(session))


def of(session: Session) -> str | None:
    """For whom this session's transactions are."""
    agency: str | None = session.info.get(KEY)
    return agency


def on_begin(session: Session, connection: Connection) -> None:
    """Let a transaction that begins be for whom its session is."""
    _apply(connection, of(session))


def cursor(
    connection: Connection,
    written: str | None,
    act: Act = Act.READ,
    added: Collection[Mapping[str, Any]] = (),
) -> closing[DBAPICursor]:
    """The driver's own cursor, for one statement that does this with this table, or only reads.

    :raises OperationalError: as `expect`.
    """
    expect(connection, written, act, added)
    return closing(connection.connection.cursor())


def expect(
    connection: Connection,
    written: str | None,
    act: Act = Act.READ,
    added: Collection[Mapping[str, Any]] = (),
) -> None:
    """Let the guard know what the next statement does; one that the wall gives to nobody is loud.

    What a row of the wall forgets would be no row met, and no error: the databases pass over rows
    that are not there for who asks.

    :raises OperationalError: if whoever it is for changes or removes no row of this table ever, or
        may not add one of these rows.
    """
    if (guard := connection.info.get(KEY)) is None:  # migrations have none
        return
    wall = WALLS.get(written) if written is not None else None
    is_unsaid = act in (Act.CHANGE, Act.REMOVE) and not (wall and wall.gives(act, guard.agency))
    if is_unsaid:
        raise OperationalError(None, None, Exception("the second wall"))
    guard.expect(written, added)


def stand_on(info: Mapping[str, Any], agency: str | None) -> None:
    """Let a connection of which this is the info be for an agency from now on."""
    if (guard := info.get(KEY)) is not None:  # migrations have none
        guard.stand(agency)


def _apply(connection: Connection, agency: str | None) -> None:
    stand_on(connection.info, agency)

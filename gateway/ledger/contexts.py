"""Owns for whom the database answers: a caller's agency, or for some statements a named context.

The second wall (gateway.store.wall) shows a transaction its agency's rows and no others. The few
statements that need more say so here, by name, and go back at once. No other module opens one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from gateway.store import context
from gateway.store.engine import Sessions
from gateway.store.sessions import Session
from gateway.store.wall import System


@contextmanager
def within(session: Session, system: str) -> Iterator[None]:
    """Let the statements of the block see what a named context sees; then as before."""
    before = context.of(session)
    context.stand(session, system)
    try:
        yield
    finally:
        context.stand(session, before)


@contextmanager
def reading_as(sessions: Sessions, agency_id: str) -> Iterator[Session]:
    """A session that reads what one agency may see."""
    with sessions() as session:
        context.stand(session, agency_id)
        session.connection(execution_options={"readonly": True})
        yield session


@contextmanager
def reading_at_once(sessions: Sessions, agency_id: str) -> Iterator[Session]:
    """A session that reads what one agency may see, all of it as it was at one moment.

    For what compares what several statements read while others write. PostgreSQL shows each
    statement the newest otherwise; SQLite never does within a transaction.
    """
    with sessions() as session:
        context.stand(session, agency_id)
        options: dict[str, Any] = {"readonly": True}
        if session.get_bind().dialect.name != "sqlite":
            options["isolation_level"] = "REPEATABLE READ"
        session.connection(execution_options=options)
        yield session


@contextmanager
def sequencing(sessions: Sessions) -> Iterator[Session]:
    """A session of the log's own machinery, not yet begun."""
    with sessions() as session:
        context.stand(session, System.SEQUENCER)
        yield session


@contextmanager
def reading_log(sessions: Sessions) -> Iterator[Session]:
    """A session that reads what the log publishes to everyone."""
    with reading_as(sessions, System.SEQUENCER) as session:
        yield session


@contextmanager
def reading_kept(sessions: Sessions) -> Iterator[Session]:
    """A session that reads which keys lie under which."""
    with reading_as(sessions, System.KEEPER) as session:
        yield session


@contextmanager
def reading_registry(sessions: Sessions) -> Iterator[Session]:
    """A session that reads who there is, before it is known who asks."""
    with reading_as(sessions, System.ROUTING) as session:
        yield session


def matching(session: Session) -> AbstractContextManager[None]:
    """For the statements that compare people across all cases, with whoever is staff."""
    return within(session, System.MATCHING)

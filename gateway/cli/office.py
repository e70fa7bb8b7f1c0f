"""Owns what an operator's command works with: settings at once, the rest when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import click

from gateway.config import Settings
from gateway.errors import GatewayError
from gateway.ledger import OPERATOR, Work, begin
from gateway.rules.facts import Caller
from gateway.sealing.keys import Keys

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Office:
    """The operator's desk; `gateway.main` says how to open the database and read the keys.

    Both are opened on first use: `gateway keys new` runs before there are any keys.
    """

    settings: Settings
    open_sessions: Callable[[], sessionmaker[Session]]
    load_keys: Callable[[], Keys]
    clock: Callable[[], datetime] = _now

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """The database."""
        return self.open_sessions()

    @cached_property
    def keys(self) -> Keys:
        """The gateway's keys."""
        return self.load_keys()

    def read_keys_again(self) -> None:
        """Take up what changed in the keys folder."""
        self.__dict__.pop("keys", None)

    @contextmanager
    def work(self, caller: Caller = OPERATOR) -> Iterator[Work]:
        """Open a Work of the operators; what goes wrong in it ends the command with its text.

        :raises click.ClickException: for every expected error.
        """
        with failing_plainly(), begin(self.sessions, self.keys, caller, self.clock()) as work:
            yield work


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Turn an expected error into one line and exit code 1."""
    try:
        yield
    except GatewayError as error:
        pointers = [p.pointer for p in getattr(error, "problems", ()) if p.pointer]
        where = f" ({', '.join(pointers)})" if pointers else ""
        raise click.ClickException(f"{error.message or error.code}{where}") from None

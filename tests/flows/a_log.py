"""A real access log on a fresh database, for the tests that write to one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, func, insert, select, text

from gateway import ledger
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, CaseRole, Custody
from gateway.sealing import keys as key_files
from gateway.sealing.keys import Keys
from gateway.store import tables as t
from gateway.store.engine import Sessions, make_engine, make_sessions
from tests.database import behind

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
IDVA = Caller("larch", AgencyKind.IDVA, "marlbury", worker_id="w-1")
LANDLORD = Caller("oak", AgencyKind.LANDLORD, "marlbury")


def a_case(number: int) -> str:
    """The id of an invented case."""
    return f"00000000-0000-4000-8000-{number:012}"


@dataclass(frozen=True)
class Log:
    """What a test needs of a log."""

    engine: Engine  # behind the second wall
    sessions: Sessions
    keys: Keys

    def begin(
        self, caller: Caller = IDVA, now: datetime = NOW
    ) -> AbstractContextManager[ledger.Work]:
        """A Work of this caller."""
        return ledger.begin(self.sessions, self.keys, caller, now)

    def read(self, caller: Caller = IDVA, case: int = 1) -> ledger.Entry:
        """Record one read in a Work of its own."""
        with self.begin(caller) as work:
            return work.record("case.read", a_case(case), because="assigned")

    def read_many(self, count: int, caller: Caller = IDVA) -> list[ledger.Entry]:
        """Record many reads, of ten cases in turn, and give them their places."""
        acts = [ledger.Act("case.read", a_case(n % 10), "assigned") for n in range(count)]
        with self.begin(caller) as work:
            entries = work.record_all(acts)
        self.sequence()
        return entries

    def sequence(self) -> int:
        """Give every pending line its place."""
        total = 0
        while taken := ledger.sequence(self.sessions, self.keys, now=NOW):
            total += taken
        return total

    def execute(self, statement: str, **values: Any) -> None:
        """Change the database behind the log's back."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def count(self, table: Table) -> int:
        """How many rows a table has."""
        with self.engine.begin() as connection:
            return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def _fill(engine: Engine) -> None:
    """Two agencies, and ten cases in which both have a part."""
    agencies = [
        {"id": caller.agency_id, "kind": caller.kind, "name": caller.agency_id}
        | {"area": caller.area, "custody": Custody.OWN, "registered_at": NOW}
        for caller in (IDVA, LANDLORD)
    ]
    cases = [
        {"id": a_case(n), "area": "marlbury", "referrer_id": "oak", "opened_at": NOW}
        for n in range(10)
    ]
    assignments = [
        {"case_id": a_case(n), "agency_id": "larch", "role": CaseRole.IDVA, "conditions": []}
        | {"because": "R1", "at": NOW}
        for n in range(10)
    ]
    with engine.begin() as connection:
        connection.execute(insert(t.agency), agencies)
        connection.execute(insert(t.case), cases)
        connection.execute(insert(t.assignment), assignments)


@contextmanager
def a_log(url: str, folder: Path) -> Iterator[Log]:
    """An empty log with keys of its own."""
    key_files.make(folder / "keys", on=date(2026, 11, 1))
    engine, walled = behind(url), make_engine(url)
    _fill(engine)
    try:
        yield Log(engine, make_sessions(walled), key_files.load(folder / "keys"))
    finally:
        engine.dispose()
        walled.dispose()

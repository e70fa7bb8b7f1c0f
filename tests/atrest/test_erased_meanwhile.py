"""A case that is erased between any two statements of a request is an absence, never a fault.

On PostgreSQL alone: on SQLite nobody writes while a request that may write is under way.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, Table, event, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gateway import ledger
from gateway.errors import Invalid, NotFound
from gateway.flows import cases, referrals
from gateway.ledger import Work
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.codes import Acknowledgement, AgencyKind, Purpose
from gateway.store import cases as stored
from gateway.store import erasing
from gateway.store import tables as t
from tests.database import Postgres
from tests.journeys.test_breakglass import Worker
from tests.journeys.world import BASE, LOG_TABLES, World, a_world, example, position

LANDLORD, OTHER, IDVA = "harbourgate-homes", "tidewell-housing", "marlbury-idva"
COORDINATOR, POLICE, GP = "marlbury-marac", "marlbury-police", "marlbury-gp"
COLLEGE = "marlbury-college"
KINDS = {
    LANDLORD: AgencyKind.LANDLORD,
    IDVA: AgencyKind.IDVA,
    COORDINATOR: AgencyKind.COORDINATOR,
    GP: AgencyKind.PRIMARY_CARE,
}


# A coordinator that names another case to join to is told that there is none.
ENDS = ({"Enough", "NotFound"}, {"Enough", "NotFound", "Invalid"})


class Enough(Exception):
    """The request came to its end; nothing of it is kept."""


@dataclass
class Town:
    """Two cases that look alike, one of them on an agenda, and one with a broken glass."""

    world: World
    first: str
    second: str
    behind_glass: str
    before: int = 0  # which statement of the service something is done before
    act: Callable[[], object] = lambda: None
    sent: int = 0

    def stored(self, reference: str) -> str:
        found = references.read(reference)
        assert found
        return found

    def statement(self) -> None:
        """The service is about to send one."""
        self.sent += 1
        if self.sent == self.before:
            self.act()


@pytest.fixture(scope="module")
def town(
    postgres: Postgres, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("world")
    with postgres.database(postgres_template) as url, a_world(url, folder) as world:
        coordinator = world.client(COORDINATOR)
        first = world.client(LANDLORD).refer(example("c1")).reference
        coordinator.decide(first, {"decision": "ACCEPT"})
        second = world.client(OTHER).refer(example("c1")).reference
        glass = world.client(COLLEGE).refer(example("c2")).reference
        assert Worker(world, GP, "gp-01").breaks(glass).status_code == 201
        world.client(IDVA).pull(first, "P2")
        world.sequence()
        made = Town(world, first, second, glass)
        with listened_to(world.sessions.kw["bind"], made.statement):
            yield made


@contextmanager
def listened_to(engine: Engine, note: Callable[[], None]) -> Iterator[None]:
    """Tell of each statement that the service is about to send."""

    def first(send: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any, **how: Any) -> Any:
            note()
            return send(*given, **how)

        return noted

    def connected(connection: Any, *_: Any) -> None:
        make = connection.cursor_factory

        def made(*given: Any, **how: Any) -> Any:
            cursor = make(*given, **how)
            for name in ("execute", "executemany"):
                setattr(cursor, name, first(getattr(cursor, name)))
            return cursor

        connection.cursor_factory = made

    engine.dispose()
    event.listen(engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(engine, "connect", connected)
        engine.dispose()


Kept = dict[Table, list[dict[str, Any]]]


def kept(session: Session) -> Kept:
    tables = [table for table in t.metadata.sorted_tables if table.name not in LOG_TABLES]
    return {
        table: [dict(row._mapping) for row in session.execute(select(table))] for table in tables
    }


def erase(town: Town, case_id: str) -> bool:
    """Erase a case, unless somebody holds it."""
    with Session(town.world.engine) as session:
        session.execute(text("SET LOCAL lock_timeout = 20"))
        try:
            stored.lock_case(session, case_id)
            erasing.erase(session, case_id)
        except OperationalError:
            return False
        session.commit()
        return True


def rows_of(town: Town, case_id: str) -> Kept:
    """What goes with a case: by erasing it and taking that back."""
    with Session(town.world.engine) as session:
        before = kept(session)
        erasing.erase(session, case_id)
        after = kept(session)
        session.rollback()
    return {
        table: [row for row in rows if row not in after[table]] for table, rows in before.items()
    }


def restore(town: Town, rows: Kept) -> None:
    with town.world.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, missing in rows.items():
            if missing:
                connection.execute(insert(table), missing)


def written(town: Town, agency: str, form: str, document: object) -> dict[str, Any]:
    body = town.world.wire(agency).envelope(form, document).decode()
    return {"body": body, "audience": BASE, "key": str(uuid.uuid4())}


def merge(town: Town, work: Work) -> object:
    wanted = {"decision": "MERGE", "merge_with": town.first}
    sent = written(town, COORDINATOR, "decision/1", wanted)
    return cases.decide(work, town.stored(town.second), **sent)


Asked = Callable[[Town, Work], object]
ASKED: Mapping[str, tuple[str, Asked]] = {
    "pull of a like one": (
        COORDINATOR,
        lambda town, work: cases.pull(work, town.stored(town.second), Purpose.P9, issuer=BASE),
    ),
    "feed": (IDVA, lambda town, work: cases.list_new(work, (0, 0))),
    "due": (COORDINATOR, lambda town, work: cases.list_due(work)),
    "acknowledge": (
        IDVA,
        lambda town, work: cases.acknowledge(
            work, town.stored(town.first), Acknowledgement.ACCEPTED, None
        ),
    ),
    "explain": (
        COORDINATOR,
        lambda town, work: cases.explain_view(work, town.stored(town.first), POLICE, Purpose.P9),
    ),
    "sent": (LANDLORD, lambda town, work: referrals.list_sent(work, None)),
    "position": (
        LANDLORD,
        lambda town, work: referrals.record_position(
            work,
            town.stored(town.first),
            **written(town, LANDLORD, "position/1", position("WITHDRAWN")),
        ),
    ),
    "merge": (COORDINATOR, merge),
    "looks": (
        LANDLORD,
        lambda town, work: cases.list_looks(work, (0, 0), issuer=BASE, seal_place=str),
    ),
    "desk": (COORDINATOR, lambda town, work: cases.list_lines(work)),
    "glass": (
        GP,
        lambda town, work: cases.look_behind(work, town.stored(town.behind_glass), issuer=BASE),
    ),
}


def once(town: Town, name: str) -> str:
    """Ask once; how it ended."""
    agency, ask = ASKED[name]
    world, worker = town.world, "gp-01" if agency == GP else None
    caller = Caller(agency, KINDS[agency], "MARLBURY", worker_id=worker)
    profiles = world.app.extensions["gateway"].profiles
    try:
        with ledger.begin(world.sessions, world.keys, caller, world.now, profiles=profiles) as work:
            ask(town, work)
            work.may_commit()
            raise Enough
    except (Enough, NotFound, Invalid) as end:
        return type(end).__name__


@pytest.mark.parametrize("name", ASKED)
def test_a_case_erased_between_two_statements_is_an_absence(town: Town, name: str) -> None:
    case_id = town.world.case_of(town.behind_glass if name == "glass" else town.first)
    rows, tried = rows_of(town, case_id), list[bool]()
    town.act = lambda: tried.append(erase(town, case_id))
    ends = []
    while len(tried) == len(ends):
        town.sent, town.before = 0, len(ends) + 1
        try:
            ends.append(once(town, name))
        finally:
            if tried and tried[-1] and town.sent >= town.before:
                restore(town, rows)
    assert ends[-1] == "Enough"  # no statement of that number: nothing was erased
    assert len(ends) > 5
    assert set(ends) <= ENDS[name == "merge"], ends

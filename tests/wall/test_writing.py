"""No rule decides here: an agency writes nothing for another, nor what it does not see."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Date, Integer, LargeBinary, Table, delete, insert, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Unavailable
from gateway.ledger import begin
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind
from gateway.store import context, rows
from gateway.store import tables as t
from gateway.store.types import Utc
from gateway.store.wall import ALL, Act, System
from gateway.store.walls import ANYBODY, WALLS
from tests.journeys.world import CHURCH, World
from tests.wall.conftest import IDVA, LANDLORD
from tests.wall.seeing import TABLES

NAMES = [table.name for table in TABLES]
REFUSED = (OperationalError, ProgrammingError)  # never IntegrityError: it tells of a hidden row
# Everybody may add to these: their rows say of nobody.
OPEN = {name for name, wall in WALLS.items() if wall.agency.get(Act.ADD) == ANYBODY}
guarded = pytest.mark.parametrize(
    "table", [each for each in TABLES if each.name not in OPEN], ids=lambda table: table.name
)


def another(world: World, table: Table) -> dict[str, Any]:
    """A row like one that is there, of somebody else, under a key of its own."""
    row = dict(world.rows(table)[0])
    for column in table.primary_key.columns:
        if column.foreign_keys or column.name in ("agency_id", "case_id", "subject"):
            continue
        if isinstance(column.type, Integer | LargeBinary | Date | Utc):
            row[column.name] = _fresh(column.type)
        elif row[column.name]:
            row[column.name] = str(uuid.uuid4())[: len(str(row[column.name]))]
    return row


def _fresh(kind: object) -> object:
    if isinstance(kind, Utc):
        return datetime(2031, 1, 1, tzinfo=UTC)
    if isinstance(kind, LargeBinary):
        return secrets.token_bytes(32)
    return date(2027, 1, 1) if isinstance(kind, Date) else secrets.randbelow(10**6) + 10**6


def try_to(world: World, agency: str | None, statement: Any, values: Any = None) -> int:
    """Run one statement for an agency; how many rows it touched."""
    with world.sessions() as session:
        context.stand(session, agency)
        with session.begin():
            return int(session.execute(statement, values).rowcount)


@guarded
@pytest.mark.parametrize("agency", [CHURCH, None])
def test_V44_nothing_is_added_for_another_agency(
    lived: World, table: Table, agency: str | None
) -> None:
    before = lived.rows(table)
    with pytest.raises(REFUSED):
        try_to(lived, agency, insert(table).inline(), another(lived, table))
    with lived.sessions() as session:
        context.stand(session, agency)
        with pytest.raises(REFUSED):
            rows.add(session, table, **another(lived, table))
    assert lived.rows(table) == before


@guarded
def test_a_taken_key_is_refused_as_a_free_one_is(lived: World, table: Table) -> None:
    """The pitfall of unique keys: nobody learns from the refusal that the row is there."""
    taken = dict(lived.rows(table)[0])
    with pytest.raises(REFUSED):
        try_to(lived, CHURCH, insert(table).inline(), taken)


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
@pytest.mark.parametrize("agency", [CHURCH, None])
def test_V44_nothing_foreign_is_changed_or_removed(
    lived: World, table: Table, agency: str | None
) -> None:
    """Either refused, or as if the rows were not there; the database itself decides."""
    before = [row for row in lived.rows(table) if row.get("agency_id") != CHURCH]
    column = list(table.columns)[-1]
    for statement in (update(table).values({column.name: column}), delete(table)):
        with lived.sessions() as session:
            context.stand(session, agency)
            try:
                session.execute(statement)
            except SQLAlchemyError:
                session.rollback()
                continue
            session.commit()
    after = [row for row in lived.rows(table) if row.get("agency_id") != CHURCH]
    assert after == before


SAID = ("answer", "document_jti", "acknowledgement", "counter", "log_pending")


@pytest.mark.parametrize("name", SAID)
def test_who_is_in_a_case_still_speaks_for_itself_alone(lived: World, name: str) -> None:
    """The adviser and the landlord share a case; neither answers in the other's name."""
    table = t.metadata.tables[name]
    theirs = lived.rows(table)[0] | {"agency_id": LANDLORD}
    if "case_id" in theirs:
        theirs["case_id"] = lived.rows(t.conference_case)[0]["case_id"]
    theirs |= {
        column.name: another(lived, table)[column.name]
        for column in table.primary_key.columns
        if column.name not in ("agency_id", "case_id")
    }
    with pytest.raises(REFUSED):
        try_to(lived, IDVA, insert(table).inline(), theirs)


LOG = ("log_entry", "log_node", "checkpoint", "log_cosignature", "key_event")


@pytest.mark.parametrize("name", LOG)
@pytest.mark.parametrize("system", [System.SEQUENCER, System.OPERATOR, System.CLOCK])
def test_F80_nobody_changes_or_removes_a_line_of_the_log(
    lived: World, name: str, system: System
) -> None:
    """The log's own machinery adds to it and does nothing else, on either database."""
    table = t.metadata.tables[name]
    before = lived.rows(table)
    for statement in (update(table).values({list(table.c)[-1].name: None}), delete(table)):
        with pytest.raises((*REFUSED, IntegrityError)):
            try_to(lived, system, statement)
    assert lived.rows(table) == before


def test_a_waiting_line_is_taken_or_left_but_never_changed(lived: World) -> None:
    before = lived.rows(t.log_pending)
    changing = update(t.log_pending).values(agency_id=CHURCH)
    for context_ in (System.SEQUENCER, IDVA):
        with pytest.raises((*REFUSED, IntegrityError)):
            try_to(lived, context_, changing)
    assert lived.rows(t.log_pending) == before


@pytest.mark.parametrize("system", System)
def test_a_named_context_writes_where_its_row_says_so_alone(lived: World, system: System) -> None:
    for table in TABLES:
        wall = WALLS[table.name]
        if Act.ADD in wall.system.get(system, {}) or table.name in OPEN:
            continue
        with pytest.raises(REFUSED):
            try_to(lived, system, insert(table).inline(), another(lived, table))


def test_a_refused_write_is_no_news_to_who_asked(lived: World) -> None:
    """What the wall refuses is a fault of ours: nothing is done, and nothing is told of it."""
    caller = Caller(CHURCH, AgencyKind.OTHER, "MARLBURY")
    row = another(lived, t.section)  # made first: behind the wall it would wait for this one's end

    def reach_over() -> None:
        with begin(lived.sessions, lived.keys, caller, lived.now) as work:
            work.count("test")
            rows.add(work.session, t.section, **row)

    with pytest.raises(Unavailable) as caught:
        reach_over()
    assert str(caught.value.message) == "The database could not be used."
    assert caught.value.__cause__ is None


def test_what_a_row_contradicted_is_logged_by_name_alone(
    lived: World, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator learns which constraint it was; of the row, and of whose it is, nothing."""
    caller = Caller(CHURCH, AgencyKind.OTHER, "MARLBURY")

    def twice(add: Callable[[Session, dict[str, Any]], object]) -> None:
        with begin(lived.sessions, lived.keys, caller, lived.now) as work:
            work.count("twice")
            row = {"agency_id": CHURCH, "day": lived.now.date(), "event": "twice", "times": 1}
            add(work.session, row)

    for add in (
        lambda session, row: rows.add(session, t.counter, **row),
        lambda session, row: session.execute(insert(t.counter), row),
    ):
        caplog.clear()
        with pytest.raises(Conflict):
            twice(add)
        (said,) = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
        assert "counter" in said
        assert "twice" not in said
        assert CHURCH not in said


def test_the_policy_of_everything_is_written_once() -> None:
    """`ALL` is for named contexts; no agency's predicate is without its agency."""
    for name, wall in WALLS.items():
        for act, predicate in wall.agency.items():
            assert "{me}" in predicate or "{member:" in predicate, name
            assert predicate != ALL, (name, act)

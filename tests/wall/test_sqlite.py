"""The second wall on SQLite: it is part of the connection, whoever speaks to it, and however."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from gateway.store import context
from gateway.store import tables as t
from gateway.store.engine import RawSql, make_engine, make_sessions
from gateway.store.prepared import Prepared
from gateway.store.wall_sqlite import VIEW
from gateway.store.walls import WALLS
from tests.journeys.world import World, example
from tests.wall.conftest import IDVA, LANDLORD


@pytest.fixture(scope="module")
def world(shared_sqlite_world: World) -> World:
    shared_sqlite_world.client(LANDLORD).refer(example("c1"))
    return shared_sqlite_world


@contextmanager
def a_session(world: World, agency: str | None = IDVA) -> Iterator[Session]:
    with world.sessions() as session:
        context.stand(session, agency)
        yield session


@contextmanager
def a_driver(world: World) -> Iterator[sqlite3.Connection]:
    """The driver's own connection, with no line of ours in between."""
    with a_session(world) as session:
        raw: Any = session.connection().connection.driver_connection
        yield raw


@pytest.mark.parametrize("written", ["SELECT 1", "SELECT id FROM section", "PRAGMA user_version"])
def test_sql_as_text_is_refused(world: World, written: str) -> None:
    with a_session(world) as session, pytest.raises(RawSql):
        session.execute(text(written))


@pytest.mark.parametrize("name", sorted(WALLS))
def test_no_table_is_read_or_written_past_its_view(world: World, name: str) -> None:
    """Also by the driver itself, also where text slipped through: SQLite refuses to prepare it."""
    column = next(iter(t.metadata.tables[name].columns)).name
    forbidden = (
        f'SELECT * FROM "{name}"',
        f'SELECT count(*) FROM main."{name}"',
        f'SELECT count(*) FROM "{name}"',
        f'SELECT EXISTS (SELECT 1 FROM "{name}")',
        f'SELECT x."{column}" FROM "{name}" AS x',
        f'SELECT 1 WHERE EXISTS (SELECT "{column}" FROM "{name}")',
        f'WITH all_of AS (SELECT * FROM "{name}") SELECT * FROM all_of',
        f'DELETE FROM "{name}"',
        f'UPDATE "{name}" SET "{column}" = "{column}"',
        f'INSERT INTO "{name}" ("{column}") VALUES (NULL)',
        f'INSERT INTO "{name}" SELECT * FROM "{name}"',
        f'REPLACE INTO "{name}" SELECT * FROM {VIEW}{name}',
    )
    with a_driver(world) as driver:
        for statement in forbidden:
            with pytest.raises(sqlite3.DatabaseError, match=r"prohibited|not authorized"):
                driver.execute(statement)
        with closing(driver.execute(f"SELECT * FROM {VIEW}{name}")):
            pass


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE section",
        f"DROP VIEW {VIEW}section",
        f"DROP TRIGGER {VIEW}section_UPDATE_OLD",
        "ALTER TABLE section RENAME TO other",
        "CREATE TABLE other (id INTEGER)",
        "CREATE TEMP VIEW other AS SELECT * FROM main.section",
        f"CREATE TEMP VIEW {VIEW}other AS SELECT * FROM main.section",
        f"CREATE TEMP TRIGGER {VIEW}x BEFORE DELETE ON main.section BEGIN SELECT 1; END",
        "CREATE INDEX other ON section (name)",
        "ATTACH DATABASE ':memory:' AS other",
        "UPDATE sqlite_master SET sql = sql",
    ],
)
def test_a_connection_of_the_service_builds_and_breaks_nothing(
    world: World, statement: str
) -> None:
    with a_driver(world) as driver, pytest.raises(sqlite3.DatabaseError):
        driver.execute(statement)


def test_a_statement_that_writes_one_table_reads_no_other(world: World) -> None:
    """What is let through for a write is that table, and not what hides in its conditions."""
    section, grant = t.section, t.section_grant
    of_all = select(section.c.id).where(section.c.name == "referral")
    with a_session(world, "marlbury-church") as session:
        gone = session.execute(delete(grant).where(grant.c.section_id.in_(of_all)))
        assert gone.rowcount == 0
        session.execute(update(section).values(name=section.c.name))
        guard = session.connection().info[context.KEY]
        guard.expect("section_grant", ())
        raw: Any = session.connection().connection.driver_connection
        with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
            raw.execute("DELETE FROM section_grant WHERE section_id IN (SELECT key FROM section)")
    assert world.rows(grant)


def test_a_prepared_statement_meets_the_wall_too(world: World) -> None:
    """ADR 20: these go to the driver's own cursor."""
    every = Prepared(select(t.section.c.id))
    with a_session(world, "marlbury-church") as session:
        assert every.rows(session) == []
    with a_session(world, IDVA) as session:
        assert every.rows(session)


def test_an_alias_and_a_join_meet_the_wall_too(world: World) -> None:
    other = t.section.alias("other")
    joined = select(other.c.id).join(t.case, t.case.c.id == other.c.case_id)
    nested = select(select(other.c.id).subquery().c.id)
    for statement in (select(other.c.id), joined, nested):
        for agency, found in ((IDVA, True), ("marlbury-church", False)):
            with a_session(world, agency) as session:
                assert bool(session.execute(statement).all()) is found


def test_what_was_seen_by_one_is_not_seen_by_the_next_on_the_connection(world: World) -> None:
    """The pitfall of pools: the context ends with its transaction."""
    engine = make_engine(world.url)
    sessions = make_sessions(engine)
    with sessions() as session:
        context.stand(session, IDVA)
        assert session.execute(select(t.section.c.id)).all()
        session.commit()
        assert session.execute(select(t.section.c.id)).all()  # its own next transaction
    with engine.connect() as connection:
        assert connection.execute(select(t.section.c.id)).all() == []
    with sessions() as session:
        assert session.execute(select(t.section.c.id)).all() == []
    assert engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    engine.dispose()


def test_an_insert_whose_agency_cannot_be_told_is_refused(world: World) -> None:
    several = insert(t.counter).values(
        [{"agency_id": IDVA, "day": world.now.date(), "event": "x", "times": 1}] * 2
    )
    with a_session(world, IDVA) as session, pytest.raises(OperationalError):
        session.execute(several)


def test_the_plan_is_that_of_the_table(world: World) -> None:
    """A view costs no index: SQLite flattens it into the statement."""
    with a_session(world) as session:
        asked = select(t.section.c.id).where(t.section.c.case_id == "x")
        compiled = str(asked.compile(dialect=session.get_bind().dialect))
        connection = session.connection()
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ("x",)).all()
    assert f"FROM {VIEW}section AS section" in compiled
    assert plan[0][3].startswith("SEARCH main.section USING INDEX ix_section_case_id")


def test_a_read_only_role_for_everybody_else_needs_no_file(world: World) -> None:
    """The wall is of the connection: the file holds no view or trigger that another tool meets."""
    with closing(sqlite3.connect(world.url.removeprefix("sqlite:///"))) as db:
        made = db.execute("SELECT name FROM sqlite_master WHERE type IN ('view', 'trigger')")
        assert made.fetchall() == []


def test_what_sqlite_refuses_is_an_error_of_the_database(world: World) -> None:
    with a_session(world) as session, pytest.raises(DatabaseError):
        session.connection().exec_driver_sql("SELECT * FROM section")

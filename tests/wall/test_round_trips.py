"""What the second wall costs on PostgreSQL: nobody waits for the server because of it alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from gateway.store import context
from gateway.store import tables as t
from gateway.store.wall import System
from tests.journeys.world import World, example
from tests.overhearing import SAID, overheard
from tests.wall.conftest import IDVA, LANDLORD

CHURCH = "marlbury-church"


@pytest.fixture(scope="module")
def world(postgres_world: World) -> World:
    return postgres_world


def test_for_whom_a_statement_is_goes_with_it(world: World, tmp_path: Path) -> None:
    """A referral names three contexts, one of them for its people and for staff like them."""
    agency = world.client(LANDLORD)
    with overheard(world.sessions.kw["bind"], tmp_path) as said:
        agency.refer(example("c1"))
    waits = [each for each in said if each.agencies]
    assert waits
    for each in waits:
        assert each.statements[0] == SAID
        assert len(each.statements) > 1, "waited for the wall alone"
        assert each.statements.count(SAID) == 1
    every = [agency for each in waits for agency in each.agencies]
    matching = every.index(System.MATCHING)
    assert every[matching - 1 : matching + 2] == [LANDLORD, System.MATCHING, LANDLORD]
    assert every.count(System.MATCHING) == 2


def test_a_read_says_nothing_twice(world: World, tmp_path: Path) -> None:
    """Once as a transaction begins, and as it changes: in a pull, for the proof of its entry."""
    reference = world.client(LANDLORD).refer(example("c1")).reference
    idva = world.client(IDVA)
    idva.pull(reference, "P2")
    with overheard(world.sessions.kw["bind"], tmp_path) as said:
        idva.pull(reference, "P2")
    transactions: list[list[str]] = []
    for each in said:
        if "BEGIN" in each.statements:
            transactions.append([])
        if each.agencies:
            transactions[-1] += each.agencies
    assert len(transactions) > 3
    for told in transactions:
        assert told[:1] in ([IDVA], [System.SEQUENCER])
        assert all(before != after for before, after in pairwise(told))


def test_a_block_without_a_statement_says_nothing(world: World, tmp_path: Path) -> None:
    with overheard(world.sessions.kw["bind"], tmp_path) as said, world.sessions() as session:
        context.stand(session, IDVA)
        session.execute(select(t.section.c.id)).all()
        context.stand(session, System.MATCHING)
        context.stand(session, IDVA)
        session.execute(select(t.section.c.id)).all()
    assert [each.agencies for each in said if each.agencies] == [[IDVA]]


def sees(session: Any) -> int:
    return len(session.execute(select(t.section.c.id)).all())


def test_after_a_rollback_the_next_transaction_says_it_anew(world: World) -> None:
    """The setting is gone with what was rolled back, and so is what the connection remembers."""
    with world.sessions() as session:
        context.stand(session, IDVA)
        seen = sees(session)
        session.rollback()
        assert sees(session) == seen > 0
        with pytest.raises(IntegrityError):
            session.execute(insert(t.counter), [_count(world)] * 2)
        session.rollback()
        assert sees(session) == seen
        context.stand(session, CHURCH)
        session.rollback()
        assert sees(session) == 0


def test_a_savepoint_takes_back_what_was_said_after_it(world: World) -> None:
    """PostgreSQL puts the setting back to that of the savepoint: it has to be said again."""
    with world.sessions() as session:
        context.stand(session, IDVA)
        seen = sees(session)
        savepoint = session.begin_nested()
        context.stand(session, CHURCH)
        assert sees(session) == 0
        savepoint.rollback()
        assert sees(session) == 0  # for whom it is, is of the session and not of the savepoint
        context.stand(session, IDVA)
        assert sees(session) == seen > 0
        savepoint = session.begin_nested()
        with pytest.raises(IntegrityError):
            session.execute(insert(t.counter), [_count(world)] * 2)
        savepoint.rollback()
        assert sees(session) == seen


def test_the_drivers_own_cursor_says_it_too(world: World) -> None:
    """Whoever makes a cursor: there is no statement on the connection without it."""
    with world.sessions() as session:
        context.stand(session, IDVA)
        raw: Any = session.connection().connection.driver_connection
        assert raw.execute("SELECT current_setting('app.agency')").fetchone() == (IDVA,)
        context.stand(session, CHURCH)
        cursor = raw.cursor()
        cursor.execute("SELECT count(*) FROM section")
        assert cursor.fetchone() == (0,)
        cursor.close()


def test_what_was_not_told_for_a_fault_is_told_again(world: World) -> None:
    """The statement that went with it failed: the server may have heard it or not."""
    with world.sessions() as session:
        context.stand(session, IDVA)
        savepoint = session.begin_nested()
        context.stand(session, CHURCH)
        with pytest.raises(Exception, match="no_such"):
            session.connection().exec_driver_sql("SELECT * FROM no_such_table")
        savepoint.rollback()
        context.stand(session, IDVA)
        assert sees(session) > 0


def _count(world: World) -> dict[str, Any]:
    return {"agency_id": IDVA, "day": world.now.date(), "event": "x", "times": 1}

"""A log that is not what was signed: the service neither starts on it nor reads from it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from gateway import ledger
from gateway.app import create_app
from gateway.config import Settings
from gateway.demo import service
from gateway.errors import Unavailable, UnsafeSettings
from gateway.ledger import OPERATOR, Act, sequencer
from gateway.sealing import keys as key_files
from gateway.sealing import tree
from gateway.store import tables as t
from gateway.store.engine import make_engine, make_sessions
from gateway.store.log import SEQUENCER_LOCK
from tests.database import behind
from tests.journeys.asking import BY_NAME, asking, told
from tests.journeys.test_witnesses import rewrite
from tests.journeys.world import World, _fresh, example

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"


def again(world: World) -> None:
    """Start the service anew on the same database and keys."""
    settings = replace(world.app.extensions["gateway"].settings, mode="demo")
    app = create_app(settings, sessions=world.sessions, clock=lambda: world.now)
    app.extensions["gateway"].replay.close()


def fill(world: World, size: int) -> None:
    acts = [Act("case.read", None, "assigned") for _ in range(size)]
    with ledger.begin(world.sessions, world.keys, OPERATOR, world.now) as work:
        work.record_all(acts)
    world.sequence()


# --- at start -----------------------------------------------------------------------------------

DEEDS: dict[str, str] = {
    "another leaf at the end": "UPDATE log_entry SET hash = :new WHERE leaf = 299",
    "one leaf fewer": "DELETE FROM log_entry WHERE leaf = 299",
    "another subtree": "UPDATE log_node SET hash = :new",
    "a subtree fewer": "DELETE FROM log_node",
    "another root": "UPDATE checkpoint SET root = :new WHERE size = 300",
    "no checkpoint for the end": "DELETE FROM checkpoint WHERE size = 300",
    "another note": "UPDATE checkpoint SET note = 'made up' WHERE size = 300",
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())
def test_T06_the_service_does_not_start_on_a_log_that_is_not_the_signed_one(
    world: World, deed: str
) -> None:
    fill(world, 300 - len(world.rows(t.log_entry)) - len(world.rows(t.log_pending)))
    assert len(world.rows(t.log_entry)) == 300
    again(world)
    values = {"new": bytes(32)} if ":new" in deed else {}
    world.execute(deed, **values)
    with pytest.raises(UnsafeSettings, match="does not match its last checkpoint"):
        again(world)


def test_a_log_that_was_rewritten_as_a_whole_starts_and_is_the_partners_to_catch(
    world: World,
) -> None:
    """Who holds every key signs what he likes: that is what witnesses are for."""
    rewrite(world)
    again(world)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_T06_gunicorn_does_not_start_on_a_log_that_is_not_the_signed_one(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = str(request.getfixturevalue(f"{database}_url"))
    listener = service.listen()
    place = service.Place(
        tmp_path, Settings("demo", service.url_of(listener), url, tmp_path / "keys"), listener
    )
    key_files.make(tmp_path / "keys", on=date(2025, 1, 1))
    engine = make_engine(url)
    sessions, keys = make_sessions(engine), key_files.load(tmp_path / "keys")
    with ledger.begin(sessions, keys, OPERATOR, datetime.now(UTC)) as work:
        work.record_all([Act("case.read", None, "assigned") for _ in range(300)])
    while ledger.sequence(sessions, keys, now=datetime.now(UTC)):
        pass
    _execute(url, "UPDATE log_node SET hash = log_entry.hash FROM log_entry WHERE leaf = 0")
    engine.dispose()
    with pytest.raises(Unavailable):
        service.start(place)
    assert "The access log does not match its last checkpoint." in place.output.read_text("utf-8")


def _execute(url: str, statement: str) -> None:
    engine = behind(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


# --- while it runs ------------------------------------------------------------------------------


def referred(world: World) -> str:
    return world.client(LANDLORD).refer(example("c1")).reference


def test_a_changed_record_is_not_shown_as_if_it_were_the_log(world: World) -> None:
    reference = referred(world)
    wire = world.wire(COORDINATOR)
    request = asking(BY_NAME["list_access"], wire, reference=reference)
    assert request.send(wire).status_code == 200
    world.sequence()
    (row, *_) = world.rows(t.log_entry, case_id=world.case_of(reference))
    cell = row["record"][:-1] + bytes([row["record"][-1] ^ 1])
    world.execute(
        "UPDATE log_entry SET record = :new WHERE leaf = :leaf", new=cell, leaf=row["leaf"]
    )
    status, _, told_ = told(request.send(wire))
    assert (status, told_["code"]) == (503, "unavailable")


Stop = Callable[[World], None]


def no_checkpoints(world: World) -> None:
    world.execute("ALTER TABLE checkpoint RENAME TO elsewhere")


def no_entries(world: World) -> None:
    world.execute("ALTER TABLE log_entry RENAME TO elsewhere")


def another_tree(world: World) -> None:
    """The stored edge is not the signed one, and this process has not seen it yet."""
    world.execute("UPDATE log_entry SET hash = :new", new=tree.leaf_hash(b"other"))
    sequencer._seen = (tree.EMPTY, tree.Frontier())


@pytest.mark.parametrize("stop", [no_checkpoints, no_entries, another_tree])
def test_F74_what_is_sealed_to_few_does_not_leave_while_nothing_is_sequenced(
    world: World, stop: Stop
) -> None:
    """Not even once the reading itself is written: the entry has no place in the tree."""
    reference = referred(world)
    wire = world.wire(IDVA)
    request = asking(BY_NAME["pull_case"], wire, reference=reference).but(query={"purpose": "P2"})
    wire.token(request.scope)
    stop(world)
    answer = request.send(wire)
    assert told(answer)[2]["code"] == "unavailable"
    assert answer.status_code == 503
    assert "jwe" not in answer.text


def test_F74_who_may_not_open_what_is_sealed_is_answered_without_the_tree(world: World) -> None:
    """Only what is sealed to few waits; an ordinary reading rests on its line in the queue."""
    reference = referred(world)
    wire = world.wire(COORDINATOR)
    request = asking(BY_NAME["pull_case"], wire, reference=reference).but(query={"purpose": "P9"})
    assert request.send(wire).status_code == 200
    assert world.rows(t.log_pending)[-1]["agency_id"] == COORDINATOR


def test_F74_a_sealed_copy_leaves_once_another_process_has_let_go_of_the_sequencer(
    request: pytest.FixtureRequest,
) -> None:
    """The answer waits for whoever holds the lock, and then comes."""
    with _fresh(request, "postgresql") as world:
        reference = referred(world)
        wire = world.wire(IDVA)
        asked = asking(BY_NAME["pull_case"], wire, reference=reference).but(query={"purpose": "P2"})
        wire.token(asked.scope)
        with ThreadPoolExecutor() as pool, world.engine.begin() as other:
            assert other.scalar(select(func.pg_try_advisory_xact_lock(SEQUENCER_LOCK)))
            waiting = pool.submit(asked.send, wire)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            other.rollback()
            assert waiting.result(timeout=30).status_code == 200
        assert world.rows(t.log_entry)[-1]["agency_id"] == IDVA

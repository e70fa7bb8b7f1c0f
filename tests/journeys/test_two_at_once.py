"""Two at one case at the same moment: neither decides by what the other changed, none is stopped.

On PostgreSQL alone: SQLite lets one after the other write.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from gateway.agencies.inbox import Written
from gateway.flows import cases as flow
from gateway.schemas import reference as references
from tests.journeys.acting import COORDINATOR, IDVA, LANDLORD, SOMEBODY, a_conference, doing, listed
from tests.journeys.attacks import ABSENT
from tests.journeys.test_approvals import ask, referred
from tests.journeys.test_races import AT_MOST, Other
from tests.journeys.world import BASE, World, _fresh

PLACE = "/incidents/0/what"
NIL = {"people": [{"person": "VICTIM", "known": "NOT_KNOWN"}]}


@pytest.fixture(name="world", scope="module")
def _world(request: pytest.FixtureRequest) -> Iterator[World]:
    with _fresh(request, "postgresql") as made:
        yield made


@contextmanager
def before_lock(world: World, act: Callable[[], Any]) -> Iterator[None]:
    """Do something in each other thread, once, right before it locks a case to change it."""
    done = {threading.get_ident()}

    def watch(connection: Any, *_: object) -> None:
        known = connection.cursor_factory

        def watched(*about: Any, **how: Any) -> Any:
            cursor = known(*about, **how)
            plain = cursor.execute

            def execute(query: Any, *given: Any, **more: Any) -> Any:
                me, text = threading.get_ident(), str(query)
                if me not in done and "FOR UPDATE" in text and 'FROM "case"' in text:
                    done.add(me)
                    act()
                return plain(query, *given, **more)

            cursor.execute = execute
            return cursor

        connection.cursor_factory = watched

    engine = world.sessions.kw["bind"]
    event.listen(engine, "checkout", watch)
    try:
        yield
    finally:
        event.remove(engine, "checkout", watch)
        engine.dispose()


def redact(world: World, ref: str) -> None:
    client = world.client(LANDLORD, "homes-01")
    client.walls.draft_redaction(ref, "incidents", LANDLORD, [PLACE])


def approve(world: World, ref: str) -> None:
    ask(world, ref)


def release(world: World, ref: str) -> None:
    world.client(LANDLORD, "homes-01").walls.release(ref, "SERVES", LANDLORD)


def wall(world: World, ref: str) -> None:
    client = world.client(COORDINATOR, "marac-01")
    client.walls.settle(ref, "CONFIRM", IDVA, "idva-01", reason="Known to us.")


def note(world: World, ref: str) -> None:
    world.client(IDVA, "idva-01").notes.keep(ref, "Not at work on Fridays.")


ACTS = {
    "redacting": (LANDLORD, redact),
    "approving": (IDVA, approve),
    "releasing": (LANDLORD, release),
    "walling": (COORDINATOR, wall),
    "noting": (IDVA, note),
}


@pytest.mark.parametrize("name", ACTS)
def test_V40_who_is_set_aside_meanwhile_does_nothing_more_in_the_case(
    world: World, name: str
) -> None:
    """In another window the same worker says that it knows the victim."""
    agency, act = ACTS[name]
    act(world, referred(world))  # nothing else would stop it
    ref = referred(world)
    before = world.counts()
    aside = {"act": "EXCLUDE", "agency": agency, "worker": SOMEBODY[agency], "reason": "A sister."}
    at_lock = threading.Event()
    with before_lock(world, at_lock.set):
        with doing(world, agency) as work:
            body = Written(aside)
            flow.settle_conflict(
                work, str(references.read(ref)), body, audience=BASE, key=str(uuid.uuid4())
            )
            other = Other(lambda: act(world, ref))
            assert at_lock.wait(AT_MOST)
        assert other.end().problem == ABSENT
    changed = {name for name, rows in world.counts().items() if rows != before[name]}
    assert not changed & {"redaction", "approval", "release", "private_note"}


def removed(world: World, ref: str) -> Callable[[], Any]:
    drafter = world.client(COORDINATOR, "marac-01").walls
    number = drafter.draft_redaction(ref, "incidents", LANDLORD, [PLACE])["number"]
    world.client(LANDLORD, "homes-01").walls.settle_redaction(ref, "CONFIRM", number)
    return lambda: world.new_client(LANDLORD, "homes-01").accounts.removed(ref, "P10")


def given_back(world: World, ref: str, conference: str) -> Callable[[], Any]:
    world.client(LANDLORD).research.give(conference, ref, NIL)
    return lambda: world.new_client(LANDLORD).research.own(conference, ref)


@pytest.mark.parametrize("name", ["removed", "research"])
def test_V40_who_reads_its_own_at_once_is_answered(world: World, name: str) -> None:
    conference = a_conference(world)
    ref = listed(world, conference)
    read = removed(world, ref) if name == "removed" else given_back(world, ref, conference)
    both = threading.Barrier(2)
    with before_lock(world, lambda: both.wait(AT_MOST)):
        readers = [Other(read), Other(read)]
        assert [each.end().problem for each in readers] == [None, None]
    _nobody_was_stopped(world)


def test_V40_of_two_returns_at_once_one_is_told_of_the_other(world: World) -> None:
    conference = a_conference(world)
    ref = listed(world, conference)
    clients = [world.new_client(LANDLORD), world.new_client(LANDLORD)]
    for client in clients:
        client.due()
    both = threading.Barrier(2)
    with before_lock(world, lambda: both.wait(AT_MOST)):
        senders = [Other(lambda c=c: c.research.give(conference, ref, NIL)) for c in clients]  # type: ignore[misc]
        problems = [each.end().problem for each in senders]
    assert sorted(map(str, problems)) == ["(409, 'changed_meanwhile')", "None"]
    _nobody_was_stopped(world)


def _nobody_was_stopped(world: World) -> None:
    """Who is, is told to come again, and its software does."""
    assert 503 not in {each.status for each in world.answers}

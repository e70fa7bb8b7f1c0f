"""No statement that runs often reads a whole table (SQLite shows the plan of each)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.journeys.world import World, example, graded
from tests.overhearing import traced

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"

# A row per partner, where reading all is what the statement is for; the queue of the log, which
# every poll empties; and SQLite's word for no rows at all.
SMALL = frozenset(
    {"agency", "agency_key", "agency_scope", "worker", "worker_key", "log_pending", "(subquery-1)"}
)
# Read in the order of its key and only as far as a LIMIT: the newest one.
IN_ORDER = frozenset({"checkpoint"})


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Every statement as SQLite runs it, with its values."""
    sent: list[str] = []

    with traced(world.sessions.kw["bind"], sent.append):
        yield sent


def scans(world: World, sent: list[str]) -> dict[str, str]:
    """The statements that would read a whole table, and what the plan says of it."""
    found: dict[str, str] = {}
    engine = world.sessions.kw["bind"]
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_authorizer(None)  # which knows no statement that is only explained
        for statement in dict.fromkeys(sent):
            if statement.split(None, 1)[0].upper() not in ("SELECT", "UPDATE", "DELETE", "INSERT"):
                continue
            # The plan that the service's own connection has, with the wall before each table.
            for *_, detail in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"):
                if is_scan(statement, detail):
                    found[statement] = detail
    engine.dispose()
    return found


def is_scan(statement: str, detail: str) -> bool:
    """Whether a step of a plan reads a table from one end to the other."""
    words = detail.replace("main.", "").split()
    if words[0] != "SCAN" or detail == "SCAN CONSTANT ROW":
        return False
    return words[1] not in SMALL and not (words[1] in IN_ORDER and "LIMIT" in statement)


@pytest.fixture(scope="module")
def busy(shared_sqlite_world: World) -> tuple[World, list[str], str]:
    """A database in which something happened."""
    world = shared_sqlite_world
    coordinator = world.client(COORDINATOR)
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-08T09:30:00Z",
            "attendees": [IDVA, LANDLORD, "marlbury-police"],
        }
    )["conference"]
    refs = []
    for _ in range(4):
        ref = world.client(LANDLORD).refer(example("c1")).reference
        coordinator.decide(ref, {"decision": "ACCEPT"})
        coordinator.list_case(conference, ref)
        refs.append(ref)
    world.client(IDVA).list_cases()
    world.sequence()
    return world, refs, conference


ACTS = ("submit", "pull", "feed", "agenda", "own", "list", "decide", "position", "log", "access")


@pytest.mark.parametrize("act", ACTS)
def test_no_hot_statement_reads_a_whole_table(busy: tuple[World, list[str], str], act: str) -> None:
    world, refs, conference = busy
    landlord, idva, coordinator = (world.client(each) for each in (LANDLORD, IDVA, COORDINATOR))
    cursor = idva.list_cases()["next"]
    fresh = landlord.refer(graded(12)).reference
    calls: dict[str, Callable[[], object]] = {
        "submit": lambda: landlord.refer(example("c1")),
        "pull": lambda: idva.pull(refs[0], "P2"),
        "feed": lambda: (idva.list_cases(), idva.list_cases(cursor)),
        "agenda": lambda: coordinator.agenda(conference),
        "own": lambda: landlord.referral(refs[0]),
        "list": landlord.referrals,
        "decide": lambda: coordinator.decide(
            landlord.refer(example("minimal")).reference, {"decision": "ACCEPT"}
        ),
        "position": lambda: landlord.record_position(
            fresh, {**example("minimal")["document"]["consent_record"], "position": "GIVEN"}
        ),
        "log": idva.checkpoint,
        "access": lambda: coordinator.access(refs[0]),
    }
    with statements(world) as sent:
        calls[act]()
    assert len(sent) > 5
    assert scans(world, sent) == {}


def test_a_scan_would_be_seen(busy: tuple[World, list[str], str]) -> None:
    """What the other test looks for is there when there is something to see."""
    world = busy[0]
    assert scans(world, ["SELECT id FROM section WHERE name = 'x'"])

"""What is refused costs the gateway the same as what is not there.

Time is too noisy to compare, so the work is counted: every statement that the database gets and
every call into the cryptographic library.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from gateway.api.operations import Operation
from gateway.client.access import ProblemError
from tests.doors.test_guard import ABOUT_A_CASE, stranger
from tests.journeys.asking import BY_NAME, NO_CONFERENCE, NOBODY, Asked, asking, told
from tests.journeys.walled import HIMSELF, KAMAL, OFFICE, add_worker
from tests.journeys.world import World, example
from tests.overhearing import traced

FOLDED = "PRAGMA wal_checkpoint(PASSIVE)"  # after every thirtieth commit, whatever it was about
LANDLORD, STRANGER, COORDINATOR = "harbourgate-homes", "tidewell-housing", "marlbury-marac"


@dataclass
class Work:
    """What one request made the gateway do."""

    statements: Counter[str] = field(default_factory=Counter)
    cryptography: Counter[str] = field(default_factory=Counter)


@contextmanager
def counting(world: World) -> Iterator[Work]:
    """Count statements without their values, as SQLite gets them, and cryptographic calls."""
    found = Work()

    def note(statement: str) -> None:
        if statement == FOLDED:
            return
        found.statements[
            re.sub(r"'[^']*'|x'[^']*'|\bNULL\b|\b\d+\b", "?", " ".join(statement.split()))
        ] += 1

    def watch(_frame: FrameType, kind: str, function: Any) -> None:
        if kind == "c_call":
            owner = type(getattr(function, "__self__", None)).__module__
            if re.search("cryptography|_hashlib|_openssl", f"{owner} {function.__module__}"):
                found.cryptography[function.__qualname__] += 1

    with traced(world.sessions.kw["bind"], note):
        sys.setprofile(watch)
        try:
            yield found
        finally:
            sys.setprofile(None)


@pytest.fixture(scope="module")
def reference(shared_sqlite_world: World) -> str:
    return shared_sqlite_world.client(LANDLORD).refer(example("c1")).reference


CONFERENCE = {"starts_at": "2026-12-08T09:30:00Z", "attendees": ["marlbury-police"]}


def compare(world: World, agency: str, absent: Asked, refused: Asked) -> None:
    """Hold the work for what is not there against that for what is another's."""
    wire, work = world.wire(agency), []
    world.app.extensions["gateway"].pressure.tick = lambda: 0.0  # looked at once, whoever asks
    for request in (absent, absent, refused):  # the first fills what is kept between requests
        with counting(world) as found:
            answer = request.send(wire)
        assert told(answer)[0] == 404
        work.append(found)
    _, without, within = work
    assert within.statements == without.statements
    assert within.cryptography == without.cryptography
    assert sum(without.statements.values()) > 5
    assert {"ECPublicKey.verify", "AESGCM.encrypt"} <= without.cryptography.keys()


@ABOUT_A_CASE
def test_V39_a_refusal_takes_the_same_work_as_an_absence(
    shared_sqlite_world: World, reference: str, operation: Operation
) -> None:
    world, agency = shared_sqlite_world, stranger(operation)
    conference = NO_CONFERENCE
    if operation.form == "listing/1":  # a conference of its own, so that the case decides
        planned = {"area": "FENHOLLOW", **CONFERENCE}
        conference = world.client(agency).create_conference(planned)["conference"]
    asked = []
    for about in (NOBODY, reference):
        request = asking(operation, world.wire(agency), reference=about, conference=conference)
        if "agency" in request.query:
            request = request.but(query={**request.query, "agency": agency})
        asked.append(request)
    compare(world, agency, *asked)


def test_V39_another_conferences_agenda_takes_the_same_work_as_none(
    shared_sqlite_world: World,
) -> None:
    world = shared_sqlite_world
    planned = {"area": "MARLBURY", **CONFERENCE}
    conference = world.client(COORDINATOR).create_conference(planned)["conference"]
    wire = world.wire("fenhollow-marac")
    asked = [
        asking(BY_NAME["read_agenda"], wire, conference=each)
        for each in (NO_CONFERENCE, conference)
    ]
    compare(world, "fenhollow-marac", *asked)


def test_V39_a_poll_takes_the_same_work_where_a_case_lies_behind_the_wall(
    sqlite_world: World,
) -> None:
    world, work = sqlite_world, []
    add_worker(world, OFFICE, KAMAL)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    wire = world.wire(OFFICE, KAMAL)
    world.app.extensions["gateway"].pressure.tick = lambda: 0.0
    for is_there in (False, False, True):
        if is_there:
            world.client("marlbury-college", "college-01").refer(example("c2"))
            world.execute(
                "INSERT INTO feed (agency_id, case_id, kind, entry_id, leaf)"
                " SELECT :office, case_id, kind, entry_id, 0 FROM feed LIMIT 1",
                office=OFFICE,
            )
            world.sequence()
        with counting(world) as found:
            answer = wire.ask("GET", "/v1/cases", "cases:read")
        assert answer.get_json()["items"] == []
        work.append(found)
    assert work[2].statements == work[1].statements


def test_V39_the_count_sees_a_statement_more(shared_sqlite_world: World, reference: str) -> None:
    """What opens a case does more than what refuses it: the comparison can fail."""
    with counting(shared_sqlite_world) as opened:
        shared_sqlite_world.client(LANDLORD).referral(reference)
    with counting(shared_sqlite_world) as refused, pytest.raises(ProblemError):
        shared_sqlite_world.client(STRANGER).referral(reference)
    assert opened.statements != refused.statements
    assert opened.cryptography != refused.cryptography

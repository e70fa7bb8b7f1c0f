"""The fault matrix: every route, under every fault, answers as docs/faults.toml says.

Real faults, the whole application, a request that would have succeeded. What was refused is sent
again under the same key once the fault is gone, and succeeds: nothing was lost or done twice.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.api.openapi.problems import REQUESTS
from gateway.app import create_app
from gateway.config import Settings
from gateway.errors import GatewayError
from tests.database import Postgres
from tests.faults.faulty import FAULTS
from tests.faults.routes import Ready, every_route, ready
from tests.hsm import reachable
from tests.journeys.world import ROOT, World, _fresh, example

TABLE: dict[str, Any] = tomllib.loads((ROOT / "docs" / "faults.toml").read_text("utf-8"))
GROUPS: list[dict[str, Any]] = TABLE["routes"]
LISTED = {route: group for group in GROUPS for route in group["routes"]}

# The world that each fault is made in; on PostgreSQL those that another database answers otherwise.
PLACES = {
    "sqlite": ("log", "tree", "behind", "ahead", "disk"),
    "postgresql": ("log", "tree", "disk"),
    "token": ("keys",),
    "one-disk": ("disks",),
}


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        "postgresql",
        "one-disk",
        pytest.param("token", marks=pytest.mark.needs("softhsm")),
    ],
)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, tuple[str, ...]]]:
    """A world, and the faults that are made in it.

    With "sqlite" used proofs are kept elsewhere, so that a full disk is met behind the door, too.
    """
    more: dict[str, Any] = {"mode": "demo"}
    with ExitStack() as stack:
        if request.param == "token":
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            more["token"] = stack.enter_context(reachable(tmp_path_factory.mktemp("hsm"), patch))
        if request.param == "sqlite":
            server: Postgres = request.getfixturevalue("postgres")
            more["replay_url"] = stack.enter_context(server.database(role=server.owner))
        database = "postgresql" if request.param == "postgresql" else "sqlite"
        yield stack.enter_context(_fresh(request, database, **more)), PLACES[request.param]


def told(answer: TestResponse) -> str:
    """Status, and the code of a refusal: "204", "503 unavailable"."""
    if answer.status_code < 400:
        return str(answer.status_code)
    body = json.loads(answer.data)
    return f"{answer.status_code} {body.get('code') or body['error']}"


def changed(before: dict[str, int], after: dict[str, int]) -> set[str]:
    return {table for table in after if after[table] != before[table]}


def left_by(fault: str, request: Ready) -> set[str]:
    """The tables in which a refused request may leave rows.

    A disclosure is recorded before it is answered: where only the tree is missing, the record of
    a reading stands although nothing was given, and says too much rather than too little.
    """
    return {"receipt", "feed"} if fault == "tree" and not request.is_write else set()


def wanted(route: str, fault: str, request: Ready) -> str:
    said = str(LISTED[route][fault])
    return str(request.status) if said == "served" else said


# --- the table --------------------------------------------------------------------------------


def test_M15_the_table_has_every_route_once_and_every_fault(place: tuple[World, Any]) -> None:
    listed = [route for group in GROUPS for route in group["routes"]]
    assert sorted(listed) == every_route(place[0])
    assert [fault["id"] for fault in TABLE["faults"]] == list(FAULTS)
    for group in (*GROUPS, TABLE["start"]):
        assert group.keys() - {"routes", "says", "postgresql"} == FAULTS.keys()
    assert {fault for faults in PLACES.values() for fault in faults} == FAULTS.keys()


@pytest.mark.parametrize("fault", ["log", "disk", "disks", "behind", "ahead"])
def test_F74_while_nothing_can_be_recorded_no_operation_answers(fault: str) -> None:
    """Of the table itself: none of these may ever be written into it as served."""
    assert [r for r, group in LISTED.items() if "/v1/" in r and group[fault] == "served"] == []


# --- every route under every fault ------------------------------------------------------------


@pytest.mark.parametrize("route", LISTED)
def test_V24_a_fault_is_answered_as_the_table_says(
    place: tuple[World, tuple[str, ...]], route: str, caplog: pytest.LogCaptureFixture
) -> None:
    world, faults = place
    world.later(minutes=30)  # the buckets are full again
    request = ready(world, route)
    for fault in faults:
        before = world.counts()
        with FAULTS[fault](world):
            answer = request.send()
        assert (fault, told(answer)) == (fault, wanted(route, fault, request))
        if answer.status_code >= 400:
            assert_refused(answer)
            assert changed(before, world.counts()) <= left_by(fault, request)
        elif request.is_write:
            request = ready(world, route)
    assert_nothing_personal(caplog.text)
    world.sequence()
    assert_done_once(request)


def assert_refused(answer: TestResponse) -> None:
    """A problem document of a published code, or OAuth's own; never a fault of ours."""
    assert answer.status_code != 500
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["code"] in REQUESTS
    assert answer.headers["Cache-Control"] == "no-store"


def assert_nothing_personal(logged: str) -> None:
    assert [text for text in texts(example("c1")) if text in logged] == []


def texts(value: Any) -> Iterator[str]:
    """What a person wrote, or is called: no codes."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)
    elif isinstance(value, str) and len(value) > 5 and not value.isupper():
        yield value


def assert_done_once(request: Ready) -> None:
    """What was refused succeeds now, and the next retry brings the same answer."""
    first = request.send()
    assert first.status_code == request.status, first.text
    if request.is_write:
        second = request.send()
        assert (second.status_code, second.data) == (first.status_code, first.data)


# --- starting under a fault -------------------------------------------------------------------


def test_M15_a_service_starts_under_a_fault_or_says_why_not(
    place: tuple[World, tuple[str, ...]],
) -> None:
    world, faults = place
    settings = replace(world.app.extensions["gateway"].settings, mode="demo")
    with world.operator() as work:
        work.record("case.read", None, because="assigned")  # something waits for its place
    said = dict(TABLE["start"])
    if world.engine.dialect.name == "postgresql":
        said |= said.get("postgresql", {})
    for fault in faults:
        for engine in (world.engine, world.sessions.kw["bind"]):
            engine.dispose()  # nobody else has the database open
        with FAULTS[fault](world):
            assert (fault, started(world, settings)) == (fault, said[fault])


def started(world: World, settings: Settings) -> str:
    try:
        app = create_app(settings, sessions=world.sessions, clock=lambda: world.clock)
    except GatewayError as error:
        return "refuses" if error.message else "crashes"
    app.extensions["gateway"].replay.close()
    return "starts"

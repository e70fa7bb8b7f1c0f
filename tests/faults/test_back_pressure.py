"""A log that falls behind, a slow store and too much at once end in a refusal, not in a heap."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from gateway.app import MAX_BODY
from gateway.store import engine, writing
from gateway.store import tables as t
from tests.faults.faulty import tree_down
from tests.faults.routes import COORDINATOR, IDVA, LANDLORD, Ready, ready
from tests.journeys.asking import BY_NAME, asking
from tests.journeys.world import World, example

WRITE, READ = "POST /v1/referrals", "GET /v1/cases/<reference>/explain"


class Clock:
    """Seconds of the process, as the queue counts them."""

    def __init__(self) -> None:
        self.at = time.monotonic() + 60  # whatever was looked at before is long ago

    def __call__(self) -> float:
        return self.at


@contextmanager
def standing_still(world: World) -> Iterator[None]:
    """Nothing has been sequenced for more than a minute."""
    pressure, clock = world.app.extensions["gateway"].pressure, Clock()
    pressure.tick = clock
    world.sequence()
    with tree_down(world):
        world.client(LANDLORD).refer(example("minimal"))
        clock.at += 2
        assert not pressure.is_behind(world.now)
        clock.at += 61
        yield
    clock.at += 2


def told(answer: TestResponse) -> tuple[int, str]:
    if answer.status_code < 400:
        return answer.status_code, ""
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code, answer.get_json()["code"]


def test_V34_who_writes_waits_until_the_log_has_caught_up(world: World) -> None:
    request = ready(world, WRITE)
    before = world.counts()
    with standing_still(world):
        waiting = len(world.rows(t.log_pending))
        before = world.counts()
        assert told(request.send()) == (503, "log_behind")
        assert world.counts() == before
        assert len(world.rows(t.log_pending)) == waiting
    assert told(request.send()) == (201, "")


def test_V34_readings_go_on_and_what_is_sealed_to_few_does_not_leave(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    exclusive = asking(BY_NAME["pull_case"], world.wire(IDVA), reference=reference)
    exclusive = exclusive.but(query={"purpose": "P2"})
    plain = asking(BY_NAME["pull_case"], world.wire(COORDINATOR), reference=reference)
    for wire in (world.wire(IDVA), world.wire(COORDINATOR)):
        wire.token(plain.scope)
    with standing_still(world):
        refused = exclusive.send(world.wire(IDVA))
        assert told(refused) == (503, "log_behind")
        assert "jwe" not in refused.text
        assert told(plain.but(query={"purpose": "P9"}).send(world.wire(COORDINATOR))) == (200, "")
    assert told(exclusive.send(world.wire(IDVA))) == (200, "")


def test_V34_at_ten_times_as_many_lines_nothing_is_taken_on(sqlite_world: World) -> None:
    world = sqlite_world
    pressure = world.app.extensions["gateway"].pressure
    pressure.lines = 1
    clock = pressure.tick = Clock()
    read, write = ready(world, READ), ready(world, WRITE)
    token = world.wire(LANDLORD).agency
    world.sequence()
    with tree_down(world):
        for _ in range(11):
            assert read.send().status_code == 200
            clock.at += 2
        for request in (read, write):
            assert told(request.send()) == (503, "log_behind")
        assert told(token.ask()) == (503, "log_behind")
    clock.at += 2
    assert (read.send().status_code, write.send().status_code) == (200, 201)


# --- a slow store -----------------------------------------------------------------------------


@contextmanager
def held_by_another(world: World) -> Iterator[None]:
    """Somebody writes to the log and does not end."""
    with Session(world.engine) as session, session.begin():
        if world.engine.dialect.name == "sqlite":
            session.execute(t.agency.update().values(name=t.agency.c.name))
        else:
            session.connection().exec_driver_sql("LOCK TABLE log_pending")
        yield


def in_a_thread(request: Ready) -> TestResponse:
    found: list[TestResponse] = []
    thread = threading.Thread(target=lambda: found.append(request.send()))
    thread.start()
    thread.join(30)
    return found[0]


def test_V34_a_store_that_does_not_answer_in_time_is_a_refusal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.3)
    monkeypatch.setitem(engine._PATIENCE, "lock_timeout", 300)
    world.let_go()  # connections that were given longer
    request, page = ready(world, WRITE), ready(world, "GET /.well-known/jwks.json")
    before = world.counts()
    with held_by_another(world):
        assert told(in_a_thread(request)) == (503, "unavailable")
        assert told(in_a_thread(page)) == (200, "")
    assert world.counts() == before
    assert told(request.send()) == (201, "")


def test_V34_no_statement_of_the_service_runs_for_ever_on_postgresql(
    postgresql_url: str,
) -> None:
    made = engine.make_engine(postgresql_url)
    patient = engine.make_owner_engine(postgresql_url, is_patient=True)
    for each, wanted in ((made, ["4s", "20s", "1min"]), (patient, ["0", "0", "0"])):
        with each.connect() as connection:
            shown = [
                connection.exec_driver_sql(f"SHOW {name}").scalar() for name in engine._PATIENCE
            ]
        assert shown == wanted
        each.dispose()


# --- too much at once -------------------------------------------------------------------------


def test_V34_a_body_that_is_too_large_is_refused_before_it_is_read(sqlite_world: World) -> None:
    """Its length is enough; not a byte of it was taken."""

    class Never(BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

        readline = read1 = readinto = read  # type: ignore[assignment]

    world = sqlite_world
    wire = world.wire(LANDLORD)
    token = wire.token("referrals:write")
    answer = world.app.test_client().open(
        "/v1/referrals",
        method="POST",
        headers={
            "Authorization": f"DPoP {token}",
            "DPoP": wire.agency.proof("POST", "/v1/referrals", token=token),
            "Idempotency-Key": "0f8d7c1e-52a7-4a0e-9a43-3b1f6c2d9e10",
            "Content-Type": "application/jose",
        },
        environ_overrides={"CONTENT_LENGTH": str(MAX_BODY + 1), "wsgi.input": Never()},
    )
    assert told(answer) == (413, "too_large")

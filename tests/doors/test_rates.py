"""Nobody asks too often: each agency has its buckets, and no stranger touches them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from gateway.agencies.replay import Replay
from gateway.api.operations import OPERATIONS
from gateway.client import config
from gateway.client.access import ProblemError
from gateway.client.gateway import Gateway
from gateway.errors import BrokenTable, Unavailable
from gateway.profiles.loader import HERE, Profiles
from gateway.profiles.rates import Rate, load_rates
from gateway.schemas.codes import AgencyKind, Limited
from tests.doors.oauth import START, Agency, Door, a_door
from tests.journeys.asking import BY_NAME, asking, told
from tests.journeys.world import BASE, World, example

# Tokens and the published log have doors of their own; nobody signs in yet.
ELSEWHERE = {Limited.TOKENS, Limited.SIGN_IN, Limited.PUBLIC}
LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"


class Rated(Profiles):
    """The rule tables with other rates."""

    def __init__(self, given: Profiles, **rates: Rate) -> None:
        self.__dict__.update(given.__dict__)
        changed = {Limited(name): rate for name, rate in rates.items()}
        self._rates = MappingProxyType({**given.rates, **changed})


# --- a bucket -----------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'used.db'}"
    return str(request.getfixturevalue("empty_postgresql_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[Replay]:
    store = Replay.open(store_url, START)
    yield store
    store.close()


def take(store: Replay, seconds: float = 0, key: str = "k", burst: int = 3) -> tuple[float, int]:
    """Seconds to wait and refusals in a row; nought and nought if one was taken."""
    now = START + timedelta(seconds=seconds)
    empty = store.take(key, burst=burst, per_second=0.5, now=now)
    return (0, 0) if empty is None else (empty.wait, empty.times)


def test_a_bucket_holds_its_burst_and_fills_again(store: Replay) -> None:
    assert [take(store) for _ in range(3)] == [(0, 0)] * 3
    assert take(store) == (2.0, 1)
    assert take(store, 1) == (1.0, 2)
    assert take(store, 2) == (0, 0)
    assert take(store, 2) == (2.0, 1)  # counted anew
    assert [take(store, 1000) for _ in range(3)] == [(0, 0)] * 3  # never more than its burst
    assert take(store, 1000)[1] == 1
    assert take(store, 1000, "other") == (0, 0)


def test_a_clock_that_goes_back_takes_nothing_away(store: Replay) -> None:
    assert [take(store, 100) for _ in range(2)] == [(0, 0)] * 2
    assert take(store, 40) == (0, 0)
    assert take(store, 40)[1] == 1
    assert take(store, 101)[1] == 2
    assert take(store, 102) == (0, 0)


def test_many_at_once_never_take_more_than_there_is(store_url: str) -> None:
    taken: list[bool] = []

    def run() -> None:
        own = Replay.open(store_url, START)
        taken.extend(take(own, burst=50) == (0, 0) for _ in range(20))
        own.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), sum(taken)) == (120, 50)


@given(st.lists(st.floats(0, 30), max_size=40))
def test_no_order_of_requests_gets_more_than_burst_and_rate(
    tmp_path_factory: pytest.TempPathFactory, pauses: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("bucket")
    store = Replay.open(f"sqlite:///{folder / 'used.db'}", START)
    moment, taken = 0.0, 0
    for pause in pauses:
        moment += pause
        taken += take(store, moment) == (0, 0)
    store.close()
    assert taken <= 3 + moment * 0.5 + 1e-6


def test_a_store_that_was_emptied_starts_with_full_buckets(empty_postgresql_url: str) -> None:
    store = Replay.open(empty_postgresql_url, START)
    for _ in range(4):
        take(store)
    engine = create_engine(empty_postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE replay.bucket"))
    engine.dispose()
    assert take(store) == (0, 0)
    store.close()


def test_without_the_store_nothing_is_let_through(store: Replay, store_url: str) -> None:
    if not store_url.startswith("sqlite"):
        return
    store.close()
    for file in Path(store_url.removeprefix("sqlite:///")).parent.glob("used.db.*"):
        file.unlink()
    with pytest.raises(Unavailable):
        take(store)


# --- the table ----------------------------------------------------------------------------------


def test_the_shipped_table_limits_everything_and_lets_honest_work_through() -> None:
    rates = Profiles.load().rates
    assert set(rates) == set(Limited)
    assert all(rate.burst >= 10 and rate.per_minute >= 5 for rate in rates.values())
    assert {each.limit for each in OPERATIONS} == set(Limited) - ELSEWHERE


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"match": None}, "match"),
        ({"match": {"burst": 0, "per_minute": 1}}, "lets nothing through"),
        ({"match": {"burst": 1, "per_minute": 0}}, "lets nothing through"),
        ({"match": {"burst": -1, "per_minute": 1}}, "negative"),
        ({"match": {"burst": 1.5, "per_minute": 1}}, "wrong type"),
        ({"match": {"burst": 1, "per_minute": 1, "per_hour": 1}}, "unknown key"),
        ({"matches": {"burst": 1, "per_minute": 1}}, "unknown key"),
    ],
)
def test_a_table_with_a_gap_stops_the_service(change: dict[str, Any], says: str) -> None:
    line = {"burst": 1, "per_minute": 1}
    table: dict[str, Any] = {each.value: line for each in Limited}
    whole = {"effective_from": START.date(), **table, **change}
    with pytest.raises(BrokenTable, match=says):
        load_rates({name: value for name, value in whole.items() if value is not None})
    assert (HERE / "rates.toml").is_file()


# --- what is limited ------------------------------------------------------------------------------


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(database_url, tmp_path) as door:
        yield door


def with_rates(world: World, **rates: Rate) -> None:
    """Let the running service have other rates."""
    house = world.app.extensions["gateway"]
    changed = replace(house, profiles=Rated(house.profiles, **rates))
    world.app.extensions["gateway"] = changed


def limited(answer: Any) -> int:
    """The seconds to wait of a refusal that is complete."""
    status, headers, body = told(answer)
    assert (status, body["code"]) == (429, "too_many_requests")
    assert headers["Content-Type"] == "application/problem+json"
    assert "errors" not in body
    return int(headers["Retry-After"])


ONE_OF_EACH = {
    "match": ("submit_referral", LANDLORD),
    "export": ("pull_case", COORDINATOR),
    "read": ("list_cases", COORDINATOR),
    "write": ("preview_routing", LANDLORD),
}


@pytest.mark.parametrize("what", ONE_OF_EACH)
def test_V36_each_limit_holds_for_its_agency_alone(world: World, what: str) -> None:
    name, agency = ONE_OF_EACH[what]
    other = "tidewell-housing" if agency == LANDLORD else IDVA
    with_rates(world, **{what: Rate(2, 6)})
    wire = world.wire(agency)
    operation = BY_NAME[name]
    first, second = (asking(operation, wire).send(wire) for _ in range(2))
    assert 429 not in (first.status_code, second.status_code)
    before, entries = world.counts(), len(world.log())
    assert limited(asking(operation, wire).send(wire)) == 10
    assert limited(asking(operation, wire).send(wire)) == 10
    assert world.counts() == before
    # One line for the first refusal in a row; the next are counted only.
    (entry,) = world.log()[entries:]
    assert (entry["event"], entry["outcome"]) == ("rate.exceeded", "denied")
    assert (entry["agency"], entry["because"]) == (agency, f"too-many-{what}")
    strange = world.wire(other)
    assert asking(operation, strange).send(strange).status_code != 429
    world.later(seconds=10)
    assert asking(operation, wire).send(wire).status_code != 429


@pytest.mark.parametrize("form", ["json", "html", "pdf"])
def test_every_form_of_the_agenda_is_an_export(sqlite_world: World, form: str) -> None:
    world = sqlite_world
    plan = {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z", "attendees": [IDVA]}
    conference = world.client(COORDINATOR).create_conference(plan)["conference"]
    with_rates(world, export=Rate(1, 6))
    wire = world.wire(COORDINATOR)
    path = f"/v1/conferences/{conference}/agenda?purpose=P9&format={form}"
    assert wire.ask("GET", path, "conference:read").status_code == 200
    assert limited(wire.ask("GET", path, "conference:read")) == 10


def test_V36_T17_the_published_log_is_limited_for_all_together_and_by_nothing_personal(
    world: World,
) -> None:
    world.client(LANDLORD).refer(example("c1"))
    world.later(minutes=16)
    ask = world.app.test_client().get
    agencies_asked = world.wire(IDVA)
    with_rates(world, public=Rate(3, 6))
    paths = ("/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/0/999")
    answers = [
        ask(path, environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"})
        for number, path in enumerate(paths)
    ]
    assert [each.status_code for each in answers] == [200, 200, 404]
    assert limited(ask("/log/checkpoint")) == 10
    assert limited(ask("/log/tile/0/000.p/1")) == 10
    assert agencies_asked.ask("GET", "/v1/log/checkpoint", "log:read").status_code == 200
    house = world.app.extensions["gateway"]
    with house.replay._engine.connect() as connection:
        keys = set(connection.execute(text("SELECT key FROM replay.bucket")).scalars())
    assert {each for each in keys if each.startswith("public")} == {"public"}
    assert not [each for each in keys if "192.0.2" in each]
    assert house.replay.failures(world.now)["too-many-public"] == 2
    world.later(seconds=10)
    assert ask("/log/checkpoint").status_code == 200


def test_the_published_log_stays_open_without_the_store_of_buckets(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable("The store of used proofs does not answer.")

    sqlite_world.later(minutes=16)
    monkeypatch.setattr(Replay, "take", away)
    assert sqlite_world.app.test_client().get("/log/checkpoint").status_code == 200


def test_what_is_sealed_to_a_reader_is_an_export_and_a_referral_is_a_match() -> None:
    by_limit: dict[str, set[str]] = {}
    for each in OPERATIONS:
        by_limit.setdefault(each.limit, set()).add(each.name)
    assert by_limit["match"] == {"submit_referral", "resubmit_referral"}
    assert by_limit["export"] >= {"pull_case", "read_agenda", "read_referral", "list_access"}
    assert by_limit["read"].isdisjoint(by_limit["export"])


def test_a_limit_tells_nothing_about_a_case(world: World) -> None:
    """Reached or not, what exists and what does not look the same."""
    reference = world.client(LANDLORD).refer(example("c1")).reference
    with_rates(world, export=Rate(1, 6))
    wire = world.wire("tidewell-housing")
    operation, answers = BY_NAME["pull_case"], []
    for asked in (reference, "ZZZZZ-ZZZZZ-2"):
        world.later(seconds=10)
        pair = [asking(operation, wire, reference=asked).send(wire) for _ in range(2)]
        answers.append([told(each) for each in pair])
    assert answers[0] == answers[1]
    assert [status for status, _, _ in answers[0]] == [404, 429]


def test_the_limit_comes_before_the_body_is_read(sqlite_world: World) -> None:
    with_rates(sqlite_world, match=Rate(1, 6))
    wire = sqlite_world.wire(LANDLORD)
    operation = BY_NAME["submit_referral"]
    assert asking(operation, wire).but(body=b"x").send(wire).status_code == 400
    assert limited(asking(operation, wire).but(body=b"x", media="text/html").send(wire))


# --- tokens ---------------------------------------------------------------------------------------


def rated(door: Door, **rates: Rate) -> None:
    door.house = replace(door.house, profiles=Rated(door.house.profiles, **rates))
    door.client.application.extensions["gateway"] = door.house


def test_an_agency_gets_so_many_tokens(door: Door) -> None:
    idva, homes = door.enrol("idva", AgencyKind.IDVA), door.enrol("homes")
    rated(door, tokens=Rate(2, 6))
    tokens = [idva.token("cases:read") for _ in range(2)]
    answer = idva.ask(idva.form("cases:read"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert answer.json == {
        "error": "too_many_requests",
        "error_description": "This is asked too often.",
    }
    assert "DPoP-Nonce" in answer.headers
    assert door.records()[-1]["because"] == "too-many-tokens"
    again = idva.ask(idva.form("cases:read"))
    assert again.status_code == 429
    assert door.records()[-1]["event"] == "rate.exceeded"
    assert door.failures()["too-many-requests"] == 1
    assert idva.call(tokens[0]).status_code == 200
    assert homes.token("referrals:read")
    door.later(10)
    assert idva.token("cases:read")


def test_no_stranger_empties_an_agencys_bucket_or_learns_from_it(door: Door) -> None:
    idva = door.enrol("idva", AgencyKind.IDVA)
    rated(door, tokens=Rate(2, 6), read=Rate(1, 6), write=Rate(1, 6))
    answers = set()
    for agency_id in ("idva", "nobody"):
        for _ in range(4):
            stranger = Agency(agency_id, door)
            stranger.sig["kid"] = idva.sig["kid"]
            answer = stranger.ask(stranger.form("cases:read"))
            answers.add((answer.status_code, answer.data))
            for endpoint in ("introspect", "revoke"):
                answer = stranger.send(endpoint, "x")
                answers.add((answer.status_code, answer.data))
    assert [status for status, _ in answers] == [401]
    token = idva.token("cases:read")
    assert idva.send("introspect", token).status_code == 200
    limited_twice = [idva.send("introspect", token).status_code for _ in range(2)]
    assert limited_twice == [429, 429]
    assert idva.send("revoke", token).status_code == 200
    assert idva.send("revoke", token).status_code == 429
    assert idva.call(token).status_code == 401  # revoked it is


# --- clients --------------------------------------------------------------------------------------


def a_client(world: World, pause: Callable[[float], None]) -> Gateway:
    keys = config.load_keys(world.folder / LANDLORD)
    return Gateway(
        world.send,
        base_url=BASE,
        agency_id=LANDLORD,
        keys=keys,
        clock=lambda: world.now,
        pause=pause,
    )


def test_our_client_waits_as_long_as_it_is_told(sqlite_world: World) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        sqlite_world.later(seconds=seconds)

    landlord = a_client(sqlite_world, pause)
    with_rates(sqlite_world, match=Rate(1, 6))
    assert landlord.refer(example("minimal")).reference
    assert landlord.refer(example("minimal")).reference
    assert pauses == [10]


def test_our_client_gives_up_after_some_tries(sqlite_world: World) -> None:
    pauses: list[float] = []
    landlord = a_client(sqlite_world, pauses.append)
    with_rates(sqlite_world, match=Rate(1, 1))
    landlord.refer(example("minimal"))
    with pytest.raises(ProblemError) as refused:
        landlord.refer(example("minimal"))
    assert (refused.value.status, refused.value.wait) == (429, 60)
    assert pauses == [60, 60]

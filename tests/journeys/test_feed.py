"""What is new comes once, in order, and nothing is skipped (F97)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.gateway import Gateway
from gateway.store import tables as t
from tests.journeys.asking import BY_NAME, asking, told
from tests.journeys.world import World, example, graded, position

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
WRITERS, EACH = 8, 5


def poll(client: Any, cursor: str | None) -> tuple[list[dict[str, Any]], str]:
    page = client.list_cases(cursor)
    return page["items"], page["next"]


class Threads:
    """Threads whose failures are failures of the test."""

    def __init__(self) -> None:
        self.failed: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def start(self, act: Callable[[], None]) -> None:
        def run() -> None:
            try:
                act()
            except BaseException as error:
                self.failed.append(error)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
        assert self.failed == []


def test_F97_eight_writers_and_a_poller_that_misses_nothing(world: World) -> None:
    sent: list[str] = []
    seen: list[str] = []
    done = threading.Event()

    def writer(client: Gateway) -> Callable[[], None]:
        def write() -> None:
            for _ in range(EACH):
                sent.append(client.refer(example("minimal")).reference)

        return write

    def read() -> None:
        client, cursor, is_over = world.new_client(IDVA), None, False
        items: list[Any] = []
        while (not is_over or items) and len(seen) <= 2 * WRITERS * EACH:
            is_over = done.is_set()
            items, cursor = poll(client, cursor)
            seen.extend(item["reference"] for item in items)

    writers, readers = Threads(), Threads()
    for client in [world.new_client(LANDLORD) for _ in range(WRITERS)]:
        writers.start(writer(client))
    readers.start(read)
    writers.join()
    done.set()
    readers.join()
    assert len(sent) == WRITERS * EACH
    assert len(seen) == len(set(seen))  # nothing twice
    assert set(seen) == set(sent)  # nothing skipped
    leaves = {row["case_id"]: row["leaf"] for row in world.rows(t.feed, agency_id=IDVA)}
    placed = [leaves[world.case_of(ref)] for ref in seen]
    assert placed == sorted(placed)  # in the order of the log


def test_F97_the_pages_of_a_long_feed_meet_without_gap(sqlite_world: World) -> None:
    world = sqlite_world
    sent = [world.client(LANDLORD).refer(example("minimal")).reference for _ in range(2)]
    case_ids = [world.case_of(ref) for ref in sent]
    entry = world.rows(t.feed)[0]["entry_id"]
    rows = [
        {"agency_id": IDVA, "case_id": case_ids[n % 2], "kind": "CHANGED", "entry_id": entry}
        for n in range(120)
    ]
    with world.engine.begin() as connection:
        connection.execute(t.feed.insert(), rows)
    client, cursor, numbers, more = world.client(IDVA), None, 0, True
    sizes: list[int] = []
    while more and len(sizes) < 10:
        page = client.list_cases(cursor)
        sizes.append(len(page["items"]))
        numbers += len(page["items"])
        cursor, more = page["next"], page["more"]
    assert numbers == len(world.rows(t.feed, agency_id=IDVA))
    assert sizes[:2] == [50, 50]
    assert client.list_cases(cursor)["items"] == []


def test_F97_what_is_not_sequenced_yet_is_not_shown_and_comes_later(world: World) -> None:
    """A commit that is late in the log is late in the feed, and never behind the cursor."""
    landlord, idva = world.client(LANDLORD), world.client(IDVA)
    first = landlord.refer(example("minimal")).reference
    items, cursor = poll(idva, None)
    assert [item["reference"] for item in items] == [first]
    second = landlord.refer(example("minimal")).reference
    assert world.rows(t.feed, case_id=world.case_of(second))[0]["leaf"] is None
    items, cursor = poll(idva, cursor)
    assert [item["reference"] for item in items] == [second]
    assert poll(idva, cursor)[0] == []


def test_F97_an_old_cursor_still_leads_on(world: World) -> None:
    landlord, idva = world.client(LANDLORD), world.client(IDVA)
    refs = [landlord.refer(example("minimal")).reference for _ in range(3)]
    everything, _ = poll(idva, None)
    assert [item["reference"] for item in everything] == refs
    world.later(days=30)
    assert poll(idva, None)[0] == everything  # without a cursor: from the beginning, as ever


FORGED = ["A", "A" * 59, "e30", "-" * 40, "0" * 64]


@pytest.mark.parametrize("cursor", FORGED)
def test_a_forged_cursor_is_refused(sqlite_world: World, cursor: str) -> None:
    wire = sqlite_world.wire(IDVA)
    answer = wire.ask("GET", f"/v1/cases?cursor={cursor}", "cases:read")
    status, _, body = told(answer)
    assert (status, body["code"]) == (400, "bad_cursor")


def test_a_cursor_is_good_for_its_agency_and_its_list_alone(world: World) -> None:
    landlord = world.client(LANDLORD)
    for _ in range(2):
        landlord.refer(example("minimal"))
    cursor = world.client(IDVA).list_cases()["next"]
    for client in (world.client(COORDINATOR), world.client("aster-women")):
        with pytest.raises(ProblemError) as problem:
            client.list_cases(cursor)
        assert (problem.value.status, problem.value.code) == (400, "bad_cursor")
    with pytest.raises(ProblemError) as problem:
        world.client(IDVA).referrals(cursor)
    assert problem.value.code == "bad_cursor"


def test_an_empty_poll_is_counted_and_not_logged(world: World) -> None:
    idva = world.client(IDVA)
    idva.list_cases()
    before = len(world.log())
    for _ in range(3):
        idva.list_cases()
    assert len(world.log()) == before
    rows = world.rows(t.counter, agency_id=IDVA, event="case.listed.empty")
    assert [row["times"] for row in rows] == [4]


def test_an_empty_poll_of_a_service_that_sequences_writes_nothing_itself(world: World) -> None:
    landlord, idva = world.client(LANDLORD), world.client(IDVA)
    cursor = idva.list_cases()["next"]
    sequencer = world.app.extensions["gateway"].sequencer
    sequencer.start()
    try:
        for _ in range(3):
            cursor = idva.list_cases(cursor)["next"]
        reference = landlord.refer(example("minimal")).reference
        empty, items = 4, idva.list_cases(cursor)["items"]
        while not items:  # the thread is putting it in its place at this moment
            empty, items = empty + 1, idva.list_cases(cursor)["items"]
    finally:
        sequencer.stop()
    assert [each["reference"] for each in items] == [reference]
    rows = world.rows(t.counter, agency_id=IDVA, event="case.listed.empty")
    assert [row["times"] for row in rows] == [empty]
    assert len(world.log(event="case.listed", agency=IDVA)) == 1


def test_F69_a_page_that_tells_something_is_logged_case_by_case(world: World) -> None:
    refs = [world.client(LANDLORD).refer(example("minimal")).reference for _ in range(2)]
    world.client(IDVA).list_cases()
    listed = world.log(event="case.listed", agency=IDVA)
    assert [each["case"] for each in listed] == [world.case_of(ref) for ref in refs]
    for each in listed:  # what a list tells has no receipt: this line is the account of it
        assert each["facts"]["told"] == ["level", "state"]
        assert each["levels"] == {"referral": "FULL"}
        assert "UKGDPR_6_1_EA" in each["basis"]
        assert each["versions"]
    assert world.rows(t.receipt, agency_id=IDVA) == []


def test_V16_what_the_list_shows_opens_and_what_does_not_open_shows_as_ended(
    world: World,
) -> None:
    """One predicate for both: the list tells nothing that the detail refuses."""
    landlord, idva = world.client(LANDLORD), world.client(IDVA)
    kept = landlord.refer(example("c1")).reference
    lost = landlord.refer(graded(12)).reference
    landlord.record_position(lost, position("WITHDRAWN"))
    items = idva.list_cases()["items"]
    by_reference = {item["reference"]: item for item in items}
    assert by_reference[kept]["kind"] == "ASSIGNED"
    assert idva.pull(kept, "P2").document["sections"]
    for item in items:
        if item["reference"] == lost:
            assert (item["level"], item["state"], item["at"]) == (None, None, None)
            assert item["kind"] == "ENDED"
    with pytest.raises(ProblemError) as problem:
        idva.pull(lost, "P2")
    assert problem.value.status == 404


def test_the_feed_names_nobody(sqlite_world: World) -> None:
    sqlite_world.client(LANDLORD).refer(example("c1"))
    wire = sqlite_world.wire(IDVA)
    text = asking(BY_NAME["list_cases"], wire).send(wire).text
    for word in ("Elena", "Marsh", "Okoro", "Dale", "Isla", "Tern Court", "07700", LANDLORD):
        assert word not in text

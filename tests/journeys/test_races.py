"""Two at the same moment: what is taken back at the last second stays taken back (V40)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway import ledger
from gateway.client.access import ProblemError
from gateway.flows import cases, referrals, workers
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, PersonRole, Purpose, WithdrawalReason
from tests.desk.test_desk import enter
from tests.journeys.attacks import ABSENT, ACCEPT, COORDINATOR, IDVA, LANDLORD, POLICE, conference
from tests.journeys.hosting import desk
from tests.journeys.test_conflict import a_listed_case, staffed
from tests.journeys.test_dated_consent import dated, keys_of, supported
from tests.journeys.walled import DEPUTY, HIMSELF, KAMAL, OFFICE
from tests.journeys.world import BASE, World, example, lines, position

HELD = 0.4  # seconds for which the other one is watched: it must not have gone on meanwhile
AT_MOST = 20.0
KINDS = {
    LANDLORD: AgencyKind.LANDLORD,
    IDVA: AgencyKind.IDVA,
    COORDINATOR: AgencyKind.COORDINATOR,
    POLICE: AgencyKind.POLICE,
}


@dataclass
class Other:
    """Somebody who asks at the same moment, in a thread of its own."""

    act: Callable[[], Any]
    answer: Any = None
    problem: tuple[int, str] | None = None
    failure: BaseException | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.answer = self.act()
        except ProblemError as problem:
            self.problem = (problem.status, problem.code)
        except BaseException as failure:
            self.failure = failure

    def waits(self) -> bool:
        """Whether it is still waiting after a while."""
        self.thread.join(HELD)
        return self.thread.is_alive()

    def end(self) -> Other:
        """Wait until it was answered."""
        self.thread.join(AT_MOST)
        assert not self.thread.is_alive()
        assert self.failure is None, self.failure
        return self


@contextmanager
def midway(world: World, agency: str) -> Iterator[ledger.Work]:
    """A Work of an agency that did everything and has not committed yet."""
    caller = Caller(agency, KINDS[agency], "MARLBURY")
    profiles = world.app.extensions["gateway"].profiles
    with ledger.begin(world.sessions, world.keys, caller, world.now, profiles=profiles) as work:
        yield work


def taking_back(world: World, work: ledger.Work, ref: str, **changes: Any) -> None:
    """The victim's objection, recorded and not committed."""
    wire = world.wire(LANDLORD)
    body = wire.envelope("position/1", position("WITHDRAWN", **changes)).decode()
    stored = references.read(ref)
    assert stored
    referrals.record_position(work, stored, body, audience=BASE, key=str(uuid.uuid4()))


def warm(world: World, *agencies: str) -> None:
    """Give clients their tokens, so that in the race they ask for nothing else."""
    for agency in agencies:
        world.client(agency).due()


def test_V40_a_pull_that_meets_a_withdrawal_is_refused(world: World) -> None:
    ref = supported(world)
    idva = world.client(IDVA)
    idva.pull(ref, "P2")
    with midway(world, LANDLORD) as work:
        taking_back(world, work, ref)
        pull = Other(lambda: idva.pull(ref, "P2"))
        assert pull.waits()
    assert pull.end().problem == ABSENT
    assert keys_of(world, ref) == {LANDLORD}


def test_V40_an_agenda_that_meets_a_withdrawal_leaves_the_case_out(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    coordinator, police = world.client(COORDINATOR), world.client(POLICE)
    coordinator.decide(ref, ACCEPT)
    meeting = conference(world, POLICE)
    coordinator.list_case(meeting, ref)
    assert lines(police, meeting)
    out = [{"text": "Not the police", "excludes_kind": "POLICE"}]
    with midway(world, LANDLORD) as work:
        taking_back(world, work, ref, conditions=out)
        agenda = Other(lambda: lines(police, meeting))
        assert agenda.waits()
    assert agenda.end().answer == []


def test_V40_the_feed_never_shows_more_than_the_case(world: World) -> None:
    ref = supported(world)
    idva = world.client(IDVA)
    idva.list_cases()
    with midway(world, LANDLORD) as work:
        taking_back(world, work, ref)
    (item,) = [each for each in idva.list_cases()["items"] if each["reference"] == ref][-1:]
    assert (item["kind"], item["notice"], item["level"]) == ("ENDED", "OBJECTION", None)


def test_V40_a_withdrawal_that_meets_a_pull_waits_and_then_lists_it(world: World) -> None:
    ref = supported(world)
    stored = references.read(ref)
    assert stored
    warm(world, LANDLORD)
    with midway(world, IDVA) as work:
        cases.pull(work, stored, Purpose.P2, issuer=BASE)
        back = Other(lambda: world.client(LANDLORD).record_consent(ref, dated("WITHDRAWN")))
        assert back.waits()
    back.end()
    assert back.problem is None
    read = [each for each in world.log(event="case.read", agency=IDVA) if each["levels"]]
    assert len(read) == 1
    events = [each["event"] for each in world.log() if each["case"] == world.case_of(ref)]
    assert events.index("case.read") < len(events) - 1 - events[::-1].index("position.record")


def test_V40_an_acceptance_that_meets_a_recall_is_refused(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.pull(ref, "P9")
    stored = references.read(ref)
    assert stored
    world.later(minutes=1)
    warm(world, COORDINATOR)
    with midway(world, LANDLORD) as work:
        assert referrals.withdraw(work, stored, WithdrawalReason.SENT_IN_ERROR) == "REQUESTED"
        accept = Other(lambda: coordinator.decide(ref, ACCEPT))
        assert accept.waits()
    assert accept.end().problem == (409, "recall_open")
    assert world.client(LANDLORD).referral(ref)["status"] == "RECEIVED"


def test_V40_an_acceptance_that_meets_a_referral_taken_back_is_refused(world: World) -> None:
    """It waits with its sender, who takes it back alone; the coordinator would reject it."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "RETURN", "reasons": ["QUALITY_OTHER"]})
    stored = references.read(ref)
    assert stored
    with midway(world, LANDLORD) as work:
        assert referrals.withdraw(work, stored, WithdrawalReason.SENT_IN_ERROR) == "ABANDONED"
        accept = Other(lambda: coordinator.decide(ref, ACCEPT))
        assert accept.waits()
    problem = accept.end().problem
    assert problem is not None
    assert problem[0] in (404, 409)
    assert world.client(LANDLORD).referral(ref)["status"] == "ABANDONED"


def test_V40_a_page_that_meets_a_declaration_shows_nothing(world: World) -> None:
    """He has the case open; he says meanwhile, in another window, that the accused is himself."""
    staffed(world)
    ref, _ = a_listed_case(world)
    kamal = enter(world, OFFICE, KAMAL, PersonRole.AGENCY_REP)
    page, form = f"/desk/cases/{ref}", {"purpose": "P9"}
    kamal.get(page)
    assert kamal.post(page, form).status_code == 200
    body = world.wire(OFFICE, KAMAL).envelope("interests/1", HIMSELF).decode()
    with desk(world, OFFICE, KAMAL) as work:
        workers.declare(work, body, audience=BASE, key=str(uuid.uuid4()))
        again = Other(lambda: kamal.post(page, form))
        assert again.waits()
    gone = kamal.post("/desk/cases/ZZZZZ-ZZZZZ-V", form)
    assert (again.end().answer.status_code, gone.status_code) == (404, 404)
    for path in (f"{page}/answer", f"{page}/originals"):  # what the open page would send
        answer = kamal.post(path, {"outcome": "ACCEPTED", "sent": ref, "number": "1", **form})
        assert answer.status_code == 404
    assert not [e for e in world.log(event="case.read", agency=OFFICE)[1:] if e["levels"]]


def test_V40_a_pull_that_meets_a_declaration_of_a_colleague_is_refused(world: World) -> None:
    staffed(world)
    ref, _ = a_listed_case(world)
    client = world.client(OFFICE, DEPUTY)
    client.pull(ref, "P9")
    body = world.wire(OFFICE, KAMAL).envelope("interests/1", HIMSELF).decode()
    with desk(world, OFFICE, KAMAL) as work:
        workers.declare(work, body, audience=BASE, key=str(uuid.uuid4()))
        pull = Other(lambda: client.pull(ref, "P9"))
        assert pull.waits()
    assert pull.end().problem == ABSENT
    assert OFFICE not in keys_of(world, ref)


@pytest.mark.parametrize("agency", [IDVA, COORDINATOR])
def test_readers_of_one_case_do_not_wait_for_each_other(
    request: pytest.FixtureRequest, agency: str
) -> None:
    """On PostgreSQL; SQLite has one writer, and a reading writes its line of the log."""
    from tests.journeys.world import _fresh

    with _fresh(request, "postgresql") as world:
        ref = supported(world)
        client = world.client(agency)
        purpose = "P9" if agency == COORDINATOR else "P2"
        with midway(world, IDVA) as work:
            stored = references.read(ref)
            assert stored
            cases.pull(work, stored, Purpose.P2, issuer=BASE)
            other = Other(lambda: client.pull(ref, purpose))
            other.end()
        assert other.problem in (None, ABSENT)

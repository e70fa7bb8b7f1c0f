"""What an agency may not know of changes nothing that it is answered.

Two databases differ only in what one agency may not see. Its requests, all there are and in random
sequences, are sent to both: status, headers, their order, body and length are the same, once the
envelope is open. A case that is there and refused is answered as one that is not there, up to the
id of the answer, which is drawn from the same chance.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.agencies.scopes import SCOPES
from gateway.api.operations import OPERATIONS, Operation
from gateway.demo.world import PARTNERS
from gateway.ledger import Act
from gateway.schemas.codes import AgencyKind, Scope
from gateway.sealing.jose import b64u
from gateway.store import tables as t
from tests.database import fresh
from tests.journeys.asking import BY_NAME, DOCUMENTS, NO_CONFERENCE, NOBODY, asking
from tests.journeys.attacks import without_sealed
from tests.journeys.test_conflict import NOBODYS
from tests.journeys.twins import Twins, twin
from tests.journeys.walled import HIMSELF, KAMAL, OFFICE, SOMEBODY, add_worker
from tests.journeys.world import World, a_world, example, position

SEQUENCES = int(os.environ.get("GATEWAY_SEQUENCES", "4"))  # for each agency
LANDLORD, IDVA, POLICE = "harbourgate-homes", "marlbury-idva", "marlbury-police"
COORDINATOR, ELSEWHERE = "marlbury-marac", "fenhollow-marac"
OTHER, COLLEGE, CSC, GP = "tidewell-housing", "marlbury-college", "marlbury-csc", "marlbury-gp"
FAR = "fenhollow-idva"
ROOM = {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z"}


@dataclass
class Story:
    """The references and conferences of both worlds, and of the second alone."""

    known: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    conferences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asker:
    """An agency, who of it asks, and what happens in the second world that it may not know of."""

    agency_id: str
    kind: AgencyKind
    worker: str | None
    happens: tuple[Callable[[World, Story, str], None], ...]
    again: Callable[[World, Story, str], None]  # once more before each sequence


# --- what both worlds have ------------------------------------------------------------------------


def begin(world: World) -> Story:
    """Two cases of which some partners have a part; a brother who has declared himself."""
    story = Story()
    coordinator = world.client(COORDINATOR)
    add_worker(world, OFFICE, KAMAL)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    for sender, form in ((LANDLORD, example("c1")), (FAR, example("c3"))):
        ref = world.client(sender).refer(form).reference
        coordinator.decide(ref, {"decision": "ACCEPT", "quality_note": "Clear, thank you."})
        story.known.append(ref)
    meeting = {**ROOM, "attendees": [LANDLORD, IDVA, POLICE, OFFICE]}
    story.conferences.append(coordinator.create_conference(meeting)["conference"])
    coordinator.list_case(story.conferences[0], story.known[0])
    coordinator.list_case(story.conferences[0], story.known[1])
    ours = {"area": "FENHOLLOW", "starts_at": ROOM["starts_at"], "attendees": [FAR]}
    story.conferences.append(world.client(ELSEWHERE).create_conference(ours)["conference"])
    for partner in PARTNERS:  # who countersigns the log is published: all of them do
        world.client(partner.agency_id).list_cases()
    with world.operator() as work:  # so that both logs have as many digits for as long as it takes
        work.record_all([Act("case.kept", None, "test")] * 1000)
    world.sequence()
    return story


# --- what only the second has ---------------------------------------------------------------------


def another(world: World, story: Story, me: str) -> None:
    """A case of people whom nobody knows, that must not go to the agency; in a room without it."""
    number = len(story.hidden)
    form = without_sealed(
        "c1",
        victim__given_names=f"Wren{'abcdefghijklmnopqrstuvwxyz'[number % 26]}",
        victim__family_name="Oldacre",
        victim__dob={"value": f"19{60 + number % 40}-02-03"},
        must_not_receive=[{"agency_id": me, "reason": "A sister works there."}],
    )
    form["document"]["consent_record"]["conditions"] = []
    ref = world.client(OTHER).refer(form).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    story.hidden.append(ref)
    room = {**ROOM, "attendees": [each for each in (CSC, POLICE) if each != me]}
    coordinator.list_case(coordinator.create_conference(room)["conference"], ref)
    with_it(world, ref, me)


def with_it(world: World, ref: str, me: str) -> None:
    """What partners do with a case that the agency may not know of."""
    reader, purpose = (POLICE, "P1") if me != POLICE else (CSC, "P3")
    world.client(reader).pull(ref, purpose)
    world.client(reader).notes.keep(ref, "He is known to us.")
    world.client(COORDINATOR).explain(ref, reader, purpose)
    world.client(OTHER).record_position(ref, position("GIVEN"))
    world.client(COORDINATOR, "marac-01").walls.draft_redaction(
        ref, "incidents", OTHER, ["/incidents/0/what"]
    )
    world.client(OTHER).list_cases()


def same_people(world: World, story: Story, me: str) -> None:
    """Somebody else referred the people of a form that the agency will send as well."""
    ref = world.client(OTHER).refer(example("minimal")).reference
    story.hidden.append(ref)


def brothers_case(world: World, story: Story, me: str) -> None:
    """The case of the brother, on the list of a meeting to which his office comes."""
    ref = world.client(COLLEGE).refer(example("c2", **NOBODYS)).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    coordinator.list_case(story.conferences[0], ref)
    story.hidden.append(ref)
    world.client(POLICE).pull(ref, "P1")
    world.client(COLLEGE).record_position(ref, position("GIVEN"))


def beside(world: World, story: Story, me: str) -> None:
    """What partners do about cases that the agency knows, each for itself alone."""
    known = story.known[0]
    for agency in (IDVA, POLICE, CSC):
        if agency != me and agency != CSC:
            world.client(agency).notes.keep(known, "Not for others.")
    coordinator = world.client(COORDINATOR, "marac-01")
    coordinator.explain(known, POLICE, "P1")
    coordinator.walls.draft_redaction(known, "minutes", COORDINATOR, ["/nothing"])
    if me not in (LANDLORD, IDVA):  # whose sections they are, and who asks for one
        world.client(IDVA, "idva-01")._exchange.send_sealed(
            f"/v1/cases/{known}/approvals",
            "approval/1",
            DOCUMENTS["approval/1"],
            Scope.CASES_WRITE,
        )
    if me != IDVA:
        world.client(IDVA).acknowledge(known, "ACCEPTED")
    add_worker(world, GP, f"gp-{len(world.asked)}")
    add_worker(world, CSC, f"csc-{len(world.asked)}")
    world.client(COLLEGE, "college-01").walls.declare(SOMEBODY)


ASKERS = {
    "a landlord": Asker(
        LANDLORD, AgencyKind.LANDLORD, "homes-01", (another, same_people, beside), another
    ),
    "an adviser": Asker(IDVA, AgencyKind.IDVA, "idva-01", (another, beside), another),
    "police": Asker(POLICE, AgencyKind.POLICE, "police-01", (another, beside), another),
    "the brother": Asker(
        OFFICE, AgencyKind.LA_HOUSING, KAMAL, (brothers_case, another, same_people), another
    ),
    "his office": Asker(OFFICE, AgencyKind.LA_HOUSING, None, (brothers_case, another), another),
    "another area": Asker(
        ELSEWHERE, AgencyKind.COORDINATOR, "marac-01", (another, brothers_case, beside), another
    ),
}


# --- the worlds -----------------------------------------------------------------------------------

RUNS = [
    *(("sqlite", name) for name in ASKERS),
    *(("postgresql", name) for name in ("a landlord", "the brother", "another area")),
]


@pytest.fixture(scope="module")
def base(request: pytest.FixtureRequest) -> Iterator[Callable[[str], tuple[World, Story]]]:
    """The world on a database that all others of it are copies of; made when it is first needed."""
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    with ExitStack() as stack:

        @cache
        def made(database: str) -> tuple[World, Story]:
            folder = factory.mktemp("base")
            url = stack.enter_context(fresh(request, folder, database))
            world = stack.enter_context(a_world(url, folder))
            return world, begin(world)

        yield made


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: f"{run[0]}-{run[1]}")
def twins(
    request: pytest.FixtureRequest, base: Callable[[str], tuple[World, Story]]
) -> Iterator[tuple[Twins, Asker, Story]]:
    """Two copies; in the second of them happened what this agency may not know of."""
    database, name = request.param
    world, begun = base(database)
    asker, story = ASKERS[name], Story(list(begun.known), [], list(begun.conferences))
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    with ExitStack() as stack:
        (one, first), (two, second) = (
            stack.enter_context(twin(request, world, factory.mktemp("twin"))) for _ in range(2)
        )
        scopes = SCOPES[asker.kind]
        pair = Twins(one, two, (first, second), asker.agency_id, asker.worker, scopes)
        with pair.hidden() as hidden:
            for each in asker.happens:
                each(hidden, story, asker.agency_id)
        yield pair, asker, story


# --- the requests ---------------------------------------------------------------------------------

PURPOSES = tuple(f"P{number}" for number in range(1, 12))
AGENCIES = (LANDLORD, IDVA, POLICE, OFFICE, COORDINATOR, OTHER)


def send(pair: Twins, operation: Operation, room: str, reference: str, **chosen: str) -> None:
    """One request of an operation, the same to both."""
    asked = asking(operation, pair.wires[0], reference=reference, conference=room)
    query = {name: chosen.get(name, value) for name, value in asked.query.items()}
    key = str(uuid.UUID(int=pair.asked + 1, version=4))
    is_onward = any(each.name == "cursor" for each in operation.query)
    pair.ask(asked.but(query=query), key=key, is_onward=is_onward)


def test_T11_T12_every_operation_is_answered_alike(twins: tuple[Twins, Asker, Story]) -> None:
    """For what is there in both, in one, and in none."""
    pair, asker, story = twins
    for scope in sorted(pair.scopes):
        pair.token(scope)
    for operation in OPERATIONS:
        about_case = "<reference>" in operation.rule or operation.form == "listing/1"
        references = [story.known[0], *story.hidden, NOBODY] if about_case else [NOBODY]
        for reference in references:
            send(pair, operation, story.conferences[0], reference)
    assert {200, 201, 404} <= set(pair.statuses)
    found = [
        {each["case"] for each in world.log(agency=asker.agency_id, outcome="denied")}
        for world in (pair.one, pair.two)
    ]
    assert found[1] - found[0]  # refused in the second, for what is absent from the first


def test_T11_T12_a_cursor_is_sealed_and_of_one_length(twins: tuple[Twins, Asker, Story]) -> None:
    pair, _, _ = twins
    given = []
    for _ in range(2):
        for places in pair.cursors:
            places.clear()
        send(pair, BY_NAME["list_cases"], NO_CONFERENCE, NOBODY)
        given += [places["/v1/cases"] for places in pair.cursors]
    assert {len(each) for each in given} == {59}  # nonce, two numbers, tag
    assert len(set(given)) == 4  # although two and two stand for the same place


def test_T11_T12_an_own_entry_is_proved_alike(twins: tuple[Twins, Asker, Story]) -> None:
    """Its leaf has the same tag, since the agency's entries have the same numbers in both."""
    pair, asker, story = twins
    send(pair, BY_NAME["explain_case"], NO_CONFERENCE, story.known[0], purpose="P9")
    send(pair, BY_NAME["list_directory"], NO_CONFERENCE, NOBODY)
    pair.one.sequence()
    pair.two.sequence()
    own = pair.one.rows(t.log_entry, agency_id=asker.agency_id)[-1]["commitment"]
    for name in ("prove", "read_log_proof"):
        send(pair, BY_NAME[name], NO_CONFERENCE, NOBODY, commit=b64u(own))
        assert pair.statuses[-1] == 200


REQUEST = st.tuples(
    st.sampled_from([each.name for each in OPERATIONS]),
    st.integers(0, 9),
    st.sampled_from(PURPOSES),
    st.sampled_from(AGENCIES),
    st.integers(0, 2),
)


def test_T11_T12_random_sequences_are_answered_alike(twins: tuple[Twins, Asker, Story]) -> None:
    pair, asker, story = twins

    @settings(
        max_examples=SEQUENCES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(REQUEST, min_size=6, max_size=20))
    def play(requests: list[tuple[str, int, str, str, int]]) -> None:
        with pair.hidden() as hidden:
            asker.again(hidden, story, asker.agency_id)
        for name, target, purpose, agency, room in requests:
            # Who says that he is close to somebody else stands behind no wall any more; and who is
            # only not told of a case may see that its time is taken.
            if name == "declare_interests" and asker.worker == KAMAL:
                continue
            near = [*story.known, *story.hidden[-4:], NOBODY]
            send(
                pair,
                BY_NAME[name],
                [*story.conferences, NO_CONFERENCE][room],
                near[target % len(near)],
                purpose=purpose,
                agency=agency,
            )

    play()
    print(f"{asker.agency_id}: {pair.asked} requests to each")  # noqa: T201 - `-s` shows it

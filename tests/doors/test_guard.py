"""Nothing is reachable without a declared scope; what is refused looks like what is not there."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from gateway.api.operations import OPERATIONS, Operation
from gateway.schemas.codes import AgencyKind, Purpose, Scope
from gateway.store import tables as t
from tests.journeys.asking import BY_NAME, NO_CONFERENCE, NOBODY, asking, told
from tests.journeys.world import AUDITOR, World, example

LANDLORD, COORDINATOR = "harbourgate-homes", "marlbury-marac"
STRANGERS = {Scope.CONFERENCE_WRITE: "fenhollow-marac"}  # may plan, but elsewhere
STRANGER = "tidewell-housing"

EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
ABOUT_A_CASE = pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS if "<reference>" in each.rule or each.form == "listing/1"],
    ids=lambda each: each.name,
)


def stranger(operation: Operation) -> str:
    """An agency that holds the scope of an operation and has no part in the case."""
    return STRANGERS.get(operation.scope, STRANGER)


@dataclass(frozen=True)
class Place:
    """A world in which one referral was sent and one conference planned."""

    world: World
    reference: str
    conference: str


@pytest.fixture(scope="module")
def place(shared_world: World) -> Place:
    receipt = shared_world.client(LANDLORD).refer(example("c1"))
    coordinator = shared_world.client(COORDINATOR)
    coordinator.decide(receipt.reference, {"decision": "ACCEPT"})
    body = {
        "area": "MARLBURY",
        "starts_at": "2026-12-08T09:30:00Z",
        "attendees": ["marlbury-police"],
    }
    return Place(shared_world, receipt.reference, coordinator.create_conference(body)["conference"])


# --- F2: a scope per operation ------------------------------------------------------------------


@EACH
def test_F2_without_its_scope_an_operation_is_closed_before_anything_is_read(
    place: Place, operation: Operation
) -> None:
    """The body is no envelope, the query is nonsense, there is no key: only the scope counts."""
    world = place.world
    agency = stranger(operation)
    other = Scope.DIRECTORY_READ if operation.scope != Scope.DIRECTORY_READ else Scope.LOG_READ
    request = asking(operation, world.wire(agency), reference=place.reference)
    before = world.counts()
    answer = request.but(query={"no": "such"}, body=b"\xff{", media="text/html").send(
        world.wire(agency), scope=other, headers={"Idempotency-Key": ""}
    )
    status, headers, body = told(answer)
    assert (status, body["code"]) == (403, "insufficient_scope")
    assert 'error="insufficient_scope"' in headers["WWW-Authenticate"]
    assert "errors" not in body
    assert world.counts() == before
    record = world.log()[-1]
    assert (record["event"], record["outcome"]) == ("token.used", "denied")
    assert record["because"] == f"no-scope-{operation.scope}"
    assert record["agency"] == agency


@EACH
def test_without_a_token_an_operation_is_closed(place: Place, operation: Operation) -> None:
    request = asking(operation, place.world.wire(STRANGER), reference=place.reference)
    before = (place.world.counts(), len(place.world.log()))
    answer = place.world.app.test_client().open(
        request.path, method=request.method, data=b"\xff{", content_type="text/html"
    )
    status, headers, body = told(answer)
    assert (status, body["code"]) == (401, "missing_token")
    assert headers["WWW-Authenticate"].startswith("DPoP ")
    assert (place.world.counts(), len(place.world.log())) == before


@EACH
def test_another_method_is_not_answered(place: Place, operation: Operation) -> None:
    request = asking(operation, place.world.wire(STRANGER), reference=place.reference)
    for method in ("PUT", "DELETE", "PATCH"):
        answer = request.but(method=method).send(place.world.wire(stranger(operation)))
        status, headers, body = told(answer)
        assert (status, body["code"]) == (405, "method_not_allowed")
        assert operation.method in headers["Allow"]


# --- F46: a purpose per read ----------------------------------------------------------------------

READS = [each for each in OPERATIONS if any(q.name == "purpose" for q in each.query)]


@pytest.mark.parametrize("operation", READS, ids=lambda each: each.name)
def test_F46_a_read_without_a_purpose_is_a_bad_request(place: Place, operation: Operation) -> None:
    wire = place.world.wire(COORDINATOR)
    request = asking(operation, wire, reference=place.reference, conference=place.conference)
    query = {name: value for name, value in request.query.items() if name != "purpose"}
    _, _, body = told(request.but(query=query).send(wire))
    assert (body["status"], body["code"]) == (400, "purpose_missing")
    assert [e["pointer"] for e in body["errors"]] == ["/purpose"]


@pytest.mark.parametrize("purpose", ["P0", "P12", "p1", "P1 ", "P1%0A", "", "P%D9%A1"])
@pytest.mark.parametrize("operation", READS, ids=lambda each: each.name)
def test_F46_a_purpose_that_does_not_exist_is_a_bad_request(
    place: Place, operation: Operation, purpose: str
) -> None:
    wire = place.world.wire(COORDINATOR)
    request = asking(operation, wire, reference=place.reference, conference=place.conference)
    answer = request.but(query={**request.query, "purpose": purpose}).send(wire)
    _, _, body = told(answer)
    assert (body["status"], body["code"]) == (400, "bad_purpose")


STATED = [  # operation, reader of the kind, a purpose its kind may not state
    ("pull_case", COORDINATOR, "P5"),
    ("pull_case", "marlbury-idva", "P5"),
    ("read_agenda", COORDINATOR, "P2"),
    ("read_agenda", "marlbury-police", "P7"),
    ("read_referral", LANDLORD, "P5"),
]


@pytest.mark.parametrize(("name", "agency", "purpose"), STATED)
def test_F46_a_purpose_foreign_to_the_kind_of_agency_is_a_bad_request(
    place: Place, name: str, agency: str, purpose: str
) -> None:
    wire = place.world.wire(agency)
    request = asking(BY_NAME[name], wire, reference=place.reference, conference=place.conference)
    answer = request.but(query={**request.query, "purpose": purpose}).send(wire)
    _, _, body = told(answer)
    assert (body["status"], body["code"]) == (400, "purpose_not_allowed")


def test_F46_the_purpose_alone_tells_nothing_of_a_case(place: Place) -> None:
    """Whether the case exists must not show in which of two errors comes back."""
    wire = place.world.wire(STRANGER)
    for purpose in Purpose:
        answers = [
            told(
                asking(BY_NAME["pull_case"], wire, reference=reference)
                .but(query={"purpose": purpose})
                .send(wire)
            )
            for reference in (place.reference, NOBODY)
        ]
        assert answers[0] == answers[1]


def test_the_auditor_states_only_audit_and_statistics(place: Place) -> None:
    matrix = place.world.app.extensions["gateway"].profiles.for_area(
        "MARLBURY", place.world.now.date()
    )
    stated = {p for p in Purpose if matrix.matrix.may_state(AgencyKind.AUDITOR, p)}
    assert stated == {Purpose.P10, Purpose.P11}
    wire = place.world.wire(AUDITOR)
    request = asking(BY_NAME["pull_case"], wire, reference=place.reference)
    assert request.send(wire).status_code in (400, 404)


# --- promise 2: a refusal looks like absence ------------------------------------------------------


@ABOUT_A_CASE
def test_V1_V39_another_agencys_case_looks_like_none(place: Place, operation: Operation) -> None:
    world, agency = place.world, stranger(operation)
    conference = NO_CONFERENCE
    if operation.form == "listing/1":  # a conference of its own, so that the case decides
        conference = world.client(agency).create_conference(
            {
                "area": "FENHOLLOW",
                "starts_at": "2026-12-08T09:30:00Z",
                "attendees": ["fenhollow-idva"],
            }
        )["conference"]
    answers = []
    for reference in (place.reference, NOBODY, "not-a-reference"):
        wire = world.wire(agency)
        request = asking(operation, wire, reference=reference, conference=conference)
        before = world.counts()
        if operation.form == "listing/1" and reference == "not-a-reference":
            continue  # the body is of the published form
        if "agency" in request.query:
            request = request.but(query={**request.query, "agency": agency})
        answers.append(told(request.send(wire)))
        assert world.counts() == before
    assert answers[0][0] == 404
    assert answers[0][2]["code"] == "not_found"
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS if each.form and "<reference>" in each.rule],
    ids=lambda each: each.name,
)
def test_V1_what_a_stranger_sends_plays_no_part(place: Place, operation: Operation) -> None:
    """A body that is not of the form is refused alike, whether the case is there or not."""
    wire = place.world.wire(stranger(operation))
    answers = []
    for reference in (place.reference, NOBODY):
        request = asking(operation, wire, reference=reference)
        answers.append(told(request.but(body=b"{}").send(wire)))
    assert answers[0] == answers[1]
    assert answers[0][0] < 500


def test_F70_a_denied_attempt_is_logged_with_its_true_reason(place: Place) -> None:
    world = place.world
    wire = world.wire(STRANGER)
    case_id = world.case_of(place.reference)
    for reference, outcome, subject, because in (
        (place.reference, "denied", case_id, "not-assigned"),
        (NOBODY, "denied", None, "absent"),
    ):
        asking(BY_NAME["pull_case"], wire, reference=reference).send(wire)
        record = world.log()[-1]
        assert (record["event"], record["outcome"]) == ("case.read", outcome)
        assert (record["case"], record["because"]) == (subject, because)
        assert (record["agency"], record["purpose"]) == (STRANGER, "P9")


def test_V1_another_conferences_agenda_looks_like_none(place: Place) -> None:
    wire = place.world.wire(STRANGER)
    answers = [
        told(asking(BY_NAME["read_agenda"], wire, conference=conference).send(wire))
        for conference in (place.conference, NO_CONFERENCE, "x")
    ]
    assert answers[0][0] == 404
    assert answers[0] == answers[1] == answers[2]


def test_V1_a_coordinator_lists_no_case_to_anothers_conference(place: Place) -> None:
    wire = place.world.wire("fenhollow-marac")
    answers = [
        told(
            asking(
                BY_NAME["list_conference_case"],
                wire,
                reference=place.reference,
                conference=conference,
            ).send(wire)
        )
        for conference in (place.conference, NO_CONFERENCE)
    ]
    assert answers[0][0] == 404
    assert answers[0] == answers[1]
    assert place.world.rows(t.conference_case) == []


def test_V39_a_refusal_and_an_absence_have_the_same_shape_in_the_log(place: Place) -> None:
    wire = place.world.wire(STRANGER)
    lengths = []
    for reference in (place.reference, NOBODY):
        asking(BY_NAME["pull_case"], wire, reference=reference).send(wire)
        lengths.append(set(place.world.log()[-1]))
    assert lengths[0] == lengths[1]


# --- V3, V22: nobody states more than the form knows --------------------------------------------

CLAIMS_TO_BE = ("X-Worker", "X-Agency", "X-Forwarded-User", "X-No-Audit", "X-Debug", "Prefer")


def test_V22_no_field_of_a_request_says_who_acted_or_whether_it_is_logged(place: Place) -> None:
    world = place.world
    wire = world.wire(COORDINATOR)
    request = asking(BY_NAME["pull_case"], wire, reference=place.reference)
    before = len(world.log())
    answer = request.send(wire, headers=dict.fromkeys(CLAIMS_TO_BE, "chair-01"))
    assert answer.status_code == 200
    added = world.log()[before:]
    records = [each for each in added if each["event"] == "case.read"]
    assert [(each["agency"], each["worker"]) for each in records] == [(COORDINATOR, "unattended")]


@pytest.mark.parametrize("name", ["audit", "log", "worker", "agency", "is_chair", "debug"])
def test_V22_there_is_no_such_parameter(place: Place, name: str) -> None:
    wire = place.world.wire(COORDINATOR)
    request = asking(BY_NAME["pull_case"], wire, reference=place.reference)
    answer = request.but(query={**request.query, name: "0"}).send(wire)
    assert told(answer)[2]["code"] == "unknown_parameter"


def test_references_and_ids_are_the_only_parts_of_a_path() -> None:
    """V18: no words and nothing personal in a path; every query parameter is a code or an id."""
    for operation in OPERATIONS:
        assert set(re.findall(r"<(.*?)>", operation.rule)) <= {"reference", "conference_id"}
        for query in operation.query:
            assert not re.fullmatch(query.pattern, "Elena Marsh-Okoro")
            assert not re.fullmatch(query.pattern, "12 Tern Court")
            assert not re.fullmatch(query.pattern, "07700 900123")

"""Threats of the threat model (docs/threat-model.md) that no other story shows."""

from __future__ import annotations

import re

import pytest

from gateway.agencies.scopes import SCOPES
from gateway.api.operations import OPERATIONS, Operation
from gateway.app import MAX_BODY
from gateway.client.access import ProblemError
from gateway.schemas.codes import AgencyKind
from gateway.store import tables as t
from tests.faults import routes, walled_routes
from tests.journeys.asking import BY_NAME, NOBODY, asking, told
from tests.journeys.attacks import barred
from tests.journeys.test_breakglass import LOOK
from tests.journeys.world import World, example
from tests.test_house import ROOT

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
CSC, ELSEWHERE = "marlbury-csc", "fenhollow-marac"

# --- T02: who is tied to one of the people --------------------------------------------------------


@pytest.fixture(scope="module")
def kept_from(shared_world: World) -> str:
    """A case that children's social care would be owed, and must not receive."""
    form = barred(CSC, children_concern="SIGNIFICANT_HARM")
    return shared_world.client(LANDLORD).refer(form).reference


ABOUT = [
    each
    for each in OPERATIONS
    if "<reference>" in each.rule and each.scope in SCOPES[AgencyKind.CSC]
]


@pytest.mark.parametrize("operation", ABOUT, ids=lambda each: each.name)
def test_T02_who_is_kept_out_gets_the_bytes_of_a_case_that_is_not_there(
    shared_world: World, kept_from: str, operation: Operation
) -> None:
    wire, answers = shared_world.wire(CSC), []
    for reference in (kept_from, NOBODY):
        request = asking(operation, wire, reference=reference)
        if "agency" in request.query:
            request = request.but(query={**request.query, "agency": CSC})
        answers.append(told(request.send(wire)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_T02_the_true_reason_is_in_the_log(shared_world: World, kept_from: str) -> None:
    wire = shared_world.wire(CSC)
    asking(BY_NAME["pull_case"], wire, reference=kept_from).send(wire)
    record = shared_world.log()[-1]
    assert (record["event"], record["outcome"], record["agency"]) == ("case.read", "denied", CSC)
    assert record["case"] == shared_world.case_of(kept_from)


# --- T03: nobody reads unseen ---------------------------------------------------------------------

# The purpose of what asks for none: that of the glass, and that of an adviser.
STATED = {"look_behind_glass": LOOK["purpose"], "make_statement": "P2"}
POLICE = "marlbury-police"  # asked to look in its records
READS = [each for each in OPERATIONS if each.method == "GET" and "<reference>" in each.rule]


@pytest.mark.parametrize("operation", READS, ids=lambda each: each.name)
def test_T03_each_look_at_a_case_is_one_entry_that_says_who_and_why(
    sqlite_world: World, operation: Operation
) -> None:
    world = sqlite_world
    if operation.name in walled_routes.MAKE:  # by a worker, and only behind glass that is broken
        by = walled_routes.BY_WORKER[operation.name]
        request = walled_routes.MAKE[operation.name](world, operation.name)
        (reference,) = re.findall("cases/([^/]+)", request.path)
    elif operation.name == "read_research":  # by who is asked, of a listed case
        by = (POLICE,)
        request = routes.asked_for_research(world, operation.name)
        (reference,) = re.findall("cases/([^/]+)", request.path)
    else:
        reference = world.client(LANDLORD).refer(example("c1")).reference
        by = (LANDLORD if operation.name == "read_referral" else COORDINATOR,)
        request = asking(operation, world.wire(*by), reference=reference)
    wire = world.wire(*by)
    wire.token(request.scope)
    before = len(world.log())
    assert request.send(wire).status_code == 200
    (entry,) = world.log()[before:]
    assert (entry["agency"], entry["outcome"]) == (by[0], "allowed")
    assert entry["case"] == world.case_of(reference)
    assert entry["purpose"] == request.query.get("purpose") or STATED[operation.name]


# --- T17: nobody stops it before a conference -----------------------------------------------------


def test_T17_too_much_is_refused_before_it_is_read_and_costs_no_statement(
    shared_sqlite_world: World,
) -> None:
    world = shared_sqlite_world
    before = (world.counts(), len(world.log()))
    answer = world.app.test_client().post(
        "/v1/referrals", data=b"A" * (MAX_BODY + 1), content_type="application/jose"
    )
    assert answer.status_code in (401, 413)
    assert (world.counts(), len(world.log())) == before


def test_T17_a_page_of_a_long_list_has_an_end(shared_sqlite_world: World) -> None:
    """However much there is, one answer holds no more than a page."""
    world = shared_sqlite_world
    for _ in range(3):
        world.client(LANDLORD).refer(example("minimal"))
    page = world.client(IDVA).list_cases()
    assert len(page["items"]) <= 100
    assert page["next"]


# --- T21: what is installed -----------------------------------------------------------------------

INSTALLING = ("README.md", "docs/operate.md", "tests/needs.py", ".ci/run", "checks/run")


def test_T21_nothing_is_installed_without_its_hash() -> None:
    """Each line that installs demands hashes; the project itself brings nothing along."""
    pages = [ROOT / each for each in INSTALLING]
    lines = [line for page in pages for line in page.read_text().splitlines()]
    lines = [line for line in lines if "//pip install/" not in line]  # only makes it quiet
    installs = [part for line in lines for part in re.findall(r"pip install [^&|`)]*", line)]
    assert len(installs) >= 5
    for each in installs:
        assert "--require-hashes" in each or "--no-deps --no-build-isolation -e ." in each, each


# --- T23: two people taken for one ----------------------------------------------------------------


def test_T23_what_looks_like_the_same_people_stays_apart_until_somebody_joins_it(
    world: World,
) -> None:
    first = world.client(LANDLORD).refer(example("c1")).reference
    second = world.client("tidewell-housing").refer(example("c1")).reference
    one, two = world.case_of(first), world.case_of(second)
    assert one != two
    coordinator = world.client(COORDINATOR)
    (link,) = coordinator.pull(second, "P9").document["triage"]["links"]
    assert link["reference"] == first
    assert "MERGED" not in {row["state"] for row in world.rows(t.state)}
    merge = {"decision": "MERGE", "merge_with": first}
    with pytest.raises(ProblemError) as problem:
        world.client(ELSEWHERE).decide(second, merge)
    assert problem.value.status == 404
    coordinator.decide(second, merge)
    # Joining is a note beside both: neither case is changed into the other.
    assert {world.case_of(first), world.case_of(second)} == {one, two}
    assert len(world.rows(t.referral)) == 2

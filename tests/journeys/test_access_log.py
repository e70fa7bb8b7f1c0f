"""Who read what, why and on which basis: written before anything is opened, shown to its owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from gateway import ledger
from gateway.client.access import ProblemError
from gateway.errors import Unavailable
from gateway.flows import agencies
from gateway.store import tables as t
from tests.journeys.asking import BY_NAME, NOBODY, asking, told
from tests.journeys.world import AUDITOR, CHAIR, World, example

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
POLICE, STRANGER = "marlbury-police", "tidewell-housing"
CONFERENCE = {
    "area": "MARLBURY",
    "starts_at": "2026-12-08T09:30:00Z",
    "attendees": [LANDLORD, POLICE, IDVA],
}


def referred(world: World) -> str:
    return world.client(LANDLORD, "homes-01").refer(example("c1")).reference


def test_F68_T03_each_read_of_a_case_is_one_entry(world: World) -> None:
    ref = referred(world)
    idva = world.client(IDVA, "idva-01")
    for _ in range(3):
        idva.pull(ref, "P2")
    reads = world.log(event="case.read")
    assert [(each["agency"], each["worker"]) for each in reads] == [(IDVA, "idva-01")] * 3
    assert {each["case"] for each in reads} == {world.case_of(ref)}
    assert {each["outcome"] for each in reads} == {"allowed"}


def test_F75_an_entry_says_for_what_purpose_and_on_which_basis(world: World) -> None:
    ref = referred(world)
    world.client(IDVA, "idva-01").pull(ref, "P2")
    (read,) = world.log(event="case.read")
    assert read["purpose"] == "P2"
    assert read["basis"]
    assert read["because"] == "assigned"
    assert read["levels"]["incidents"] == "FULL"
    assert read["levels"]["health"] == "SUMMARY"
    assert "orientation" not in read["levels"]
    assert len(read["versions"]["matrix"]) == 64
    assert read["t"] == "2026-11-23T10:00:00Z"


def test_F7_who_is_not_named_is_unattended(world: World) -> None:
    ref = referred(world)
    world.client(IDVA).pull(ref, "P2")
    assert world.log(event="case.read")[0]["worker"] == "unattended"
    assert world.log(event="referral.submit")[0]["worker"] == "homes-01"


def test_F69_F71_every_act_of_a_story_is_in_the_log(world: World) -> None:
    ref = referred(world)
    landlord, idva, coordinator = (world.client(each) for each in (LANDLORD, IDVA, COORDINATOR))
    idva.list_cases()
    idva.pull(ref, "P2")
    idva.acknowledge(ref, "ACCEPTED")
    coordinator.decide(ref, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(CONFERENCE)["conference"]
    coordinator.list_case(conference, ref)
    coordinator.agenda(conference)
    coordinator.explain(ref, IDVA, "P2")
    landlord.referral(ref)
    landlord.referrals()
    landlord.assess(ref, example("c1")["document"]["risk_assessments"]["value"][0])
    landlord.withdraw(ref, "SENT_IN_ERROR")
    landlord.access(ref)
    events = [each["event"] for each in world.log() if each["case"] == world.case_of(ref)]
    assert events == [
        "referral.submit",
        "case.listed",
        "case.read",
        "case.acknowledge",
        "case.decide",
        "conference.list",
        "agenda.read",
        "case.explain",
        "referral.read",
        "referral.listed",
        "risk.assess",
        "referral.withdraw",
        "log.read",
    ]
    without_case = {each["event"] for each in world.log() if each["case"] is None}
    assert {"conference.plan", "agenda.built", "agency.registered", "worker.added"} <= without_case


ACTS: dict[str, Callable[[ledger.Work], object]] = {
    "agency.suspended": lambda work: agencies.suspend(work, agency_id=POLICE),
    "agency.listed": agencies.list_agencies,
    "worker.added": lambda work: agencies.add_worker(work, agency_id=POLICE, worker_id="police-02"),
    "worker.suspended": lambda work: agencies.suspend_worker(
        work, agency_id=POLICE, worker_id="police-01"
    ),
}


@pytest.mark.parametrize("event", ACTS)
def test_what_an_operator_does_is_logged_as_the_operators(world: World, event: str) -> None:
    with world.operator() as work:
        ACTS[event](work)
    last = world.log()[-1]
    assert (last["event"], last["agency"]) == (event, "@operator")


def test_F5_a_suspended_agency_is_out_with_its_next_request(world: World) -> None:
    ref = referred(world)
    wire = world.wire(IDVA)
    request = asking(BY_NAME["pull_case"], wire, reference=ref)
    assert request.send(wire).status_code == 200
    with world.operator() as work:
        agencies.suspend(work, agency_id=IDVA)
    status, _, body = told(request.send(wire))  # the same token, still within its time
    assert (status, body["code"]) == (401, "invalid_token")
    refusal = world.log()[-1]
    assert (refusal["event"], refusal["because"]) == ("token.used", "agency-suspended")
    with world.operator() as work:
        agencies.resume(work, agency_id=IDVA)
    assert request.send(wire).status_code == 200


def test_F5_F7_a_suspended_worker_is_out_with_the_next_request(world: World) -> None:
    ref = referred(world)
    wire = world.wire(IDVA, "idva-01")
    request = asking(BY_NAME["pull_case"], wire, reference=ref)
    assert request.send(wire).status_code == 200
    with world.operator() as work:
        agencies.suspend_worker(work, agency_id=IDVA, worker_id="idva-01")
    assert request.send(wire).status_code == 401
    assert world.log()[-1]["because"] == "worker-suspended"
    unattended = world.wire(IDVA)
    assert request.send(unattended).status_code == 200


# --- F76: whoever contributed sees who looked ---------------------------------------------------


def entries(world: World, agency: str, ref: str, worker: str | None = None) -> list[Any]:
    return list(world.client(agency, worker).access(ref)["entries"])


def test_F76_a_contributor_sees_the_reads_of_what_it_contributed(world: World) -> None:
    ref = referred(world)
    world.client(IDVA, "idva-01").pull(ref, "P2")
    seen = entries(world, LANDLORD, ref)
    read = next(each for each in seen if each["event"] == "case.read")
    assert (read["agency"], read["worker"], read["purpose"]) == (IDVA, "idva-01", "P2")
    assert read["levels"]["incidents"] == "FULL"
    assert read["basis"]


def test_F76_who_contributed_nothing_sees_its_own_reads_alone(world: World) -> None:
    ref = referred(world)
    world.client(COORDINATOR).pull(ref, "P9")
    world.client(IDVA).pull(ref, "P2")
    seen = entries(world, IDVA, ref)
    assert {each["agency"] for each in seen} == {IDVA}


def test_F76_the_coordinator_sees_all_reads(world: World) -> None:
    ref = referred(world)
    world.client(IDVA).pull(ref, "P2")
    world.client(LANDLORD).referral(ref)
    seen = entries(world, COORDINATOR, ref)
    assert {each["agency"] for each in seen} == {IDVA, LANDLORD, COORDINATOR}


def test_F70_F76_that_somebody_was_refused_is_for_the_chair_and_the_auditor(world: World) -> None:
    ref = referred(world)
    with pytest.raises(ProblemError):
        world.client(STRANGER).pull(ref, "P9")
    for agency in (LANDLORD, IDVA, COORDINATOR):
        outcomes = {each["outcome"] for each in entries(world, agency, ref)}
        assert not outcomes & {"denied", "absent"}
    denied = [
        each for each in entries(world, COORDINATOR, ref, CHAIR) if each["outcome"] == "denied"
    ]
    assert [(each["agency"], each["because"]) for each in denied] == [(STRANGER, "not-assigned")]


def test_F76_a_stranger_sees_no_log(world: World) -> None:
    ref = referred(world)
    for reference in (ref, NOBODY):
        with pytest.raises(ProblemError) as problem:
            world.client(STRANGER).access(reference)
        assert problem.value.status == 404
    assert world.log()[-2]["outcome"] == "denied"


def test_reading_the_log_is_logged_first(world: World) -> None:
    ref = referred(world)
    seen = entries(world, LANDLORD, ref)
    assert seen[-1]["event"] == "log.read"
    assert seen[-1]["agency"] == LANDLORD


def test_a_line_of_the_log_can_be_proved(world: World) -> None:
    """M5: commitment and salt lead to a leaf, the leaf to a signed root."""
    ref = referred(world)
    pulled = world.client(IDVA).pull(ref, "P2")
    commitment = pulled.claims["log"]["commitment"]
    idva = world.client(IDVA)
    checkpoint = idva.checkpoint()
    entry = idva.log_entry(commitment)
    size = int(checkpoint.splitlines()[1])
    assert 0 <= entry["index"] < size
    line = next(each for each in entries(world, IDVA, ref) if each["commitment"] == commitment)
    assert line["event"] == "case.read"
    assert line["salt"] == pulled.claims["log"]["salt"]
    assert ledger.verify(world.sessions, world.keys, deep=True)


def test_the_log_grows_and_is_never_rewritten(world: World) -> None:
    idva = world.client(IDVA)
    old = int(idva.checkpoint().splitlines()[1])
    referred(world)
    new = int(idva.checkpoint().splitlines()[1])
    assert new > old
    assert idva.log_growth(old, new)["proof"]


# --- F74: what cannot be logged does not happen ---------------------------------------------------


def spoil_pending(world: World) -> None:
    """The queue of the log takes nothing any more."""
    if world.engine.dialect.name == "sqlite":
        world.execute(
            "CREATE TRIGGER full BEFORE INSERT ON log_pending "
            "BEGIN SELECT RAISE(ABORT, 'Elena Marsh-Okoro'); END"
        )
        return
    world.execute(
        "CREATE FUNCTION full_() RETURNS trigger AS $$ "
        "BEGIN RAISE EXCEPTION 'Elena Marsh-Okoro'; END $$ LANGUAGE plpgsql"
    )
    world.execute(
        "CREATE TRIGGER full_ BEFORE INSERT ON log_pending FOR EACH ROW EXECUTE FUNCTION full_()"
    )


FAULTS: dict[str, Callable[[World], None]] = {
    "the queue refuses": spoil_pending,
    "the queue is gone": lambda world: world.execute("DROP TABLE log_pending"),
    "the keys are gone": lambda world: world.execute("DROP TABLE log_key"),
    "the keys do not open": lambda world: world.execute(
        "UPDATE log_key SET wrapped = :blob", blob=bytes(60)
    ),
}
DISCLOSING = (
    ("pull_case", IDVA),
    ("read_referral", LANDLORD),
    ("list_access", LANDLORD),
    ("explain_case", COORDINATOR),
    ("list_referrals", LANDLORD),
    ("acknowledge_case", IDVA),
    ("submit_referral", LANDLORD),
    ("record_position", LANDLORD),
    ("decide_case", COORDINATOR),
)


@pytest.mark.parametrize("fault", FAULTS)
def test_F74_V23_when_the_log_cannot_be_written_nothing_is_disclosed_or_changed(
    world: World, fault: str
) -> None:
    ref = referred(world)
    requests = []
    for name, agency in DISCLOSING:
        if name == "submit_referral" and fault == "the keys do not open":
            continue  # a new case has a new log key, which is well
        wire = world.wire(agency)
        requests.append((wire, asking(BY_NAME[name], wire, reference=ref)))
        wire.token(requests[-1][1].scope)
    before = world.counts()
    FAULTS[fault](world)
    for wire, request in requests:
        if "agency" in request.query:
            request = request.but(query={**request.query, "agency": IDVA})
        status, headers, body = told(request.send(wire))
        assert (status, body["code"]) == (503, "unavailable"), request.path
        assert headers["Retry-After"]
        assert "Elena" not in str(body)
    assert world.counts() == before


def test_F74_even_a_refusal_is_not_answered_when_it_cannot_be_logged(world: World) -> None:
    ref = referred(world)
    wire = world.wire(STRANGER)
    request = asking(BY_NAME["pull_case"], wire, reference=ref)
    wire.token(request.scope)
    spoil_pending(world)
    answers = [
        told(asking(BY_NAME["pull_case"], wire, reference=each).send(wire))
        for each in (ref, NOBODY)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 503


def test_F74_an_empty_poll_that_cannot_be_counted_is_refused(world: World) -> None:
    wire = world.wire(IDVA)
    request = asking(BY_NAME["list_cases"], wire)
    assert request.send(wire).status_code == 200
    world.execute("DROP TABLE counter")
    assert request.send(wire).status_code == 503


def test_what_is_sealed_to_few_leaves_once_its_entry_is_in_the_tree(world: World) -> None:
    """A safe contact is handed over when the log has its place for good (security)."""
    ref = referred(world)
    wire = world.wire(COORDINATOR)  # its program would ask for proofs, and so bring the tree on
    asking(BY_NAME["pull_case"], wire, reference=ref).send(wire)  # no sealed copy for it
    assert [row["agency_id"] for row in world.rows(t.log_pending)][-1] == COORDINATOR
    pulled = world.client(IDVA).pull(ref, "P2")
    assert "safe_contact" in pulled.sealed
    ids = {row["id"] for row in world.rows(t.log_entry)}
    assert pulled.claims["jti"] in ids


def test_F74_without_a_sequencer_nothing_sealed_leaves(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    ref = referred(world)
    wire = world.wire(IDVA)
    request = asking(BY_NAME["pull_case"], wire, reference=ref).but(query={"purpose": "P2"})
    wire.token(request.scope)
    with world.engine.begin() as connection:
        connection.execute(text("DROP TABLE log_node"))
        connection.execute(text("DROP TABLE checkpoint"))
    answer = request.send(wire)
    assert answer.status_code == 503
    assert "jwe" not in answer.text


def test_V45_consent_is_read_from_its_row_with_every_job_stopped(world: World) -> None:
    """No cache and no background work stands between a change and the next read."""
    ref = referred(world)
    wire = world.wire(IDVA)
    request = asking(BY_NAME["pull_case"], wire, reference=ref)
    assert request.send(wire).status_code == 200
    case_id = world.case_of(ref)
    world.execute(
        "UPDATE consent SET outcome = 'NO_SHARE', rule = 'R12' WHERE case_id = :case", case=case_id
    )
    assert request.send(wire).status_code == 404


def test_a_work_without_a_log_is_unavailable(world: World) -> None:
    world.execute("DROP TABLE log_pending")
    with pytest.raises(Unavailable), world.operator() as work:
        agencies.suspend(work, agency_id=POLICE)
    assert world.rows(t.agency, id=POLICE)[0]["suspended_at"] is None


def test_the_areas_auditor_reads_the_log_of_a_case_and_nothing_else(world: World) -> None:
    ref = referred(world)
    auditor = world.client(AUDITOR)
    events = {entry["event"] for entry in auditor.access(ref)["entries"]}
    assert {"referral.submit", "log.read"} <= events
    with pytest.raises(ProblemError) as problem:
        auditor.pull(ref, "P10")
    assert problem.value.status == 404


def test_F76_the_chair_of_an_area_that_was_offered_a_case_reads_its_own_lines_alone(
    world: World,
) -> None:
    """Who was refused and who stands behind the wall is for those who coordinate the case."""
    ref = referred(world)
    world.client(COORDINATOR).decide(ref, {"decision": "ACCEPT"})
    with pytest.raises(ProblemError):
        world.client(STRANGER).pull(ref)
    with world.operator() as work:
        agencies.add_worker(work, agency_id="fenhollow-marac", worker_id="f-chair", is_chair=True)
    offer = {"act": "TRANSFER", "reason": "MOVED_FOR_GOOD", "area": "FENHOLLOW"}
    world.client(COORDINATOR).move(ref, offer)
    seen = world.client("fenhollow-marac", "f-chair").access(ref)
    assert {line["agency"] for line in seen["entries"]} <= {"fenhollow-marac"}
    assert {line["outcome"] for line in seen["entries"]} <= {"allowed"}
    own = world.client(COORDINATOR, CHAIR).access(ref)
    assert "denied" in {line["outcome"] for line in own["entries"]}

"""What needs somebody now, the lists behind the numbers, a case for a purpose: one predicate."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from gateway.client.access import ProblemError
from gateway.flows import people
from gateway.flows.cases import overseeing
from gateway.flows.notices import Rounds
from gateway.profiles.loader import Profiles
from gateway.schemas.codes import OneTime, PersonRole, RiskLevel
from tests.desk.conftest import (
    COORDINATOR,
    IDVA,
    LANDLORD,
    POLICE,
    Desk,
    a_desk,
    add_people,
    half_a_month,
)
from tests.journeys.hosting import host
from tests.journeys.walled import (
    ADMIN,
    DEPUTY,
    HIMSELF,
    KAMAL,
    OFFICE,
    SOMEBODY,
    add_worker,
    with_own_key,
)
from tests.journeys.world import World, example, graded, position, seen

NUMBER = re.compile(
    r'href="/desk/needs/(\w+)"><span class="gw-need__number">(\d+)</span>', re.DOTALL
)
CASE = re.compile(r'<a class="govuk-link" href="/desk/cases/([0-9A-Z-]+)(?:/\w+)?">')


@pytest.fixture(scope="module")
def month(shared_world: World) -> dict[str, str]:
    """The story of this module, on each database."""
    add_people(shared_world)
    return half_a_month(shared_world)


@pytest.fixture(scope="module")
def desks(shared_world: World, month: dict[str, str]) -> dict[str, Desk]:
    """Each of them, signed in."""
    return {who: a_desk(shared_world, who) for who in ("coordinator", "idva", "landlord", "police")}


def numbers(desk: Desk) -> dict[str, int]:
    """What the first page counts."""
    answer = desk.get("/desk")
    assert answer.status_code == 200, answer.text
    return {path: int(number) for path, number in NUMBER.findall(answer.text)}


def listed(desk: Desk, path: str) -> list[str]:
    """The references of a list, in its order."""
    answer = desk.get(path)
    assert answer.status_code == 200
    return CASE.findall(answer.text)


def read(desk: Desk, reference: str, purpose: str) -> Any:
    desk.get(f"/desk/cases/{reference}")
    return desk.post(f"/desk/cases/{reference}", {"purpose": purpose})


def enter(world: World, agency_id: str, worker_id: str, role: PersonRole) -> Desk:
    """Somebody who is not in the usual story, signed in."""
    with world.operator() as work:
        text = people.invite_first(work, agency_id, worker_id, {role}, OneTime.INVITATION)
    desk = Desk(world.app.test_client())
    assert desk.sign_in(f"/desk/link/{text}").status_code == 303
    desk.get("/desk/account")
    return desk


# --- numbers and lists ------------------------------------------------------------------------


def test_F31_the_desk_counts_what_waits_in_order_of_danger(
    desks: dict[str, Desk], month: dict[str, str]
) -> None:
    found = numbers(desks["coordinator"])
    assert list(found) == ["imminent", "untaken", "dates", "triage", "owed", "matches"]
    assert (found["imminent"], found["triage"], found["matches"]) == (1, 4, 1)
    text = desks["coordinator"].get("/desk").text
    assert "2 of 16" in text
    assert "1 late" in text


def test_F31_each_number_is_as_long_as_its_list(desks: dict[str, Desk]) -> None:
    for who in desks:
        for path, number in numbers(desks[who]).items():
            assert len(listed(desks[who], f"/desk/needs/{path}")) == number, (who, path)


def test_F31_what_is_late_stands_first(desks: dict[str, Desk], month: dict[str, str]) -> None:
    assert listed(desks["coordinator"], "/desk/needs/imminent") == [month["c5"]]
    assert listed(desks["coordinator"], "/desk/needs/triage")[0] == month["objection"]


def test_promise_08_the_first_page_names_no_case(
    desks: dict[str, Desk], month: dict[str, str]
) -> None:
    for desk in desks.values():
        text = desk.get("/desk").text
        assert not [each for name, each in month.items() if name != "conference" and each in text]


def test_promise_01_each_list_is_recorded_case_by_case(
    shared_world: World, desks: dict[str, Desk], month: dict[str, str]
) -> None:
    before = len(shared_world.log(event="case.listed", agency=IDVA))
    shown = listed(desks["idva"], "/desk/cases")
    lines = shared_world.log(event="case.listed", agency=IDVA)[before:]
    assert {line["case"] for line in lines} == {shared_world.case_of(each) for each in shown}
    assert {line["worker"] for line in lines} == {"idva-01"}


def test_F31_a_partner_sees_its_own_cases_alone(
    desks: dict[str, Desk], month: dict[str, str]
) -> None:
    assert set(listed(desks["police"], "/desk/cases")) >= {month["c5"], month["c1"]}
    assert month["objection"] not in listed(desks["police"], "/desk/cases")
    assert numbers(desks["idva"])["answers"] >= 1
    assert "answers" not in numbers(desks["coordinator"])


def test_F31_another_area_is_not_there(shared_world: World, month: dict[str, str]) -> None:
    other = enter(shared_world, "fenhollow-marac", "marac-01", PersonRole.COORDINATOR)
    assert numbers(other) == {}
    assert listed(other, "/desk/cases") == []
    for reference in (month["c1"], month["c5"]):
        assert read(other, reference, "P9").status_code == 404


def test_F31_more_cases_ask_no_more_of_the_database(sqlite_world: World) -> None:
    world = sqlite_world
    assert statements(world, 2) == statements(world, 6)


def statements(world: World, more: int) -> int:
    """How many statements the coordinator's first page takes, after so many more referrals."""
    for _ in range(more):
        world.client(LANDLORD).refer(example("c1"))
    desk = a_desk(world, "coordinator")
    return statements_of(world, lambda: desk.get("/desk"))


def statements_of(world: World, open_page: Callable[[], Any]) -> int:
    """How many statements a page takes that was opened before."""
    open_page()
    asked: list[str] = []
    engine = world.app.extensions["gateway"].sessions.kw["bind"]

    def trace(connection: Any, *_: object) -> None:
        connection.set_trace_callback(asked.append)

    event.listen(engine, "checkout", trace)
    open_page()
    event.remove(engine, "checkout", trace)
    engine.dispose()
    # How many lines wait is looked at once in a while, whoever asks for what: in a transaction.
    once = ("log_pending", "PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")
    return len([each for each in asked if not any(word in each for word in once)])


def test_F31_what_is_over_takes_no_place_and_what_is_not_looked_at_is_said(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With years of cases behind it, an old one that still waits must not fall off the desk."""
    add_people(sqlite_world)
    coordinator, landlord = sqlite_world.client(COORDINATOR), sqlite_world.client(LANDLORD)
    waits = landlord.refer(graded(20)).reference
    for number in (18, 17):
        gone = landlord.refer(graded(number)).reference
        coordinator.decide(gone, {"decision": "RETURN", "reasons": ["DUPLICATE"]})
        landlord.withdraw(gone, "SENT_IN_ERROR")
    desk = a_desk(sqlite_world, "coordinator")
    monkeypatch.setattr(overseeing, "MOST", 1)
    home = desk.get("/desk").text
    assert (numbers(desk)["triage"], 'id="cut"' in home) == (1, False)
    assert waits in desk.get("/desk/needs/triage").text
    landlord.refer(graded(19))
    assert 'id="cut"' in desk.get("/desk").text


def test_F22_a_worker_that_looks_no_more_is_shown_in_red(sqlite_world: World) -> None:
    world, alarm = sqlite_world, "Nobody is told of what is new"
    add_people(world)
    desk = a_desk(world, "coordinator")
    assert "has never run" in desk.get("/desk").text
    rounds = Rounds(world.sessions, lambda _: world.keys, Profiles.load(), lambda: world.now, None)
    rounds.look()
    assert alarm not in desk.get("/desk").text
    world.later(minutes=6)
    page = desk.get("/desk").text
    assert alarm in page
    assert re.search(r"has not run since [^.]*10:00", page)


# --- one case -----------------------------------------------------------------------------------


def test_promise_04_a_page_shows_what_a_pull_gives_and_no_more(
    shared_world: World, desks: dict[str, Desk], month: dict[str, str]
) -> None:
    """Section by section, for each of them, for the same purpose."""
    agencies = {"coordinator": COORDINATOR, "idva": IDVA, "landlord": LANDLORD, "police": POLICE}
    purposes = {"coordinator": "P9", "idva": "P2", "landlord": "P7", "police": "P5"}
    form = example("c1")["document"]
    telling = {
        "victim_identity": form["victim"]["nhs_number"],
        "perpetrators": form["perpetrators"][0]["vehicles"][0],
        "incidents": "Kicked through the bedroom door",
        "finances": "She has a card that he checks",
    }
    for who, agency_id in agencies.items():
        purpose = purposes[who]
        pulled = seen(shared_world.client(agency_id), month["c1"], purpose)
        answer = read(desks[who], month["c1"], purpose)
        assert answer.status_code == 200, (who, answer.text)
        for section, text in telling.items():
            is_full = pulled.get(section, ("NONE", None))[0] == "FULL"
            assert (text in answer.text) is is_full, (who, section)


def test_F18_the_purpose_is_asked_first_and_stands_in_the_log(
    shared_world: World, desks: dict[str, Desk], month: dict[str, str]
) -> None:
    desk, case_id = desks["landlord"], shared_world.case_of(month["c1"])
    before = len(shared_world.log(event="case.read", case=case_id, worker="homes-01"))
    page = desk.get(f"/desk/cases/{month['c1']}")
    assert "Elena" not in page.text
    assert desk.post(f"/desk/cases/{month['c1']}", {}).status_code == 422
    assert desk.post(f"/desk/cases/{month['c1']}", {"purpose": "P10"}).status_code == 422
    assert len(shared_world.log(event="case.read", case=case_id, worker="homes-01")) == before
    assert read(desk, month["c1"], "P7").status_code == 200
    entry = shared_world.log(event="case.read", case=case_id, worker="homes-01")[-1]
    assert (entry["purpose"], entry["outcome"]) == ("P7", "allowed")


def test_promise_02_a_refused_case_looks_like_no_case(
    desks: dict[str, Desk], month: dict[str, str]
) -> None:
    refused = read(desks["police"], month["objection"], "P5")
    absent = read(desks["police"], "ZZZZZ-ZZZZZ-Z", "P5")
    assert refused.status_code == absent.status_code == 404
    strip = re.compile(r'name="token" value="[^"]+"')
    assert strip.sub("", refused.text) == strip.sub("", absent.text)


def test_promise_06_an_agreement_that_is_taken_back_counts_with_the_next_page(
    world: World,
) -> None:
    landlord, desk = world.client(LANDLORD), a_desk(world, "idva")
    reference = landlord.refer(graded(12)).reference
    assert read(desk, reference, "P2").status_code == 200
    assert reference in listed(desk, "/desk/cases")
    landlord.record_position(reference, position("WITHDRAWN"))
    with pytest.raises(ProblemError):
        world.client(IDVA).pull(reference, "P2")
    assert read(desk, reference, "P2").status_code == 404
    assert reference not in listed(desk, "/desk/cases")


def test_F22_who_is_tied_finds_nothing_on_any_page(world: World) -> None:
    """Kamal works where his brother's case is looked at; he guesses the address."""
    add_worker(world, OFFICE, KAMAL)
    nobodys = {"conflict_check": {"answer": "NO"}, "must_not_receive": None}
    sent = example("c2", **nobodys, perpetrators__1__employer=None)
    reference = world.client("marlbury-college", "college-01").refer(sent).reference
    world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
    conference = world.client(COORDINATOR).create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-03T09:30:00Z", "attendees": [OFFICE]}
    )["conference"]
    world.client(COORDINATOR).list_case(conference, reference)
    colleague = enter(world, OFFICE, "housing-02", PersonRole.AGENCY_REP)
    assert reference in listed(colleague, "/desk/cases")
    assert read(colleague, reference, "P7").status_code == 200
    tied = enter(world, OFFICE, KAMAL, PersonRole.AGENCY_REP)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    assert listed(tied, "/desk/cases") == []
    assert "1 case on the list" not in tied.get("/desk").text
    assert read(tied, reference, "P7").status_code == 404
    assert listed(colleague, "/desk/cases") == []  # his whole agency is shut now
    assert read(colleague, reference, "P7").status_code == 404


def test_F65_what_goes_to_a_deputys_own_key_goes_to_no_page(world: World) -> None:
    """Its administrator could sign in as the deputy, and holds no key of the deputy's."""
    for worker in (KAMAL, DEPUTY, ADMIN):
        add_worker(world, OFFICE, worker)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    nobodys = {"conflict_check": {"answer": "NO"}, "must_not_receive": None}
    sent = example("c2", **nobodys, perpetrators__1__employer=None)
    reference = world.client("marlbury-college", "college-01").refer(sent).reference
    coordinator = world.client(COORDINATOR, "marac-01")
    coordinator.decide(reference, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-03T09:30:00Z", "attendees": [OFFICE]}
    )["conference"]
    coordinator.list_case(conference, reference)
    world.client(OFFICE, DEPUTY).walls.declare(SOMEBODY)
    deputy = with_own_key(world, OFFICE, DEPUTY, ADMIN)
    coordinator.walls.settle(reference, "DEPUTY", OFFICE, DEPUTY, reason="The lead of the team.")
    assert deputy.pull(reference, "P7").document["sections"]
    desk = enter(world, OFFICE, DEPUTY, PersonRole.AGENCY_REP)
    assert listed(desk, "/desk/cases") == []
    assert read(desk, reference, "P7").status_code == 404
    answer = desk.post(f"/desk/cases/{reference}/answer", {"outcome": "ACCEPTED"})
    assert answer.status_code == 404


def test_M5_what_is_sealed_to_an_agency_with_its_own_key_is_named_and_not_shown(
    desks: dict[str, Desk], month: dict[str, str]
) -> None:
    answer = read(desks["idva"], month["c1"], "P2")
    assert "Sealed to your agency" in answer.text
    assert "How to reach her safely" in answer.text
    assert "your agency holds the only key" in answer.text
    assert "07700 900" not in _of_victim(answer.text)


def test_M5_a_hosted_agencys_worker_reads_it_once_the_log_has_taken_it_in(world: World) -> None:
    host(world, IDVA)
    reference = world.client(LANDLORD).refer(example("c1")).reference
    desk = a_desk(world, "idva")
    answer = read(desk, reference, "P2")
    assert answer.status_code == 200
    assert "Sealed to your agency" not in answer.text
    assert "How to reach her safely" in answer.text
    assert "gw-section--contact" in answer.text
    events = [entry["event"] for entry in world.log(worker="idva-01")]
    assert events.index("sealed.asked") < events.index("agency-key.opened")


def _of_victim(text: str) -> str:
    """What stands before the part about who causes harm."""
    return text.partition("Who causes harm</h2>")[0]


def test_F31_an_agency_answers_and_the_coordinators_number_falls(
    world: World,
) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    coordinator, idva = a_desk(world, "coordinator"), a_desk(world, "idva")
    assert (numbers(coordinator)["untaken"], numbers(idva)["answers"]) == (1, 1)
    assert "Take it on" in read(idva, reference, "P2").text
    path = f"/desk/cases/{reference}/answer"
    for form in ({}, {"outcome": "DECLINED"}, {"outcome": "DECLINED", "reason": "BUSY"}):
        assert idva.post(path, form).status_code == 422
    assert coordinator.post(path, {"outcome": "ACCEPTED"}).status_code == 404
    police = a_desk(world, "police")
    assert police.post(path, {"outcome": "ACCEPTED"}).status_code == 404
    assert idva.post(path, {"outcome": "ACCEPTED"}).status_code == 303
    assert "untaken" not in numbers(coordinator)
    assert "answers" not in numbers(idva)
    entry = world.log(event="case.acknowledge", outcome="ACCEPTED")[0]
    assert (entry["worker"], entry["because"]) == ("idva-01", "taken")


# --- promise 1 ---------------------------------------------------------------------------------


def test_promise_05_a_role_opens_its_pages_alone(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    assert desks["coordinator"].get("/desk/people").status_code == 404
    assert desks["coordinator"].post("/desk/people/ends", {"worker": "x"}).status_code == 404
    refused = shared_world.log(event="page.opened", agency=COORDINATOR)
    assert {(entry["because"], entry["outcome"]) for entry in refused} == {("no-role", "denied")}


@pytest.mark.parametrize("path", ["", "/cases", "/needs/triage", "/account", "/people", "/prove"])
def test_promise_03_no_page_opens_for_who_has_not_signed_in(shared_world: World, path: str) -> None:
    answer = Desk(shared_world.app.test_client()).get(f"/desk{path}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/sign-in")


def test_promise_03_every_page_declares_its_roles_or_that_it_is_public(
    shared_world: World,
) -> None:
    app = shared_world.app
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/desk")]
    assert len(rules) > 25
    for rule in rules:
        view = app.view_functions[rule.endpoint]
        assert rule.endpoint.startswith("desk.")
        assert hasattr(view, "gateway_roles") or "/desk/people" not in rule.rule


def test_F104_every_page_is_told_not_to_be_kept_and_runs_no_script(desks: dict[str, Desk]) -> None:
    for path in ("/desk", "/desk/cases", "/desk/nothing", "/desk/needs/triage"):
        answer = desks["coordinator"].get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
    policy = desks["coordinator"].get("/desk/account").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy


def test_a_case_whose_risk_nobody_assessed_is_listed_and_read(sqlite_world: World) -> None:
    add_people(sqlite_world)
    sent = sqlite_world.client(LANDLORD).refer(
        graded(5, unknown=19, referral__danger="IMMINENT_LIFE")
    )
    assert sent.claims["level"] == RiskLevel.UNASSESSED
    desk = a_desk(sqlite_world, "coordinator")
    assert sent.reference in listed(desk, "/desk/cases")
    answer = read(desk, sent.reference, "P9")
    assert answer.status_code == 200
    assert "Risk not assessed" in answer.text

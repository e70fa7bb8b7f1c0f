"""Signing in and out: sessions that end, links and codes used once, forms that are our own."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from gateway.agencies import passwords, people
from gateway.app import create_app
from gateway.config import Settings
from gateway.rules.desk import ABSOLUTE, IDLE
from gateway.schemas.codes import OneTime, PersonRole
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, WHO, Desk, a_desk, a_link, add_people
from tests.journeys.world import BASE, World

PASSWORD = "four quiet brown horses"


@pytest.fixture
def desk(world: World) -> Desk:
    """The coordinator's browser."""
    return a_desk(world, "coordinator")


def is_in(desk: Desk) -> bool:
    """Whether a page still opens."""
    return desk.get("/desk/account").status_code == 200


def a_password(desk: Desk, world: World) -> bytes:
    """Set a password; returns the seed of its codes."""
    shown = desk.get("/desk/account/password")
    found = re.search(r'name="seed" value="([^"]+)"', shown.text)
    assert found
    seed = people_seed(found[1])
    form = {"password": PASSWORD, "again": PASSWORD, "seed": found[1], "code": code(seed, world)}
    assert desk.post("/desk/account/password", form).status_code == 303
    return seed


def people_seed(text: str) -> bytes:
    import base64

    return base64.b32decode(text)


def code(seed: bytes, world: World) -> str:
    """What an authenticator shows now."""
    return passwords.code_at(seed, int(world.now.timestamp()) // passwords.STEP)


def try_password(world: World, name: str, password: str, digits: str) -> int:
    desk = Desk(world.app.test_client())
    desk.get("/desk/sign-in")
    form = {"name": name, "password": password, "code": digits}
    return desk.post("/desk/sign-in/password", form).status_code


# --- sessions ---------------------------------------------------------------------------------


def test_F11_a_session_lies_in_the_database_as_a_digest(world: World, desk: Desk) -> None:
    cookie = desk.client.get_cookie("__Host-gw-desk", domain="gateway.example")
    assert cookie is not None
    assert cookie.secure
    assert cookie.http_only
    assert cookie.same_site == "Strict"
    held = people.read_secret(cookie.decoded_value)
    assert held is not None
    rows = world.rows(t.desk_session)
    assert [row["digest"] for row in rows] == [held.digest]
    assert cookie.decoded_value.split(".")[1].encode() not in repr(rows).encode()


def test_F11_an_idle_session_ends_and_a_used_one_does_not(world: World, desk: Desk) -> None:
    for _ in range(3):
        world.later(minutes=10)
        assert is_in(desk)
    world.later(seconds=IDLE.total_seconds())
    assert desk.get("/desk/account").headers["Location"] == "/desk/sign-in"


def test_F11_no_session_outlives_a_working_day(world: World, desk: Desk) -> None:
    for _ in range(int(ABSOLUTE.total_seconds() // 600) - 1):
        world.later(minutes=10)
        assert is_in(desk)
    world.later(minutes=10)
    assert not is_in(desk)


def test_F11_signing_out_ends_it_and_clears_the_browser(world: World, desk: Desk) -> None:
    kept = desk.client.get_cookie("__Host-gw-desk", domain="gateway.example")
    assert kept is not None
    answer = desk.post("/desk/sign-out")
    assert answer.status_code == 303
    assert '"cache"' in answer.headers["Clear-Site-Data"]
    desk.client.set_cookie("__Host-gw-desk", kept.value, domain="gateway.example", secure=True)
    assert not is_in(desk)
    assert [e["event"] for e in world.log(event="desk.signed_out")] == ["desk.signed_out"]


def test_F11_one_click_ends_every_session_of_a_person(world: World, desk: Desk) -> None:
    second = Desk(world.app.test_client())
    with world.operator() as work:
        from gateway.flows import people as flows

        agency_id, worker_id, roles = WHO["coordinator"]
        text = flows.invite_first(work, agency_id, worker_id, roles, OneTime.INVITATION)
    assert second.sign_in(f"/desk/link/{text}").status_code == 303
    second.get("/desk/account")
    assert is_in(desk)
    assert second.post("/desk/sign-out-everywhere").status_code == 303
    assert not is_in(desk)
    assert not is_in(second)


@pytest.mark.parametrize("table", ["worker", "agency"])
def test_F5_who_is_suspended_is_out_with_the_next_page(
    world: World, desk: Desk, table: str
) -> None:
    with world.engine.begin() as connection:
        of = t.metadata.tables[table]
        name = "marac-01" if table == "worker" else COORDINATOR
        connection.execute(update(of).where(of.c.id == name).values(suspended_at=world.now))
    assert not is_in(desk)


def test_F11_a_role_that_was_taken_away_is_gone_with_the_next_page(
    world: World, desk: Desk
) -> None:
    world.execute("DELETE FROM person_role")
    assert not is_in(desk)


# --- forms ------------------------------------------------------------------------------------


def test_F11_a_form_of_another_site_is_refused(world: World, desk: Desk) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": ""},
    ):
        assert desk.post("/desk/sign-out", **headers).status_code == 403
    assert desk.post("/desk/sign-out", {"token": "x" * 43}).status_code == 403
    assert is_in(desk)
    plain = {"Sec-Fetch-Site": "", "Origin": BASE}  # an older browser
    assert desk.post("/desk/sign-out", **plain).status_code == 303


def test_F11_another_persons_token_opens_no_form(world: World, desk: Desk) -> None:
    add_people(world)
    other = a_desk(world, "administrator")
    assert desk.post("/desk/sign-out", {"token": other.token()}).status_code == 403


def test_F11_the_api_reads_no_cookie(world: World, desk: Desk) -> None:
    assert desk.get("/v1/cases").status_code == 401
    assert "Set-Cookie" not in desk.get("/docs").headers


# --- links and codes --------------------------------------------------------------------------


def test_F6_a_link_signs_in_once_and_looking_at_it_does_not_use_it(world: World) -> None:
    link = a_link(world, "coordinator")
    for _ in range(3):
        assert Desk(world.app.test_client()).get(link).status_code == 200
    assert Desk(world.app.test_client()).sign_in(link).status_code == 303
    assert Desk(world.app.test_client()).get(link).status_code == 404


def test_F6_an_old_link_is_no_link(world: World) -> None:
    link = a_link(world, "coordinator")
    world.later(days=3)
    assert Desk(world.app.test_client()).get(link).status_code == 404


def test_F11_a_demonstrations_link_exists_nowhere_else(world: World) -> None:
    link = a_link(world, "coordinator", OneTime.DEMONSTRATION)
    shut = Desk(world.app.test_client())
    shut.get("/desk/sign-in")
    assert shut.get(link).status_code == 404
    assert shut.post(link).status_code == 404
    for address in ("https://demo.example", "http://localhost:8000"):
        settings = Settings("demo", address, world.url, world.folder.parent / "keys")
        app = create_app(settings, sessions=world.sessions, clock=lambda: world.now)
        answer = Desk(app.test_client(), address).get(link)
        assert answer.status_code == (200 if "localhost" in address else 404)
        app.extensions["gateway"].replay.close()


def test_F8_a_password_is_worth_nothing_without_its_code_nor_the_code_twice(
    world: World, desk: Desk
) -> None:
    seed = a_password(desk, world)
    name = f"{COORDINATOR}/marac-01"
    assert try_password(world, name, PASSWORD, code(seed, world)) == 403  # taken when it was set
    world.later(minutes=1)
    now = code(seed, world)
    assert try_password(world, name, PASSWORD, "000000") == 403
    assert try_password(world, name, "another password", now) == 403
    assert try_password(world, "marlbury-idva/idva-01", PASSWORD, now) == 403
    assert try_password(world, "marlbury-idva/nobody", PASSWORD, now) == 403
    assert try_password(world, name, PASSWORD, now) == 303
    assert try_password(world, name, PASSWORD, now) == 403
    assert seed not in repr(world.rows(t.password)).encode()


def test_F8_guessing_ends_in_a_wait_for_that_name_alone(world: World, desk: Desk) -> None:
    seed = a_password(desk, world)
    world.later(minutes=1)
    name = f"{COORDINATOR}/marac-01"
    got = [try_password(world, name, "a wrong password", "123456") for _ in range(11)]
    assert got[:10] == [403] * 10
    assert got[10] == 429
    assert try_password(world, name, PASSWORD, code(seed, world)) == 429
    assert try_password(world, "marlbury-idva/idva-01", PASSWORD, "123456") == 403


def test_F8_a_recovery_code_works_once_and_for_its_person_alone(world: World, desk: Desk) -> None:
    shown = desk.post("/desk/account/codes")
    codes = re.findall(r'<li class="gw-code">([^<]+)</li>', shown.text)
    assert len(codes) == len(set(codes)) == 10

    def use(name: str, text: str) -> int:
        other = Desk(world.app.test_client())
        other.get("/desk/sign-in")
        return other.post("/desk/sign-in/recovery", {"name": name, "code": text}).status_code

    mine = f"{COORDINATOR}/marac-01"
    assert use("marlbury-idva/idva-01", codes[0]) == 403
    assert use(f"{COORDINATOR}/chair-01", codes[0]) == 403
    assert use(mine, codes[0].upper().replace("-", " ")) == 303
    assert use(mine, codes[0]) == 403
    desk.get("/desk/account")
    desk.post("/desk/account/codes")
    assert use(mine, codes[1]) == 403  # new codes took the place of those


# --- dangerous acts and administrators --------------------------------------------------------


def test_F9_what_is_dangerous_wants_a_proof_of_just_now(world: World, desk: Desk) -> None:
    seed = a_password(desk, world)
    world.later(minutes=6)
    answer = desk.post("/desk/account/codes")
    assert answer.headers["Location"] == "/desk/prove?for=recovery_codes"
    desk.get("/desk/prove?for=account")
    wrong = {"password": PASSWORD, "code": "000000", "for": "account"}
    assert desk.post("/desk/prove", wrong).status_code == 403
    before = desk.client.get_cookie("__Host-gw-desk", domain="gateway.example")
    right = {"password": PASSWORD, "code": code(seed, world), "for": "//elsewhere.example"}
    answer = desk.post("/desk/prove", right)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/account")
    after = desk.client.get_cookie("__Host-gw-desk", domain="gateway.example")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    desk.get("/desk/account")
    assert desk.post("/desk/account/codes").status_code == 200


def test_F6_an_administrator_invites_and_reads_no_case(world: World) -> None:
    add_people(world)
    desk = a_desk(world, "administrator")
    assert desk.get("/desk").headers["Location"] == "/desk/people"
    for path in ("/desk/cases", "/desk/needs/triage", "/desk/cases/0000-0000"):
        assert desk.get(path).status_code == 404
    desk.get("/desk/people")
    form = {"worker": "idva-01", "role": ["IDVA", "AGENCY_REP"]}
    answer = desk.post("/desk/people/invitations", form)
    found = re.search(rf"{BASE}(/desk/link/\S+)</p>", answer.text)
    assert found
    worker = Desk(world.app.test_client())
    assert worker.sign_in(found[1]).status_code == 303
    assert "IDVA, Agency representative" in worker.get("/desk/account").text
    assert desk.post("/desk/people/ends", {"worker": "idva-01"}).status_code == 200
    assert not is_in(worker)


@pytest.mark.parametrize("role", ["COORDINATOR", "CHAIR", "DPO_AUDITOR", "NOBODY", ""])
def test_F6_an_administrator_gives_no_role_that_its_agency_has_not(world: World, role: str) -> None:
    add_people(world)
    desk = a_desk(world, "administrator")
    desk.get("/desk/people")
    form = {"worker": "idva-01", "role": [role]}
    assert desk.post("/desk/people/invitations", form).status_code == 422
    given = [row for row in world.rows(t.person_role) if row["worker_id"] == "idva-01"]
    assert given == []


def test_F6_an_administrator_reaches_no_other_agency(world: World) -> None:
    add_people(world)
    desk = a_desk(world, "administrator")
    desk.get("/desk/people")
    for worker in ("marac-01", "admin-01"):
        form = {"worker": worker, "role": ["IDVA"]}
        assert desk.post("/desk/people/invitations", form).status_code in (404, 422)
    assert {row["worker_id"] for row in world.rows(t.person_role)} == {"admin-01"}


def test_F7_a_worker_signed_in_stands_in_the_log_with_how(world: World, desk: Desk) -> None:
    (entry,) = world.log(event="desk.signed_in")
    assert (entry["agency"], entry["worker"], entry["facts"]) == (
        COORDINATOR,
        "marac-01",
        {"method": "link"},
    )


def test_RFC6238_codes_are_those_of_the_standard() -> None:
    """Its appendix B, the last six digits."""
    seed = b"12345678901234567890"
    table = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {at: passwords.code_at(seed, at // 30) for at in table} == table


def test_F6_who_keeps_people_holds_no_other_role(world: World) -> None:
    from gateway.rules.desk import holds
    from gateway.schemas.codes import AgencyKind

    both = {PersonRole.AGENCY_ADMIN, PersonRole.IDVA}
    assert holds(both, AgencyKind.IDVA, is_chair=False) == {PersonRole.AGENCY_ADMIN}
    assert holds({PersonRole.COORDINATOR}, AgencyKind.IDVA, is_chair=False) == frozenset()

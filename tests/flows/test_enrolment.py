"""Two operators let an agency in and change its keys; the agency's own old key never does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, update

from gateway import ledger
from gateway.agencies import directory, hosted, requested
from gateway.agencies.enrolment import LIFE, acting
from gateway.agencies.requested import APPROVES, ASKS, Request
from gateway.errors import Conflict, Invalid, Mismatch, NotFound
from gateway.flows import agencies
from gateway.ledger import begin
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing import jose, operators
from gateway.store import agency_keys
from gateway.store import tables as t
from gateway.store.agency_keys import NewKey
from tests.doors.oauth import Agency, Door, a_door


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(database_url, tmp_path) as door:
        yield door


@pytest.fixture
def idva(door: Door) -> Agency:
    return door.enrol("idva", AgencyKind.IDVA)


def a_request(door: Door, agency: Agency, **changes: Any) -> Request:
    usual = {
        "agency_id": agency.agency_id,
        "name": "Marlbury Homes",
        "kind": AgencyKind.LANDLORD,
        "area": "marlbury",
        "custody": Custody.OWN,
        "jwks": agency.jwks(),
        "now": door.now,
    }
    return requested.registration(**{**usual, **changes})


def events(door: Door) -> list[tuple[str, str, str]]:
    """What operators did, by whom, and how it ended."""
    records = (each for each in door.records() if each["agency"] == "@operator")
    return [(each["event"], each["worker"], each["outcome"]) for each in records]


def approve(door: Door, agency_id: str, proof: str, by: str) -> None:
    house = door.house
    with begin(house.sessions, house.keys, acting(by), door.now) as work:
        agencies.approve(work, agency_id=agency_id, proof=proof, known=door.registrars.known)


# --- it takes two ---------------------------------------------------------------------------------


def test_F3_an_agency_is_let_in_by_two_operators(door: Door) -> None:
    agency = Agency("homes", door)
    asked = a_request(door, agency)
    first, second = door.registrars.pair
    door.registrars.ask(asked, door.now, by=first)
    assert agency.ask().json["error"] == "invalid_client"  # one is not enough
    with door.work() as work:
        (row,) = agencies.list_requests(work)
        assert agencies.read_request(work, agency_id="homes") == asked
    assert (row.agency_id, row.asked_by) == ("homes", first.id)
    door.registrars.approve(asked, door.now, by=second)
    assert agency.token("referrals:write")
    entry = next(e for e in door.records() if e["event"] == "agency.registered")
    assert (entry["worker"], entry["facts"]["sig"]) == (second.id, [agency.sig["kid"]])
    assert events(door)[0] == ("enrolment.asked", first.id, "allowed")


def test_F3_who_asked_does_not_approve(door: Door) -> None:
    agency = Agency("homes", door)
    asked = a_request(door, agency)
    first, _ = door.registrars.pair
    door.registrars.ask(asked, door.now, by=first)
    with pytest.raises(Mismatch):
        door.registrars.approve(asked, door.now, by=first)
    assert agency.ask().status_code == 401
    assert events(door)[-1] == ("enrolment.approved", first.id, "denied")


def test_nobody_acts_under_anothers_name(door: Door) -> None:
    """The log names who signed, and no one else."""
    agency = Agency("homes", door)
    asked = a_request(door, agency)
    first, second = door.registrars.pair
    door.registrars.ask(asked, door.now, by=first)
    proof = second.state(asked.statement(APPROVES, door.now))
    with pytest.raises(Mismatch):
        approve(door, "homes", proof, by="somebody-else")
    assert agency.ask().status_code == 401


def test_only_a_statement_about_this_very_request_counts(door: Door) -> None:
    agency = Agency("homes", door)
    asked, other = a_request(door, agency), a_request(door, agency)
    registrars = door.registrars
    first, second = registrars.pair
    registrars.ask(asked, door.now, by=first)
    right = asked.statement(APPROVES, door.now)
    own = jose.import_private(agency.sig, "sig")
    text = json.dumps(right).encode()
    wrong = {
        "to ask": second.state(asked.statement(ASKS, door.now)),
        "another request": second.state(other.statement(APPROVES, door.now)),
        "other content": second.state({**right, "digest": "A" * 43}),
        "old": second.state({**right, "iat": right["iat"] - 301}),
        "of tomorrow": second.state({**right, "iat": right["iat"] + 301}),
        "no time": second.state({**right, "iat": None}),
        "more": second.state({**right, "more": 1}),
        "a stranger": operators.fresh(second.id).state(right),
        "an unknown operator": operators.fresh("third").state(right),
        "the agency's own key": jose.sign(text, own, second.id, operators.STATEMENT),
        "another type": jose.sign(text, second.key, second.id, "JWT"),
        "garbage": "x.y.z",
        "nothing": "",
    }
    for name, proof in wrong.items():
        with pytest.raises(Mismatch):
            approve(door, "homes", proof, by=second.id)
        assert agency.ask().status_code == 401, name
    denied = [event for event in events(door) if event[2] == "denied"]
    assert len(denied) == len(wrong)
    registrars.approve(asked, door.now, by=second)
    assert agency.ask().status_code == 200


def test_a_request_that_was_changed_in_between_is_not_approved(door: Door) -> None:
    """Whoever writes to the database cannot put a key of their own in the agency's place."""
    agency, thief = Agency("homes", door), Agency("homes", door)
    asked = a_request(door, agency)
    first, second = door.registrars.pair
    door.registrars.ask(asked, door.now, by=first)
    changed = a_request(door, thief).content
    with door.behind() as session, session.begin():
        session.execute(update(t.enrolment).values(content=dict(changed)))
    with pytest.raises(Mismatch):
        door.registrars.approve(asked, door.now, by=second)
    with door.work() as work:  # nor when the second operator signs what stands there now
        shown = agencies.read_request(work, agency_id="homes")
    with pytest.raises(Mismatch):
        door.registrars.approve(shown, door.now, by=second)
    assert thief.ask().status_code == agency.ask().status_code == 401


def test_a_request_is_approved_once_and_in_its_week(door: Door) -> None:
    agency = Agency("homes", door)
    asked = a_request(door, agency)
    first, second = door.registrars.pair
    door.registrars.ask(asked, door.now, by=first)
    with pytest.raises(Conflict):  # one at a time
        door.registrars.ask(a_request(door, agency), door.now, by=second)
    door.later(LIFE.total_seconds())
    with pytest.raises(NotFound):
        door.registrars.approve(asked, door.now, by=second)
    again = a_request(door, agency)
    door.registrars.carry_out(again, door.now)
    with pytest.raises(NotFound):
        door.registrars.approve(again, door.now, by=second)
    with pytest.raises(Conflict):
        door.registrars.ask(again, door.now, by=first)


def test_a_request_is_withdrawn_by_one(door: Door) -> None:
    agency = Agency("homes", door)
    asked = a_request(door, agency)
    first, second = door.registrars.pair
    door.registrars.ask(asked, door.now, by=first)
    with door.work() as work:
        agencies.withdraw(work, agency_id="homes")
    with pytest.raises(NotFound):
        door.registrars.approve(asked, door.now, by=second)
    with pytest.raises(NotFound), door.work() as work:
        agencies.withdraw(work, agency_id="homes")
    assert agency.ask().status_code == 401


# --- other keys -----------------------------------------------------------------------------------


def test_F38_new_keys_take_over_and_the_old_end_after_the_overlap(door: Door, idva: Agency) -> None:
    other = door.rekey(idva, overlap=2)
    assert idva.token("cases:read")
    assert other.token("cases:read")
    door.later(2 * 3600 - 1)
    old, new = idva.token("cases:read"), other.token("cases:read")
    assert idva.call(old).status_code == other.call(new).status_code == 200
    door.later(1)
    assert idva.ask(idva.form("cases:read")).json["error"] == "invalid_client"
    assert idva.call(old).status_code == 401  # a token does not outlive its key
    assert other.call(new).status_code == 200
    entry = next(e for e in door.records() if e["event"] == "agency.rekeyed")
    assert entry["facts"]["sig"] == [other.sig["kid"]]
    assert set(entry["facts"]["ended"]) == {idva.sig["kid"], idva.enc["kid"]}


def test_no_route_takes_a_key(door: Door, idva: Agency) -> None:
    """An agency cannot change its own keys, whoever holds the present one."""
    rules = [
        rule.rule
        for rule in door.client.application.url_map.iter_rules()
        if not rule.endpoint.startswith("desk.")  # people's passkeys are none of an agency's keys
    ]
    assert [rule for rule in rules if "key" in rule or "jwks" in rule] == ["/.well-known/jwks.json"]
    other = Agency("idva", door)
    asked = requested.rekeying(agency_id="idva", jwks=other.jwks(), now=door.now)
    for what in (ASKS, APPROVES):
        text = json.dumps(asked.statement(what, door.now)).encode()
        own = jose.import_private(idva.sig, "sig")
        for name in (idva.sig["kid"], "idva", door.registrars.pair[0].id):
            proof = jose.sign(text, own, name, operators.STATEMENT)
            with (
                pytest.raises(Mismatch),
                begin(door.house.sessions, door.house.keys, acting(name), door.now) as work,
            ):
                agencies.ask(work, asked, proof=proof, known=door.registrars.known)
    assert other.ask(other.form("cases:read")).status_code == 401


def test_new_keys_are_sealed_to_and_a_kept_one_stays(door: Door, idva: Agency) -> None:
    other = Agency("idva", door, enc=idva.enc)  # the same key to encrypt, another to sign
    door.registrars.rekey(agency_id="idva", jwks=other.jwks(), now=door.now)
    with door.behind() as session:
        shown = directory.encryption_keys(session, "idva", door.now)
    assert [each["kid"] for each in shown] == [idva.enc["kid"]]
    assert other.token("cases:read")
    assert idva.ask(idva.form("cases:read")).status_code == 401
    third = door.rekey(other)
    with door.behind() as session:
        shown = directory.encryption_keys(session, "idva", door.now)
    assert [each["kid"] for each in shown] == [third.enc["kid"]]


def test_no_two_agencies_share_a_key_and_no_key_comes_back(door: Door, idva: Agency) -> None:
    thief = Agency("homes", door, sig=idva.sig)
    with pytest.raises(Conflict):
        door.register("homes", jwks=thief.jwks())
    homes = door.enrol("homes")
    with pytest.raises(Conflict):
        door.registrars.rekey(agency_id="homes", jwks=thief.jwks(), now=door.now)
    door.rekey(idva)
    with pytest.raises(Conflict):
        door.registrars.rekey(agency_id="idva", jwks=idva.jwks(), now=door.now)
    same_id = Agency("homes", door)
    same_id.sig["kid"] = homes.sig["kid"]
    with pytest.raises(Conflict):
        door.registrars.rekey(agency_id="homes", jwks=same_id.jwks(), now=door.now)
    assert homes.token("referrals:read")


def test_what_was_free_when_asked_may_be_taken_when_approved(door: Door) -> None:
    agency = Agency("homes", door)
    asked = a_request(door, agency)
    first, second = door.registrars.pair
    door.registrars.ask(asked, door.now, by=first)
    door.registrars.carry_out(a_request(door, agency, agency_id="other"), door.now)
    with pytest.raises(Conflict):
        door.registrars.approve(asked, door.now, by=second)


def test_T04_a_key_that_was_stopped_is_out_with_the_next_request(door: Door, idva: Agency) -> None:
    other = door.rekey(idva, overlap=24)
    stolen, own = idva.token("cases:read"), other.token("cases:read")
    assert idva.call(stolen).status_code == 200
    with door.work() as work:
        agencies.end_key(work, agency_id="idva", kid=idva.sig["kid"])
    answer = idva.call(stolen)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    assert idva.ask(idva.form("cases:read")).json["error"] == "invalid_client"
    assert door.records()[-1]["because"] == "key-ended"
    assert other.call(own).status_code == 200  # nobody else is
    assert other.send("introspect", stolen).json == {"active": False}
    with pytest.raises(Conflict), door.work() as work:
        agencies.end_key(work, agency_id="idva", kid=idva.sig["kid"])
    with pytest.raises(NotFound), door.work() as work:
        agencies.end_key(work, agency_id="idva", kid="unknown")


def test_a_planned_end_is_kept(door: Door) -> None:
    agency = Agency("homes", door)
    door.register("homes", jwks=agency.jwks(), until=date(2026, 11, 24))
    token = agency.token("referrals:read")
    door.later((15 * 3600) - 60)  # a minute before midnight
    token = agency.token("referrals:read")
    assert agency.call(token).status_code == 200
    door.later(60)
    assert agency.call(token).status_code == 401
    assert agency.ask().status_code == 401
    with door.behind() as session:
        kid = agency.sig["kid"]
        assert directory.encryption_keys(session, "homes", door.now) == ()
        assert directory.find_signing_key(session, "homes", kid, door.now) is None
        then = door.now - timedelta(minutes=1)
        assert directory.find_signing_key(session, "homes", kid, then) is not None


@pytest.mark.parametrize(
    "changes",
    [{"overlap": -1}, {"overlap": 721}, {"until": date(2026, 11, 23)}, {"agency_id": "A b"}],
)
def test_what_is_asked_for_has_a_form(door: Door, idva: Agency, changes: dict[str, Any]) -> None:
    usual = {"agency_id": "idva", "jwks": Agency("idva", door).jwks()}
    with pytest.raises(Invalid):
        door.registrars.rekey(now=door.now, **{**usual, **changes})


def test_hosted_keys_are_changed_here_and_the_old_ones_still_open(door: Door) -> None:
    made = door.register("clinic", kind=AgencyKind.PRIMARY_CARE, custody=Custody.HOSTED)
    with pytest.raises(Invalid):
        door.registrars.rekey(agency_id="clinic", jwks=Agency("clinic", door).jwks(), now=door.now)
    door.later(60)
    other = door.registrars.rekey(agency_id="clinic", now=door.now)
    assert other.thumbprints != made.thumbprints
    door.later(60)
    with door.work() as work:
        agencies.add_worker(work, agency_id="clinic", worker_id="w-1")
    caller = Caller("clinic", AgencyKind.PRIMARY_CARE, "marlbury", worker_id="w-1")
    with begin(door.house.sessions, door.house.keys, caller, door.now) as work:
        assert set(hosted.open_keys(work, "sig")) == set(other.thumbprints.sig)
        opening = hosted.open_keys(work, "enc")
    assert set(opening) == {*made.thumbprints.enc, *other.thumbprints.enc}
    door.enrol("idva", AgencyKind.IDVA)
    with pytest.raises(Invalid):
        door.registrars.rekey(agency_id="idva", now=door.now)


# --- the register is what two let in --------------------------------------------------------------


def faults(door: Door, known: operators.Operators | None = None) -> set[tuple[str, str | None]]:
    house = door.house
    while ledger.sequence(house.sessions, house.keys, now=door.now):
        pass
    with door.work() as work:
        found = agencies.check_register(work, known=known or door.registrars.known)
    return {(each.fault, each.kid) for each in found}


def rewrite(door: Door, table: Table, /, **values: Any) -> None:
    """What somebody does who can write to the database and to nothing else."""
    with door.behind() as session, session.begin():
        session.execute(update(table).values(**values))


def test_a_register_as_two_let_it_in_has_no_fault(door: Door, idva: Agency) -> None:
    door.register("clinic", kind=AgencyKind.PRIMARY_CARE, custody=Custody.HOSTED)
    door.later(60)
    door.rekey(idva, overlap=24)
    with door.work() as work:
        agencies.suspend(work, agency_id="clinic")
    assert faults(door) == set()
    door.later(25 * 3600)
    assert faults(door) == set()


def test_a_key_that_no_two_operators_let_in_is_named(door: Door, idva: Agency) -> None:
    first, _ = door.registrars.pair
    kids = {idva.sig["kid"], idva.enc["kid"]}
    assert faults(door, {first.id: first.key}) == {
        *(("KEY_NOT_APPROVED", kid) for kid in kids),
        ("AGENCY_CHANGED", None),
        ("SCOPES_CHANGED", None),
    }
    rewrite(door, t.agency_key, enrolment_id=None)
    assert faults(door) == {("KEY_NOT_APPROVED", kid) for kid in kids}


def test_a_key_of_a_thief_in_an_agencys_place_is_named(door: Door, idva: Agency) -> None:
    thief = jose.public_part(jose.new_private("sig"))
    rewrite(door, t.agency_key, jwk=thief)
    kids = (idva.sig["kid"], idva.enc["kid"])
    assert faults(door) == {
        *(("KEY_NOT_APPROVED", kid) for kid in kids),
        *(("KEY_NOT_IN_LOG", kid) for kid in kids),
    }


def test_a_key_slipped_in_where_keys_are_made_here_is_named(door: Door) -> None:
    door.register("clinic", kind=AgencyKind.PRIMARY_CARE, custody=Custody.HOSTED)
    with door.behind() as session, session.begin():
        [(enrolment_id,)] = session.execute(select(t.enrolment.c.id)).all()
        thief = jose.public_part(jose.new_private("sig"))
        new = NewKey("clinic-99", "sig", thief, jose.thumbprint(thief))
        agency_keys.add_keys(
            session, "clinic", [new], valid_from=door.now, enrolment_id=enrolment_id
        )
    assert faults(door) == {("KEY_NOT_IN_LOG", "clinic-99")}


def test_an_ended_key_that_holds_again_is_named(door: Door, idva: Agency) -> None:
    door.rekey(idva, overlap=1)
    door.later(7200)
    rewrite(door, t.agency_key, valid_until=None, ended_at=None)
    old = {idva.sig["kid"], idva.enc["kid"]}
    assert faults(door) == {("KEY_HOLDS_LONGER", kid) for kid in old}


@pytest.mark.parametrize(
    ("table", "values", "fault"),
    [
        (t.agency, {"kind": AgencyKind.COORDINATOR}, "AGENCY_CHANGED"),
        (t.agency, {"area": "fenhollow"}, "AGENCY_CHANGED"),
        (t.agency, {"suspended_at": None}, "STANDING_CHANGED"),
        (t.key_event, {"salt": bytes(16)}, "HISTORY_CHANGED"),
    ],
)
def test_what_was_changed_behind_everybodys_back_is_named(
    door: Door, idva: Agency, table: Table, values: dict[str, Any], fault: str
) -> None:
    with door.work() as work:
        agencies.suspend(work, agency_id="idva")
    rewrite(door, table, **values)
    assert fault in {found for found, _ in faults(door)}


def test_a_scope_that_nobody_approved_is_named(door: Door, idva: Agency) -> None:
    with door.behind() as session, session.begin():
        session.execute(insert(t.agency_scope).values(agency_id="idva", scope="conference:write"))
    assert faults(door) == {("SCOPES_CHANGED", None)}

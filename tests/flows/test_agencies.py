"""An operator's acts: registering by value, suspending, workers; each stands in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from joserfc.jwk import ECKey, RSAKey

from gateway.agencies import directory, hosted, keysets, registry, requested
from gateway.agencies.scopes import SCOPES
from gateway.cli.agency import agency as agency_commands
from gateway.cli.keys import keys as key_commands
from gateway.cli.office import Office
from gateway.cli.worker_id import worker_id as worker_commands
from gateway.errors import Conflict, Invalid, NotFound
from gateway.flows import agencies, keeping
from gateway.ledger import OPERATOR, Unrecorded, Work, begin
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, Custody, Scope
from gateway.sealing import jose, keys
from gateway.store import agency_keys as store
from tests.doors.oauth import START, Agency, Door, a_door


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(database_url, tmp_path) as door:
        yield door


def a_request() -> requested.Request:
    return requested.registration(
        agency_id="homes",
        name="Marlbury Homes",
        kind=AgencyKind.LANDLORD,
        area="marlbury",
        custody=Custody.OWN,
        jwks=a_set(),
        now=START,
    )


def a_set(**changes: Any) -> dict[str, Any]:
    sig, enc = (jose.public_part(jose.new_private(use)) for use in ("sig", "enc"))
    return {"keys": [{**sig, **changes}, enc]}


# --- registering --------------------------------------------------------------------------------


def test_F1_an_agency_is_registered_by_value_with_its_thumbprints(door: Door) -> None:
    agency = Agency("landlord", door)
    made = door.register("landlord", jwks=agency.jwks())
    assert made.scopes == SCOPES[AgencyKind.LANDLORD]
    assert made.thumbprints.sig == (agency.sig["kid"],)
    assert made.thumbprints.enc == (agency.enc["kid"],)
    entry = door.records()[-1]
    assert (entry["agency"], entry["event"]) == ("@operator", "agency.registered")
    assert entry["facts"]["sig"] == [agency.sig["kid"]]
    assert entry["facts"]["custody"] == "OWN"
    with door.behind() as session:
        (listing,) = directory.listings(session, door.now)
        key = directory.find_signing_key(session, "landlord", agency.sig["kid"], door.now)
        before = door.now - timedelta(seconds=1)
        assert directory.find_signing_key(session, "landlord", agency.sig["kid"], before) is None
        assert directory.find_signing_key(session, "other", agency.sig["kid"], door.now) is None
        keys_to_seal_to = directory.encryption_keys(session, "landlord", door.now)
    assert (listing.agency_id, listing.custody, listing.is_suspended) == (
        "landlord",
        Custody.OWN,
        False,
    )
    assert keys_to_seal_to == listing.keys == (jose.public_part(agency.enc),)
    assert key is not None


def test_the_enrolment_answer_opens_for_the_agency_alone(door: Door) -> None:
    agency = Agency("landlord", door)
    made = door.register("landlord", jwks=agency.jwks())
    held = {agency.enc["kid"]: jose.import_private(agency.enc, "enc")}
    told = json.loads(jose.decrypt(made.answer, held, typ=registry.ENROLMENT, cty="json").plaintext)
    assert told["agency"] == "landlord"
    assert len(jose.b64u_decode(told["log_key"])) == 32
    assert told["log_key"] not in repr(made)


@pytest.mark.parametrize(
    ("jwks", "pointer"),
    [
        (None, "/keys"),
        ([], "/keys"),
        ({"keys": []}, "/keys"),
        ({"keys": "x"}, "/keys"),
        ({"keys": a_set()["keys"][:1]}, "/keys"),
        ({"keys": [a_set()["keys"][0]] * 2}, "/keys"),
        ({"keys": [jose.public_part(jose.new_private("sig")) for _ in range(2)]}, "/keys"),
        ({**a_set(), "jku": "https://other.example"}, "/keys"),
        ({"keys": [*a_set()["keys"], "x"]}, "/keys/2/use"),
        (a_set(use="both"), "/keys/0/use"),
        (a_set(kid="a/b"), "/keys/0/kid"),
        (a_set(kid=None), "/keys/0/kid"),
        (a_set(alg="RS256"), "/keys/0/alg"),
        (a_set(d="AAAA"), "/keys/0"),
        (a_set(x5u="https://other.example"), "/keys/0"),
        (a_set(crv="P-384"), "/keys/0/kty"),
        (a_set(x="AAAA"), "/keys/0/x"),
        (a_set(kty="oct"), "/keys/0/kty"),
        ({"keys": [jose.public_part(jose.new_private("sig"))] * 17}, "/keys"),
        (
            {
                "keys": [
                    {**RSAKey.generate_key(2048).as_dict(private=False), "use": "sig", "kid": "r"},
                    a_set()["keys"][1],
                ]
            },
            "/keys/0",
        ),
        (
            {
                "keys": [
                    a_set()["keys"][0],
                    {
                        **ECKey.generate_key("P-384").as_dict(private=False),
                        "use": "enc",
                        "kid": "e",
                    },
                ]
            },
            "/keys/1/kty",
        ),
    ],
)
def test_an_unsuitable_key_set_is_refused_with_its_place(jwks: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as fault:
        keysets.check_jwks(jwks)
    assert fault.value.problems[0].pointer.startswith(pointer)


def test_a_key_id_stands_once() -> None:
    first, second = a_set()["keys"]
    with pytest.raises(Invalid) as fault:
        keysets.check_jwks({"keys": [first, {**second, "kid": first["kid"]}]})
    assert fault.value.problems[0].code == "duplicate_kid"


def test_one_key_cannot_sign_and_encrypt() -> None:
    key = jose.public_part(jose.new_private("sig"))
    other = {**key, "use": "enc", "alg": "ECDH-ES+A256KW", "kid": "other"}
    with pytest.raises(Invalid):
        keysets.check_jwks({"keys": [key, other]})


@pytest.mark.parametrize(
    "change",
    [
        {"agency_id": "Landlord"},
        {"agency_id": "@operator"},
        {"agency_id": "a b"},
        {"agency_id": ""},
        {"agency_id": "x" * 65},
        {"name": ""},
        {"name": " "},
        {"name": "x\ny"},
        {"area": "Marl bury"},
    ],
)
def test_ids_and_names_have_a_form(door: Door, change: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        door.register(**{"agency_id": "landlord", "jwks": a_set(), **change})


def test_an_id_is_given_once(door: Door) -> None:
    door.register("landlord", jwks=a_set())
    with pytest.raises(Conflict):
        door.register("landlord", jwks=a_set())


def test_scopes_can_be_given_one_by_one(door: Door) -> None:
    made = door.register("landlord", jwks=a_set(), scopes=[Scope.REFERRALS_WRITE])
    assert made.scopes == {"referrals:write"}


# --- hosted custody -------------------------------------------------------------------------------


def hosted_agency(door: Door) -> registry.Enrolment:
    made = door.register("clinic", kind=AgencyKind.PRIMARY_CARE, custody=Custody.HOSTED)
    with door.work() as work:
        agencies.add_worker(work, agency_id="clinic", worker_id="w-1")
    return made


@contextmanager
def work_of(door: Door, worker_id: str | None, agency_id: str = "clinic") -> Iterator[Work]:
    caller = Caller(agency_id, AgencyKind.PRIMARY_CARE, "marlbury", worker_id=worker_id)
    with begin(door.house.sessions, door.house.keys, caller, door.now) as work:
        yield work


def test_hosted_keys_open_for_a_worker_and_are_recorded(door: Door) -> None:
    made = hosted_agency(door)
    with work_of(door, "w-1") as work:
        held = hosted.open_keys(work, "enc")
    text = jose.decrypt(made.answer, held, typ=registry.ENROLMENT, cty="json").plaintext
    assert json.loads(text)["agency"] == "clinic"
    entry = door.records()[-1]
    assert (entry["event"], entry["worker"]) == ("agency-key.opened", "w-1")
    assert entry["facts"]["kids"] == list(made.thumbprints.enc)


def test_hosted_keys_stay_shut_without_a_person(door: Door) -> None:
    hosted_agency(door)
    with pytest.raises(NotFound), work_of(door, None) as work:
        hosted.open_keys(work, "enc")
    assert door.records()[-1]["because"] == "hosted-key-unattended"


def test_a_hosted_key_stays_shut_for_who_is_no_worker_of_the_agency(door: Door) -> None:
    """Unknown, another agency's, suspended; and for everybody while the agency is."""
    hosted_agency(door)
    door.enrol("idva", AgencyKind.IDVA)
    with door.work() as work:
        agencies.add_worker(work, agency_id="idva", worker_id="w-9")
    for stranger in ("w-9", "nobody"):
        with pytest.raises(NotFound), work_of(door, stranger) as work:
            hosted.open_keys(work, "enc")
        assert door.records()[-1]["because"] == "hosted-key-worker"
    with door.work() as work:
        agencies.suspend_worker(work, agency_id="clinic", worker_id="w-1")
    with pytest.raises(NotFound), work_of(door, "w-1") as work:
        hosted.open_keys(work, "enc")
    assert door.records()[-1]["because"] == "hosted-key-worker"
    with door.work() as work:
        agencies.add_worker(work, agency_id="clinic", worker_id="w-2")
        agencies.suspend(work, agency_id="clinic")
    with pytest.raises(NotFound), work_of(door, "w-2") as work:
        hosted.open_keys(work, "enc")
    assert door.records()[-1]["because"] == "hosted-key-agency"
    assert "agency-key.opened" not in {entry["event"] for entry in door.records()}


def test_a_hosted_key_does_not_open_outside_a_recorded_request(door: Door) -> None:
    hosted_agency(door)
    with work_of(door, "w-1") as work:
        work.count("test")
    before = len(door.records())
    with pytest.raises(Unrecorded):
        hosted.open_keys(work, "enc")
    assert len(door.records()) == before


def test_a_wrapped_key_does_not_open_in_another_place(door: Door) -> None:
    hosted_agency(door)
    door.enrol("idva", AgencyKind.IDVA)
    with pytest.raises(NotFound), work_of(door, "w-1", "idva") as work:
        hosted.open_keys(work, "enc")  # its keys are its own


def test_no_private_key_is_stored_in_the_clear(door: Door) -> None:
    hosted_agency(door)
    with work_of(door, "w-1") as work:
        secret = [key.as_dict(private=True)["d"] for key in hosted.open_keys(work, "enc").values()]
    with door.behind() as session:
        rows = store.find_private(session, agency_id="clinic", use="enc", at=door.now)
    assert rows
    assert all(s not in str((row.private, row.jwk)) for row in rows for s in secret)
    assert "private" not in repr(rows)


def test_keys_for_a_hosted_agency_are_not_brought_along(door: Door) -> None:
    with pytest.raises(Invalid):
        door.register("landlord", custody=Custody.HOSTED, jwks=a_set())


# --- suspending, workers --------------------------------------------------------------------------


def test_F5_an_agency_is_suspended_and_resumed_once(door: Door) -> None:
    door.enrol("idva", AgencyKind.IDVA)
    with door.work() as work:
        agencies.suspend(work, agency_id="idva")
    with door.behind() as session:
        assert directory.standing(session)["idva"].is_suspended
    with pytest.raises(Conflict), door.work() as work:
        agencies.suspend(work, agency_id="idva")
    with door.work() as work:
        agencies.resume(work, agency_id="idva")
    with pytest.raises(Conflict), door.work() as work:
        agencies.resume(work, agency_id="idva")
    for act in (agencies.suspend, agencies.resume):
        with pytest.raises(NotFound), door.work() as work:
            act(work, agency_id="nobody")
    events = [
        entry["event"]
        for entry in door.records()
        if entry["outcome"] == "allowed" and not entry["event"].startswith("agency-key.")
    ]
    assert events[1:] == ["agency.registered", "agency.suspended", "agency.resumed"]


def test_F7_a_worker_belongs_to_one_agency(door: Door) -> None:
    door.enrol("idva", AgencyKind.IDVA)
    door.enrol("landlord")
    with door.work() as work:
        agencies.add_worker(work, agency_id="idva", worker_id="w-1")
        agencies.add_worker(work, agency_id="landlord", worker_id="w-1")
    with pytest.raises(Conflict), door.work() as work:
        agencies.add_worker(work, agency_id="idva", worker_id="w-1")
    with pytest.raises(NotFound), door.work() as work:
        agencies.add_worker(work, agency_id="nobody", worker_id="w-1")
    with pytest.raises(Invalid), door.work() as work:
        agencies.add_worker(work, agency_id="idva", worker_id="Jo Smith")
    with pytest.raises(NotFound), door.work() as work:
        agencies.suspend_worker(work, agency_id="idva", worker_id="w-2")


@pytest.mark.parametrize(
    "act",
    [
        lambda work: agencies.ask(work, a_request(), proof="", known={}),
        lambda work: agencies.approve(work, agency_id="idva", proof="", known={}),
        lambda work: agencies.withdraw(work, agency_id="idva"),
        lambda work: agencies.read_request(work, agency_id="idva"),
        lambda work: agencies.list_requests(work),
        lambda work: agencies.list_keys(work, agency_id="idva"),
        lambda work: agencies.end_key(work, agency_id="idva", kid="x"),
        lambda work: agencies.check_register(work, known={}),
        lambda work: agencies.record_operator(
            work, event="operator.added", operator_id="x", thumbprint="x"
        ),
        lambda work: agencies.suspend(work, agency_id="idva"),
        lambda work: agencies.resume(work, agency_id="idva"),
        lambda work: agencies.list_agencies(work),
        lambda work: agencies.add_worker(work, agency_id="idva", worker_id="w-1"),
        lambda work: agencies.suspend_worker(work, agency_id="idva", worker_id="w-1"),
        lambda work: keeping.record_key(work, event="key.made", use="log", kid="x"),
        lambda work: keeping.record_listing(work),
    ],
)
def test_only_an_operator_does_these_acts(door: Door, act: Any) -> None:
    door.enrol("idva", AgencyKind.IDVA)
    with pytest.raises(NotFound), work_of(door, "w-1", "idva") as work:
        act(work)
    assert door.records()[-1]["because"] == "not-operator"


# --- commands ---------------------------------------------------------------------------------


@pytest.fixture
def office(door: Door) -> Office:
    house = door.house
    return Office(house.settings, lambda: house.sessions, lambda: house.keys, lambda: door.now)


def run(office: Office, group: Any, *words: str, say: str = "", fails: bool = False) -> str:
    result = CliRunner().invoke(group, words, obj=office, input=say)
    assert (result.exit_code != 0) is fails, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return str(result.output)


def test_suspending_by_command(door: Door, office: Office) -> None:
    door.enrol("idva", AgencyKind.IDVA)
    run(office, agency_commands, "suspend", "idva")
    assert "suspended" in run(office, agency_commands, "list")
    said = run(office, agency_commands, "suspend", "idva", fails=True)
    assert "The agency is suspended already." in said
    run(office, agency_commands, "resume", "idva")
    run(office, worker_commands, "add", "idva", "w-1", "--chair")
    run(office, worker_commands, "suspend", "idva", "w-1")
    run(office, worker_commands, "add", "idva", "Jo Smith", fails=True)
    assert [e["event"] for e in door.records() if e["outcome"] == "allowed"][-3:] == [
        "agency.resumed",
        "worker.added",
        "worker.suspended",
    ]


def test_the_gateways_own_keys_are_made_rotated_and_listed(door: Door, tmp_path: Path) -> None:
    settings = replace(door.house.settings, keys=tmp_path / "own")
    office = Office(
        settings,
        lambda: door.house.sessions,
        lambda: keys.load(settings.keys),
        lambda: door.now,
    )
    run(office, key_commands, "list", fails=True)
    made = run(office, key_commands, "new")
    assert {line.split("\t")[0] for line in made.splitlines()} == set(keys.USES)
    run(office, key_commands, "new", fails=True)
    run(office, key_commands, "rotate", "token", "--lead", "0")
    run(office, key_commands, "rotate", "index", fails=True)
    listed = run(office, key_commands, "list")
    assert [line.split("\t")[1] for line in listed.splitlines() if line.startswith("token")] == [
        "current",
        "older",
    ]
    said = run(office, key_commands, "retire", "token")
    assert said == "No token key stopped being current more than 7 days ago.\n"
    door.later(9 * 86_400)
    said = run(office, key_commands, "retire", "token")
    assert said.split("\t")[:2] == ["token", "retired"]
    assert len(list((tmp_path / "own").glob("token-*"))) == 1
    assert "PRIVATE" not in listed
    assert '"d"' not in listed


def test_operator_acts_by_key_commands_are_entries(door: Door, tmp_path: Path) -> None:
    office = Office(
        replace(door.house.settings, keys=tmp_path / "own"),
        lambda: door.house.sessions,
        lambda: door.house.keys,
        lambda: door.now,
    )
    run(office, key_commands, "new")
    run(office, key_commands, "rotate", "signing", "--lead", "0")
    office.clock = lambda: door.now + timedelta(days=2)
    run(office, key_commands, "retire", "signing", "--older-than", "1")
    entries = door.records()
    acts = [*["key.made"] * len(keys.USES), "key.rotated", "key.retired"]
    assert [entry["event"] for entry in entries] == acts
    assert {entry["agency"] for entry in entries} == {OPERATOR.agency_id}

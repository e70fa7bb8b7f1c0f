"""What is sent wrongly is refused, and leaves a trace."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from gateway.rules.leaks import HELD
from gateway.sealing import envelopes
from tests.journeys.asking import JOSE
from tests.journeys.attacks import (
    ABSENT,
    ACCEPT,
    COORDINATOR,
    FEN_IDVA,
    GP,
    IDVA,
    LANDLORD,
    barred,
    faults,
    refused,
    sees_nothing,
)
from tests.journeys.world import AUDITOR, World, example, position

WRITE, DECIDE = "referrals:write", "cases:write"
PLAIN = example("c1")["sealed"]["safe_contact"]


@pytest.fixture(name="world")
def _world(shared_sqlite_world: World) -> World:
    return shared_sqlite_world


def sealed_to(world: World, agency: str, jwk: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send C1 with its safe contact sealed to this key in the name of this agency."""
    key, wire = str(uuid.uuid4()), world.wire(LANDLORD, "homes-01")
    item = envelopes.seal_section(
        "safe_contact", PLAIN, [(agency, jwk)], idempotency_key=key, secret=b"s" * 32
    )
    body = wire.envelope("referral/1", example("c1")["document"], sealed=[item])
    answer = wire.ask("POST", "/v1/referrals", WRITE, body=body, media=JOSE, key=key)
    return answer.status_code, json.loads(answer.data) if answer.status_code != 201 else {}


def registered(world: World, agency: str) -> dict[str, Any]:
    listed = world.client(LANDLORD).directory()["agencies"]
    (row,) = [each for each in listed if each["agency"] == agency]
    found: dict[str, Any] = next(key for key in row["keys"] if key.get("use", "enc") == "enc")
    return found


def test_a_copy_is_sealed_to_a_registered_key_of_the_agency_it_names(world: World) -> None:
    assert sealed_to(world, IDVA, registered(world, IDVA))[0] == 201


@pytest.mark.parametrize("whose", ["the gateway", "another agency"])
def test_a_copy_sealed_to_anybody_elses_key_is_refused(world: World, whose: str) -> None:
    keys: dict[str, dict[str, Any]] = {
        "the gateway": dict(world.keys.encryption.public[0]),
        "another agency": registered(world, GP),
    }
    status, problem = sealed_to(world, IDVA, keys[whose])
    found = [(each["code"], each["pointer"]) for each in problem["errors"]]
    assert (status, found) == (422, [("not_sealed", "/sealed/0/recipients/0/kid")])


@pytest.mark.parametrize("known", ["REFUGE", "UNKNOWN_TO_PERP", "TEMP_ACCOM"])
def test_a_hidden_address_comes_sealed_or_not_at_all(world: World, known: str) -> None:
    form = example("c3", victim__address_classification=known)
    form["sealed"].pop("protected_address")
    assert faults(world.client(FEN_IDVA).refer, form) == (("needed_here", "/sealed"),)


def test_a_copy_for_an_agency_that_must_not_receive_reaches_nobody(world: World) -> None:
    form = {**barred(IDVA, victim__contact={"value": "SEALED"}), "sealed": {"safe_contact": PLAIN}}
    ref = world.client(LANDLORD).refer(form).reference
    assert sees_nothing(world, IDVA, ref)


def decided(world: World, ref: str, key: str) -> tuple[int, bytes]:
    wire = world.wire(COORDINATOR, "marac-01")
    body = wire.envelope("decision/1", ACCEPT)
    path = f"/v1/cases/{ref}/decisions"
    answer = wire.ask("POST", path, DECIDE, body=body, media=JOSE, key=key)
    return answer.status_code, answer.data


def test_a_key_used_for_one_case_does_not_answer_for_another(world: World) -> None:
    one, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    key = str(uuid.uuid4())
    first = decided(world, one, key)
    assert first[0] == 201
    status, body = decided(world, other, key)
    assert (status, json.loads(body)["code"]) == (409, "idempotency_key_reused")
    assert decided(world, one, key) == first  # a retry of the same is still answered
    assert world.client(LANDLORD).referral(other)["status"] == "RECEIVED"


def test_a_document_by_another_worker_than_the_tokens_is_refused_and_recorded(
    world: World,
) -> None:
    wire = world.wire(LANDLORD, "homes-01")
    body = wire.envelope("referral/1", example("c1")["document"], worker="someone-else")
    answer = wire.ask("POST", "/v1/referrals", WRITE, body=body, media=JOSE)
    assert (answer.status_code, json.loads(answer.data)["code"]) == (403, "mismatch")
    (record,) = world.log(event="referral.submit", because="mismatch")
    assert (record["agency"], record["outcome"]) == (LANDLORD, "denied")


def test_a_purpose_that_is_not_ones_own_is_refused_and_recorded(world: World) -> None:
    answer = refused(world.client(GP).pull, "7K3MQ-2XF8A-C", "P8")
    assert answer == (400, "purpose_not_allowed")
    record = world.log(event="case.read", because="purpose_not_allowed")[-1]
    assert (record["agency"], record["purpose"], record["outcome"]) == (GP, "P8", "denied")


def test_the_areas_auditor_reads_who_read_and_who_was_refused_and_no_case(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(IDVA).pull(ref, "P2")
    assert refused(world.client(GP).pull, ref, "P1") == ABSENT
    auditor = world.client(AUDITOR)
    lines = auditor.access(ref)["entries"]
    assert {(IDVA, "allowed"), (GP, "denied")} <= {
        (each["agency"], each["outcome"]) for each in lines
    }
    assert world.log(agency=AUDITOR, event="log.read")[-1]["because"] == "audit"
    assert refused(auditor.pull, ref, "P10") in (ABSENT, (400, "purpose_not_allowed"))


def test_no_auditor_reads_the_log_of_another_area(world: World) -> None:
    away = {"value": "XX7 1AA"}
    form = example("c1", victim__address__value__postcode=away)
    ref = world.client(LANDLORD).refer(form).reference
    assert refused(world.client(AUDITOR).access, ref) == ABSENT


SCHOOL = "St Joseph's Primary School"


@pytest.mark.parametrize(
    "written",
    [
        "St Josephs Primary School",
        "St. Joseph\u2019s primary-school",
        "StJoseph's PrimarySchool",
        "ST JOSEPH`S  PRIMARY\nSCHOOL",
        "S t Joseph's Primary Sch\u00adool",
    ],
)
def test_no_way_of_writing_a_protected_name_gets_it_past_the_scan(
    world: World, written: str
) -> None:
    form = example("c3", victim__gp_practice={"name": SCHOOL})
    form["document"]["incidents"][0]["what"] = f"He waited at {written} on Friday."
    ref = world.client(FEN_IDVA).refer(form).reference
    told = json.dumps(world.client(IDVA).pull(ref, "P2").document, ensure_ascii=False)
    assert HELD in told
    assert written not in told


@pytest.mark.parametrize("path", ["/v1//cases", "//v1/cases", "/docs//forms"])
def test_no_path_with_two_slashes_is_sent_on_to_another_host(world: World, path: str) -> None:
    answer = world.app.test_client().get(
        "/", environ_overrides={"PATH_INFO": path, "HTTP_HOST": "evil.example"}
    )
    assert answer.status_code in (401, 404)
    assert "Location" not in answer.headers


def test_a_position_says_nothing_to_who_has_no_part_in_the_case(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    for name in (ref, "7K3MQ-2XF8A-C"):
        assert refused(world.client(GP).record_position, name, position("GIVEN")) == ABSENT

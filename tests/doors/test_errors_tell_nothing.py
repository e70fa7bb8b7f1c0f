"""An error says what kind it is and where, and nothing of what was sent, stored or done."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.api.openapi import problems, public
from gateway.api.operations import OPERATIONS, Operation
from gateway.schemas.problem import PROBLEM_TEXTS
from tests.doors.oauth import ASSERTION_TYPE
from tests.journeys.asking import JSON, asking
from tests.journeys.world import World, example

LANDLORD, COORDINATOR = "harbourgate-homes", "marlbury-marac"
CANARY = "Zanzibarquince7"
MEMBERS = {"type", "title", "status", "code", "instance", "detail", "errors"}
# What an error of a program says when it says too much.
INSIDE = re.compile(
    rb"Traceback|File \"|line \d+|sqlalchemy|psycopg|sqlite3|joserfc|marshmallow|werkzeug|authlib"
    rb"|SELECT |INSERT |/gateway/|site-packages|0x[0-9a-f]{6}|Exception|KeyError|ValueError",
    re.IGNORECASE,
)
EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


@pytest.fixture(scope="module")
def place(shared_world: World) -> tuple[World, str]:
    receipt = shared_world.client(LANDLORD).refer(example("c1"))
    return shared_world, receipt.reference


def spoilt(operation: Operation, world: World, reference: str) -> Iterator[TestResponse]:
    """The operation's request, wrong in every part that a caller writes, each with a canary."""
    wire = world.wire(LANDLORD if "referral" in operation.rule else COORDINATOR)
    right = asking(operation, wire, reference=reference)
    yield right.but(path=right.path + "/" + CANARY).send(wire)
    yield right.but(path=right.path.replace(reference, CANARY)).send(wire)
    yield right.but(query={**right.query, CANARY: "1"}).send(wire)
    yield right.but(query={**right.query, "purpose": CANARY}).send(wire)
    yield right.but(query={**right.query, "cursor": CANARY}).send(wire)
    yield right.send(wire, headers={"Idempotency-Key": CANARY})
    yield right.send(wire, headers={"Authorization": f"DPoP {CANARY}"})
    yield right.send(wire, headers={"DPoP": f"{CANARY}.{CANARY}.{CANARY}"})
    yield right.but(method=CANARY.upper()).send(wire)
    if operation.form is None:
        return
    yield right.but(media=f"text/{CANARY}").send(wire)
    for body in (
        CANARY.encode(),
        json.dumps({CANARY: CANARY}).encode(),
        f'{{"{CANARY}":'.encode(),
        b"\xff" + CANARY.encode(),
    ):
        yield right.but(body=body).send(wire)
    if operation.is_sealed:
        for form, document in (
            (operation.form, {CANARY: CANARY}),
            (operation.form, {"referrer": {"name": [CANARY]}, "victim": CANARY}),
            (CANARY, {}),
        ):
            yield right.but(body=wire.envelope(form, document)).send(wire)
        yield right.but(body=wire.envelope(operation.form, {}, worker=CANARY)).send(wire)
        yield right.but(body=wire.envelope(operation.form, {}, iss=CANARY)).send(wire)
    else:
        yield right.but(body=b'{"outward":"' + CANARY.encode() + b'"}', media=JSON).send(wire)


@EACH
def test_V33_an_error_has_a_code_and_an_id_and_nothing_of_the_request(
    place: tuple[World, str], operation: Operation
) -> None:
    seen = 0
    for answer in spoilt(operation, *place):
        if answer.status_code < 400:
            continue
        seen += 1
        check(answer)
    assert seen > 4


def check(answer: TestResponse) -> None:
    """Nothing in it but what is published."""
    whole = answer.data + str(answer.headers).encode()
    assert CANARY.lower().encode() not in whole.lower()
    assert not INSIDE.search(answer.data), answer.text
    assert answer.content_type == "application/problem+json"
    body = answer.get_json()
    assert body.keys() <= MEMBERS
    status, _ = problems.REQUESTS[body["code"]]
    assert body["status"] == answer.status_code == status
    assert uuid.UUID(body["instance"].removeprefix("urn:uuid:")).version == 4
    for fault in body.get("errors", ()):
        assert fault.keys() == {"code", "pointer", "detail"}
        assert fault["detail"] == PROBLEM_TEXTS.get(fault["code"], "")
        # A pointer is made of names that are published, and of places in lists.
        assert re.fullmatch(r"(/[a-z0-9_]+)*", fault["pointer"]), fault["pointer"]


def test_V33_errors_of_the_token_endpoints_are_as_dumb(place: tuple[World, str]) -> None:
    world, _ = place
    agency = world.wire(LANDLORD).agency
    published = {each["code"] for each in public.errors()}
    wrong: list[dict[str, Any]] = [
        {"scope": CANARY},
        {"grant_type": CANARY},
        {"resource": CANARY},
        {"client_id": CANARY},
        {"client_assertion": CANARY},
        {"client_assertion": agency.assertion(iss=CANARY)},
        {"client_assertion": agency.assertion(header={"kid": CANARY})},
        {"client_assertion": agency.assertion(worker=CANARY)},
        {"client_assertion_type": CANARY},
        {"client_secret": CANARY},
    ]
    answers = [agency.ask(agency.form(**changes)) for changes in wrong]
    answers.append(agency.ask(proof=f"{CANARY}.{CANARY}.{CANARY}"))
    for endpoint in ("introspect", "revoke"):
        data = {
            "token": CANARY,
            "token_type_hint": CANARY,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": agency.assertion(),
        }
        answers.append(agency.door.client.post(f"/oauth/{endpoint}", data=data))
        answers.append(agency.door.client.post(f"/oauth/{endpoint}?x={CANARY}", data=data))
    for answer in answers:
        whole = answer.data + str(answer.headers).encode()
        assert CANARY.lower().encode() not in whole.lower()
        assert not INSIDE.search(answer.data)
        assert answer.get_json().keys() == {"error", "error_description"}
        assert answer.get_json()["error"] in published
        assert answer.status_code in (400, 401)

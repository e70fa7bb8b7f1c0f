"""The published description: complete, true of the running service, and readable by others."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from openapi_spec_validator import OpenAPIV31SpecValidator

import gateway
from gateway import errors
from gateway.api import openapi, problem
from gateway.api.openapi import description, problems
from gateway.api.operations import OPERATIONS
from gateway.schemas.codes import Scope
from gateway.schemas.problem import PROBLEM_TEXTS
from gateway.schemas.publish import PUBLISHED, json_schema
from gateway.sealing import jose
from tests.journeys import acting
from tests.journeys.meeting import begin_meeting, opening
from tests.journeys.test_breakglass import Worker
from tests.journeys.test_counter_allegation import against_him
from tests.journeys.walled import SOMEBODY
from tests.journeys.world import CHAIR, World, example

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://gateway.example"
DOCUMENT = openapi.document(BASE)
SOURCE = Path(gateway.__file__).parent
# What these say is said to an operator or by a client, never as an answer of the service.
ELSEWHERE = {"cli", "client", "demo", "registry.py", "workers.py", "jwk.py", "jose.py"} | {
    "keysets.py",
    "requested.py",
    "enrolment.py",
    "operators.py",
}


def schema_of(schema: dict[str, Any]) -> Draft202012Validator:
    """A reader of one of the schemas of the description that is not ours."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return Draft202012Validator(whole)


def named(name: str) -> Draft202012Validator:
    return schema_of({"$ref": f"#/components/schemas/{name}"})


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, each in item.items():
            yield path, method.upper(), each


def test_F98_the_description_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_F98_every_route_is_described_and_every_described_route_exists(
    shared_sqlite_world: World,
) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in shared_sqlite_world.app.url_map.iter_rules()
        if not rule.endpoint.startswith("desk.")  # pages for people
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, method, _ in operations()}


def test_F98_every_operation_is_described_with_the_scope_that_guards_it(
    shared_sqlite_world: World,
) -> None:
    views = shared_sqlite_world.app.view_functions
    said = {each["operationId"]: each["security"] for _, _, each in operations()}
    for declared in OPERATIONS:
        guard = views[f"v1.{declared.name}"].gateway_scope  # type: ignore[attr-defined]
        assert said[declared.name] == [{"oauth": [str(guard)], "proof": []}]
    public = {name for name, security in said.items() if not any("oauth" in s for s in security)}
    assert public.isdisjoint(declared.name for declared in OPERATIONS)
    assert len(said) == len(list(operations()))


def test_every_scope_is_explained_and_used() -> None:
    flow = DOCUMENT["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]
    assert flow["scopes"].keys() == set(Scope)
    assert {declared.scope for declared in OPERATIONS} == set(Scope)


def test_every_schema_is_a_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        validator_for(schema, Draft202012Validator).check_schema(schema)


@pytest.mark.parametrize("form", PUBLISHED)
def test_every_form_is_published_in_full(form: str) -> None:
    alone = json_schema(form, base=BASE)
    here = DOCUMENT["components"]["schemas"][form.replace("/", "-")]
    assert here["properties"].keys() == alone["properties"].keys()
    assert here["required"] == alone["required"]
    assert here["x-schema-url"] == alone["$id"]


@pytest.mark.parametrize("name", ["c1", "c2", "c3", "c4", "c5", "minimal"])
def test_the_worked_examples_are_of_the_described_form(name: str) -> None:
    form = example(name)
    named("referral-1").validate(form["document"])
    for section, plaintext in form.get("sealed", {}).items():
        named(f"sealed-{section.replace('_', '-')}-1").validate(plaintext)
    assert not named("referral-1").is_valid({**form["document"], "more": 1})


def test_the_example_of_a_referral_is_the_smallest_one() -> None:
    kept = SOURCE / "api" / "openapi" / "minimal.json"
    assert json.loads(kept.read_text("utf-8")) == example("minimal")


def test_every_example_is_of_its_schema() -> None:
    checked = 0
    for _, _, each in operations():
        bodies = [each.get("requestBody", {}), *each["responses"].values()]
        for content in [c for body in bodies for c in body.get("content", {}).values()]:
            for mark, shape in (("example", "schema"), ("x-marac-example", "x-marac-document")):
                if mark in content:
                    schema_of(content[shape]).validate(content[mark])
                    checked += 1
    assert checked >= 20


def test_the_description_is_the_same_bytes_in_every_process() -> None:
    code = "import gateway.app; from gateway.api import openapi; print(openapi.openapi_page())"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert ran.stdout.decode().rstrip("\n") == openapi.openapi_page().rstrip("\n")


def test_it_is_served_with_the_address_of_the_service(shared_sqlite_world: World) -> None:
    answer = shared_sqlite_world.app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.json == json.loads(openapi.openapi_page(BASE))
    assert answer.json["servers"] == [{"url": BASE}]


@pytest.mark.parametrize("form", PUBLISHED)
def test_every_schema_is_served_at_its_own_address(shared_sqlite_world: World, form: str) -> None:
    answer = shared_sqlite_world.app.test_client().get(f"/schemas/{form}.json")
    assert answer.content_type == "application/schema+json"
    assert json.loads(answer.data) == json_schema(form, base=BASE)


def test_a_schema_that_is_not_published_is_not_there(shared_sqlite_world: World) -> None:
    answer = shared_sqlite_world.app.test_client().get("/schemas/referral/2.json")
    assert answer.status_code == 404
    assert answer.json["code"] == "not_found"


# --- problems ------------------------------------------------------------------------------------


def trees() -> Iterator[ast.AST]:
    for path in SOURCE.rglob("*.py"):
        if not ELSEWHERE & set(path.relative_to(SOURCE).parts):
            yield from ast.walk(ast.parse(path.read_text("utf-8")))


def raised() -> Iterator[tuple[str, str]]:
    """Every code that is written beside an error, with the name of the error."""
    for node in trees():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for keyword in node.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                    yield node.func.id, keyword.value.value


def field_codes() -> set[str]:
    """Every code that is written into a fault of a field."""
    return {
        node.args[0].value
        for node in trees()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Problem"
        and isinstance(node.args[0], ast.Constant)
    }


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, errors.GatewayError)


def test_every_code_that_the_service_answers_with_is_explained() -> None:
    kinds = {kind.code for kind in vars(errors).values() if _is_error(kind)}
    operator_only = {"unsafe_settings", "broken_table"}
    asked = {query for declared in OPERATIONS for query in declared.query}
    found = {code for _, code in raised()} | (kinds - operator_only)
    found |= {f"bad_{query.name}" for query in asked}
    found |= {f"{query.name}_missing" for query in asked if query.is_needed}
    assert found <= problems.REQUESTS.keys()


def test_every_code_is_explained_under_the_status_it_has(shared_sqlite_world: World) -> None:
    kinds = {"Invalid": errors.Invalid, "Conflict": errors.Conflict}
    checked = 0
    with shared_sqlite_world.app.app_context():
        for kind, code in raised():
            if kind in kinds:
                answer = problem.answer_expected(kinds[kind](code=code))
                assert answer.status_code == problems.REQUESTS[code][0], code
                checked += 1
    assert checked > 10


def test_every_code_of_a_field_is_explained() -> None:
    assert field_codes() <= PROBLEM_TEXTS.keys()


def test_what_an_operation_answers_with_is_what_it_can_have() -> None:
    said = {each["operationId"]: each["responses"] for _, _, each in operations()}
    for declared in OPERATIONS:
        responses = said[declared.name]
        assert {str(declared.status), "400", "401", "403", "404", "500", "503"} <= responses.keys()
        assert ("409" in responses) is declared.is_once
        assert ("415" in responses) is (declared.form is not None)
        for query in declared.query:
            assert f"bad_{query.name}" in responses["400"]["description"]


# --- what is answered is what is described -----------------------------------------------------


def _around_the_wall(world: World, ref: str) -> dict[str, Any]:
    """What is answered about conflicts of interest and broken glass."""
    worker = world.client("marlbury-college", "college-01")
    looking = Worker(world, "marlbury-college", "college-01")
    look = looking.breaks(ref)
    assert look.status_code == 201, look.text
    chair = Worker(world, "marlbury-marac", CHAIR)
    finding = {"number": look.json["number"], "finding": "JUSTIFIED", "note": "Seen."}
    reviewed = chair.ask("POST", ref, "glass-review/1", finding, rest="/glass/reviews")
    his = world.client("tidewell-housing").refer(example("c4")).reference
    world.client("tidewell-housing").refer(against_him())
    found = {"outcome": "INSUFFICIENT", "account": "Both say so."}
    private = jose.new_private("enc")
    key = {name: private[name] for name in ("kty", "crv", "x", "y")}
    return {
        "declare_interests": worker.walls.declare(SOMEBODY),
        "settle_worker_key": worker._exchange.send_sealed(
            "/v1/workers/keys", "worker-key/1", {"act": "REGISTER", "key": key}, Scope.CASES_READ
        ),
        "settle_conflict": world.client("marlbury-marac", "marac-01").walls.settle(
            ref, "CONFIRM", "marlbury-idva", "idva-01", reason="Known."
        ),
        "settle_redaction": world.client("marlbury-marac", "marac-01").walls.draft_redaction(
            ref, "incidents", "harbourgate-homes", ["/incidents/0/what"]
        ),
        "settle_release": world.client("marlbury-marac", "marac-01").walls.release(
            ref, "SERVES", "marlbury-idva"
        ),
        "break_glass": look.json,
        "review_glass": reviewed.json,
        "review_primary_victim": chair.ask(
            "POST", his, "primary-victim/1", found, rest="/primary-victim"
        ).json,
    }


def _asked_case_by_case(world: World, ref: str) -> Any:
    document = {"act": "ASK", "section": "orientation", "reason": "A group for her."}
    return world.client("marlbury-idva", "idva-01")._exchange.send_sealed(
        f"/v1/cases/{ref}/approvals", "approval/1", document, Scope.CASES_WRITE
    )


def _of_actions(world: World) -> dict[str, Any]:
    """What is answered about actions, a flag that has ended, and a quarter."""
    reference = acting.flagged(world, acting.a_conference(world), days=3)
    acting.proposed(world, reference, acting.LANDLORD, "Fit new locks.")
    client = world.client(acting.COORDINATOR)
    found = {
        "list_actions": {"actions": client.actions.list_own()},
        "list_flags": {"flags": client.actions.flags()},
        "make_report": client.actions.report("2026-Q4", "OWN_WORK"),
    }
    assert all(
        found[name][each] for name, each in (("list_actions", "actions"), ("list_flags", "flags"))
    )
    found["take_flag_off"] = client._exchange.post(
        f"/v1/cases/{reference}/flag", {"reason": "SAFETY"}, Scope.CASES_WRITE
    )
    return found


def test_the_answers_of_the_service_are_as_described(shared_sqlite_world: World) -> None:
    world = shared_sqlite_world
    landlord, idva = world.client("harbourgate-homes"), world.client("marlbury-idva")
    coordinator = world.client("marlbury-marac")
    receipt = landlord.refer(example("c1"))
    named("Receipt").validate(dict(receipt.claims))
    ref = receipt.reference
    preview = {"area": "MARLBURY", "needs": []}
    seen = {
        "list_referrals": landlord.referrals(),
        "preview_routing": landlord._exchange.post(
            "/v1/routing/preview", preview, Scope.REFERRALS_WRITE
        ),
        "withdraw_referral": landlord.withdraw(ref, "NO_LONGER_AT_RISK"),
        "list_cases": idva.list_cases(),
        "acknowledge_case": idva.acknowledge(ref, "ACCEPTED"),
        "explain_case": idva.explain(ref, "marlbury-idva", "P2"),
        "explain_change": coordinator.explain_change(
            ref, "marlbury-idva", "P2", position="WITHDRAWN"
        ),
        "settle_approval": _asked_case_by_case(world, ref),
        "list_due": idva.due(),
        "list_directory": idva.directory(),
    }
    coordinator.pull(ref, "P9")  # that the referrer wants it back is known now
    coordinator.decide(ref, {"decision": "ACCEPT"})
    worker = world.client("marlbury-marac", "marac-01")
    seen["move_case"] = worker.move(ref, {"act": "WITHDRAW", "reason": "MADE_IN_ERROR"})
    meeting = {
        "area": "MARLBURY",
        "starts_at": "2026-12-08T09:30:00Z",
        "attendees": ["marlbury-idva", "marlbury-police"],
    }
    seen["plan_conference"] = coordinator.create_conference(meeting)
    conference = seen["plan_conference"]["conference"]
    seen["list_conference_case"] = coordinator.list_case(conference, ref)
    begin_meeting(world, conference, "marac-01")
    seen["hear_case"] = world.client("marlbury-marac", "marac-01")._exchange.post(
        f"/v1/conferences/{conference}/hearings",
        json.loads(opening(ref, "marac-01")),
        Scope.CONFERENCE_WRITE,
    )
    again = landlord.refer(example("c1")).reference
    (link, *_) = coordinator.pull(again, "P9").document["triage"]["links"]
    said = {"mark": link["mark"], "same": True}
    seen["settle_match"] = coordinator._exchange.post(
        f"/v1/cases/{again}/matches", said, Scope.CASES_WRITE
    )
    world.sequence()
    seen["list_key_events"] = coordinator.key_events()
    seen["list_seal_requests"] = idva.seal_requests()
    seen["prove"] = coordinator.log_entry(receipt.claims["log"]["commitment"])
    seen["list_witnesses"] = idva.witnesses()
    assert seen["list_witnesses"]["witnesses"]
    seen |= _of_actions(world)
    seen |= _around_the_wall(world, coordinator.pull(ref, "P9").document["reference"])
    plain = {
        name: schema["$ref"].rpartition("/")[2]
        for _, _, each in operations()
        for name in [each["operationId"]]
        for body in each["responses"].values()
        for media, content in body.get("content", {}).items()
        for schema in [content["schema"]]
        if media == "application/json" and "$ref" in schema
    }
    asked_by_the_client = {"read_checkpoint", "register_witness", "cosign_checkpoint"}
    assert plain.keys() - seen.keys() == asked_by_the_client
    for name, answer in seen.items():
        named(plain[name]).validate(answer)
    pulled = idva.pull(ref, "P2")
    named("disclosure-1").validate(dict(pulled.document))
    assert description.document(BASE) is DOCUMENT

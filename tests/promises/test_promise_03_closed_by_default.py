"""Promise 3: closed by default. A view without a declared scope is unreachable."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import delete

from gateway.api.operations import OPERATIONS
from gateway.app import _refuse_open_routes
from gateway.errors import UnsafeSettings
from gateway.store import tables as t
from tests.journeys.asking import BY_NAME, asking
from tests.journeys.world import Wire, World

IDVA = "marlbury-idva"


def test_promise_03_every_route_has_a_scope_or_is_known_to_be_public(sqlite_world: World) -> None:
    app = sqlite_world.app
    open_routes = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if not hasattr(app.view_functions[rule.endpoint], "gateway_scope")
        and not hasattr(app.view_functions[rule.endpoint], "gateway_roles")
    }
    assert all(not rule.startswith("/v1/") for rule in open_routes)
    # Public by design: how to speak to the gateway, and the endpoints that check a client
    # themselves. Whoever adds one has to add it here.
    assert open_routes == PUBLIC


PUBLIC = {
    # Pages on which somebody signs in, and what they are drawn with.
    "/desk/<path:rest>",  # there is no such page
    "/desk/link/<text>",
    "/desk/sign-in",
    "/desk/sign-in/passkey",
    "/desk/sign-in/passkey/options",
    "/desk/sign-in/password",
    "/desk/sign-in/provider",
    "/desk/sign-in/provider/answer",
    "/desk/sign-in/recovery",
    "/desk/signed-out",
    "/desk/static/<path:filename>",
    "/",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/oauth/introspect",
    "/oauth/revoke",
    "/docs",
    "/docs/forms",
    "/log/checkpoint",
    "/log/tile/<path:rest>",
    "/oauth/token",
    "/openapi.json",
    "/problems",
    "/ready",
    "/schemas/<form>/<version>.json",
    "/static/<path:filename>",
}


def test_promise_03_V2_the_service_does_not_start_with_a_route_that_declares_nothing() -> None:
    app = Flask("open")
    app.add_url_rule("/v1/everything", "everything", lambda: "all of it")
    with pytest.raises(UnsafeSettings):
        _refuse_open_routes(app)


def test_promise_03_every_declared_operation_is_routed_with_its_scope(
    sqlite_world: World,
) -> None:
    app = sqlite_world.app
    routed = {
        (rule.rule, method): getattr(app.view_functions[rule.endpoint], "gateway_scope", None)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed == {(f"/v1{each.rule}", each.method): each.scope for each in OPERATIONS}


def test_V13_an_agency_without_a_row_of_scopes_may_nothing(world: World) -> None:
    """A missing policy is no policy: nothing falls back to what its kind usually may."""
    wire = world.wire(IDVA)
    assert asking(BY_NAME["list_cases"], wire).send(wire).status_code == 200
    with world.engine.begin() as connection:
        connection.execute(delete(t.agency_scope).where(t.agency_scope.c.agency_id == IDVA))
    fresh = Wire(world, IDVA)
    for operation in OPERATIONS:
        form = fresh.agency.form(operation.scope)
        answer = fresh.agency.ask(form)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_scope")


def test_V13_a_new_agency_sees_nothing(world: World) -> None:
    """Registered, with every scope of its kind, and in no case: each read finds nothing."""
    wire = world.wire("marlbury-probation")
    for operation in OPERATIONS:
        if operation.method == "GET" and "<" in operation.rule:
            answer = asking(operation, wire).send(wire)
            assert answer.status_code in (400, 404), operation.name
    assert asking(BY_NAME["list_cases"], wire).send(wire).get_json()["items"] == []

"""Every route of the service is in the published description, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.api.operations import OPERATIONS
from gateway.schemas.codes import Scope
from tests.journeys.world import BASE, World

PAGES = ("/", "/docs", "/docs/forms", "/problems", "/openapi.json")


@pytest.fixture(scope="module")
def client(shared_sqlite_world: World) -> FlaskClient:
    return shared_sqlite_world.app.test_client()


@pytest.fixture(scope="module")
def described(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    return dict(answer.get_json())


def routed(world: World) -> Iterator[tuple[str, str]]:
    """Path and method of every route but pages for people, paths as OpenAPI writes them."""
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint.startswith("desk."):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield path, method.lower()


def written(described: dict[str, Any]) -> set[tuple[str, str]]:
    return {(path, method) for path, item in described["paths"].items() for method in item}


def test_F98_every_route_is_described_and_every_description_is_a_route(
    shared_sqlite_world: World, described: dict[str, Any]
) -> None:
    assert set(routed(shared_sqlite_world)) == written(described)


def test_F98_the_description_says_which_scope_an_operation_needs(
    described: dict[str, Any],
) -> None:
    for each in OPERATIONS:
        path = re.sub(r"<(\w+)>", r"{\1}", f"/v1{each.rule}")
        security = described["paths"][path][each.method.lower()]["security"]
        assert [item["oauth"] for item in security] == [[each.scope]]


def test_every_scope_opens_something() -> None:
    assert {each.scope for each in OPERATIONS} == set(Scope)


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_are_open_and_name_no_agency(client: FlaskClient, page: str) -> None:
    answer = client.get(page, follow_redirects=True)
    assert answer.status_code == 200
    assert "harbourgate" not in answer.text.replace("harbourgate-homes", "")


def test_the_service_names_itself_by_its_settings(described: dict[str, Any]) -> None:
    """Never by the Host header, which anyone can write."""
    assert [server["url"] for server in described["servers"]] == [BASE]


def test_a_strange_host_changes_nothing(client: FlaskClient) -> None:
    usual = client.get("/.well-known/oauth-authorization-server").data
    strange = client.get(
        "/.well-known/oauth-authorization-server", headers={"Host": "elsewhere.example"}
    ).data
    assert usual == strange


def test_every_answer_is_told_not_to_be_kept_or_guessed(shared_sqlite_world: World) -> None:
    answer = shared_sqlite_world.wire("marlbury-idva").ask("GET", "/v1/cases", "cases:read")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers or "Werkzeug" not in answer.headers["Server"]
    assert "Set-Cookie" not in answer.headers

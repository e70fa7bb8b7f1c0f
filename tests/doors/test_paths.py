"""An address is read once: no spelling of dots leads past a guard or out of a folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from urllib.parse import quote, unquote

from gateway.api.operations import OPERATIONS
from tests.doors.oauth import Agency
from tests.journeys.asking import NO_CONFERENCE, NOBODY, told
from tests.journeys.world import World

COORDINATOR = "marlbury-marac"
DOTS = ("..", "%2e%2e", "%2E.", "%252e%252e", "..%00", "..;", ". .", "\u2025", "%c0%ae%c0%ae")
SLASHES = ("/", "%2f", "%5c", "\\", "%252f", "//", "/./")
TARGETS = ("directory", "log/checkpoint", "keys", "app.py", "etc/passwd")


def outside() -> Iterator[str]:
    """Ways to write that one goes up and elsewhere, from every public folder and below /v1."""
    for dots, slash, target in product(DOTS, SLASHES, TARGETS):
        up = slash.join([dots] * 3)
        for start in ("/static/", "/schemas/", "/v1/cases/", "/v1/", "/docs/"):
            yield f"{start}{up}{slash}{target}"


def other_spellings() -> Iterator[tuple[str, str, str]]:
    """Method, path and another spelling of it that means the same to some, of every operation."""
    for each in OPERATIONS:
        path = "/v1" + each.rule.replace("<reference>", NOBODY)
        path = path.replace("<conference_id>", NO_CONFERENCE)
        head, _, last = path.rpartition("/")
        for other in (
            f"{head}//{last}",
            f"{head}/./{last}",
            f"{head}/x/../{last}",
            f"{head}/x/%2e%2e/{last}",
            f"{head}%2f{last}",
            f"{head}\\{last}",
            f"/{path}",
            f"{path}/",
            f"{path}/.",
            f"{path}%00",
            f"{path};a=b",
            path.upper().replace("/V1", "/V1"),
        ):
            if other != path:
                yield each.method, path, other


def test_V30_no_way_of_writing_dots_leads_out(shared_sqlite_world: World) -> None:
    client = shared_sqlite_world.app.test_client()
    seen = set()
    for path in outside():
        answer = client.get(quote(path, safe="/%;\\"))
        assert answer.content_type == "application/problem+json", path
        assert "Location" not in answer.headers, path
        seen.add((answer.status_code, answer.get_json()["code"]))
    # As a reference it is nobody's, and without a token it is told so.
    assert seen <= {(404, "not_found"), (401, "missing_token")}


def test_V30_no_other_spelling_reaches_a_view_without_its_guard(
    shared_sqlite_world: World,
) -> None:
    """Whatever is answered to a stranger says that a token is needed, or that nothing is there."""
    client = shared_sqlite_world.app.test_client()
    public = client.open("/", environ_overrides={"PATH_INFO": "/.well-known/jwks.json"})
    assert public.status_code == 200  # what is handed over is what is routed
    for method, path, other in other_spellings():
        # As gunicorn hands it over; the test client takes what follows `//` for a host.
        raw = {"PATH_INFO": unquote(other)}
        answer = client.open("/", method=method, environ_overrides=raw)
        assert answer.status_code in (401, 404, 405), other
        assert "Location" not in answer.headers, path


def test_V30_a_proof_for_one_address_is_not_one_for_another_spelling(
    shared_sqlite_world: World,
) -> None:
    """The proof names the path that is routed: none is for one view and used in another."""
    wire = shared_sqlite_world.wire(COORDINATOR)
    agency: Agency = wire.agency
    token = wire.token("directory:read")
    for spelled in ("/v1/cases/../directory", "/v1/./directory", "/v1//directory", "/V1/directory"):
        proof = agency.proof("GET", spelled, token=token)
        answer = agency.call(token, "/v1/directory", proof=proof)
        assert told(answer)[2]["code"] == "invalid_dpop_proof"
    # Percent-encoding of a plain letter is the same address (RFC 3986 section 6.2.2).
    proof = agency.proof("GET", "/v1/%64irectory", token=token)
    assert agency.call(token, "/v1/directory", proof=proof).status_code == 200

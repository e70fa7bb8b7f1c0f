"""What answers and addresses tell: codes and ids, sizes of a few steps, and nothing else."""

from __future__ import annotations

import json
import re
import socket
import uuid
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.api.operations import OPERATIONS, Operation
from gateway.schemas.problem import PROBLEM_TEXTS
from gateway.sealing import envelopes, jose
from gateway.sealing.claims import SMALLEST, padme
from tests.doors.test_guard import stranger
from tests.journeys.asking import BY_NAME, NOBODY, asking
from tests.journeys.world import BASE, World, example, graded

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
WORDS = ("Quillonette", "Brackenshaw", "77 Wexcombe Parade", "07700 900918", "XX1 2AB")
EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)

# --- V18: addresses -----------------------------------------------------------------------------

IDS = {"reference", "conference_id"}
# No blank, no letter beyond ASCII, no punctuation of a sentence: a name or a story does not fit.
FREE_TEXT = ("Elena Marsh", "12 Tern Court", "ring her, please", "Renée", "07700 900123", "a@b.cd")


def test_V18_T09_a_path_has_no_variable_but_ids(shared_sqlite_world: World) -> None:
    found = {
        name
        for rule in shared_sqlite_world.app.url_map.iter_rules()
        for name in rule.arguments
        if rule.endpoint.startswith("v1.")
    }
    assert found >= IDS
    assert not [name for name in found - IDS if not name.endswith(("_id", "number"))]


@EACH
def test_V18_T09_no_query_takes_free_text(operation: Operation) -> None:
    for query in operation.query:
        for text in FREE_TEXT:
            assert not re.fullmatch(query.pattern, text, re.ASCII), query.name


@EACH
def test_V18_what_does_not_belong_in_an_address_is_refused_and_not_repeated(
    shared_sqlite_world: World, operation: Operation
) -> None:
    wire = shared_sqlite_world.wire(stranger(operation))
    request = asking(operation, wire)
    for text in FREE_TEXT:
        answer = request.but(query={**request.query, "name": text}).send(wire)
        assert 400 <= answer.status_code < 500
        assert text not in answer.text


# --- V33: errors --------------------------------------------------------------------------------

MEMBERS = {"type", "title", "status", "code", "instance", "detail", "errors"}
SPOILT: Mapping[str, Mapping[str, Any]] = {
    "another body": {"body": b'{"' + WORDS[0].encode() + b'": "' + WORDS[1].encode() + b'"}'},
    "no JSON": {"body": WORDS[2].encode()},
    "another medium": {"media": "text/html"},
    "an unknown parameter": {"query": {"q": WORDS[0]}},
    "another key": {"key": WORDS[3]},
}


def details(answer: TestResponse) -> dict[str, Any]:
    """The problem, after everything that V33 asks of it."""
    body: dict[str, Any] = json.loads(answer.data)
    assert answer.content_type == "application/problem+json"
    assert body.keys() <= MEMBERS
    assert uuid.UUID(body["instance"].removeprefix("urn:uuid:")).version == 4
    assert body["type"] == f"{BASE}/problems#{body['code']}"
    assert re.fullmatch(r"[a-z_]+", body["code"])
    for error in body.get("errors", ()):
        assert error.keys() == {"code", "pointer", "detail"}
        assert error["detail"] == PROBLEM_TEXTS[error["code"]]
    assert not [word for word in WORDS if word in answer.text or word in str(answer.headers)]
    assert not re.search(r"Traceback|File \"|sqlalchemy|psycopg|joserfc|SELECT ", answer.text)
    for header in ("Server", "X-Powered-By", "Via"):
        assert not re.search(r"\d", answer.headers.get(header, ""))
    return body


@EACH
def test_V33_an_error_tells_a_code_and_an_id_to_ask_about_and_nothing_else(
    shared_world: World, operation: Operation
) -> None:
    """Whatever was sent, the texts are ours."""
    wire, refused = shared_world.wire(stranger(operation)), 0
    for change in SPOILT.values():
        more = {name: value for name, value in change.items() if name != "query"}
        answer = asking(operation, wire).but(query=change.get("query", {})).send(wire, **more)
        if answer.status_code >= 400:
            details(answer)
            refused += 1
    assert refused


def test_V33_the_id_is_new_each_time_and_the_rest_the_same(shared_world: World) -> None:
    wire = shared_world.wire(IDVA)
    request = asking(BY_NAME["pull_case"], wire, reference=NOBODY)
    one, two = (details(request.send(wire)) for _ in range(2))
    assert one.pop("instance") != two.pop("instance")
    assert one == two


# --- T09: what a browser would keep ---------------------------------------------------------------


class _Title(HTMLParser):
    """The title of a page, and whatever it would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.fetched, self._is_in = "", [], False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._is_in = tag == "title"
        for name, value in attributes:
            if name in ("src", "href") and tag in ("script", "link", "img", "iframe"):
                self.fetched.append(value or "")

    def handle_data(self, data: str) -> None:
        self.title += data if self._is_in else ""

    def handle_endtag(self, tag: str) -> None:
        self._is_in = False


def test_T09_an_agenda_page_has_a_neutral_title_and_fetches_nothing(
    shared_sqlite_world: World,
) -> None:
    world = shared_sqlite_world
    conference = planned(world)
    page = world.client(COORDINATOR).agenda(conference, form="html")
    parser = _Title()
    parser.feed(str(page))
    assert parser.title
    assert not re.search("Elena|Marsh|Dale|Tern", parser.title)
    assert parser.fetched == []


def test_T09_no_answer_may_be_kept_by_a_browser(shared_sqlite_world: World) -> None:
    world = shared_sqlite_world
    for path in ("/v1/cases", "/v1/log/checkpoint", "/no/such"):
        headers = world.app.test_client().get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"


# --- T12: sizes -----------------------------------------------------------------------------------


def planned(world: World) -> str:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    conference: str = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z", "attendees": [IDVA]}
    )["conference"]
    coordinator.list_case(conference, reference)
    return conference


def payload(world: World, body: bytes) -> bytes:
    """What was signed in an answer, opened with whichever partner's key it was sealed to."""
    text = body.decode("ascii")
    if text.count(".") == 4:
        kid = jose.peek(text)["kid"]
        (held,) = [
            wire.agency.enc
            for wire in map(world.wire, (LANDLORD, IDVA, COORDINATOR))
            if wire.agency.enc["kid"] == kid
        ]
        keys = {kid: jose.import_private(held, "enc")}
        text = jose.decrypt(text, keys, typ=envelopes.ENVELOPE, cty="JWT").plaintext.decode()
    return jose.b64u_decode(text.split(".")[1])


def test_T12_every_sealed_or_signed_answer_has_one_of_a_few_sizes(sqlite_world: World) -> None:
    world = sqlite_world
    planned(world)
    for number in range(24):
        form = graded(number, victim__wishes={"value": "x" * (37 * number + 1)})
        reference = world.client(LANDLORD).refer(form).reference
        world.client(LANDLORD).referral(reference)
        if number >= 14:
            world.client(IDVA).pull(reference, "P2")
    sizes = [
        len(payload(world, answer.body))
        for answer in world.answers
        if answer.media_type == "application/jose"
    ]
    assert len(sizes) > 50
    assert [size for size in sizes if size < SMALLEST or padme(size) != size] == []
    assert len(set(sizes)) <= 12


def test_T12_a_refusal_is_as_long_as_an_absence(shared_sqlite_world: World) -> None:
    world = shared_sqlite_world
    reference = world.client(LANDLORD).refer(example("c1")).reference
    wire = world.wire("tidewell-housing")
    lengths = {
        len(asking(BY_NAME["pull_case"], wire, reference=each).send(wire).data)
        for each in (reference, NOBODY, "AAAAA-AAAAA-A", "x")
    }
    assert len(lengths) == 1


# --- nothing sent is fetched ----------------------------------------------------------------------


def test_V12_T05_no_address_that_was_sent_is_ever_asked(sqlite_world: World) -> None:
    """Not in a header, not in a claim, not in a form: a listener on this machine hears nothing."""
    wire = sqlite_world.wire(LANDLORD)
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.2)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/jwks.json"
        form = example("minimal", referral__rationale=url)
        for name in ("jku", "x5u", "jwks_uri", "iss", "aud"):
            body = wire.envelope("referral/1", form["document"], **{name: url})
            assert wire.ask(
                "POST",
                "/v1/referrals",
                "referrals:write",
                body=body,
                media="application/jose",
                headers={"Referer": url, "Origin": url, "Forwarded": f"host={url}"},
            ).status_code in (400, 401, 422)
            headers = {"alg": "ES256", "kid": wire.agency.sig["kid"], name: url}
            signed = jose.b64u(json.dumps(headers).encode()) + ".e30.AAAA"
            sqlite_world.app.test_client().post("/oauth/token", data={"client_assertion": signed})
        with pytest.raises(TimeoutError):
            trap.accept()

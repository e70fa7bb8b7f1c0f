"""Whatever fails on the way, nothing falls back to plain text; and no id tells the next."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from gateway.client.http import Response
from gateway.client.partners import KEPT
from gateway.client.witness import HELD, LOG_KEYS
from gateway.demo import world as demo
from gateway.errors import GatewayError, Unavailable
from gateway.schemas.reference import ALPHABET
from gateway.sealing import envelopes, jose
from gateway.store import tables as t
from tests.journeys.world import BASE, World, example

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"


class Line:
    """The wire as somebody with a tap on it sees it; it breaks from request `breaks_at` on."""

    def __init__(self, world: World, breaks_at: int, *, loses_answer: bool) -> None:
        self.world, self.breaks_at, self.loses_answer = world, breaks_at, loses_answer
        self.sent: list[tuple[str, str, bytes]] = []

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        self.sent.append((method, url, body or b""))
        is_broken = len(self.sent) > self.breaks_at
        if is_broken and not self.loses_answer:
            raise Unavailable("It timed out.")
        answer = self.world.send(method, url, headers, body)
        if is_broken:
            raise Unavailable("It timed out.")
        return answer


def words(value: Any) -> Iterator[str]:
    """Every text of a form that tells of a person."""
    if isinstance(value, str) and len(value) > 5 and not value.isupper():
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from words(each)
    elif isinstance(value, list):
        for each in value:
            yield from words(each)


def is_shut(line: Line, form: Mapping[str, Any]) -> bool:
    """Whether each body is what it may be, and none of the form's words went out anywhere."""
    told = [*words(form["document"]), *words(form["sealed"])]
    assert len(told) > 40
    for method, url, body in line.sent:
        assert not any(word.encode() in url.encode() + body for word in told)
        path = url.removeprefix(BASE).partition("?")[0]
        if path == "/v1/referrals":
            kid = jose.check_encrypted(body.decode(), typ=envelopes.ENVELOPE, cty="JWT")
            assert kid in line.world.keys.encryption.by_kid
        elif path == "/v1/routing/preview":
            assert set(json.loads(body)) <= {"outward", "area", "needs"}
        elif path == "/oauth/token":
            assert set(parse_qs(body.decode())) <= {
                "grant_type",
                "scope",
                "client_assertion_type",
                "client_assertion",
            }
        else:
            assert (method, body) == ("GET", b""), path
    return True


def client_of(world: World, line: Line) -> Any:
    return demo.connect(LANDLORD, line, base_url=BASE, folder=world.folder, clock=lambda: world.now)


def forget(world: World) -> None:
    """Let the landlord's client meet this gateway for the first time."""
    for name in (LOG_KEYS, HELD, KEPT):
        (world.folder / LANDLORD / name).unlink(missing_ok=True)


def requests_of_a_referral(world: World) -> int:
    line = Line(world, 10**6, loses_answer=False)
    client_of(world, line).refer(example("c1"))
    return len(line.sent)


@pytest.mark.parametrize("loses_answer", [False, True], ids=["unreachable", "answer lost"])
def test_V12_no_time_out_sends_anything_in_the_clear(
    sqlite_world: World, loses_answer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wire breaks at each request in turn, from discovery to the referral itself."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    form = example("c1")
    steps = requests_of_a_referral(sqlite_world)
    assert steps >= 8
    for breaks_at in range(steps):
        forget(sqlite_world)
        line = Line(sqlite_world, breaks_at, loses_answer=loses_answer)
        client = client_of(sqlite_world, line)
        client._exchange._pause = lambda _: None
        with pytest.raises(Unavailable):
            client.refer(form)
        assert is_shut(line, form)
        assert len(line.sent) > breaks_at


def test_V12_sections_are_not_left_out_when_nobody_can_be_asked_for_keys(
    sqlite_world: World,
) -> None:
    """A gateway that names nobody to seal to gets no referral, rather than one that is open."""
    form, line = example("c1"), Line(sqlite_world, 10**6, loses_answer=False)

    def nobody(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        answer = line(method, url, headers, body)
        if url.endswith("/v1/routing/preview"):
            return Response(200, answer.headers, b'{"recipients": []}')
        return answer

    before = sqlite_world.counts()
    client = demo.connect(
        LANDLORD, nobody, base_url=BASE, folder=sqlite_world.folder, clock=lambda: sqlite_world.now
    )
    with pytest.raises(GatewayError, match="no agency that a sealed section can be given to"):
        client.refer(form)
    assert not [url for _, url, _ in line.sent if url.endswith("/v1/referrals")]
    assert sqlite_world.counts() == before


def test_V12_ids_are_random(sqlite_world: World) -> None:
    """A reference tells nothing of the one before: neither order, nor number, nor time."""
    client = sqlite_world.client(LANDLORD)
    given = [client.refer(example("minimal")).reference.replace("-", "") for _ in range(24)]
    assert len(set(given)) == len(given)
    assert given != sorted(given)
    for place in range(10):  # at 32 symbols each, 24 draws hardly share one place
        assert len({reference[place] for reference in given}) > 6
        assert {reference[place] for reference in given} <= set(ALPHABET)
    for table, column in ((t.case, "id"), (t.section, "id")):
        ids = [uuid.UUID(row[column]) for row in sqlite_world.rows(table)]
        assert len({each.int & 2**62 - 1 for each in ids}) == len(ids)  # the random part alone

"""Two services that begin as one database, and how their answers are opened to be compared.

Both have the same keys, partners, rows, clock and chance; afterwards things happen in the second of
which one agency may not know. What that agency asks is sent to both, byte for byte.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import make_url
from werkzeug.test import TestResponse

from gateway.schemas.codes import Scope
from gateway.sealing import envelopes, jose
from tests.database import Postgres
from tests.journeys.asking import Asked
from tests.journeys.world import Wire, World, opened

# The one thing of which an answer tells how much happened elsewhere: docs/threat-model.md.
CHECKPOINT = re.compile(
    r"[^\n]{1,200}\n\d+\n[A-Za-z0-9+/]{43}=\n(?:[^\n]*\n)*\n(?:\u2014 [^\n]+\n)+"
)
# What follows from the number of all entries: members, by those that stand beside them.
OF_THE_TREE = {"leaf": "commitment", "size": "checkpoint", "index": "leaf", "proof": "leaf"}


class Chance:
    """What both services take for chance: begun anew, and alike, before each request."""

    def __init__(self) -> None:
        self._random = Random()  # noqa: S311 - to be foreseen is what it is for

    def begin(self, seed: str) -> None:
        """Give the same bytes from now on, whenever it is begun with the same words."""
        self._random.seed(seed)

    def __call__(self, count: int) -> bytes:
        """So many bytes."""
        return self._random.randbytes(count)


@dataclass(frozen=True)
class Seen:
    """An answer as whoever asked sees it once everything for it is open."""

    status: int
    headers: tuple[tuple[str, str], ...]  # in their order
    length: int  # of the body as it crossed the wire, without what was left out
    body: str


@dataclass
class Twins:
    """Both services, as one worker of one agency calls them."""

    one: World
    two: World
    chances: tuple[Chance, Chance]
    agency_id: str
    worker: str | None
    scopes: frozenset[Scope]
    asked: int = 0
    statuses: list[int] = field(default_factory=list)
    cursors: tuple[dict[str, str], dict[str, str]] = field(default_factory=lambda: ({}, {}))

    def __post_init__(self) -> None:
        self.wires = tuple(w.wire(self.agency_id, self.worker) for w in (self.one, self.two))
        self.wires[1].agency.dpop = self.wires[0].agency.dpop  # a token names the key of its use

    @contextmanager
    def hidden(self) -> Iterator[World]:
        """The second world, while something happens in it that the agency may not know of."""
        self.chances[1].begin(f"hidden {self.asked} {len(self.two.asked)}")
        yield self.two

    def ask(self, asked: Asked, *, key: str, is_onward: bool = False) -> Seen:
        """Send the same to both; both answers must be one.

        `is_onward` goes on in a list where its last answer ended: each service gave a cursor.

        :raises AssertionError: naming the request, if they differ in anything.
        """
        answers = []
        for wire, places in self._turn():
            place = places.get(asked.path)
            query = {**asked.query, "cursor": place} if is_onward and place else asked.query
            scope = asked.scope if asked.scope in self.scopes else str(Scope.REFERRALS_READ)
            answers.append(asked.but(query=query).send(wire, key=key, scope=scope))
            if answers[-1].mimetype == "application/json" and answers[-1].json.get("next"):
                places[asked.path] = answers[-1].json["next"]
        return self._same(answers, f"{asked.method} {asked.path} {asked.query}")

    def token(self, scope: Scope) -> Seen:
        """Ask both for a token; both answers must be one."""
        answers = [wire.agency.ask(wire.agency.form(scope)) for wire, _ in self._turn()]
        return self._same(answers, f"token {scope}")

    def _turn(self) -> Iterator[tuple[Wire, dict[str, str]]]:
        """Each of both in turn, with the same chance and at the same time."""
        self.asked += 1
        if not self.asked % 16:
            self.one.later(seconds=60)
            self.two.later(seconds=60)
        for wire, chance, places in zip(self.wires, self.chances, self.cursors, strict=True):
            chance.begin(f"request {self.asked}")
            yield wire, places

    def _same(self, answers: Sequence[TestResponse], what: str) -> Seen:
        one, two = (self._seen(each) for each in answers)
        self.statuses.append(one.status)
        assert one == two, f"{self.agency_id} {what} {where(one, two)}"
        return one

    def _seen(self, answer: TestResponse) -> Seen:
        keys = {self.wires[0].agency.enc["kid"]: _private(self.wires[0])}
        body = answer.get_data()
        assert answer.headers["Content-Length"] == str(len(body))
        text, found = opened_body(body, answer.content_type, keys)
        headers = tuple(pair for pair in answer.headers.items() if pair[0] != "Content-Length")
        return Seen(answer.status_code, headers, len(body) - found, text)


def where(one: Seen, two: Seen) -> str:
    """Where two answers part, with what stands there."""
    names = ("status", "headers", "length", "body")
    apart = [each for each in names if getattr(one, each) != getattr(two, each)]
    at = next(
        (n for n, pair in enumerate(zip(one.body, two.body, strict=False)) if pair[0] != pair[1]),
        min(len(one.body), len(two.body)),
    )
    near = slice(max(0, at - 200), at + 200)
    return f"{apart}\n{one.status} {one.body[near]}\n{two.status} {two.body[near]}"


def _private(wire: Wire) -> jose.Key:
    return jose.import_private(wire.agency.enc, "enc")


def opened_body(body: bytes, media: str, keys: Mapping[str, jose.Key]) -> tuple[str, int]:
    """A body with its envelope open, and how many bytes of it were left out.

    Left out is what is random by nature or tells of the whole log:
    a signature (ES256 draws a number for each), the ephemeral key, nonce and ciphertext of the
    envelope (it is opened), a cursor (ciphertext of a place in the log: its length stays), and a
    checkpoint with what follows from the size of its tree.
    """
    if media == "application/jose":
        return _open_jose(body.decode("ascii"), keys), 0
    if media == "application/json":
        whole = json.loads(body)
        left = compact(plain(whole))
        return left, len(compact(whole).encode()) - len(left.encode())
    text = body.decode("utf-8", errors="surrogateescape")
    if text.startswith("c2sp.org/tlog-proof"):
        return text.split("\n", 2)[1], len(body)  # `extra`: the leaf
    return text, 0


def _open_jose(token: str, keys: Mapping[str, jose.Key]) -> str:
    if token.count(".") == 4:
        header = json.dumps(jose.peek(token) | {"epk": None})
        inside = jose.decrypt(token, keys, typ=envelopes.ENVELOPE, cty="JWT").plaintext
        return f"{len(token)} {header} {_open_jose(inside.decode(), keys)}"
    return f"{len(token)} {_claims(token)}"


def _claims(token: str) -> str:
    header, payload, signature = token.split(".")
    inside = plain(json.loads(jose.b64u_decode(payload)))
    return json.dumps([header, inside, len(signature)])


_SIGNED = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")


def plain(value: Any, name: str = "") -> Any:
    """Plain JSON in its own order, what is signed in it open, and what is left out left out."""
    if isinstance(value, dict):
        return {
            each: "of the tree" if OF_THE_TREE.get(each) in value else plain(inner, each)
            for each, inner in value.items()
        }
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, str):
        return value
    if CHECKPOINT.fullmatch(value):
        return "a checkpoint"
    if _SIGNED.fullmatch(value):
        return _claims(value)
    if name == "next":
        return f"a cursor of {len(value)}"
    return value


def compact(value: Any) -> str:
    """JSON as the service writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- making them ----------------------------------------------------------------------------------


@contextmanager
def twin(
    request: pytest.FixtureRequest, world: World, folder: Path
) -> Iterator[tuple[World, Chance]]:
    """A second service on a copy of a world's database, with copies of its keys."""
    chance = Chance()
    for name in ("keys", "agencies"):
        shutil.copytree(world.folder.parent / name, folder / name)
    with (
        _copied(request, world, folder) as url,
        opened(url, folder, start=world.now, chance=chance) as made,
    ):
        yield made, chance


@contextmanager
def _copied(request: pytest.FixtureRequest, world: World, folder: Path) -> Iterator[str]:
    database = make_url(world.url).database
    assert database is not None
    if world.url.startswith("sqlite"):
        (folder / "gateway.db").touch(mode=0o600)
        with sqlite3.connect(database) as old, sqlite3.connect(folder / "gateway.db") as new:
            old.backup(new)
        old.close()
        new.close()
        yield f"sqlite:///{folder / 'gateway.db'}"
        return
    world.let_go()  # PostgreSQL copies what nobody is connected to
    world.app.extensions["gateway"].replay.close()
    server: Postgres = request.getfixturevalue("postgres")
    with server.database(database) as url:
        yield url

"""The whole service in one process, with its partners, on a real database and a clock of its own.

Each agency speaks through the client SDK; `Wire` sends what no honest client would. All people,
places and numbers are invented.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, Table, func, literal, select, text, union_all
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from gateway import ledger
from gateway.app import create_app
from gateway.client import config
from gateway.client.gateway import Gateway
from gateway.client.http import Response
from gateway.config import Settings, Token
from gateway.demo import world as demo
from gateway.demo.registrars import Registrars
from gateway.disclosure import open_case_key, open_value
from gateway.ledger import keyring
from gateway.ledger.records import unseal
from gateway.schemas import reference as references
from gateway.schemas.chance import SYSTEM, Chance
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing import envelopes, jose
from gateway.sealing import keys as key_files
from gateway.sealing.keys import Keys
from gateway.store import log
from gateway.store import tables as t
from gateway.store.engine import Sessions, make_engine, make_sessions
from tests.database import RUN, Postgres, behind, fresh, once
from tests.doors.oauth import Agency, Door

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://gateway.example"
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday, two days after the newest example
LONG_AGO = date(2025, 1, 1)
DATABASES = ("sqlite", "postgresql")

# What an act may add to although it is refused: the log, and what is counted.
LOG_TABLES = frozenset(
    {"log_pending", "log_entry", "log_node", "log_key", "agency_log_key", "checkpoint", "counter"}
)

AUDITOR, CHURCH, CHAIR = "marlbury-audit", "marlbury-church", "chair-01"


def example(name: str, **changes: Any) -> dict[str, Any]:
    """A form file of examples/; each change is a dotted path (with `__`) into its document."""
    form: dict[str, Any] = json.loads((ROOT / "examples" / f"{name}.json").read_text("utf-8"))
    for path, value in changes.items():
        put(form["document"], path.split("__"), value)
    return form


def graded(
    yes: int, professional: str = "NONE", *, unknown: int = 0, **changes: Any
) -> dict[str, Any]:
    """The smallest referral with so many YES, so many not known, and NO for the rest."""
    filled: dict[str, Any] = deepcopy(example("c1")["document"]["risk_assessments"]["value"][0])
    said = ["YES"] * yes + ["DONT_KNOW"] * unknown + ["NO"] * len(filled["answers"])
    for answer, value in zip(filled["answers"], said, strict=False):
        answer.update(value=value)
        for name in ("subitem_values", "comment", "source_note"):
            answer.pop(name, None)
    filled["level_professional"] = professional
    changes = {"referral__criteria": ["VISIBLE_HIGH_RISK"], **changes}
    return example("minimal", risk_assessments={"value": [filled]}, **changes)


def position(code: str, **changes: Any) -> dict[str, Any]:
    """A later statement of the victim's position."""
    record = {**example("minimal")["document"]["consent_record"], "position": code, **changes}
    if code == "WITHDRAWN":
        record.setdefault("withdrawn_on", "2026-11-23")
    return record


def lines(client: Gateway, conference: str) -> list[dict[str, Any]]:
    """The cases of an agenda as one agency sees them."""
    agenda = client.agenda(conference)
    assert isinstance(agenda, Mapping)
    return list(agenda["cases"])


def seen(client: Gateway, reference: str, purpose: str) -> dict[str, tuple[str, Any]]:
    """What an agency pulls of a case: section to level and content."""
    document = client.pull(reference, purpose).document
    return {each["section"]: (each["level"], each["content"]) for each in document["sections"]}


def put(document: Any, path: list[str], value: Any) -> None:
    """Set a member deep inside a document; a value of None takes it away."""
    *above, last = path
    for name in above:
        document = document[int(name)] if isinstance(document, list) else document[name]
    if value is None:
        del document[last]
    else:
        document[last] = deepcopy(value)


_COUNTS = union_all(
    *(
        select(literal(table.name), select(func.count()).select_from(table).scalar_subquery())
        for table in t.metadata.sorted_tables
        if table.name not in LOG_TABLES
    )
)


@dataclass
class World:
    """One running service and everyone who may call it."""

    app: Flask
    engine: Engine  # behind the second wall
    sessions: Sessions
    keys: Keys
    folder: Path
    url: str
    moments: list[datetime]
    wrong: list[timedelta] = field(default_factory=lambda: [timedelta()])
    port: int | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    _clients: dict[tuple[str, str | None], Gateway] = field(default_factory=dict)
    _wires: dict[tuple[str, str | None], Wire] = field(default_factory=dict)

    # --- time -------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What everybody takes for now."""
        return self.moments[-1]

    @property
    def clock(self) -> datetime:
        """What the gateway takes for now."""
        return self.now + self.wrong[-1]

    def later(self, **delta: float) -> None:
        """Let time pass."""
        self.moments.append(self.now + timedelta(**delta))

    @contextmanager
    def clock_off(self, by: timedelta) -> Iterator[None]:
        """Let the gateway's clock, and nobody else's, be wrong while the block lasts."""
        self.wrong.append(by)
        try:
            yield
        finally:
            self.wrong.pop()

    # --- who calls --------------------------------------------------------------------------

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        """The wire: the application itself by WSGI, or HTTP where the test's module asks for it."""
        path = url.removeprefix(BASE)
        self.asked.append((method, path))
        by = self._by_wsgi if self.port is None else self._by_http
        self.answers.append(by(method, path, dict(headers), body))
        return self.answers[-1]

    def _by_wsgi(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Response:
        got = self.app.test_client().open(path, method=method, headers=headers, data=body)
        names = {name.lower(): value for name, value in got.headers.items()}
        return Response(got.status_code, names, got.data)

    def _by_http(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Response:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as line:
            line.request(method, path, body=body, headers=headers)
            got = line.getresponse()
            names = {name.lower(): value for name, value in got.getheaders()}
            return Response(got.status, names, got.read())

    def client(self, agency_id: str, worker: str | None = None) -> Gateway:
        """The client SDK of an agency."""
        place = (agency_id, worker)
        if place not in self._clients:
            self._clients[place] = self.new_client(agency_id, worker)
        return self._clients[place]

    def new_client(self, agency_id: str, worker: str | None = None) -> Gateway:
        """A client of its own, for a thread of its own."""
        return demo.connect(
            agency_id,
            self.send,
            base_url=BASE,
            folder=self.folder,
            clock=lambda: self.now,
            worker=worker,
        )

    def wire(self, agency_id: str, worker: str | None = None) -> Wire:
        """An agency's requests, part by part."""
        place = (agency_id, worker)
        if place not in self._wires:
            self._wires[place] = Wire(self, agency_id, worker)
        return self._wires[place]

    # --- what is stored -----------------------------------------------------------------------

    def execute(self, statement: str, **values: Any) -> None:
        """Change the database behind the service's back."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def rows(self, table: Table, **where: Any) -> list[Mapping[str, Any]]:
        """Rows of a table, in the order of its key."""
        query = select(table).order_by(*table.primary_key.columns)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        with self.engine.begin() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def counts(self) -> dict[str, int]:
        """How many rows each table has that an act can change, the log's apart."""
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(_COUNTS)}

    def case_of(self, reference: str) -> str:
        """The internal id behind a reference."""
        found = self.rows(t.referral, reference=references.read(reference))
        return str(found[0]["case_id"])

    def case_key(self, case_id: str) -> bytes:
        """The key of a case, as somebody with the whole host in hand could get it."""
        with Session(self.engine) as session:
            work = ledger.Work(session, self.keys, ledger.OPERATOR, self.now)
            return open_case_key(work, case_id).key

    def opened(self, case_id: str, table: str, row: str, cell: bytes) -> bytes:
        """A sealed `document` of a case, as somebody with the whole host gets it."""
        with self.operator() as work:
            work.count("test")
            with work.keeping(case_id):
                key = open_case_key(work, case_id)
            return open_value(key, table=table, column="document", row=row, cell=cell)

    def log(self, **where: Any) -> list[dict[str, Any]]:
        """Everything the log says, opened, oldest first; `where` keeps records of these values."""
        with Session(self.engine) as session:
            lines = [log.Line(**_known(row)) for row in self.rows(t.log_entry)]
            lines += [log.Line(**_known(row)) for row in self.rows(t.log_pending)]
            held = keyring.find_log_keys(session, self.keys, {line.log_key for line in lines})
        found = []
        for line in lines:
            key = held[line.log_key]
            assert key is not None
            found.append(json.loads(unseal(key, line)[1]))
        return [each for each in found if all(each[k] == v for k, v in where.items())]

    def operator(self) -> AbstractContextManager[ledger.Work]:
        """A Work of the operator."""
        return ledger.begin(self.sessions, self.keys, ledger.OPERATOR, self.now)

    def let_go(self) -> None:
        """Close every connection to the database."""
        self.engine.dispose()
        self.sessions.kw["bind"].dispose()

    def sequence(self) -> None:
        """Give every pending line its place."""
        while ledger.sequence(self.sessions, self.keys, now=self.now):
            pass


class Wire:
    """An agency that builds its requests by hand, so that each part of one can be wrong."""

    def __init__(self, world: World, agency_id: str, worker: str | None = None) -> None:
        self.world, self.agency_id, self.worker = world, agency_id, worker
        folder = world.folder / agency_id
        sig, enc = (
            json.loads((folder / name).read_text("utf-8"))
            for name in (config.SIGNING, config.ENCRYPTION)
        )
        house = world.app.extensions["gateway"]
        door = Door(world.app.test_client(), house, world.moments)
        self.agency = Agency(agency_id, door, sig, enc)
        self._tokens: dict[tuple[str, datetime], str] = {}

    def token(self, scope: str) -> str:
        """An access token of one scope, or of several separated by blanks."""
        place = (scope, self.world.now)
        if place not in self._tokens:
            stated = {"worker": self.worker} if self.worker else {}
            self._tokens[place] = self.agency.token(scope, **stated)
        return self._tokens[place]

    def ask(
        self,
        method: str,
        path: str,
        scope: str,
        *,
        body: bytes = b"",
        media: str | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send one request with a token of the scope, a fresh proof and a fresh key."""
        token = self.token(scope)
        bare = path.partition("?")[0]
        sent = {
            "Authorization": f"DPoP {token}",
            "DPoP": self.agency.proof(method, bare, token=token),
            "Idempotency-Key": key or str(uuid.uuid4()),
            **({"Content-Type": media} if media else {}),
            **(headers or {}),
        }
        sent = {name: value for name, value in sent.items() if value}
        return self.agency.door.client.open(path, method=method, headers=sent, data=body)

    def claims(self, form: str, document: object, **changes: Any) -> dict[str, Any]:
        """The claims of a document; a change to None takes a claim away."""
        now = int(self.world.now.timestamp())
        usual: dict[str, Any] = {
            "iss": self.agency_id,
            "aud": BASE,
            "iat": now,
            "exp": now + 300,
            "jti": secrets.token_urlsafe(16),
            "worker": self.worker,
            "form": form,
            "document": document,
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def envelope(self, form: str, document: object, **changes: Any) -> bytes:
        """A signed and sealed document."""
        return self.enclose(self.sign(self.claims(form, document, **changes)))

    def sign(self, claims: Mapping[str, Any] | bytes, *, typ: str = envelopes.DOCUMENT) -> str:
        """A signature of this agency over claims, or over any bytes."""
        sig = self.agency.sig
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        return jose.sign(payload, jose.import_private(sig, "sig"), sig["kid"], typ)

    def enclose(self, signed: str) -> bytes:
        """Anything at all, encrypted to the gateway."""
        jwk = self.world.keys.encryption.public[0]
        key = jose.import_public(jwk, "enc")
        return jose.encrypt(signed.encode(), key, jwk["kid"], envelopes.ENVELOPE, "JWT").encode()


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    names = {name for name in log.Line.__dataclass_fields__ if name in row}
    return {name: row[name] for name in names}


@contextmanager
def a_world(
    url: str,
    folder: Path,
    *,
    start: datetime = START,
    over_http: bool = False,
    token: Token | None = None,
    **settings: Any,
) -> Iterator[World]:
    """The service on a fresh, migrated database, with all partners enrolled.

    With a `token` the epoch keys lie there; further settings are those of `Settings`.
    """
    _enrolled(url, folder, start=start, token=token)
    with opened(url, folder, start=start, over_http=over_http, token=token, **settings) as made:
        yield made


@contextmanager
def opened(
    url: str,
    folder: Path,
    *,
    start: datetime = START,
    over_http: bool = False,
    token: Token | None = None,
    chance: Chance = SYSTEM,
    **settings: Any,
) -> Iterator[World]:
    """The service on a database whose partners are enrolled, with the keys of that folder."""
    engine, walled = behind(url), make_engine(url)
    moments, wrong = [start], [timedelta()]
    sessions = make_sessions(walled)
    keys = key_files.load(folder / "keys", token)
    mode = settings.pop("mode", "production")
    if token:
        settings |= {"provider": "pkcs11", "token": token}
    app = create_app(
        Settings(mode, BASE, url, folder / "keys", **settings),
        sessions=sessions,
        clock=lambda: moments[-1] + wrong[-1],
        chance=chance,
    )
    made = World(app, engine, sessions, keys, folder / "agencies", url, moments, wrong)
    try:
        with served(made) if over_http else contextlib.nullcontext():
            yield made
    finally:
        app.extensions["gateway"].replay.close()
        engine.dispose()
        walled.dispose()


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        return


@contextmanager
def served(world: World) -> Iterator[None]:
    """Listen on a port of this machine while the block lasts."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    world.port = server.port
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _enrolled(
    url: str, folder: Path, *, start: datetime = START, token: Token | None = None
) -> None:
    key_files.make(folder / "keys", on=LONG_AGO, token=token)
    sessions = make_sessions(make_engine(url))
    _enrol(sessions, key_files.load(folder / "keys", token), folder / "agencies", start)
    sessions.kw["bind"].dispose()


def _enrol(sessions: Sessions, keys: Keys, folder: Path, now: datetime) -> None:
    demo.enrol(sessions, keys, folder, now)
    others = ((AUDITOR, AgencyKind.AUDITOR), (CHURCH, AgencyKind.OTHER))
    registrars = Registrars(sessions, keys)
    for agency_id, kind in others:
        config.new_keys(folder / agency_id, agency_id)
        public = json.loads((folder / agency_id / config.PUBLIC).read_text("utf-8"))
        registrars.register(
            agency_id=agency_id,
            name=agency_id,
            kind=kind,
            area="MARLBURY",
            custody=Custody.OWN,
            jwks=public,
            now=now,
        )


# --- fixtures: a conftest imports those it wants -------------------------------------------------

Fresh = Callable[[str], AbstractContextManager[World]]


@contextmanager
def _fresh(request: pytest.FixtureRequest, database: str, **more: Any) -> Iterator[World]:
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    folder = factory.mktemp("world")
    over_http = getattr(request.module, "OVER_HTTP", False)
    if "token" in more:  # its epoch keys lie in a token of its own
        with fresh(request, folder, database) as url, a_world(url, folder, **more) as made:
            yield made
    else:
        with (
            _copied(request, folder, database) as url,
            opened(url, folder, over_http=over_http, **more) as made,
        ):
            yield made


@contextmanager
def _copied(request: pytest.FixtureRequest, folder: Path, kind: str) -> Iterator[str]:
    """The URL of a copy of the world that one worker of this run enrolled; its keys in `folder`."""
    run = Path(os.environ[RUN])
    made = run / f"enrolled-{kind}"
    if kind == "sqlite":
        empty: Path = request.getfixturevalue("sqlite_template")
        once(made, lambda half: _enrolled(f"sqlite:///{shutil.copy(empty, _new(half))}", half))
        shutil.copytree(made, folder, dirs_exist_ok=True)
        yield f"sqlite:///{folder / empty.name}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    migrated: str = request.getfixturevalue("postgres_template")

    def enrol(half: Path) -> None:
        server.create(server.enrolled, migrated)
        _enrolled(server.url(server.enrolled), _new(half))

    once(made, enrol)
    shutil.copytree(made, folder, dirs_exist_ok=True)
    with server.database(server.enrolled) as url:
        yield url


def _new(folder: Path) -> Path:
    folder.mkdir(0o700)  # as a production service wants it, and copies keep it
    return folder


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world of the test's own; the test runs once on each database."""
    with _fresh(request, request.param) as made:
        yield made


@pytest.fixture(params=DATABASES, scope="module")
def shared_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world that the tests of a module share; once on each database."""
    with _fresh(request, request.param) as made:
        yield made


@pytest.fixture
def sqlite_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world of the test's own, on SQLite alone: for what no database decides."""
    with _fresh(request, "sqlite") as made:
        yield made


@pytest.fixture(scope="module")
def shared_sqlite_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world that the tests of a module share, on SQLite alone."""
    with _fresh(request, "sqlite") as made:
        yield made

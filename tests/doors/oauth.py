"""A door for machines with a clock that tests move, and agencies that call it. All invented."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.testing import FlaskClient
from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from gateway import ledger
from gateway.agencies.registry import Enrolment
from gateway.agencies.replay import Replay
from gateway.api import access, problem
from gateway.api.house import House
from gateway.api.metadata import metadata
from gateway.api.token import oauth
from gateway.config import Settings
from gateway.demo.registrars import Registrars
from gateway.ledger import keyring
from gateway.ledger.records import unseal
from gateway.profiles.loader import Profiles
from gateway.schemas.codes import AgencyKind, Custody, Scope
from gateway.sealing import jose, keys
from gateway.store import log
from gateway.store.engine import make_engine, make_sessions
from gateway.store.tables import log_pending
from tests.database import behind

BASE = "https://gateway.example"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_numbers = count(1)


@cache
def the_keys() -> keys.Keys:
    """The gateway's keys, made once for a run of tests."""
    with TemporaryDirectory() as folder:
        keys.make(Path(folder) / "keys", on=date(2026, 11, 1))
        return keys.load(Path(folder) / "keys")


@cache
def the_profiles() -> Profiles:
    """The rule tables as they are shipped."""
    return Profiles.load()


def signed(header: dict[str, Any], claims: Any, key: jose.Key) -> str:
    """A compact ES256 token; claims that are bytes are signed as they are."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return jose.sign_with(payload, key, header)


def with_changes(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The claims with some replaced; a change to None takes the claim away."""
    changed = {**claims, **changes}
    return {name: value for name, value in changed.items() if value is not None}


@dataclass
class Door:
    """The application, its database and its clock."""

    client: FlaskClient
    house: House
    moments: list[datetime]

    @cached_property
    def registrars(self) -> Registrars:
        """The two operators who let agencies in."""
        return Registrars(self.house.sessions, self.house.keys)

    @property
    def now(self) -> datetime:
        """What the gateway takes for now."""
        return self.moments[-1]

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.moments.append(self.now + timedelta(seconds=seconds))

    @contextmanager
    def work(self) -> Iterator[ledger.Work]:
        """A Work of the operator."""
        with ledger.begin(self.house.sessions, self.house.keys, ledger.OPERATOR, self.now) as work:
            yield work

    def enrol(self, agency_id: str, kind: AgencyKind = AgencyKind.LANDLORD, **more: Any) -> Agency:
        """A registered agency with keys of its own."""
        agency = Agency(agency_id, self)
        self.register(agency_id, kind=kind, jwks=agency.jwks(), **more)
        return agency

    def register(self, agency_id: str, **changes: Any) -> Enrolment:
        """Let an agency in by two operators."""
        usual = {
            "name": f"{agency_id} of Marlbury",
            "kind": AgencyKind.LANDLORD,
            "area": "marlbury",
            "custody": Custody.OWN,
        }
        return self.registrars.register(
            now=self.now, **{**usual, "agency_id": agency_id, **changes}
        )

    def rekey(self, agency: Agency, *, overlap: int = 0, **more: Any) -> Agency:
        """The same agency with new keys, which two operators let in."""
        other = Agency(agency.agency_id, self)
        jwks = other.jwks()
        self.registrars.rekey(
            now=self.now, agency_id=agency.agency_id, jwks=jwks, overlap=overlap, **more
        )
        return other

    def records(self) -> list[dict[str, Any]]:
        """Every entry without a case that the log holds so far, opened, in order."""
        with self.behind() as session:
            month = f"{self.now:%Y-%m}"
            key = keyring.find_log_keys(session, self.house.keys, [month])[month]
            rows = session.execute(select(log_pending).order_by(log_pending.c.number)).all()
        assert key is not None
        return [json.loads(unseal(key, _line(row._mapping))[1]) for row in rows]

    @contextmanager
    def behind(self) -> Iterator[Session]:
        """A session behind the second wall."""
        engine = behind(self.house.settings.database_url)
        with Session(engine) as session:
            yield session
        engine.dispose()

    def failures(self) -> dict[str, int]:
        """What was counted of requests whose client is not known."""
        return self.house.replay.failures(START - timedelta(days=1))


def _line(row: RowMapping) -> log.Line:
    names = ("id", "agency_id", "case_id", "log_key", "commitment", "record")
    return log.Line(**{name: row[name] for name in names})


@dataclass
class Agency:
    """An agency's own software, as small as it can be."""

    agency_id: str
    door: Door
    sig: dict[str, str] = field(default_factory=lambda: jose.new_private("sig"))
    enc: dict[str, str] = field(default_factory=lambda: jose.new_private("enc"))
    dpop: dict[str, str] = field(default_factory=lambda: jose.new_private("sig"))

    def jwks(self) -> dict[str, Any]:
        """The public key set that it sends to be registered."""
        return {"keys": [jose.public_part(self.sig), jose.public_part(self.enc)]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of an assertion."""
        now = int(self.door.now.timestamp())
        usual = {
            "iss": self.agency_id,
            "sub": self.agency_id,
            "aud": BASE,
            "iat": now,
            "exp": now + 60,
            "jti": f"assertion-{next(_numbers):012}",
        }
        return with_changes(usual, changes)

    def assertion(self, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A signed assertion."""
        return self.sign(self.claims(**changes), header)

    def sign(self, claims: Any, header: dict[str, Any] | None = None) -> str:
        """Anything at all, signed as an assertion."""
        full = {"kid": self.sig["kid"], **(header or {})}
        return signed(full, claims, jose.import_private(self.sig, "sig"))

    def proof(
        self,
        method: str = "POST",
        path: str = "/oauth/token",
        *,
        token: str | None = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A proof of possession for one request."""
        claims: dict[str, Any] = {
            "jti": f"proof-{next(_numbers):016}",
            "htm": method,
            "htu": BASE + path,
            "iat": int(self.door.now.timestamp()),
            "nonce": self.nonce(),
        }
        if token is not None:
            claims["ath"] = jose.b64u(hashlib.sha256(token.encode()).digest())
        jwk = {name: self.dpop[name] for name in ("kty", "crv", "x", "y")}
        full = {"typ": "dpop+jwt", "jwk": jwk, **(header or {})}
        return signed(full, with_changes(claims, changes), jose.import_private(self.dpop, "sig"))

    def nonce(self) -> str:
        """The nonce that the gateway gives out now."""
        answer = self.door.client.post("/oauth/token")
        return answer.headers["DPoP-Nonce"]

    def form(self, scope: str | None = "referrals:read", **changes: Any) -> dict[str, Any]:
        """The parameters of a token request."""
        usual = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": None if "client_assertion" in changes else self.assertion(),
        }
        return with_changes(usual, changes)

    def ask(
        self, form: dict[str, Any] | None = None, proof: str | None = None, **more: Any
    ) -> TestResponse:
        """Send a token request."""
        headers = {"DPoP": proof or self.proof(), **more.pop("headers", {})}
        data = self.form() if form is None else form
        return self.door.client.post("/oauth/token", data=data, headers=headers, **more)

    def token(self, scope: str = "referrals:read", **claims: Any) -> str:
        """A fresh access token."""
        answer = self.ask(self.form(scope, client_assertion=self.assertion(**claims)))
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])

    def call(
        self, token: str, path: str = "/v1/whoami", *, proof: str | None = None, **more: Any
    ) -> TestResponse:
        """Send a request with a token and its proof."""
        headers = {
            "Authorization": f"DPoP {token}",
            "DPoP": proof or self.proof("GET", path, token=token),
            **more.pop("headers", {}),
        }
        return self.door.client.get(path, headers=headers, **more)

    def send(self, endpoint: str, about: str, **changes: Any) -> TestResponse:
        """Ask the introspection or revocation endpoint about a token."""
        form = {
            "token": about,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        more = {"base_url": changes.pop("base_url", None)}
        return self.door.client.post(f"/oauth/{endpoint}", data=with_changes(form, changes), **more)


@contextmanager
def a_door(database_url: str, folder: Path, *, start: datetime = START) -> Iterator[Door]:
    """A door on a migrated database, with one protected view for each way of asking."""
    moments = [start]
    engine = make_engine(database_url)
    sessions = make_sessions(engine)
    house = House(
        settings=Settings("production", BASE, database_url, folder / "keys"),
        sessions=sessions,
        keys_at=lambda _: the_keys(),
        profiles=the_profiles(),
        replay=Replay.open(f"sqlite:///{folder / 'replay.db'}", start - timedelta(hours=1)),
        clock=lambda: moments[-1],
        pressure=ledger.Pressure(sessions, lambda _: the_keys(), lines=5000, seconds=60),
        sequencer=ledger.Sequencer(sessions, lambda _: the_keys(), lambda: moments[-1]),
    )
    try:
        yield Door(an_app(house).test_client(), house, moments)
    finally:
        house.replay.close()
        engine.dispose()


def an_app(house: House) -> Flask:
    """The OAuth endpoints and three small views behind them."""
    app = Flask("door")
    app.extensions["gateway"] = house
    app.register_blueprint(oauth)
    app.register_blueprint(metadata)

    def whoami() -> Response:
        caller = access.authenticate(request, needs_nonce="nonce" in request.path)
        if "log" in request.path:
            access.require_scope(caller, Scope.LOG_READ)
        return jsonify(agency=caller.agency_id, worker=caller.actor, is_chair=caller.is_chair)

    problem.register(app)
    for path in ("/v1/whoami", "/v1/log", "/v1/nonce"):
        app.add_url_rule(path, path, whoami, methods=["GET", "POST"])
    return app

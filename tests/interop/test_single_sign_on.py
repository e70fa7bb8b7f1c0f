"""Single sign-on with a provider that is not ours: npm's `oidc-provider`, over HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from joserfc.jwk import ECKey
from werkzeug.serving import make_server

from gateway.agencies import people as persons
from gateway.agencies.single_sign_on import Proven, Provider, Round, Why
from gateway.app import create_app
from gateway.config import Settings, SignOn
from gateway.demo import world
from gateway.errors import Mismatch
from gateway.flows import agencies, people
from gateway.ledger import OPERATOR, begin
from gateway.schemas.codes import OneTime, PersonRole
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions
from tests import needs
from tests.browsing import browser
from tests.interop.served import LONG_AGO
from tests.journeys.world import _Quiet

__all__ = ["browser"]

pytestmark = pytest.mark.needs("npm")
PROGRAM = Path(__file__).with_name("provider")
COORDINATOR, IDVA = ("marlbury-marac", "marac-01"), ("marlbury-idva", "idva-01")
ADMINISTRATOR = {PersonRole.AGENCY_ADMIN}
ROLES = {COORDINATOR: PersonRole.COORDINATOR, IDVA: PersonRole.IDVA}
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass
class Place:
    """The service by the name `localhost`, and the provider by a number: two sites."""

    address: str
    provider: str
    app: Flask

    def link(self, who: tuple[str, str]) -> str:
        """A one-time link for somebody."""
        house = self.app.extensions["gateway"]
        with begin(house.sessions, house.keys, OPERATOR, datetime.now(UTC)) as work:
            text = people.invite_first(work, *who, {ROLES[who]}, OneTime.INVITATION)
        return f"{self.address}/desk/link/{text}"


def _key(folder: Path, name: str) -> Path:
    """A key pair: the private JWK for us, the set of the public one beside it."""
    key = ECKey.generate_key("P-256", {"kid": name, "use": "sig", "alg": "ES256"})
    private, public = folder / f"{name}.json", folder / f"{name}.public.json"
    private.write_text(json.dumps(key.as_dict(private=True)))
    public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    return private


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The service, with a provider from the committed lock, no script of it run."""
    folder = tmp_path_factory.mktemp("single")
    program = folder / "provider"
    shutil.copytree(PROGRAM, program)
    install = [*(needs.npm() or []), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=program, check=True, capture_output=True, timeout=180)
    own, theirs = _key(folder, "gateway"), _key(folder, "provider")
    key_set = folder / "set.json"
    key_set.write_text(json.dumps({"keys": [json.loads(theirs.read_text())]}))
    server = make_server("127.0.0.1", 0, Flask("nothing"), threaded=True, request_handler=_Quiet)
    address, port = f"http://localhost:{server.server_port}", _free()
    issuer = f"http://127.0.0.1:{port}"
    words = [
        str(port),
        f"{address}/desk/sign-in/provider/answer",
        str(own.with_suffix("")) + ".public.json",
    ]
    running = subprocess.Popen(
        [str(needs.node()), "provider.mjs", *words],
        cwd=program,
        env={**os.environ, "KEYS": str(key_set)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    assert "listening" in running.stdout.readline()
    database = f"sqlite:///{shutil.copy(sqlite_template, folder / 'gateway.db')}"
    sign_on = SignOn(issuer, "gateway", own, "your organisation", frozenset({"mfa"}))
    settings = Settings("demo", address, database, folder / "keys", sign_on=sign_on)
    keys.make(settings.keys, on=LONG_AGO)
    sessions = make_sessions(make_engine(database))
    world.enrol(sessions, keys.load(settings.keys), folder / "agencies", datetime.now(UTC))
    server.app = create_app(settings, sessions=sessions)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Place(address, issuer, server.app)
    server.shutdown()
    thread.join()
    server.server_close()
    running.terminate()
    running.communicate(timeout=20)


class Somebody:
    """A person with a browser, that of `requests`, which keeps cookies and follows redirects."""

    def __init__(self, place: Place) -> None:
        self.place, self.session = place, requests.Session()
        self.session.headers["Sec-Fetch-Site"] = "same-origin"

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        """Open an address of the service."""
        return self.session.get(self.place.address + path, timeout=20, **kwargs)

    def post(self, path: str, token: str, **data: str) -> requests.Response:
        """Send a form of the service."""
        form = {"token": token, **data}
        return self.session.post(self.place.address + path, data=form, timeout=20)

    def invited(self, who: tuple[str, str]) -> Somebody:
        """Follow a link."""
        link = self.place.link(who)
        page = self.session.get(link, timeout=20)
        assert self.session.post(link, data={"token": token(page)}, timeout=20).ok
        return self

    def at_provider(self, form: requests.Response, name: str, factors: str) -> requests.Response:
        """Sign in there; where it leads back to, opened."""
        data = {"name": name, "factors": factors}
        return self.session.post(form.url, data=data, timeout=20)

    def linked(self, name: str, factors: str = "pwd mfa") -> requests.Response:
        """Link the provider to who is signed in."""
        shown = self.post("/desk/account/provider", token(self.get("/desk/account")))
        found = re.search(r'href="(http://127[^"]+)"', shown.text)
        assert found, shown.text
        there = self.session.get(found[1].replace("&amp;", "&"), timeout=20)
        return self.at_provider(there, name, factors)

    def signs_in(self, name: str, factors: str = "pwd mfa") -> requests.Response:
        """Sign in with the provider."""
        return self.at_provider(self.get("/desk/sign-in/provider"), name, factors)

    @property
    def is_in(self) -> bool:
        """Whether somebody is signed in here."""
        return self.get("/desk/account", allow_redirects=False).status_code == 200


def token(page: requests.Response) -> str:
    """The token of a form."""
    found = _TOKEN.search(page.text)
    assert found, page.text
    return found[1]


@pytest.fixture(scope="module")
def known(place: Place) -> Place:
    """A place where the coordinator is known to the provider as Ada."""
    assert Somebody(place).invited(COORDINATOR).linked("ada").ok
    return place


def test_F10_a_person_links_the_provider_and_signs_in_with_it(known: Place) -> None:
    ada = Somebody(known)
    assert not ada.is_in
    answer = ada.signs_in("ada")
    assert (answer.status_code, ada.is_in) == (200, True)
    assert "marlbury-marac/marac-01" in ada.get("/desk/account").text
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'http-equiv="refresh"' in answer.text
    assert "Linked to your organisation" in ada.get("/desk/account").text


def test_F10_who_linked_nothing_is_nobody_here(known: Place) -> None:
    stranger = Somebody(known)
    answer = stranger.signs_in("mallory")
    assert (answer.status_code, stranger.is_in) == (403, False)
    assert "marlbury" not in answer.text


@pytest.mark.parametrize("factors", ["pwd", "pwd otpish", ""])
def test_F10_one_factor_alone_is_not_enough(known: Place, factors: str) -> None:
    ada = Somebody(known)
    assert ada.signs_in("ada", factors).status_code == 403
    assert not ada.is_in


def test_F10_a_subject_is_one_persons(known: Place) -> None:
    other = Somebody(known).invited(IDVA)
    assert other.linked("ada").status_code == 403
    assert "Not linked" in other.get("/desk/account").text
    ada = Somebody(known)
    ada.signs_in("ada")
    assert "marac-01" in ada.get("/desk/account").text


def test_F10_an_answer_counts_once_and_at_the_browser_that_asked(known: Place) -> None:
    ada = Somebody(known)
    answer = ada.signs_in("ada")
    back = urlsplit(answer.url)
    again = f"{back.path}?{back.query}"
    other = Somebody(known)
    other.get("/desk/sign-in/provider")
    assert other.get(again).status_code == 403  # another browser's round
    assert not other.is_in
    assert ada.get(again).status_code == 403  # its round is over


@pytest.mark.parametrize("change", ["iss", "state", "code"])
def test_F10_another_issuer_state_or_code_is_refused(known: Place, change: str) -> None:
    ada = Somebody(known)
    there = ada.get("/desk/sign-in/provider")
    data = {"name": "ada", "factors": "mfa"}
    at = ada.session.post(there.url, data=data, allow_redirects=False, timeout=20)
    while not at.headers["Location"].startswith(known.address):
        at = ada.session.get(at.headers["Location"], allow_redirects=False, timeout=20)
    asked = {
        name: values[0] for name, values in parse_qs(urlsplit(at.headers["Location"]).query).items()
    }
    bent = {**asked, change: "https://evil.example"}
    assert ada.get("/desk/sign-in/provider/answer", params=bent).status_code == 403
    assert not ada.is_in
    # The round is over with the first answer, whatever it was.
    assert ada.get("/desk/sign-in/provider/answer", params=asked).status_code == 403


def test_F10_a_proof_of_now_comes_from_the_provider_too(known: Place) -> None:
    ada = Somebody(known)
    ada.signs_in("ada")
    before = {each.value for each in ada.session.cookies if each.name == "gw-desk"}
    there = ada.get("/desk/prove/provider?for=begin_password")
    assert "/interaction/" in there.url  # it asks anew, though there is a session there
    answer = ada.at_provider(there, "ada", "mfa")
    assert 'url=/desk/account/password"' in answer.text
    after = {each.value for each in ada.session.cookies if each.name == "gw-desk"}
    assert before.isdisjoint(after)
    assert ada.is_in
    # Somebody else's proof is none, and the session stays as it was.
    ada.session.cookies.clear("127.0.0.1")
    there = ada.get("/desk/prove/provider?for=account")
    assert ada.at_provider(there, "eve", "mfa").status_code == 403
    assert ada.is_in


def test_F10_an_administrators_new_link_ends_what_was_linked(place: Place) -> None:
    somebody = Somebody(place).invited(IDVA)
    assert somebody.linked("ivy").ok
    assert Somebody(place).signs_in("ivy").ok
    house = place.app.extensions["gateway"]
    with begin(house.sessions, house.keys, OPERATOR, datetime.now(UTC)) as work:
        agencies.add_worker(work, agency_id=IDVA[0], worker_id="admin-01")
        people.invite_first(work, IDVA[0], "admin-01", ADMINISTRATOR, OneTime.INVITATION)
    administrator = persons.find(house.sessions, IDVA[0], "admin-01", datetime.now(UTC))
    assert administrator is not None
    with begin(house.sessions, house.keys, administrator.caller, datetime.now(UTC)) as work:
        people.invite(work, IDVA[1], {PersonRole.IDVA})
    assert Somebody(place).signs_in("ivy").status_code == 403
    assert not somebody.is_in


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ISSUER = "https://sign-in.example"
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "gateway",
    "sub": "ada",
    "nonce": "once",
    "amr": ["pwd", "mfa"],
    "iat": int(NOW.timestamp()),
    "auth_time": int(NOW.timestamp()) - 240,
    "exp": int(NOW.timestamp()) + 60,
}
BENT: dict[str, tuple[str, object]] = {
    "another issuer": ("iss", "https://evil.example"),
    "another audience": ("aud", "somebody"),
    "more audiences": ("aud", ["gateway", "somebody"]),
    "no audience": ("aud", None),
    "another party": ("azp", "somebody"),
    "another question": ("nonce", "twice"),
    "no question": ("nonce", None),
    "one factor": ("amr", ["pwd"]),
    "factors as text": ("amr", "mfa"),
    "issued tomorrow": ("iat", GOOD["iat"] + 86_400),
    "over": ("exp", GOOD["iat"] - 61),
    "no end": ("exp", None),
    "proven long ago": ("auth_time", GOOD["iat"] - 400),
    "never proven": ("auth_time", None),
    "proven tomorrow": ("auth_time", GOOD["iat"] + 400),
    "a time that is true": ("auth_time", True),
    "no time there is": ("auth_time", 10**18),
    "nobody": ("sub", ""),
    "no subject": ("sub", None),
    "a number": ("sub", 7),
    "a long name": ("sub", "a" * 256),
}


def proven(claims: Mapping[str, Any]) -> object:
    """What becomes of an ID token with these claims, where somebody proves anew who it is."""
    settings = SignOn(ISSUER, "gateway", Path("none"), "it", frozenset({"mfa"}))
    round_ = Round(Why.PROVE, "state", "once", "verifier", int(NOW.timestamp()))
    return Provider(settings, "https://gateway.example/")._proven(round_, claims, NOW)


def test_F10_what_holds_is_told_by_a_digest_and_its_own_time() -> None:
    found = proven(GOOD)
    assert isinstance(found, Proven)
    assert found.at == NOW - timedelta(minutes=4)
    assert found.subject != getattr(proven({**GOOD, "sub": "eve"}), "subject", None)


@pytest.mark.parametrize("name", BENT)
def test_F10_an_id_token_that_does_not_hold_is_nobodys(name: str) -> None:
    member, value = BENT[name]
    with pytest.raises(Mismatch):
        proven({**GOOD, member: value})


@pytest.mark.needs("chromium")
def test_F10_in_a_browser_the_session_outlives_the_way_back(known: Place, browser: Any) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{known.address}/desk/sign-in")
        page.get_by_role("link", name="Sign in with your organisation").click()
        page.get_by_label("Name").fill("ada")
        page.get_by_role("button", name="Sign in there").click()
        page.wait_for_url(f"{known.address}/desk")
        assert page.get_by_role("heading", level=1).inner_text() == "What needs me now"
        kept = {each["name"]: each for each in context.cookies(known.address)}
        assert kept["gw-desk"]["sameSite"] == "Strict"
        assert "gw-round" not in kept

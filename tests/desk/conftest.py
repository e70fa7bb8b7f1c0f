"""A month half done, with people who sign in to it; and the same served to a browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.config import Settings
from gateway.flows import agencies, people
from gateway.profiles.loader import Profiles
from gateway.schemas.codes import OneTime, PersonRole
from tests.browsing import browser
from tests.journeys import acting
from tests.journeys.world import (
    BASE,
    World,
    _Quiet,
    example,
    graded,
    position,
    shared_sqlite_world,
    shared_world,
    sqlite_world,
    world,
)

__all__ = ["browser", "shared_sqlite_world", "shared_world", "sqlite_world", "world"]

COORDINATOR, IDVA, LANDLORD = "marlbury-marac", "marlbury-idva", "harbourgate-homes"
POLICE = "marlbury-police"
WHO: Mapping[str, tuple[str, str, frozenset[PersonRole]]] = {
    "coordinator": (COORDINATOR, "marac-01", frozenset({PersonRole.COORDINATOR})),
    "idva": (IDVA, "idva-01", frozenset({PersonRole.IDVA})),
    "landlord": (LANDLORD, "homes-01", frozenset({PersonRole.AGENCY_REP, PersonRole.REFERRER})),
    "police": (POLICE, "police-01", frozenset({PersonRole.AGENCY_REP})),
    "administrator": (IDVA, "admin-01", frozenset({PersonRole.AGENCY_ADMIN})),
}
DECLARATION = Profiles.load().declaration
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass
class Desk:
    """One person's browser without a screen: it keeps cookies and sends what pages sent it."""

    client: FlaskClient
    base: str = BASE
    seen: list[TestResponse] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        sent = {"Sec-Fetch-Site": "same-origin", **headers}
        answer = self.client.get(path, base_url=self.base, headers=sent)
        self.seen.append(answer)
        return answer

    def post(
        self, path: str, data: Mapping[str, Any] | None = None, **headers: str
    ) -> TestResponse:
        """Send the form of the page that was opened last."""
        form = {"token": self.token(), **(data or {})}
        sent = {"Sec-Fetch-Site": "same-origin", **headers}
        return self.client.post(path, base_url=self.base, data=form, headers=sent)

    def token(self) -> str:
        """The token of the newest form."""
        for answer in reversed(self.seen):
            if found := _TOKEN.search(answer.text):
                return found[1]
        return ""

    def sign_in(self, link: str) -> TestResponse:
        """Follow a one-time link."""
        assert self.get(link).status_code == 200
        return self.post(link)


def a_link(world: World, who: str, kind: OneTime = OneTime.INVITATION) -> str:
    """The path of a link that an operator made for somebody."""
    agency_id, worker_id, roles = WHO[who]
    with world.operator() as work:
        text = people.invite_first(work, agency_id, worker_id, roles, kind)
    return f"/desk/link/{text}"


def a_desk(world: World, who: str | None = None) -> Desk:
    """A browser, in which somebody is signed in."""
    desk = Desk(world.app.test_client())
    if who is not None:
        answer = desk.sign_in(a_link(world, who))
        assert answer.status_code == 303, answer.text
        desk.get("/desk/account")
    return desk


def sign(desk: Desk, base: str, attending: str = "REPRESENTATIVE") -> TestResponse:
    """Sign the declaration of the conference at an address of the desk."""
    desk.get(f"{base}/declaration")
    form = {"attending": attending, "digest": DECLARATION.digest}
    return desk.post(f"{base}/declaration", form)


def half_a_month(world: World) -> dict[str, str]:
    """Referrals to triage, a full conference tomorrow, an objection, dates and a repeat."""
    coordinator, landlord = world.client(COORDINATOR), world.client(LANDLORD)
    starts_at = (world.now + timedelta(days=18)).strftime("%Y-%m-%dT09:30:00Z")
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": starts_at, "attendees": [POLICE, IDVA, LANDLORD]}
    )["conference"]
    found = {"conference": conference}
    for name in ("c1", "c4"):
        found[name] = landlord.refer(example(name)).reference
        coordinator.decide(found[name], {"decision": "ACCEPT"})
        coordinator.list_case(conference, found[name])
    for agency_id in (COORDINATOR, LANDLORD, IDVA):
        acting.signed(world, conference, agency_id)
    world.client(IDVA).acknowledge(found["c1"], "ACCEPTED")
    for owner, text in ((LANDLORD, "Fit a new lock to the front door."), (IDVA, "Ring her.")):
        acting.proposed(world, found["c1"], owner, text)
    found["objection"] = landlord.refer(graded(20)).reference
    landlord.record_position(found["objection"], position("WITHDRAWN"))
    world.later(days=4)
    found["c5"] = world.client(POLICE).refer(example("c5")).reference
    found["again"] = world.client("tidewell-housing").refer(example("c1")).reference
    found["c3"] = world.client("fenhollow-idva").refer(example("c3")).reference
    world.sequence()
    return found


@pytest.fixture(scope="module")
def month(shared_sqlite_world: World) -> dict[str, str]:
    """References by the name of their story."""
    add_people(shared_sqlite_world)
    return half_a_month(shared_sqlite_world)


def add_people(world: World) -> None:
    """Register the workers of this story that the world has not."""
    with world.operator() as work:
        agencies.add_worker(work, agency_id=IDVA, worker_id="admin-01")


@dataclass
class Live:
    """The service as a browser reaches it."""

    app: Flask
    address: str
    world: World
    month: dict[str, str]

    def link(self, who: str, kind: OneTime = OneTime.DEMONSTRATION) -> str:
        """The address of a link for somebody."""
        return self.address + a_link(self.world, who, kind)


@pytest.fixture(scope="module")
def live(shared_sqlite_world: World, month: dict[str, str]) -> Iterator[Live]:
    """The same database behind a port of this machine, by the name under which passkeys hold."""
    world = shared_sqlite_world
    server = make_server("127.0.0.1", 0, Flask("nothing"), threaded=True, request_handler=_Quiet)
    address = f"http://localhost:{server.server_port}"
    settings = Settings("demo", address, world.url, world.folder.parent / "keys")
    app = create_app(settings, sessions=world.sessions, clock=lambda: world.now)
    server.app = app
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Live(app, address, world, month)
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["gateway"].replay.close()

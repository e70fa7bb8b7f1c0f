"""Owns the demonstration's wires: HTTP with all of it kept, and the service at other times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask

from gateway.agencies import people
from gateway.app import create_app
from gateway.client.gateway import Gateway
from gateway.client.http import Response, Send, Sender
from gateway.config import Settings
from gateway.demo import world
from gateway.ledger import Work, begin


class Wire:
    """Sends over HTTP and keeps every byte that went either way, to be searched afterwards."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._senders: list[Sender] = []
        self.kept: list[bytes] = []

    def sender(self) -> Send:
        """A connection of its own whose traffic is kept."""
        sender = Sender(self._base_url)
        self._senders.append(sender)

        def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
            answer = sender(method, url, headers, body)
            self.kept += [_line(f"{method} {url}", headers), body or b""]
            self.kept += [_line(str(answer.status), answer.headers), answer.body]
            return answer

        return send

    def close(self) -> None:
        """Close all connections."""
        for sender in self._senders:
            sender.close()


class Then:
    """The same service in this process, at another time; `at` may be moved on."""

    def __init__(self, app: Flask, base_url: str, agencies: Path, at: datetime) -> None:
        self._app, self._house = app.test_client(), app.extensions["gateway"]
        self._base_url, self._agencies = base_url, agencies
        self.at = at
        self.is_past = at < datetime.now(UTC) - timedelta(hours=1)

    @contextmanager
    def work(self, agency_id: str, worker_id: str) -> Iterator[Work]:
        """The Work of somebody at the desk, at that time.

        :raises LookupError: if there is no such worker.
        """
        here = self._house
        person = people.find(here.sessions, agency_id, worker_id, self.at)
        if person is None:
            raise LookupError(worker_id)
        with begin(
            here.sessions, here.keys, person.caller, self.at, profiles=here.profiles
        ) as work:
            yield work

    def agency(self, agency_id: str) -> Gateway:
        """A client of one agency, at that time."""
        return world.connect(
            agency_id,
            self._send,
            base_url=self._base_url,
            folder=self._agencies,
            clock=lambda: self.at,
            worker=world.worker_of(agency_id),
        )

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        path = url.removeprefix(self._base_url)
        answer = self._app.open(path, method=method, headers=dict(headers), data=body)
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, names, answer.data)


@contextmanager
def at(settings: Settings, agencies: Path, moment: datetime) -> Iterator[Then]:
    """Play something at another time, through the application itself."""
    times: list[Then] = []
    app = create_app(settings, clock=lambda: times[0].at if times else moment)
    times.append(Then(app, settings.base_url, agencies, moment))
    house = app.extensions["gateway"]
    try:
        yield times[0]
    finally:
        house.replay.close()
        house.sessions.kw["bind"].dispose()


def _line(first: str, headers: Mapping[str, str]) -> bytes:
    return "\n".join([first, *(f"{name}: {value}" for name, value in headers.items())]).encode()

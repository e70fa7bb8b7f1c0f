"""Agencies at work while keys are exchanged: every answer but what they asked for counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from gateway.client.access import ProblemError
from gateway.client.gateway import Gateway
from gateway.client.http import Response, Sender
from gateway.errors import GatewayError
from tests.journeys.world import example
from tests.live import Service

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
_ENOUGH = 60.0  # seconds
_PAUSE = 0.2  # seconds between an agency's requests: load, and not all that two cores can do


@dataclass
class Watched:
    """A connection that notes each answer other than a success or a demand for a fresh nonce."""

    base_url: str
    faults: list[str]
    _sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        self._sender = Sender(self.base_url)

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        try:
            got = self._sender(method, url, headers, body)
        except GatewayError as fault:
            self.faults.append(f"{method}: {fault!r}")
            raise
        if got.status >= 400 and b"use_dpop_nonce" not in got.body:
            self.faults.append(f"{method}: {got.status} {got.body[:200]!r}")
        return got

    def close(self) -> None:
        self._sender.close()


@dataclass
class Load:
    """Referrals sent and cases pulled by several agencies at once, for as long as the block."""

    service: Service
    faults: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    pulled: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        # One connection each: an agency's own two would get in each other's way as witnesses.
        for work in (self._send, self._pull, self._oversee):
            line = Watched(self.service.base_url, self.faults)
            thread = threading.Thread(target=self._run, args=(work, line))
            self._threads.append(thread)
            thread.start()
        self.wait_for(2)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Let so many more referrals be sent and cases be pulled; they must."""
        sent, pulled = len(self.sent), len(self.pulled)
        until = time.monotonic() + _ENOUGH
        while len(self.sent) < sent + more or len(self.pulled) < pulled + more:
            assert time.monotonic() < until, f"nothing goes on: {self.faults}"
            assert not self.faults, self.faults
            time.sleep(0.01)

    def _run(self, work: Callable[[Watched], None], line: Watched) -> None:
        try:
            work(line)
        except (ProblemError, GatewayError, AssertionError, KeyError) as fault:
            self.faults.append(f"{work.__name__}: {fault!r}")
        finally:
            line.close()

    def _send(self, line: Watched) -> None:
        landlord = self.service.speak(LANDLORD, line, "homes-01")
        form = example("c1")
        while not self._stop.is_set():
            self.sent.append(landlord.refer(form).reference)
            self._stop.wait(_PAUSE)

    def _pull(self, line: Watched) -> None:
        idva = self.service.speak(IDVA, line, "idva-01")
        for reference in self._new(idva):
            assert "safe_contact" in idva.pull(reference, "P2").sealed
            self.pulled.append(reference)

    def _oversee(self, line: Watched) -> None:
        coordinator = self.service.speak(COORDINATOR, line, "marac-01")
        for reference in self._new(coordinator):
            sections = coordinator.pull(reference, "P9").document["sections"]
            assert "incidents" in {each["section"] for each in sections}
            self.pulled.append(reference)

    def _new(self, client: Gateway) -> Iterator[str]:
        """What is new, and between times the newest once more."""
        cursor = None
        while not self._stop.is_set():
            page = client.list_cases(cursor)
            cursor = page["next"]
            yield from [item["reference"] for item in page["items"]][-1:] or self.sent[-1:]
            self._stop.wait(_PAUSE)

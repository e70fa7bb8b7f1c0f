"""Owns the run over HTTP: both servers in turn, each with four connections that never wait."""

from __future__ import annotations

import json
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from bench import pairs, payloads
from bench.payloads import Packet, Sender
from bench.servers import Server, serving
from bench.stage import Stage
from bench.timing import quantile
from bench.wire import answer, written

CONNECTIONS = 4
POLL = "/v1/cases"


@dataclass(slots=True)
class Block:
    """What one server did in one block."""

    seconds: float
    cpu: float
    latencies: list[float] = field(default_factory=list)  # ms

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_each(self) -> float:
        """CPU of the workers per answer, in ms."""
        return self.cpu / len(self.latencies) * 1000


Blocks = dict[str, list[Block]]


def run(
    stage: Stage, *, rounds: int, submits: int, polls: int, chance: random.Random
) -> dict[str, Any]:
    """Drive both servers, block by block in random order, and check what they leave behind."""
    senders = stage.sender(pairs.LANDLORD), stage.sender(pairs.IDVA)
    documents = payloads.documents(chance.randrange(2**32))
    before = rows(stage)
    blocks: Blocks = {"submit ours": [], "submit floor": [], "poll": [], "hello": []}
    with serving(stage.folder) as servers:
        place = _drain(servers["ours"], senders[1])

        def submit(name: str, times: int) -> Block:
            packets = [senders[0].referral(next(documents)) for _ in range(times)]
            return drive(servers[name], packets, 201)

        def poll(times: int) -> Block:
            nonlocal place
            place = _drain(servers["ours"], senders[1], place)
            query = f"cursor={place}"
            packets = [senders[1].read(POLL, "cases:read", query) for _ in range(times)]
            return drive(servers["ours"], packets, 200)

        acts: dict[str, Callable[[], Block]] = {
            "submit ours": lambda: submit("ours", submits),
            "submit floor": lambda: submit("floor", submits),
            "poll": lambda: poll(polls),
            "hello": lambda: drive(servers["floor"], [Packet("GET", "/hello", {})] * polls, 200),
        }
        for number in range(rounds + 1):
            for name in chance.sample(list(acts), len(acts)):
                block = acts[name]()
                if number:  # the first round warms up
                    blocks[name].append(block)
        memory = {name: server.memory() for name, server in servers.items()}
    after = rows(stage)
    sent = (rounds + 1) * submits
    assert [b - a for a, b in zip(before, after, strict=True)] == [sent, sent], "rows over HTTP"
    return _summary(blocks) | {"memory, MiB PSS per worker": memory}


def drive(server: Server, packets: list[Packet], status: int) -> Block:
    """Send all packets over four connections, each the next as soon as it was answered.

    :raises AssertionError: if any answer has another status.
    """
    waiting = iter([written(packet) for packet in packets])
    lock, failures = threading.Lock(), list[BaseException]()
    latencies: list[float] = []

    def work() -> None:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 30) as line:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for sent in _taken(waiting, lock):
                    begun = time.perf_counter()
                    line.sendall(sent)
                    found, _ = answer(line)
                    latencies.append((time.perf_counter() - begun) * 1000)
                    assert found == status, f"status {found}"
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    cpu, begun = server.cpu(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if failures:
        raise failures[0]
    return Block(seconds, server.cpu() - cpu, latencies)


def _summary(blocks: Blocks) -> dict[str, Any]:
    def all_of(name: str) -> list[float]:
        return [each for block in blocks[name] for each in block.latencies]

    def pairs_of(one: str, other: str, what: str) -> list[float]:
        both = zip(blocks[one], blocks[other], strict=True)
        return [getattr(a, what) / getattr(b, what) for a, b in both]

    return {
        "per second": {
            n: round(_middle([b.per_second for b in bs]), 1) for n, bs in blocks.items()
        },
        "cpu ms": {n: round(_middle([b.cpu_each for b in bs]), 3) for n, bs in blocks.items()},
        "p50 ms": {name: round(quantile(all_of(name), 0.5), 2) for name in blocks},
        "p95 ms": {name: round(quantile(all_of(name), 0.95), 2) for name in blocks},
        "submit/s, share of the floor": pairs_of("submit ours", "submit floor", "per_second"),
        "submit p95": [
            quantile(ours.latencies, 0.95) / quantile(its.latencies, 0.95)
            for ours, its in zip(blocks["submit ours"], blocks["submit floor"], strict=True)
        ],
        "poll cpu": pairs_of("poll", "hello", "cpu_each"),
    }


def _drain(server: Server, sender: Sender, place: str = "") -> str:
    """Poll until nothing is new, so that what is timed afterwards is an empty poll."""
    with socket.create_connection(("127.0.0.1", server.port), 30) as line:
        for _ in range(10_000):
            query = f"cursor={place}" if place else ""
            line.sendall(written(sender.read(POLL, "cases:read", query)))
            status, body = answer(line)
            assert status == 200, body
            told = json.loads(body)
            place = told["next"]
            if not told["items"]:
                return place
    raise AssertionError("the feed does not end")


def _taken(waiting: Iterator[bytes], lock: threading.Lock) -> Iterator[bytes]:
    while True:
        with lock:
            sent = next(waiting, None)
        if sent is None:
            return
        yield sent


def _middle(values: list[float]) -> float:
    return quantile(values, 0.5)


def rows(stage: Stage) -> tuple[int, int]:
    """How many referrals the gateway and the floor hold."""
    found = []
    for file in ("gateway.db", "floor.db"):
        with closing(sqlite3.connect(stage.folder / file)) as db:
            found.append(int(db.execute('SELECT count(*) FROM "case"').fetchone()[0]))
    return found[0], found[1]

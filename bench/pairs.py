"""Owns the two sides of a run: the same keys, cases and packets, and what both have answered."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import request

from bench import payloads
from bench.floor import Floor, Material
from bench.payloads import BASE_URL, NOW, Packet
from bench.stage import Stage, client, environ
from gateway import ledger
from gateway.api.access import authenticate
from gateway.flows import referrals
from gateway.ledger import begin
from gateway.sealing import envelopes, jose

LANDLORD, IDVA, MARAC = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
ATTENDEES = (MARAC, IDVA, LANDLORD, "marlbury-police", "marlbury-csc", "marlbury-gp")
LISTED = 30


@dataclass(slots=True)
class Pair:
    """Both sides with the same cases in them, and what they have answered."""

    stage: Stage
    floor: Floor
    packets: Iterator[Packet] = field(repr=False)
    conference: str = ""
    ours: list[str] = field(default_factory=list)  # references
    its: list[str] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list, repr=False)
    counted: dict[str, int] = field(default_factory=lambda: {"ours": 0, "floor": 0})
    commit_ns: int = 0

    def close(self) -> None:
        """Let go of both databases."""
        self.stage.close()
        self.floor.db.close()


def material(stage: Stage) -> Material:
    """The same keys for the floor."""
    keys, sender = stage.house.keys, stage.sender(LANDLORD)
    return Material(
        token=keys.token.key.private_key.public_key(),  # type: ignore[union-attr]
        sender=sender.agency.signing.private_key.public_key(),  # type: ignore[union-attr]
        envelope=keys.encryption.key.private_key,
        signing=keys.signing.key.private_key,
        master=bytes(range(32)),
        index=bytes(range(32, 64)),
    )


def prepare(stage: Stage, folder: Path, seed: int) -> Pair:
    """Fill both sides with thirty cases, accepted and listed for one conference."""
    sender = stage.sender(LANDLORD)
    documents = payloads.documents(seed)
    floor = Floor(folder / "floor.db", material(stage), next(documents))
    pair = Pair(stage, floor, (sender.referral(each) for each in documents))
    _watch_commits(pair)
    for _ in range(LISTED):
        submit_ours(pair, next(pair.packets))
        submit_floor(pair, next(pair.packets))
    pair.ours = [_reference(receipt) for receipt in pair.receipts]
    pair.its = [row[0] for row in floor.db.execute("SELECT reference FROM kase")]
    desk = client(stage, MARAC)
    starts_at = (NOW + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    plan = {"area": "MARLBURY", "starts_at": starts_at, "attendees": list(ATTENDEES)}
    pair.conference = desk.create_conference(plan)["conference"]
    for reference in pair.ours:
        desk.decide(reference, {"decision": "ACCEPT"})
        desk.list_case(pair.conference, reference)
    return pair


def check(pair: Pair) -> dict[str, Any]:
    """Check what the run has left behind: rows, receipts, and the whole log.

    :raises AssertionError: if anything is not as it must be.
    """
    house = pair.stage.house
    while ledger.sequence(house.sessions, house.keys, now=NOW):
        pass
    with closing(sqlite3.connect(pair.stage.folder / "gateway.db")) as db:
        (held,) = db.execute('SELECT count(*) FROM "case"').fetchone()
    its = pair.floor.db.execute("SELECT count(*) FROM kase").fetchone()[0]
    assert (held, its) == (pair.counted["ours"], pair.counted["floor"]), "rows"
    keys = {house.keys.signing.kid: house.keys.signing.key}
    for receipt in pair.receipts[:: max(len(pair.receipts) // 20, 1)]:
        envelopes.verify_receipt(receipt.decode(), keys, audience=LANDLORD, issuer=BASE_URL)
    report = ledger.verify(house.sessions, house.keys, deep=True)
    assert report, report.what
    return {"referrals": held, "log entries": report.entries}


def access_floor(pair: Pair, packet: Packet) -> None:
    """Let the floor check who sends, and keep the proof's id."""
    assert pair.floor.access(packet)


def access_ours(pair: Pair, packet: Packet) -> None:
    """What the door does before it reads anything: token, proof, standing of the caller."""
    with pair.stage.app.request_context(environ(packet)):
        assert authenticate(request, needs_nonce=True).agency_id == LANDLORD


def submit_floor(pair: Pair, packet: Packet) -> None:
    """Let the floor take in a referral."""
    assert pair.floor.submit(packet).count(b".") == 2
    pair.counted["floor"] += 1


def submit_ours(pair: Pair, packet: Packet) -> None:
    """What the door does, without Flask's dispatch: authenticate, open a Work, call the flow."""
    house = pair.stage.house
    with pair.stage.app.request_context(environ(packet)):
        caller = authenticate(request, needs_nonce=True)
        body = request.get_data(cache=False).decode("ascii")
        with begin(house.sessions, house.keys, caller, NOW, profiles=house.profiles) as work:
            answer = referrals.submit(work, body, audience=BASE_URL, key=packet.key)
    assert answer.status == 201
    pair.receipts.append(answer.body)
    pair.counted["ours"] += 1


def _watch_commits(pair: Pair) -> None:
    dialect = pair.stage.house.sessions.kw["bind"].dialect
    original = dialect.do_commit

    def do_commit(connection: Any) -> None:
        begun = time.perf_counter_ns()
        original(connection)
        pair.commit_ns = time.perf_counter_ns() - begun

    dialect.do_commit = do_commit


def _reference(receipt: bytes) -> str:
    claims = json.loads(jose.b64u_decode(receipt.decode().split(".")[1]))
    return str(claims["sub"])

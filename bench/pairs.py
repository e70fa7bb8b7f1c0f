"""Owns the two sides of a run: the same keys, cases and packets, and what both have answered."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from flask import request

from bench import pattern, payloads
from bench.floor import AT, Floor, Material, wrap
from bench.floor_submit import submit
from bench.pattern import Pattern
from bench.payloads import BASE_URL, NOW, Packet
from bench.smaller import Smaller
from bench.stage import Stage, client, environ
from gateway import ledger
from gateway.api import dpop
from gateway.api.access import authenticate
from gateway.flows import cases, conferences, referrals
from gateway.ledger import begin
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, Purpose
from gateway.sealing import envelopes, jose

LANDLORD, IDVA, MARAC = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
ATTENDEES = (MARAC, IDVA, LANDLORD, "marlbury-police", "marlbury-csc", "marlbury-gp")
LISTED = 30
AS_IDVA = Caller(IDVA, AgencyKind.IDVA, "MARLBURY", frozenset(), "idva-01")
AS_MARAC = Caller(MARAC, AgencyKind.COORDINATOR, "MARLBURY", frozenset(), "marac-01")


@dataclass(slots=True)
class Pair:
    """Both sides with the same cases in them, and what they have answered."""

    stage: Stage
    floor: Floor
    smaller: Smaller
    packets: Iterator[Packet] = field(repr=False)
    conference: str = ""
    ours: list[str] = field(default_factory=list)  # references
    its: list[str] = field(default_factory=list)
    smaller_its: list[str] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list, repr=False)
    counted: dict[str, int] = field(default_factory=lambda: {"ours": 0, "floor": 0})
    commit_ns: int = 0

    def close(self) -> None:
        """Let go of both databases."""
        self.stage.close()
        self.floor.close()
        self.smaller.db.close()


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
        nonce=dpop.nonce(dpop.nonce_key(keys.cursor), NOW),
    )


def prepare(stage: Stage, folder: Path, seed: int) -> Pair:
    """Fill both sides with thirty cases, accepted and listed for one conference."""
    sender = stage.sender(LANDLORD)
    documents = payloads.documents(seed)
    model, keys = next(documents), material(stage)
    _copy(folder / "gateway.db", folder / "floor.db")
    packets = (sender.referral(each) for each in documents)
    smaller = Smaller(folder / "smaller.db", keys, model)
    pair = Pair(stage, cast(Floor, None), smaller, packets)
    _watch_commits(pair)
    record = submit_ours(pair, sender.referral(model))
    learned = _learn(stage, folder, model, pair.receipts[0])
    learned.records["referral.submit"] = dict(record)
    pair.floor = Floor(folder / "floor.db", keys, model, learned)
    for number in range(LISTED):
        if number:
            submit_ours(pair, next(pair.packets))
        submit_floor(pair, next(pair.packets))
        smaller.submit(next(pair.packets))
    pair.ours = [_reference(receipt) for receipt in pair.receipts]
    pair.smaller_its = [row[0] for row in smaller.db.execute("SELECT reference FROM kase")]
    _list(pair)
    _learn_reading(pair)
    _list_floor(pair, folder)
    learned.keep(folder)
    return pair


def _copy(source: Path, target: Path) -> None:
    """The database as the gateway made it: its tables, its agencies, no case."""
    with closing(sqlite3.connect(source)) as ours, closing(sqlite3.connect(target)) as its:
        ours.backup(its)


def _learn(stage: Stage, folder: Path, model: Mapping[str, Any], receipt: bytes) -> Pattern:
    """What the gateway made of its first referral, for the floor to do as much."""
    profile = stage.house.profiles.for_area("MARLBURY", NOW.date())
    learned = pattern.learn(folder / "gateway.db", model, profile.fields.section_of)
    learned.receipt = _claims(receipt)
    return learned


def _list(pair: Pair) -> None:
    """Let the coordinator accept all cases and list them for one conference."""
    desk = client(pair.stage, MARAC)
    starts_at = (NOW + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    plan = {"area": "MARLBURY", "starts_at": starts_at, "attendees": list(ATTENDEES)}
    pair.conference = desk.create_conference(plan)["conference"]
    for reference in pair.ours:
        desk.decide(reference, {"decision": "ACCEPT"})
        desk.list_case(pair.conference, reference)


def _learn_reading(pair: Pair) -> None:
    """What the gateway's log says of one pull and one agenda: levels, bases, versions."""
    house, told = pair.stage.house, pair.floor.pattern.records
    told["case.read"] = dict(pull_ours(pair, pair.ours[0])[1])
    with begin(house.sessions, house.keys, AS_MARAC, NOW, profiles=house.profiles) as work:
        conferences.build_agenda(work, pair.conference, Purpose.P9)
    told["agenda.read"], told["agenda.built"] = (dict(work.entries[n].record) for n in (0, -1))


def _list_floor(pair: Pair, folder: Path) -> None:
    """The same conference in the floor's database, and every case as far as ours is."""
    with closing(sqlite3.connect(folder / "gateway.db")) as ours:
        ours.row_factory = sqlite3.Row
        copied = {
            name: [dict(row) for row in ours.execute(f"SELECT * FROM {name}")]  # noqa: S608
            for name in ("conference", "conference_attendee")
        }
        (case_id,) = ours.execute('SELECT id FROM "case" ORDER BY rowid LIMIT 1').fetchone()
        later = {
            name: pattern.rows_of(ours, name, case_id, without={"id", "case_id"})
            for name in ("state", "conference_case")
        }
    floor = pair.floor
    floor.db.execute("BEGIN")
    for name, rows in copied.items():
        floor.add(name, rows)
    known = len(floor.pattern.rows["state"])
    listed = floor.run("SELECT case_id, reference FROM referral")
    for its, _ in listed:
        floor.add("state", [{**row, "case_id": its} for row in later["state"][known:]])
        floor.add("conference_case", [{**row, "case_id": its} for row in later["conference_case"]])
    month = wrap(floor.master, bytes(32), "log", AT[:7])
    floor.run("DELETE FROM log_key WHERE subject = ?", AT[:7])
    floor.add("log_key", [{"subject": AT[:7], "epoch": "floor", "wrapped": month}])
    floor.commit()
    pair.its = [reference for _, reference in listed]


def check(pair: Pair) -> dict[str, Any]:
    """Check what the run has left behind: rows, receipts, and the whole log.

    :raises AssertionError: if anything is not as it must be.
    """
    house = pair.stage.house
    while ledger.sequence(house.sessions, house.keys, now=NOW):
        pass
    with closing(sqlite3.connect(pair.stage.folder / "gateway.db")) as db:
        (held,) = db.execute('SELECT count(*) FROM "case"').fetchone()
    its = pair.floor.run('SELECT count(*) FROM "case"')[0][0]
    assert (held, its) == (pair.counted["ours"], pair.counted["floor"]), "rows"
    keys = {house.keys.signing.kid: house.keys.signing.key}
    for receipt in pair.receipts[:: max(len(pair.receipts) // 20, 1)]:
        envelopes.verify_receipt(receipt.decode(), keys, audience=LANDLORD, issuer=BASE_URL)
    report = ledger.verify(house.sessions, house.keys, deep=True)
    assert report, report.what
    return {"referrals": held, "log entries": report.entries}


def access_floor(pair: Pair, packet: Packet) -> None:
    """Let the floor check who sends, and keep the proof's id."""
    assert pair.floor.access(packet)["sub"] == LANDLORD


def access_ours(pair: Pair, packet: Packet) -> None:
    """What the door does before it reads anything: token, proof, standing of the caller."""
    with pair.stage.app.request_context(environ(packet)):
        assert authenticate(request, needs_nonce=True).agency_id == LANDLORD


def submit_floor(pair: Pair, packet: Packet) -> None:
    """Let the floor take in a referral."""
    assert submit(pair.floor, packet).count(b".") == 2
    pair.counted["floor"] += 1


def submit_ours(pair: Pair, packet: Packet) -> Mapping[str, Any]:
    """What the door does, without Flask's dispatch: authenticate, open a Work, call the flow.

    Gives the record of it in the log.
    """
    house = pair.stage.house
    with pair.stage.app.request_context(environ(packet)):
        caller = authenticate(request, needs_nonce=True)
        body = request.get_data(cache=False).decode("ascii")
        with begin(house.sessions, house.keys, caller, NOW, profiles=house.profiles) as work:
            answer = referrals.submit(work, body, audience=BASE_URL, key=packet.key)
    assert answer.status == 201
    pair.receipts.append(answer.body)
    pair.counted["ours"] += 1
    return work.entries[-1].record


def pull_ours(pair: Pair, reference: str) -> tuple[str, Mapping[str, Any]]:
    """Let the gateway answer the pull of one case, and what its log says of that."""
    house = pair.stage.house
    found = references.read(reference) or "-"
    with begin(house.sessions, house.keys, AS_IDVA, NOW, profiles=house.profiles) as work:
        sealed = cases.pull(work, found, Purpose.P2, issuer=BASE_URL)
    return sealed.body, sealed.entry.record


def submit_smaller(pair: Pair, packet: Packet) -> None:
    """Let the smaller floor take in a referral."""
    assert pair.smaller.submit(packet).count(b".") == 2


def _watch_commits(pair: Pair) -> None:
    dialect = pair.stage.house.sessions.kw["bind"].dialect
    original = dialect.do_commit

    def do_commit(connection: Any) -> None:
        begun = time.perf_counter_ns()
        original(connection)
        pair.commit_ns = time.perf_counter_ns() - begun

    dialect.do_commit = do_commit


def _reference(receipt: bytes) -> str:
    return str(_claims(receipt)["sub"])


def _claims(receipt: bytes) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(jose.b64u_decode(receipt.decode().split(".")[1]))
    return {name: value for name, value in claims.items() if name != "pad"}

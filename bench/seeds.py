"""Owns databases of a chosen size: the gateway's own tables, filled in bulk with seeded rows."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.payloads import NOW
from gateway.migrations import upgrade

AGENCIES = 100
TOKENS = 3  # of each person
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BATCH = 20_000  # cases

Row = tuple[Any, ...]


def case_id(number: int) -> str:
    """The id of the case with this number; ids grow with time, as the gateway's do or may."""
    rest = hashlib.sha256(b"case%d" % number).digest()
    return str(uuid.UUID(bytes=number.to_bytes(6, "big") + rest[:10], version=4))


def entry_id(number: int) -> str:
    """The id of a log entry."""
    rest = hashlib.sha256(b"entry%d" % number).digest()
    return str(uuid.UUID(bytes=rest[:16], version=4))


def reference(number: int) -> str:
    """The reference of a case: random to look at, as real ones are."""
    value = int.from_bytes(hashlib.sha256(b"ref%d" % number).digest()[:7], "big")
    return "".join(_ALPHABET[value >> 5 * place & 31] for place in range(10))


def tokens(person: int) -> list[bytes]:
    """The index tokens of a person."""
    return [hashlib.sha256(b"token%d.%d" % (person, n)).digest() for n in range(TOKENS)]


def agency(number: int) -> str:
    """One of a hundred agencies."""
    return f"agency-{number % AGENCIES:03}"


def received_at(number: int) -> datetime:
    """When a case was opened; later cases later."""
    return NOW + timedelta(seconds=number)


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.000000")


def fill(file: Path, persons: int) -> None:
    """Make a database with so many people, two in each case."""
    upgrade(f"sqlite:///{file}")
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-800000"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO agency VALUES (?,?,?,?,?,?,?)",
            [
                (agency(n), "Invented", "IDVA", "MARLBURY", "OWN", _text(NOW), None)
                for n in range(AGENCIES)
            ],
        )
        for first in range(0, persons // 2, _BATCH):
            numbers = range(first, min(first + _BATCH, persons // 2))
            for statement, rows in _rows(numbers):
                db.executemany(statement, rows)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _rows(numbers: range) -> Iterator[tuple[str, list[Row]]]:
    cases = [(n, case_id(n), agency(n), _text(received_at(n))) for n in numbers]
    cell, versions = random.Random(numbers.start).randbytes(200), "{}"
    yield (
        'INSERT INTO "case" (id, area, referrer_id, opened_at) VALUES (?,?,?,?)',
        [(case, "MARLBURY", who, at) for _, case, who, at in cases],
    )
    yield (
        "INSERT INTO referral (reference, case_id, agency_id, worker_id, received_at)"
        " VALUES (?,?,?,?,?)",
        [(reference(n), case, who, None, at) for n, case, who, at in cases],
    )
    yield (
        "INSERT INTO state (case_id, seq, state, because, reasons, by_agency, by_worker, at)"
        " VALUES (?,1,'TRIAGE','F1','[]',?,NULL,?)",
        [(case, who, at) for _, case, who, at in cases],
    )
    yield (
        "INSERT INTO position (case_id, seq, position, capacity, excluded_kinds,"
        " excluded_agencies, overridden_kinds, barred_kinds, barred_agencies, account,"
        " by_agency, by_worker, at) VALUES (?,1,'GIVEN','HAS','[]','[]','[]','[]','[]',?,?,NULL,?)",
        [(case, cell, who, at) for _, case, who, at in cases],
    )
    yield (
        "INSERT INTO consent (case_id, seq, rule, outcome, share_with, duties, must_record,"
        " versions, at) VALUES (?,1,'F1','ALLOW','[]','[]','[]',?,?)",
        [(case, versions, at) for _, case, _, at in cases],
    )
    yield (
        "INSERT INTO assignment (case_id, agency_id, role, conditions, because, at)"
        " VALUES (?,?,?,'[]','R1',?)",
        [
            (case, agency(n + k), role, at)
            for n, case, _, at in cases
            for k, role in enumerate(("REFERRER", "IDVA", "COORDINATOR"))
        ],
    )
    people = [
        (str(uuid.UUID(int=2 * n + k + 1)), case, role, 2 * n + k)
        for n, case, _, _ in cases
        for k, role in enumerate(("VICTIM", "PERPETRATOR"))
    ]
    yield "INSERT INTO party (id, case_id, role) VALUES (?,?,?)", [row[:3] for row in people]
    yield (
        "INSERT INTO party_token (token, party_id) VALUES (?,?)",
        sorted((token, row[0]) for row in people for token in tokens(row[3])),
    )
    yield (
        "INSERT INTO feed (agency_id, case_id, kind, entry_id, leaf) VALUES (?,?,?,?,?)",
        [(agency(n + 1), case, "ASSIGNED", entry_id(n), n) for n, case, _, _ in cases],
    )
    yield (
        "INSERT INTO log_entry (leaf, id, agency_id, agency_seq, case_id, log_key, commitment,"
        " bytes, hash, record) VALUES (?,?,?,?,?,?,?,?,?,?)",
        [
            (n, entry_id(n), who, n // AGENCIES + 1, case, case, _digest(n), *_leaf(n), cell)
            for n, case, who, _ in cases
        ],
    )
    yield (
        "INSERT INTO answer VALUES (?,?,?,?,?,?,?)",
        [
            (who, entry_id(n), _digest(n), 201, "application/jose", cell, at)
            for n, _, who, at in cases
        ],
    )


def _digest(number: int) -> bytes:
    return hashlib.sha256(b"commitment%d" % number).digest()


def _leaf(number: int) -> tuple[bytes, bytes]:
    data = b'{"v":1,"tag":"%s","commitment":"%s"}' % (
        _digest(number).hex()[:43].encode(),
        _digest(number + 1).hex()[:43].encode(),
    )
    return data, hashlib.sha256(b"\x00" + data).digest()

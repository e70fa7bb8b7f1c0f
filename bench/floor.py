"""Owns the floor: what our jobs cost if they are written by hand and nothing else is.

A floor does the same job (ADR 66): in a database of the same tables it writes the same rows, seals,
signs and records as much, and refuses the same. It has no framework, no schema library, no ORM, no
error text, no rule tables, no second wall and no layers: those are what its ratio measures.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import primitives as p
from bench.pattern import Pattern
from bench.payloads import BASE_URL, NOW, Packet

AT = "2026-11-21 10:00:00.000000"  # the moment of the run, as the database has it
_MILLIS = f"{int(NOW.timestamp() * 1000):012x}"
_REPLAY = """
CREATE TABLE IF NOT EXISTS seen (hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS ix_seen ON seen (expires_at);
CREATE TABLE IF NOT EXISTS bucket
  (key TEXT PRIMARY KEY, tokens REAL, updated REAL, refused INTEGER);
"""
_STANDING = """
SELECT a.kind, a.area, w.team, k.kid FROM agency a
JOIN worker w ON w.agency_id = a.id AND w.id = ? AND w.suspended_at IS NULL
JOIN agency_key k ON k.agency_id = a.id AND k.kid = ? AND k.use = 'sig'
  AND (k.valid_until IS NULL OR k.valid_until > ?)
WHERE a.id = ? AND a.suspended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM revoked_token r WHERE r.jti = ?)
"""
_TAKE = """
INSERT INTO bucket VALUES (?, ?, ?, 0) ON CONFLICT (key) DO UPDATE SET
  tokens = min(?, tokens + (? - updated) * 10) - 1, updated = ?, refused = 0
RETURNING tokens
"""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=10000",
    "foreign_keys=ON",
    "secure_delete=ON",
)


@dataclass(slots=True)
class Material:
    """The keys of both sides, as `cryptography` has them."""

    token: Any
    sender: Any
    envelope: Any = field(repr=False)
    signing: Any = field(repr=False)
    master: bytes = field(repr=False)
    index: bytes = field(repr=False)
    nonce: str  # of the minute that the run is in


class Floor:
    """The floor's databases and keys. `commit_ns` is the wall time of the last commit.

    `file` is a database with the tables, agencies, workers and keys of the gateway.
    """

    def __init__(
        self, file: Path, material: Material, model: Mapping[str, Any], pattern: Pattern
    ) -> None:
        self.db = sqlite3.connect(file, isolation_level=None)
        for pragma in _PRAGMAS:
            self.db.execute(f"PRAGMA {pragma}")
        self.replay = sqlite3.connect(f"{file}.replay", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "busy_timeout=10000"):
            self.replay.execute(f"PRAGMA {pragma}")
        self.replay.executescript(_REPLAY)
        self.material, self.shape, self.pattern = material, p.shape_of(model), pattern
        self.master = AESGCM(material.master)
        self.commit_ns = 0

    def close(self) -> None:
        """Let go of both databases."""
        self.db.close()
        self.replay.close()

    def access(self, packet: Packet) -> dict[str, Any]:
        """Check token and proof, that this is the proof's first use, and who stands behind it."""
        claims, proof = p.check_access(packet, self.material.token, BASE_URL, NOW.timestamp())
        if proof["nonce"] != self.material.nonce:
            raise ValueError("nonce")
        use = f"{packet.path}|{claims['cnf']['jkt']}|{proof['jti']}"
        digest = hashlib.sha256(use.encode()).digest()
        self.replay.execute("INSERT INTO seen VALUES (?, ?)", (digest, int(NOW.timestamp()) + 61))
        asked = (claims["worker"], claims["key"], AT, claims["sub"], claims["jti"])
        if self.db.execute(_STANDING, asked).fetchone() is None:
            raise ValueError("standing")
        return claims

    def take(self, agency: str, burst: float = 1e6) -> None:
        """Take one from the bucket of an agency."""
        now = NOW.timestamp()
        values = (agency, burst - 1, now, burst, now, now)
        if self.replay.execute(_TAKE, values).fetchone() is None:
            raise ValueError("rate")

    def begin(self) -> None:
        """Begin a transaction that writes."""
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit, and keep how long it took."""
        begun = time.perf_counter_ns()
        self.db.execute("COMMIT")
        self.commit_ns = time.perf_counter_ns() - begun

    def add(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows that have the same columns, with one statement."""
        if rows:
            names = tuple(rows[0])
            marks = ",".join("?" * len(names))
            columns = ",".join(f'"{name}"' for name in names)
            text = f'INSERT INTO "{table}" ({columns}) VALUES ({marks})'  # noqa: S608
            self.db.executemany(text, [tuple(row.values()) for row in rows])

    def run(self, text: str, *values: Any) -> list[Any]:
        """Run a statement and return what it answers."""
        return self.db.execute(text, values).fetchall()

    def seal(self, key: AESGCM, plain: bytes, *place: str) -> bytes:
        """A cell of a row, bound to its place, as `gateway.sealing.cells` lays it out."""
        nonce = os.urandom(12)
        bound = b"\x01\0\0\0\x01" + "\0".join(place).encode()
        return b"\x01\0\0\0\x01" + nonce + key.encrypt(nonce, plain, bound)

    def unseal(self, key: AESGCM, cell: bytes, *place: str) -> bytes:
        """What `seal` sealed."""
        return key.decrypt(cell[5:17], cell[17:], cell[:5] + "\0".join(place).encode())

    def log(self, key_of: Mapping[str, bytes], records: Iterable[Mapping[str, Any]]) -> list[Line]:
        """Write lines for the log's sequencer, each sealed under the key of its case."""
        lines, rows = [], []
        for record in records:
            text, salt, entry_id = p.dump_sorted(record), os.urandom(16), new_id()
            commitment = hashlib.sha256(salt + text).digest()
            subject = record["case"] or AT[:7]
            key = AESGCM(key_of[subject])
            rows.append(
                {
                    "id": entry_id,
                    "agency_id": record["agency"],
                    "case_id": record["case"],
                    "log_key": subject,
                    "commitment": commitment,
                    "record": self.seal(key, salt + text, "log_entry", entry_id, subject),
                }
            )
            lines.append(Line(entry_id, commitment, salt, record))
        self.add("log_pending", rows)
        return lines

    def checkpoint(self) -> str:
        """The newest checkpoint of the log."""
        text = "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"
        return str(self.db.execute(text).fetchone()[0])


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log."""

    id: str
    commitment: bytes
    salt: bytes
    record: Mapping[str, Any] = field(repr=False)

    def proof(self, checkpoint: str) -> dict[str, str]:
        """What its reader is given of it."""
        return {
            "commitment": p.b64(self.commitment).decode(),
            "salt": p.b64(self.salt).decode(),
            "checkpoint": checkpoint,
        }


def new_id() -> str:
    """An id in the order of time, as the gateway's are: neighbours lie together on the disk."""
    rest = os.urandom(10).hex()
    return f"{_MILLIS[:8]}-{_MILLIS[8:]}-7{rest[:3]}-8{rest[3:6]}-{rest[6:18]}"


def wrap(key: AESGCM, inner: bytes, *place: str) -> bytes:
    """A key under another, bound to its place."""
    nonce = os.urandom(12)
    return nonce + key.encrypt(nonce, inner, "\0".join(place).encode())


def unwrap(key: AESGCM, blob: bytes, *place: str) -> bytes:
    """The inner key."""
    return key.decrypt(blob[:12], blob[12:], "\0".join(place).encode())

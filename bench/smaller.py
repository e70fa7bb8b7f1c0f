"""Owns the smaller floor of a submission: the job as it was before the gateway was built.

A referral in 8 parts, found by 12 keyed values, with nobody granted anything: kept so that the
ratio that was published first can still be read (ADR 66). The goals are held against `bench.floor`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import time
import unicodedata
import uuid
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from bench import primitives as p
from bench.floor import Material
from bench.payloads import BASE_URL, NOW, Packet

SCHEMA = """
CREATE TABLE jti (jti TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE answer (key TEXT PRIMARY KEY, digest BLOB, receipt BLOB) WITHOUT ROWID;
CREATE TABLE kase (id TEXT PRIMARY KEY, reference TEXT UNIQUE, area TEXT, level TEXT, rule TEXT,
  kek BLOB);
CREATE TABLE part (case_id TEXT, name TEXT, dek BLOB, cell BLOB, PRIMARY KEY (case_id, name));
CREATE TABLE token (token BLOB, case_id TEXT, PRIMARY KEY (token, case_id)) WITHOUT ROWID;
CREATE TABLE route (agency TEXT, case_id TEXT, role TEXT, PRIMARY KEY (agency, case_id))
  WITHOUT ROWID;
CREATE TABLE log (n INTEGER PRIMARY KEY, line BLOB, hash BLOB);
"""
GROUPS = {
    "people": ("victim",),
    "perpetrators": ("perpetrators",),
    "children": ("children",),
    "incidents": ("incidents",),
    "referral": ("referral", "referrer"),
    "risk": ("risk_assessments",),
    "consent": ("consent_record",),
    "household": ("household", "orders"),
}
AGENCIES = [(f"agency-{n:02}", "MARLBURY" if n % 2 else "FENHOLLOW", n % 7) for n in range(20)]
CONSENT = {("GIVEN", level): ("F1", "SHARE") for level in ("HIGH", "MEDIUM", "STANDARD")}


class Smaller:
    """Its database and keys. `commit_ns` is the wall time of the last commit."""

    def __init__(self, file: Path, material: Material, model: dict[str, Any]) -> None:
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("PRAGMA busy_timeout=10000")
        if not self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'log'").fetchone():
            self.db.executescript(SCHEMA)
        self.material, self.shape = material, p.shape_of(model)
        self.commit_ns = 0

    def submit(self, packet: Packet) -> bytes:
        """Take in a referral and answer with a signed receipt."""
        m = self.material
        _, proof = p.check_access(packet, m.token, BASE_URL, NOW.timestamp())
        signed = p.decrypt(packet.body, m.envelope)
        raw = p.verify(signed, m.sender)
        claims = json.loads(raw)
        if claims["aud"] != BASE_URL or claims["exp"] < NOW.timestamp():
            raise ValueError("claims")
        document = claims["document"]
        p.check(document, self.shape)
        level, rule, routes = decide(document)
        case_id, case_key = str(uuid.uuid4()), os.urandom(32)
        parts = self._seal(document, case_id, case_key)
        tokens = index(m.index, document)
        digest = hashlib.sha256(raw).digest()
        reference = os.urandom(5).hex()
        told = {"reference": reference, "level": level, "rule": rule, "routed": routes}
        receipt = p.sign(p.dump(told), m.signing)
        db, wrapped = self.db, aes_key_wrap(m.master, case_key)
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO jti VALUES (?)", [(proof["jti"],), (claims["jti"],)])
        db.execute("SELECT 1 FROM answer WHERE key = ?", (packet.key,)).fetchone()
        db.execute(lookup(len(tokens)), tokens).fetchall()
        db.execute(
            "INSERT INTO kase VALUES (?,?,?,?,?,?)",
            (case_id, reference, "MARLBURY", level, rule, wrapped),
        )
        db.executemany("INSERT INTO part VALUES (?,?,?,?)", parts)
        db.executemany("INSERT INTO token VALUES (?,?)", [(t, case_id) for t in set(tokens)])
        db.executemany(
            "INSERT INTO route VALUES (?,?,?)", [(each, case_id, "ASSIGNED") for each in routes]
        )
        self.log([{"event": "submit", "case": case_id, "because": rule, "at": 0}])
        db.execute("INSERT INTO answer VALUES (?,?,?)", (packet.key, digest, receipt))
        self.commit()
        return receipt

    def log(self, lines: list[dict[str, Any]]) -> None:
        """Chain lines to the log, in the open transaction."""
        found = self.db.execute("SELECT n, hash FROM log ORDER BY n DESC LIMIT 1").fetchone()
        number, last = found or (0, b"")
        rows = []
        for line in lines:
            text = json.dumps(line, separators=(",", ":")).encode()
            number, last = number + 1, hashlib.sha256(last + text).digest()
            rows.append((number, text, last))
        self.db.executemany("INSERT INTO log VALUES (?,?,?)", rows)

    def commit(self) -> None:
        """Commit, and keep how long it took."""
        begin = time.perf_counter_ns()
        self.db.execute("COMMIT")
        self.commit_ns = time.perf_counter_ns() - begin

    def _seal(
        self, document: dict[str, Any], case_id: str, case_key: bytes
    ) -> list[tuple[str, str, bytes, bytes]]:
        rows = []
        for name, members in GROUPS.items():
            key, nonce = os.urandom(32), os.urandom(12)
            text = p.dump({member: document.get(member) for member in members})
            cell = nonce + AESGCM(key).encrypt(nonce, text, f"{case_id}|{name}".encode())
            rows.append((case_id, name, aes_key_wrap(case_key, key), cell))
        return rows


def decide(document: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Score, consent and routes over twenty agencies."""
    answers = [a for row in document["risk_assessments"]["value"] for a in row["answers"]]
    score = sum(answer["value"] == "YES" for answer in answers)
    level = "HIGH" if score >= 14 else "MEDIUM" if score >= 10 else "STANDARD"
    rule, _ = CONSENT[document["victim"]["position"], level]
    routes = [name for name, area, kind in AGENCIES if area == "MARLBURY" and kind in (1, 3)]
    return level, rule, routes


def index(key: bytes, document: dict[str, Any]) -> list[bytes]:
    """Twelve keyed tokens of normalised names, dates of birth and numbers."""
    victim, perpetrator = document["victim"], document["perpetrators"][0]
    names = [victim["given_names"], victim["family_name"], *victim["aliases"]]
    found = [f"nd|{fold(name)}|{victim['dob']['value']}" for name in names]
    names = [perpetrator["given_names"], perpetrator["family_name"], *perpetrator["aliases"]]
    found += [f"nd|{fold(name)}|{perpetrator['dob']}" for name in names]
    found += [f"id|{victim['nhs_number']}", f"ph|{perpetrator['phones'][0][-10:]}"]
    for child in document["children"]:
        dob = child["dob"]["value"]
        found += [f"nd|{fold(child[n])}|{dob}" for n in ("given_names", "family_name")]
    return [hmac.digest(key, text.encode(), "sha256") for text in found]


def fold(text: str) -> str:
    """Letters and digits alone, decomposed and case-folded."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())


def lookup(count: int) -> str:
    """Everybody who shares one of so many tokens, in one statement by index."""
    return f"SELECT case_id, token FROM token WHERE token IN ({','.join('?' * count)})"  # noqa: S608

"""Owns the floor of the reading jobs: pull, check of the log, lookup of a person."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from bench import primitives as p
from bench.floor import AT, Floor, Line
from bench.floor_facts import FACTS, SECTIONS, Case, Reader, decided, marks, opened, record_of
from bench.payloads import BASE_URL, NOW

_BY_REFERENCE = FACTS + "WHERE r.reference = ?"
_READER = """
SELECT a.custody, k.kid, k.jwk FROM agency a JOIN agency_key k ON k.agency_id = a.id
WHERE a.id = ? AND k.use = 'enc' AND k.valid_until IS NULL ORDER BY k.valid_from DESC LIMIT 1
"""
_PERSON = (
    "SELECT p.case_id, p.role, t.token FROM party_token t JOIN party p ON p.id = t.party_id"
    " WHERE t.token IN ({})"
)


def pull(floor: Floor, reference: str, who: Reader, key: Any) -> bytes:
    """Decide, record, open, give and keep a receipt, and seal a case for one agency."""
    floor.begin()
    (facts,) = floor.run(_BY_REFERENCE, reference)
    ((case_id, case),) = decided(floor, [facts], who, SECTIONS).items()
    (custody, kid, _jwk) = floor.run(_READER, who.agency)[0]
    (line,) = floor.log({case_id: case.log_key}, [record_of(floor, "case.read", case_id, case)])
    shown = [
        {"section": name, "level": "FULL", "content": content, "owner": owner}
        for name, owner, content in opened(floor, who, case_id, case)
    ]
    there = {each["section"] for each in shown}
    less = sorted(case.levels.keys() - there)
    shown += [{"section": n, "level": "SUMMARY", "content": {"present": True}} for n in less]
    document = {"reference": facts[1], "level": facts[8], "state": facts[2], "stage": "RESEARCH"}
    document |= {"sections": shown, "sealed": [], "withheld": less}
    told = {name: line.record[name] for name in ("t", "agency", "worker", "because", "basis")}
    told |= {"levels": case.levels, "versions": line.record["versions"], "custody": custody}
    told |= {"purpose": who.purpose, **_receipt(floor, who, case_id, case, line, document, custody)}
    claims = {"iss": BASE_URL, "form": "disclosure/1", "document": document, "receipt": told}
    claims |= {"aud": who.agency, "iat": int(NOW.timestamp()), "jti": line.id, "kid": kid}
    claims |= {"log": line.proof(floor.checkpoint()), "worker": who.worker}
    sealed = p.encrypt(p.sign(p.padded(claims), floor.material.signing), key)
    floor.commit()
    return sealed


def read_and_hash(db: sqlite3.Connection) -> int:
    """Read the stored lines of a log and compare the hash of each; how many there are."""
    count = 0
    cursor = db.execute("SELECT bytes, hash FROM log_entry ORDER BY leaf")
    while rows := cursor.fetchmany(4096):
        for data, hashed in rows:
            if hashlib.sha256(b"\x00" + data).digest() != hashed:
                raise ValueError("hash")
        count += len(rows)
    return count


def find_person(db: sqlite3.Connection, tokens: Sequence[bytes]) -> list[Any]:
    """Everybody who shares one of three tokens, with the role, in one statement."""
    return db.execute(_PERSON.format(marks(len(tokens))), tokens).fetchall()


def _receipt(
    floor: Floor,
    who: Reader,
    case_id: str,
    case: Case,
    line: Line,
    document: Mapping[str, Any],
    custody: str,
) -> dict[str, Any]:
    """Sign what is told, keep it sealed under the case's key, and tell whose words they are."""
    logged = ("t", "agency", "worker", "purpose", "because", "basis", "levels", "versions")
    part = {"reference": document["reference"], **{name: line.record[name] for name in logged}}
    part["withheld"] = [{"section": n, "level": "SUMMARY"} for n in document["withheld"]]
    part["log"] = {"commitment": p.b64(line.commitment).decode(), "salt": p.b64(line.salt).decode()}
    salt, content_salt = os.urandom(16), os.urandom(16)
    claims = {"iss": BASE_URL, "aud": who.agency, "iat": int(NOW.timestamp())}
    claims |= {"form": "disclosure/1", "custody": custody}
    claims |= {"content": _digest(content_salt, document), "parts": [_digest(salt, part)]}
    signed = p.sign(p.padded(claims), floor.material.signing).decode()
    shown = {"salt": p.b64(salt).decode(), "part": part}
    unsaid = [
        {
            "section": name,
            "owner": owner,
            "level": case.levels.get(name, "NONE"),
            "rule": "row",
            "why": "This kind of agency does not need to read it for what it stated.",
        }
        for _, _, name, kind, owner, *_ in case.sections
        if kind == "FULL" and case.levels.get(name) != "FULL"
    ]
    consent = {"version": 1, "outcome": case.facts[3], "position": case.facts[5]}
    behind = {"state": case.facts[2], "consent": consent, "withheld": unsaid}
    kept = {"signed": signed, **shown, "kept": behind}
    row = {"id": line.id, "case_id": case_id, "agency_id": who.agency, "form": "disclosure/1"}
    content = floor.seal(case.key, p.dump_fast(kept), "receipt", line.id, case_id)
    floor.add("receipt", [{**row, "at": AT, "content": content}])
    owners = [each for each in line.record["facts"]["owners"] if each != who.agency]
    news = {"case_id": case_id, "kind": "LOOKED", "entry_id": line.id}
    floor.add("feed", [{**news, "agency_id": owner} for owner in owners])
    return {"signed": signed, "content": {"salt": p.b64(content_salt).decode()}, "parts": [shown]}


def _digest(salt: bytes, value: Any) -> str:
    return p.b64(hashlib.sha256(salt + p.dump_sorted(value)).digest()).decode()

"""Owns the floor of the reading jobs: pull, agenda, check of the log, lookup of a person."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from jinja2 import Environment

from bench import primitives as p
from bench.floor import Floor

NEED_TO_KNOW = {
    "ASSIGNED": {
        "people",
        "perpetrators",
        "children",
        "incidents",
        "referral",
        "risk",
        "consent",
    }
}
_CASES = "SELECT k.id, k.reference, k.level, k.kek FROM kase k WHERE k.reference IN ({})"
_PARTS = "SELECT case_id, name, dek, cell FROM part WHERE case_id IN ({})"
_SHOWN = " AND name IN ('people', 'children', 'risk', 'referral')"
_PERSON = (
    "SELECT p.case_id, p.role, t.token FROM party_token t JOIN party p ON p.id = t.party_id"
    " WHERE t.token IN ({})"
)
_PAGE = """<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Agenda</title>
</head><body><h1>Agenda</h1><p>{{ count }} cases</p>
<table><caption>Cases as they are heard</caption>
<thead><tr><th>Case</th><th>Referral</th><th>Why</th><th>Risk</th><th>Mind</th><th>Due</th></tr>
</thead><tbody>{% for row in rows %}<tr><th scope="row"><span class="number">{{ loop.index }}</span>
<span class="time">{{ row["time"] }}</span> <span class="label">{{ row["label"] }}</span>
<span class="ref">{{ row["reference"] }}</span></th>
<td><dl><dt>Kind</dt><dd>{{ row["kind"] }}</dd><dt>Referred by</dt><dd>{{ row["referrer"] }}</dd>
<dd>{{ row["name"] }}</dd></dl></td>
<td><dl><dt>Criteria</dt>{% for each in row["criteria"] %}<dd>{{ each }}</dd>{% endfor %}
<dt>Place in the order</dt><dd>{{ row["place"] }}</dd></dl></td>
<td><dl><dt>Level</dt><dd><span class="icon" aria-hidden="true">!</span> {{ row["level"] }}</dd>
<dt>Score</dt><dd>{{ row["score"] }}</dd><dt>Critical answers</dt>
{% for each in row["critical"] %}<dd>{{ each }}</dd>{% endfor %}</dl></td>
<td><dl><dt>Markers</dt>{% for each in row["markers"] %}<dd><span class="icon">*</span>
{{ each }}</dd>{% endfor %}<dt>Children named</dt><dd>{{ row["children"] }}</dd></dl></td>
<td><dl><dt>IDVA service</dt><dd>{{ row["idva"] }}</dd></dl></td></tr>{% endfor %}
</tbody></table></body></html>"""
PAGE = Environment(autoescape=True).from_string(_PAGE)


def pull(floor: Floor, references: Sequence[str], agency: str, key: Any) -> bytes:
    """Read, filter and open cases, log each, and seal them for one agency in one answer."""
    db, many = floor.db, len(references)
    db.execute("BEGIN IMMEDIATE")
    cases = _all(db, _CASES, references)
    ids = [row[0] for row in cases]
    roles = dict(
        db.execute(
            f"SELECT case_id, role FROM route WHERE agency = ? AND case_id IN ({_marks(many)})",  # noqa: S608
            [agency, *ids],
        )
    )
    parts = _all(db, _PARTS, ids)
    keys = {row[0]: aes_key_unwrap(floor.material.master, row[3]) for row in cases}
    floor.log([{"event": "read", "case": case, "agency": agency} for case in ids])
    opened = [
        f'"{name}":'.encode() + _open(keys[case], dek, cell, case, name)
        for case, name, dek, cell in parts
        if name in NEED_TO_KNOW[roles[case]]
    ]
    signed = p.sign(b"{" + b",".join(opened) + b"}", floor.material.signing)
    sealed = p.encrypt(signed, key)
    floor.commit()
    return sealed


def agenda(floor: Floor, references: Sequence[str]) -> str:
    """Read the cases of a conference, open what a line shows, order, log, and render a page."""
    db = floor.db
    db.execute("BEGIN IMMEDIATE")
    cases = _all(db, _CASES, references)
    keys = {row[0]: aes_key_unwrap(floor.material.master, row[3]) for row in cases}
    parts = _all(db, _PARTS + _SHOWN, list(keys))
    floor.log([{"event": "agenda", "case": case} for case in keys])
    documents: dict[str, dict[str, Any]] = {case: {} for case in keys}
    for case, name, dek, cell in parts:
        documents[case] |= json.loads(_open(keys[case], dek, cell, case, name))
    rows = [
        {**_line(documents[case]), "reference": reference, "level": level}
        for case, reference, level, _ in cases
    ]
    rows.sort(key=lambda row: (row["level"], -len(row["critical"]), row["reference"]))
    for place, row in enumerate(rows):
        row["time"] = f"{9 + place // 6:02}:{place % 6}0"
    page = PAGE.render(rows=rows, count=len(rows))
    floor.commit()
    return page


def _line(document: dict[str, Any]) -> dict[str, Any]:
    """What an agenda shows of a case."""
    answers = [a for row in document["risk_assessments"]["value"] for a in row["answers"]]
    yes = [answer["item_id"] for answer in answers if answer["value"] == "YES"]
    victim = document["victim"]
    return {
        "label": f"{victim['given_names'][0]}.{victim['family_name'][0]}.",
        "criteria": document["referral"]["criteria"],
        "score": f"DASH {len(yes)}/24",
        "critical": yes[:6],
        "markers": ["STRANGULATION"],
        "children": len(document["children"]),
        "kind": "NEW",
        "referrer": "LANDLORD",
        "name": "Harbourgate Homes",
        "place": "LEVEL",
        "idva": "WAITING",
    }


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
    return _all(db, _PERSON, tokens)


def _open(case_key: bytes, dek: bytes, cell: bytes, case: str, name: str) -> bytes:
    key = aes_key_unwrap(case_key, dek)
    return AESGCM(key).decrypt(cell[:12], cell[12:], f"{case}|{name}".encode())


def _all(db: sqlite3.Connection, statement: str, values: Sequence[Any]) -> list[Any]:
    return db.execute(statement.format(_marks(len(values))), values).fetchall()


def _marks(count: int) -> str:
    return ",".join("?" * count)

"""Owns the smaller floor of pull and agenda: no receipt, nothing but the caller's role asked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from bench import primitives as p
from bench.page import PAGE
from bench.smaller import Smaller

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


def pull(floor: Smaller, references: Sequence[str], agency: str, key: Any) -> bytes:
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


def agenda(floor: Smaller, references: Sequence[str]) -> str:
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


def _open(case_key: bytes, dek: bytes, cell: bytes, case: str, name: str) -> bytes:
    key = aes_key_unwrap(case_key, dek)
    return AESGCM(key).decrypt(cell[:12], cell[12:], f"{case}|{name}".encode())


def _all(db: sqlite3.Connection, statement: str, values: Sequence[Any]) -> list[Any]:
    return db.execute(statement.format(_marks(len(values))), values).fetchall()


def _marks(count: int) -> str:
    return ",".join("?" * count)

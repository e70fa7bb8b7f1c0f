"""Owns what the gateway does for one referral, as far as the floor has to do as much.

Learned from the gateway's own database and answers at the start of a run, so that a floor that was
right once does not stay behind: how a document is cut, who is granted what, which rows tell of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.rules.sections import split

FILE = "pattern.json"
# Rows of codes and dates that follow from a document: what stands in them is the gateway's.
DATED = ("position", "risk", "consent", "state", "assignment", "feed")
OWN = {"id", "case_id", "entry_id", "leaf"}


@dataclass(slots=True)
class Pattern:
    """What follows from one referral, and what is told of it later; JSON all through."""

    sections: list[tuple[str, str]]  # name and part, in order
    shapes: dict[str, Any]  # section -> the members of the document that are in it
    granted: dict[str, list[int]]  # agency -> places in `sections`
    rows: dict[str, list[dict[str, Any]]]  # table -> the rows of a case, without ids
    receipt: dict[str, Any] = field(default_factory=dict)  # claims of the sender's receipt
    records: dict[str, Any] = field(default_factory=dict)  # event -> a line of the log

    def keep(self, folder: Path) -> None:
        """Write it for the servers of this run."""
        kept = {name: getattr(self, name) for name in self.__slots__}
        (folder / FILE).write_text(json.dumps(kept), encoding="utf-8")


def load(folder: Path) -> Pattern:
    """What `keep` wrote."""
    return Pattern(**json.loads((folder / FILE).read_text(encoding="utf-8")))


def learn(file: Path, document: Mapping[str, Any], section_of: Mapping[str, str]) -> Pattern:
    """Read what the gateway made of its first referral, whose document is given."""
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        (case_id,) = db.execute('SELECT id FROM "case" ORDER BY rowid LIMIT 1').fetchone()
        of_case = "SELECT {} FROM {} WHERE case_id = ? ORDER BY {}"
        listed = db.execute(of_case.format("id, name, part", "section", "rowid"), (case_id,))
        sections = [tuple(row) for row in listed]
        place = {id_: number for number, (id_, *_) in enumerate(sections)}
        granted: dict[str, list[int]] = {}
        grants = of_case.format("agency_id, section_id", "section_grant", "agency_id")
        for agency_id, section_id in db.execute(grants, (case_id,)):
            granted.setdefault(agency_id, []).append(place[section_id])
        rows = {name: rows_of(db, name, case_id, without=OWN) for name in DATED}
    return Pattern(
        sections=[(name, part) for _, name, part in sections],
        shapes={name: _shape(part, document) for name, part in split(document, section_of).items()},
        granted=granted,
        rows=rows,
    )


def rows_of(
    db: sqlite3.Connection, table: str, case_id: str, *, without: set[str]
) -> list[dict[str, Any]]:
    """The rows of a case in a table, in order, without what is sealed."""
    found = db.execute(f"SELECT * FROM {table} WHERE case_id = ? ORDER BY rowid", (case_id,))  # noqa: S608
    return [
        {
            name: row[name]
            for name in row.keys()  # noqa: SIM118  (a row is no mapping)
            if name not in without and not isinstance(row[name], bytes)
        }
        for row in found
    ]


def _shape(part: Any, whole: Any) -> Any:
    """The members of `whole` that are in `part`; None for all there is."""
    if part == whole:
        return None
    if isinstance(part, dict):
        return {name: _shape(part[name], whole[name]) for name in part}
    return [next(_shape(one, other) for one, other in zip(part, whole, strict=True) if one)]

"""Owns a large database: meetings that were lived, copied row by row under other names and times.

Every cell, grant and log line of a copy is sealed anew where it stands, under keys of its own, so
the gateway reads a copy as it reads what was lived. The log is sequenced by the gateway itself.
Nothing of the service can do this: it knows no way to write a case but through its doors.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count, cycle, islice
from os import urandom
from typing import Any

from sqlalchemy import Date, Table

from bench.lived import Block
from bench.service import NOW
from gateway.ledger import records
from gateway.schemas import reference as spelling
from gateway.sealing import cells
from gateway.sealing import sections as seal
from gateway.sealing.keys import Keys, case_context, log_context
from gateway.store import log
from gateway.store import tables as t
from gateway.store.types import Utc

LINES = 300  # of the log, for each case: those that were lived, again and again
_GATEWAY = "@gateway"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MADE_ANEW = {t.log_entry, t.log_pending, t.log_key, t.case_key, t.tombstone}
_NUMBERED = {t.assignment, t.feed}  # by the database
_TOKENS = {t.party_token, t.case_token}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Copy:
    """What becomes of a meeting: its number, how long ago it was, and whose it is now."""

    number: int
    ago: timedelta
    renamed: Mapping[str, str]  # agencies and areas
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Model:
    """The rows of one meeting as they lie there, and the plain text behind their seals."""

    rows: Mapping[Table, list[Row]]
    plain: Mapping[tuple[str, str, str], bytes]  # table, column, place
    lines: Mapping[str, list[tuple[str, bytes]]]  # by case: agency, record


def model(db: sqlite3.Connection, keys: Keys, block: Block) -> Model:
    """Read a meeting that was lived, and open what is sealed in it."""
    db.row_factory = sqlite3.Row
    references = [spelling.read(each) or "" for each in block.references]
    cases = [row["case_id"] for row in _in(db, "referral", "reference", references)]
    rows: dict[Table, list[Row]] = {}
    for table in t.metadata.sorted_tables:
        names = table.c.keys()
        if table in _MADE_ANEW:
            continue
        if table is t.case:
            rows[table] = _in(db, "case", "id", cases)
        elif "case_id" in names:
            rows[table] = _in(db, table.name, "case_id", cases)
        elif table is t.referral_version:
            rows[table] = _in(db, table.name, "reference", references)
        elif table is t.party_token:
            rows[table] = _in(db, table.name, "party_id", [row["id"] for row in rows[t.party]])
        elif block.conference and (table is t.conference or "conference_id" in names):
            name = "id" if table is t.conference else "conference_id"
            rows[table] = _in(db, table.name, name, [block.conference])
    held = {
        row["case_id"]: keys.provider.unwrap(
            row["epoch"], row["wrapped"], case_context(row["case_id"], row["gen"])
        )
        for row in _in(db, "case_key", "case_id", cases)
    }
    return Model(rows, dict(_opened(rows, held)), _lines(db, keys, cases))


def _in(db: sqlite3.Connection, table: str, column: str, values: list[str]) -> list[Row]:
    marks = ",".join("?" * len(values))
    query = f'SELECT * FROM "{table}" WHERE "{column}" IN ({marks})'  # noqa: S608  # own names
    return [dict(row) for row in db.execute(query, values)]


def _place(table: Table, row: Row) -> str:
    """The row that a cell of this table is bound to, as the gateway binds it."""
    if table is t.referral_version:
        return f"{row['reference']}/{row['version']}"
    if table is t.research_return:
        return f"{row['conference_id']}/{row['agency_id']}/{row['version']}"
    if table is t.seal_request:
        return f"{row['source_id']}/{row['agency_id']}"
    return str(row["case_id"] if "seq" in row else row["id"])


def _cells(table: Table) -> list[str]:
    """The columns that hold a cell under the key of the case."""
    return [
        column.name
        for column in table.columns
        if column.name in ("account", "answer", "review", "needs", "document", "content")
        and column.type.python_type is bytes
        and table is not t.section
    ]


def _opened(
    rows: Mapping[Table, list[Row]], held: Mapping[str, bytes]
) -> Iterator[tuple[tuple[str, str, str], bytes]]:
    of = {row["reference"]: row["case_id"] for row in rows[t.referral]}
    for row in rows[t.section]:
        where = {"case_id": row["case_id"], "section_id": row["id"]}
        own = seal.open_grant(held[row["case_id"]], row["key"], **where, agency_id=_GATEWAY)
        yield (
            ("section", "content", row["id"]),
            seal.open_section_content(own, row["content"], **where),
        )
    for table, listed in rows.items():
        for row in listed:
            case_id = row.get("case_id") or of.get(row.get("reference", ""), "")
            for column in _cells(table):
                if row[column] is not None:
                    place = _place(table, row)
                    at = {"table": table.name, "column": column, "row": place, "case": case_id}
                    text = cells.open_cell(held[case_id], **at, cell=row[column])
                    yield (table.name, column, f"{place}#{row.get('seq', '')}"), text


def _lines(
    db: sqlite3.Connection, keys: Keys, cases: list[str]
) -> dict[str, list[tuple[str, bytes]]]:
    held = {
        row["subject"]: keys.provider.unwrap(
            row["epoch"], row["wrapped"], log_context(row["subject"])
        )
        for row in _in(db, "log_key", "subject", cases)
    }
    found: dict[str, list[tuple[str, bytes]]] = {case_id: [] for case_id in cases}
    for row in _in(db, "log_entry", "case_id", cases):
        line = log.Line(
            row["id"], row["agency_id"], row["case_id"], row["log_key"], row["commitment"],
            row["record"],
        )  # fmt: skip
        found[row["case_id"]].append(
            (row["agency_id"], records.unseal(held[line.log_key], line)[1])
        )
    return found


class Writer:
    """Writes copies of one meeting after the other into a database."""

    def __init__(self, db: sqlite3.Connection, keys: Keys, of: Model) -> None:
        self._db, self._keys, self._of = db, keys, of

    def write(self, copy: Copy) -> int:
        """Write one copy, its log lines into the queue; how many cases."""
        one = _One(copy)
        held = {one.id(row["id"]): cells.new_key() for row in self._of.rows[t.case]}
        fresh = {one.id(row["id"]): cells.new_key() for row in self._of.rows[t.section]}
        of = {row["reference"]: one.id(row["case_id"]) for row in self._of.rows[t.referral]}
        for table, rows in self._of.rows.items():
            change = one.changes(table)
            made = []
            for old in rows:
                row = {name: change[name](value) for name, value in old.items() if name in change}
                case_id = row.get("case_id") or of.get(old.get("reference", ""), "")
                self._seal(table, old, row, case_id, held, fresh)
                made.append(row)
            if table is t.state and copy.is_closed:
                made += _closed(made)
            if table is t.flag and copy.is_closed:
                made += _taken_off(made)
            self._insert(table, made)
        self._keys_of(held, one)
        self._log(held, one)
        return len(held)

    def _seal(
        self,
        table: Table,
        old: Row,
        row: Row,
        case_id: str,
        held: Mapping[str, bytes],
        fresh: Mapping[str, bytes],
    ) -> None:
        """Put what is sealed in a row under the keys of the copy."""
        if table is t.section:
            where = {"case_id": case_id, "section_id": row["id"]}
            own, text = fresh[row["id"]], self._of.plain["section", "content", old["id"]]
            row["key"] = seal.wrap_grant(held[case_id], own, **where, agency_id=_GATEWAY)
            row["content"] = seal.seal_section_content(own, text, **where)
        elif table is t.section_grant:
            where = {"case_id": case_id, "section_id": row["section_id"]}
            own = fresh[row["section_id"]]
            row["wrapped"] = seal.wrap_grant(
                held[case_id], own, **where, agency_id=row["agency_id"]
            )
        for column in _cells(table):
            if old[column] is not None:
                key = (table.name, column, f"{_place(table, old)}#{old.get('seq', '')}")
                at = {"table": table.name, "column": column, "row": _place(table, row)}
                row[column] = cells.seal_cell(
                    held[case_id], **at, case=case_id, gen=1, plaintext=self._of.plain[key]
                )

    def _insert(self, table: Table, rows: list[Row]) -> None:
        if rows:
            names = list(rows[0])
            columns, marks = ",".join(f'"{name}"' for name in names), ",".join("?" * len(names))
            self._db.executemany(
                f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})',  # noqa: S608
                [tuple(row.values()) for row in rows],
            )

    def _keys_of(self, held: Mapping[str, bytes], one: _One) -> None:
        made = []
        for case_id, key in held.items():
            epoch, wrapped = self._keys.provider.wrap(key, case_context(case_id, 1))
            made.append({"case_id": case_id, "gen": 1, "epoch": epoch, "wrapped": wrapped})
        self._insert(t.case_key, made)

    def _log(self, held: Mapping[str, bytes], one: _One) -> None:
        """As many lines for each case, into the queue."""
        subjects, made = [], []
        for old, lived in self._of.lines.items():
            case_id, key = one.id(old), cells.new_key()
            epoch, wrapped = self._keys.provider.wrap(key, log_context(case_id))
            subjects.append({"subject": case_id, "epoch": epoch, "wrapped": wrapped})
            for number, (agency_id, record) in enumerate(islice(cycle(lived), LINES)):
                agency, entry = one.name(agency_id), one.id(f"{old}/{number}")
                text = one.record(record, old, case_id)
                salt = urandom(records.SALT)
                made.append(
                    {
                        "id": entry,
                        "agency_id": agency,
                        "case_id": case_id,
                        "log_key": case_id,
                        "commitment": hashlib.sha256(salt + text).digest(),
                        "record": records.seal(key, entry, case_id, salt + text),
                    }
                )
        self._insert(t.log_key, subjects)
        self._insert(t.log_pending, made)


def _closed(states: list[Row]) -> list[Row]:
    """The last step of each case."""
    newest = {row["case_id"]: row for row in sorted(states, key=lambda row: row["seq"])}
    return [{**row, "seq": row["seq"] + 1, "state": "CLOSED"} for row in newest.values()]


def _taken_off(flags: list[Row]) -> list[Row]:
    """The end of each flag whose year is over."""
    newest = {row["case_id"]: row for row in sorted(flags, key=lambda row: row["seq"])}
    return [
        {**row, "seq": row["seq"] + 1, "act": "REMOVED", "reason": "PERIOD_ENDED"}
        for row in newest.values()
        if row["until"] < NOW.date().isoformat()
    ]


class _One:
    """How values become those of one copy: the same again whenever they are asked."""

    def __init__(self, copy: Copy) -> None:
        self._copy, self._moved = copy, dict[Any, Any]()

    def id(self, old: str) -> str:
        """Another id, in the place of this one."""
        raw = self._drawn(old)[:16]
        raw = raw[:6] + bytes([raw[6] & 15 | 64, raw[7], raw[8] & 63 | 128]) + raw[9:]
        found = raw.hex()
        return "-".join((found[:8], found[8:12], found[12:16], found[16:20], found[20:]))

    def name(self, old: str) -> str:
        """An agency, or an area."""
        return self._copy.renamed.get(old, old)

    def record(self, text: bytes, old: str, new: str) -> bytes:
        """A record of the log about the copy, whoever it was about."""
        text = text.replace(old.encode(), new.encode())
        for was, now in self._copy.renamed.items():
            text = text.replace(b'"agency":"%s"' % was.encode(), b'"agency":"%s"' % now.encode())
        return re.sub(rb'"t":"([^"]+)"', self._then, text, count=1)

    def _then(self, found: re.Match[bytes]) -> bytes:
        at = datetime.fromisoformat(found[1].decode().replace("Z", "+00:00")) - self._copy.ago
        return b'"t":"%s"' % at.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()

    def changes(self, table: Table) -> dict[str, Callable[[Any], Any]]:
        """What becomes of each column; those that are left out are given by the database."""
        found: dict[str, Callable[[Any], Any]] = {}
        for column in table.columns:
            if column.primary_key and table in _NUMBERED:
                continue
            if column.name == "leaf":
                found[column.name] = lambda _: None
            elif column.name == "token" and table in _TOKENS:
                found[column.name] = lambda old: self._drawn(old.hex())
            elif isinstance(column.type, Utc):
                found[column.name] = self._moment
            elif isinstance(column.type, Date):
                found[column.name] = self._day
            elif column.name == "reference":
                found[column.name] = self._reference
            else:
                found[column.name] = self._text
        return found

    def _text(self, old: Any) -> Any:
        if not isinstance(old, str):
            return old
        if len(old) == 36 and _UUID.fullmatch(old):
            return self.id(old)
        return self.name(old)

    def _reference(self, old: str) -> str:
        drawn = count()
        return spelling.make(lambda size: self._drawn(f"{old}/{next(drawn)}")[:size])

    def _moment(self, old: str | None) -> str | None:
        if old is None:
            return None
        if old not in self._moved:
            at = datetime.fromisoformat(old) - self._copy.ago
            self._moved[old] = at.strftime("%Y-%m-%d %H:%M:%S.%f")
        return str(self._moved[old])

    def _day(self, old: str | None) -> str | None:
        return None if old is None else (date.fromisoformat(old) - self._copy.ago).isoformat()

    def _drawn(self, old: str) -> bytes:
        return hashlib.sha256(f"{self._copy.number}/{old}".encode()).digest()

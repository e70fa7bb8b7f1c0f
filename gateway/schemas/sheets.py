"""Owns reading a list of earlier cases from a spreadsheet: rows by column, and what is wrong.

Nothing in a sheet is worked out: a formula is a fault, and no other file is opened.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError

from gateway.errors import Invalid, Problem
from gateway.schemas.fields import Strict, Text
from gateway.schemas.shapes import Date, NhsNumber
from gateway.schemas.typed import read_day

LARGEST = 3_000_000  # bytes
MOST_ROWS = 5_000
_INFLATED = 60_000_000
_COLUMNS = 200
_FORMULA = ("=", "@", "\t", "\r")

Mapped = Mapping[str, Sequence[str]]
"""For each field the headings under which it is found, in lower case."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell; `row` as the spreadsheet counts, `column` a field's name."""

    row: int
    column: str
    code: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """One case of the past as its row tells it."""

    row: int
    values: Mapping[str, Any] = field(repr=False)


_FIELDS: Mapping[str, Strict[Any]] = {
    "key": Text(64),
    "referred_on": Date(),
    "heard_on": Date(required=False),
    "victim_given_names": Text(100),
    "victim_family_name": Text(100),
    "victim_dob": Date(required=False),
    "victim_nhs_number": NhsNumber(required=False),
    "perpetrator_given_names": Text(100, required=False),
    "perpetrator_family_name": Text(100),
    "perpetrator_dob": Date(required=False),
}


def read_rows(name: str, content: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV or XLSX file with their numbers; empty ones are left out.

    :raises Invalid: with a code: too_long, unknown_code (no such kind), unreadable,
        active_content (macros, links to other files, or it becomes too much).
    """
    if len(content) > LARGEST:
        raise _bad("too_long")
    ending = name.rsplit(".", 1)[-1].lower()
    if ending not in ("csv", "xlsx"):
        raise _bad("unknown_code")
    rows = _of_csv(content) if ending == "csv" else _of_xlsx(content)
    if len(rows) > MOST_ROWS + 1:
        raise _bad("too_long")
    return [(number, row) for number, row in rows if any(cell for cell in row)]


def interpret(
    rows: Sequence[tuple[int, list[str]]], mapped: Mapped
) -> tuple[list[Earlier], list[Fault]]:
    """Return the cases of a sheet whose first row has the headings, and every fault in it."""
    if not rows:
        return [], [Fault(1, "", "too_short")]
    top, heads = rows[0][0], [cell.strip().lower() for cell in rows[0][1]]
    places = {
        name: place
        for name in _FIELDS
        for place in [next((heads.index(h) for h in mapped.get(name, ()) if h in heads), None)]
        if place is not None
    }
    lacking = [n for n, each in _FIELDS.items() if each.required and n not in places]
    if lacking:
        return [], [Fault(top, name, "missing") for name in lacking]
    found, faults, keys = [], list[Fault](), set[str]()
    for number, row in rows[1:]:
        values, wrong = _row(number, row, places)
        key = values.get("key", "")
        if key in keys:
            wrong.append(Fault(number, "key", "duplicate"))
        keys.add(key)
        faults += wrong
        if not wrong:
            found.append(Earlier(number, values))
    return found, faults


def _row(
    number: int, row: Sequence[str], places: Mapping[str, int]
) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    wrong = []
    for name, place in places.items():
        text = row[place].strip() if place < len(row) else ""
        form = _FIELDS[name]
        if not text:
            if form.required:
                wrong.append(Fault(number, name, "missing"))
            continue
        if text.startswith(_FORMULA):
            wrong.append(Fault(number, name, "active_content"))
            continue
        try:
            values[name] = form.deserialize(_spelled(form, text))
        except ValidationError as error:
            wrong.append(Fault(number, name, str(error.messages[0])))
    return values, wrong


def _spelled(form: Strict[Any], text: str) -> str:
    if isinstance(form, Date):
        return read_day(text)
    return text.replace(" ", "") if isinstance(form, NhsNumber) else text


def _of_csv(content: bytes) -> list[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [(n, [c.strip() for c in row[:_COLUMNS]]) for n, row in enumerate(reader, 1)]
    except (UnicodeDecodeError, csv.Error):
        raise _bad("unreadable") from None


def _of_xlsx(content: bytes) -> list[tuple[int, list[str]]]:
    """The first sheet, as it was saved: no formula is worked out."""
    import openpyxl

    _require_plain(content)
    try:
        book: Any = openpyxl.load_workbook(  # type: ignore[attr-defined, no-untyped-call]
            io.BytesIO(content), read_only=True, keep_links=False
        )
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=_COLUMNS, values_only=True)
        return [(n, [_cell(value) for value in row]) for n, row in enumerate(rows, 1)]
    except Exception as error:
        if isinstance(error, Invalid):
            raise
        raise _bad("unreadable") from None


def _require_plain(content: bytes) -> None:
    """Refuse what carries more than cells, before anything of it is understood."""
    left = _INFLATED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for each in packed.infolist():
                name = each.filename.lower()
                if name.endswith(".bin") or "externallink" in name or "embeddings" in name:
                    raise _bad("active_content")
                with packed.open(each) as opened:
                    part = opened.read(left + 1)
                left -= len(part)
                if left < 0 or b"<!DOCTYPE" in part or b"<!ENTITY" in part:
                    raise _bad("active_content")
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        raise _bad("unreadable") from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _bad(code: str) -> Invalid:
    return Invalid("The spreadsheet is not taken.", Problem(code, "/file"))

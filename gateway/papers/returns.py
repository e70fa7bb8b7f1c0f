"""Owns a quarter's counts on paper: what each figure is called, as CSV and as a workbook.

Counts and our own words alone stand in it. No cell can become a formula, whoever opens the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import xlsxwriter

from gateway.disclosure import ways
from gateway.errors import Invalid, Problem
from gateway.flows.reports import Column, Measure, Report, Table, Why, Year
from gateway.papers import return_words as words
from gateway.papers.return_words import COLUMNS, MEASURES, SOURCES

FORMATS = tuple(ways.REPORTS)
HIDDEN = "5 or fewer, or hidden with it"
NOTHING = "So few cases were heard that nothing can be said of them."
REASONS: Mapping[Why, str] = {
    Why.NATIONAL_RETURN: "The national return",
    Why.STEERING_GROUP: "The steering group",
    Why.OWN_WORK: "Our own work",
}
UNITS: Mapping[str, str] = {"PERCENT": " %", "HOURS": " hours", "DAYS": " days", "COUNT": ""}
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")

Cell = str | int | float
Rows = list[list[Cell]]


def render(report: Report, form: str) -> bytes:
    """Return a report as a file of a registered format: "csv" or "xlsx".

    :raises Invalid: for another format.
    """
    if form not in ways.REPORTS:
        raise Invalid("There is no such format.", Problem("unknown_code", "/format"))
    return _as_csv(report) if form == "csv" else _as_workbook(report)


def file_name(report: Report, form: str) -> str:
    """A neutral name: the quarter, and nothing of anybody."""
    return f"counts-{report.quarter}.{form}".lower()


def rows(report: Report) -> Iterator[tuple[str, Rows]]:
    """The tables of a report: a title, and rows of which the first is the heading."""
    yield (
        "Counts",
        [
            ["Area", report.area],
            ["Quarter", report.quarter],
            ["Made for", REASONS[report.why]],
            ["Small numbers", HIDDEN if not report.is_hidden else NOTHING],
        ],
    )
    if report.is_hidden:
        return
    heading: list[Cell] = ["Meeting", *(_days(each) for each in report.meetings), "Quarter"]
    yield "Meetings", [heading, *(_row(each, COLUMNS) for each in report.columns)]
    yield "Referred by", [heading, *(_row(each, SOURCES) for each in report.sources)]
    yield "How we do", [["Measure", "Figure"], *(_figure(each) for each in report.measures)]
    for table in report.tables:
        yield words.TABLES[table.code][0], list(_of_table(report, table))
    if report.year:
        yield words.YEAR, [["What", f"Quarters {_span(report.year)}"], *of_year(report.year)]


def said(value: float | None) -> str:
    """A count as it is written: hidden ones in words."""
    return "hidden" if value is None else f"{value:g}"


def row_name(report: Report, code: str) -> str:
    """What the line of a table is called: the name of an agency, or a code in words."""
    names = report.names or {}
    return names.get(code) or words.ROWS.get(code, code)


def of_year(year: Year) -> Rows:
    """Twelve months in words and figures."""
    found: Rows = [[words.COLUMNS[code], said(n)] for code, n in year.totals.items()]
    for code in ("repeat_share", "partner_share"):
        value = getattr(year, code)
        text = "too few to say" if value is None else f"{value} %"
        found.append([words.YEAR_SHARES[code], text])
    per = "not counted" if year.per_10k is None else f"{year.per_10k:g}"
    found.append([words.YEAR_SHARES["per_10k"], per])
    if year.adult_women is not None:
        based = f"{year.adult_women} women in {year.source_year}. {year.source}"
        found.append(["That figure rests on", based])
    return found


def figure(measure: Measure) -> str:
    """A figure with its unit; what cannot be said is said so."""
    if measure.value is None:
        return "too few to say"
    number = f"{measure.value:g}"
    return f"{number}{UNITS[measure.unit]}"


def harmless(cell: Cell) -> Cell:
    """A cell that no program takes for a formula."""
    is_text = isinstance(cell, str)
    return f"'{cell}" if is_text and str(cell).startswith(_DANGEROUS) else cell


def _row(column: Column, words: Mapping[str, str]) -> list[Cell]:
    values = [*column.counts, column.total]
    return [words[column.code], *("hidden" if each is None else each for each in values)]


def _of_table(report: Report, table: Table) -> Iterator[list[Cell]]:
    yield [words.TABLES[table.code][1], *(words.HEADINGS[each] for each in table.columns)]
    for row in table.rows:
        yield [row_name(report, row.code), *map(said, row.numbers)]
    if table.total:
        yield ["Together", *map(said, table.total)]


def _span(year: Year) -> str:
    return f"{year.quarters[0]} to {year.quarters[-1]}"


def _figure(measure: Measure) -> list[Cell]:
    return [MEASURES[measure.code], figure(measure)]


def _days(days: Sequence[date]) -> str:
    return " and ".join(each.isoformat() for each in days)


def _as_csv(report: Report) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for n, (title, table) in enumerate(rows(report)):
        if n:
            writer.writerow([])
        writer.writerow([harmless(title)])
        writer.writerows([[harmless(cell) for cell in row] for row in table])
    return out.getvalue().encode("utf-8-sig")  # the mark lets Excel read it as UTF-8


def _as_workbook(report: Report) -> bytes:
    out = io.BytesIO()
    safe = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, safe) as book:
        bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
        for title, table in rows(report):
            sheet = book.add_worksheet(title)
            sheet.set_column(0, 0, 48, wrap)
            sheet.set_column(1, 40, 16)
            for n, row in enumerate(table):
                for k, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(n, k, str(harmless(cell)), bold if n == 0 else None)
                    else:
                        sheet.write_number(n, k, cell)
            sheet.freeze_panes(1, 1)
    return out.getvalue()

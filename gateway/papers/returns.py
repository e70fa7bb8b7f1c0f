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
from gateway.flows.reports import Column, Measure, Report, Why

FORMATS = tuple(ways.REPORTS)
HIDDEN = "5 or fewer, or hidden with it"
NOTHING = "So few cases were heard that nothing can be said of them."
REASONS: Mapping[Why, str] = {
    Why.NATIONAL_RETURN: "The national return",
    Why.STEERING_GROUP: "The steering group",
    Why.OWN_WORK: "Our own work",
}
COLUMNS: Mapping[str, str] = {
    "total_cases": "Cases heard",
    "children_in_household": "Children in the household",
    "repeat_cases": "Repeat cases",
    "minority": "Victims racially minoritised",
    "lgbt": "Victims LGBT+",
    "disabled": "Victims disabled",
    "male": "Victims male",
    "aged_16_17": "Victims aged 16 or 17",
    "perpetrators_to_17": "Who causes harm is 17 or younger",
}
SOURCES: Mapping[str, str] = {
    "POLICE": "Police",
    "IDVA": "IDVA service",
    "CSC": "Children's social care",
    "ASC": "Adult social care",
    "PRIMARY_CARE": "Primary care",
    "ACUTE_TRUST": "Hospital",
    "MENTAL_HEALTH": "Mental health",
    "EDUCATION": "Education",
    "HOUSING": "Housing",
    "PROBATION": "Probation",
    "SUBSTANCE_USE": "Substance use",
    "VOLUNTARY_DA": "Domestic abuse service",
    "VOLUNTARY_OTHER": "Other voluntary",
    "SELF_MARAC_TRANSFER": "Another area's conference",
    "OTHER": "Other",
}
MEASURES: Mapping[str, str] = {
    "idva_answer_median": "From referral to the IDVA service's yes, half within",
    "idva_answer_p90": "From referral to the IDVA service's yes, nine of ten within",
    "idva_answer_in_time": "Of these within the area's clock",
    "idva_accepted": "Taken on by the IDVA service",
    "heard_median": "From referral to hearing, half within",
    "heard_p90": "From referral to hearing, nine of ten within",
    "returned_for_more": "Returned to the referrer for more",
    "shared_without_agreement": "Shared without agreement, or in her best interests",
    "repeats": "Repeats",
    "plan_out_in_time": "Actions sent out within the area's clock",
    "actions_done_in_time": "Actions done in time",
    "actions_done_late": "Actions done late",
    "actions_not_possible": "Actions not possible",
    "actions_not_done": "Actions not done",
    "actions_replaced": "Actions replaced",
    "actions_open": "Actions still open",
    "looks_behind_the_glass": "Looks behind the need to know",
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


def said(value: int | None) -> str:
    """A count as it is written: hidden ones in words."""
    return "hidden" if value is None else str(value)


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

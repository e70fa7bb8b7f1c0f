"""The generated pages say what the tables say, the same way every time."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from gateway.cli.docs import data_map_page, matrix_page, states_page
from gateway.cli.matrix_sheet import matrix_csv, matrix_html
from gateway.profiles.loader import Profile, Profiles
from gateway.profiles.matrix import COLUMNS
from gateway.schemas.codes import CaseState, Category, DataClass


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profiles.load().for_area("MARLBURY", date(2026, 11, 1))


def _part(page: str, heading: str) -> str:
    """Return the text under one heading, up to the next of the same or a higher rank."""
    return page.split(f"\n### {heading}\n")[1].split("\n#")[0]


def test_the_pages_are_the_same_every_time(profile: Profile) -> None:
    again = Profiles.load().for_area("MARLBURY", date(2026, 11, 1))
    assert matrix_page(profile) == matrix_page(again)
    assert data_map_page(profile) == data_map_page(again)
    assert states_page() == states_page()


def test_states_are_told_in_words_as_well_as_drawn() -> None:
    page = states_page()
    assert "```mermaid\nstateDiagram-v2" in page
    for state in CaseState:
        assert f"| `{state}` | " in page
    assert "| `ACCEPTED` | before listing | `LISTED`, `EMERGENCY`," in page
    assert "| `DESTROYED` | none (own data only) | end |" in page


def test_the_matrix_page_has_a_table_for_each_category_and_kind(profile: Profile) -> None:
    page = matrix_page(profile)
    for category in Category:
        part = _part(page, f"{category} {profile.matrix.titles[category]}")
        assert all(f"\n| {kind} | " in part for kind in COLUMNS)
    for kind in COLUMNS:
        part = _part(page, kind)
        assert all(f"\n| {category} " in part for category in Category)
    landlord = _part(page, "LANDLORD")
    assert (
        "| indicator (that there is something), for P6 staff safety; else summary, for P7 housing "
        "safety |" in landlord
    )
    assert "nothing" in _part(page, "POLICE")


def test_the_sheet_says_each_cell_as_the_page_does(profile: Profile) -> None:
    rows = list(csv.reader(io.StringIO(matrix_csv(profile))))
    assert rows[0] == ["category", "title", "main purpose", *COLUMNS]
    assert [row[0] for row in rows[1:]] == list(Category)
    page = matrix_page(profile)
    for row in rows[1:]:
        part = _part(page, f"{row[0]} {row[1]}")
        for kind, said in zip(COLUMNS, row[3:], strict=True):
            note = profile.matrix.notes.get((Category(row[0]), kind))
            bare = said.removesuffix(f" ({note})")
            assert f"\n| {kind} | {bare} | {note or '–'} |" in part


def test_T13_no_cell_of_the_sheet_is_a_formula(profile: Profile) -> None:
    titles = dict.fromkeys(Category, "=1+1")
    odd = replace(profile, matrix=replace(profile.matrix, titles=titles))
    rows = list(csv.reader(io.StringIO(matrix_csv(odd))))
    assert {row[1] for row in rows[1:]} == {"'=1+1"}
    for row in csv.reader(io.StringIO(matrix_csv(profile))):
        assert not [field for field in row if field.lstrip()[:1] in set("=+-@\t\r＝＋－＠")]


class _Sheet(HTMLParser):
    """Counts the cells of each row, and what names them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append(dict(attrs).get("scope") or tag)


def test_the_html_sheet_names_each_row_and_column_and_runs_nothing(profile: Profile) -> None:
    page = matrix_html(profile)
    sheet = _Sheet()
    sheet.feed(page)
    assert sheet.rows[0] == ["col"] * 17
    assert sheet.rows[1:] == [["row", *["td"] * 16]] * 27
    assert {"script", "img", "link", "iframe"}.isdisjoint(sheet.tags)
    assert sheet.tags.count("caption") == 1
    assert "http" not in page
    assert '<html lang="en-GB">' in page


def test_a_title_cannot_write_html(profile: Profile) -> None:
    titles = dict.fromkeys(Category, "<script>alert(1)</script>")
    page = matrix_html(replace(profile, matrix=replace(profile.matrix, titles=titles)))
    assert "<script" not in page


def test_each_field_stands_once_in_the_data_map(profile: Profile) -> None:
    page = data_map_page(profile)
    for row in profile.fields.rows.values():
        fields = next(
            line for line in _part(page, row.section).splitlines() if line.startswith("| Fields |")
        )
        assert fields.count(f"`{row.path}`") == 1
    listed = [line for line in page.splitlines() if line.startswith("| Fields |")]
    assert sum(line.count("`") for line in listed) == 2 * len(profile.fields.rows)


def test_the_data_map_tells_the_key_of_each_class(profile: Profile) -> None:
    page = data_map_page(profile)
    for section in profile.fields.sections:
        cannot = "the gateway cannot read it" in _part(page, section)
        assert cannot is (profile.fields.data_class(section) is not DataClass.GATEWAY)


def test_no_table_has_an_empty_or_missing_cell(profile: Profile) -> None:
    for page in (states_page(), matrix_page(profile), data_map_page(profile)):
        rows = [line for line in page.splitlines() if line.startswith("|")]
        assert rows
        assert not [row for row in rows if "|  |" in row]
        width = 0
        for line in page.splitlines():
            if not line.startswith("|"):
                width = 0
                continue
            width = width or line.count(" | ")
            assert line.count(" | ") == width

"""Earlier cases from a spreadsheet: checked row by row, taken over once, found as repeats."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from gateway.cli.importing import take_over
from gateway.cli.office import Office
from gateway.errors import Invalid
from gateway.schemas.sheets import read_rows
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, LANDLORD, Desk, a_desk, add_people
from tests.journeys.world import World, example

HEADS = [
    "Case number", "Referral date", "Meeting date", "Victim first name", "Victim surname",
    "Victim DOB", "Perpetrator first name", "Perpetrator surname", "Perpetrator DOB",
]  # fmt: skip
ELENA = [
    "M-17", "10/7/2026", "23/7/2026", "Elena", "Marsh-Okoro", "14/03/1992", "Dale",
    "Marsh-Okoro", "18.6.1989",
]  # fmt: skip


def a_csv(*rows: list[str], heads: list[str] = HEADS) -> bytes:
    lines = [",".join(f'"{cell}"' for cell in row) for row in (heads, *rows)]
    return "\r\n".join(lines).encode("utf-8-sig")


def an_xlsx(*rows: list[Any]) -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    for row in (HEADS, *rows):
        book.active.append(row)
    book.save(made)
    return made.getvalue()


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    return {who: a_desk(shared_world, who) for who in ("coordinator", "landlord", "idva")}


def send(desk: Desk, content: bytes, do: str = "go", name: str = "list.csv") -> TestResponse:
    desk.get("/desk/import")
    return desk.post("/desk/import", {"file": (io.BytesIO(content), name), "do": do})


def test_F17_a_list_is_taken_over_once_and_a_repeat_is_found(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    world, desk = shared_world, desks["coordinator"]
    before = len(world.rows(t.case))
    assert "1 row can be taken over" in send(desk, a_csv(ELENA), "check").text
    assert len(world.rows(t.case)) == before
    assert "1 case taken over" in send(desk, a_csv(ELENA)).text
    assert "0 cases taken over. 1 were known already." in send(desk, a_csv(ELENA)).text
    assert len(world.rows(t.case)) == before + 1
    case_id = next(row["case_id"] for row in world.rows(t.state) if row["because"] == "import")
    (flag,) = world.rows(t.flag, case_id=case_id)
    assert (flag["act"], flag["until"]) == ("PLACED", date(2027, 7, 10))
    (listed,) = world.rows(t.conference_case, case_id=case_id)
    (meeting,) = world.rows(t.conference, id=listed["conference_id"])
    assert meeting["starts_at"].date() == date(2026, 7, 23)
    kept = world.rows(t.section, case_id=case_id) + world.rows(t.referral_version)
    assert not [row for row in kept if b"Elena" in str(row).encode()]
    reference = world.client(LANDLORD).refer(example("c1")).reference
    triage = world.client(COORDINATOR).pull(reference, "P9").document["triage"]
    (link,) = triage["links"]
    assert (link["kind"], link["status"]) == ("SAME_PEOPLE", "PROPOSED")
    assert "ANY_ABUSE" in link["repeats"]
    desk.get(f"/desk/cases/{link['reference']}")
    read = desk.post(f"/desk/cases/{link['reference']}", {"purpose": "P9"})
    assert read.status_code == 200, world.log(case=case_id)[-1]
    assert "Marsh-Okoro" in read.text


FAULTS = [
    (1, "31/2/2026", "referred_on", "bad_date"),
    (1, "10/7/2025", "referred_on", "expired"),
    (1, "10/7/2027", "referred_on", "issued_in_future"),
    (2, "9/7/2026", "heard_on", "out_of_range"),
    (4, "", "victim_family_name", "missing"),
    (4, "=HYPERLINK(1)", "victim_family_name", "active_content"),
    (3, "A" * 101, "victim_given_names", "too_long"),
    (0, "", "key", "missing"),
]


def test_F17_every_fault_is_told_by_row_column_and_code_and_nothing_is_taken_over(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    rows = []
    for number, (place, text, _, _) in enumerate(FAULTS):
        row = [f"F-{number}", *ELENA[1:]]
        row[place] = text
        rows.append(row)
    before = len(shared_world.rows(t.case))
    answer = send(desks["coordinator"], a_csv(["F-0", *ELENA[1:]], *rows))
    assert answer.status_code == 422
    cells = [
        tuple(cell.split("<")[0].strip() for cell in row.split('govuk-table__cell">')[1:3])
        for row in answer.text.split("<tr")[2:]
    ]
    told = {number for number, _ in cells}
    assert told == {str(n) for n in range(3, 3 + len(FAULTS))}
    for _, _, _, code in [*FAULTS, (0, "", "key", "duplicate")]:
        assert f">{code}</span>" in answer.text
    assert len(shared_world.rows(t.case)) == before


def test_F17_arabic_names_long_names_and_scripts_stay_text(desks: dict[str, Desk]) -> None:
    odd = ["X-1", "1/8/2026", "", "<script>x</script>", "فاطمة" * 20, "", "", "Ó" * 100, ""]
    answer = send(desks["coordinator"], an_xlsx(odd), name="list.xlsx")
    assert "1 case taken over" in answer.text
    assert "<script>x" not in answer.text


def test_V01_only_a_coordinator_takes_over(desks: dict[str, Desk]) -> None:
    for who in ("landlord", "idva"):
        assert desks[who].get("/desk/import").status_code == 404
        desks[who].get("/desk/account")
        form = {"file": (io.BytesIO(a_csv(ELENA)), "a.csv"), "do": "go"}
        assert desks[who].post("/desk/import", form).status_code == 404


def _zipped(**parts: bytes) -> bytes:
    made = io.BytesIO(an_xlsx(ELENA))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name.replace("__", "/").replace("_DOT_", "."), part)
    return made.getvalue()


HOSTILE = {
    "a sheet that swells": (_zipped(xl__a_DOT_xml=b"\0" * 90_000_000), "active_content"),
    "macros": (_zipped(xl__vbaProject_DOT_bin=b"x"), "active_content"),
    "entities": (_zipped(xl__a_DOT_xml=b"<!DOCTYPE a [<!ENTITY b 'c'>]>"), "active_content"),
    "a link to another file": (_zipped(xl__externalLinks__a_DOT_xml=b"<a/>"), "active_content"),
    "half a sheet": (an_xlsx(ELENA)[:300], "unreadable"),
    "a zip that is no sheet": (b"PK\x05\x06" + b"\0" * 18, "unreadable"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_T15_a_hostile_sheet_is_refused(what: str) -> None:
    content, code = HOSTILE[what]
    with pytest.raises(Invalid) as caught:
        read_rows("list.xlsx", content)
    assert [each.code for each in caught.value.problems] == [code]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("list.xls", b"x", "unknown_code"),
        ("list.csv", b"\xff\xfe", "unreadable"),
        ("list.csv", b"a" * 3_000_001, "too_long"),
        ("list.csv", b"a\n" * 6_000, "too_long"),
    ],
)
def test_F17_a_file_that_cannot_be_a_list_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_rows(name, content)
    assert [each.code for each in caught.value.problems] == [code]


def test_F17_the_command_checks_first_and_takes_over_when_told(
    shared_world: World, tmp_path: Path
) -> None:
    world = shared_world
    settings = world.app.extensions["gateway"].settings
    office = Office(settings, lambda: world.sessions, lambda: world.keys, lambda: world.now)
    sheet = tmp_path / "list.csv"
    sheet.write_bytes(a_csv(["C-1", *ELENA[1:]], ["C-2", "", *ELENA[2:]]))
    said = ["--agency", COORDINATOR, "--worker", "marac-01"]

    def run(*more: str) -> str:
        result = CliRunner().invoke(take_over, [str(sheet), *said, *more], obj=office)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return result.output

    before = len(world.rows(t.case))
    assert "row 3, referred_on: missing" in run("--go")
    assert len(world.rows(t.case)) == before
    sheet.write_bytes(a_csv(["C-1", *ELENA[1:]]))
    assert "1 rows could be taken over; nothing was." in run()
    assert "new: 1; known already: 0" in run("--go")
    assert "new: 0; known already: 1" in run("--go")
    assert len(world.rows(t.case)) == before + 1

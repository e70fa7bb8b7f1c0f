"""Reports: a quarter of an area as page, workbook and CSV, with nothing that tells of anybody."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from typing import Any

import pytest

from gateway.flows.reports import Column, Measure, Report, Why
from gateway.papers import returns
from gateway.schemas.codes import PersonRole
from tests.desk.conftest import Desk, Live, a_desk, add_people
from tests.desk.test_desk import enter
from tests.desk.test_in_a_browser import enter as enter_live
from tests.desk.test_in_a_browser import page
from tests.desk.test_looks import look
from tests.journeys import acting
from tests.journeys.acting import COORDINATOR, IDVA, LANDLORD, POLICE
from tests.journeys.test_conflict import NOBODYS
from tests.journeys.walled import HIMSELF, add_worker
from tests.journeys.world import CHAIR, World, example, graded

__all__ = ["page"]
TIED = "marac-02"


def born(yes: int, day: str) -> dict[str, Any]:
    """Of somebody whose date of birth is known, and what she wishes."""
    told = {"dob": {"value": day}, "dob_precision": "DAY", "wishes": {"value": "Peace."}}
    return graded(yes, **{f"victim__{name}": each for name, each in told.items()})


# Eight from the landlord, seven from the police: C1 and graded ones; one man, who is disabled.
SENT = [
    *((LANDLORD, born(20, f"1990-02-{10 + n}")) for n in range(7)),
    (LANDLORD, graded(20)),
    *[(POLICE, graded(18))] * 6,
    (LANDLORD, example("c4")),
]


@pytest.fixture(scope="module")
def quarter(shared_world: World) -> World:
    """A meeting that heard fifteen cases, and one to which a coordinator is tied."""
    world = shared_world
    add_people(world)
    conference = acting.a_conference(world, at="2026-12-01T09:30:00Z")
    add_worker(world, COORDINATOR, TIED)
    refs = []
    for sender, form in SENT:
        reference = world.client(sender).refer(form).reference
        world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
        world.client(COORDINATOR).list_case(conference, reference)
        refs.append(reference)
    for reference in refs[:7]:
        world.client(IDVA).acknowledge(reference, "ACCEPTED")
    world.later(days=8)
    tied = world.client("marlbury-college").refer(example("c2", **NOBODYS)).reference
    world.client(COORDINATOR).decide(tied, {"decision": "ACCEPT"})
    world.client(COORDINATOR).list_case(conference, tied)
    for reference in (*refs, tied):
        acting.heard(world, reference)
    world.client(COORDINATOR, TIED).walls.declare(HIMSELF)
    return world


def ask(desk: Desk, form: str = "page", **more: str) -> Any:
    desk.get("/desk/reports")
    sent = {"quarter": "2026-Q4", "why": "NATIONAL_RETURN", "format": form, **more}
    return desk.post("/desk/reports", sent)


def as_rows(text: str) -> dict[str, list[str]]:
    """The first row of each name: later tables tell of the same names otherwise."""
    found: dict[str, list[str]] = {}
    for row in csv.reader(io.StringIO(text)):
        if row:
            found.setdefault(row[0], row[1:])
    return found


def table(text: str, title: str) -> dict[str, list[str]]:
    """One table of a file: its rows by name, the heading with them."""
    rows = list(csv.reader(io.StringIO(text)))
    begins = rows.index([title]) + 1
    ends = rows.index([], begins) if [] in rows[begins:] else len(rows)
    return {row[0]: row[1:] for row in rows[begins:ends]}


def test_F102_the_quarter_is_counted_and_small_numbers_are_hidden(quarter: World) -> None:
    answer = ask(a_desk(quarter, "coordinator"), "csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="counts-2026-q4.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    found = as_rows(answer.data.decode("utf-8-sig"))
    assert found["Meeting"] == ["2026-12-01", "Quarter"]
    assert found["Cases heard"] == ["15", "15"]
    assert (found["Housing"], found["Police"]) == (["9", "9"], ["6", "6"])
    assert found["Victims male"] == ["hidden", "hidden"]
    assert found["Victims LGBT+"] == ["hidden", "hidden"]
    assert found["Victims aged 16 or 17"] == ["0", "0"]
    assert found["Taken on by the IDVA service"] == ["47 %"]
    (line,) = quarter.log(event="report.made")
    assert (line["purpose"], line["because"], line["case"]) == ("P11", "NATIONAL_RETURN", None)
    assert line["facts"] == {"quarter": "2026-Q4", "cases": 15, "hidden": False}
    counted = quarter.log(event="case.counted")
    assert len({each["case"] for each in counted}) == 15


def test_F65_F102_no_count_tells_of_a_case_behind_the_wall_of_who_asks(quarter: World) -> None:
    for worker, heard in (("marac-01", "15"), (TIED, "15"), (CHAIR, "16")):
        desk = enter(quarter, COORDINATOR, worker, _coordinator())
        found = as_rows(ask(desk, "csv", why="OWN_WORK").data.decode("utf-8-sig"))
        assert found["Cases heard"] == [heard, heard], worker
        assert ("Education" in found) is (heard == "16")
    counted = quarter.log(event="report.made", because="OWN_WORK")
    assert [each["facts"]["cases"] for each in counted] == [15, 15, 16]


def test_F102_V26_a_workbook_holds_the_same_and_nothing_of_anybody(quarter: World) -> None:
    answer = ask(a_desk(quarter, "coordinator"), "xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        text = "".join(book.read(name).decode() for name in book.namelist())
    assert "<f>" not in text
    assert "Cases heard" in text
    names = {str(row["reference"]) for row in quarter.rows(_referral())}
    assert not [name for name in names if name in text]
    for secret in ("Ashgrove", "marac-01", COORDINATOR, "uuid"):
        assert secret not in text


def _referral() -> Any:
    from gateway.store import tables as t

    return t.referral


def test_V5_no_cell_becomes_a_formula() -> None:
    evil = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", '=HYPERLINK("x")', "|x", "%0A"]
    for text in evil:
        made = Report(
            text,
            "2026-Q4",
            Why.OWN_WORK,
            ((date(2026, 12, 1),),),
            (Column("total_cases", (16,), 16),),
            (Column("POLICE", (None,), None),),
            (Measure("repeats", None, "PERCENT"),),
            None,
            is_hidden=False,
        )
        cells = list(csv.reader(io.StringIO(returns.render(made, "csv").decode("utf-8-sig"))))
        values = [cell for row in cells for cell in row]
        assert f"'{text}" in values
        assert not [v for v in values if v[:1] in ("=", "+", "-", "@", "\t", "\r", "|", "%")]
        with zipfile.ZipFile(io.BytesIO(returns.render(made, "xlsx"))) as book:
            sheets = "".join(book.read(n).decode() for n in book.namelist() if "sheet" in n)
        assert "<f>" not in sheets


def test_promise_02_who_does_not_coordinate_makes_no_report(quarter: World) -> None:
    for who in ("idva", "landlord", "police", "administrator"):
        desk = a_desk(quarter, who)
        assert desk.get("/desk/reports").status_code == 404
        assert ask(desk, "csv").status_code == 404
    other = enter(quarter, "fenhollow-marac", "marac-01", _coordinator())
    assert "No case was heard" in ask(other).text


def _coordinator() -> Any:
    from gateway.schemas.codes import PersonRole

    return PersonRole.COORDINATOR


def test_F102_what_it_is_for_is_asked_and_a_quarter_that_is_none_refused(quarter: World) -> None:
    desk = a_desk(quarter, "coordinator")
    before = len(quarter.log(event="report.made"))
    for more in (
        {"why": ""},
        {"why": "CURIOSITY"},
        {"quarter": "2027-Q1"},
        {"quarter": "2026-Q5"},
        {"quarter": "1999-Q1"},
        {"quarter": "=1"},
        {"format": "exe"},
    ):
        assert ask(desk, **more).status_code == 422, more
    assert len(quarter.log(event="report.made")) == before


def test_F65_F102_the_steering_group_counts_a_case_that_one_of_it_is_tied_to(
    quarter: World,
) -> None:
    """It reads the report that went round as well: what is missing in its own would be its case."""
    quarter.later(days=40)
    whole = enter(quarter, COORDINATOR, CHAIR, _coordinator())
    tied = enter(quarter, COORDINATOR, TIED, PersonRole.GOVERNANCE)
    round_it, own = (ask(desk, "csv", why="STEERING_GROUP").data for desk in (whole, tied))
    assert as_rows(own.decode("utf-8-sig"))["Cases heard"] == ["16", "16"]
    assert own == round_it


def test_F102_a_case_is_counted_in_the_quarter_that_heard_it_and_an_ended_one_stays(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    add_people(world)
    first = acting.a_conference(world, at="2026-12-01T09:30:00Z")
    refs = [acting.listed(world, first, by=LANDLORD) for _ in range(8)]
    world.later(days=8)
    for ref in refs[:7]:
        acting.heard(world, ref)
    world.later(days=25)
    then = ask(a_desk(world, "coordinator"), "csv").data
    assert as_rows(then.decode("utf-8-sig"))["Cases heard"] == ["7", "7"]
    _list_again(world, refs[7], acting.a_conference(world, at="2027-01-12T09:30:00Z"))
    world.later(days=20)
    acting.heard(world, refs[7])
    assert ask(a_desk(world, "coordinator"), "csv").data == then
    now = world.client(COORDINATOR).actions.report("2027-Q1", "OWN_WORK")
    assert now["hidden"], "one case, so that nothing is said"


def _list_again(world: World, reference: str, conference: str) -> None:
    """A case that was deferred to another conference."""
    with world.engine.begin() as connection:
        row = {"conference_id": conference, "case_id": world.case_of(reference)}
        row |= {"kind": "NEW", "listed_at": world.now}
        connection.execute(_listing().insert().values(**row))


def _listing() -> Any:
    from gateway.store import tables as t

    return t.conference_case


def test_F102_so_few_cases_that_nothing_is_said(sqlite_world: World) -> None:
    world = sqlite_world
    add_people(world)
    conference = acting.a_conference(world, at="2026-12-01T09:30:00Z")
    ref = acting.listed(world, conference)
    world.later(days=8)
    acting.heard(world, ref)
    text = ask(a_desk(world, "coordinator")).text
    assert returns.NOTHING in text
    assert not re.search(r"<table|govuk-table", text)


@pytest.mark.needs("chromium")
def test_F102_F104_a_report_is_asked_for_and_read_with_its_charts(live: Live, page: Any) -> None:
    world = live.world
    conference = acting.a_conference(world, at="2026-12-08T09:30:00Z")
    refs = [acting.listed(world, conference, by=LANDLORD) for _ in range(8)]
    world.later(days=15)
    for ref in refs:
        acting.heard(world, ref)
    enter_live(live, page, "coordinator")
    page.goto(f"{live.address}/desk/reports")
    page.get_by_label("The national return").check()
    page.get_by_role("button", name="Show it").click()
    page.get_by_role("heading", name="2026-Q4").wait_for()
    assert page.get_by_role("img", name="Housing: 8").is_visible()
    assert page.get_by_role("row", name="Cases heard").is_visible()
    look(page, "report")
    with page.expect_download() as got:
        page.get_by_role("button", name="As a workbook").click()
    assert got.value.suggested_filename == "counts-2026-q4.xlsx"

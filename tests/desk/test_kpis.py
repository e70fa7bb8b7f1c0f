"""How the area does, counted a second time from the rows themselves, without a line of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.api import openapi
from gateway.disclosure import Traits
from gateway.flows.reports import tables
from gateway.flows.reports.counting import Quarter
from gateway.flows.reports.marks import Marks
from gateway.flows.reports.shapes import Column, Heard
from gateway.rules import reports as rule
from gateway.rules.presence import Stay
from gateway.schemas.codes import Acknowledgement
from gateway.schemas.meeting_codes import Attending
from gateway.store import meetings
from gateway.store import tables as t
from tests.desk.conftest import a_desk
from tests.desk.test_reports import ask, quarter, table
from tests.journeys import acting
from tests.journeys.acting import COORDINATOR, IDVA, LANDLORD, POLICE
from tests.journeys.world import World

__all__ = ["quarter"]
NAMES = {POLICE: "Marlbury police", IDVA: "Marlbury IDVA service", LANDLORD: "Harbourgate Homes"}
SMALL = range(1, 6)


@pytest.fixture(scope="module")
def researched(quarter: World) -> World:
    """The same quarter, with research that came, late or not at all, and people in the room."""
    world = quarter
    rows = sorted(
        world.rows(t.research_request), key=lambda row: (row["agency_id"], row["case_id"])
    )
    place: Counter[str] = Counter()
    q = t.research_request
    with world.engine.begin() as connection:
        for row in rows:
            n = place[row["agency_id"]]
            place[row["agency_id"]] += 1
            lag = -1 if n < 9 or row["agency_id"] == POLICE else 1 if n < 13 else None
            if lag is not None:
                at = row["due_at"].replace(tzinfo=UTC) + timedelta(hours=lag)
                which = [
                    q.c[name] == row[name] for name in ("conference_id", "case_id", "agency_id")
                ]
                connection.execute(q.update().where(*which).values(returned_at=at, version=1))
    with acting.doing(world, COORDINATOR) as work:
        for n, row in enumerate(world.rows(t.conference_case)):
            here = [POLICE] + ([IDVA] if n % 2 else [])
            stays = [
                Stay(row["conference_id"], each, "somebody", Attending.REPRESENTATIVE, world.now)
                for each in here
            ]
            meetings.add_stays(work.session, row["case_id"], stays)
        work.record("report.made", None, because="test")
    (conference,) = {row["conference_id"] for row in world.rows(t.conference_case)}
    with world.engine.begin() as connection:
        for agency, attending in ((POLICE, Attending.DEPUTY), (IDVA, Attending.APOLOGIES)):
            there = {"conference_id": conference, "agency_id": agency, "worker_id": "somebody"}
            connection.execute(t.attendance.insert().values(**there, attending=attending))
    return world


def file_of(world: World) -> str:
    return str(ask(a_desk(world, "coordinator"), "csv").data.decode("utf-8-sig"))


def counted(world: World) -> list[str]:
    """The cases that were heard, but for the one behind the coordinator's wall."""
    heard = {row["case_id"] for row in world.rows(t.state) if row["state"] == "HEARD"}
    tied = {r["case_id"] for r in world.rows(t.referral) if r["agency_id"] == "marlbury-college"}
    return sorted(heard - tied)


def test_F102_research_and_attendance_are_those_of_the_rows(researched: World) -> None:
    text, cases = file_of(researched), counted(researched)
    came: dict[str, Counter[str]] = {}
    for row in researched.rows(t.research_request):
        if row["case_id"] in cases:
            is_late = row["returned_at"] and row["returned_at"] > row["due_at"]
            how = "late" if is_late else "in_time" if row["returned_at"] else "missing"
            came.setdefault(row["agency_id"], Counter())[how] += 1
    found, attended = table(text, "Research by agency"), table(text, "Attendance by agency")
    assert found["Agency"] == ["Came", "In time"]
    assert attended["Agency"] == ["Invited", "Attended", "Apologies"]
    for agency, name in NAMES.items():
        of = came.get(agency, Counter())
        true = [of["in_time"] + of["late"], of["in_time"]]
        assert found[name] == [in_tens(part, sum(of.values())) for part in true]
    assert found["Marlbury police"] == ["100", "100"]
    assert found["Marlbury IDVA service"] == ["hidden", "60"]
    assert "Marlbury MARAC coordination" not in attended, "it runs them"
    assert attended["Marlbury police"] == ["1", "1", "0"]
    assert attended["Marlbury IDVA service"] == ["1", "0", "1"]
    assert attended[NAMES[LANDLORD]] == ["1", "0", "0"]


def test_F65_F102_no_table_tells_how_many_cases_were_kept_from_an_agency(
    researched: World,
) -> None:
    """She named the IDVA service as one not to share with: it is asked nothing, and leaves."""
    before = told(researched)
    came = {
        row["case_id"]
        for row in researched.rows(t.research_request, agency_id=IDVA)
        if row["returned_at"] and row["returned_at"] <= row["due_at"]
    }
    here = {row["case_id"] for row in researched.rows(t.presence, agency_id=IDVA)}
    which = {"case_id": max(came & here & set(counted(researched))), "agency_id": IDVA}
    with set_aside(researched, t.research_request, which), set_aside(researched, t.presence, which):
        after = told(researched)
    assert after[1:] == before[1:], "all but its own shares"
    assert before[0] == after[0] == [None, 60], "9 of 15 and 8 of 14"
    with set_aside(researched, t.research_request, {"agency_id": IDVA}):
        assert told(researched)[0] == [None, None], "it has its row all the same"


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
@settings(max_examples=400, deadline=None)
def test_F65_F102_what_is_said_of_some_cases_could_be_said_of_all(
    in_time: int, late: int, missing: int, kept: int
) -> None:
    asked = in_time + late + missing
    said = [rule.share_in_tens(part, asked) for part in (in_time + late, in_time)]
    assert all(
        each is None or 5 < part < asked - 5 or part in (0, asked)
        for part, each in zip((in_time + late, in_time), said, strict=True)
    )
    whole = max(asked + kept, 2)
    assert any(
        said == [rule.share_in_tens(came, whole), rule.share_in_tens(soon, whole)]
        for came in range(whole + 1)
        for soon in range(came + 1)
    )


def in_tens(part: int, whole: int) -> str:
    few = {part, whole - part, whole} & set(SMALL)
    return "hidden" if few or not whole else str(10 * round(10 * part / whole))


def told(world: World) -> list[Any]:
    """The shares of the IDVA service, and then every rendering without them."""
    made = world.client(COORDINATOR).actions.report("2026-Q4", "OWN_WORK")
    (research,) = [each for each in made["tables"] if each["code"] == "research"]
    (own,) = [row for row in research["rows"] if row["code"] == IDVA]
    shares, own["numbers"] = own["numbers"], []
    name, text = NAMES[IDVA], file_of(world)
    (line,) = [n for n in text.splitlines() if name in n and n.count(",") == 2]
    shown = ask(a_desk(world, "coordinator")).text
    (row,) = re.findall(rf"<tr[^>]*><th[^>]*>{name}</th>(?:<td[^>]*>[^<]*</td>){{2}}</tr>", shown)
    page = shown[shown.index("<h1") : shown.index("</main>")].replace(row, "")
    return [shares, made, text.replace(line, ""), re.sub(r'value="[^"]{20,}"', "", page)]


@contextmanager
def set_aside(world: World, table: Any, which: dict[str, str]) -> Iterator[None]:
    """A world without these rows, which are there again afterwards."""
    where = [table.c[name] == value for name, value in which.items()]
    with world.engine.begin() as connection:
        rows = [dict(row._mapping) for row in connection.execute(table.select().where(*where))]
        assert rows
        connection.execute(table.delete().where(*where))
    try:
        yield
    finally:
        with world.engine.begin() as connection:
            connection.execute(table.insert(), rows)


def test_F102_quality_is_that_of_the_referrals_and_the_year_that_of_its_quarters(
    researched: World,
) -> None:
    found = table(file_of(researched), "How we do")
    assert found["A risk assessment is with it"] == ["100 %"]
    assert found["Her date of birth is known"] == [f"{round(100 * 8 / 15)} %"]
    assert found["What she wishes is written down"] == [f"{round(100 * 8 / 15)} %"]
    assert found["The referral says why in enough words"] == ["too few to say"], "one does"
    assert found["Not reached, as the IDVA service said at an action"] == ["0 %"]
    assert found["From meeting to minutes, half within"] == ["too few to say"]
    year = table(file_of(researched), "Twelve months")
    assert year["What"] == ["Quarters 2026-Q1 to 2026-Q4"]
    assert year["Cases heard"] == ["15"]
    assert year["Victims male"] == ["hidden"]
    assert year["Cases for each 10,000 women of 16 and older"] == [f"{15 * 10_000 / 71_400:.1f}"]
    assert year["That figure rests on"][0].startswith("71400 women in 2025")


def test_F102_software_is_given_the_same_as_the_file(researched: World) -> None:
    found = researched.client(COORDINATOR).actions.report("2026-Q4", "OWN_WORK")
    schema = openapi.document("https://gateway.example")["components"]["schemas"]["Report"]
    Draft202012Validator(schema).validate(found)
    (research,) = [each for each in found["tables"] if each["code"] == "research"]
    told = {row["code"]: row["numbers"] for row in research["rows"]}
    written = table(file_of(researched), "Research by agency")
    for agency, name in NAMES.items():
        assert written[name] == ["hidden" if n is None else str(n) for n in told[agency]]
    year = table(file_of(researched), "Twelve months")
    assert year["Cases heard"] == [str(found["year"]["totals"]["total_cases"])]


def test_F102_the_page_shows_what_the_file_holds(researched: World) -> None:
    page = ask(a_desk(researched, "coordinator")).text
    for title in ("Research by agency", "Attendance by agency", "For each group", "Twelve months"):
        assert title in page


# --- groups: any quarter there could be -------------------------------------------------------

WHEN = datetime(2026, 12, 1, tzinfo=UTC)
CASES = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=6, max_size=40)


def a_case(n: int, is_disabled: bool) -> Heard:
    traits = Traits(is_disabled=is_disabled)
    return Heard(str(n), "m", "NEW", "POLICE", WHEN, WHEN, 0, "ADULT", True, traits)


@given(CASES, st.booleans())
@settings(max_examples=200, deadline=None)
def test_F102_no_share_of_a_group_tells_of_few(
    drawn: list[tuple[bool, bool, bool]], is_told: bool
) -> None:
    cases = tuple(a_case(n, disabled) for n, (disabled, _, _) in enumerate(drawn))
    size = sum(disabled for disabled, _, _ in drawn)
    columns = (Column("disabled", (), size if is_told else None),)
    yes = {str(n): (Acknowledgement.ACCEPTED, WHEN) for n, each in enumerate(drawn) if each[1]}
    over = frozenset(str(n) for n, each in enumerate(drawn) if each[2])
    none: frozenset[str] = frozenset()
    marks = Marks(cases, yes, none, {}, over, {}, none, ())
    figures: dict[str, Any] = dict.fromkeys(marks.named(), 50.0)
    figures["idva_accepted"] = None
    made = Quarter("2026-Q4", (), (), cases, columns, ())
    (equity,) = tables.by_group(made, marks, figures)
    row = next(each for each in equity.rows if each.code == "disabled")
    shares = dict(zip(equity.columns, row.numbers, strict=True))
    part = sum(disabled and override for disabled, _, override in drawn)
    rest = sum(override and not disabled for disabled, _, override in drawn)
    tells = {part, size - part, rest, len(drawn) - size - rest} & set(SMALL)
    assert shares["idva_accepted"] is None
    if tells or not is_told or not size:
        assert shares["shared_without_agreement"] is None
    else:
        assert shares["shared_without_agreement"] == round(100 * part / size)

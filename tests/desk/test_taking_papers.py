"""Files that people take along: opened by readers that are not ours, and with nothing protected."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.schemas.codes import PersonRole
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Desk, a_desk, add_people, sign
from tests.desk.test_desk import enter
from tests.files import calendar_of, pdf_of, word_of
from tests.journeys.test_canaries import CANARY, planted
from tests.journeys.walled import HIMSELF, add_worker
from tests.journeys.world import World, example, graded

SENDER, CSC = "fenhollow-idva", "marlbury-csc"
READ = {"pdf": pdf_of, "docx": word_of}
TIED = "marac-02"


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    add_worker(shared_world, COORDINATOR, TIED)
    return {who: a_desk(shared_world, who) for who in ("coordinator", "police", "idva")}


@pytest.fixture(scope="module")
def listed(shared_world: World, desks: dict[str, Desk]) -> tuple[str, list[str]]:
    """A conference with a case whose protected texts are canaries, and two more."""
    world, form = shared_world, example("c3")
    assert sum(map(len, planted(form).values())) > 3
    coordinator = world.client(COORDINATOR)
    body = {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z"}
    conference = coordinator.create_conference(
        {**body, "attendees": [POLICE, IDVA, LANDLORD, CSC]}
    )["conference"]
    refs = [world.client(SENDER).refer(form).reference]
    refs += [world.client(LANDLORD).refer(each).reference for each in (example("c1"), graded(18))]
    for each in refs:
        coordinator.decide(each, {"decision": "ACCEPT"})
        coordinator.list_case(conference, each)
    return conference, refs


def take(desk: Desk, conference: str, what: str, form: str = "") -> TestResponse:
    sent = {"what": what, "format": form}
    return desk.post(f"/desk/conferences/{conference}/papers", sent)


def test_F91_nothing_is_taken_before_the_declaration_is_signed_but_the_time(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, _ = listed
    for what in ("agenda", "request"):
        answer = take(desks["police"], conference, what, "pdf")
        assert answer.headers["Location"].endswith(f"{conference}/declaration")
    assert not shared_world.log(event="paper.taken")
    assert take(desks["police"], conference, "time").status_code == 200
    for desk in desks.values():
        assert sign(desk, f"/desk/conferences/{conference}").status_code == 303


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_F32_an_attendee_takes_its_own_agenda_along_with_its_mark(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]], form: str
) -> None:
    conference, refs = listed
    answer = take(desks["police"], conference, "agenda", form)
    assert answer.status_code == 200, answer.text
    named = f'attachment; filename="agenda-2026-12-08.{form}"'
    assert answer.headers["Content-Disposition"] == named
    assert answer.headers["Cache-Control"] == "no-store"
    text = READ[form](answer.data)
    assert "Copy for Marlbury police, police-01" in text
    assert all(each in text for each in refs)
    assert not CANARY.findall(text)
    lines = [
        each for each in shared_world.log(event="paper.taken") if each["facts"]["format"] == form
    ]
    assert {each["case"] for each in lines} == {shared_world.case_of(each) for each in refs}
    mark = {(each["worker"], each["facts"]["mark"]) for each in lines}
    assert mark == {("police-01", "Marlbury police, police-01")}
    for each in refs:
        given = shared_world.rows(t.receipt, case_id=shared_world.case_of(each), agency_id=POLICE)
        assert "agenda-paper/1" in {row["form"] for row in given}


def stories(value: Any) -> list[str]:
    """The beginning of each long text of a form: a request has none of them."""
    if isinstance(value, str):
        return [value[:40]] if len(value) > 60 else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for one in inner for each in stories(one)]


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_F32_what_an_agency_is_asked_is_taken_along_and_nothing_that_tells_where_she_is(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]], form: str
) -> None:
    conference, refs = listed
    found = {}
    for who in ("police", "idva"):
        answer = take(desks[who], conference, "request", form)
        assert answer.status_code == 200, answer.text
        found[who] = READ[form](answer.data)
        assert not CANARY.findall(found[who])
        assert form == "docx" or b"pdfuaid" in answer.data
    text = found["police"]
    assert all(each in text for each in refs)
    asked = shared_world.client(POLICE).research.requests(conference)
    for each in asked:
        victim = each["people"]["victim"]
        assert victim["family_name"] in text
        for place in victim.get("addresses", ()):
            assert place["postcode"].get("value", "") in text
        for other in each["people"].get("perpetrators", ()):
            assert other.get("family_name", "") in text
    assert "Who may cause harm" in text
    assert "Born" in text
    for words in stories(example("c1")["document"]):
        assert words not in text
    for each in refs:
        given = shared_world.rows(t.receipt, case_id=shared_world.case_of(each), agency_id=POLICE)
        assert "request-paper/1" in {row["form"] for row in given}


def test_F32_an_entry_for_a_calendar_says_when_and_nothing_else(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, refs = listed
    first, second = (take(desks["police"], conference, "time").data for _ in range(2))
    event, again = calendar_of(first), calendar_of(second)
    assert set(event) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS", "TRANSP"}
    assert (str(event["SUMMARY"]), str(event["CLASS"])) == ("Meeting", "PRIVATE")
    assert event.start.isoformat() == "2026-12-08T09:30:00+00:00"
    # As long with three cases as with none: its end tells of no number.
    assert event.duration == timedelta(minutes=16 * 12 + 30)
    assert str(event["UID"]) != str(again["UID"])
    sealed = shared_world.client(POLICE).agenda(conference, form="ics")
    assert isinstance(sealed, bytes)
    assert calendar_of(sealed).duration == event.duration
    told = re.compile(
        rb"marac|conference|marlbury|police|referral|case|victim|gateway", re.IGNORECASE
    )
    for content in (first, sealed):
        assert not told.search(content)
        assert conference.encode() not in content
        assert not any(each.encode() in content for each in refs)
    assert {each["case"] for each in shared_world.log(event="conference.invited")} == {None}


def test_F32_software_has_the_same_word_file_sealed_to_its_agency(
    shared_world: World, listed: tuple[str, list[str]]
) -> None:
    conference, refs = listed
    found = shared_world.client(POLICE).agenda(conference, form="docx")
    assert isinstance(found, bytes)
    text = word_of(found)
    assert "Copy for Marlbury police" in text
    assert all(each in text for each in refs)
    assert not CANARY.findall(text)


def test_promise_02_nobody_takes_what_is_another_s(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, _ = listed
    college = enter(shared_world, "marlbury-college", "college-01", PersonRole.AGENCY_REP)
    for what, form in (("agenda", "pdf"), ("request", "docx"), ("time", "")):
        assert take(college, conference, what, form).status_code == 404
        assert take(desks["police"], "nothing", what, form).status_code == 404
    for what, form in (("agenda", "html"), ("agenda", "json"), ("request", "ics"), ("pack", "pdf")):
        assert take(desks["police"], conference, what, form).status_code == 422


def test_F65_a_case_behind_the_wall_is_in_no_file(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    """Who is tied gets a file without the case, and no number or gap that tells of it."""
    conference, refs = listed
    world = shared_world
    from tests.journeys.test_conflict import NOBODYS

    ref = world.client("marlbury-college").refer(example("c2", **NOBODYS)).reference
    world.client(COORDINATOR).decide(ref, {"decision": "ACCEPT"})
    world.client(COORDINATOR).list_case(conference, ref)
    world.client(COORDINATOR, TIED).walls.declare(HIMSELF)
    tied = enter(world, COORDINATOR, TIED, PersonRole.COORDINATOR)
    sign(tied, f"/desk/conferences/{conference}")
    answer = take(tied, conference, "agenda", "docx")
    text = word_of(answer.data)
    assert ref not in text
    assert "Cases (3 cases)" in text
    assert all(each in text for each in refs)


def test_F104_what_is_offered_is_a_button_with_a_name(
    desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, _ = listed
    text = desks["police"].get(f"/desk/my-conferences/{conference}").text
    offered: list[Any] = re.findall(r'name="what" value="(\w+)">.*?value="(\w+)"', text)
    assert offered == [
        ("agenda", "pdf"),
        ("agenda", "docx"),
        ("request", "pdf"),
        ("request", "docx"),
        ("time", "ics"),
    ]
    text = desks["coordinator"].get(f"/desk/conferences/{conference}").text
    assert 'value="request"' not in text

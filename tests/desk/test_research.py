"""A partner's own part of a conference: what it is asked to look for, and what it returns."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.schemas.codes import PersonRole
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Desk, a_desk, add_people
from tests.desk.test_desk import enter
from tests.desk.test_the_room import run, sign
from tests.journeys.hosting import host
from tests.journeys.world import CHAIR, World, example, graded, lines, seen

KEY = re.compile(r'name="key" value="([^"]+)"')
CSC = "marlbury-csc"
TYPED = {
    "known-v": "KNOWN_RELEVANT",
    "known-p1": "KNOWN_NO_RELEVANT",
    "known-c1": "NOT_KNOWN",
    "known-c2": "NOT_KNOWN",
    "status-v": "OPEN",
    "role-v": "Social worker",
    "last-v": "3 11 2026",
    "text-1": "Her sister keeps a room for her.",
    "about-1": "PROTECTIVE_FACTOR",
    "theme-1": "INCIDENTS",
    "nature-1": "FACT",
    "extract-1": "WHOLE",
    "text-2": "The sister's name is on our file, and he rings her.",
    "about-2": "RELEVANT_TO_RISK",
    "theme-2": "PERPETRATOR",
    "nature-2": "THIRD_PARTY",
    "extract-2": "WORDS",
    "words-2": "He rings her family.",
    "action-1": "Visit the school.",
    "item-1": "A closed file of 2011.",
    "why-1": "NOT_RELEVANT",
    "attending": "P. Ardane",
}


RETURNED = {
    "people": [{"person": "VICTIM", "known": "KNOWN_RELEVANT"}],
    "entries": [
        {
            "about": "PROTECTIVE_FACTOR",
            "theme": "INCIDENTS",
            "text": "Her sister keeps a room for her.",
            "nature": "FACT",
            "extract": "WHOLE",
        },
        {
            "about": "RELEVANT_TO_RISK",
            "theme": "PERPETRATOR",
            "text": "The sister's name is on our file, and he rings her.",
            "nature": "THIRD_PARTY",
            "extract": "WORDS",
            "words": "He rings her family.",
        },
    ],
}


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    """Who answers for a partner, who runs the conference, and who only refers."""
    add_people(shared_world)
    host(shared_world, CSC)
    rep = PersonRole.AGENCY_REP
    return {
        "coordinator": a_desk(shared_world, "coordinator"),
        "csc": enter(shared_world, CSC, "csc-01", rep),
        "again": enter(shared_world, CSC, "csc-01", rep),
        "police": a_desk(shared_world, "police"),
        "elsewhere": enter(shared_world, "marlbury-college", "college-01", rep),
    }


@pytest.fixture(scope="module")
def listed(shared_world: World, desks: dict[str, Desk]) -> tuple[str, list[str]]:
    """A conference with three cases."""
    coordinator = shared_world.client(COORDINATOR)
    body = {
        "area": "MARLBURY",
        "starts_at": "2026-12-08T09:30:00Z",
        "attendees": [POLICE, IDVA, LANDLORD, CSC],
    }
    conference = coordinator.create_conference(body)["conference"]
    found = []
    for form in (example("c1"), graded(20), graded(18)):
        found.append(shared_world.client(LANDLORD).refer(form).reference)
        coordinator.decide(found[-1], {"decision": "ACCEPT"})
        coordinator.list_case(conference, found[-1])
    for who in ("coordinator", "csc", "police"):
        assert sign(desks[who], f"/desk/conferences/{conference}").status_code == 303
    return conference, found


def place(conference: str, reference: str) -> str:
    return f"/desk/my-conferences/{conference}/cases/{reference}"


def send(desk: Desk, path: str, do: str, **form: Any) -> TestResponse:
    sent = KEY.findall(desk.seen[-1].text)
    key = form.pop("key", sent[-1] if sent else str(uuid.uuid4()))
    answer = desk.post(path, {"do": do, "key": key, **form})
    desk.seen.append(answer)
    return answer


def test_M10_a_partner_opens_its_own_part_and_nobody_elses(
    desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, references = listed
    desk = desks["csc"]
    assert conference in desk.get("/desk/my-conferences").text
    assert f'href="/desk/my-conferences/{conference}"' in desk.get("/desk").text
    page = desk.get(f"/desk/my-conferences/{conference}")
    assert page.text.count("Look in your records and answer") == 3
    assert "0 of 3 returned" in page.text
    assert all(reference in page.text for reference in references)
    assert "missing" not in page.text  # who else has answered is not theirs to know
    for who in ("elsewhere", "coordinator"):
        assert desks[who].get(f"/desk/my-conferences/{conference}").status_code == 404
        assert desks[who].get(place(conference, references[0])).status_code == 404
        answer = send(desks[who], place(conference, references[0]), "nil")
        assert answer.status_code == 404
    unknown = place(conference, "7K3MQ-2XF8A-C")
    assert desk.get(unknown).status_code == 404
    assert desk.get(place(str(uuid.uuid4()), references[0])).status_code == 404
    assert desk.get(f"/desk/conferences/{conference}").status_code == 404


def test_nothing_known_is_returned_with_one_button_and_once(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, references = listed
    desk, path = desks["police"], place(conference, references[1])
    page = desk.get(path)
    assert "Return that nobody is known to us" in page.text
    key = KEY.findall(page.text)[0]
    for _ in range(2):  # a form that is sent twice is one return
        answer = send(desk, path, "nil", key=key)
        assert (answer.status_code, answer.headers["Location"].split("#")[0]) == (
            303,
            f"/desk/my-conferences/{conference}",
        )
        desk.get(path)
    case = shared_world.case_of(references[1])
    (row,) = shared_world.rows(t.research_return, case_id=case)
    assert row["version"] == 1
    (asked,) = shared_world.rows(t.research_request, case_id=case, agency_id=POLICE)
    assert (asked["version"], asked["is_nil"]) == (1, True)
    assert "1 of 3 returned" in desk.get(f"/desk/my-conferences/{conference}").text
    assert "nothing that bears on it" in desk.seen[-1].text


def test_an_extract_is_chosen_paragraph_by_paragraph_and_looked_at_before_it_goes(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, (reference, *_) = listed
    desk, path = desks["csc"], place(conference, reference)
    desk.get(path)
    shown = send(desk, path, "check", **TYPED)
    assert shown.status_code == 200
    preview = shown.text.split('id="who"')[0]
    assert "Her sister keeps a room for her." in preview
    assert "He rings her family." in preview
    assert "From somebody else" in preview
    assert "1 kept back: It does not bear on the risk" in preview
    assert "Isla Marsh-Okoro</bdi>: Not known to us" in preview
    assert "on our file" not in preview  # what stays
    assert "on our file" in shown.text  # and is not lost
    assert not shared_world.rows(t.research_return, agency_id=CSC)
    note = "She will not speak to uniformed officers."
    key = KEY.findall(shown.text)[-1]
    for _ in range(2):
        answer = send(desk, path, "return", key=key, private_note=note, **TYPED)
        assert answer.status_code == 303, answer.text
        desk.get(path)
    assert len(shared_world.rows(t.research_return, agency_id=CSC)) == 1
    assert len(shared_world.rows(t.private_note, agency_id=CSC)) == 1
    read = seen(shared_world.client(IDVA), reference, "P2")
    (entry,) = read["research_incidents"][1]["research"]["entries"]
    assert (entry["text"], entry["nature"]) == ("Her sister keeps a room for her.", "FACT")
    (other,) = read["research_history"][1]["research"]["entries"]
    assert other["text"] == "He rings her family."
    involved = read["research_return"][1]["research"]["people"][0]["involvement"]
    assert involved == {
        "status": "OPEN",
        "role": "Social worker",
        "last_contact_on": "2026-11-03",
    }


def test_two_who_correct_one_return_are_told_and_lose_nothing(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, (reference, *_) = listed
    first, second, path = desks["csc"], desks["again"], place(conference, reference)
    for desk in (first, second):
        assert "Her sister keeps a room for her." in desk.get(path).text  # what was returned
    one = {**TYPED, "text-1": "Her sister keeps two rooms.", "replaces": "1"}
    assert send(first, path, "return", **one).status_code == 303
    two = {**TYPED, "text-1": "Her sister has moved away.", "replaces": "1"}
    late = send(second, path, "return", **two)
    assert late.status_code == 409
    assert "returned this after you opened the page" in late.text
    assert "Her sister has moved away." in late.text
    assert "Her sister keeps two rooms." in late.text
    again = send(second, path, "return", **{**two, "replaces": "2"})
    assert again.status_code == 303
    page = second.get(path)
    assert page.text.count("<li>") >= 3
    versions = shared_world.rows(t.research_return, agency_id=CSC)
    assert [row["version"] for row in versions] == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"known-v": ""}, "choose whether you know this person"),
        ({"text-1": ""}, "You say that you know something"),
        ({"text-1": "x" * 1001}, "Paragraph 1: this is too long"),
        ({"extract-1": ""}, "Paragraph 1: say what the others are given"),
        ({"extract-1": "KEPT"}, "Paragraph 1: say why it stays with you"),
        ({"words-2": ""}, "Paragraph 2: say the words for the others"),
        ({"last-v": "31 2 2026"}, "give a day such as 3 12 2026"),
        ({"line-v": "9 Hidden Row"}, "an address that he does not know is never sent here"),
        ({"room": "999"}, "choose whether"),
    ],
)
def test_what_is_missing_is_said_and_what_was_written_stays(
    desks: dict[str, Desk], listed: tuple[str, list[str]], change: dict[str, str], said: str
) -> None:
    conference, references = listed
    desk, path = desks["csc"], place(conference, references[2])
    desk.get(path)
    typed = {**TYPED, "text-2": "<script>alert(1)</script> שלום", **change}
    typed = {**typed, "known-v": ""} if "room" in change else typed
    if change.get("text-1") == "":
        typed |= {"text-2": "", "words-2": "", "extract-2": ""}
    answer = send(desk, path, "return", **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert "P. Ardane" in answer.text
    assert "<script>" not in answer.text
    more = send(desk, path, "more", **{**TYPED, "room": "2"})
    assert 'id="text-3"' in more.text
    assert "Her sister keeps a room for her." in more.text


def test_who_runs_the_conference_sees_who_is_missing_and_who_is_late(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, references = listed
    desk = desks["coordinator"]
    nothing = {"people": [{"person": "VICTIM", "known": "NOT_KNOWN"}]}
    shared_world.client(IDVA).research.give(conference, references[2], nothing)
    text = desk.get(f"/desk/conferences/{conference}").text
    assert "Research: 1 of 4 returned; missing" in text
    assert "Research outstanding" in desk.get("/desk").text
    found = {
        each["reference"]: each for each in lines(shared_world.client(COORDINATOR), conference)
    }
    assert found[references[2]]["research"]["missing"] == sorted((LANDLORD, CSC, POLICE))
    shared_world.later(days=12)
    late = enter(shared_world, COORDINATOR, "marac-01", PersonRole.COORDINATOR)
    text = late.get("/desk").text
    assert "3 late</strong>" in text  # the landlord has answered for none of the three
    assert "Late</strong>" in late.get(f"/desk/conferences/{conference}").text


def test_what_was_written_when_the_session_ended_comes_back(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, references = listed
    desk, path = desks["police"], place(conference, references[0])
    answer = send(desk, path, "return", **TYPED)  # the session is idle since days
    assert answer.status_code in (401, 403)
    assert "Her sister keeps a room for her." in answer.text
    assert "He rings her family." in answer.text


def test_what_was_returned_is_read_in_the_room_and_by_no_attendee_before_or_after(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    """Neither being asked, nor having been named by a duty, opens it apart from the conference."""
    conference, (_, reference, _) = listed
    base = f"/desk/conferences/{conference}"
    chair = enter(shared_world, COORDINATOR, CHAIR, PersonRole.COORDINATOR)
    police = a_desk(shared_world, "police")
    absent = enter(shared_world, CSC, "csc-01", PersonRole.AGENCY_REP)
    client, landlord = shared_world.client(POLICE), shared_world.client(LANDLORD)
    landlord.research.give(conference, reference, RETURNED)

    def told() -> set[str]:
        read = client.pull(reference, "P1").document["sections"]
        others = {each["section"] for each in read if each.get("owner") != POLICE}
        return {name for name in others if name.startswith("research_")}

    assert told() == set()
    for desk in (chair, police):
        assert sign(desk, base).status_code == 303
    assert chair.post(f"{base}/room", {"do": "begin"}).status_code == 303
    present = [f"{COORDINATOR}/{CHAIR}", f"{POLICE}/police-01"]
    assert run(chair, base, reference, "open", present=present).status_code == 303
    assert told() == {"research_return", "research_incidents", "research_history"}
    absent.get(f"/desk/cases/{reference}")  # was asked, and is not there
    other = absent.post(f"/desk/cases/{reference}", {"purpose": "P1"})
    assert "He rings her family." not in other.text
    page = chair.get(f"{base}/cases/{reference}").text
    assert "He rings her family." in page
    assert "on our file" not in page
    closed = run(chair, base, reference, "heard", feedback="PLAN_AGREED")
    assert closed.status_code == 303, closed.text
    assert told() == set()

"""A case over time on its page: the chronology with its sources, and risk as it was seen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.schemas.codes import PersonRole
from tests.desk.behind import UNKNOWN, behind
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Desk
from tests.desk.meeting_room import Meeting, a_meeting
from tests.desk.test_desk import enter, statements_of
from tests.journeys import acting
from tests.journeys.world import World, example, graded

TOKEN = re.compile(r'name="(token|key)" value="[^"]+"')
PURPOSE = {"coordinator": "P9", "idva": "P2", "police": "P5", "landlord": "P7"}
FOUND: dict[str, Any] = {
    "people": [
        {
            "person": "VICTIM",
            "known": "KNOWN_RELEVANT",
            "involvement": {"status": "OPEN", "since_on": "2026-03-02"},
        }
    ],
    "entries": [
        {
            "about": "RELEVANT_TO_RISK",
            "theme": "INCIDENTS",
            "text": "Officers found the door off its hinges.",
            "nature": "FACT",
            "confidence": "HIGH",
            "extract": "WHOLE",
            "on": "2026-11-14",
        },
        {
            "about": "RELEVANT_TO_RISK",
            "theme": "SEXUAL_VIOLENCE",
            "text": "She told a nurse of a night in June.",
            "nature": "THIRD_PARTY",
            "extract": "WHOLE",
            "on": "2026-06-20",
        },
    ],
}


def over_time(desk: Desk, reference: str, purpose: str) -> TestResponse:
    """Open a case over time, as its page does."""
    desk.get(f"/desk/cases/{reference}/history")
    return desk.post(f"/desk/cases/{reference}/history", {"purpose": purpose})


def rows(text: str) -> list[str]:
    """The lines of the chronology as they read."""
    table = text.partition('<table class="govuk-table gw-chronology">')[2].partition("</table>")[0]
    parts = table.split("<tr")[2:]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)) for part in parts]


@pytest.fixture(scope="module")
def meeting(shared_world: World) -> Meeting:
    """A case with two assessments, research, a meeting, minutes and an action."""
    world = shared_world
    landlord = world.client(LANDLORD)
    reference = landlord.refer(example("c1")).reference
    world.later(hours=2)
    later = graded(9, "HIGH")["document"]["risk_assessments"]["value"][0]
    landlord.assess(reference, {**later, "assessed_on": "2026-11-22", "rationale": "He is back."})
    made = a_meeting(world, [reference])
    conference = made.base.rpartition("/")[2]
    world.client(POLICE).research.give(conference, reference, FOUND)
    acting.proposed(world, reference, LANDLORD, "Fit a new lock to the front door.")
    made.open(reference)
    made.write("coordinator", reference, "Her sister will have the children.", said="OPINION")
    made.run("coordinator", reference, "heard", feedback="PLAN_AGREED")
    made.send()
    return made


def test_M11_a_chronology_across_agencies_says_who_tells_what_and_how_it_knows(
    meeting: Meeting,
) -> None:
    answer = over_time(meeting.desks["coordinator"], meeting.cases[0], "P9")
    assert answer.status_code == 200, answer.text
    lines = rows(answer.text)
    (research,) = [each for each in lines if "off its hinges" in each]
    assert "14 November 2026" in research
    assert "Marlbury Police" in research or "police" in research.lower()
    assert "Fact" in research
    assert "Sure of it: high" in research
    assert "1 other agency tells of the same day" in research
    (own,) = [each for each in lines if "Kicked through the bedroom door" in each]
    assert "Harbourgate" in own
    assert any("Fit a new lock" in each and "Action" in each for each in lines)
    assert any("Works with her" in each and "2 March 2026" in each for each in lines)
    assert any("Accepted" in each for each in lines)
    days = [each for each in lines if "No day was given" in each]
    assert lines[-len(days) :] == days if days else True


def test_M11_each_reader_has_only_what_its_page_of_the_case_has(meeting: Meeting) -> None:
    """For the same purpose: the same sections, so a line is there if and only if its text is."""
    texts = (
        "off its hinges",
        "a night in June",
        "Kicked through the bedroom door",
        "Fit a new lock",
        "Her sister will have",
    )
    shown: dict[str, list[bool]] = {}
    for who, purpose in PURPOSE.items():
        desk, reference = meeting.desks[who], meeting.cases[0]
        timed = over_time(desk, reference, purpose)
        pulled = meeting.world.client(_agency(who)).pull(reference, purpose)
        sections = str(pulled.document["sections"])
        shown[who] = [text in timed.text for text in texts]
        assert shown[who] == [text in sections for text in texts], who
    assert len({tuple(each) for each in shown.values()}) > 1


def test_M11_who_referred_is_named_only_to_who_may_know(meeting: Meeting) -> None:
    world, college = meeting.world, "marlbury-college"
    reference = str(world.client(POLICE).refer(example("c5")).reference)
    coordinator = world.client(COORDINATOR)
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-17T09:30:00Z", "attendees": [college, IDVA]}
    )["conference"]
    coordinator.decide(reference, {"decision": "ACCEPT"})
    coordinator.list_case(conference, reference)
    desk = enter(world, college, "college-01", PersonRole.AGENCY_REP)
    seen = [over_time(desk, reference, purpose) for purpose in ("P1", "P2", "P3", "P9")]
    pages = [each.text for each in seen if each.status_code == 200]
    assert any("Received" in text for text in pages)
    assert not [text for text in pages if "arlbury police" in text.lower()]
    own = over_time(meeting.desks["coordinator"], reference, "P9").text
    assert "arlbury police" in own.lower()


def test_M13_risk_over_time_stands_in_four_facts_and_past_ticks_stay(meeting: Meeting) -> None:
    text = over_time(meeting.desks["coordinator"], meeting.cases[0], "P9").text
    risk = text.partition('id="risk"')[2]
    for said in ("16 of 24", "9 of 24", "He is back.", "She agrees to sharing", "Accepted"):
        assert said in risk, said
    assert "In the past" in risk
    assert "Active" in risk


def test_promise_01_it_is_read_for_a_purpose_and_recorded(meeting: Meeting) -> None:
    world, reference = meeting.world, meeting.cases[0]
    desk, case_id = meeting.desks["police"], world.case_of(reference)

    def lines() -> int:
        return len(world.log(event="case.read", case=case_id, worker="police-01"))

    before = lines()
    page = desk.get(f"/desk/cases/{reference}/history")
    assert "Why do you open this case?" in page.text
    assert desk.post(f"/desk/cases/{reference}/history", {"purpose": "P10"}).status_code == 422
    assert lines() == before
    assert over_time(desk, reference, "P5").status_code == 200
    assert lines() == before + 1


def test_promise_02_who_stands_behind_a_wall_finds_no_history(world: World) -> None:
    for name, (desk, reference) in behind(world).items():
        refused = over_time(desk, reference, "P9" if name == "another area" else "P2")
        absent = over_time(desk, UNKNOWN, "P9" if name == "another area" else "P2")
        assert refused.status_code == absent.status_code, name
        assert refused.status_code in (404, 422), name
        assert TOKEN.sub("", refused.text) == TOKEN.sub("", absent.text), name


def test_more_events_ask_no_more_of_the_database(sqlite_world: World) -> None:
    world = sqlite_world
    made = a_meeting(world, [world.client(LANDLORD).refer(example("c1")).reference])
    desk, reference = made.desks["coordinator"], made.cases[0]
    acting.proposed(world, reference, LANDLORD, "Fit a lock.")
    police, conference = world.client(POLICE).research, made.base.rpartition("/")[2]
    police.give(conference, reference, FOUND)
    few = statements_of(world, lambda: over_time(desk, reference, "P9"))
    for number in range(4):
        acting.proposed(world, reference, LANDLORD, f"Fit lock number {number}.")
    entry = {**FOUND["entries"][0], "theme": "PERPETRATOR"}
    more = {**FOUND, "entries": [*FOUND["entries"], *[entry] * 20], "replaces": 1}
    police.give(conference, reference, more)
    world.client(LANDLORD).assess(reference, graded(5)["document"]["risk_assessments"]["value"][0])
    assert statements_of(world, lambda: over_time(desk, reference, "P9")) == few


def _agency(who: str) -> str:
    return {
        "coordinator": COORDINATOR,
        "idva": "marlbury-idva",
        "police": POLICE,
        "landlord": LANDLORD,
    }[who]

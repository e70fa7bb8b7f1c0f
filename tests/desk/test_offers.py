"""What agencies offer in their research goes into the plan by a button, and never by itself."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.desk.conftest import LANDLORD, POLICE
from tests.desk.meeting_room import Meeting, a_meeting
from tests.journeys.world import World, example

OFFER = "Fit new locks to both doors."
LATER = "Watch the stairwell at night."
RETURN = {
    "people": [{"person": "VICTIM", "known": "KNOWN_NO_RELEVANT"}],
    "proposed_actions": [{"text": OFFER, "by_on": "2026-12-18"}, {"text": LATER}],
}


@pytest.fixture(scope="module")
def meeting(shared_world: World) -> Meeting:
    """A meeting for a case of which the landlord returned its research, with two offers."""
    case = shared_world.client(LANDLORD).refer(example("c1")).reference
    made = a_meeting(shared_world, [case])
    conference = made.base.rsplit("/", 1)[1]
    shared_world.client(LANDLORD).research.give(conference, case, RETURN)
    return made


def place(meeting: Meeting) -> str:
    return f"{meeting.base}/cases/{meeting.cases[0]}"


def seen(meeting: Meeting) -> str:
    return meeting.desks["coordinator"].get(place(meeting)).text


def fill(meeting: Meeting, number: str, agency: str = LANDLORD) -> TestResponse:
    sent = {"what": "fill", "agency": agency, "number": number}
    return meeting.desks["coordinator"].post(f"{place(meeting)}/actions", sent)


def values(page: str) -> dict[str, str]:
    """What stands in the form for an action."""
    form = page[page.index('aria-label="New action"') :]
    form = form[: form.index("</form>")]
    found = dict(re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]*name="(\w+)">(.*?)</select>', form, re.S):
        found[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    found.pop("token", None)
    if 'name="volunteered" value="1" checked' not in form:
        found.pop("volunteered", None)
    return found


def planned(meeting: Meeting) -> list[tuple[Any, ...]]:
    from gateway.store import tables as t

    steps = meeting.world.rows(t.action_step)
    newest = {row["action_id"]: row["status"] for row in sorted(steps, key=lambda r: r["seq"])}
    rows = meeting.world.rows(t.action)
    return sorted((row["owner_id"], row["theme"], str(newest[row["id"]])) for row in rows)


def test_F93_an_offer_fills_the_form_and_only_who_sends_it_puts_it_down(meeting: Meeting) -> None:
    assert OFFER in seen(meeting)
    answer = fill(meeting, "1")
    assert answer.status_code == 200
    form = values(answer.text)
    assert form.pop("key")
    assert form == {
        "text": OFFER,
        "owner": LANDLORD,
        "offered_by": LANDLORD,
        "theme": "TARGET_HARDEN",
        "urgency": "ROUTINE",
        "due_on": "2026-12-18",
    }
    assert planned(meeting) == [], "looking at an offer puts nothing down"
    assert "In the plan" not in answer.text
    desk, path = meeting.desks["coordinator"], f"{place(meeting)}/actions"
    sent = form | {"key": str(uuid.uuid4())}
    for _ in range(2):  # sent twice, it is one
        assert desk.post(path, sent).status_code == 303
    assert planned(meeting) == [(LANDLORD, "TARGET_HARDEN", "ACCEPTED")]
    page = seen(meeting)
    assert page.count("In the plan") == 1
    assert page.count("Take it over") == 1


def test_F93_what_asks_more_than_was_offered_is_for_its_agency_to_accept(meeting: Meeting) -> None:
    form = {**values(fill(meeting, "2").text), "theme": "SAFETY_PLAN"}
    assert form["due_on"] == ""
    for changed in (
        {"text": f"{LATER} Every night."},
        {"urgency": "URGENT"},
        {"due_on": "2026-12-11"},
        {"owner": POLICE},
        {"owner": POLICE, "offered_by": POLICE},
    ):
        sent = {**form, "key": str(uuid.uuid4()), **changed}
        path = f"{place(meeting)}/actions"
        assert meeting.desks["coordinator"].post(path, sent).status_code == 303, changed
    assert [status for *_, status in planned(meeting)].count("PROPOSED") == 5


def test_promise_02_an_offer_is_shown_to_who_runs_the_meeting_alone(meeting: Meeting) -> None:
    sent = {"what": "fill", "agency": LANDLORD, "number": "1"}
    for who in ("police", "idva", "landlord"):
        assert meeting.desks[who].post(f"{place(meeting)}/actions", sent).status_code == 404
    for number, agency in (("9", LANDLORD), ("x", LANDLORD), ("1", POLICE), ("1", "'")):
        answer = fill(meeting, number, agency)
        assert (answer.status_code, values(answer.text)["text"]) == (200, "")

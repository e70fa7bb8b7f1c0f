"""Minutes: taken paragraph by paragraph, never overwritten, and read by each agency as its own."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest

from gateway.rules.leaks import HELD
from gateway.store import tables as t
from tests.desk.conftest import IDVA, LANDLORD, POLICE
from tests.desk.meeting_room import Meeting, a_meeting
from tests.journeys.test_firewall import SENDER, other_program, told
from tests.journeys.test_research import FOUND
from tests.journeys.world import World, example, graded

SCRIPT = '<script>alert("x")</script>'
RIGHT_TO_LEFT = "قالت إنها خائفة"
PLAIN = {"plain": True}


@pytest.fixture(scope="module")
def meeting(shared_world: World) -> Meeting:
    """Two cases: of one nobody may say where she is."""
    first = shared_world.client(LANDLORD).refer(example("c1")).reference
    hidden = other_program(shared_world.client(SENDER), told("Nothing of it."))
    third = shared_world.client(LANDLORD).refer(graded(18)).reference
    return a_meeting(shared_world, [first, hidden, third])


def saved(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(json.loads(answer.text))


def extract(meeting: Meeting, who: str, reference: str) -> str:
    answer = meeting.desks[who].get(f"/desk/cases/{reference}/minutes")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_F91_what_agencies_found_stands_by_agency_before_who_runs_the_case(
    meeting: Meeting,
) -> None:
    first, conference = meeting.cases[0], meeting.base.rsplit("/", 1)[1]
    meeting.world.client(POLICE).research.give(conference, first, FOUND)
    page = meeting.desks["coordinator"].get(f"{meeting.base}/cases/{first}").text
    found = page.split("What agencies know")[1].split("Risks")[0]
    assert ">Marlbury police</h3>" in found
    assert "He was hostile to staff." in found
    assert "Osei Lund" not in page  # a third party's name was kept by its owner
    assert page.index("Her voice") < page.index("Why it is here") < page.index("What agencies know")


def test_F91_minutes_are_written_while_a_case_is_open_and_one_form_acts_once(
    meeting: Meeting,
) -> None:
    first = meeting.cases[0]
    early = meeting.write("coordinator", first, "Too early.")
    assert (early.status_code, json.loads(early.text)["code"]) == (409, "minutes_closed")
    meeting.open(first)
    same = {"key": str(uuid.uuid4()), "page": str(uuid.uuid4())}
    for _ in range(2):
        assert saved(meeting.write("coordinator", first, "She is afraid.", **same)) == {
            "key": same["key"],
            "number": 1,
            "version": 1,
        }
    changed = meeting.write("coordinator", first, "She is very afraid.", **same, version="1")
    assert saved(changed)["version"] == 2
    # The answer was lost, and the page sends what was typed since with what it last knew.
    late = meeting.write("coordinator", first, "She is very afraid now.", **same, version="1")
    assert (saved(late)["version"], "beside" in saved(late)) == (3, False)
    assert meeting.paragraphs(first) == ["She is very afraid now."]
    assert meeting.write("coordinator", first, RIGHT_TO_LEFT, **PLAIN).status_code == 303
    meeting.write("coordinator", first, SCRIPT, **PLAIN)
    page = meeting.desks["coordinator"].get(f"{meeting.base}/cases/{first}").text
    assert RIGHT_TO_LEFT in page
    assert SCRIPT not in page
    kept = meeting.world.log(event="minute.kept", outcome="allowed")
    assert {each["worker"] for each in kept} == {"marac-01"}
    assert not any("afraid" in json.dumps(each) for each in kept)


def test_F91_two_who_write_at_once_lose_nothing_and_the_second_is_told(meeting: Meeting) -> None:
    first = meeting.cases[0]
    key = {"key": str(uuid.uuid4())}
    saved(meeting.write("coordinator", first, "One text.", **key))
    hers = {"page": str(uuid.uuid4()), "version": "1"}
    saved(meeting.write("chair", first, "The chair's text.", **key, **hers))
    mine = {"page": str(uuid.uuid4()), "version": "1"}
    told_of = saved(meeting.write("coordinator", first, "My text.", **key, **mine))
    assert (told_of["theirs"], told_of["by"]) == ("The chair's text.", "chair-01")
    assert told_of["key"] != key["key"]
    again = saved(meeting.write("coordinator", first, "My text, on.", **key, **mine))
    assert again["key"] == told_of["key"]  # its answer was lost: still one paragraph
    assert meeting.paragraphs(first)[-2:] == ["The chair&#39;s text.", "My text, on."]
    form = {"page": str(uuid.uuid4()), "version": "1", **key}
    plain = meeting.write("coordinator", first, "By a button.", **PLAIN, **form)
    assert (plain.status_code, "Somebody else changed paragraph" in plain.text) == (409, True)
    assert "By a button." in meeting.paragraphs(first)


def test_F91_what_cannot_be_kept_is_said_and_given_back(meeting: Meeting) -> None:
    first = meeting.cases[0]
    before = meeting.paragraphs(first)
    for bad, status in (
        ({"text": "x" * 4001}, 422),
        ({"text": "back\u202ewards"}, 422),
        ({"kind": "GOSSIP"}, 422),
        ({"class": "safe_contact"}, 422),
        ({"owner": "fenhollow-idva"}, 422),
        ({"key": "1"}, 422),
        ({"page": ""}, 422),
        ({"version": "-1"}, 422),
        ({"as": "somebody"}, 409),
    ):
        form: dict[str, Any] = {"text": "This stays on the page.", **bad}
        text = form.pop("text")
        assert meeting.write("coordinator", first, text, **form).status_code == status, bad
        plain = meeting.write("coordinator", first, text, **PLAIN, **form)
        assert plain.status_code == status
        assert "What you wrote, and was not sent" in plain.text
    assert meeting.paragraphs(first) == before
    assert meeting.write("police", first, "Mine.").status_code == 404
    assert meeting.desks["police"].get("/desk/token").status_code == 404
    token = meeting.desks["coordinator"].get("/desk/token")
    assert json.loads(token.text)["as"] == "marac-01"


def test_F93_an_action_is_typed_once_and_its_owner_in_the_room_has_taken_it(
    meeting: Meeting,
) -> None:
    first = meeting.cases[0]
    desk, path = meeting.desks["coordinator"], f"{meeting.base}/cases/{first}/actions"
    form = {"text": "Changes the locks.", "theme": "TARGET_HARDEN", "owner": LANDLORD}
    form |= {"urgency": "URGENT", "volunteered": "1", "key": str(uuid.uuid4())}
    for _ in range(2):  # sent twice, it is one
        assert desk.post(path, form).status_code == 303
    form |= {"key": str(uuid.uuid4()), "due_on": "2026-12-24", "text": f"{'y' * 200} {SCRIPT}"}
    del form["volunteered"]
    assert desk.post(path, form).status_code == 303
    page = desk.get(f"{meeting.base}/cases/{first}").text
    assert (page.count("Changes the locks."), page.count("Accepted."), SCRIPT in page) == (1, 1, 0)
    assert "Proposed." in page
    for bad in ({"text": " "}, {"theme": "X"}, {"owner": "nobody"}, {"due_on": "2020-01-01"}):
        answer = desk.post(path, form | {"key": str(uuid.uuid4()), **bad})
        assert answer.status_code == 422, bad
    assert meeting.desks["police"].post(path, form).status_code == 404


def test_F92_each_agency_reads_its_extract_paragraph_by_paragraph(meeting: Meeting) -> None:
    first, hidden, third = meeting.cases
    say = meeting.write
    saved(say("coordinator", first, "The plan is agreed.", kind="DECISION"))
    health = {"class": "minutes_health", "owner": IDVA}
    saved(say("coordinator", first, "A broken wrist.", **health))
    saved(
        say("coordinator", first, "Two new locks.", **{"class": "minutes_housing"}, owner=LANDLORD)
    )
    assert meeting.run("coordinator", first, "leave", present="marlbury-police/police-01")
    for reference, who in ((first, ()), (hidden, ("coordinator", "police", "idva"))):
        if who:
            meeting.open(reference, *who)
            saved(say("coordinator", reference, "Calm.\nShe has a room at Lantern House now."))
            saved(say("coordinator", reference, "Not shared with the school: it would show him."))
            drafts = {
                each: meeting.desks[each].get(f"{meeting.base}/cases/{reference}").text
                for each in ("coordinator", "chair")
            }
            assert "Lantern House" in drafts["coordinator"]  # who wrote it
            assert ("Lantern" in drafts["chair"], HELD in drafts["chair"]) == (False, True)
            assert "Not shared with the school" in drafts["chair"]
        closed = meeting.run("coordinator", reference, "heard", feedback="PLAN_AGREED")
        assert closed.status_code == 303, closed.text
    assert "No paragraph is open to you" in extract(meeting, "idva", first)  # not sent yet
    early = meeting.send()
    assert (early.status_code, "not over" in early.text) == (409, True)
    assert meeting.room("coordinator", "end").status_code == 303
    saved(say("coordinator", first, "Tidied up afterwards."))
    assert meeting.send().status_code == 303
    assert meeting.send().status_code == 409
    idva = extract(meeting, "idva", first)
    assert all(
        each in idva for each in ("The plan is agreed.", "A broken wrist.", "Two new locks.")
    )
    assert SCRIPT not in idva
    landlord = extract(meeting, "landlord", first)
    assert ("Two new locks." in landlord, "A broken wrist." in landlord) == (True, False)
    assert "The plan is agreed." not in landlord
    for page in (idva, landlord):  # places without a gap; what names a paragraph counts nothing
        places = [int(each) for each in re.findall(r'tabindex="-1">(\d+)\. ', page)]
        assert places == list(range(1, len(places) + 1))
        assert min(int(each) for each in re.findall(r'id="p-(\d+)"', page)) > 9  # of a million
    left = extract(meeting, "police", first)  # before the end: what it heard was a part
    assert "The plan is agreed." not in left
    police = extract(meeting, "police", hidden)
    assert "Not shared with the school" in police
    assert ("Lantern" in police, HELD in police) == (False, True)
    pulled = meeting.world.client(IDVA).pull(hidden, "P9").document  # it knows where she is
    assert "Lantern House" in json.dumps(pulled)
    late = say("coordinator", first, "Too late.")
    assert json.loads(late.text)["code"] == "minutes_closed"
    assert states(meeting.world, first)[-2:] == ["HEARD", "ACTIONS_OPEN"]
    assert states(meeting.world, third)[-1] == "LISTED"


def test_F61_who_reads_minutes_is_in_the_log_and_has_a_receipt(meeting: Meeting) -> None:
    world, first = meeting.world, meeting.cases[0]
    read = [each for each in world.log(event="minutes.read") if each["agency"] == LANDLORD]
    assert read
    assert {each["purpose"] for each in read} == {"P9"}
    given = [
        r for r in world.rows(t.receipt, case_id=world.case_of(first)) if r["form"] == "page/1"
    ]
    assert LANDLORD in {row["agency_id"] for row in given}
    stranger = meeting.desks["police"].get("/desk/cases/ZZZZZ-ZZZZZ-Z/minutes")
    assert stranger.status_code == 404


def test_F91_a_correction_is_appended_and_what_stood_there_stays(meeting: Meeting) -> None:
    first = meeting.cases[0]
    number = extract(meeting, "landlord", first).split("Two new locks.")[0].rsplit('id="p-')[-1]
    form = {"number": number.split('"')[0], "said": "FACT", "text": "Three new locks."}
    path, key = f"/desk/cases/{first}/minutes", str(uuid.uuid4())
    for _ in range(2):  # the same form, twice
        answer = meeting.desks["landlord"].post(path, form | {"key": key})
        assert answer.status_code == 303, answer.text
    page = extract(meeting, "landlord", first)
    assert (page.count("Two new locks."), page.count("Three new locks.")) == (1, 1)
    assert "A correction of paragraph" in page
    assert "Three new locks." in extract(meeting, "idva", first)
    for who, bad in (
        ("idva", form),  # another's paragraph
        ("landlord", form | {"number": "1"}),  # one it does not read
        ("landlord", form | {"number": "x"}),
        ("landlord", form | {"text": " "}),
        ("landlord", form | {"said": "GOSSIP"}),
    ):
        desk = meeting.desks[who]
        assert desk.post(path, bad | {"key": str(uuid.uuid4())}).status_code == 422, (who, bad)


def states(world: World, reference: str) -> list[str]:
    """The states that a case went through."""
    rows = world.rows(t.state, case_id=world.case_of(reference))
    return [str(row["state"]) for row in sorted(rows, key=lambda row: row["seq"])]

"""A meeting for tests: planned, signed for, begun, its cases opened to who comes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from gateway.profiles.loader import Profiles
from gateway.schemas.codes import PersonRole
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Desk, a_desk, add_people
from tests.desk.test_desk import enter
from tests.journeys.world import CHAIR, World

DECLARATION = Profiles.load().declaration
PEOPLE = {
    "coordinator": f"{COORDINATOR}/marac-01",
    "chair": f"{COORDINATOR}/{CHAIR}",
    "idva": f"{IDVA}/idva-01",
    "police": f"{POLICE}/police-01",
    "landlord": f"{LANDLORD}/homes-01",
}


@dataclass
class Meeting:
    """A meeting that is under way, with everybody's browser."""

    world: World
    desks: Mapping[str, Desk]
    base: str
    cases: Sequence[str]

    def room(self, who: str, do: str, **form: Any) -> TestResponse:
        return self.desks[who].post(f"{self.base}/room", {"do": do, **form})

    def run(self, who: str, reference: str, do: str, **form: Any) -> TestResponse:
        """Do something with a case of it."""
        return self.desks[who].post(f"{self.base}/cases/{reference}", {"do": do, **form})

    def open(self, reference: str, *who: str) -> None:
        """Open a case to some of those who came."""
        present = [PEOPLE[each] for each in who or PEOPLE]
        answer = self.run("coordinator", reference, "open", present=present)
        assert answer.status_code == 303, answer.text

    def write(self, who: str, reference: str, text: str, **more: Any) -> TestResponse:
        """Send one paragraph as the page's script does; `plain` as its button."""
        form = {"key": str(uuid.uuid4()), "page": str(uuid.uuid4()), "version": "0"}
        form |= {"kind": "SHARED", "said": "FACT", "class": "minutes", "owner": COORDINATOR}
        headers = {} if more.pop("plain", False) else {"Accept": "application/json"}
        form |= {"as": PEOPLE[who].split("/")[1], "text": text, **more}
        path = f"{self.base}/cases/{reference}/minutes"
        return self.desks[who].post(path, form, **headers)

    def paragraphs(self, reference: str, who: str = "coordinator") -> list[str]:
        """The texts in the forms of the page."""
        page = self.desks[who].get(f"{self.base}/cases/{reference}").text
        found = re.findall(r"<textarea[^>]*name=\"text\"[^>]*>([^<]*)</textarea>", page)
        return found[:-1]  # the last one is empty, for the next paragraph

    def send(self, who: str = "coordinator") -> TestResponse:
        """Send plan and minutes out."""
        return self.desks[who].post(f"{self.base}/minutes", {"key": str(uuid.uuid4())})


def a_meeting(
    world: World, cases: Sequence[str], attendees: Sequence[str] = (), *, is_first: bool = True
) -> Meeting:
    """A meeting that has begun, of cases that were sent; the first brings the people with it."""
    if is_first:
        add_people(world)
    desks = {who: a_desk(world, who) for who in PEOPLE if who != "chair"}
    desks["chair"] = enter(world, COORDINATOR, CHAIR, PersonRole.COORDINATOR)
    coordinator = world.client(COORDINATOR)
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-10T09:30:00Z",
            "attendees": [POLICE, IDVA, LANDLORD, *attendees],
        }
    )["conference"]
    for reference in cases:
        coordinator.decide(reference, {"decision": "ACCEPT"})
        coordinator.list_case(conference, reference)
    made = Meeting(world, desks, f"/desk/conferences/{conference}", cases)
    for desk in desks.values():
        signed = {"attending": "REPRESENTATIVE", "digest": DECLARATION.digest}
        desk.get(f"{made.base}/declaration")
        assert desk.post(f"{made.base}/declaration", signed).status_code == 303
    assert made.room("coordinator", "begin").status_code == 303
    return made

"""Who is in a referral: the picture says what the list says, and any form can be shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.desk import people
from gateway.desk.people import HIGH, WIDE
from tests.desk.conftest import a_desk
from tests.journeys.world import World, example, graded

ON = date(2026, 11, 23)
SENDERS = {"c3": "fenhollow-idva", "c2": "marlbury-college", "c5": "marlbury-police"}
FORMS = {*SENDERS, "c1", "c4", "minimal"}


def parts(children: int, harming: int) -> dict[str, Any]:
    born = {"dob": {"value": "2020-11-24"}, "relation_to_victim": "CHILD"}
    return {
        "victim_identity": {"victim": {"given_names": "A", "dob": {"value": "1990-02-30"}}},
        "children": {"children": [{"ref": f"c{n}", **born} for n in range(children)]},
        "perpetrators": {"perpetrators": [{"ref": f"p{n}"} for n in range(harming)]},
    }


@pytest.mark.parametrize(("children", "harming"), [(0, 1), (1, 0), (9, 1), (3, 5), (20, 20)])
def test_F88_everybody_of_the_list_stands_in_the_picture_and_no_box_on_another(
    children: int, harming: int
) -> None:
    known = people.humans(parts(children, harming), on=ON)
    drawn = people.picture(known)
    assert drawn is not None
    assert {box.who for box in drawn.boxes} == set(known)
    assert len(drawn.lines) == len(known) - 1
    places = [(box.x, box.y) for box in drawn.boxes]
    assert all(0 <= x <= drawn.width - WIDE and 0 <= y <= drawn.height - HIGH for x, y in places)
    for n, (x, y) in enumerate(places):
        assert not [1 for a, b in places[n + 1 :] if abs(a - x) < WIDE and abs(b - y) < HIGH]


def test_F88_age_is_in_whole_years_and_a_day_that_is_none_gives_no_age() -> None:
    victim, child = people.humans(parts(1, 0), on=ON)
    assert (victim.what, child.what) == ("Victim", "Child, 5")
    assert people.humans(parts(1, 0), on=date(2026, 11, 24))[1].what == "Child, 6"


def test_F88_nobody_is_drawn_alone_or_without_her() -> None:
    assert people.picture(people.humans(parts(0, 0), on=ON)) is None
    without = {"perpetrators": parts(0, 2)["perpetrators"]}
    assert people.picture(people.humans(without, on=ON)) is None
    assert people.humans({}, on=ON) == []


def test_F31_the_page_of_triage_shows_whatever_form_was_sent(shared_sqlite_world: World) -> None:
    world = shared_sqlite_world
    desk = a_desk(world, "coordinator")
    for name in sorted({*FORMS, "unassessed"}):
        danger = {"referral__danger": "IMMINENT_LIFE"}
        form = example(name) if name in FORMS else graded(5, unknown=19, **danger)
        reference = world.client(SENDERS.get(name, "harbourgate-homes")).refer(form).reference
        assert desk.get(f"/desk/cases/{reference}/triage?purpose=P9").status_code == 200, name
        assert desk.get(f"/desk/cases/{reference}/waits").status_code == 200, name

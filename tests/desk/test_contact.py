"""Reaching her, at the desk: how it is safe comes first, a try is casework for nobody else."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.errors import NotFound
from gateway.flows import cases
from gateway.schemas import reference as references
from gateway.schemas.codes import Purpose
from gateway.store import tables as t
from tests.desk.behind import UNKNOWN, behind
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, Desk, a_desk, add_people
from tests.desk.test_desk import read, statements_of
from tests.desk.test_history import TOKEN
from tests.journeys import acting
from tests.journeys.hosting import host
from tests.journeys.world import World, example

REMARK = "Rang from a withheld number; it rang out."


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    host(shared_world, IDVA)
    return {who: a_desk(shared_world, who) for who in ("coordinator", "idva", "landlord", "police")}


@pytest.fixture(scope="module")
def case(shared_world: World, desks: dict[str, Desk]) -> str:
    return shared_world.client(LANDLORD).refer(example("c1")).reference


def contact(desk: Desk, reference: str) -> TestResponse:
    return desk.get(f"/desk/cases/{reference}/contact?purpose=P2")


def write(world: World, desk: Desk, reference: str, **more: Any) -> TestResponse:
    """Write a try down, of this moment by default: Monday at 10:00, when it is safe to ring."""
    local = world.now
    form = {"key": str(uuid.uuid4()), "purpose": "P2", "on": f"{local:%Y-%m-%d}"}
    form |= {"time": f"{local:%H:%M}", "way": "CALL", "outcome": "NO_ANSWER", **more}
    return desk.post(f"/desk/cases/{reference}/contact", form)


def test_F122_how_she_is_reached_safely_stands_first_and_unknown_means_no(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    text = contact(desks["idva"], case).text
    assert text.index("How to reach her safely") < text.index("What was tried")
    assert "Unknown means no." in text
    assert "The gateway sends her nothing, ever" in text
    assert "Voicemail: not safe" in text
    assert "The first try is due" in text
    entry = shared_world.log(event="sealed.read", case=shared_world.case_of(case))
    assert entry == [] or entry[-1]["purpose"] == "P2"


def test_F122_a_try_is_written_down_and_counts_until_she_cannot_be_reached(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    desk = desks["idva"]
    contact(desk, case)
    assert write(shared_world, desk, case, note=REMARK).status_code == 303
    text = contact(desk, case).text
    assert REMARK in text
    assert "1 of 3 tries" in text
    again = {"key": str(uuid.uuid4())}
    assert write(shared_world, desk, case, **again).status_code == 303
    assert write(shared_world, desk, case, **again).status_code == 303  # sent twice: one act
    assert "2 of 3 tries" in contact(desk, case).text
    write(shared_world, desk, case, way="IN_PERSON")
    assert "Cannot be reached" in contact(desk, case).text
    write(shared_world, desk, case, way="THROUGH_SOMEBODY", outcome="REACHED", time="00:00")
    assert "Cannot be reached" in contact(desk, case).text  # it was before the others


def test_F122_what_is_not_safe_by_the_record_is_not_taken_without_a_word(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    desk = desks["idva"]
    contact(desk, case)
    refused = write(shared_world, desk, case, way="VOICEMAIL", note="Left my name.")
    assert refused.status_code == 409
    assert "By the record this way is not safe" in refused.text
    assert "Left my name." in refused.text
    desk.seen.append(refused)
    assert write(shared_world, desk, case, time="09:55").status_code == 409  # too early to ring
    kept = write(shared_world, desk, case, way="VOICEMAIL", note="Left my name.", although="yes")
    assert kept.status_code == 303
    assert "Was not safe" in contact(desk, case).text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"on": "", "time": ""}, "Say on which day"),
        ({"on": "2031-01-01"}, "lies ahead"),
        ({"on": "2021-01-01"}, "lies ahead, or more than a year back"),
        ({"way": "PIGEON"}, "Choose how it was tried"),
        ({"outcome": ""}, "Choose what came of it"),
        ({"note": "x" * 1001}, "too long"),
        ({"note": "a\x00b"}, "too long"),
    ],
)
def test_a_try_that_lacks_something_is_refused_and_nothing_typed_is_lost(
    shared_world: World, desks: dict[str, Desk], case: str, changed: dict[str, str], said: str
) -> None:
    desk = desks["idva"]
    contact(desk, case)
    answer = write(shared_world, desk, case, **{"note": "Mind this.", **changed})
    assert answer.status_code == 422
    assert said in answer.text
    assert "note" in changed or "Mind this." in answer.text


def test_F122_a_try_is_for_the_advisers_agency_alone_and_sealed_to_its_key(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    """Not for who coordinates, nor for police and landlord; not at rest, and in no pull."""
    write(shared_world, desks["idva"], case, note=REMARK)
    for who, purpose in (("coordinator", "P9"), ("police", "P5"), ("landlord", "P7")):
        assert contact(desks[who], case).status_code == 404, who
        assert REMARK not in read(desks[who], case, purpose).text, who
        assert "Contact attempt" not in read(desks[who], case, purpose).text
    with pytest.raises(NotFound), acting.doing(shared_world, LANDLORD) as work:
        cases.require_contact(work, str(references.read(case)), Purpose.P7)
    rows = shared_world.rows(t.private_note)
    assert rows
    assert all(REMARK.encode() not in row["document"] for row in rows)
    for line in shared_world.client(COORDINATOR).access(case)["entries"]:
        assert not line["event"].startswith("note.")


def test_F122_an_agency_with_its_own_key_keeps_tries_in_its_own_software(world: World) -> None:
    add_people(world)
    reference = world.client(LANDLORD).refer(example("c1")).reference
    desk = a_desk(world, "idva")
    text = contact(desk, reference).text
    assert "Your agency holds its own keys" in text
    assert "Write down a try" not in text
    refused = write(world, desk, reference)
    assert refused.status_code == 409
    assert "Nothing was kept" in refused.text
    assert world.rows(t.private_note) == []


def test_promise_02_who_stands_behind_a_wall_finds_no_contact(world: World) -> None:
    host(world, IDVA)
    for name, (desk, reference) in behind(world).items():
        refused, absent = contact(desk, reference), contact(desk, UNKNOWN)
        assert refused.status_code == absent.status_code == 404, name
        assert TOKEN.sub("", refused.text) == TOKEN.sub("", absent.text), name
        assert write(world, desk, reference).status_code == 404, name


def test_more_tries_ask_no_more_of_the_database(sqlite_world: World) -> None:
    world = sqlite_world
    add_people(world)
    host(world, IDVA)
    reference = world.client(LANDLORD).refer(example("c1")).reference
    desk = a_desk(world, "idva")
    contact(desk, reference)
    write(world, desk, reference)
    few = statements_of(world, lambda: contact(desk, reference))
    for _ in range(12):  # more than a page of notes
        write(world, desk, reference)
    assert statements_of(world, lambda: contact(desk, reference)) == few
    assert contact(desk, reference).text.count("No answer") == 14  # and its choice in the form

"""The records of a case on its page: what was given, what left with whose mark, who looked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.client import verify
from gateway.schemas.codes import PersonRole
from tests.desk.behind import UNKNOWN, behind
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Desk, a_desk, add_people
from tests.desk.test_desk import enter, read, statements_of
from tests.desk.test_history import TOKEN
from tests.journeys import acting
from tests.journeys.attacks import BY_AND_FOR, COLLEGE, CSC
from tests.journeys.walled import add_worker
from tests.journeys.world import AUDITOR, World, example

RECEIPT = re.compile(r'name="receipt" value="([^"]+)"')
MARK = "Marlbury police, police-01"


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    return {who: a_desk(shared_world, who) for who in ("coordinator", "idva", "landlord", "police")}


@pytest.fixture(scope="module")
def case(shared_world: World, desks: dict[str, Desk]) -> str:
    """A case that was read on pages, by software, and of which a paper was taken."""
    world, reference = shared_world, ""
    conference = acting.a_conference(world)
    reference = acting.listed(world, conference)
    assert read(desks["police"], reference, "P5").status_code == 200
    assert read(desks["idva"], reference, "P2").status_code == 200
    world.client(IDVA, "idva-01").pull(reference, "P2")
    case_id = world.case_of(reference)
    with acting.doing(world, POLICE) as work:
        facts = {"paper": "agenda-paper/1", "format": "pdf", "mark": MARK, "conference": conference}
        work.record("paper.taken", case_id, because="attending", facts=facts)
    with acting.doing(world, COORDINATOR) as work:
        facts |= {"paper": "pack/1", "agency": CSC, "recipient": "P. Ardane", "reason": "Rung."}
        facts |= {"mark": f"{CSC}, by marac-01"}
        work.record("pack.made", case_id, because="no-sign-in", facts=facts)
    world.sequence()
    return reference


def records(desk: Desk, reference: str) -> Any:
    return desk.get(f"/desk/cases/{reference}/records")


def part(text: str, name: str) -> str:
    """One section of the page as it reads."""
    inner = text.partition(f'id="{name}">')[2].partition("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inner))


def test_F76_who_coordinates_sees_everything_that_was_given_and_who_looked(
    desks: dict[str, Desk], case: str
) -> None:
    text = records(desks["coordinator"], case).text
    given, looked = part(text, "given"), part(text, "looked")
    assert "Marlbury police police-01" in given
    assert "Manage the person who causes harm" in given
    assert "Marlbury IDVA service idva-01 The case, sealed to its software" in given
    assert "Read the case" in looked
    assert "Referred it" in looked
    assert "Elena" not in text


def test_F76_a_contributor_sees_its_own_part_alone(desks: dict[str, Desk], case: str) -> None:
    landlord, police = (records(desks[who], case).text for who in ("landlord", "police"))
    assert "Marlbury police" in part(landlord, "looked")  # it read what the landlord sent
    assert "Marlbury police" not in part(landlord, "given")
    assert "Marlbury IDVA service" not in part(police, "looked")  # nothing there is the police's
    assert "police-01" in part(police, "given")


def test_what_left_stands_with_the_mark_of_whose_copy_it_is(
    desks: dict[str, Desk], case: str
) -> None:
    left = part(records(desks["coordinator"], case).text, "left")
    assert MARK in left
    assert "Agenda as a file (pdf)" in left
    assert "The case, sealed to its software Marlbury IDVA service idva-01" in left
    assert "A locked pack (pdf)" in left
    assert f"Made by {COORDINATOR}, marac-01" in left
    assert f"{CSC}, by marac-01" in left
    assert MARK not in part(records(desks["landlord"], case).text, "left")
    assert MARK in part(records(desks["police"], case).text, "left")


def test_M1_an_own_receipt_is_taken_and_checked_without_the_gateway(
    shared_world: World,
    desks: dict[str, Desk],
    case: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk, path = desks["police"], f"/desk/cases/{case}/records"
    receipt_id = RECEIPT.findall(records(desk, case).text)[0]
    taken = desk.post(path, {"receipt": receipt_id, "what": "receipt"})
    proof = desk.post(path, {"receipt": receipt_id, "what": "proof"})
    assert taken.headers["Content-Disposition"] == 'attachment; filename="receipt.json"'
    assert case not in taken.headers["Content-Disposition"]
    signers = json.dumps({"keys": list(shared_world.keys.signing.public)})
    key = shared_world.client(POLICE)._log()["verifiers"][0]
    for name, kept in (("receipt", taken.text), ("proof", proof.text)):
        (tmp_path / name).write_text(kept, encoding="utf-8")
    (tmp_path / "signers").write_text(signers, encoding="utf-8")
    (tmp_path / "key").write_text(key, encoding="utf-8")
    given = ["--key", str(tmp_path / "key"), "--signers", str(tmp_path / "signers")]
    arguments = ["receipt", *given, "--proof", str(tmp_path / "proof"), str(tmp_path / "receipt")]
    assert verify.main(arguments) == verify.VERIFIED
    assert f"{case} for {POLICE}: entry " in capsys.readouterr().out
    changed = taken.text.replace('"FULL"', '"SUMMARY"', 1)
    (tmp_path / "receipt").write_text(changed, encoding="utf-8")
    assert verify.main(arguments) != verify.VERIFIED


def test_V01_anothers_receipt_and_one_of_another_case_are_not_there(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    its = RECEIPT.findall(records(desks["police"], case).text)[0]
    other = shared_world.client(LANDLORD).refer(example("c1")).reference
    form = {"receipt": its, "what": "receipt"}
    records(desks["coordinator"], case)
    assert desks["coordinator"].post(f"/desk/cases/{case}/records", form).status_code == 404
    assert desks["police"].post(f"/desk/cases/{other}/records", form).status_code == 404
    for bad in ("", "x", "0" * 36):
        form = {"receipt": bad, "what": "receipt"}
        assert desks["police"].post(f"/desk/cases/{case}/records", form).status_code == 404


def test_F79_that_somebody_looked_at_the_records_is_a_line_of_them(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    case_id = shared_world.case_of(case)
    before = len(shared_world.log(event="log.read", case=case_id))
    assert "Looked at who looked" in part(records(desks["coordinator"], case).text, "looked")
    entry = shared_world.log(event="log.read", case=case_id)[before]
    assert (entry["purpose"], entry["worker"]) == ("P10", "marac-01")


def test_F66_the_auditor_of_the_area_sees_who_looked_and_takes_no_receipt(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    add_worker(shared_world, AUDITOR, "audit-01")
    auditor = enter(shared_world, AUDITOR, "audit-01", PersonRole.DPO_AUDITOR)
    text = records(auditor, case).text
    assert "Read the case" in part(text, "looked")
    assert RECEIPT.findall(text) == []
    assert "Elena" not in text


def test_F67_that_a_refuge_looked_tells_a_contributor_nothing_of_where_she_is(
    world: World,
) -> None:
    """To who may not read where she is, the refuge has no name, here and by the API."""
    add_people(world)
    reference = world.client(COLLEGE).refer(example("c2")).reference
    world.client(BY_AND_FOR).pull(reference, "P2")
    world.execute("UPDATE agency SET kind = 'REFUGE' WHERE id = :id", id=BY_AND_FOR)
    college = enter(world, COLLEGE, "college-01", PersonRole.AGENCY_REP)
    text = records(college, reference).text
    lines = world.client(COLLEGE).access(reference)["entries"]
    shown = {line["agency"] for line in lines}
    assert BY_AND_FOR not in shown
    assert BY_AND_FOR not in text
    hidden = [line for line in lines if line["agency"] is None]
    assert hidden
    assert {(line["worker"], line["salt"]) for line in hidden} == {(None, None)}
    assert "An agency that is not named" in text


def test_promise_02_who_stands_behind_a_wall_finds_no_records(world: World) -> None:
    for name, (desk, reference) in behind(world).items():
        refused, absent = records(desk, reference), records(desk, UNKNOWN)
        assert refused.status_code == absent.status_code == 404, name
        assert TOKEN.sub("", refused.text) == TOKEN.sub("", absent.text), name
        form = {"receipt": "0" * 36}
        assert desk.post(f"/desk/cases/{reference}/records", form).status_code == 404, name


def test_more_readings_ask_no_more_of_the_database(sqlite_world: World) -> None:
    world = sqlite_world
    add_people(world)
    reference = world.client(LANDLORD).refer(example("c1")).reference
    desk = a_desk(world, "coordinator")
    world.client(IDVA).pull(reference, "P2")
    few = statements_of(world, lambda: records(desk, reference))
    for _ in range(5):
        world.client(IDVA).pull(reference, "P2")
        world.client(COORDINATOR).pull(reference, "P9")
    assert statements_of(world, lambda: records(desk, reference)) == few

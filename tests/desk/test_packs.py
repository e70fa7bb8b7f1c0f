"""The pack of an agency without a sign-in: what is in it, that it is locked, and who made it."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from gateway.schemas.codes import PersonRole
from gateway.sealing import passphrases
from gateway.store import tables as t
from tests.desk.conftest import (
    COORDINATOR,
    IDVA,
    LANDLORD,
    POLICE,
    Desk,
    Live,
    a_desk,
    add_people,
    sign,
)
from tests.desk.test_desk import enter
from tests.desk.test_in_a_browser import enter as enter_live
from tests.desk.test_in_a_browser import page
from tests.desk.test_looks import look
from tests.files import pdf_of
from tests.journeys.hosting import host
from tests.journeys.test_canaries import CANARY, planted
from tests.journeys.test_conflict import NOBODYS
from tests.journeys.walled import HIMSELF, add_worker
from tests.journeys.world import World, example, graded

__all__ = ["page"]
SENDER, CSC, TIED = "fenhollow-idva", "marlbury-csc", "marac-02"
FORM = {"agency": CSC, "recipient": "Duty manager", "reason": "Its sign-in is not set up yet."}
HIDE = "document.querySelectorAll('.gw-passphrase li').forEach((e) => { e.textContent = 'word'; })"
WORD = re.compile(r"gw-passphrase.*?</ol>", re.DOTALL)


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    add_worker(shared_world, COORDINATOR, TIED)
    host(shared_world, CSC)
    return {who: a_desk(shared_world, who) for who in ("coordinator", "police")}


@pytest.fixture(scope="module")
def listed(shared_world: World, desks: dict[str, Desk]) -> tuple[str, list[str]]:
    """A conference with a case whose protected texts are canaries, and two more."""
    world, form = shared_world, example("c3")
    assert sum(map(len, planted(form).values())) > 3
    coordinator = world.client(COORDINATOR)
    body = {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z"}
    conference = coordinator.create_conference({**body, "attendees": [POLICE, IDVA, CSC]})
    refs = [world.client(SENDER).refer(form).reference]
    refs += [world.client(LANDLORD).refer(each).reference for each in (example("c1"), graded(18))]
    for each in refs:
        coordinator.decide(each, {"decision": "ACCEPT"})
        coordinator.list_case(conference["conference"], each)
    return conference["conference"], refs


def ask(desk: Desk, conference: str, **form: str) -> TestResponse:
    desk.get(f"/desk/conferences/{conference}/packs")
    return desk.post(f"/desk/conferences/{conference}/packs", {**FORM, **form})


def opened(answer: TestResponse) -> tuple[bytes, str]:
    """The file on the page, and its passphrase."""
    assert answer.status_code == 200, answer.text
    found = re.findall(r'href="data:application/pdf;base64,([^"]+)"', answer.text)
    words = re.findall(r"<li>([a-z-]+)</li>", WORD.findall(answer.text)[0])
    assert len(words) == 6
    return base64.b64decode(found[0]), " ".join(words)


def test_F31_a_pack_opens_with_its_six_words_and_with_nothing_else(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, refs = listed
    desk = desks["coordinator"]
    unsigned = desk.get(f"/desk/conferences/{conference}/packs")
    assert unsigned.headers["Location"] == f"/desk/conferences/{conference}/declaration"
    assert ask(desk, conference).status_code == 409
    assert not shared_world.log(event="pack.made")
    assert sign(desk, f"/desk/conferences/{conference}").status_code == 303
    page = desk.get(f"/desk/conferences/{conference}/packs").text
    assert re.findall(r'name="agency" value="([^"]+)"', page) == [CSC]
    answer = ask(desk, conference)
    assert answer.headers["Cache-Control"] == "no-store"
    content, passphrase = opened(answer)
    for wrong in (None, "", passphrase[:-1], passphrase.replace(" ", ""), passphrase.title()):
        with pytest.raises(pypdfium2.PdfiumError):
            pdf_of(content, wrong)
        with pytest.raises(pikepdf.PasswordError):
            pikepdf.open(io.BytesIO(content), password=wrong or "")
    text = pdf_of(content, passphrase)
    assert "Copy for Marlbury children's social care, by marac-01" in text.replace("\u2019", "'")
    asked = shared_world.client(CSC).research.requests(conference)
    assert {each["reference"] for each in asked} <= set(refs)
    for each in asked:
        assert each["reference"] in text
        assert each["people"]["victim"]["family_name"] in text
    own = shared_world.client(CSC).agenda(conference)["cases"]
    assert own
    assert all(each["reference"] in text for each in own)
    assert not CANARY.findall(text)
    assert "Its sign-in is not set up yet." not in text
    with pikepdf.open(io.BytesIO(content), password=passphrase) as made:
        assert (made.encryption.R, made.encryption.bits) == (6, 256)
        assert made.encryption.stream_method is pikepdf.models.EncryptionMethod.aesv3
        assert not made.check_pdf_syntax()


def test_F31_who_was_given_what_and_why_is_in_the_log_and_the_passphrase_is_nowhere(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, _ = listed
    before = len(shared_world.log(event="pack.made"))
    _, passphrase = opened(ask(desks["coordinator"], conference))
    lines = shared_world.log(event="pack.made")[before:]
    own = shared_world.client(CSC).agenda(conference)["cases"]
    cases = {shared_world.case_of(each["reference"]) for each in own}
    assert {each["case"] for each in lines} >= cases
    for each in lines:
        assert (each["agency"], each["worker"]) == (COORDINATOR, "marac-01")
        told = {name: each["facts"][name] for name in ("agency", "recipient", "reason")}
        assert told == FORM
        assert each["facts"]["mark"].endswith("by marac-01")
    read = [each for each in shared_world.log(event="agenda.read") if each["worker"] == "@pack"]
    assert {each["agency"] for each in read} == {CSC}
    for case in cases:
        for agency in (CSC, COORDINATOR):
            given = shared_world.rows(t.receipt, case_id=case, agency_id=agency)
            assert "pack/1" in {row["form"] for row in given}
    everything = json.dumps(shared_world.log(), default=str)
    with shared_world.engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            everything += repr(connection.execute(select(table)).all())
    first, second, *_ = passphrase.split()
    assert passphrase not in everything
    assert f"{first} {second}" not in everything


def test_promise_02_a_pack_is_made_by_who_runs_the_conference_for_who_cannot_sign_in(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, _ = listed
    made = len(shared_world.log(event="pack.made", outcome="allowed"))
    assert ask(desks["police"], conference).status_code == 404
    other = enter(shared_world, "fenhollow-marac", "marac-01", PersonRole.COORDINATOR)
    assert ask(other, conference).status_code == 404
    assert ask(desks["coordinator"], "nothing").status_code == 404
    for wrong, said in (
        ({"agency": POLICE}, "Choose the agency."),  # it has software of its own
        ({"agency": "marlbury-college"}, "Choose the agency."),  # it does not attend
        ({"agency": "@operator"}, "Choose the agency."),
        ({"recipient": " "}, "Write who of it you ring"),
        ({"reason": "x" * 501}, "Write why it gets"),
        ({"reason": "\u202e"}, "Write why it gets"),
    ):
        answer = ask(desks["coordinator"], conference, **wrong)
        assert (answer.status_code, said in answer.text) == (422, True), wrong
        assert "data:application" not in answer.text
    assert len(shared_world.log(event="pack.made", outcome="allowed")) == made


def test_F65_what_is_behind_the_wall_of_who_makes_it_is_in_no_pack(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    """Who makes it has the passphrase, so there is no more in it than that person may know."""
    conference, _ = listed
    world = shared_world
    ref = world.client("marlbury-college").refer(example("c2", **NOBODYS)).reference
    world.client(COORDINATOR).decide(ref, {"decision": "ACCEPT"})
    world.client(COORDINATOR).list_case(conference, ref)
    assert ref in pdf_of(*opened(ask(desks["coordinator"], conference)))
    world.client(COORDINATOR, TIED).walls.declare(HIMSELF)
    tied = enter(world, COORDINATOR, TIED, PersonRole.COORDINATOR)
    sign(tied, f"/desk/conferences/{conference}")
    text = pdf_of(*opened(ask(tied, conference)))
    assert ref not in text
    assert "Quarrington" not in text


def test_who_can_sign_in_gets_no_pack(
    shared_world: World, desks: dict[str, Desk], listed: tuple[str, list[str]]
) -> None:
    conference, _ = listed
    enter(shared_world, CSC, "csc-01", PersonRole.AGENCY_REP)
    answer = ask(desks["coordinator"], conference)
    assert (answer.status_code, "Its papers are there" in answer.text) == (409, True)
    assert "data:application" not in answer.text


def test_F31_six_words_are_worth_77_bits_and_each_is_as_likely() -> None:
    assert passphrases.BITS > 77
    assert math.isclose(passphrases.BITS, math.log2(7776**6))
    every = (number.to_bytes(2, "big") for number in count())
    drawn = Counter(passphrases._drawn(lambda _: next(every)) for _ in range(8 * 7776))
    assert len(drawn) == 7776
    assert set(drawn.values()) == {8}
    # What lies above eight times the list is drawn again, and makes no word likelier.
    high = iter([b"\xff\xff", b"\xf3\x00", b"\x00\x01"])
    assert passphrases._drawn(lambda _: next(high)) == 1
    assert all(re.fullmatch("[a-z-]+", each) for each in passphrases.words())


def test_F104_a_pack_is_made_and_saved_by_keyboard_without_a_script(
    live: Live, page: Any, tmp_path: Path
) -> None:
    host(live.world, POLICE)
    enter_live(live, page, "coordinator")
    page.goto(live.address + "/desk/conferences/{conference}/packs".format(**live.month))
    look(page, "packs")
    page.get_by_role("button", name="Make the pack").press("Enter")
    page.get_by_role("alert").get_by_role("link", name="Choose the agency.").wait_for()
    look(page, "packs-lack-something")
    page.get_by_label("Marlbury police").press("Space")
    page.get_by_label("Who of it do you ring?").fill("Duty sergeant")
    page.get_by_label("Why does it get its papers this way?").fill("No sign-in yet.")
    page.get_by_role("button", name="Make the pack").press("Enter")
    page.get_by_role("heading", name="The pack is made").wait_for()
    words = page.locator(".gw-passphrase li").all_inner_texts()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the file").press("Enter")
    assert saved.value.suggested_filename.startswith("papers-20")
    saved.value.save_as(tmp_path / "pack.pdf")
    text = pdf_of((tmp_path / "pack.pdf").read_bytes(), " ".join(words))
    assert "Copy for Marlbury police, by marac-01" in text
    page.evaluate(HIDE)  # what is drawn anew each time is in no picture
    look(page, "pack")

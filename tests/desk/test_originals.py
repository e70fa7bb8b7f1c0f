"""Originals: attached to a draft, read through the case alone, gone with it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.schemas import originals
from gateway.store import context, erasing
from gateway.store import tables as t
from gateway.store.wall import kept
from tests.desk.conftest import LANDLORD, Desk, a_desk, add_people
from tests.desk.test_entering import begin, send
from tests.desk.typing import type_in, typed_of
from tests.journeys.test_races import Other
from tests.journeys.world import World, example
from tests.rules.test_originals import a_pdf, located, runs

CANARY = b"Zephyrine wrote this letter."


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    return {who: a_desk(shared_world, who) for who in ("coordinator", "landlord", "idva", "police")}


def attach(desk: Desk, draft: str, name: str, content: bytes) -> TestResponse:
    desk.get(f"{draft}/files")
    return desk.post(
        f"{draft}/files", {"file": (io.BytesIO(content), name), "kind": "OTHER", "do": "add"}
    )


@pytest.fixture(scope="module")
def case(shared_world: World, desks: dict[str, Desk]) -> str:
    """A referral that a coordinator typed in, with a letter, a scan and a photograph."""
    form, desk = example("c1"), desks["coordinator"]
    draft = type_in(desk, LANDLORD, typed_of(form["document"]))
    for name, content in (
        ("Elena Marsh-Okoro.txt", CANARY),
        ("scan.pdf", a_pdf()),
        ("photo.jpg", located()),
    ):
        assert attach(desk, draft, name, content).status_code == 303
    (row,) = shared_world.rows(t.draft_file, draft_id=draft.rsplit("/", 1)[-1], number=1)
    assert CANARY not in row["content"]
    return send(desk, draft, form)


def ask(desk: Desk, reference: str, number: int = 1, **form: Any) -> TestResponse:
    desk.get("/desk/account")
    whole = {"purpose": "P9", "sent": reference, "number": str(number), **form}
    return desk.post(f"/desk/cases/{reference}/originals", whole)


def test_F18_an_original_is_handed_out_through_its_case_with_a_name_that_tells_nothing(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    answer = ask(desks["coordinator"], case)
    assert answer.data == CANARY
    assert answer.headers["Content-Disposition"] == 'attachment; filename="original-1.txt"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert ask(desks["landlord"], case, purpose="P7").data == CANARY  # it came from there
    assert (
        "Download other 1" in desks["coordinator"].get(f"/desk/cases/{case}/triage?purpose=P9").text
    )
    photo = ask(desks["coordinator"], case, 3)
    assert photo.headers["Content-Type"] == "image/jpeg"
    assert b"Canary" not in photo.data
    entry = shared_world.log(event="original.read", case=shared_world.case_of(case))[-1]
    assert (entry["worker"], entry["purpose"], entry["outcome"]) == ("marac-01", "P9", "allowed")
    rows = shared_world.rows(t.attachment, case_id=shared_world.case_of(case))
    assert not [row for row in rows if CANARY in row["content"]]
    assert "Elena" not in str([{k: v for k, v in row.items() if k != "content"} for row in rows])


def test_V04_who_may_read_less_than_all_gets_no_file_and_no_other_case_leads_to_it(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    other = shared_world.client(LANDLORD).refer(example("c1")).reference
    for desk, asked in (
        (desks["idva"], ask(desks["idva"], case, purpose="P2")),
        (desks["police"], ask(desks["police"], case, purpose="P2")),
        (desks["coordinator"], ask(desks["coordinator"], other, sent=case)),
        (desks["coordinator"], ask(desks["coordinator"], case, 9)),
        (desks["coordinator"], ask(desks["coordinator"], case, purpose="X")),
    ):
        assert asked.status_code == 404, desk
        assert CANARY not in asked.data
    refused = shared_world.log(event="original.read", case=shared_world.case_of(case))
    assert "denied" in {each["outcome"] for each in refused}
    assert "Download other" not in desks["idva"].post(f"/desk/cases/{case}", {"purpose": "P2"}).text


def test_T15_a_hostile_file_is_refused_with_words_and_kept_nowhere(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    desk = desks["coordinator"]
    draft = begin(desk, LANDLORD)
    answer = attach(desk, draft, "form.pdf", a_pdf(runs))
    assert answer.status_code == 422
    assert "The file runs something" in answer.text
    assert attach(desk, draft, "form.exe", b"MZ").status_code == 422
    assert desk.post(f"{draft}/files", {"do": "add", "kind": "OTHER"}).status_code == 422
    assert shared_world.rows(t.draft_file, draft_id=draft.rsplit("/", 1)[-1]) == []
    assert attach(desk, draft, "a.txt", CANARY).status_code == 303
    assert attach(desks["landlord"], draft, "a.txt", CANARY).status_code == 404
    assert desks["landlord"].post(f"{draft}/files", {"do": "remove:1"}).status_code == 404
    assert desk.post(f"{draft}/files", {"do": "remove:1"}).status_code == 303
    assert desk.post(f"{draft}/files", {"do": "remove:1"}).status_code == 404
    assert shared_world.rows(t.draft_file, draft_id=draft.rsplit("/", 1)[-1]) == []


@pytest.mark.timeout(60)
def test_T15_a_file_that_is_being_read_holds_no_row_of_its_draft(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    """While one file waits for its turn to be read, a colleague changes the same draft."""
    desk, colleague = desks["coordinator"], a_desk(shared_world, "coordinator")
    draft = begin(desk, LANDLORD)
    assert attach(desk, draft, "a.txt", CANARY).status_code == 303
    colleague.get(f"{draft}/files")
    asked = len(shared_world.log(event="draft.read"))
    with originals.ONE_AT_A_TIME:
        second = Other(lambda: attach(desk, draft, "b.txt", CANARY).status_code)
        while len(shared_world.log(event="draft.read")) < asked + 2 and second.thread.is_alive():
            second.thread.join(0.05)  # it opened the page, and asked whether it may
        assert colleague.post(f"{draft}/files", {"do": "remove:1"}).status_code == 303
        assert second.thread.is_alive()
    assert second.end().answer == 303
    rows = shared_world.rows(t.draft_file, draft_id=draft.rsplit("/", 1)[-1])
    assert [row["number"] for row in rows] == [1]
    with originals.ONE_AT_A_TIME:
        assert attach(desk, draft, "c.txt", CANARY).status_code == 503


def test_T15_nobody_else_has_a_file_read_and_a_full_draft_says_so_first(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    draft = begin(desks["coordinator"], LANDLORD)
    with originals.ONE_AT_A_TIME:  # whoever got as far as this would be told to come again
        assert attach(desks["landlord"], draft, "a.txt", CANARY).status_code == 404
    for _ in range(originals.MOST):
        assert attach(desks["coordinator"], draft, "a.txt", CANARY).status_code == 303
    with originals.ONE_AT_A_TIME:
        full = attach(desks["coordinator"], draft, "a.txt", CANARY)
    assert full.status_code == 422
    assert "Take one out first" in full.text


def test_F83_an_original_is_erased_with_its_case(
    shared_world: World, desks: dict[str, Desk], case: str
) -> None:
    case_id = shared_world.case_of(case)
    assert len(shared_world.rows(t.attachment, case_id=case_id)) == 3
    with shared_world.sessions() as session, session.begin():
        context.stand(session, kept(case_id))
        erasing.erase(session, case_id)
    assert shared_world.rows(t.attachment, case_id=case_id) == []
    assert ask(desks["coordinator"], case).status_code == 404

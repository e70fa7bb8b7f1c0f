"""Case by case: a section is asked for with a reason, and somebody else answers for opening it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.rules.leaks import HELD
from gateway.schemas.codes import Scope
from gateway.store import tables as t
from tests.journeys.attacks import (
    ABSENT,
    COORDINATOR,
    FEN_IDVA,
    IDVA,
    LANDLORD,
    OTHER,
    POLICE,
    faults,
    grants_are_derived,
    refused,
    seen,
)
from tests.journeys.world import AUDITOR, World, example

ASK = {"act": "ASK", "section": "orientation", "reason": "A group of her own would help her."}
YES = {"act": "APPROVE", "reason": "She asked for it.", "until": "2026-12-07"}
NO = {"act": "REFUSE", "reason": "Not needed for the plan."}
END = {"act": "END", "reason": "The group has ended."}
SECRET = "GAY_OR_LESBIAN"
SURGERY = "Quillfeather Surgery"


def referred(world: World) -> str:
    """C1, with what the adviser may only be told case by case."""
    return world.client(LANDLORD).refer(example("c1", victim__sexual_orientation=SECRET)).reference


def settle(world: World, agency: str, worker: str | None, ref: str, **document: Any) -> Any:
    client = world.client(agency, worker)
    path = f"/v1/cases/{ref}/approvals"
    if document["act"] != "ASK":
        document.setdefault("number", number(world, ref))
    return client._exchange.send_sealed(path, "approval/1", document, Scope.CASES_WRITE)


def number(world: World, ref: str) -> int:
    """Of the one thing that was asked for in a case."""
    (row,) = world.rows(t.approval, case_id=world.case_of(ref))
    return int(row["seq"])


def ask(world: World, ref: str, **changes: Any) -> Any:
    return settle(world, IDVA, "idva-01", ref, **{**ASK, **changes})


def answer(world: World, ref: str, document: Any = YES, **changes: Any) -> Any:
    return settle(world, COORDINATOR, "marac-01", ref, **{**document, **changes})


def listed(world: World, agency: str, ref: str, worker: str | None = None) -> list[dict[str, Any]]:
    purpose = "P10" if agency == AUDITOR else "P9" if agency == COORDINATOR else "P2"
    client = world.client(agency, worker)
    got = client._exchange.get(f"/v1/cases/{ref}/approvals", Scope.CASES_READ, purpose=purpose)
    return list(got["document"]["approvals"])


def test_F48_a_section_is_open_case_by_case_only_while_somebody_answers_for_it(
    world: World,
) -> None:
    ref = referred(world)
    idva = world.client(IDVA, "idva-01")
    assert "orientation" not in seen(world, IDVA, ref, "P2")
    assert ask(world, ref) == {"number": number(world, ref), "act": "ASK"}
    assert "orientation" not in seen(world, IDVA, ref, "P2")
    assert answer(world, ref) == {"number": number(world, ref), "act": "APPROVE"}
    assert seen(world, IDVA, ref, "P2")["orientation"] == "FULL"
    assert SECRET in json.dumps(idva.pull(ref, "P2").document)
    grants_are_derived(world, ref)
    # To nobody else, also not to one of the same cell.
    assert "orientation" not in seen(world, COORDINATOR, ref)
    (part,) = idva.pull(ref, "P2").claims["receipt"]["parts"]
    assert part["part"]["levels"]["orientation"] == "FULL"
    # The last day is a whole day; then it is over, though nothing runs.
    world.later(days=14)
    assert world.now.date().isoformat() == "2026-12-07"
    assert seen(world, IDVA, ref, "P2")["orientation"] == "FULL"
    world.later(days=1)
    assert "orientation" not in seen(world, IDVA, ref, "P2")


@pytest.mark.parametrize("document", [NO, END])
def test_F48_what_was_refused_or_ended_is_shut_at_once(world: World, document: Any) -> None:
    ref = referred(world)
    ask(world, ref)
    if document is END:
        answer(world, ref)
        assert seen(world, IDVA, ref, "P2")["orientation"] == "FULL"
    answer(world, ref, document)
    assert "orientation" not in seen(world, IDVA, ref, "P2")
    grants_are_derived(world, ref)
    assert refused(answer, world, ref)[0] == 409


def test_F48_the_owner_of_the_section_may_answer_and_who_asked_may_end_it(world: World) -> None:
    ref = referred(world)
    ask(world, ref)
    settle(world, LANDLORD, "homes-01", ref, **YES)
    assert seen(world, IDVA, ref, "P2")["orientation"] == "FULL"
    settle(world, IDVA, "idva-01", ref, **END)
    assert "orientation" not in seen(world, IDVA, ref, "P2")


def test_F52_nobody_answers_who_asked_or_has_no_name_or_no_say(world: World) -> None:
    ref = referred(world)
    ask(world, ref)
    same = (("same_person", "/number"),)
    assert faults(lambda: settle(world, IDVA, "idva-01", ref, **YES)) == same
    nameless = (("needed_here", "/worker"),)
    assert faults(lambda: settle(world, COORDINATOR, None, ref, **YES)) == nameless
    assert faults(lambda: settle(world, IDVA, None, ref, **ASK)) == nameless
    assert refused(lambda: settle(world, POLICE, "police-01", ref, **YES)) == ABSENT
    assert refused(lambda: settle(world, OTHER, "housing-01", ref, **YES)) == ABSENT
    assert world.rows(t.approval)[0]["state"] == "ASKED"
    assert "orientation" not in seen(world, IDVA, ref, "P2")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"section": "no_such_section"}, ("unknown_code", "/section")),
        ({"section": "victim_identity"}, ("not_case_by_case", "/section")),  # has it in full
        ({"section": "informants"}, ("not_case_by_case", "/section")),  # never has it
        ({"section": "finances"}, ("not_case_by_case", "/section")),
        ({"reason": " "}, ("too_short", "/reason")),
        ({"number": 1}, ("not_both", "/number")),
    ],
)
def test_F48_a_question_is_refused_by_field(
    shared_sqlite_world: World, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    world = shared_sqlite_world
    ref = referred(world)
    assert faults(lambda: ask(world, ref, **changes)) == (fault,)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"until": "2026-11-22"}, ("expired", "/until")),
        ({"until": "2026-12-22"}, ("lives_too_long", "/until")),
        ({"number": 2}, ("unknown_reference", "/number")),
        ({"reason": ""}, ("too_short", "/reason")),
        ({"until": None}, ("needed_here", "/until")),
    ],
)
def test_F48_an_answer_is_refused_by_field(
    shared_sqlite_world: World, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    world = shared_sqlite_world
    ref = referred(world)
    ask(world, ref)
    document = {name: value for name, value in {**YES, **changes}.items() if value is not None}
    assert faults(lambda: settle(world, COORDINATOR, "marac-01", ref, **document)) == (fault,)


def test_F48_asking_does_not_tell_whether_there_is_such_a_section(world: World) -> None:
    without = world.client(LANDLORD).refer(example("c1")).reference
    assert ask(world, without)["act"] == ask(world, referred(world))["act"] == "ASK"
    assert refused(ask, world, without)[0] == 409  # once at a time


def test_F48_the_reasons_are_read_by_who_answers_and_kept_sealed(world: World) -> None:
    ref = referred(world)
    ask(world, ref)
    answer(world, ref)
    for agency, worker in ((COORDINATOR, "marac-01"), (LANDLORD, "homes-01"), (AUDITOR, None)):
        (row,) = listed(world, agency, ref, worker)
        assert (row["reason"], row["why"]) == (ASK["reason"], YES["reason"])
        assert (row["worker"], row["by"]) == (
            "idva-01",
            {"agency": COORDINATOR, "worker": "marac-01"},
        )
    assert [row["until"] for row in listed(world, IDVA, ref)] == ["2026-12-07"]
    assert listed(world, COORDINATOR, ref) == []  # nobody in particular answers for nothing
    (stored,) = world.rows(t.approval)
    assert b"group" not in stored["account"] + stored["answer"]
    told = world.log(event="approval.settled")
    assert [each["because"] for each in told] == ["ASK", "APPROVE"]


def test_T01_a_reason_with_a_protected_value_is_held_back(world: World) -> None:
    form = example("c3", victim__gp_practice={"name": SURGERY}, victim__sexual_orientation=SECRET)
    ref = world.client(FEN_IDVA).refer(form).reference
    ask(world, ref, reason=f"She is met at the {SURGERY.upper()}, as agreed.")
    (row,) = listed(world, COORDINATOR, ref, "marac-01")
    assert row["reason"] == HELD

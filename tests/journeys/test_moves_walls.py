"""What people decided about a case holds in the case that another area makes of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.agent import answer_once
from gateway.disclosure import Box, Contribution, contribute, open_case_key, open_value
from gateway.rules.leaks import HELD
from gateway.schemas.codes import ConflictAct
from gateway.store import dated
from gateway.store import tables as t
from tests.journeys.acting import doing
from tests.journeys.test_moves import (
    HERE,
    IDVA,
    LANDLORD,
    OFFER,
    TAKE,
    THEIR_IDVA,
    THERE,
    accepted,
    code_of_pull,
    is_derived,
)
from tests.journeys.walled import add_worker, chair
from tests.journeys.world import World, example, seen

SAID = "She banks with Gull Street."
TEXT = f"He came at nine.\n{SAID}\nHe left at ten."


@pytest.fixture(name="world")
def _world(shared_world: World) -> World:
    return shared_world


def moved(world: World, reference: str) -> str:
    """Let the new area take a case on; its reference there."""
    world.client(HERE).move(reference, OFFER)
    answer_once(world.client(IDVA))
    return str(world.client(THERE).move(reference, TAKE)["reference"])


def acts(world: World, reference: str) -> list[tuple[str, str, str | None, str]]:
    rows = world.rows(t.conflict_act, case_id=world.case_of(reference))
    return [(str(r["act"]), r["agency_id"], r["worker_id"], r["by_agency"]) for r in rows]


def held_by(world: World, reference: str) -> set[str]:
    rows = world.rows(t.section_grant, case_id=world.case_of(reference))
    return {row["agency_id"] for row in rows}


def sections(world: World, reference: str) -> list[Any]:
    return world.rows(t.section, case_id=world.case_of(reference))


# --- the wall -----------------------------------------------------------------------------------


def test_V05_who_was_set_aside_by_hand_is_set_aside_in_the_new_area(world: World) -> None:
    add_worker(world, THEIR_IDVA, "f-99")
    reference = accepted(world)
    reason = "He is her brother-in-law."
    chair(world).walls.settle(reference, "EXCLUDE", THEIR_IDVA, "f-99", reason=reason)
    new = moved(world, reference)
    for pulling in (world.client(THEIR_IDVA, "f-99"), world.client(THEIR_IDVA)):
        with pytest.raises(ProblemError) as refused:
            pulling.pull(new)
        assert refused.value.status == 404
    # Nobody of it held a key for a moment: it was shut before the first was granted.
    assert THEIR_IDVA not in held_by(world, new)
    assert is_derived(world, new)
    assert acts(world, new) == [("EXCLUDE", THEIR_IDVA, "f-99", HERE)]
    case_id = world.case_of(new)
    ((_, cell),) = sealed_accounts(world, case_id)
    with world.operator() as work:
        work.count("test")
        with work.keeping(case_id):
            key = open_case_key(work, case_id)
        why = open_value(key, table="conflict_act", column="account", row=case_id, cell=cell)
    assert why.decode() == reason
    lines = [
        (e["because"], e["outcome"]) for e in world.log(event="conflict.settled", case=case_id)
    ]
    assert lines == [("EXCLUDE", "walled")]


def sealed_accounts(world: World, case_id: str) -> list[tuple[int, bytes]]:
    rows = world.rows(t.conflict_act, case_id=case_id)
    return [(row["seq"], row["account"]) for row in rows if row["account"]]


def test_V05_what_the_gateway_found_goes_on_and_what_opened_or_was_lifted_does_not(
    world: World,
) -> None:
    for worker in ("f-97", "f-98"):
        add_worker(world, THEIR_IDVA, worker)
    reference = accepted(world)
    settle = chair(world).walls.settle
    settle(reference, "EXCLUDE", THEIR_IDVA, "f-98", reason="x")
    settle(reference, "LIFT", THEIR_IDVA, "f-98", reason="x")
    settle(reference, "CONFIRM", THEIR_IDVA, "f-97", reason="x")
    settle(reference, "DEPUTY", THEIR_IDVA, "f-97", reason="x")
    assert acts(world, new := moved(world, reference)) == []
    assert THEIR_IDVA in held_by(world, new)
    reference = accepted(world)
    found = (ConflictAct.EMPLOYER, THEIR_IDVA), (ConflictAct.RESTRICT, "marlbury-gp")
    with doing(world, HERE) as work:
        case_id = world.case_of(reference)
        for act, agency in found:
            dated.add_dated(
                work.session,
                t.conflict_act,
                case_id=case_id,
                act=act,
                agency_id=agency,
                by_agency="@gateway",
                at=work.now,
            )
        work.record("conflict.settled", case_id, because="test")
    new = moved(world, reference)
    assert acts(world, new) == [(str(act), each, None, "@gateway") for act, each in found]
    assert THEIR_IDVA not in held_by(world, new)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (["SERVES"], "WAITING"),
        (["SERVES", "REFUSE"], "REFUSED"),
        (["SERVES", "APPROVE"], "WAITING"),
    ],
)
def test_F62_who_serves_both_is_stopped_in_the_new_area_as_well(
    world: World, said: list[str], state: str
) -> None:
    reference = accepted(world)
    world.client(HERE).move(reference, OFFER)
    assert answer_once(world.client(IDVA))
    for act in said:
        world.client(HERE, "marac-01").walls.release(reference, act, THEIR_IDVA)
    new = str(world.client(THERE).move(reference, TAKE)["reference"])
    assert world.client(THEIR_IDVA).pull(new).sealed == {}
    (row,) = world.rows(t.release, case_id=world.case_of(new))
    assert (row["agency_id"], str(row["state"])) == (THEIR_IDVA, state)
    refused = state == "REFUSED"
    assert (row["by_agency"], row["by_worker"]) == ((HERE, "marac-01") if refused else (None, None))


# --- what is held -------------------------------------------------------------------------------


def test_F64_what_is_drafted_to_be_taken_out_is_not_handed_on(world: World) -> None:
    form = example("c1")
    form["document"]["incidents"][0]["what"] = TEXT
    form["document"].setdefault("summaries", {})["incidents"] = TEXT
    reference = str(world.client(LANDLORD).refer(form).reference)
    world.client(HERE).decide(reference, {"decision": "ACCEPT"})
    draft = world.client(HERE, "marac-01").walls.draft_redaction
    draft(reference, "incidents", LANDLORD, ["/incidents/0/what#2", "/summaries/incidents#2"])
    draft(reference, "victim_identity", LANDLORD, ["/victim/family_name", "/victim/dob/value"])
    new = moved(world, reference)
    told = seen(world.client(THEIR_IDVA), new, "P1")
    assert told["incidents"][1]["incidents"][0]["what"] == TEXT.replace(SAID, HELD)
    assert told["incidents"][1]["summaries"]["incidents"] == TEXT.replace(SAID, HELD)
    assert told["victim_identity"][1]["victim"]["family_name"] == HELD
    for agency, purpose in ((THERE, "P9"), (THEIR_IDVA, "P2")):
        pulled = str(world.client(agency).pull(new, purpose).document)
        assert SAID not in pulled
    # She is found again, and who is close to her, by the words that nobody reads.
    assert tokens(world, new) == tokens(world, reference)


def tokens(world: World, reference: str) -> set[bytes]:
    parties = world.rows(t.party, case_id=world.case_of(reference))
    return {
        row["token"]
        for party in parties
        if str(party["role"]) == "VICTIM"
        for row in world.rows(t.party_token, party_id=party["id"])
    }


# --- whose it is, and where she is --------------------------------------------------------------


def test_F26_each_assessment_stays_its_owners_and_each_summary_is_kept_once(world: World) -> None:
    form = example("c1")
    names = ("incidents", "risk_answers", "children")
    form["document"]["summaries"] = dict.fromkeys(names, "In short.")
    reference = str(world.client(LANDLORD).refer(form).reference)
    world.client(HERE).decide(reference, {"decision": "ACCEPT"})
    (sent,) = form["document"]["risk_assessments"]["value"]
    theirs = {**sent, "assessed_on": "2026-11-21"}
    with doing(world, IDVA) as work:
        box = Box("risk_answers", "FULL", {"risk_assessments": {"value": [theirs]}})
        key = open_case_key(work, world.case_of(reference))
        contribute(work, key, Contribution(IDVA, work.now, [box]))
        work.record("risk.assess", key.case_id, because="test")
    new = moved(world, reference)
    full = [row for row in sections(world, new) if row["part"] == "FULL"]
    assessed = [row["owner_id"] for row in full if row["name"] == "risk_answers"]
    assert sorted(assessed) == sorted((LANDLORD, IDVA))
    assert {r["owner_id"] for r in full if r["name"] != "risk_answers"} == {LANDLORD}
    pulled = world.client(THEIR_IDVA).pull(new, "P1").document["sections"]
    days = {
        (each["owner"], filled["assessed_on"])
        for each in pulled
        if each["section"] == "risk_answers"
        for filled in each["content"]["risk_assessments"]["value"]
    }
    assert days == {(LANDLORD, sent["assessed_on"]), (IDVA, "2026-11-21")}
    short = Counter(row["name"] for row in sections(world, new) if row["part"] == "SUMMARY")
    assert short == dict.fromkeys(names, 1)
    for agency in (HERE, IDVA, LANDLORD):
        assert code_of_pull(world, agency, new) == 404, agency


def test_V02_where_she_was_kept_safe_is_not_where_she_is_in_the_new_area(world: World) -> None:
    reference = accepted(world, "c3")
    assert set(world.client(IDVA).pull(reference).sealed) == {"protected_address", "safe_contact"}
    world.client(HERE).move(reference, OFFER)
    assert answer_once(world.client(IDVA))
    was = world.client(THEIR_IDVA).pull(reference).reveal()
    assert set(was) == {"protected_address", "safe_contact"}
    new = world.client(THERE).move(reference, TAKE)["reference"]
    assert world.client(THEIR_IDVA).pull(new).reveal() == {"safe_contact": was["safe_contact"]}
    assert "protected_address" not in {row["name"] for row in sections(world, new)}

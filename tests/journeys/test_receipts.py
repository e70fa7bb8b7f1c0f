"""Receipts of disclosures: given, kept with the case, checked offline, replayed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway import ledger
from gateway.client import verify
from gateway.flows import cases
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, Purpose
from gateway.sealing import jose
from gateway.store import tables as t
from tests.atrest.desk import run
from tests.journeys.attacks import (
    ABSENT,
    BY_AND_FOR,
    COLLEGE,
    COORDINATOR,
    DAY,
    GP,
    IDVA,
    LANDLORD,
    POLICE,
    refused,
)
from tests.journeys.test_breakglass import Worker
from tests.journeys.test_conflict import NOBODYS
from tests.journeys.walled import HIMSELF, KAMAL, OFFICE, add_worker
from tests.journeys.world import AUDITOR, BASE, World, example, position

Claims = Mapping[str, Any]


def referred(world: World, name: str = "c1") -> str:
    return world.client(LANDLORD).refer(example(name)).reference


def held(world: World, claims: Claims, folder: Path) -> list[str]:
    """What a receiver keeps of a pull, as arguments of `gateway-verify receipt`."""
    world.sequence()
    log = world.app.test_client().get("/log/checkpoint")
    assert log.status_code == 200
    client = world.client(str(claims["aud"]))
    kept = {
        "pulled": json.dumps(dict(claims)),
        "signers": json.dumps({"keys": list(world.keys.signing.public)}),
        "key": client._log()["verifiers"][0],
    }
    proofs = [each["part"]["log"]["commitment"] for each in claims["receipt"]["parts"]]
    for name, text in kept.items():
        (folder / name).write_text(text, encoding="utf-8")
    arguments = ["receipt", "--key", str(folder / "key"), "--signers", str(folder / "signers")]
    for number, commitment in enumerate(proofs):
        (folder / f"proof{number}").write_text(client.log_proof(commitment), encoding="utf-8")
        arguments += ["--proof", str(folder / f"proof{number}")]
    return [*arguments, str(folder / "pulled")]


def rewritten(folder: Path, change: Any) -> None:
    """Change what was pulled after it was kept."""
    claims = json.loads((folder / "pulled").read_text("utf-8"))
    change(claims)
    (folder / "pulled").write_text(json.dumps(claims), encoding="utf-8")


# --- given and kept -------------------------------------------------------------------------------


def test_F75_M1_a_pull_gives_a_receipt_that_stands_by_itself(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = referred(world)
    claims = world.client(IDVA, "idva-01").pull(ref, "P2").claims
    arguments = held(world, claims, tmp_path)
    assert verify.main(arguments) == verify.VERIFIED
    assert f"{ref} for {IDVA}: entry " in capsys.readouterr().out
    (shown,) = claims["receipt"]["parts"]
    part = shown["part"]
    assert (part["reference"], part["agency"], part["worker"]) == (ref, IDVA, "idva-01")
    assert (part["purpose"], part["because"]) == ("P2", "assigned")
    assert part["basis"]
    assert {"matrix", "consent"} <= part["versions"].keys()
    assert part["levels"]["victim_identity"] == "FULL"
    # A list of receipts that was fetched later says the same, word for word.
    fetched = world.client(IDVA).accounts.receipts(ref)
    (again,) = fetched["receipts"]
    assert (again["signed"], again["part"]) == (claims["receipt"]["signed"], part)
    (tmp_path / "pulled").write_text(json.dumps(fetched), encoding="utf-8")
    assert verify.main(arguments) == verify.VERIFIED


def _say_less(claims: dict[str, Any]) -> None:
    claims["receipt"]["parts"][0]["part"]["levels"].popitem()


def _another_salt(claims: dict[str, Any]) -> None:
    claims["receipt"]["parts"][0]["salt"] = jose.b64u(bytes(16))


def _another_document(claims: dict[str, Any]) -> None:
    claims["document"]["sections"][0]["content"] = {"text": "Nothing of this was said."}


def _another_signature(claims: dict[str, Any]) -> None:
    head, body, signature = claims["receipt"]["signed"].split(".")
    swapped = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    claims["receipt"]["signed"] = f"{head}.{body}.{swapped}"


@pytest.mark.parametrize(
    "change", [_say_less, _another_salt, _another_document, _another_signature]
)
def test_M1_a_receipt_that_was_changed_is_refuted(
    shared_sqlite_world: World, tmp_path: Path, change: Any
) -> None:
    world = shared_sqlite_world
    arguments = held(world, world.client(IDVA).pull(referred(world), "P2").claims, tmp_path)
    assert verify.main(arguments) == verify.VERIFIED
    rewritten(tmp_path, change)
    assert verify.main(arguments) == verify.REFUTED


def test_M1_a_receipt_needs_its_own_line_and_a_key_of_the_gateway(
    shared_sqlite_world: World, tmp_path: Path
) -> None:
    world = shared_sqlite_world
    one, other = (world.client(IDVA).pull(referred(world), "P2").claims for _ in range(2))
    arguments = held(world, one, tmp_path)
    commitment = other["receipt"]["parts"][0]["part"]["log"]["commitment"]
    world.sequence()
    proof = world.client(IDVA).log_proof(commitment)
    (tmp_path / "proof0").write_text(proof, encoding="utf-8")
    assert verify.main(arguments) == verify.REFUTED
    arguments = held(world, one, tmp_path)
    foreign = {"keys": [{**world.keys.token.public[0], "use": "sig"}]}
    (tmp_path / "signers").write_text(json.dumps(foreign), encoding="utf-8")
    assert verify.main(arguments) == verify.REFUTED
    (tmp_path / "pulled").write_text('{"document": {}}', encoding="utf-8")
    assert verify.main(arguments) == verify.UNREADABLE


def test_F46_F48_M1_why_it_was_withheld_is_kept_and_not_told(world: World) -> None:
    ref = world.client(COLLEGE).refer(example("c2")).reference
    adviser = world.client(BY_AND_FOR).pull(ref, "P2")
    (shown,) = adviser.claims["receipt"]["parts"]
    withheld = {each["section"]: each["why"] for each in shown["part"]["withheld"]}
    assert withheld.keys() == set(adviser.document["withheld"])
    assert all(withheld.values())
    (row,) = world.rows(t.receipt, agency_id=BY_AND_FOR)
    assert b"victim_identity" not in row["content"]
    (audited,) = world.client(AUDITOR).accounts.receipts(ref, BY_AND_FOR)["receipts"]
    assert audited["part"] == shown["part"]
    assert audited["kept"]["consent"]["version"] == 1
    why = {each["section"]: each for each in audited["kept"]["withheld"]}
    untold = why.keys() - withheld.keys() - shown["part"]["levels"].keys()
    assert untold  # sections of which the adviser was not told that they are there
    assert {why[name]["level"] for name in untold} == {"NONE"}
    assert all(why[name]["rule"] and why[name]["why"].endswith(".") for name in untold)
    assert not [name for name in untold if f'"{name}"' in json.dumps(adviser.claims)]


def test_M1_a_receipt_says_which_decision_about_consent_it_rests_on(world: World) -> None:
    ref = referred(world)
    idva = world.client(IDVA)
    idva.pull(ref, "P2")
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    world.later(seconds=1)
    idva.pull(ref, "P2")
    found = world.client(AUDITOR).accounts.receipts(ref, IDVA)["receipts"]
    assert [each["kept"]["consent"]["version"] for each in found] == [1, 2]
    assert [each["kept"]["consent"]["position"] for each in found] == ["GIVEN", "WITHDRAWN"]


def test_M1_F38_receipts_follow_their_case_to_a_new_key_and_go_with_it(world: World) -> None:
    ref = referred(world)
    world.client(IDVA).pull(ref, "P2")
    before = world.client(IDVA).accounts.receipts(ref)["receipts"]
    (old,) = world.rows(t.receipt)
    world.later(minutes=1)
    run(world, "cases")
    (new,) = world.rows(t.receipt)
    assert new["content"] != old["content"]
    assert world.client(IDVA).accounts.receipts(ref)["receipts"] == before


def test_F75_M1_a_case_on_a_page_of_the_desk_leaves_a_receipt_too(world: World) -> None:
    ref = referred(world)
    person = Caller(IDVA, AgencyKind.IDVA, "MARLBURY", worker_id="idva-01")
    profiles = world.app.extensions["gateway"].profiles
    with ledger.begin(world.sessions, world.keys, person, world.now, profiles=profiles) as work:
        cases.show(work, references.read(ref) or "", Purpose.P2, issuer=BASE)
    (found,) = world.client(IDVA).accounts.receipts(ref)["receipts"]
    assert (found["form"], found["part"]["worker"]) == ("page/1", "idva-01")
    assert found["part"]["levels"]["victim_identity"] == "FULL"
    assert [each["agency"] for each in looks(world, LANDLORD)] == [IDVA]


# --- replay ---------------------------------------------------------------------------------------


def test_M24_what_an_agency_knew_at_a_moment_is_told_from_its_receipts(world: World) -> None:
    ref = referred(world)
    idva, coordinator = world.client(IDVA), world.client(COORDINATOR)
    idva.pull(ref, "P2")
    first = world.now
    world.later(hours=1)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    body = {"area": "MARLBURY", "starts_at": DAY, "attendees": [IDVA, POLICE]}
    conference = coordinator.create_conference(body)["conference"]
    coordinator.list_case(conference, ref)
    idva.agenda(conference)
    police = world.client(POLICE)
    police.agenda(conference)
    then = first.strftime("%Y-%m-%dT%H:%M:%SZ")
    early = idva.accounts.receipts(ref, until=then)
    assert [each["form"] for each in early["receipts"]] == ["disclosure/1"]
    whole = idva.accounts.receipts(ref)
    assert [each["form"] for each in whole["receipts"]] == ["disclosure/1", "agenda/1"]
    known = {each["section"]: each for each in whole["known"]}
    assert known["victim_identity"]["first_at"] == then
    assert known["victim_identity"]["last_at"] > then
    # Another agency's are the coordinator's and the auditor's to see.
    assert refused(police.accounts.receipts, ref, IDVA) == ABSENT
    assert refused(idva.accounts.receipts, ref, COORDINATOR) == ABSENT
    assert refused(world.client(GP).accounts.receipts, ref) == ABSENT
    assert refused(world.client("fenhollow-idva").accounts.receipts, ref, IDVA) == ABSENT
    asked = coordinator.accounts.receipts(ref, POLICE)
    assert [each["form"] for each in asked["receipts"]] == ["agenda/1"]
    assert not [each for each in asked["receipts"] if "signed" in each or "kept" in each]
    assert coordinator.accounts.receipts(ref, GP)["receipts"] == []
    audited = world.client(AUDITOR).accounts.receipts(ref, POLICE)
    assert audited["receipts"][0]["signed"]
    events = [each["agency"] for each in world.log(event="receipts.read", outcome="allowed")]
    assert events.count(COORDINATOR) == 2
    assert events.count(AUDITOR) == 1
    assert refused(idva.accounts.receipts, ref, until="2026-13-01T00:00:00Z") == (400, "bad_until")
    assert refused(coordinator.accounts.receipts, ref, "nobody-at-all") == (400, "bad_agency")


def test_M24_the_coordinator_is_named_no_section_that_it_may_not_know_of(world: World) -> None:
    ref = world.client(COLLEGE).refer(example("c2")).reference
    given = world.client(BY_AND_FOR).pull(ref, "P2").claims["receipt"]["parts"][0]["part"]["levels"]
    mine = world.client(COORDINATOR).explain(ref, COORDINATOR, "P9")["sections"]
    nameable = {each["section"] for each in mine if each["level"] != "NONE"}
    assert set(given) - nameable  # the coordinator may not know of all that the adviser reads
    shown = world.client(COORDINATOR).accounts.receipts(ref, BY_AND_FOR)
    named = {name for each in shown["receipts"] for name in each["part"]["levels"]}
    assert named == set(given) & nameable
    assert {each["section"] for each in shown["known"]} <= nameable


def test_M20_M24_a_look_behind_the_glass_leaves_a_receipt(world: World) -> None:
    ref = world.client(COLLEGE).refer(example("c2", **NOBODYS)).reference
    surgery = Worker(world, GP, "gp-01")
    assert surgery.breaks(ref).status_code == 201
    surgery.looks(ref)
    (found,) = world.client(AUDITOR).accounts.receipts(ref, GP)["receipts"]
    assert (found["form"], found["part"]["levels"]) == ("glass/1", {"perpetrators": "FULL"})


# --- the owner is told ----------------------------------------------------------------------------


def looks(world: World, agency: str) -> list[Mapping[str, Any]]:
    return [each for page in world.client(agency).accounts.looks() for each in page["looks"]]


def test_F77_whoever_contributed_is_told_who_was_given_it(world: World) -> None:
    ref = referred(world)
    assert looks(world, LANDLORD) == []
    world.client(IDVA, "idva-01").pull(ref, "P2")
    world.client(LANDLORD).referral(ref)  # its own reading is no news to it
    (look,) = looks(world, LANDLORD)
    assert look | {"sections": []} == {
        "reference": ref,
        "at": "2026-11-23T10:00:00Z",
        "agency": IDVA,
        "sections": [],
        "behind_glass": False,
    }
    assert "victim_identity" in look["sections"]
    assert "idva-01" not in json.dumps(look)
    assert looks(world, IDVA) == []
    # Nothing of it is in the feed: an agent that pulls what is new would set off the others'.
    assert {each["kind"] for each in world.client(LANDLORD).list_cases()["items"]} <= {"CHANGED"}
    (page,) = world.client(LANDLORD).accounts.looks()
    assert [p["looks"] for p in world.client(LANDLORD).accounts.looks(page["next"])] == [[]]


def test_F77_M20_the_owner_is_told_of_a_look_behind_the_glass(world: World) -> None:
    ref = world.client(COLLEGE).refer(example("c2", **NOBODYS)).reference
    surgery = Worker(world, GP, "gp-01")
    surgery.breaks(ref)
    surgery.looks(ref)
    found = [each for each in looks(world, COLLEGE) if each["agency"] == GP]
    assert [(each["behind_glass"], each["sections"]) for each in found] == [
        (True, ["perpetrators"])
    ]


def test_F77_nobody_behind_the_wall_is_told_that_somebody_looked(world: World) -> None:
    add_worker(world, OFFICE, KAMAL)
    ref = world.client(OFFICE).refer(example("c2", **NOBODYS)).reference
    world.client(BY_AND_FOR).pull(ref, "P2")
    assert [each["reference"] for each in looks(world, OFFICE)] == [ref]
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    (page,) = world.client(OFFICE, KAMAL).accounts.looks()
    assert (page["looks"], page["more"]) == ([], False)
    assert looks(world, OFFICE) == []  # unattended: its other workers see absence, too

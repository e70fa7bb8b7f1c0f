"""Erasure: who may have it done; keys destroyed, no orphan left, the log whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import ledger
from gateway.cli.case import case as case_commands
from gateway.client.access import ProblemError
from gateway.client.commands import main
from gateway.errors import Conflict, Mismatch, NotFound
from gateway.flows import agencies, erasing
from gateway.flows.erasing.cases import _tells_of
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseState
from gateway.sealing import erased, jose, operators
from gateway.store import tables as t
from tests.atrest.desk import house_of, office, two_operators
from tests.atrest.erasing import (
    COORDINATOR,
    FIRST,
    IDVA,
    LANDLORD,
    SECOND,
    WHY,
    asks,
    erase,
    rows_about,
)
from tests.journeys.world import AUDITOR, BASE, World, example


def asked(world: World, reference: str) -> list[Callable[[], object]]:
    landlord, idva = world.client(LANDLORD), world.client(IDVA)
    coordinator = world.client(COORDINATOR)
    return [
        lambda: landlord.referral(reference),
        lambda: idva.pull(reference, "P2"),
        lambda: coordinator.pull(reference, "P9"),
        lambda: coordinator.decide(reference, {"decision": "ACCEPT"}),
        lambda: coordinator.access(reference),
        lambda: idva.acknowledge(reference, "ACCEPTED"),
    ]


def test_F37_V44_an_erased_case_is_absent_for_everyone(world: World) -> None:
    gone, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    before = world.client(IDVA).pull(other, "P2").document["sections"]
    world.client(IDVA).pull(gone, "P2")
    erase(world, gone)
    for ask in asked(world, gone):
        with pytest.raises(ProblemError) as problem:
            ask()
        assert (problem.value.status, problem.value.code) == (404, "not_found")
    listed = world.client(IDVA).list_cases()["items"]
    assert {item["reference"] for item in listed} == {other}
    sent = world.client(LANDLORD).referrals()["items"]
    assert {item["reference"] for item in sent} == {other}
    assert world.client(IDVA).pull(other, "P2").document["sections"] == before


def test_V44_deletion_leaves_only_tombstones_and_the_log_verifies(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    again = world.client(LANDLORD).refer(example("c1")).reference  # linked to the first
    case_id = world.case_of(reference)
    world.client(IDVA).acknowledge(reference, "ACCEPTED")
    world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT", "reason": "Heard."})
    (grant, *_) = world.rows(t.section_grant, case_id=case_id)
    tokens = len(world.rows(t.party_token))
    erase(world, reference)
    assert rows_about(world, case_id, reference) == {"tombstone": 1}
    assert len(world.rows(t.party_token)) == tokens // 2
    assert world.rows(t.section, id=grant["section_id"]) == []
    (stone,) = world.rows(t.tombstone)
    assert (stone["first"], stone["second"]) == ("first-op", "second-op")
    assert stone["asked_by"] == COORDINATOR
    assert {"case_id", "area", "opened_at", "erased_at", "because"} <= stone.keys()
    world.sequence()
    assert ledger.verify(world.sessions, world.keys, deep=True)
    events = [each["event"] for each in world.log(case=case_id)]
    assert events[0] == "referral.submit"
    assert "case.erase" in events
    assert world.client(LANDLORD).referral(again)


def test_F108_who_did_what_with_an_erased_case_stays_readable_for_the_auditor(
    world: World,
) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    world.client(IDVA).pull(reference, "P2")
    erase(world, reference)
    events = [each["event"] for each in world.client(AUDITOR).access(reference)["entries"]]
    assert events[0] == "referral.submit"
    assert {"case.read", "case.erase"} <= set(events)


def test_F37_the_receipts_that_were_kept_go_too(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    other = world.client(LANDLORD).refer(example("minimal")).reference
    assert len(world.rows(t.answer)) == 2
    erase(world, reference)
    (kept,) = world.rows(t.answer)
    assert _tells_of(kept["body"], {other})


# --- who may ------------------------------------------------------------------------------------


def test_F108_it_takes_two_operators_for_this_very_case_now(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    stored, asked = references.read(reference) or "", asks(world, reference)
    said = erasing.statement([stored], WHY, asked=asked, at=world.now)
    stranger = operators.fresh("stranger")
    late = {**said, "iat": said["iat"] - 400}
    other_word = erasing.statement([stored], WHY, asked=f"{asked}x", at=world.now)
    wrong = [
        (FIRST.state(said), FIRST.state(said)),
        (FIRST.state(said), stranger.state(said)),
        (FIRST.state(said), SECOND.state({**said, "references": ["0" * 10]})),
        (FIRST.state(said), SECOND.state({**said, "because": "COURT_ORDER"})),
        (FIRST.state(said), SECOND.state(other_word)),
        (FIRST.state(late), SECOND.state(late)),
        (FIRST.state(said), "nothing"),
    ]
    for proofs in wrong:
        with pytest.raises(Mismatch):
            erase(world, reference, asked=asked, proofs=proofs)
    assert world.client(IDVA).pull(reference, "P2").sealed
    with pytest.raises(NotFound):
        erase(world, references.write("Z" * 10))


def test_F108_two_operators_alone_erase_nothing_the_coordinator_asks(world: World) -> None:
    reference, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    world.later(days=1)
    wire = world.wire(COORDINATOR)
    claims = json.loads(jose.read_signed(asks(world, reference)).payload)
    wrong = [
        "nothing",
        asks(world, reference, by=LANDLORD),
        asks(world, reference, by=IDVA),
        asks(world, reference, agency=LANDLORD),
        asks(world, other),
        asks(world, reference, because="COURT_ORDER"),
        asks(world, reference, base="https://elsewhere.example"),
        asks(world, reference, clock=lambda: world.now - timedelta(days=15)),
        asks(world, reference, clock=lambda: world.now + timedelta(minutes=5)),
        wire.sign(claims),
        wire.sign({**claims, "more": 1}, typ=erased.ASKED),
        wire.sign({**claims, "references": reference}, typ=erased.ASKED),
        wire.sign({**claims, "iat": "now"}, typ=erased.ASKED),
        wire.sign(b"[]", typ=erased.ASKED),
        wire.sign(b"{", typ=erased.ASKED),
    ]
    for asked in wrong:
        with pytest.raises(Mismatch):
            erase(world, reference, asked=asked)
    with world.operator() as work:
        agencies.suspend(work, agency_id=COORDINATOR)
    with pytest.raises(Mismatch):
        erase(world, reference)
    with world.operator() as work:
        agencies.resume(work, agency_id=COORDINATOR)
    assert world.rows(t.tombstone) == []
    erase(world, reference)
    (entry,) = world.log(event="case.erase", outcome="allowed")
    assert entry["facts"] == {"first": "first-op", "second": "second-op", "asked_by": COORDINATOR}
    (stone,) = world.rows(t.tombstone)
    assert json.loads(jose.read_signed(stone["asked"]).payload)["references"] == [reference]


def test_F108_a_case_on_hold_is_not_erased(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    with world.engine.begin() as connection:
        connection.execute(t.state.update().values(state=CaseState.LEGAL_HOLD))
    with pytest.raises(Conflict, match="held"):
        erase(world, reference)


# --- at the desk --------------------------------------------------------------------------------


def test_the_coordinator_asks_by_command_and_nothing_is_sent(
    sqlite_world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sqlite_world.folder / COORDINATOR
    settings, out = tmp_path / "c.toml", tmp_path / "asked.jws"
    settings.write_text(f'base_url = "{BASE}"\nagency = "{COORDINATOR}"\nkeys = "{folder}"\n')
    words = ["ask-erasure", "--because", WHY, "--config", str(settings), "--out", str(out)]
    assert main([*words, "no-reference"]) == 2
    good = references.write("0" * 10)
    assert main([*words, good.lower()]) == 0, capsys.readouterr().err
    assert out.stat().st_mode & 0o777 == 0o600
    claims = json.loads(jose.read_signed(out.read_text().strip()).payload)
    assert (claims["iss"], claims["aud"], claims["because"]) == (COORDINATOR, BASE, WHY)
    assert claims["references"] == [good]
    assert sqlite_world.asked == []


def test_two_operators_erase_at_the_desk(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = two_operators(world, tmp_path, monkeypatch)
    reference = world.client(LANDLORD).refer(example("c1")).reference
    asked = tmp_path / "asked.jws"
    asked.write_text(asks(world, reference, because="COURT_ORDER") + "\n")
    words = ["erase", reference, "--because", "COURT_ORDER", "--asked", str(asked)]
    words += ["--operator", str(files[0])]
    desk = office(world)
    one = CliRunner().invoke(case_commands, [*words, "--second", str(files[0])], obj=desk)
    assert one.exit_code == 1
    done = CliRunner().invoke(case_commands, [*words, "--second", str(files[1])], obj=desk)
    assert done.exit_code == 0, done.output
    assert world.rows(t.case) == []
    (line,) = erased.read(house_of(world).settings.keys)
    assert line.references == [references.read(reference)]
    again = CliRunner().invoke(case_commands, ["erase-again"], obj=desk)
    assert again.output == "erased again: 0 of 1 listed\n"


def test_F37_the_bytes_of_a_destroyed_key_leave_the_file(sqlite_world: World) -> None:
    world = sqlite_world
    reference = world.client(LANDLORD).refer(example("c1")).reference
    (row,) = world.rows(t.case_key)
    file = Path(world.url.removeprefix("sqlite:///"))
    world.let_go()
    assert row["wrapped"] in file.read_bytes()
    erase(world, reference)
    world.let_go()  # the last connection brings the write-ahead log into the file
    assert row["wrapped"] not in file.read_bytes()
    assert not file.with_name(f"{file.name}-wal").exists()

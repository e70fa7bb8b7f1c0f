"""Erasure: keys destroyed, no orphan left, the log whole, and no old backup brings it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from gateway import ledger
from gateway.cli.case import case as case_commands
from gateway.client.access import ProblemError
from gateway.errors import Conflict, Mismatch, NotFound, UnsafeSettings
from gateway.flows import erasing
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseState
from gateway.sealing import operators
from gateway.store import tables as t
from tests.atrest.desk import Backup, backup_of, epoch, house_of, office, put_back, restored, run
from tests.journeys.world import AUDITOR, LOG_TABLES, World, example

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
FIRST, SECOND = operators.fresh("first-op"), operators.fresh("second-op")
KNOWN = {each.id: each.key for each in (FIRST, SECOND)}
OURS = {"tombstone", "epoch"}


@pytest.fixture
def backup(request: pytest.FixtureRequest, tmp_path: Path) -> Backup:
    return backup_of(lambda: request.getfixturevalue("postgres"), tmp_path)


def erase(world: World, reference: str, **changes: Any) -> None:
    stored, because = references.read(reference) or "-", "ERASURE_RIGHT"
    said = erasing.statement(stored, because, world.now)
    proofs = changes.pop("proofs", (FIRST.state(said), SECOND.state(said)))
    with world.operator() as work:
        erasing.erase(work, stored, because, proofs=proofs, known=KNOWN)


def rows_about(world: World, case_id: str, reference: str) -> dict[str, int]:
    """How many rows of each table name a case or its reference, the log apart."""
    found = {}
    with world.engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            rows = [tuple(row) for row in connection.execute(select(table))]
            wanted = {case_id, references.read(reference)}
            count = sum(bool(wanted & {c for c in row if isinstance(c, str)}) for row in rows)
            if count and table.name not in LOG_TABLES:
                found[table.name] = count
    return found


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
    erased, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    before = world.client(IDVA).pull(other, "P2").document["sections"]
    world.client(IDVA).pull(erased, "P2")
    erase(world, erased)
    for ask in asked(world, erased):
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
    assert erasing._tells_of(kept["body"], {other})


# --- who may ------------------------------------------------------------------------------------


def test_F108_it_takes_two_operators_for_this_very_case_now(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    stored, why = references.read(reference) or "", "ERASURE_RIGHT"
    said = erasing.statement(stored, why, world.now)
    stranger = operators.fresh("stranger")
    late = {**said, "iat": said["iat"] - 400}
    wrong = [
        (FIRST.state(said), FIRST.state(said)),
        (FIRST.state(said), stranger.state(said)),
        (FIRST.state(said), SECOND.state({**said, "reference": "0" * 10})),
        (FIRST.state(said), SECOND.state({**said, "because": "COURT_ORDER"})),
        (FIRST.state(late), SECOND.state(late)),
        (FIRST.state(said), "nothing"),
    ]
    for proofs in wrong:
        with pytest.raises(Mismatch):
            erase(world, reference, proofs=proofs)
    assert world.client(IDVA).pull(reference, "P2").sealed
    with pytest.raises(NotFound):
        erase(world, references.write("Z" * 10))


def test_F108_a_case_on_hold_is_not_erased(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    with world.engine.begin() as connection:
        connection.execute(t.state.update().values(state=CaseState.LEGAL_HOLD))
    with pytest.raises(Conflict, match="held"):
        erase(world, reference)


def test_two_operators_erase_at_the_desk(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_OPERATOR_PASSPHRASE", "a long passphrase")
    files = []
    for name in ("op-a", "op-b"):
        secret, public = operators.make(name, "a long passphrase")
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(secret)
        operators.add(house_of(world).settings.keys, public, on=world.now.date())
    reference = world.client(LANDLORD).refer(example("c1")).reference
    words = ["erase", reference, "--because", "COURT_ORDER", "--operator", str(files[0])]
    desk = office(world)
    one = CliRunner().invoke(case_commands, [*words, "--second", str(files[0])], obj=desk)
    assert one.exit_code == 1
    done = CliRunner().invoke(case_commands, [*words, "--second", str(files[1])], obj=desk)
    assert done.exit_code == 0, done.output
    assert world.rows(t.case) == []


# --- backups ------------------------------------------------------------------------------------


def test_T20_an_old_backup_does_not_bring_an_erased_case_back(world: World, backup: Backup) -> None:
    """Inside the window it does, which is why the window is stated; beyond it nothing does."""
    reference = world.client(LANDLORD).refer(example("c1")).reference
    case_id = world.case_of(reference)
    with backup(world) as url:
        erase(world, reference)
        epoch(world)
        with restored(world, url) as old:
            assert old.client(IDVA).pull(reference, "P2").sealed
        world.later(days=36)
        run(world, "epoch", "--lead", "0")
        with pytest.raises(UnsafeSettings, match="older backup"), restored(world, url):
            pass
        with put_back(world, url) as old:
            (row,) = old.rows(t.case_key, case_id=case_id)
            assert row["epoch"] not in world.keys.provider.held
    assert world.rows(t.case_key, case_id=case_id) == []
    with pytest.raises(ProblemError):
        world.client(IDVA).pull(reference, "P2")


def test_F37_the_bytes_of_a_destroyed_key_leave_the_file(sqlite_world: World) -> None:
    world = sqlite_world
    reference = world.client(LANDLORD).refer(example("c1")).reference
    (row,) = world.rows(t.case_key)
    file = Path(world.url.removeprefix("sqlite:///"))
    world.engine.dispose()
    assert row["wrapped"] in file.read_bytes()
    erase(world, reference)
    world.engine.dispose()  # the last connection brings the write-ahead log into the file
    assert row["wrapped"] not in file.read_bytes()
    assert not file.with_name(f"{file.name}-wal").exists()

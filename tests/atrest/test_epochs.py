"""Epoch keys: everything moves on to the new one, and the old one dies when no backup needs it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gateway import ledger
from gateway.agencies import hosted, people
from gateway.config import Settings
from gateway.demo.registrars import Registrars
from gateway.errors import Conflict, Unavailable, UnsafeSettings
from gateway.flows import agencies, keeping, referrals
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing import keys
from gateway.store import epochs
from gateway.store import tables as t
from tests.atrest.desk import Backup, backup_of, epoch, house_of, put_back, restored, run
from tests.journeys.asking import BY_NAME, asking
from tests.journeys.world import World, example

LANDLORD, IDVA, CLINIC = "harbourgate-homes", "marlbury-idva", "marlbury-clinic"
FIRST = "epoch-2025-01-1"


@pytest.fixture
def backup(request: pytest.FixtureRequest, tmp_path: Path) -> Backup:
    return backup_of(lambda: request.getfixturevalue("postgres"), tmp_path)


def in_use(world: World) -> set[str]:
    """Every epoch key under which anything lies."""
    with Session(world.engine) as session:
        return set(epochs.list_epochs_in_use(session) | hosted.epochs_in_use(session))


def files(world: World) -> set[str]:
    return {path.stem for path in house_of(world).settings.keys.glob("epoch-*.key")}


def with_clinic(world: World) -> None:
    """An agency whose own keys lie here, too."""
    Registrars(world.sessions, world.keys).register(
        now=world.now,
        agency_id=CLINIC,
        name="Marlbury clinic",
        kind=AgencyKind.PRIMARY_CARE,
        area="MARLBURY",
        custody=Custody.HOSTED,
    )
    with ledger.begin(world.sessions, world.keys, ledger.OPERATOR, world.now) as work:
        agencies.add_worker(work, agency_id=CLINIC, worker_id="w-1")


def clinics_keys(world: World) -> dict[str, object]:
    caller = Caller(CLINIC, AgencyKind.PRIMARY_CARE, "MARLBURY", worker_id="w-1")
    with ledger.begin(world.sessions, world.keys, caller, world.now) as work:
        return {kid: key.as_dict(True) for kid, key in hosted.open_keys(work, "enc").items()}


def test_F38_everything_moves_on_to_a_new_epoch_and_nothing_is_lost(world: World) -> None:
    with_clinic(world)
    own = clinics_keys(world)
    client, idva = world.client(LANDLORD), world.client(IDVA)
    references = [client.refer(example("c1")).reference for _ in range(3)]
    before = [idva.pull(each, "P2").document["sections"] for each in references]
    assert in_use(world) == {FIRST}
    said = epoch(world)
    assert "wrapped anew" in said
    assert in_use(world) == {"epoch-2026-11-1"}
    assert [idva.pull(each, "P2").document["sections"] for each in references] == before
    assert clinics_keys(world) == own
    assert client.refer(example("c1"))
    world.sequence()
    assert ledger.verify(world.sessions, world.keys, deep=True)
    events = [each["event"] for each in world.log(agency="@operator")]
    assert {"key.rotated", "key.rewrapped", "key.rested"} <= set(events)


def test_F38_a_second_run_in_the_month_makes_no_second_key(world: World) -> None:
    world.client(LANDLORD).refer(example("minimal"))
    run(world, "epoch", "--lead", "0")
    assert files(world) == {FIRST, "epoch-2026-11-1"}
    run(world, "epoch", "--lead", "0")
    assert files(world) == {FIRST, "epoch-2026-11-1"}
    world.later(days=10)
    run(world, "epoch", "--lead", "0")
    assert files(world) == {FIRST, "epoch-2026-11-1", "epoch-2026-12-1"}
    assert in_use(world) == {"epoch-2026-12-1"}


def test_F37_an_epoch_key_is_destroyed_when_its_last_backup_ends(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    epoch(world)
    assert FIRST in files(world)
    world.later(days=34, hours=23)
    assert FIRST in files(world)
    run(world, "epoch", "--lead", "0")
    assert FIRST in files(world)
    world.later(hours=2)
    assert f"{FIRST}: destroyed" in run(world, "epoch", "--lead", "0")
    assert FIRST not in files(world)
    assert world.client(IDVA).pull(reference, "P2").sealed
    destroyed = [each["facts"]["kid"] for each in world.log(event="key.destroyed")]
    assert destroyed == [FIRST]
    (row,) = world.rows(t.epoch, name=FIRST)
    assert row["destroyed_at"] == world.now


def test_F37_the_days_of_backups_are_a_setting(world: World) -> None:
    world.client(LANDLORD).refer(example("minimal"))
    epoch(world, backup_days=3)
    world.later(days=3, minutes=1)
    run(world, "epoch", "--lead", "0", backup_days=3)
    assert FIRST not in files(world)


def test_F38_without_backups_a_request_under_way_still_keeps_its_key(world: World) -> None:
    """It had read the folder before the new key was there, and writes after the job ended."""
    stale = world.keys
    epoch(world, backup_days=0)
    assert FIRST in files(world)
    with ledger.begin(world.sessions, stale, ledger.OPERATOR, world.now) as work:
        ledger.ensure_agency_log_key(work.session, stale, "late-agency")
        work.count("test")
    world.later(minutes=61)
    run(world, "epoch", "--lead", "0", backup_days=0)
    assert in_use(world) == {"epoch-2026-11-1"}
    assert FIRST in files(world)
    world.later(minutes=61)
    run(world, "epoch", "--lead", "0", backup_days=0)
    assert FIRST not in files(world)
    with Session(world.engine) as session:
        assert ledger.ensure_agency_log_key(session, world.keys, "late-agency")


def test_F38_what_a_late_process_wrapped_is_not_lost(world: World) -> None:
    """A process that had read the folder before wraps under the old key, after the job ended."""
    stale = world.keys
    epoch(world)
    with ledger.begin(world.sessions, stale, ledger.OPERATOR, world.now) as work:
        ledger.ensure_agency_log_key(work.session, stale, "late-agency")
        work.count("test")
    assert in_use(world) == {FIRST, "epoch-2026-11-1"}
    world.later(days=36)
    run(world, "epoch", "--lead", "0")
    assert in_use(world) == {"epoch-2026-12-1"}
    assert FIRST in files(world), "a backup of yesterday still needs it"
    world.later(days=36)
    run(world, "epoch", "--lead", "0")
    assert FIRST not in files(world)


def test_F38_an_epoch_key_in_use_is_never_destroyed(world: World) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    epoch(world)
    row = world.rows(t.case_key)[0]
    context = f"dek|v1|{row['case_id']}|1".encode()
    old = world.keys.provider.held[FIRST]
    raw = world.keys.provider.unwrap(row["epoch"], row["wrapped"], context)
    with world.engine.begin() as connection:
        connection.execute(
            t.case_key.update()
            .where(t.case_key.c.case_id == row["case_id"])
            .values(epoch=FIRST, wrapped=old.wrap(raw, context)[1])
        )
    world.later(days=40)
    with pytest.raises(Conflict), world.operator() as work:
        keeping.destroy(work, FIRST)
    run(world, "epoch", "--lead", "0")
    assert FIRST in files(world)
    assert world.client(IDVA).pull(reference, "P2").sealed


# --- damage -------------------------------------------------------------------------------------


def test_F38_a_damaged_row_is_named_and_the_rest_goes_on(world: World) -> None:
    with_clinic(world)
    references = [world.client(LANDLORD).refer(example("c1")).reference for _ in range(3)]
    bad = sorted(world.case_of(each) for each in references)[0]
    with world.engine.begin() as connection:
        of_it = t.case_key.c.case_id == bad
        connection.execute(t.case_key.update().where(of_it).values(wrapped=b"\1" * 60))
        connection.execute(t.hosted_key.update().values(private=b"{"))
    said = run(world, "epoch", "--new", "--lead", "0", "--batch", "2", fails=True)
    assert f"damaged: case_key {bad} 1" in said
    assert said.count("damaged: hosted_key marlbury-clinic") == 2
    assert "3 wrapped keys cannot be opened; the rest was done" in said
    world.keys = keys.load(house_of(world).settings.keys, now=world.now)
    others = [each for each in references if world.case_of(each) != bad]
    for reference in others:
        assert world.client(IDVA).pull(reference, "P2").sealed
    with pytest.raises(Unavailable):
        world.client(IDVA).pull(next(iter(set(references) - set(others))), "P2")
    assert in_use(world) == {FIRST, "epoch-2026-11-1"}
    world.later(days=40)
    assert "damaged: case_key" in run(world, "epoch", "--lead", "0", fails=True)
    assert FIRST in files(world), "something lies under it still"
    assert "epoch-2027-01-1" in files(world), "the month's key was made all the same"


# --- backups ------------------------------------------------------------------------------------


def test_T20_a_backup_inside_the_window_is_readable(world: World, backup: Backup) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    before = world.client(IDVA).pull(reference, "P2").document["sections"]
    with backup(world) as url:
        epoch(world)
        world.later(days=34)
        run(world, "epoch", "--lead", "0")
        with restored(world, url) as old:
            pulled = old.client(IDVA).pull(reference, "P2")
            assert pulled.document["sections"] == before
            assert ledger.verify(old.sessions, world.keys, deep=True)


def test_T20_a_backup_beyond_the_window_is_readable_by_nobody(world: World, backup: Backup) -> None:
    """Not one wrapped key of it lies under a key that is left."""
    world.client(LANDLORD).refer(example("c1"))
    with_clinic(world)
    wire = world.wire(IDVA, "idva-01")
    assert asking(BY_NAME["declare_interests"], wire).send(wire).status_code == 201
    person = people.find(world.sessions, IDVA, "idva-01", world.now)
    assert person is not None
    begun = (world.sessions, world.keys, person.caller, world.now)
    with ledger.begin(*begun, profiles=Profiles.load()) as work:
        referrals.begin_draft(work, IDVA)
    with backup(world) as url:
        epoch(world)
        world.later(days=36)
        run(world, "epoch", "--lead", "0")
        with pytest.raises(UnsafeSettings, match="older backup"), restored(world, url):
            pass
        held = set(world.keys.provider.held)
        with put_back(world, url) as old, old.engine.connect() as connection:
            for table in epochs.WRAPPED:
                named = {row.epoch for row in connection.execute(select(table))}
                assert named
                assert not named & held
            private = connection.execute(select(t.hosted_key.c.private)).scalars()
            assert {json.loads(each)["kek"] for each in private if each} == {FIRST}


def test_T20_a_case_whose_epoch_is_gone_is_unavailable_and_no_fault_of_the_asker(
    world: World,
) -> None:
    reference = world.client(LANDLORD).refer(example("c1")).reference
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE case_key SET epoch = 'epoch-2020-01-1'"))
    with pytest.raises(Unavailable):
        world.client(IDVA).pull(reference, "P2")
    assert {answer.status for answer in world.answers[-3:]} == {503}


def test_the_days_of_backups_have_bounds() -> None:
    for days in (-1, 401):
        with pytest.raises(UnsafeSettings, match="BACKUP_DAYS"):
            Settings("demo", "http://127.0.0.1", "sqlite://", Path("keys"), backup_days=days)
    assert (
        timedelta(days=35).days
        == Settings("demo", "http://127.0.0.1", "sqlite://", Path("keys")).backup_days
    )

"""Case keys and index keys are exchanged: everything sealed or indexed anew, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest

from gateway import ledger
from gateway.errors import Conflict, Undecipherable
from gateway.flows import keeping
from gateway.sealing import sections as seal
from gateway.store import tables as t
from tests.atrest.desk import house_of, run
from tests.journeys.world import World, example, position

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
HOSPITAL = "marlbury-hospital"


def blobs(world: World) -> set[bytes]:
    """Every sealed value of every case."""
    cells = (
        (t.section, ("key", "content")),
        (t.section_grant, ("wrapped",)),
        (t.referral_version, ("document",)),
        (t.position, ("account",)),
        (t.risk, ("needs",)),
        (t.private_note, ("document",)),
        (t.research_return, ("document",)),
    )
    return {row[name] for table, names in cells for row in world.rows(table) for name in names}


def _researched(world: World, reference: str) -> tuple[str, dict[str, Any]]:
    """A case for which an agency returned research: the conference, and what was returned."""
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    body = {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z", "attendees": [IDVA]}
    conference = coordinator.create_conference(body)["conference"]
    coordinator.list_case(conference, reference)
    given = {"people": [{"person": "VICTIM", "known": "NOT_KNOWN"}]}
    world.client(IDVA).research.give(conference, reference, given)
    return conference, given


def test_F38_every_case_gets_a_new_key_and_reads_as_before(world: World) -> None:
    client, idva = world.client(LANDLORD), world.client(IDVA)
    references = [client.refer(example("c1")).reference for _ in range(3)]
    client.assess(references[0], example("c1")["document"]["risk_assessments"]["value"][0])
    idva.notes.keep(references[0], "Meet at the library.")
    conference, given = _researched(world, references[1])
    before = [idva.pull(each, "P2").document["sections"] for each in references]
    own = client.referral(references[0])
    old, keys = blobs(world), [world.case_key(world.case_of(each)) for each in references]
    world.later(minutes=1)
    assert "3 cases have a new key" in run(world, "cases")
    assert not blobs(world) & old
    assert [idva.pull(each, "P2").document["sections"] for each in references] == before
    assert [each.text for each in idva.notes.read(references[0])] == ["Meet at the library."]
    assert idva.research.own(conference, references[1])["research"] == given
    again = client.referral(references[0])
    assert {k: v for k, v in again.items() if k != "checkpoint"} == {
        k: v for k, v in own.items() if k != "checkpoint"
    }
    for reference, key in zip(references, keys, strict=True):
        case_id = world.case_of(reference)
        assert world.case_key(case_id) != key
        rows = world.rows(t.case_key, case_id=case_id)
        assert [(row["gen"], row["wrapped"] is None) for row in rows] == [(1, True), (2, False)]
        (row, *_) = world.rows(t.section, case_id=case_id)
        with pytest.raises(Undecipherable):
            seal.open_grant(
                key, row["key"], case_id=case_id, section_id=row["id"], agency_id="@gateway"
            )
    world.client(COORDINATOR).decide(references[0], {"decision": "ACCEPT", "reason": "Heard."})
    world.client(IDVA).record_position(references[1], position("WITHDRAWN"))
    world.sequence()
    assert ledger.verify(world.sessions, world.keys, deep=True)
    assert len(world.log(event="case.rekeyed")) == 3
    assert world.rows(t.key_job) == []


def test_F38_renewing_that_was_interrupted_does_no_case_twice(world: World) -> None:
    for _ in range(3):
        world.client(LANDLORD).refer(example("minimal"))
    world.later(minutes=1)
    with world.operator() as work:
        assert keeping.begin_renewing(work) == 3
    with world.operator() as work:
        assert keeping.renew_cases(work, limit=2) == 2
    world.later(minutes=5)
    assert "1 cases have a new key" in run(world, "cases")
    assert sorted(row["gen"] for row in world.rows(t.case_key)) == [1, 1, 1, 2, 2, 2]


def test_F38_renewing_ends_although_it_began_with_a_clock_that_was_ahead(world: World) -> None:
    world.client(LANDLORD).refer(example("minimal"))
    world.later(days=31)
    with world.operator() as work:
        assert keeping.begin_renewing(work) == 1
    world.later(days=-30)
    for left in (1, 0):
        with world.operator() as work:
            assert keeping.renew_cases(work, limit=2) == left
        world.later(seconds=1)


def links(world: World) -> int:
    return len(world.rows(t.link))


def test_F38_people_are_found_again_while_the_index_key_is_exchanged(world: World) -> None:
    """One person, four referrals: before, during and after, each meets all earlier ones."""
    from gateway.flows import referrals
    from gateway.sealing import keys as own

    client = world.client(LANDLORD)
    for number in range(3):
        client.refer(example("c1"))
        assert links(world) == number * (number + 1) // 2
    folder = house_of(world).settings.keys
    old = {row["token"] for row in world.rows(t.party_token)}
    own.rotate(folder, "index", on=world.now.date())
    world.keys = own.load(folder)
    with world.operator() as work:
        assert referrals.index_anew(work, limit=1) == 1
    client.refer(example("c1"))
    assert links(world) == 6, "it met those indexed by either key"
    assert "destroyed after 2026-12-28" in run(world, "index", "--lead", "0")
    assert {row["index_key"] for row in world.rows(t.party)} == {"index-2026-11-1"}
    world.later(days=35, minutes=1)
    assert "index-2025-01-1: destroyed\n" in run(world, "index", "--lead", "0")
    assert [path.name for path in folder.glob("index-*")] == ["index-2026-11-1.key"]
    assert not {row["token"] for row in world.rows(t.party_token)} & old
    client.refer(example("c1"))
    assert links(world) == 10
    assert world.log(event="case.reindexed")
    world.sequence()
    assert ledger.verify(world.sessions, world.keys, deep=True)


def test_F38_an_index_key_rests_before_it_is_destroyed_and_a_run_meanwhile_makes_none(
    world: World,
) -> None:
    """Who had read the folder before indexes by the old key after the job ended: nobody is lost."""
    client, folder = world.client(LANDLORD), house_of(world).settings.keys
    client.refer(example("c1"))
    stale, days = world.keys, {"backup_days": 0}
    (old,) = folder.glob("index-*")
    run(world, "index", "--lead", "0", **days)
    case_id = world.rows(t.case)[0]["id"]
    with world.engine.begin() as connection:
        connection.execute(t.party.update().values(index_key=stale.index_name))
    with pytest.raises(Conflict), world.operator() as work:
        keeping.destroy_index(work, old.stem)
    world.later(minutes=61)
    assert "destroyed after" in run(world, "index", "--lead", "0", **days), "its hour begins anew"
    assert {row["index_key"] for row in world.rows(t.party, case_id=case_id)} == {
        world.keys.index_name
    }
    assert len(list(folder.glob("index-*"))) == 2
    world.later(minutes=61)
    assert f"{old.stem}: destroyed" in run(world, "index", "--lead", "0", **days)
    assert not old.exists()
    client.refer(example("c1"))
    assert links(world) == 1


def test_F38_a_run_after_the_rest_makes_the_next_index_key(world: World) -> None:
    world.client(LANDLORD).refer(example("c1"))
    run(world, "index", "--lead", "0")
    assert world.keys.index_name == "index-2026-11-1"
    run(world, "index", "--lead", "0")
    assert world.keys.index_name == "index-2026-11-1", "the first one still rests"
    run(world, "index", "--new", "--lead", "0")
    assert world.keys.index_name == "index-2026-11-2"
    world.later(days=36)
    run(world, "index", "--lead", "0")
    assert list(world.keys.indexes) == ["index-2026-11-2"]
    run(world, "index", "--lead", "0")
    assert world.keys.index_name == "index-2026-12-1"

"""Erasure of joined cases, and at the same moment as something else."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Conflict, NotFound
from gateway.schemas.codes import CaseState
from gateway.store import cases, key_jobs, parties
from gateway.store import tables as t
from tests.atrest.desk import run
from tests.atrest.erasing import (
    IDVA,
    LANDLORD,
    erase,
    merged,
    rows_about,
)
from tests.journeys.world import World, example

# --- joined cases -------------------------------------------------------------------------------


def test_F37_what_was_joined_is_erased_together_and_nothing_is_left(world: World) -> None:
    """A position recorded under the one reference lies in the other case, and its receipt too."""
    one, other = merged(world)
    ids = [(world.case_of(each), each) for each in (one, other)]
    for alone in (one, other):
        with pytest.raises(Conflict, match="joined"):
            erase(world, alone)
    assert world.rows(t.tombstone) == []
    erase(world, one, other)
    for case_id, reference in ids:
        assert rows_about(world, case_id, reference) == {"tombstone": 1}
    assert world.rows(t.answer) == []
    assert world.rows(t.position) == []


def test_F108_a_hold_on_a_joined_case_holds_both(world: World) -> None:
    one, other = merged(world)
    held = t.state.c.case_id == world.case_of(other)
    with world.engine.begin() as connection:
        connection.execute(t.state.update().where(held).values(state=CaseState.LEGAL_HOLD))
    for named in ((one,), (other,), (one, other)):
        with pytest.raises(Conflict, match=r"held|joined"):
            erase(world, *named)
    with pytest.raises(Conflict, match="held"):
        erase(world, one, other)
    assert len(world.rows(t.case)) == 2


def test_cases_that_were_never_joined_are_not_erased_in_one_act(world: World) -> None:
    one, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    with pytest.raises(Conflict, match="never joined"):
        erase(world, one, other)


# --- at the same moment as something else -------------------------------------------------------


def test_F38_key_jobs_go_on_although_a_case_is_erased_before_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL an erasure may commit between listing the cases and locking one."""
    gone, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    case_id = world.case_of(gone)
    erase(world, gone)
    world.later(minutes=1)
    for module, name in ((key_jobs, "list_older_keys"), (parties, "list_indexed_otherwise")):
        real = getattr(module, name)

        def stale(*of: Any, _real: Any = real, **more: Any) -> list[str]:
            """What was listed a moment before the erasure was committed."""
            found: list[str] = _real(*of, **more)
            return [*found, case_id] if found else []

        monkeypatch.setattr(module, name, stale)
    assert "2 cases have a new key" in run(world, "cases")
    run(world, "index", "--lead", "0")
    assert world.client(IDVA).pull(other, "P2").sealed
    with world.operator() as work:
        work.count("test")
        with pytest.raises(NotFound):
            cases.lock_case(work.session, case_id)

"""Erasure of joined cases, and at the same moment as something else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.errors import Conflict, NotFound
from gateway.schemas.codes import CaseState
from gateway.store import cases
from gateway.store import tables as t
from tests.atrest.desk import run
from tests.atrest.erasing import (
    IDVA,
    LANDLORD,
    erase,
    erase_in,
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
        with pytest.raises(Conflict, match="erased together"):
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


@pytest.mark.parametrize("words", [("cases",), ("index", "--lead", "0")], ids=["cases", "index"])
def test_F38_key_jobs_go_on_although_a_case_is_erased_before_its_turn(
    world: World, words: tuple[str, ...]
) -> None:
    """On PostgreSQL the job has listed the case and waits for it, while the erasure commits."""
    gone, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    case_id = world.case_of(gone)
    world.later(minutes=1)
    with ThreadPoolExecutor(1) as thread:
        with world.operator() as work:
            erase_in(work, world, gone)
            job = thread.submit(run, world, *words)
            with pytest.raises(TimeoutError):
                job.result(timeout=1.5)
        assert "2" in job.result(timeout=30) or world.url.startswith("sqlite")
    assert rows_about(world, case_id, gone) == {"tombstone": 1}
    assert world.client(IDVA).pull(other, "P2").sealed
    with pytest.raises(NotFound), world.operator() as work:
        cases.lock_case(work.session, case_id)

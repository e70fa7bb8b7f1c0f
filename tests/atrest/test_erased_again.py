"""Backups: beyond the window nobody opens one; inside it, what was erased is erased again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.case import case as case_commands
from gateway.client.access import ProblemError
from gateway.errors import Mismatch, UnsafeSettings
from gateway.flows import erasing
from gateway.schemas import reference as references
from gateway.sealing import erased, operators
from gateway.sealing.erased import Erased
from gateway.store import tables as t
from tests.atrest.desk import Backup, backup_of, epoch, house_of, office, put_back, restored, run
from tests.atrest.erasing import (
    FIRST,
    IDVA,
    KNOWN,
    LANDLORD,
    SECOND,
    WHY,
    asks,
    erase,
    merged,
    rows_about,
)
from tests.journeys.world import World, example


@pytest.fixture
def backup(request: pytest.FixtureRequest, tmp_path: Path) -> Backup:
    return backup_of(lambda: request.getfixturevalue("postgres"), tmp_path)


# --- backups ------------------------------------------------------------------------------------


def test_T20_an_old_backup_does_not_bring_an_erased_case_back(world: World, backup: Backup) -> None:
    """Inside the window only the bytes are there: the service does not start on them (see below).

    Beyond it nobody opens them.
    """
    reference = world.client(LANDLORD).refer(example("c1")).reference
    case_id = world.case_of(reference)
    with backup(world) as url:
        erase(world, reference)
        epoch(world)
        with pytest.raises(UnsafeSettings, match="erase-again"), restored(world, url):
            pass
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


def test_T20_what_was_erased_since_a_backup_is_erased_again_before_anybody_reads(
    world: World, backup: Backup, tmp_path: Path
) -> None:
    """The statements of then are enough, although an operator ended meanwhile."""
    folder = house_of(world).settings.keys
    for each in (FIRST, SECOND):
        public = json.dumps({"operator": each.id, "public": dict(each.public)})
        operators.add(folder, public, on=world.now.date())
    (one, other), kept = merged(world), world.client(LANDLORD).refer(example("c1")).reference
    ids = [(world.case_of(each), each) for each in (one, other)]
    with backup(world) as url:
        erase(world, one, other)
        operators.end(folder, FIRST.id, on=world.now.date())
        with pytest.raises(UnsafeSettings, match="erase-again"), restored(world, url):
            pass
        with put_back(world, url) as old:
            desk = office(old)
            said = CliRunner().invoke(case_commands, ["erase-again"], obj=desk)
            assert said.output == "erased again: 2 of 2 listed\n", said.exception
            for case_id, reference in ids:
                assert rows_about(old, case_id, reference) == {"tombstone": 1}
            facts = [each["facts"] for each in old.log(event="case.erase")]
            assert [each["again"] for each in facts] == [True, True]
        with restored(world, url) as old:
            for reference in (one, other):
                with pytest.raises(ProblemError):
                    old.client(IDVA).pull(reference, "P2")
            assert old.client(IDVA).pull(kept, "P2").sealed


def test_T20_the_list_of_what_was_erased_erases_nothing_that_was_not_signed(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    one, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    erase(world, one)
    folder = house_of(world).settings.keys
    (line,) = erased.read(folder)
    for changed in (
        replace(line, references=[references.read(other) or ""]),
        replace(line, references=[*line.references, references.read(other) or ""]),
        replace(line, asked=asks(world, other)),
        replace(line, proofs=[line.proofs[0], line.proofs[0]]),
    ):
        with pytest.raises(Mismatch), world.operator() as work:
            erasing.erase_again(work, changed, known=KNOWN)
    assert world.client(IDVA).pull(other, "P2").sealed


def test_the_list_of_what_was_erased_is_whole_or_says_so(tmp_path: Path) -> None:
    line = Erased(["A" * 10], WHY, "asked", ["first", "second"])
    assert erased.read(tmp_path) == ()
    erased.keep(tmp_path, line)
    file = tmp_path / erased.NAME
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open("a") as cut:
        cut.write('{"references": ["BBB')  # the machine stopped: that erasure never was
    assert erased.read(tmp_path) == (line,)
    erased.keep(tmp_path, line)
    assert erased.read(tmp_path) == (line, line)
    file.chmod(0o644)
    with pytest.raises(UnsafeSettings, match="0600"):
        erased.read(tmp_path)
    file.chmod(0o600)
    file.write_text("{}\n")
    with pytest.raises(UnsafeSettings, match="damaged"):
        erased.read(tmp_path)

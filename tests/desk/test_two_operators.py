"""Nobody lets himself in under an agency's name: its first administrator takes two operators."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.agency import agency as agency_commands
from gateway.errors import Mismatch
from gateway.flows import people
from gateway.sealing import operators
from gateway.store import tables as t
from tests.atrest.desk import office, two_operators
from tests.atrest.erasing import FIRST, KNOWN, SECOND
from tests.journeys.walled import add_worker
from tests.journeys.world import World

IDVA, NEW = "marlbury-idva", "idva-admin"


def test_F3_one_operator_alone_invites_no_administrator(sqlite_world: World) -> None:
    world = sqlite_world
    add_worker(world, IDVA, NEW)
    said = people.asked_for(IDVA, NEW, world.now)
    for proofs in (
        (FIRST.state(said), FIRST.state(said)),
        (FIRST.state(said), operators.fresh("stranger").state(said)),
        (FIRST.state(said), SECOND.state({**said, "worker": "idva-01"})),
        (FIRST.state(said), SECOND.state({**said, "iat": said["iat"] - 400})),
    ):
        with pytest.raises(Mismatch), world.operator() as work:
            people.invite_administrator(work, IDVA, NEW, proofs=proofs, known=KNOWN)
    assert world.rows(t.person_role) == world.rows(t.one_time) == []
    proofs = (FIRST.state(said), SECOND.state(said))
    with world.operator() as work:
        assert people.invite_administrator(work, IDVA, NEW, proofs=proofs, known=KNOWN)
    (invited,) = world.log(event="desk.invited", outcome="allowed")
    assert (invited["facts"]["first"], invited["facts"]["second"]) == (FIRST.id, SECOND.id)
    assert invited["facts"]["roles"] == ["AGENCY_ADMIN"]


def test_two_operators_invite_at_the_desk(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = two_operators(sqlite_world, tmp_path, monkeypatch)
    add_worker(sqlite_world, IDVA, NEW)
    words, desk = ["invite", IDVA, NEW], office(sqlite_world)
    assert CliRunner().invoke(agency_commands, words, obj=desk).exit_code == 2
    words += ["--operator", str(files[0]), "--second"]
    assert CliRunner().invoke(agency_commands, [*words, str(files[0])], obj=desk).exit_code == 1
    assert sqlite_world.rows(t.one_time) == []
    done = CliRunner().invoke(agency_commands, [*words, str(files[1])], obj=desk)
    assert "/desk/link/" in done.output

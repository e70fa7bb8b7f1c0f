"""The operator runs the gateway and cannot read a case, whichever command it gives (F66)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.database import fresh
from tests.host.operating import APART, leaves
from tests.host.planted import a_form, readable
from tests.host.running import ROOT
from tests.journeys.world import BASE, World, a_world

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"


@dataclass(frozen=True)
class Operated:
    """What every command said and wrote, where a whole case is stored."""

    said: list[tuple[list[str], int, str]]
    folder: Path


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def operated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operated]:
    """A world of today, since the commands look at the clock."""
    folder: Path = tmp_path_factory.mktemp("operated")
    start = datetime.now(UTC) - timedelta(hours=1)
    with fresh(request, folder) as url, a_world(url, folder, start=start) as world:
        yield _operate(world, folder)


def _operate(world: World, folder: Path) -> Operated:
    reference = world.client(LANDLORD).refer(a_form()).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": f"{world.now + timedelta(days=14):%Y-%m-%d}T09:30:00Z",
            "attendees": [IDVA],
        }
    )["conference"]
    coordinator.list_case(conference, reference)
    assert readable(str(world.client(IDVA).pull(reference, "P2").document).encode())
    case_id = world.case_of(reference)
    known = {
        "id": [conference, IDVA, reference, case_id, "idva-01", "MARLBURY", "epoch"],
        "file": [str(world.folder / IDVA / "public.jwks.json")],
    }
    desk = folder / "desk"
    desk.mkdir()
    (desk / "known.json").write_text(json.dumps(known))
    for file in folder.glob("gateway.db*"):
        file.chmod(0o600)  # the store of used proofs, which this process made
    subprocess.run(
        [sys.executable, "-m", "tests.host.operating", "known.json", "said.json"],
        cwd=desk,
        check=True,
        timeout=600,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("GATEWAY")},
            "PYTHONPATH": str(ROOT),
            "GATEWAY_BASE_URL": BASE,
            "GATEWAY_DATABASE_URL": world.url,
            "GATEWAY_KEYS": str(world.folder.parent / "keys"),
        },
    )
    said = [tuple(each) for each in json.loads((desk / "said.json").read_text())]
    return Operated(said, desk)


# Commands that must have done their work, or nothing would have been shown.
MUST_WORK = {
    ("agency", "list"),
    ("conference", "agenda"),
    ("db", "check"),
    ("keys", "list"),
    ("log", "verify"),
}


def test_F66_every_command_was_given_and_those_that_look_did_look(operated: Operated) -> None:
    from gateway.main import commands

    given = {tuple(arguments[:2]) for arguments, _, _ in operated.said}
    wanted = {path[:2] for path in leaves(commands) if path[0] not in APART}
    assert {path if len(path) > 1 else path[0] for path in wanted} <= given | {a for a, *_ in given}
    worked = {
        tuple(arguments[:2])
        for arguments, code, _ in operated.said
        if code == 0 and "--help" not in arguments
    }
    assert worked >= MUST_WORK


def test_F66_no_command_shows_what_a_case_tells(operated: Operated) -> None:
    assert len(operated.said) > 50
    shown = [
        (arguments, found)
        for arguments, _, said in operated.said
        if (found := readable(said.encode()))
    ]
    assert shown == []


def test_F66_no_command_writes_what_a_case_tells(operated: Operated) -> None:
    files = [path for path in operated.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"agenda.jose", "written.out"}
    assert {path.name: readable(path.read_bytes()) for path in files} == {
        path.name: set() for path in files
    }


def test_F66_no_command_ends_with_a_trace(operated: Operated) -> None:
    """An expected error is a line; a trace might hold what was being worked on."""
    broken = [
        (arguments, said[-300:]) for arguments, _, said in operated.said if "Traceback" in said
    ]
    assert broken == []

"""What a newcomer stumbled over, and must not again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.client import check, config
from gateway.demo.registrars import Registrars
from gateway.errors import Invalid, Unavailable
from gateway.migrations import is_current
from gateway.schemas.codes import AgencyKind, Custody
from tests.journeys.world import World, example

ROOT = Path(__file__).resolve().parents[2]


def refuge() -> dict[str, Any]:
    form: dict[str, Any] = json.loads((ROOT / "examples" / "c3.json").read_text("utf-8"))
    return form


def test_a_sealed_address_in_the_words_of_the_document_is_found_before_it_leaves() -> None:
    form = refuge()
    line = form["sealed"]["protected_address"]["address"]["lines"][0]
    form["document"]["referral"]["rationale"] += f" She is at {line.upper()} now."
    with pytest.raises(Invalid) as fault:
        check.check(form)
    assert [(p.code, p.pointer) for p in fault.value.problems] == [
        ("must_be_sealed", "/referral/rationale")
    ]
    assert check.check(refuge())


def test_a_sealed_postcode_is_found_however_it_is_spaced() -> None:
    form = refuge()
    postcode = form["sealed"]["protected_address"]["address"]["postcode"]["value"]
    form["document"]["staff_safety"] = f"near {postcode.replace(' ', '').lower()}"
    with pytest.raises(Invalid) as fault:
        check.check(form)
    assert ("must_be_sealed", "/staff_safety") in {
        (p.code, p.pointer) for p in fault.value.problems
    }


def test_an_area_without_its_coordinator_is_not_ready_and_keeps_nothing(
    sqlite_world: World,
) -> None:
    """A routing table that names an agency nobody registered."""
    sqlite_world.execute("PRAGMA foreign_keys=OFF")
    for table, column in (
        ("agency_key", "agency_id"),
        ("agency_scope", "agency_id"),
        ("worker", "agency_id"),
        ("agency", "id"),
    ):
        sqlite_world.execute(
            f"DELETE FROM {table} WHERE {column} IN ('marlbury-marac', 'fenhollow-marac')"  # noqa: S608
        )
    before = sqlite_world.counts()
    with pytest.raises(Unavailable):
        sqlite_world.client("harbourgate-homes").refer(example("c1"))
    assert sqlite_world.counts() == before


def test_a_receipt_names_a_stand_in_by_what_it_is(sqlite_world: World) -> None:
    with sqlite_world.operator() as work:
        from gateway.flows import agencies

        agencies.suspend(work, agency_id="marlbury-police")
    receipt = sqlite_world.client("marlbury-hospital").refer(example("c5"))
    assert "POLICE" not in receipt.claims["routed"]
    assert "COORDINATOR" in receipt.claims["routed"]
    assert "ring 999" in receipt.claims["urgent"]


def test_the_answer_to_an_enrolment_opens_with_the_agencys_key(
    sqlite_world: World, tmp_path: Path
) -> None:
    config.new_keys(tmp_path / "keys", "newly-registered")
    public = json.loads((tmp_path / "keys" / config.PUBLIC).read_text("utf-8"))
    enrolled = Registrars(sqlite_world.sessions, sqlite_world.keys).register(
        agency_id="newly-registered",
        name="Newly registered",
        kind=AgencyKind.LANDLORD,
        area="MARLBURY",
        custody=Custody.OWN,
        jwks=public,
        now=sqlite_world.now,
    )
    from gateway.demo import world as demo

    client = demo.connect(
        "keys",
        sqlite_world.send,
        base_url=sqlite_world.client("marlbury-idva")._exchange._access.base_url,
        folder=tmp_path,
        clock=lambda: sqlite_world.now,
    )
    client._exchange._access.agency_id = "newly-registered"
    opened = client.open_file(enrolled.answer)
    assert opened["agency"] == "newly-registered"  # type: ignore[call-overload,index]


def test_keys_are_not_made_where_their_making_cannot_be_recorded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    assert is_current(url) is False
    told = subprocess.run(
        [sys.executable, "-c", "from gateway.main import main; main()", "keys", "new"],
        env={
            "GATEWAY_MODE": "demo",
            "GATEWAY_BASE_URL": "http://127.0.0.1:8000",
            "GATEWAY_DATABASE_URL": url,
            "GATEWAY_KEYS": str(tmp_path / "keys"),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "gateway db upgrade" in told.stderr
    assert "Traceback" not in told.stderr
    assert not (tmp_path / "keys").exists()

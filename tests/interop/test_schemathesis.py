"""Generated requests against the running service: no server error, no undescribed answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from gateway.demo.service import Place
from tests.interop.fuzzed import COORDINATOR, IDVA, LANDLORD, SEEN, STATE, opened, operations
from tests.interop.partner import Json, Partner

pytestmark = pytest.mark.xdist_group("interop-schemathesis")
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Target:
    """A service with cases in it."""

    place: Place
    description: Json
    known: dict[str, list[str]]


@pytest.fixture(scope="module")
def target(place: Place) -> Target:
    base = place.settings.base_url
    landlord, coordinator = (
        Partner(base, name, place.agencies / name) for name in (LANDLORD, COORDINATOR)
    )
    references = [refer(landlord, path) for path in sorted((ROOT / "examples").glob("*.json"))]
    path, key = f"/v1/cases/{references[0]}/decisions", str(uuid.uuid4())
    form, document = "decision/1", {"decision": "ACCEPT"}
    answer = coordinator.send(path, "cases:write", form, document, [], key)
    assert answer.status_code == 201, answer.text
    plan = {
        "area": "MARLBURY",
        "starts_at": "2030-01-08T09:30:00Z",
        "attendees": [IDVA, LANDLORD, "marlbury-police", "marlbury-csc"],
    }
    answer = coordinator.post("/v1/conferences", "conference:write", plan)
    conference = answer.json()["conference"]
    path = f"/v1/conferences/{conference}/cases"
    answer = coordinator.post(path, "conference:write", {"reference": references[0]})
    assert answer.status_code == 201, answer.text
    known = {
        "reference": references,
        "merge_with": references,
        "conference_id": [conference],
        "area": ["MARLBURY", "FENHOLLOW"],
        "agency": [IDVA, LANDLORD],
        "agency_id": [IDVA, LANDLORD],
    }
    return Target(place, requests.get(f"{base}/openapi.json", timeout=10).json(), known)


def refer(landlord: Partner, path: Path) -> str:
    answer = landlord.refer(json.loads(path.read_text("utf-8")))
    assert answer.status_code == 201, answer.text
    return str(landlord.read_signed(answer.text, "marac-receipt+jws")["sub"])


def run(target: Target, folder: Path, description: Json, *options: str) -> list[Json]:
    base = target.place.settings.base_url
    state = {
        "base_url": base,
        "agencies": str(target.place.agencies),
        "description": description,
    }
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(description), encoding="utf-8")
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.interop.fuzzed",
        "PYTHONPATH": str(ROOT),
        STATE: str(folder / "state.json"),
        SEEN: str(folder / "seen"),
    }
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(folder / "openapi.json")]
    command += ["--url", base, *options]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    print(done.stdout, done.stderr[-3000:])
    assert done.returncode == 0
    return [json.loads(line) for line in (folder / "seen").read_text().splitlines()]


def test_F98_no_generated_request_is_a_server_error(target: Target, tmp_path: Path) -> None:
    run(target, tmp_path, opened(target.description, target.known), *os.environ.get("ST", "-n 5 -w 2 --generation-deterministic --no-color --continue-on-failure --exclude-operation-id submit_referral --exclude-operation-id resubmit_referral").split())

"""Generated requests against the running service: no server error, no answer undescribed.

The generated data repeat from run to run; ids of the service's own do not. `GATEWAY_TEST_FUZZ=20`
tries twenty times as much, and other data in each run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
import requests

from gateway.demo.service import Place
from gateway.schemas.codes import Limited
from tests.buckets import with_buckets
from tests.interop.fuzzed import (
    COORDINATOR,
    IDVA,
    LANDLORD,
    SEEN,
    STATE,
    claimed,
    examples,
    in_parts,
    opened,
    operations,
    with_sealed_alone,
)
from tests.interop.partner import Json, Partner
from tests.interop.served import a_service

ROOT = Path(__file__).resolve().parents[2]
MORE = int(os.environ.get("GATEWAY_TEST_FUZZ", "1"))
REFERRALS = {"submit_referral", "resubmit_referral"}
ACCEPT = {"decision": "ACCEPT"}
# What succeeds only by a worker of its own, after an act of somebody else, or by a document that is
# right in more than its form: journeys do these; here it is enough that no try is a server error.
BY_CHANCE = frozenset(
    {
        "add_risk_assessment",
        "add_sealed_copy",
        "break_glass",
        "challenge_referral",
        "cosign_checkpoint",
        "decide_case",
        "declare_interests",
        "hear_case",
        "keep_private_note",
        "list_conference_case",
        "look_behind_glass",
        "make_statement",
        "move_case",
        "record_dated_position",
        "read_removed",
        "read_research",
        "record_override",
        "register_witness",
        "return_research",
        "review_glass",
        "review_primary_victim",
        "settle_action",
        "settle_approval",
        "settle_conflict",
        "settle_match",
        "settle_redaction",
        "settle_release",
        "settle_worker_key",
        "take_flag_off",
    }
)
NEARLY = REFERRALS | {"add_risk_assessment", "decide_case"}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)
# Python 3.11's parser loses count of its depth when threads parse at once (CPython issue 106905):
# the tool's own generator stops, whatever the service said. It then starts again.
NOT_THE_SERVICE = "AST constructor recursion depth mismatch"
TRIES = 3
Tried = tuple[str, str, int]  # operation, positive or negative data, status


@dataclass
class Target:
    """A service with cases in it."""

    place: Place
    description: Json
    known: dict[str, list[str]]


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running service whose buckets are never empty: thousands are sent for a few agencies."""
    folder = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{shutil.copy(sqlite_template, folder / 'gateway.db')}"
    tables = with_buckets(folder, dict.fromkeys(Limited, 1_000_000))
    with a_service(url, folder, profiles=tables) as made:
        yield made


@pytest.fixture(scope="module")
def target(place: Place) -> Target:
    base = place.settings.base_url
    landlord, coordinator = (
        Partner(base, name, place.agencies / name) for name in (LANDLORD, COORDINATOR)
    )
    receipts = [receipt(landlord, each) for each in 2 * examples()]
    references = [each["sub"] for each in receipts]
    returned = {"decision": "RETURN", "reasons": ["QUALITY_OTHER"], "quality_note": "Say more."}
    for index, reference in enumerate(references[:8]):  # four more are left as submitted
        key, decision = str(uuid.uuid4()), returned if index > 1 else ACCEPT
        path = f"/v1/cases/{reference}/decisions"
        answer = coordinator.send(path, "cases:write", "decision/1", decision, [], key)
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
        "commit": [receipts[0]["log"]["commitment"]],
        "old": ["1", "2"],
        "new": ["3", "5"],
    }
    return Target(place, requests.get(f"{base}/openapi.json", timeout=10).json(), known)


def receipt(landlord: Partner, form_file: Json) -> Json:
    answer = landlord.refer(form_file)
    assert answer.status_code == 201, answer.text
    return landlord.read_signed(answer.text, "marac-receipt+jws")


def run(
    target: Target, folder: Path, description: Json, tries: int, *options: str
) -> Counter[Tried]:
    """Run schemathesis, show what it found, and return what it tried."""
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
    command += ["--url", base, "--workers", "2", "--continue-on-failure", "--no-color"]
    command += ["--request-retries", "2"]  # a connection lost on a busy machine is no finding
    command += [f"--max-examples={tries * MORE}"]
    command += ["--generation-deterministic"] if MORE == 1 else ["--generation-database=none"]
    for _ in range(TRIES):
        (folder / "seen").unlink(missing_ok=True)
        done = subprocess.run(
            [*command, "--checks", ",".join(CHECKS), *options],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240 * MORE,
        )
        if NOT_THE_SERVICE not in done.stdout:
            break
    if done.returncode:
        sys.stdout.write(done.stdout + done.stderr)
        sys.stdout.write(target.place.output.read_text("utf-8"))
    assert done.returncode == 0, "see above: what schemathesis found, and what the service said"
    lines = (folder / "seen").read_text("utf-8").splitlines()
    return Counter(tuple(json.loads(line)) for line in lines)


def by_operation(tried: Counter[Tried], mode: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for operation, how, status in tried:
        if how == mode:
            found[operation].add(status)
    return found


@pytest.mark.timeout(900)  # every operation, on a machine that does more
def test_F98_no_generated_request_finds_a_server_error(target: Target, tmp_path: Path) -> None:
    described = opened(target.description, target.known)
    options = [f"--exclude-operation-id={name}" for name in REFERRALS]
    options += ["--phases=examples,coverage,fuzzing"]
    tried = run(target, tmp_path, described, 3, *options)
    names = {each["operationId"] for each in operations(described)} - REFERRALS
    assert by_operation(tried, "positive").keys() == names
    assert by_operation(tried, "negative").keys() == names
    found = by_operation(tried, "positive").items()
    done = {name for name, statuses in found if min(statuses) < 400}
    assert names >= BY_CHANCE
    missing = names - done - BY_CHANCE
    assert len(missing) < 3, " ".join(sorted(missing))  # two workers: their order is chance, too


def test_F98_no_nearly_valid_document_finds_a_server_error(target: Target, tmp_path: Path) -> None:
    described = in_parts(opened(target.description, target.known))
    options = [f"--include-operation-id={name}" for name in NEARLY]
    options += ["--phases=fuzzing", "--exclude-checks=negative_data_rejection"]
    tried = run(target, tmp_path, described, 30, *options)
    assert by_operation(tried, "negative").keys() == NEARLY
    statuses = by_operation(tried, "positive")
    assert statuses["submit_referral"] >= {201, 422}
    assert set().union(*statuses.values()) >= {201, 409, 422}
    assert read_all(target)


def read_all(target: Target) -> set[str]:
    """Pull, accept and list whatever was generated, and print it in every form."""
    base = target.place.settings.base_url
    coordinator, idva = (
        Partner(base, name, target.place.agencies / name) for name in (COORDINATOR, IDVA)
    )
    [conference] = target.known["conference_id"]
    cursor, references = "", set[str]()
    while True:
        page = coordinator.get(f"/v1/cases{cursor}", "cases:read")
        references |= {row["reference"] for row in page["items"]}
        cursor = f"?cursor={page['next']}"
        if not page["more"]:
            break
    made = references - set(target.known["reference"])
    for reference in sorted(made):
        coordinator.get(f"/v1/cases/{reference}?purpose=P9", "cases:read")
        path, key = f"/v1/cases/{reference}/decisions", str(uuid.uuid4())
        answers = [
            idva.call("GET", f"/v1/cases/{reference}?purpose=P2", "cases:read"),
            coordinator.send(path, "cases:write", "decision/1", ACCEPT, [], key),
            coordinator.post(
                f"/v1/conferences/{conference}/cases", "conference:write", {"reference": reference}
            ),
        ]
        assert all(answer.status_code < 500 for answer in answers), reference
    for agency, form in product((coordinator, idva), ("json", "html", "pdf")):
        path = f"/v1/conferences/{conference}/agenda?purpose=P9&format={form}"
        assert agency.get(path, "conference:read")["document"]
    return made


def test_F98_no_generated_envelope_finds_a_server_error(target: Target, tmp_path: Path) -> None:
    described = claimed(opened(with_sealed_alone(target.description), target.known))
    options = ["--phases=fuzzing", "--exclude-checks=negative_data_rejection"]
    tried = run(target, tmp_path, described, 3, *options)
    assert {status for _, _, status in tried} >= {400, 422}


def test_F98_no_bytes_for_an_envelope_find_a_server_error(target: Target, tmp_path: Path) -> None:
    described = with_sealed_alone(target.description)
    tried = run(target, tmp_path, described, 3, "--phases=coverage,fuzzing")
    statuses = {status for _, _, status in tried}
    assert statuses >= {400, 404, 405, 415}
    assert not statuses & {201}

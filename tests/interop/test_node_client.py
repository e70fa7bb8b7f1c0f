"""The main job from node, with npm's `jose` and nothing of ours, against the running service."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.service import Place
from tests import needs

pytestmark = pytest.mark.needs("npm")
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs and npm's jose, from the committed lock, no script of it run."""
    folder = tmp_path_factory.mktemp("node")
    files = [EXAMPLES / name for name in ("package.json", "package-lock.json", "refer.mjs")]
    for path in (*files, Path(__file__).with_name("pull.mjs")):
        (folder / path.name).write_bytes(path.read_bytes())
    command = [*(needs.npm() or []), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


def node(project: Path, place: Place, script: str, agency: str, last: str) -> str:
    keys = str(place.agencies / agency)
    done = subprocess.run(
        [str(needs.node()), script, place.settings.base_url, agency, keys, last],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_F100_the_example_in_node_refers_and_node_pulls(project: Path, place: Place) -> None:
    path = ROOT / "examples" / "c1.json"
    form: dict[str, Any] = json.loads(path.read_text("utf-8"))
    said = node(project, place, "refer.mjs", LANDLORD, str(path))
    found = re.fullmatch(r"Received\. The reference is ([0-9A-Z-]{13})\.\n", said)
    assert found, said
    read = json.loads(node(project, place, "pull.mjs", IDVA, found[1]))
    assert [row["reference"] for row in read["feed"]["items"]] == [found[1]]
    assert read["typ"] == "marac-disclosure+jws"
    claims = read["claims"]
    assert (claims["iss"], claims["aud"]) == (place.settings.base_url, IDVA)
    sections = {row["section"]: row["content"] for row in claims["document"]["sections"]}
    assert sections["victim_identity"]["victim"]["given_names"] == "Elena"
    salt = read["opened"]["safe_contact"].pop("salt")
    assert len(salt) == 22
    assert read["opened"] == form["sealed"]


def test_the_example_in_node_says_why_it_was_refused(
    project: Path, place: Place, tmp_path: Path
) -> None:
    form = json.loads((ROOT / "examples" / "minimal.json").read_text("utf-8"))
    del form["document"]["referrer"]["name"]
    (tmp_path / "form.json").write_text(json.dumps(form))
    with pytest.raises(AssertionError, match=r"refused: 422 .*/referrer/name"):
        node(project, place, "refer.mjs", LANDLORD, str(tmp_path / "form.json"))

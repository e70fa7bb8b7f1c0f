"""The whole way of an OAuth client from node, with npm's `oauth4webapi` and nothing of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.service import Place
from tests import needs

pytestmark = pytest.mark.needs("npm")
FOLDER = Path(__file__).with_name("oauth")
IDVA = "marlbury-idva"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program and the library, from the committed lock, no script of it run."""
    folder = tmp_path_factory.mktemp("node") / "oauth"
    shutil.copytree(FOLDER, folder)
    command = [*(needs.npm() or []), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


def met(project: Path, place: Place) -> dict[str, Any]:
    """What the client met on its way."""
    words = ["client.mjs", place.settings.base_url, IDVA, str(place.agencies / IDVA)]
    done = subprocess.run(
        [str(needs.node()), *words],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_F3_F4_F5_oauth4webapi_goes_the_whole_way(project: Path, any_place: Place) -> None:
    told = met(project, any_place)
    base = any_place.settings.base_url
    assert (told["issuer"], told["bound"]) == (base, True)
    assert (told["type"], told["life"]) == ("dpop", 300)
    assert {"items", "next", "more"} <= set(told["feed"])
    assert told["recipients"] > 0
    assert told["claims"] == {
        "sub": IDVA,
        "client_id": IDVA,
        "scope": "cases:read referrals:write",
    }
    # Its errors are told in a way that it reads.
    assert told["scope"] == {"error": "insufficient_scope", "scheme": "dpop"}
    assert told["unknown_scope"]["error"] == "invalid_scope"
    assert told["stranger"] == {"scheme": "dpop"}  # and nothing more
    # Revoked, it is dead with the next request.
    assert (told["before"], told["after"]) == (True, False)
    assert told["dead"] == {"error": "invalid_token", "scheme": "dpop"}


def test_F4_it_sends_once_more_with_the_nonce_where_one_is_demanded(
    project: Path, place: Place
) -> None:
    sent = [tuple(each) for each in met(project, place)["sent"]]
    token, write = ("POST", "/oauth/token"), ("POST", "/v1/routing/preview")
    assert sent[:2] == [(*token, 400), (*token, 200)]
    assert [each for each in sent if each[:2] == write] == [(*write, 401), (*write, 200)]
    reads = [status for method, path, status in sent if (method, path) == ("GET", "/v1/cases")]
    assert reads == [200, 401]  # no nonce is needed to look; the last was after the revocation

"""A client that is not ours: discovery, a token bound to its key, and a call with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from jwskate import Jwk
from requests_oauth2client import (
    DPoPToken,
    InvalidClient,
    InvalidScope,
    MissingDPoPNonce,
    OAuth2Client,
    PrivateKeyJwt,
)
from werkzeug.serving import make_server

from gateway.schemas.codes import AgencyKind
from tests.doors.oauth import Agency, a_door, an_app


@pytest.fixture
def served(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[str, Agency]]:
    """The door on a real socket with a real clock, and an agency registered there."""
    start = datetime.now(UTC) - timedelta(hours=1)
    with a_door(sqlite_url, tmp_path, start=start) as door:
        agency = door.enrol("idva", AgencyKind.IDVA)
        server = make_server("127.0.0.1", 0, an_app(door.house), threaded=True)
        base = f"http://127.0.0.1:{server.server_port}"
        house = replace(
            door.house,
            settings=replace(door.house.settings, mode="demo", base_url=base),
            clock=lambda: datetime.now(UTC),
        )
        server.app.extensions["gateway"] = house  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield base, agency
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def client_of(base: str, agency: Agency) -> OAuth2Client:
    auth = PrivateKeyJwt("idva", Jwk(agency.sig), aud=base)
    return OAuth2Client.from_discovery_endpoint(
        f"{base}/.well-known/oauth-authorization-server",
        issuer=base,
        auth=auth,
        dpop_bound_access_tokens=True,
        testing=True,
    )


def test_requests_oauth2client_completes_the_whole_way(served: tuple[str, Agency]) -> None:
    base, agency = served
    client = client_of(base, agency)
    token = client.client_credentials(scope="cases:read log:read")
    assert isinstance(token, DPoPToken)
    answer = requests.get(f"{base}/v1/whoami", auth=token, timeout=10)
    assert answer.json()["agency"] == "idva"
    answer = requests.get(f"{base}/v1/nonce", auth=token, timeout=10)
    assert answer.status_code == 200  # after its own retry with the nonce
    assert client.introspect_token(token)["active"] is True
    assert client.revoke_access_token(token)
    assert client.introspect_token(token)["active"] is False
    with pytest.raises(MissingDPoPNonce):  # what this client makes of any 401
        requests.get(f"{base}/v1/whoami", auth=token, timeout=10)


def test_requests_oauth2client_reads_our_errors(served: tuple[str, Agency]) -> None:
    base, agency = served
    with pytest.raises(InvalidScope):
        client_of(base, agency).client_credentials(scope="conference:write")
    stranger = replace(agency, sig=agency.dpop)
    with pytest.raises(InvalidClient):
        client_of(base, stranger).client_credentials(scope="cases:read")

"""Rates, nonces and stops with two workers, over HTTP, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from requests_oauth2client import DPoPKey

from gateway import ledger
from gateway.flows import agencies
from tests.buckets import with_buckets
from tests.database import fresh
from tests.doors.oauth import ASSERTION_TYPE
from tests.interop.partner import Partner, digest
from tests.journeys.world import example
from tests.live import Service, now, running

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"
MATCHES, TOKENS = 5, 8
RATES = {"match": MATCHES, "tokens": TOKENS}  # and one a minute


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Two workers whose buckets are small."""
    folder: Path = tmp_path_factory.mktemp("service")
    tables = with_buckets(folder, RATES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_PROFILES", str(tables))
        with fresh(request, folder) as url, running(url, folder) as made:
            yield made


def partner(service: Service, agency_id: str) -> Partner:
    return Partner(service.base_url, agency_id, service.folder / "agencies" / agency_id)


def at_once(send: Callable[[], requests.Response], times: int) -> Counter[int]:
    """Send so often, eight at a time, each over a connection of its own, to any free worker."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(), range(times)))
    for answer in answers:
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
            told = answer.json()
            assert told.get("code", told.get("error")) == "too_many_requests"
    return Counter(answer.status_code for answer in answers)


def test_V36_two_workers_share_the_bucket_of_matches(service: Service) -> None:
    landlord = partner(service, LANDLORD)
    landlord.post("/v1/routing/preview", "referrals:write", {"area": "MARLBURY"})  # for a nonce

    def send() -> requests.Response:
        media = "application/jose"
        return landlord.call("POST", "/v1/referrals", "referrals:write", b"x", media)

    got = at_once(send, 40)
    assert set(got) == {400, 429}  # no referral, and yet it counts
    assert MATCHES <= got[400] <= MATCHES + 1  # one may run in while we ask
    answer = partner(service, "tidewell-housing").refer(example("minimal"))
    assert answer.status_code == 201  # another agency has a bucket of its own


def test_two_workers_share_the_bucket_of_tokens(service: Service) -> None:
    idva = partner(service, IDVA)

    def send() -> requests.Response:
        url = f"{service.base_url}/oauth/token"
        nonce = requests.post(url, timeout=30).headers["DPoP-Nonce"]
        form = {
            "grant_type": "client_credentials",
            "scope": "cases:read",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": idva.assertion(),
        }
        proof = DPoPKey.generate().proof("POST", url, nonce=nonce)
        return requests.post(url, data=form, headers={"DPoP": str(proof)}, timeout=30)

    got = at_once(send, 32)
    assert set(got) == {200, 429}
    assert TOKENS <= got[200] <= TOKENS + 1


def test_T04_a_key_that_was_stopped_is_out_in_every_worker(service: Service) -> None:
    """Whichever worker saw the token before, none takes it after the key has ended."""
    police = partner(service, "marlbury-police")
    url = f"{service.base_url}/v1/cases"

    def send() -> requests.Response:
        return requests.get(url, auth=police.token("cases:read"), timeout=30)

    assert at_once(send, 16) == {200: 16}
    with ledger.begin(service.sessions, service.keys, ledger.OPERATOR, now()) as work:
        agencies.end_key(work, agency_id="marlbury-police", kid=police.kid)
    token = police.token("cases:read")
    headers = {"Authorization": f"DPoP {token.access_token}"}

    def bare() -> requests.Response:
        ath = digest(token.access_token.encode())
        proof = str(token.dpop_key.proof("GET", url, ath))
        return requests.get(url, headers={**headers, "DPoP": proof}, timeout=30)

    assert at_once(bare, 16) == {401: 16}

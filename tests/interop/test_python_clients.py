"""The main job by Python libraries that are not ours, against the running service."""

from __future__ import annotations

import ast
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauth2client import DPoPKey, InvalidScope

from gateway.client import config
from gateway.client.http import Sender
from gateway.demo import world as demo
from gateway.demo.service import Place
from tests.interop import partner
from tests.interop.partner import Partner

ROOT = Path(__file__).resolve().parents[2]
LANDLORD, IDVA, POLICE = "harbourgate-homes", "marlbury-idva", "marlbury-police"
C1: dict[str, Any] = json.loads((ROOT / "examples" / "c1.json").read_text("utf-8"))


def a_partner(place: Place, agency: str) -> Partner:
    return Partner(place.settings.base_url, agency, place.agencies / agency)


def referred(landlord: Partner, key: str | None = None) -> dict[str, Any]:
    answer = landlord.refer(C1, key)
    assert answer.status_code == 201, answer.text
    return landlord.read_signed(answer.text, "marac-receipt+jws")


def test_F100_the_main_job_is_done_by_libraries_that_are_not_ours(any_place: Place) -> None:
    landlord, idva = a_partner(any_place, LANDLORD), a_partner(any_place, IDVA)
    receipt = referred(landlord)
    assert (receipt["level"], receipt["routed"]) == ("HIGH", ["COORDINATOR", "IDVA"])
    reference = receipt["sub"]

    feed = idva.get("/v1/cases", "cases:read")
    assert [(row["reference"], row["kind"]) for row in feed["items"]] == [(reference, "ASSIGNED")]

    pulled = idva.get(f"/v1/cases/{reference}?purpose=P2", "cases:read")
    document = pulled["document"]
    seen = {row["section"]: row["content"] for row in document["sections"]}
    assert seen["victim_identity"]["victim"]["family_name"] == "Marsh-Okoro"
    assert pulled["receipt"]["purpose"] == "P2"
    assert {i["section"]: idva.open_section(i) for i in document["sealed"]} == C1["sealed"]

    path = f"/v1/cases/{reference}/acknowledgement"
    said = idva.post(path, "cases:write", {"outcome": "ACCEPTED"})
    assert (said.status_code, said.json()) == (200, {"outcome": "ACCEPTED"})
    mine = landlord.get(f"/v1/referrals/{reference}?purpose=P1", "referrals:read")
    assert mine["document"]["document"] == C1["document"]


def test_a_sealed_section_reaches_nobody_but_whom_it_was_sealed_to(place: Place) -> None:
    landlord, idva, police = (a_partner(place, name) for name in (LANDLORD, IDVA, POLICE))
    path = f"/v1/cases/{referred(landlord)['sub']}?purpose=P2"
    held = idva.get(path, "cases:read")["document"]["sealed"]
    assert [row["agency"] for item in held for row in item["recipients"]] == [IDVA]
    assert police.call("GET", path, "cases:read").status_code == 404


def test_F34_a_private_note_goes_out_and_comes_back_by_libraries_that_are_not_ours(
    any_place: Place,
) -> None:
    landlord, idva = a_partner(any_place, LANDLORD), a_partner(any_place, IDVA)
    reference = referred(landlord)["sub"]
    kept = idva.keep_note(reference, "Meet at the library.", "CASEWORK")
    assert kept.status_code == 201, kept.text
    receipt = idva.read_signed(kept.text, "marac-receipt+jws")
    path = f"/v1/cases/{reference}/private-notes?purpose=P2"
    found = idva.get(path, "cases:read")["document"]
    (note,) = found["notes"]
    assert (note["note"], note["kind"], note["number"]) == (receipt["note"], "CASEWORK", 1)
    assert (idva.open_note(note), found["more"]) == ("Meet at the library.", False)
    # The landlord referred the case and finds no note of its own; the police find no case.
    assert landlord.get(path, "cases:read")["document"]["notes"] == []
    police = a_partner(any_place, POLICE)
    assert police.call("GET", path, "cases:read").status_code == 404
    # Sealed by other libraries, opened by our client, and the other way round.
    settings = config.load_keys(any_place.agencies / IDVA)
    sender = Sender(any_place.settings.base_url)
    ours = demo.connect(
        IDVA,
        sender,
        base_url=any_place.settings.base_url,
        folder=any_place.agencies,
        clock=lambda: datetime.now(UTC),
    )
    ours.notes.keep(reference, "By our own client.")
    assert [each.text for each in ours.notes.read(reference)] == [
        "Meet at the library.",
        "By our own client.",
    ]
    assert {each.kid for each in ours.notes.read(reference)} == {settings.encryption_kid}
    newer = idva.get(f"{path}&after=1", "cases:read")["document"]["notes"]
    assert [idva.open_note(each) for each in newer] == ["By our own client."]
    sender.close()


def test_a_retry_signed_and_sealed_again_is_answered_byte_for_byte(place: Place) -> None:
    landlord, key = a_partner(place, LANDLORD), str(uuid.uuid4())
    first, again = landlord.refer(C1, key), landlord.refer(C1, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    other = {**C1, "document": {**C1["document"], "must_not_receive": [{"agency_id": POLICE}]}}
    answer = landlord.refer(other, key)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


# --- what a token is good for ---------------------------------------------------------------------


def test_F2_a_token_of_another_scope_is_refused(place: Place) -> None:
    idva = a_partner(place, IDVA)
    answer = idva.call("GET", "/v1/cases", "log:read")
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    with pytest.raises(InvalidScope):
        idva.token("conference:write")


def test_F3_a_client_is_known_by_its_key(place: Place) -> None:
    idva = a_partner(place, IDVA)
    token = idva.token("cases:read")
    assert idva.client.introspect_token(token)["active"] is True
    assert a_partner(place, POLICE).client.introspect_token(token)["active"] is False


def test_F4_a_token_is_of_no_use_with_another_key(place: Place) -> None:
    token = a_partner(place, IDVA).token("cases:read")
    url = f"{place.settings.base_url}/v1/cases"
    bound = {"Authorization": f"DPoP {token.access_token}"}
    digest = partner.digest(token.access_token.encode())
    own = str(token.dpop_key.proof("GET", url, digest))
    thiefs = str(DPoPKey.generate().proof("GET", url, digest))
    tried: list[tuple[dict[str, str], int]] = [
        ({**bound, "DPoP": own}, 200),
        ({**bound, "DPoP": own}, 401),  # a proof is good once
        ({**bound, "DPoP": thiefs}, 401),
        (bound, 401),
        ({"Authorization": f"Bearer {token.access_token}"}, 401),
    ]
    for headers, status in tried:
        assert requests.get(url, headers=headers, timeout=10).status_code == status


def test_F4_both_workers_know_each_others_nonces(any_place: Place) -> None:
    """A nonce is kept nowhere: whichever worker gave it, each accepts it."""
    base = any_place.settings.base_url
    landlord = a_partner(any_place, LANDLORD)
    token = landlord.token("referrals:write")
    url = f"{base}/v1/routing/preview"
    nonces = {
        requests.post(f"{base}/oauth/token", timeout=10).headers["DPoP-Nonce"] for _ in range(12)
    }
    assert len(nonces) <= 2  # the minute may change meanwhile
    statuses = []
    for _ in range(12):
        with requests.Session() as line:  # a connection of its own, to whichever worker is free
            ath = partner.digest(token.access_token.encode())
            proof = token.dpop_key.proof("POST", url, ath, nonce=max(nonces))
            answer = line.post(
                url,
                json={"outward": "XX1"},
                headers={
                    "Authorization": f"DPoP {token.access_token}",
                    "DPoP": str(proof),
                    "Idempotency-Key": str(uuid.uuid4()),
                },
                timeout=10,
            )
            statuses.append(answer.status_code)
    assert statuses == [200] * 12


def test_the_client_holds_no_code_of_ours() -> None:
    tree = ast.parse(Path(partner.__file__).read_text("utf-8"))
    named = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names]
    assert not [name for name in named if (name or "").split(".")[0] in ("gateway", "tests")]

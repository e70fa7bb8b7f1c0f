"""A whole case told in words that occur nowhere else, and the search for them."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.demo.forms import Forms, recast
from gateway.errors import Unavailable
from tests.host.running import Running

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
PLANTED = {
    "Elena": "Quillonette",
    "Marsh-Okoro": "Brackenshaw-Imrie",
    "12 Tern Court": "77 Wexcombe Parade",
    "07700 900123": "07700 900918",
    "Bronwen Sayle": "Thessaly Ormerod",
    "The nursery, about the half-term rota": "The upholsterer about a footstool",
    "What Isla calls the lighthouse": "What the gander is called",
    "Husband and joint tenant": "Husband and part-time lamplighter",
    "Her wages go into his account": "Her earnings vanish into his aquarium",
    "Stood in the doorway": "Balanced on the windowsill",
    "After she asked where the rent money was": "After she asked who moved the marmalade",
}
WORDS = tuple(PLANTED.values())


def a_form() -> dict[str, Any]:
    """The whole story in those words, dated as if it happened now."""
    return recast(Forms(datetime.now(UTC).date()).load("c1"), PLANTED, 7)


def spellings(word: str) -> set[bytes]:
    """A word as bytes, and as it would look inside UTF-16, hexadecimal and base64."""
    raw = word.encode()
    found = {raw, word.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode()}
    for shift in range(3):
        # Only the middle of an encoding is the same whatever stands before and after.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + raw)
            found.add(encoded[(0, 2, 3)[shift] : -4])
    return found


def readable(data: bytes) -> set[str]:
    """Which of the planted words can be read in some bytes."""
    return {word for word in WORDS if any(spelt in data for spelt in spellings(word))}


def live(service: Running) -> str:
    """Refer, fail to refer, pull, decide, list, print, take back; gives the reference."""
    now = datetime.now(UTC)
    form = a_form()
    landlord, idva = service.client(LANDLORD), service.client(IDVA)
    coordinator = service.client(COORDINATOR)
    _be_refused(service, landlord, form)
    reference = landlord.refer(form).reference
    assert {item["reference"] for item in idva.list_cases()["items"]} == {reference}
    pulled = idva.pull(reference, "P2")
    assert readable(str((pulled.document, pulled.reveal())).encode()) > {
        "Quillonette",
        "07700 900918",
    }
    idva.acknowledge(reference, "ACCEPTED")
    coordinator.decide(reference, {"decision": "ACCEPT"})
    starts = f"{now + timedelta(days=14):%Y-%m-%d}T09:30:00Z"
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": starts, "attendees": [IDVA, LANDLORD]}
    )["conference"]
    coordinator.list_case(conference, reference)
    for kind in ("json", "html", "pdf"):
        assert idva.agenda(conference, form=kind)
    landlord.assess(reference, form["document"]["risk_assessments"]["value"][0])
    landlord.referral(reference)
    coordinator.explain(reference, IDVA, "P2")
    coordinator.access(reference)
    stated = {**form["document"]["consent_record"], "position": "WITHDRAWN"}
    landlord.record_position(reference, {**stated, "withdrawn_on": f"{now:%Y-%m-%d}"})
    return reference


def _be_refused(service: Running, landlord: Any, form: dict[str, Any]) -> None:
    """Send the planted words in every wrong way: a bad form, plain text, a large upload, a path."""
    wrong = {**form, "document": {**form["document"], WORDS[0]: WORDS[2]}}
    with pytest.raises(ProblemError):
        landlord.refer(wrong)
    upload = f'--x\r\nContent-Disposition: form-data; name="a"; filename="{WORDS[0]}"\r\n\r\n'
    for path, media in (
        ("/v1/referrals", "application/jose"),
        ("/oauth/token", "multipart/form-data; boundary=x"),
        ("/oauth/token", "application/x-www-form-urlencoded"),
        (f"/v1/cases/{WORDS[0]}", "text/plain"),
        (f"/v1/cases?name={WORDS[0]}", "text/plain"),
    ):
        headers = {"Content-Type": media, "Authorization": f"DPoP {WORDS[0]}", "DPoP": WORDS[1]}
        for times in (1, 6000):
            body = f"{upload}{'; '.join(WORDS * times)}\r\n--x--\r\n".encode()
            with suppress(Unavailable):  # what is refused at once is not read to its end
                got = service.sender()("POST", f"{service.base_url}{path}", headers, body)
                assert 400 <= got.status < 500

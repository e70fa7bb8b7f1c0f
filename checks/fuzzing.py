"""What a fuzzer may do to the parser of envelopes: one function per way in, and seeds for each.

Whatever is sent, the answer is a value or `Invalid`; everything else is a finding. A finding
becomes a test: put its bytes into tests/doors/found/<way>/, where each file is tried again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.errors import Invalid
from gateway.schemas import forms
from gateway.schemas.strict_json import parse
from gateway.sealing import envelopes, jose

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
GATEWAY, AGENCY = "https://gateway.example", "harbourgate-homes"

_GATEWAY, _AGENCY, _READER = (jose.new_private(use) for use in ("enc", "sig", "enc"))
_PUBLIC, _READERS = jose.public_part(_GATEWAY), jose.public_part(_READER)
_TO_GATEWAY = jose.import_public(_PUBLIC, "enc")
_HELD = {_GATEWAY["kid"]: jose.import_private(_GATEWAY, "enc")}
_SIGNING = jose.import_private(_AGENCY, "sig")
_REGISTERED = {(AGENCY, _AGENCY["kid"]): _SIGNING}


def as_body(data: bytes) -> None:
    """The body of a request, as it came."""
    _open(data.decode("latin-1"))


def as_signature(data: bytes) -> None:
    """What is found when a sound envelope is opened."""
    _open(_enclosed(data))


def as_claims(data: bytes) -> None:
    """What an agency really signed and sealed."""
    signed = jose.sign(data, _SIGNING, _AGENCY["kid"], envelopes.DOCUMENT)
    _open(_enclosed(signed.encode()))


def as_section(data: bytes) -> None:
    """A copy of a section that the gateway only looks at from outside."""
    recipient = {"agency": AGENCY, "kid": _READERS["kid"], "jwe": data.decode("latin-1")}
    envelopes.check_section({"recipients": [recipient]}, "/sealed/0")


def as_receipt(data: bytes) -> None:
    """What a client takes for the gateway's answer."""
    keys = {_AGENCY["kid"]: _SIGNING}
    envelopes.verify_receipt(data.decode("latin-1"), keys, audience=AGENCY)


def as_document(data: bytes) -> None:
    """The form inside, read strictly."""
    document = parse(data)
    if isinstance(document, dict):
        forms.load("referral/1", document)


WAYS: Mapping[str, Callable[[bytes], None]] = {
    "body": as_body,
    "signature": as_signature,
    "claims": as_claims,
    "section": as_section,
    "receipt": as_receipt,
    "document": as_document,
}


def is_refused(way: str, data: bytes) -> bool:
    """Whether one way in refuses some bytes in the one way that is allowed."""
    try:
        WAYS[way](data)
    except Invalid:
        return True
    return False


def seeds() -> dict[str, list[bytes]]:
    """Real messages for each way in; every one of them is taken."""
    stories = [json.loads(path.read_text("utf-8")) for path in sorted(EXAMPLES.glob("*.json"))]
    section = envelopes.seal_section(
        "safe_contact",
        {"channels": []},
        [(AGENCY, _READERS)],
        idempotency_key="4f2f7cde-33f0-4d2e-8b6c-2f1b7f6f5a10",
        secret=b"s" * 32,
    )
    claims = [_claims(story["document"], [section]) for story in stories]
    receipt = {"iss": GATEWAY, "aud": AGENCY, "iat": _now(), "sub": "AAAAA-AAAAA-A"}
    return {
        "body": [_enclosed(_signed(each)).encode() for each in claims[-2:]],
        "signature": [_signed(each) for each in claims[-2:]],
        "claims": [json.dumps(each).encode() for each in claims],
        "section": [section["recipients"][0]["jwe"].encode()],
        "receipt": [envelopes.sign_receipt(receipt, _SIGNING, _AGENCY["kid"]).encode()],
        "document": [json.dumps(story["document"]).encode() for story in stories],
    }


def _open(token: str) -> None:
    envelopes.open_document(
        token, decrypt_keys=_HELD, find_verify_key=_find, audience=GATEWAY, now=NOW
    )


def _find(iss: str, kid: str) -> jose.Key | None:
    return _REGISTERED.get((iss, kid))


def _enclosed(signed: bytes) -> str:
    return jose.encrypt(signed, _TO_GATEWAY, _PUBLIC["kid"], envelopes.ENVELOPE, "JWT")


def _signed(claims: Mapping[str, Any]) -> bytes:
    payload = json.dumps(claims).encode()
    return jose.sign(payload, _SIGNING, _AGENCY["kid"], envelopes.DOCUMENT).encode()


def _claims(document: object, sealed: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "iss": AGENCY,
        "aud": GATEWAY,
        "iat": _now(),
        "exp": _now() + 300,
        "jti": "seed-of-the-fuzzer",
        "form": "referral/1",
        "document": document,
        "sealed": sealed,
    }


def _now() -> int:
    return int(NOW.timestamp())

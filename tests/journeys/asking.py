"""A valid request for every declared operation, so that a test can spoil one part of it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.test import TestResponse

from gateway.api.operations import OPERATIONS, Operation
from gateway.schemas import reference as references
from gateway.sealing import envelopes, jose, notes, private
from tests.journeys.world import BASE, Wire, example

JOSE, JSON = "application/jose", "application/json"
NOBODY = references.write("Z" * 10)  # well formed, and given to nobody
NO_CONFERENCE = "00000000-0000-4000-8000-000000000000"
BY_NAME = {each.name: each for each in OPERATIONS}
ASSESSMENT = example("c1")["document"]["risk_assessments"]["value"][0]
POSITION = {
    **example("minimal")["document"]["consent_record"],
    "position": "GIVEN",
}
DATED = {
    **POSITION,
    "scope": ["MARAC", "IDVA"],
    "wording": {"version": "leaflet-3", "language": "en"},
    "starts_on": "2026-11-20",
    "expires_on": "2027-05-20",
    "safe_to_ask": "YES",
    "safe_to_tell": "UNKNOWN",
}
OVERRIDE = example("c2")["document"]["override_record"]
KID = "k" * 43  # nobody's key
DOCUMENTS: Mapping[str, Any] = {
    "referral/1": example("minimal")["document"],
    "risk-assessment/1": ASSESSMENT,
    "position/1": POSITION,
    "position/2": DATED,
    "override/1": OVERRIDE,
    "decision/1": {"decision": "ACCEPT"},
    "move/1": {"act": "WITHDRAW", "reason": "MADE_IN_ERROR"},
    "challenge/1": {"reason": "It went on."},
    "interests/1": {
        "people": [
            {
                "closeness": "SELF",
                "given_names": "Ottilie",
                "family_name": "Quarrington",
                "dob": "1981-02-03",
                "dob_precision": "DAY",
            }
        ]
    },
    "worker-key/1": {"act": "APPROVE", "kid": "A" * 43},
    "redaction/1": {
        "act": "DRAFT",
        "section": "incidents",
        "owner": "harbourgate-homes",
        "places": ["/incidents/0/what"],
    },
    "release/1": {"act": "SERVES", "agency": "marlbury-idva"},
    "break-glass/1": {"category": "D05", "purpose": "P6", "reason": "An officer is on her way."},
    "action-step/1": {"number": 1, "act": "ACCEPT"},
    "research/1": {"people": [{"person": "VICTIM", "known": "NOT_KNOWN"}]},
    "approval/1": {"act": "ASK", "section": "orientation", "reason": "A group for her."},
    "glass-review/1": {"number": 1, "finding": "JUSTIFIED", "note": "She was."},
    "primary-victim/1": {"outcome": "INSUFFICIENT", "account": "Both say so."},
    "conflict/1": {
        "act": "CONFIRM",
        "agency": "marlbury-idva",
        "worker": "idva-01",
        "reason": "Known to us.",
    },
    "section-copy/1": {"agency": "marlbury-idva", "kid": KID},
    "private-note/1": {
        "kind": "RESEARCH",
        **private.seal_note(
            {"text": "x"},
            {**jose.public_part(jose.new_private("enc")), "kid": KID},
            idempotency_key="k",
            secret=b"s" * 32,
        ),
    },
}
PLAIN: Mapping[str, Any] = {
    "withdrawal/1": {"reason": "SENT_IN_ERROR"},
    "acknowledgement/1": {"outcome": "ACCEPTED"},
    "flag-removal/1": {"reason": "SAFETY"},
    "match/1": {"mark": "0" * 16, "same": True},
    "hearing/1": {
        "reference": "7K3MQ-2XF8A-5",
        "act": "OPEN",
        "present": [{"agency": "marlbury-idva", "worker": "idva-01"}],
    },
    "conference/1": {
        "area": "MARLBURY",
        "starts_at": "2026-12-08T09:30:00Z",
        "attendees": ["marlbury-police"],
    },
    "routing-preview/1": {"outward": "XX1"},
    "cosignature/1": {"size": 0, "cosignature": "A" * 96},
}
QUERIES = {
    "purpose": "P9",
    "agency": "marlbury-idva",
    "commit": "A" * 43,
    "quarter": "2026-Q4",
    "why": "OWN_WORK",
}
NEEDED_PURPOSE = {
    **dict.fromkeys(("list_access", "list_readings", "list_receipts", "list_looks"), "P10"),
    "read_referral": "P1",
}


@dataclass(frozen=True)
class Asked:
    """One request, ready to be sent or spoilt."""

    method: str
    path: str
    query: Mapping[str, str]
    scope: str
    body: bytes
    media: str | None

    def send(self, wire: Wire, **more: Any) -> TestResponse:
        """Send it as an agency."""
        given = "&".join(f"{name}={value}" for name, value in self.query.items())
        path = f"{self.path}?{given}" if given else self.path
        given_scope = more.pop("scope", self.scope)
        parts = {"body": self.body, "media": self.media, **more}
        return wire.ask(self.method, path, given_scope, **parts)

    def but(self, **changes: Any) -> Asked:
        """The same with another part."""
        return replace(self, **changes)


def asking(
    operation: Operation, wire: Wire, *, reference: str = NOBODY, conference: str = NO_CONFERENCE
) -> Asked:
    """A valid request for an operation, about this case or conference."""
    rule = operation.rule.replace("<reference>", reference)
    return Asked(
        method=operation.method,
        path="/v1" + rule.replace("<conference_id>", conference),
        query=_query(operation),
        scope=operation.scope,
        body=_body(operation, wire, reference),
        media=None if operation.form is None else JOSE if operation.is_sealed else JSON,
    )


def _query(operation: Operation) -> dict[str, str]:
    needed = {each.name for each in operation.query if each.is_needed}
    if operation.name == "prove":
        needed = {"commit"}
    query = {name: QUERIES[name] for name in sorted(needed)}
    if operation.name == "explain_change":
        query["stage"] = "RESEARCH"
    if operation.name in NEEDED_PURPOSE:
        query["purpose"] = NEEDED_PURPOSE[operation.name]
    return query


def _body(operation: Operation, wire: Wire, reference: str) -> bytes:
    if operation.form is None:
        return b""
    if operation.is_sealed:
        extra = {"sealed": [_copy()]} if operation.form == "section-copy/1" else {}
        return wire.envelope(operation.form, DOCUMENTS[operation.form], **extra)
    if operation.form == "listing/1":
        return json.dumps({"reference": reference}).encode()
    if operation.form == "witness/1":
        return json.dumps({"statement": witness_statement(wire)}).encode()
    return json.dumps(PLAIN[operation.form]).encode()


def witness_statement(wire: Wire, **changes: Any) -> str:
    """An agency's statement that a key is its own, for countersigning the log."""
    origin = notes.origin_of(wire.world.keys.log_public)
    name = notes.witness_name(origin, wire.agency_id)
    public = hashlib.sha256(wire.agency_id.encode()).digest()  # nobody signs with it
    claims = {
        "iss": wire.agency_id,
        "aud": BASE,
        "iat": int(wire.world.now.timestamp()),
        "witness": str(notes.Verifier(name, notes.WITNESS, public)),
    }
    return wire.sign({**claims, **changes}, typ="marac-witness+jws")


def _copy() -> dict[str, Any]:
    """A section sealed to a key that nobody has, well formed all the same."""
    jwk = {**jose.public_part(jose.new_private("enc")), "kid": KID}
    to = [("marlbury-idva", jwk)]
    return envelopes.seal_section(
        "safe_contact", {"channels": []}, to, idempotency_key="k", secret=b"s" * 32
    )


def told(answer: TestResponse) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and body of a refusal, without the one id that differs each time."""
    body = json.loads(answer.data)
    assert str(uuid.UUID(body.pop("instance").removeprefix("urn:uuid:")))
    return answer.status_code, dict(answer.headers), body

"""Owns the examples of answers. Everything in them is invented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.api.openapi import consent

_CHECKPOINT = "gateway.example.org/log\n184\n4nYB…=\n\n— gateway.example.org/log x0Bm…=\n"
_KEY = {"kty": "EC", "crv": "P-256", "x": "…", "y": "…", "kid": "enc-1", "use": "enc"}

RECEIPT: Mapping[str, Any] = {
    "level": "HIGH",
    "criteria": ["VISIBLE_HIGH_RISK"],
    "decision": {"outcome": "ALLOW", "rule": "R06", "versions": {"consent": "9b1c…"}},
    "state": "TRIAGE",
    "reasons": [],
    "must_record": [],
    "missing": [],
    "duties": ["CSC"],
    "routed": ["COORDINATOR", "CSC", "IDVA"],
    "next": [{"code": "CLK_IDVA_TRIAGE", "by": "IDVA", "due_at": "2026-11-24T09:00:00Z"}],
    "assessments": [
        {
            "instrument": "DASH_RIC@1",
            "score": 16,
            "unknown": 2,
            "is_unreliable": False,
            "prompts": [],
        }
    ],
    "custody": "OWN",
    "sealed_to": [{"agency": "marlbury-idva", "custody": "OWN"}],
    "iss": "https://gateway.example.org",
    "aud": "harbourgate-homes",
    "sub": "7K3MQ-2XF8A-C",
    "iat": 1795424400,
    "log": {"commitment": "kq0T…", "salt": "p2Xf…", "checkpoint": _CHECKPOINT},
}

_EXPLAINED: Mapping[str, Any] = {
    "agency": "marlbury-police",
    "kind": "POLICE",
    "purpose": "P2",
    "stage": "RESEARCH",
    "outcome": "ALLOWED",
    "because": "assigned",
    "sections": [{"section": "immigration", "level": "NONE", "rule": "D15 POLICE"}],
    "versions": {"matrix": "5d0e…"},
}

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "list_referrals": {
        "items": [
            {
                "reference": "7K3MQ-2XF8A-C",
                "received_at": "2026-11-23T09:00:00Z",
                "status": "LISTED",
                "reasons": [],
                "listed_for": "2026-12-03T09:30:00Z",
                "feedback": [],
                "entered_by": None,
            }
        ],
        "next": None,
    },
    "withdraw_referral": {"outcome": "REQUESTED"},
    "preview_routing": {
        "recipients": [
            {
                "agency": "marlbury-idva",
                "kind": "IDVA",
                "sections": ["protected_address", "safe_contact"],
                "key": _KEY,
            }
        ]
    },
    "list_cases": {
        "items": [
            {
                "reference": "7K3MQ-2XF8A-C",
                "kind": "ASSIGNED",
                "level": "HIGH",
                "state": "TRIAGE",
                "at": "2026-11-23T09:00:00Z",
                "notice": None,
            }
        ],
        "next": "q83v…",
        "more": False,
        "checkpoint": _CHECKPOINT,
    },
    "list_due": consent.DUE,
    "acknowledge_case": {"outcome": "ACCEPTED"},
    "settle_match": {"mark": "0a1b2c3d4e5f6071", "status": "CONFIRMED"},
    "list_seal_requests": {
        "requests": [
            {
                "reference": "7K3MQ-2XF8A-C",
                "section": "safe_contact",
                "digest": "kq0T…",
                "agency": "aster-women",
                "kind": "IDVA",
                "key": _KEY,
                "announced": {"number": 7, "event": "ADDED", "record": "{…}", "index": 41},
                "asked_at": "2026-11-23T09:00:00Z",
            }
        ]
    },
    "explain_case": _EXPLAINED,
    "explain_change": {
        "before": _EXPLAINED,
        "after": _EXPLAINED,
        "changes": [{"section": "orders", "was": "NONE", "now": "FULL", "rule": "D18/POLICE:F"}],
        "in_words": ["marlbury-police would newly see: orders."],
    },
    "plan_conference": {"conference": "6f1c1f52-8f0e-4b39-9e6a-5a1f0b9e6f11"},
    "hear_case": {"state": "HEARD"},
    "list_conference_case": {"kind": "NEW", "state": "LISTED", "asked": ["marlbury-police"]},
    "read_checkpoint": {"checkpoint": _CHECKPOINT, "verifiers": ["gateway.example.org/log+…"]},
    "prove": {
        "index": 41,
        "leaf": "AbCd…",
        "size": 184,
        "proof": ["k2hT…", "9fQw…"],
        "checkpoint": _CHECKPOINT,
    },
    "list_key_events": {
        "events": [
            {
                "number": 7,
                "event": "ADDED",
                "agency": "marlbury-idva",
                "kid": "enc-1",
                "record": '{"agency":"@operator","event":"agency-key.added",…}',
                "salt": "p2Xf…",
                "commitment": "kq0T…",
                "index": 41,
                "leaf": "AbCd…",
                "proof": ["k2hT…", "9fQw…"],
            }
        ],
        "more": False,
        "size": 184,
        "checkpoint": _CHECKPOINT,
    },
    "list_witnesses": {
        "witnesses": [
            {
                "agency": "marlbury-idva",
                "verifier": "marac-gateway/5d0e…/marlbury-idva+9c1e0a77+BK…",
                "statement": "eyJ…",
            }
        ]
    },
    "register_witness": {"verifier": "marac-gateway/5d0e…/marlbury-idva+9c1e0a77+BK…"},
    "cosign_checkpoint": {"size": 184},
    "declare_interests": {"people": 3},
    "settle_worker_key": {"act": "REGISTER", "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
    "settle_conflict": {"act": "DEPUTY"},
    "settle_release": {"state": "APPROVED"},
    "move_case": {"act": "TRANSFER", "state": "TRANSFER_OUT_PENDING"},
    "settle_redaction": {"number": 1, "state": "DRAFTED"},
    "settle_approval": {"number": 1, "act": "ASK"},
    "break_glass": {"number": 1, "state": "OPEN", "until": "2026-11-23T10:00:00Z"},
    "review_glass": {"number": 1, "outcome": "JUSTIFIED"},
    "review_primary_victim": {"outcome": "PRIMARY_VICTIM_A"},
    "list_directory": {
        "agencies": [
            {
                "agency": "marlbury-idva",
                "name": "Marlbury IDVA service",
                "kind": "IDVA",
                "area": "MARLBURY",
                "custody": "OWN",
                "is_suspended": False,
                "keys": [_KEY],
                "workers": [{"worker": "idva-07", "key": _KEY}],
            }
        ]
    },
}

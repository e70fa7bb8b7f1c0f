"""Owns the named schemas: the published forms, their parts, and the shapes of answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gateway.api.openapi import answers
from gateway.schemas.publish import PUBLISHED, json_schema

Json = dict[str, Any]

_PART = r"[A-Za-z0-9_-]"
ENVELOPE: Json = {
    "type": "string",
    "description": "JWE, compact serialisation",
    "pattern": rf"^{_PART}+(?:\.{_PART}*){{4}}$",
}


def name_of(form: str) -> str:
    """Return what a form is called among the schemas: "referral/1" is "referral-1"."""
    return form.replace("/", "-")


def schemas(base_url: str) -> Json:
    """Return all named schemas. The parts of the forms stand beside them, each once."""
    found: Json = {}
    for form in PUBLISHED:
        schema = json_schema(form, base=base_url)
        parts = schema.pop("$defs", {})
        schema.pop("$schema")
        schema["x-schema-url"] = schema.pop("$id")
        for name, part in {name_of(form): schema, **parts}.items():
            _add(found, name, _moved(part))
    for name, answer in answers.SCHEMAS.items():
        _add(found, name, answer)
    return found


def _add(found: Json, name: str, schema: Json) -> None:
    if found.setdefault(name, schema) != schema:
        raise AssertionError(f"two schemas are called {name}")


def _moved(schema: Any) -> Any:
    """Point references at the place where the parts stand in this document."""
    if isinstance(schema, list):
        return [_moved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {name: _moved(value) for name, value in schema.items()}
    if isinstance(moved.get("$ref"), str):
        moved["$ref"] = moved["$ref"].replace("#/$defs/", "#/components/schemas/")
    return moved


def _minimal() -> Json:
    """The smallest valid referral, as `gateway-client` takes it."""
    text = (Path(__file__).parent / "minimal.json").read_text(encoding="utf-8")
    document: Json = json.loads(text)["document"]
    return document


# Documents of sealed bodies, before they are signed and encrypted.
EXAMPLES: Mapping[str, Callable[[], Json]] = {
    "referral/1": _minimal,
    "risk-assessment/1": lambda: {
        "instrument": "SDASH@1",
        "assessed_on": "2026-11-23",
        "answers": [{"item_id": "SDASH01", "value": "YES", "source": "VICTIM"}],
        "level_professional": "HIGH",
        "rationale": "Followed from work on three days this week.",
    },
    "private-note/1": lambda: {
        "kind": "CASEWORK",
        "kid": "enc-1",
        "digest": "A" * 43,
        "jwe": "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyJ9.wrapped-key.nonce.ciphertext.tag",
    },
    "research/1": lambda: {
        "people": [
            {
                "person": "VICTIM",
                "known": "KNOWN_RELEVANT",
                "details_correct": "YES",
                "involvement": {"status": "OPEN", "role": "Housing officer"},
            },
            {"person": "PERPETRATOR", "ref": "p1", "known": "NOT_KNOWN"},
        ],
        "entries": [
            {
                "about": "RELEVANT_TO_RISK",
                "theme": "HOUSING",
                "text": "Three repairs to the same door since June, each after a weekend.",
                "nature": "FACT",
                "confidence": "HIGH",
                "extract": "WORDS",
                "words": "Repeated damage to the front door since June.",
            }
        ],
        "proposed_actions": [{"text": "Change the locks."}],
        "not_shared": [{"reason": "THIRD_PARTY"}],
        "attending": "Housing officer",
    },
    "action-step/1": lambda: {
        "number": 481516,
        "act": "COMPLETE",
        "note": "New locks on both doors; job sheet 12.",
    },
    "section-copy/1": lambda: {"agency": "aster-women", "kid": "enc-1"},
    "challenge/1": lambda: {"reason": "He was at her door again on the day it was refused."},
    "move/1": lambda: {"act": "TRANSFER", "reason": "MOVED_FOR_GOOD", "area": "FENHOLLOW"},
    "decision/1": lambda: {
        "decision": "RETURN",
        "reasons": ["NO_SAFE_CONTACT"],
        "quality_note": "Please say when it is safe to call.",
    },
}

"""Owns turning a result into a response: JSON, text, or a sealed body as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response

from gateway.agencies.inbox import JOSE_TYPE, JSON_TYPE, Answer
from gateway.api.operations import Call
from gateway.disclosure import Sealed
from gateway.ledger import wait_for
from gateway.schemas import moments


def as_json(body: Mapping[str, Any], status: int = 200) -> Response:
    """A plain answer of codes, ids and times."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return Response(text, status, content_type=JSON_TYPE)


def as_kept(answer: Answer, location: str | None = None) -> Response:
    """An answer as it was given under its Idempotency-Key, byte for byte."""
    response = Response(answer.body, answer.status, content_type=answer.content_type)
    if location:
        response.headers["Location"] = location
    return response


def as_sealed(call: Call, sealed: Sealed) -> Response:
    """A sealed answer. What only its recipients can read leaves once the log has its place."""
    if sealed.has_exclusive:
        call.house.pressure.require(call.now, is_write=True)  # else it would wait in vain
        wait_for(call.house.sessions, call.house.keys, sealed.entry.id, call.now)
    return Response(sealed.body, content_type=JOSE_TYPE)


def time(at: datetime | None) -> str | None:
    """RFC 3339 in UTC with a Z, whole seconds."""
    return moments.write(at)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return moments.write(value)
    raise TypeError(type(value).__name__)

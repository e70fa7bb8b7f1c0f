"""What an answer says, once it is opened with somebody's keys."""

from __future__ import annotations

import io
import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf
from werkzeug.test import TestResponse

from gateway.client.gateway import Gateway
from gateway.errors import GatewayError
from tests.flows.test_papers import text_of


def opened(client: Gateway, answer: TestResponse) -> Iterator[str]:
    """The texts of an answer: as it came, or what was sealed in it, and sealed in that."""
    if answer.mimetype != "application/jose":
        yield answer.text
        return
    try:
        claims = client._exchange.open_sealed(answer.text)
    except GatewayError:  # not for these keys
        return
    yield json.dumps(claims, ensure_ascii=False)
    document = claims.get("document")
    if isinstance(document, Mapping):
        yield from _within(client, document)


def _within(client: Gateway, document: Mapping[str, Any]) -> Iterator[str]:
    if "base64" in document:
        with pikepdf.open(io.BytesIO(b64decode(document["base64"]))) as pdf:
            yield text_of(pdf)
    for item in document.get("notes", ()):
        try:
            yield client.notes._opened(item).text or ""
        except GatewayError:
            continue
    for item in document.get("sealed", ()):
        try:
            found = client._exchange.open_sections([item])
        except GatewayError:
            continue
        yield json.dumps([each.reveal() for each in found.values()], ensure_ascii=False)

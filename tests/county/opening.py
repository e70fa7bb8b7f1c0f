"""What an answer says, once it is opened with somebody's keys."""

from __future__ import annotations

import io
import json
import re
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf
from werkzeug.test import TestResponse

from gateway.client.gateway import Gateway
from gateway.errors import GatewayError
from tests.flows.test_papers import text_of

_BETWEEN = re.compile(r"<[^>]*>")


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
        yield text_in(b64decode(document["base64"]))
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


def text_in(content: bytes) -> str:
    """What a file says: a PDF, a Word file with all of its parts, or plain text."""
    if content.startswith(b"%PDF"):
        with pikepdf.open(io.BytesIO(content)) as pdf:
            return text_of(pdf)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            texts = [parts.read(each).decode() for each in parts.namelist() if ".xml" in each]
        return "".join(f" {text}" for text in _BETWEEN.split(" ".join(texts)))
    return content.decode("utf-8", "replace")

"""Owns reading an answer whose shape is not taken for granted; all raise `Undecipherable`."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from gateway.client.verify import Unreadable, base64url
from gateway.errors import Undecipherable


def read_text(answer: Any, name: str) -> str:
    """The text of that name."""
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, str):
        raise Undecipherable("The gateway's answer is not of the published form.")
    return found


def read_texts(answer: Any, name: str) -> list[str]:
    """The texts of that name."""
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise Undecipherable("The gateway's answer is not of the published form.")
    return found


def read_steps(answer: Any) -> list[bytes]:
    """The steps of a proof."""
    try:
        return [base64url(step) for step in read_texts(answer, "proof")]
    except Unreadable:
        raise Undecipherable("The gateway's proof cannot be read.") from None


def read_document(answer: Any) -> Mapping[str, Any]:
    """The document inside a sealed answer."""
    document = answer.get("document") if isinstance(answer, dict) else None
    if not isinstance(document, dict):
        raise Undecipherable("The answer is not sealed to this agency.")
    return document


def paper(answer: Any) -> Mapping[str, Any] | str | bytes:
    """Return the paper inside a sealed answer: data, the text of a page, or the bytes of a PDF."""
    document = read_document(answer)
    if "base64" in document:
        return b64decode(document["base64"])
    return str(document["text"]) if "text" in document else dict(document["agenda"])

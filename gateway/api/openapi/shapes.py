"""Owns short ways to write the JSON Schema of an answer."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
TRUTH: Json = {"type": "boolean"}
TIME: Json = {"type": "string", "format": "date-time"}
DIGEST: Json = {"type": "string", "description": "base64url, no padding"}
REFERENCE: Json = {"type": "string", "description": "Reference of the case"}
ANYTHING: Json = {}


def ref(name: str) -> Json:
    """Name another schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def code(codes: Iterable[str] | type[StrEnum], says: str = "") -> Json:
    """One of a list of codes."""
    return said({"type": "string", "enum": [str(each) for each in codes]}, says)


def each(schema: Json, says: str = "") -> Json:
    """A list of one kind of value."""
    return said({"type": "array", "items": schema}, says)


def or_null(schema: Json) -> Json:
    """A value, or null."""
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    found = {**schema, "type": [schema["type"], "null"]}
    return found | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def said(schema: Json, says: str) -> Json:
    """The same with words for a reader."""
    return {**schema, "description": says} if says else schema


def members(says: str = "", *, optional: Json | None = None, **needed: Json) -> Json:
    """An object. A client leaves members alone that it does not know: later versions add some."""
    return said(
        {
            "type": "object",
            "properties": {**needed, **(optional or {})},
            "required": list(needed),
        },
        says,
    )

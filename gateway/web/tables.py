"""Owns turning a JSON Schema into a table that people can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Json = Mapping[str, Any]

_FORMATS = {
    "date": "day, YYYY-MM-DD",
    "date-time": "time, RFC 3339",
    "uuid": "UUID",
}


class Said(NamedTuple):
    """A few words; `form` is the name of the form that they lead to, or ""."""

    text: str
    form: str = ""


class Row(NamedTuple):
    """One member of a form: what it takes, in words and links, and its codes."""

    name: str
    is_needed: bool
    takes: tuple[Said, ...]
    codes: tuple[str, ...]
    says: str


class Table(NamedTuple):
    """One form, or a part of one."""

    name: str
    says: str
    rows: tuple[Row, ...]
    url: str  # of its JSON Schema, or ""


def tables(schemas: Mapping[str, Json]) -> list[Table]:
    """Return a table for each named schema, in the order of their names, the forms first."""
    found = [_table(name, schema) for name, schema in schemas.items()]
    return sorted(found, key=lambda table: (not table.url, table.name))


def _table(name: str, schema: Json) -> Table:
    needed = schema.get("required", ())
    rows = [
        Row(
            member,
            member in needed,
            tuple(_takes(each)),
            tuple(_codes(each)),
            each.get("description", ""),
        )
        for member, each in schema.get("properties", {}).items()
    ]
    if not rows:  # a choice between shapes
        rows = [Row("", True, tuple(_takes(schema)), tuple(_codes(schema)), "")]
    return Table(name, schema.get("description", ""), tuple(rows), schema.get("x-schema-url", ""))


def _takes(schema: Json) -> Iterator[Said]:
    """Say what a value must be."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        yield Said(name, name)
    elif "oneOf" in schema:
        yield from _choice(schema["oneOf"])
    elif "const" in schema:
        yield Said(f"exactly {json.dumps(schema['const'])}")
    elif schema.get("type") == "array":
        yield Said(f"{_list_of(schema)}: ")
        yield from _takes(schema["items"])
    elif schema.get("type") == "object":
        yield from _object(schema)
    else:
        yield Said(_plain(schema))


def _choice(branches: list[Json]) -> Iterator[Said]:
    for place, branch in enumerate(branches):
        if place:
            yield Said("; or ")
        yield from _takes(branch)


def _object(schema: Json) -> Iterator[Said]:
    members = schema.get("properties", {})
    if not members:
        yield Said("object")
    for place, (name, each) in enumerate(members.items()):
        mark = "" if name in schema.get("required", ()) else "?"
        yield Said(f"{', ' if place else ''}{name}{mark}: ")
        yield from _takes(each)


def _plain(schema: Json) -> str:
    kinds = schema.get("type", "anything")
    kind, *more = kinds if isinstance(kinds, list) else [kinds]
    words = {"integer": _whole(schema), "boolean": "true or false", "string": _text(schema)}
    text = words.get(kind, str(kind))
    return f"{text} or null" if more else text


def _text(schema: Json) -> str:
    if "enum" in schema:
        return "one code"
    if "format" in schema:
        return _FORMATS.get(schema["format"], str(schema["format"]))
    if "maxLength" in schema:
        return f"text, at most {schema['maxLength']} characters"
    if "pattern" in schema:
        shape = schema["pattern"].removeprefix("^").removesuffix("$")
        return f"text of the shape {shape.removeprefix('(?:').removesuffix(')')}"
    return "text"


def _whole(schema: Json) -> str:
    if "minimum" not in schema:
        return "whole number"
    return f"whole number, {schema['minimum']} to {schema['maximum']}"


def _list_of(schema: Json) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    unlike = ", no two alike" if schema.get("uniqueItems") else ""
    return f"list, {least} to {most}{unlike}" if most is not None else f"list{unlike}"


def _codes(schema: Json) -> Iterator[str]:
    """Give the codes of a value or of what it holds, each once, the reasons for a blank left out.

    Those reasons are the same everywhere and would hide the codes that matter.
    """
    if "enum" in schema:
        yield from (code for code in schema["enum"] if code is not None)
    for branch in schema.get("oneOf", ()):
        if set(branch.get("properties", ())) != {"absent"}:
            yield from _codes(branch)
    if "items" in schema:
        yield from _codes(schema["items"])
    if schema.get("type") == "object":
        for each in schema.get("properties", {}).values():
            yield from _codes(each)

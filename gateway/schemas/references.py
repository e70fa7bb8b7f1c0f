"""Owns the short names of people inside one document: unique, and never pointing nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.parts import Fault

Path = tuple[str | int, ...]


def known_people(data: dict[str, Any]) -> Iterator[Fault]:
    """Every person is named once, and every mention names a person of the document."""
    seen: set[str] = set()
    for path, ref in _named(data):
        if ref in seen:
            yield "duplicate", (*path, "ref")
        seen.add(ref)
    for path, ref in _mentions(data):
        if ref not in seen:
            yield "unknown_reference", path


def _children(data: dict[str, Any]) -> list[dict[str, Any]]:
    children = data["children"]
    return children if isinstance(children, list) else []


def _named(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    household = data.get("household", {})
    groups: tuple[tuple[Path, list[dict[str, Any]]], ...] = (
        (("perpetrators",), data["perpetrators"]),
        (("children",), _children(data)),
        (("household", "others"), household.get("others", [])),
        (("household", "vulnerable_adults"), household.get("vulnerable_adults", [])),
    )
    for path, people in groups:
        for place, person in enumerate(people):
            if "ref" in person:
                yield (*path, place), person["ref"]


def _mentions(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for name in ("afraid_of", "safe_to_talk_to", "not_safe_to_talk_to"):
        said = data["victim"][name].get("value", [])
        yield from _refs(("victim", name, "value"), said, "ref")
    for place, child in enumerate(_children(data)):
        path: Path = ("children", place, "relation_to_perpetrators")
        yield from _refs(path, child.get("relation_to_perpetrators", []), "ref")
    yield from _refs(("orders",), data.get("orders", []), "against")
    yield from _refs(("conflict_check", "people"), data["conflict_check"].get("people", []), "ref")


def _refs(path: Path, items: list[dict[str, Any]], member: str) -> Iterator[tuple[Path, str]]:
    for place, item in enumerate(items):
        if member in item:
            yield (*path, place, member), item[member]

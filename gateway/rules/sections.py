"""Owns cutting a document into its sections and putting the readable ones together again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.errors import BrokenTable

Parts = dict[str, dict[str, Any]]


def split(document: Mapping[str, Any], section_of: Mapping[str, str]) -> Parts:
    """Return for each section the projection of the document that belongs to it.

    `section_of` gives a section for every leaf path, such as "perpetrators[].family_name" or
    "victim.aliases[]". A list keeps its length and order in every projection that has any of it
    (an item without a part in the section is {}), so that `merge` of all projections is the
    document, and `merge` of some is the document without the rest.

    :raises BrokenTable: for a member without a row; nothing is left out silently.
    """
    return _cut(document, "", section_of)


def merge(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the projections laid over one another; see `split`.

    :raises BrokenTable: if two of them contradict each other, which one document's cannot.
    """
    whole: dict[str, Any] = {}
    for part in parts:
        whole = _laid(whole, part)
    return whole


def _cut(value: Any, path: str, section_of: Mapping[str, str]) -> dict[str, Any]:
    if path in section_of:
        return {section_of[path]: value}
    if isinstance(value, Mapping):
        found = _cut_members(value, path, section_of)
    elif isinstance(value, list):
        if f"{path}[]" in section_of:
            return {section_of[f"{path}[]"]: value}
        found = _cut_items(value, path, section_of)
    else:
        raise BrokenTable("A member has no section.")
    if found or not path:
        return found
    # An empty object or list says something too: it goes with what it could have held.
    return {_home(path, section_of): value}


def _cut_members(
    value: Mapping[str, Any], path: str, section_of: Mapping[str, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in value.items():
        below = f"{path}.{name}" if path else name
        for section, piece in _cut(member, below, section_of).items():
            found.setdefault(section, {})[name] = piece
    return found


def _cut_items(value: list[Any], path: str, section_of: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for place, item in enumerate(value):
        for section, piece in _cut(item, f"{path}[]", section_of).items():
            found.setdefault(section, [{} for _ in value])[place] = piece
    return found


def _home(path: str, section_of: Mapping[str, str]) -> str:
    for row, section in section_of.items():
        if row.startswith((f"{path}.", f"{path}[")):
            return section
    raise BrokenTable("A member has no section.")


def _laid(under: Any, over: Any) -> Any:
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        both = {name: _laid(under[name], over[name]) for name in under if name in over}
        return {**under, **over, **both}
    if isinstance(under, list) and isinstance(over, list) and len(under) == len(over):
        return [_laid(left, right) for left, right in zip(under, over, strict=True)]
    if type(under) is type(over) and under == over:
        return under
    raise BrokenTable("Two parts of one document contradict each other.")

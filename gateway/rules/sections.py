"""Owns cutting a document into its sections and putting the readable ones together again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from gateway.errors import BrokenTable

Parts = dict[str, dict[str, Any]]

_OBJECT = (dict, Mapping)  # the plain one is asked for first: it is far cheaper to tell


def split(document: Mapping[str, Any], section_of: Mapping[str, str]) -> Parts:
    """Return for each section the projection of the document that belongs to it.

    `section_of` gives a section for every leaf path, such as "perpetrators[].family_name" or
    "victim.aliases[]"; it must not change once it was used here. A list keeps its length and
    order in every projection that has any of it (an item without a part in the section is {}),
    so that `merge` of all projections is the document, and `merge` of some is the document
    without the rest. What belongs to one section as a whole is shared with the document.

    :raises BrokenTable: for a member without a row; nothing is left out silently.
    """
    return _cut(document, _tree(_Itself(section_of)))


def merge(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the projections laid over one another; see `split`.

    :raises BrokenTable: if two of them contradict each other, which one document's cannot.
    """
    whole: dict[str, Any] = {}
    for part in parts:
        whole = _laid(whole, part)
    return whole


class _Place:
    """Where a path of the table leads: to a leaf, or to what is below it."""

    __slots__ = ("home", "is_leaf", "is_whole", "items", "members")

    def __init__(self, home: str) -> None:
        self.home = home  # the section of the leaf, or of the first row below
        self.is_leaf = False
        self.is_whole = True  # whatever is below belongs to that one section
        self.members: dict[str, _Place] = {}
        self.items: _Place | None = None


class _Itself:
    """A table as the key of a cache: equal to nothing but itself."""

    __slots__ = ("rows",)

    def __init__(self, rows: Mapping[str, str]) -> None:
        self.rows = rows  # held, so that no other table comes to have its id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.rows is other.rows

    def __hash__(self) -> int:
        return id(self.rows)


@lru_cache(maxsize=8)
def _tree(table: _Itself) -> _Place:
    root = _Place("")
    for path, section in table.rows.items():
        place = root
        for step in path.replace("[]", ".[]").split("."):
            place.is_whole &= place.home == section
            place = _below(place, step, section)
        place.is_leaf, place.home = True, section
    root.is_whole = False
    return root


def _below(place: _Place, step: str, section: str) -> _Place:
    if step == "[]":
        place.items = place.items or _Place(section)
        return place.items
    return place.members.setdefault(step, _Place(section))


def _cut(value: Any, place: _Place) -> dict[str, Any]:
    if place.is_leaf:
        return {place.home: value}
    if place.is_whole:
        _know(value, place)
        return {place.home: value}
    if isinstance(value, list):
        found = _cut_items(value, place.items)
    elif isinstance(value, _OBJECT):
        found = _cut_members(value, place.members)
    else:
        raise _strange()
    # An empty object or list says something too: it goes with what it could have held.
    return found or ({place.home: value} if place.home else {})


def _cut_members(value: Mapping[str, Any], members: Mapping[str, _Place]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in value.items():
        for section, piece in _cut(member, _known(members.get(name))).items():
            if section in found:
                found[section][name] = piece
            else:
                found[section] = {name: piece}
    return found


def _cut_items(value: list[Any], items: _Place | None) -> dict[str, Any]:
    if items is not None and items.is_leaf:
        return {items.home: value}
    found: dict[str, list[Any]] = {}
    for index, item in enumerate(value):
        for section, piece in _cut(item, _known(items)).items():
            if section not in found:
                found[section] = [{} for _ in value]
            found[section][index] = piece
    return found


def _know(value: Any, place: _Place) -> None:
    """Refuse what has no row, where everything that has one belongs to one section."""
    if place.is_leaf:
        return
    if isinstance(value, _OBJECT):
        members = place.members
        for name, member in value.items():
            below = members.get(name)
            if below is None:
                raise _strange()
            if not below.is_leaf:
                _know(member, below)
    elif isinstance(value, list):
        for item in value:
            _know(item, _known(place.items))
    else:
        raise _strange()


def _known(place: _Place | None) -> _Place:
    if place is None:
        raise _strange()
    return place


def _strange() -> BrokenTable:
    return BrokenTable("A member has no section.")


def _laid(under: Any, over: Any) -> Any:
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        both = {name: _laid(under[name], over[name]) for name in under if name in over}
        return {**under, **over, **both}
    if isinstance(under, list) and isinstance(over, list) and len(under) == len(over):
        return [_laid(left, right) for left, right in zip(under, over, strict=True)]
    if type(under) is type(over) and under == over:
        return under
    raise BrokenTable("Two parts of one document contradict each other.")

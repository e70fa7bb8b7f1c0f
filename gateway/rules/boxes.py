"""Owns saying a large set of combinations in few words: as boxes, each a product of sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

# Hashable values of any kind: who makes points knows what stands at each place.
Point = tuple[Any, ...]
Box = tuple[frozenset[Any], ...]


def boxes(points: Iterable[Point]) -> tuple[Box, ...]:
    """Return boxes that hold exactly the points, each point in one box.

    Points agree in length. Values are joined place by place, the first place first: put in front
    what a reader expects to see together.
    """
    found: set[Box] = {tuple(frozenset({value}) for value in point) for point in points}
    width = len(next(iter(found), ()))
    for place in range(width):
        found = _joined(found, place)
    return tuple(sorted(found, key=_order))


def _joined(found: Iterable[Box], place: int) -> set[Box]:
    """Return the boxes with those made one that differ in this place alone."""
    values: defaultdict[tuple[Box, Box], set[Any]] = defaultdict(set)
    for box in found:
        values[box[:place], box[place + 1 :]] |= box[place]
    return {(*before, frozenset(each), *after) for (before, after), each in values.items()}


def _order(box: Box) -> list[list[str]]:
    """Return what puts boxes into the same order every time."""
    return [sorted(str(value) for value in values) for values in box]

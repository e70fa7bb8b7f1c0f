"""Owns what a count may say: small numbers are hidden, and nothing lets them be worked out.

A number from 1 to 5 is hidden, and so is one whose complement is that small. Where a total would
give it away, another number goes with it. It is enough that one other table fits everything that is
shown: a ring of hidden numbers, each one more or one less, makes such a table. Whoever looks is
taken to know the threshold, and which of the hidden numbers is small.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SMALL = range(1, 6)  # "5 or fewer"; that there is nobody at all may be said

Table = Sequence[Sequence[int]]
Counts = tuple[int | None, ...]
Place = tuple[int, int]  # row and column from 1; 0 is the total


@dataclass(frozen=True, slots=True)
class Hidden:
    """A table of counts as it may be shown: None is a number that is not."""

    cells: tuple[Counts, ...]
    columns: Counts  # the total of each column


def suppress(cells: Table, *, has_row_totals: bool) -> Hidden:
    """Hide small counts, and as few others as keep them from being worked out.

    The total of each row is published elsewhere if `has_row_totals`, and with it the sum of all;
    the total of each column stands below the table. Where nothing less helps, all of it is hidden.
    """
    net = _Net(cells, has_row_totals=has_row_totals)
    net.hidden = {place for place in net.places() if net.value(place) in SMALL}
    while (exposed := net.exposed()) is not None:
        ring = net.ring(exposed, within_hidden=False)
        if ring is None:
            return _nothing(cells)
        net.hidden |= ring
    return net.shown()


def suppress_part(part: Sequence[int], of: Sequence[int]) -> tuple[Counts, int | None]:
    """Hide small counts of a part of published totals, and those of which the rest is small.

    `of` are the totals, one for each count of `part`. Gives the counts and their sum.
    """
    net = _Net(
        [(count, total - count) for count, total in zip(part, of, strict=True)],
        has_row_totals=True,
    )
    net.hide_rows({row for row, column in net.places() if net.value((row, column)) in SMALL})
    while (exposed := net.exposed()) is not None:
        ring = net.ring(exposed, within_hidden=False)
        if ring is None:
            return (None,) * len(part), None
        net.hide_rows({row for row, _ in ring})
    shown = net.shown()
    return tuple(row[0] for row in shown.cells), shown.columns[0] if part else 0


def share(part: int, whole: int) -> int | None:
    """A share in percent; None if either side of it, or all of it, is so small that it tells."""
    if whole == 0 or any(each in SMALL for each in (part, whole - part, whole)):
        return None
    return round(100 * part / whole)


def share_in_tens(part: int, whole: int) -> int | None:
    """A share in percent to the nearest ten; None where `share` is.

    To the percent, shares of few tell of how many they are: 57 % of at most 15 is 8 of 14. In tens
    whatever is said of some can be said of any larger number as well.
    """
    return None if share(part, whole) is None else 10 * round(10 * part / whole)


def group_share(part: int, group: int, of_all: int, everybody: int) -> int | None:
    """The share of a group in percent, beside that of everybody, of whom it is a part.

    None if any of the four is small into which it parts everybody: in the group or not, with it or
    not. Both shares are published, so that the rest's could be worked out from them.
    """
    rest = of_all - part
    cells = (part, group - part, rest, everybody - group - rest)
    return None if any(each in SMALL for each in cells) else share(part, group)


def sum_of(shown: Sequence[int | None]) -> int | None:
    """A sum of counts that are all published; None if one of them is hidden.

    Of sums that overlap, as those of twelve months that begin with each quarter, each says no more
    than its parts.
    """
    known = [each for each in shown if each is not None]
    return sum(known) if len(known) == len(shown) else None


def together(totals: Sequence[int]) -> list[list[int]]:
    """Which rows stand together so that none of them has a small total: places in their order.

    A meeting of few cases is counted with the next one, the last with the one before it.
    """
    groups: list[list[int]] = []
    waiting: list[int] = []
    for place in range(len(totals)):
        waiting.append(place)
        if sum(totals[each] for each in waiting) not in SMALL:
            groups.append(waiting)
            waiting = []
    if waiting and groups:
        groups[-1] = groups[-1] + waiting
    elif waiting:
        groups.append(waiting)
    return groups


def _nothing(cells: Table) -> Hidden:
    width = len(cells[0]) if cells else 0
    return Hidden(tuple((None,) * width for _ in cells), (None,) * width)


class _Net:
    """A table with its totals as a net: at each of its points as much goes in as comes out.

    Rows and columns are points. A cell runs from its row to its column, a row's total from "c0" to
    the row, a column's total from the column to "r0", and the sum of all from "r0" to "c0". Two
    tables that agree in what is shown differ by rings in the net of what is hidden; so a hidden
    number may be another one exactly if a ring leads through it.
    """

    def __init__(self, cells: Table, *, has_row_totals: bool) -> None:
        self.cells = cells
        self.height, self.width = len(cells), len(cells[0]) if cells else 0
        # Totals that nobody publishes, so that they may be any number.
        self.free = (
            frozenset[Place]()
            if has_row_totals
            else frozenset((row, 0) for row in range(self.height + 1))
        )
        self.hidden: set[Place] = set()

    def places(self) -> list[Place]:
        """What is published with the table: its cells, and below them the totals of columns."""
        rows, columns = range(self.height + 1), range(1, self.width + 1)
        return [(row, column) for row in rows for column in columns]

    def value(self, place: Place) -> int:
        """The number itself."""
        row, column = place
        rows = [self.cells[row - 1]] if row else self.cells
        return sum(each[column - 1] if column else sum(each) for each in rows)

    def hide_rows(self, rows: set[int]) -> None:
        """Hide all numbers of these rows."""
        self.hidden |= {(row, column) for row in rows for column in range(1, self.width + 1)}

    def exposed(self) -> Place | None:
        """A small number that can be worked out although it is hidden; None if there is none."""
        for place in sorted(self.hidden):
            if self.value(place) in SMALL and self.ring(place, within_hidden=True) is None:
                return place
        return None

    def ring(self, place: Place, *, within_hidden: bool) -> set[Place] | None:
        """What changes when one number is another one and all that is shown stays as it is.

        With numbers that are shown now, each to be hidden at the price of how much it tells.
        """
        start, end = _ends(place)
        tried = [
            self._path(*((end, start) if up else (start, end)), place, within_hidden)
            for up in (True, False)
            if self._can_move(place, up=up)
        ]
        found = [each for each in tried if each is not None]
        return min(found, key=lambda each: each[0])[1] - self.free if found else None

    def shown(self) -> Hidden:
        """The table without what is hidden."""
        columns = range(1, self.width + 1)
        rows = [
            tuple(None if (row, c) in self.hidden else self.value((row, c)) for c in columns)
            for row in range(self.height + 1)
        ]
        return Hidden(tuple(rows[1:]), rows[0])

    def _path(
        self, start: str, end: str, without: Place, within_hidden: bool
    ) -> tuple[int, set[Place]] | None:
        """The cheapest way through numbers that may be others; what is hidden costs nothing."""
        queue: list[tuple[int, str, tuple[Place, ...]]] = [(0, start, ())]
        seen: set[str] = set()
        while queue:
            cost, point, used = heapq.heappop(queue)
            if point == end:
                return cost, set(used)
            if point in seen:
                continue
            seen.add(point)
            for place, following in self._steps(point, without, within_hidden):
                price = 0 if place in self.hidden or place in self.free else 1 + self.value(place)
                heapq.heappush(queue, (cost + price, following, (*used, place)))
        return None

    def _steps(
        self, point: str, without: Place, within_hidden: bool
    ) -> Iterator[tuple[Place, str]]:
        movable = self.hidden | self.free
        for place in sorted(movable if within_hidden else movable | set(self.places())):
            start, end = _ends(place)
            if place == without:
                continue
            if point == start and self._can_move(place, up=True):
                yield place, end
            if point == end and self._can_move(place, up=False):
                yield place, start

    def _can_move(self, place: Place, *, up: bool) -> bool:
        """Whether a number may be one more, or one less, and be of the same kind: small or not."""
        value = self.value(place)
        if place in self.free:
            return up or value > 0
        if value in SMALL:
            return value + (1 if up else -1) in SMALL
        return value > SMALL[-1] and (up or value - 1 > SMALL[-1])


def _ends(place: Place) -> tuple[str, str]:
    """From where to where a number runs in the net."""
    row, column = place
    if column == 0:
        return ("c0", f"r{row}") if row else ("r0", "c0")
    return (f"r{row}", f"c{column}") if row else (f"c{column}", "r0")

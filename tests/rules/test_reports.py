"""Small numbers: hidden, and never to be worked out from what is shown; by trying every table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.rules.reports import SMALL, Hidden, share, suppress, suppress_part, together

MOST = 14  # of a number that is tried; what is hidden and not small may be more
NUMBERS = st.integers(0, 11)
TABLES = st.tuples(st.integers(1, 2), st.integers(1, 3)).flatmap(
    lambda size: st.lists(
        st.lists(NUMBERS, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]
    )
)


def kinds(value: int) -> Sequence[int]:
    """What a hidden number may be for somebody who knows whether it is small."""
    return SMALL if value in SMALL else range(6, MOST) if value else range(1)


def others(
    cells: Sequence[Sequence[int]], hidden: Hidden, *, has_row_totals: bool
) -> Iterator[list[list[int]]]:
    """Every table that fits all that is shown and all that anybody may know."""
    flat = [(r, c) for r in range(len(cells)) for c in range(len(cells[0]))]
    choices = [
        [cells[r][c]] if hidden.cells[r][c] is not None else kinds(cells[r][c]) for r, c in flat
    ]
    width = len(cells[0])
    for values in product(*choices):
        table = [list(values[r * width : (r + 1) * width]) for r in range(len(cells))]
        if has_row_totals and [sum(row) for row in table] != [sum(row) for row in cells]:
            continue
        columns = [sum(column) for column in zip(*table, strict=True)]
        truth = [sum(column) for column in zip(*cells, strict=True)]
        if all(
            now == was if said is not None else (now in SMALL) == (was in SMALL)
            for now, was, said in zip(columns, truth, hidden.columns, strict=True)
        ):
            yield table


@given(TABLES, st.booleans())
@settings(max_examples=120, deadline=None)
def test_F102_no_small_number_can_be_worked_out_from_a_table(
    cells: list[list[int]], has_row_totals: bool
) -> None:
    hidden = suppress(cells, has_row_totals=has_row_totals)
    shown = [v for row in (*hidden.cells, hidden.columns) for v in row if v is not None]
    assert not set(shown) & set(SMALL)
    for r, row in enumerate(cells):
        for c, value in enumerate(row):
            assert hidden.cells[r][c] in (value, None)
    small = [(r, c) for r, row in enumerate(cells) for c, value in enumerate(row) if value in SMALL]
    if not small or all(v is None for row in hidden.cells for v in row):
        return  # nothing is hidden, or nothing is shown but totals of other tables
    possible: dict[tuple[int, int], set[int]] = {place: set() for place in small}
    for table in others(cells, hidden, has_row_totals=has_row_totals):
        for r, c in small:
            possible[r, c].add(table[r][c])
        if all(len(values) > 1 for values in possible.values()):
            return
    raise AssertionError({place: values for place, values in possible.items() if len(values) < 2})


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_F102_neither_a_part_nor_its_rest_can_be_worked_out(rows: list[tuple[int, int]]) -> None:
    part, of = [a for a, _ in rows], [a + b for a, b in rows]
    shown, total = suppress_part(part, of)
    rest = None if total is None else sum(of) - total
    visible = [v for v in (*shown, total, rest) if v is not None]
    visible += [t - v for v, t in zip(shown, of, strict=True) if v is not None]
    assert not set(visible) & set(SMALL)
    hidden = [n for n, value in enumerate(shown) if value is None]
    if total is None or not hidden:
        return
    choices = [range(of[n] + 1) if n in hidden else [part[n]] for n in range(len(part))]
    same = [
        tried
        for tried in product(*choices)
        if sum(tried) == total
        and all((v in SMALL) == (part[n] in SMALL) for n, v in enumerate(tried))
        and all((of[n] - v in SMALL) == (of[n] - part[n] in SMALL) for n, v in enumerate(tried))
    ]
    for n in hidden:
        if part[n] in SMALL or of[n] - part[n] in SMALL:
            assert len({tried[n] for tried in same}) > 1, (part, of, shown, total)


@pytest.mark.parametrize(
    ("cells", "shown", "columns"),
    [
        ([[20, 30]], [(20, 30)], (20, 30)),
        ([[3, 17], [20, 20]], [(None, None), (None, None)], (23, 37)),
        ([[0, 20], [10, 9]], [(0, 20), (10, 9)], (10, 29)),
        ([[5, 5], [20, 20]], [(None, None), (None, None)], (None, None)),
    ],
)
def test_F102_what_is_hidden_in_a_table_that_can_be_checked_by_hand(
    cells: list[list[int]], shown: list[tuple[int | None, ...]], columns: tuple[int | None, ...]
) -> None:
    found = suppress(cells, has_row_totals=True)
    assert (list(found.cells), found.columns) == (shown, columns)


def test_F102_a_single_small_count_takes_its_total_with_it() -> None:
    assert suppress_part([3], [20]) == ((None,), None)
    assert suppress_part([0, 12], [20, 30]) == ((0, 12), 12)
    assert suppress_part([17], [20]) == ((None,), None), "the rest is three"


def test_F102_shares_and_meetings_of_few_cases() -> None:
    assert [share(*each) for each in ((10, 20), (3, 20), (17, 20), (0, 20), (0, 4), (0, 0))] == [
        50,
        None,
        None,
        0,
        None,
        None,
    ]
    assert together([16, 16]) == [[0], [1]]
    assert together([3, 16, 4]) == [[0, 1, 2]]
    assert together([16, 2]) == [[0, 1]]
    assert together([2, 1]) == [[0, 1]]
    assert together([0, 16]) == [[0], [1]]

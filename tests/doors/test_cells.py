"""Cells, grants and wrapped keys open only where they were sealed."""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Undecipherable
from gateway.sealing import cells, keys, sections

KEY = cells.new_key()
PLACE = {"table": "section", "column": "content", "row": "r1", "case": "c1"}


def a_cell(plaintext: bytes = b"text", gen: int = 1, **place: Any) -> bytes:
    return cells.seal_cell(KEY, **{**PLACE, **place}, gen=gen, plaintext=plaintext)


def opened(cell: bytes, key: bytes = KEY, **place: Any) -> bytes:
    return cells.open_cell(key, **{**PLACE, **place}, cell=cell)


@given(st.binary(max_size=200), st.integers(0, 2**32 - 1))
def test_a_cell_opens_where_it_stands(plaintext: bytes, gen: int) -> None:
    cell = a_cell(plaintext, gen)
    assert opened(cell) == plaintext
    assert cells.generation(cell) == gen
    assert len(cell) == 1 + 4 + 12 + len(plaintext) + 16


def test_V19_the_same_text_twice_gives_two_cells() -> None:
    assert len({a_cell() for _ in range(100)}) == 100


@pytest.mark.parametrize("part", PLACE)
def test_F36_a_cell_moved_elsewhere_does_not_open(part: str) -> None:
    with pytest.raises(Undecipherable):
        opened(a_cell(), **{part: "other"})


def test_F36_two_cells_that_changed_places_do_not_open() -> None:
    places: list[dict[str, Any]] = [
        {"row": row, "column": column} for row, column in product("ab", "xy")
    ]
    for here, there in product(places, places):
        cell = a_cell(**there)
        if here == there:
            assert opened(cell, **here) == b"text"
            continue
        with pytest.raises(Undecipherable):
            opened(cell, **here)


def test_a_boundary_between_two_names_cannot_be_moved() -> None:
    with pytest.raises(Undecipherable):
        opened(a_cell(table="ab", column="c"), table="a", column="bc")
    with pytest.raises(Undecipherable):
        a_cell(row="r\0c1")


def test_every_byte_of_a_cell_counts() -> None:
    cell = a_cell()
    for index in range(len(cell)):
        changed = bytearray(cell)
        changed[index] ^= 1
        with pytest.raises(Undecipherable):
            opened(bytes(changed))


@pytest.mark.parametrize("length", range(33))
def test_a_cell_cut_short_is_refused(length: int) -> None:
    with pytest.raises(Undecipherable):
        opened(a_cell()[:length])


def test_another_key_does_not_open_a_cell() -> None:
    with pytest.raises(Undecipherable):
        opened(a_cell(), key=cells.new_key())


# --- sections and grants --------------------------------------------------------------------------

CASE_KEY, SECTION_KEY = cells.new_key(), sections.new_section_key()
GRANT = {"case_id": "c1", "section_id": "s1", "agency_id": "a1"}


def a_grant(**changes: str) -> bytes:
    return sections.wrap_grant(CASE_KEY, SECTION_KEY, **{**GRANT, **changes})


def test_F34_a_grant_opens_the_section_for_its_agency() -> None:
    cell = sections.seal_section_content(SECTION_KEY, b"text", case_id="c1", section_id="s1")
    key = sections.open_grant(CASE_KEY, a_grant(), **GRANT)
    assert sections.open_section_content(key, cell, case_id="c1", section_id="s1") == b"text"


@pytest.mark.parametrize("part", GRANT)
def test_F34_a_grant_of_another_is_worthless(part: str) -> None:
    with pytest.raises(Undecipherable):
        sections.open_grant(CASE_KEY, a_grant(), **{**GRANT, part: "other"})


def test_F34_the_same_grant_twice_is_two_blobs() -> None:
    assert a_grant() != a_grant()


def test_F35_each_section_has_a_key_of_its_own() -> None:
    other = sections.new_section_key()
    cell = sections.seal_section_content(SECTION_KEY, b"text", case_id="c1", section_id="s1")
    assert other != SECTION_KEY
    with pytest.raises(Undecipherable):
        sections.open_section_content(other, cell, case_id="c1", section_id="s1")


@pytest.mark.parametrize("change", [{"case_id": "c2"}, {"section_id": "s2"}])
def test_F36_a_section_moved_to_another_case_does_not_open(
    change: dict[str, str],
) -> None:
    place: dict[str, Any] = {"case_id": "c1", "section_id": "s1"}
    cell = sections.seal_section_content(SECTION_KEY, b"text", **place)
    with pytest.raises(Undecipherable):
        sections.open_section_content(SECTION_KEY, cell, **{**place, **change})


# --- the key provider -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> keys.KeyProvider:
    folder = Path(tmp_path_factory.mktemp("keys")) / "keys"
    keys.make(folder, on=date(2026, 11, 1))
    return keys.load(folder).provider


def test_a_case_key_is_bound_to_case_and_generation(provider: keys.KeyProvider) -> None:
    epoch, blob = provider.wrap(CASE_KEY, keys.case_context("c1", 1))
    assert provider.unwrap(epoch, blob, keys.case_context("c1", 1)) == CASE_KEY
    others: list[Any] = [("c2", 1), ("c1", 2)]
    for other in others:
        with pytest.raises(Undecipherable):
            provider.unwrap(epoch, blob, keys.case_context(*other))
    with pytest.raises(Undecipherable):
        provider.unwrap("epoch-1999-01-1", blob, keys.case_context("c1", 1))
    with pytest.raises(Undecipherable):
        provider.unwrap(epoch, blob[:11], keys.case_context("c1", 1))

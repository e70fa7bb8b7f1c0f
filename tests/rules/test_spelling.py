"""One spelling for each value: a client makes tokens of what the gateway finds in a text."""

from __future__ import annotations

import time

import pytest

from gateway.schemas.spelling import (
    address_values,
    candidates,
    contact_values,
    fold,
    number,
    organisation_values,
)


@pytest.mark.parametrize("text", ["07700 900123", "+447700900123", "0044 (0)7700-900-123"])
def test_every_way_to_write_a_number_is_one(text: str) -> None:
    assert number(text) == "7700900123"
    assert contact_values(text) == {("number", "7700900123")}


@pytest.mark.parametrize("text", ["1234", "2026-03-10", "12345678", ""])
def test_what_is_too_short_is_no_number(text: str) -> None:
    assert number(text) is None
    assert contact_values(text) == set()


def test_two_numbers_in_a_row_are_two() -> None:
    found = contact_values("07700 900123 07700 900456")
    assert found == {("number", "7700900123"), ("number", "7700900456")}


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["Flat 3", "12 Tern Road"], {("house", "12 tern rd")}),
        (["Flat 3, 12 Tern Road"], {("house", "12 tern rd")}),
        (["12A Upper Tern Lane End"], {("house", "12a upper tern ln")}),
        (["Rose Cottage", "Marlbury"], {("name", "rose cott")}),
        (["The Larches"], {("name", "larches")}),
        (["High Street"], set()),
        (["Rosé Cottage"], {("name", "rose cott")}),
    ],
)
def test_an_address_is_found_by_house_and_street_and_no_town(
    lines: list[str], found: set[tuple[str, str]]
) -> None:
    assert address_values(lines, ["Marlbury"]) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Tern House Refuge", {("name", "tern hse refuge"), ("name", "tern hse")}),
        ("Lighthouse", {("name", "lighthouse")}),
        ("Tern Project", {("name", "tern project")}),
        ("Hope", set()),
    ],
)
def test_a_refuge_is_found_by_its_name(name: str, found: set[tuple[str, str]]) -> None:
    assert organisation_values(name) == found


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["12 Tern Road"], "They saw her at 12 Tern Rd in Marlbury"),
        (["12 Tern Road"], "12, Tern Road."),
        (["Rose Cottage"], "she is at Rose Cottage now"),
        (["St John's Court"], "in SAINT JOHNS COURT"),
        (["The Larches"], "near the Larches"),
    ],
)
def test_what_a_client_seals_is_among_what_the_gateway_finds(lines: list[str], text: str) -> None:
    assert address_values(lines) & candidates(text)


def test_letters_without_accents_fold_as_all_others_do() -> None:
    text = "St. Mary's, O'Neill - 12_3 (a)"
    assert fold(text) == fold(text + "\u00ad").strip() == "st marys oneill 12 3 a"


@pytest.mark.parametrize(
    "text", ["a" * 20_000, "@" * 20_000, "1 " * 10_000, "A " * 10_000, "0" * 20_000, "a@" * 10_000]
)
def test_no_text_takes_long_to_look_through(text: str) -> None:
    since = time.process_time()
    candidates(text)
    assert time.process_time() - since < 1

"""The blind index: the same person meets itself, and a token says nothing without the key."""

from __future__ import annotations

import hmac
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sealing import index

MASTER = b"m" * 32


def a_person(**changes: Any) -> dict[str, Any]:
    person = {
        "given_names": "Elena",
        "family_name": "Marsh-Okoro",
        "aliases": [],
        "former_names": ["Marsh"],
        "dob": {"value": date(1992, 3, 14)},
        "nhs_number": "9990001022",
        "phones": ["07700 900123"],
    }
    return {**person, **changes}


def bare(**members: Any) -> frozenset[bytes]:
    return index.party_tokens(MASTER, members)


def test_the_number_of_tokens_follows_from_what_is_known() -> None:
    # id, ph, and elena, marsh, okoro each with the date of birth
    assert len(index.party_tokens(MASTER, a_person())) == 5
    assert {len(token) for token in index.party_tokens(MASTER, a_person())} == {32}


@pytest.mark.parametrize(
    "person",
    [
        {},
        {"given_names": "Elena"},
        {"dob": date(1992, 3, 14)},
        {"given_names": "Mrs", "dob": date(1992, 3, 14)},
        {"given_names": "Elena", "dob": {"absent": "UNKNOWN"}},
        {"nhs_number": "9990001023"},
        {"nhs_number": "٩٩٩٠٠٠١٠٢٢"},
        {"phones": ["12345"]},
        {"given_names": None, "aliases": None, "phones": None},
    ],
)
def test_what_is_not_enough_gives_no_token(person: dict[str, Any]) -> None:
    assert index.party_tokens(MASTER, person) == frozenset()


SAME = [
    ({"given_names": "Małgorzata"}, {"given_names": "MALGORZATA"}),
    ({"given_names": "Siân"}, {"given_names": "Sian"}),
    ({"given_names": "O'Brien"}, {"given_names": "obrien"}),
    ({"family_name": "Marsh-Okoro"}, {"aliases": ["okoro marsh"]}),
    ({"given_names": "Dr Elena"}, {"given_names": "Elena"}),
    ({"family_name": "Strauß"}, {"former_names": ["STRAUSS"]}),
    ({"given_names": "Ｅｌｅｎａ"}, {"given_names": "Elena"}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name_meet(one: dict[str, Any], other: dict[str, Any]) -> None:
    dob = date(1992, 3, 14)
    found = index.party_tokens(MASTER, {**one, "dob": dob})
    assert found == index.party_tokens(MASTER, {**other, "dob": dob})
    assert found


def test_a_swapped_day_and_month_meets_itself_and_another_day_does_not() -> None:
    swapped = bare(given_names="Elena", dob="1992-11-03")
    assert swapped == bare(given_names="Elena", dob=date(1992, 3, 11))
    assert not swapped & bare(given_names="Elena", dob=date(1992, 3, 12))
    assert not swapped & bare(given_names="Elena", dob=date(1993, 3, 11))


def test_given_and_family_name_may_have_been_swapped() -> None:
    dob = date(1992, 3, 14)
    assert bare(given_names="Elena", family_name="Renn", dob=dob) == bare(
        given_names="Renn", family_name="Elena", dob=dob
    )


@pytest.mark.parametrize(
    "phone",
    [
        "07700 900123",
        "+44 7700 900123",
        "0044 (0)7700-900123",
        "+44 (0) 7700 900 123",
        "7700900123",
    ],
)
def test_one_number_in_many_spellings(phone: str) -> None:
    assert bare(phones=[phone]) == bare(phone="07700900123")


def test_an_extra_date_of_birth_counts_too() -> None:
    both = bare(given_names="Elena", dob=date(1992, 3, 14), extra_dobs=["1991-03-14"])
    assert bare(given_names="Elena", dob=date(1991, 3, 14)) < both


@pytest.mark.parametrize("number", ["9990001022", "9990001030", "9990001049", "9990001057"])
def test_the_check_digit_of_a_national_number(number: str) -> None:
    assert index.is_nhs_number(number)
    for digit in "0123456789":
        assert index.is_nhs_number(number[:9] + digit) is (digit == number[9])


def test_a_number_whose_check_digit_would_be_ten_does_not_exist() -> None:
    counts = {len(valid_digits(first_nine)) for first_nine in range(999_000_000, 999_000_050)}
    assert counts == {0, 1}


def valid_digits(first_nine: int) -> list[int]:
    return [digit for digit in range(10) if index.is_nhs_number(f"{first_nine}{digit}")]


def test_another_key_gives_other_tokens_and_types_never_compare() -> None:
    person = a_person()
    assert not index.party_tokens(MASTER, person) & index.party_tokens(b"n" * 32, person)
    assert index.token(MASTER, "nd", "x") != index.token(MASTER, "ph", "x")


def test_a_token_is_not_the_plain_hash_of_its_value() -> None:
    shown = index.token(MASTER, "ph", "7700900123")
    assert b"7700900123" not in shown


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_taken(name: str, phone: str) -> None:
    person = a_person(given_names=name, phones=[phone], aliases=[name, phone])
    assert index.party_tokens(MASTER, person) == index.party_tokens(MASTER, person)
    assert index.fold(index.fold(name)) == index.fold(name)


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_letters_fold_as_they_do_beside_others(name: str) -> None:
    assert index.fold(f"é{name}") == f"e{index.fold(name)}"


def test_a_token_is_the_mac_of_kind_and_value_under_a_key_of_its_kind() -> None:
    """RFC 5869 and RFC 2104, written out with another library."""
    extracted = hmac.digest(bytes(32), MASTER, "sha256")
    key = hmac.digest(extracted, b"gw/blind/v1/ph\x01", "sha256")
    for value in ("7700900123", "7700900124"):  # a key that is used again is the same key
        expected = hmac.digest(key, f"ph|{value}".encode(), "sha256")
        assert index.token(MASTER, "ph", value) == expected

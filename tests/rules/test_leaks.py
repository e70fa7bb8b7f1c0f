"""Looking for protected values: spelling does not hide them, other words do not raise them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.leaks import HELD, fold, hold_back, is_hidden, must_be_sealed, values_of
from gateway.schemas.codes import AddressClass


@pytest.mark.parametrize(
    "text",
    [
        "seen at Quillfeather Surgery",
        "QUILLFEATHER SURGERY!",
        "quillfeather   surgery",
        "Quíllfeather-Surgery",
        "(quillfeather\nsurgery)",
    ],
)
def test_a_value_is_found_however_it_is_written(text: str) -> None:
    assert hold_back(text, [fold("Quillfeather Surgery")]) == (HELD, 1)


@pytest.mark.parametrize("text", ["the surgery", "Quillfeather", "quillfeathersurgerx", ""])
def test_other_words_are_no_hit(text: str) -> None:
    assert hold_back(text, [fold("Quillfeather Surgery")]) == (text, 0)


@pytest.mark.parametrize(
    "text", ["quillfeathersurgery", "at quill feather surgery", "QUILL FEATHERSURG-ERY now"]
)
def test_gaps_in_odd_places_do_not_hide_a_long_value(text: str) -> None:
    assert hold_back(text, [fold("Quillfeather Surgery")]) == (HELD, 1)


@pytest.mark.parametrize(
    ("value", "text", "hits"),
    [("abcd efgh", "it is abcdefgh", 1), ("abc defg", "it is abcdefg", 0)],
)
def test_eight_characters_are_looked_for_without_gaps_too(value: str, text: str, hits: int) -> None:
    assert hold_back(text, [value])[1] == hits


def test_a_short_value_is_found_as_a_word_alone() -> None:
    assert hold_back("near Tern.", ["tern"]) == (HELD, 1)
    assert hold_back("an internal matter", ["tern"]) == ("an internal matter", 0)


def test_what_is_not_a_hit_stays_as_it_is_whatever_it_is() -> None:
    content = {"text": "the surgery", "list": ["one", {"two": 2}], "none": None, "yes": True}
    assert hold_back(content, [fold("Quillfeather Surgery")]) == (content, 0)


@given(st.text(max_size=30), st.text(max_size=30))
def test_words_around_a_value_never_hide_it(before: str, after: str) -> None:
    text = f"{before} Tern School {after}"
    assert hold_back({"a": [text]}, ["tern school"]) == ({"a": [HELD]}, 1)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    )
)
def test_without_values_nothing_changes(content: object) -> None:
    assert hold_back(content, []) == (content, 0)


def test_every_protected_path_is_read_and_short_values_are_left() -> None:
    parts = {
        "children": {"children": [{"school": {"name": "Tern School"}}, {}, {"school": {}}]},
        "health": {"victim": {"gp_practice": {"name": "GP"}}},
    }
    protected = {
        "children": ["children[].school.name"],
        "health": ["victim.gp_practice.name"],
        "employment": ["victim.employer"],
    }
    assert values_of(parts, protected) == {"children": ["tern school"]}


@pytest.mark.parametrize(
    ("name", "found"), [("Tern", {"health": ["tern"]}), ("Ter", {}), (12345, {}), (None, {})]
)
def test_a_value_is_a_text_of_four_characters_or_more(
    name: object, found: dict[str, list[str]]
) -> None:
    parts = {"health": {"victim": {"gp_practice": {"name": name}}}}
    assert values_of(parts, {"health": ["victim.gp_practice.name"]}) == found


@pytest.mark.parametrize("children", [{}, {"children": None}, {"children": "Tern School"}])
def test_a_list_that_is_none_holds_no_value(children: dict[str, object]) -> None:
    assert values_of({"children": children}, {"children": ["children[].school.name"]}) == {}


@pytest.mark.parametrize("kind", list(AddressClass))
def test_a_hidden_address_has_to_come_sealed_unless_it_is_given_otherwise(
    kind: AddressClass,
) -> None:
    victim = {"address_classification": kind}
    is_hidden_kind = kind in (
        AddressClass.REFUGE,
        AddressClass.UNKNOWN_TO_PERP,
        AddressClass.TEMP_ACCOM,
    )
    assert must_be_sealed(victim) is is_hidden_kind
    assert not must_be_sealed({**victim, "address": {"absent": "UNKNOWN"}})


@pytest.mark.parametrize("known", list(AddressClass))
def test_only_an_address_that_the_perpetrator_knows_is_not_hidden(known: AddressClass) -> None:
    shown = known in (AddressClass.KNOWN_TO_PERP, AddressClass.SANCTUARY)
    assert is_hidden({"victim": {"address_classification": known}}) is not shown
